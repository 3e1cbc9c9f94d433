//! Which rules of a profile decide which calls of an architecture.

use crate::conditions::{Comparison, precedence};
use crate::syscalls::{ARM_PRIVATE, Syscall};
use crate::{Action, Arch, Condition, Operator, Profile, Rule};

/// A profile whose names have been looked up.
pub(crate) struct Calls<'p> {
    profile: &'p Profile,
    /// The calls in the order of the profile, each with the index of its rule.
    named: Vec<(Syscall, usize)>,
    /// The names that no architecture knows.
    pub(crate) unknown: Vec<String>,
}

/// What decides a call.
pub(crate) enum Decision {
    /// One rule, whatever the arguments.
    Rule(usize),
    /// The first of these that matches, else the default action.
    Clauses(Vec<Clause>),
}

/// A rule or a part of one, as an architecture reads it.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// Index in the profile.
    pub(crate) rule: usize,
    pub(crate) action: Action,
    /// All must hold; sorted by argument.
    pub(crate) comparisons: Vec<Comparison>,
    /// The call that is meant, where it comes through a multiplexer.
    pub(crate) through: Option<&'static str>,
}

impl<'p> Calls<'p> {
    pub(crate) fn new(profile: &'p Profile) -> Self {
        let mut calls = Self { profile, named: Vec::new(), unknown: Vec::new() };
        for (index, rule) in profile.rules.iter().enumerate() {
            for name in &rule.names {
                match Syscall::from_name(name) {
                    Some(call) => calls.named.push((call, index)),
                    None => calls.unknown.push(name.clone()),
                }
            }
        }
        calls
    }

    /// The number above which calls are too new for the profile. None where nothing but number 0 is named: runc
    /// takes that for an architecture that the profile does not think of.
    pub(crate) fn newest(&self, arch: Arch) -> Option<u32> {
        let numbers = self.named.iter().filter_map(|(call, _)| call.number(arch));
        numbers.filter(|number| arch != Arch::Arm || *number < ARM_PRIVATE).max().filter(|newest| *newest != 0)
    }

    /// The decisions for all calls of an architecture that a rule names, sorted by number.
    pub(crate) fn decisions(&self, arch: Arch) -> Vec<(u32, Decision)> {
        let mut entries = self.entries(arch);
        entries.sort_unstable();
        entries
            .chunk_by(|a, b| a.number == b.number)
            .map(|entries| (entries[0].number, self.decision(entries, arch)))
            .collect()
    }

    /// The decision for one number of an architecture, if a rule names it.
    pub(crate) fn decision_for(&self, arch: Arch, number: u32) -> Option<Decision> {
        let entries: Vec<_> = self.entries(arch).into_iter().filter(|entry| entry.number == number).collect();
        (!entries.is_empty()).then(|| self.decision(&entries, arch))
    }

    /// The rules that name a call, by whatever way, with an effect or not.
    pub(crate) fn mentions(&self, arch: Arch, number: u32) -> impl Iterator<Item = usize> {
        let multiplexers = Multiplexer::of(arch);
        let is_meant = move |call: &Syscall| {
            let through = |m: &Multiplexer| m.number == number && m.subcall(*call).is_some();
            call.number(arch) == Some(number) || multiplexers.iter().any(through)
        };
        self.named.iter().filter(move |(call, _)| is_meant(call)).map(|(_, rule)| *rule)
    }

    /// Every rule of every call of an architecture. Rules with the default action are left out: they do nothing.
    fn entries(&self, arch: Arch) -> Vec<Entry> {
        let multiplexers = Multiplexer::of(arch);
        let mut entries = Vec::with_capacity(self.named.len());
        for (order, (call, rule)) in self.named.iter().enumerate() {
            if self.profile.rules[*rule].action == self.profile.default_action {
                continue;
            }
            if let Some(number) = call.number(arch) {
                entries.push(Entry { number, order, subcall: None });
            }
            for multiplexer in &multiplexers {
                if let Some(subcall) = multiplexer.subcall(*call) {
                    entries.push(Entry { number: multiplexer.number, order, subcall: Some(subcall) });
                }
            }
        }
        entries
    }

    fn decision(&self, entries: &[Entry], arch: Arch) -> Decision {
        let rule_of = |entry: &Entry| self.named[entry.order].1;
        let unconditional =
            |entry: &&Entry| entry.subcall.is_none() && self.is_unconditional(rule_of(entry), arch);
        if let Some(entry) = entries.iter().find(unconditional) {
            return Decision::Rule(rule_of(entry));
        }
        let mut clauses: Vec<_> = entries.iter().flat_map(|entry| self.clauses(entry, arch)).collect();
        clauses.sort_by(|a, b| precedence(&a.comparisons, &b.comparisons));
        Decision::Clauses(clauses)
    }

    /// Whether a rule has no conditions, or none that look at a bit.
    fn is_unconditional(&self, rule: usize, arch: Arch) -> bool {
        let rule = &self.profile.rules[rule];
        let mut empty = rule.conditions.iter().map(|condition| Comparison::of(condition, arch).is_empty());
        if has_repeated_argument(rule) { empty.any(|empty| empty) } else { empty.all(|empty| empty) }
    }

    /// The clauses that a rule amounts to for one number.
    fn clauses(&self, entry: &Entry, arch: Arch) -> Vec<Clause> {
        let (call, index) = self.named[entry.order];
        let rule = &self.profile.rules[index];
        if let Some(subcall) = entry.subcall {
            return self.clause_through(rule, index, call, subcall).into_iter().collect();
        }
        let clause = |conditions: &[Condition]| {
            let comparisons = conditions.iter().map(|condition| Comparison::of(condition, arch));
            let mut comparisons: Vec<_> = comparisons.filter(|comparison| !comparison.is_empty()).collect();
            comparisons.sort_by_key(|comparison| comparison.index);
            Clause { rule: index, action: rule.action, comparisons, through: None }
        };
        if has_repeated_argument(rule) {
            rule.conditions.chunks(1).map(clause).collect()
        } else {
            vec![clause(&rule.conditions)]
        }
    }

    /// A rule for calls that come through a multiplexer, the arguments of which a filter cannot see: conditions are
    /// taken for met if the rule is stricter than the default action, and for unmet otherwise.
    fn clause_through(&self, rule: &Rule, index: usize, call: Syscall, subcall: Comparison) -> Option<Clause> {
        let applies = rule.conditions.is_empty() || rule.action.is_stricter_than(self.profile.default_action);
        applies.then(|| Clause {
            rule: index,
            action: rule.action,
            comparisons: vec![subcall],
            through: Some(call.name()),
        })
    }
}

/// One rule for one number.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u32,
    /// Index in [`Calls::named`].
    order: usize,
    /// The test for one call of a multiplexer.
    subcall: Option<Comparison>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.number, self.order).cmp(&(other.number, other.order))
    }
}

/// Whether two conditions of a rule test one argument.
fn has_repeated_argument(rule: &Rule) -> bool {
    let conditions = &rule.conditions;
    (1..conditions.len()).any(|i| conditions[..i].iter().any(|earlier| earlier.index == conditions[i].index))
}

/// A call that stands for several others, told apart by its first argument (socketcall(2), ipc(2)).
struct Multiplexer {
    number: u32,
    /// The bits of the first argument that the kernel reads.
    mask: u64,
    /// Its calls, each with the value of the first argument.
    calls: Vec<(Syscall, u64)>,
}

/// linux/net.h
const SOCKETCALL: &[(&str, u64)] = &[
    ("socket", 1),
    ("bind", 2),
    ("connect", 3),
    ("listen", 4),
    ("accept", 5),
    ("getsockname", 6),
    ("getpeername", 7),
    ("socketpair", 8),
    ("send", 9),
    ("recv", 10),
    ("sendto", 11),
    ("recvfrom", 12),
    ("shutdown", 13),
    ("setsockopt", 14),
    ("getsockopt", 15),
    ("sendmsg", 16),
    ("recvmsg", 17),
    ("accept4", 18),
    ("recvmmsg", 19),
    ("sendmmsg", 20),
];

/// linux/ipc.h
const IPC: &[(&str, u64)] = &[
    ("semop", 1),
    ("semget", 2),
    ("semctl", 3),
    ("semtimedop", 4),
    ("msgsnd", 11),
    ("msgrcv", 12),
    ("msgget", 13),
    ("msgctl", 14),
    ("shmat", 21),
    ("shmdt", 22),
    ("shmget", 23),
    ("shmctl", 24),
];

impl Multiplexer {
    /// The multiplexers of an architecture.
    fn of(arch: Arch) -> Vec<Self> {
        // ipc keeps a version in the upper half of its first argument.
        let known = [("socketcall", 0xffff_ffff, SOCKETCALL), ("ipc", 0xffff, IPC)];
        let present = known.into_iter().filter_map(|(name, mask, calls)| {
            let number = Syscall::from_name(name)?.number(arch)?;
            let calls =
                calls.iter().filter_map(|(name, value)| Some((Syscall::from_name(name)?, *value))).collect();
            Some(Self { number, mask, calls })
        });
        present.collect()
    }

    /// The test of the first argument for a call; `None` for a call that has no way through here.
    fn subcall(&self, call: Syscall) -> Option<Comparison> {
        let (_, value) = self.calls.iter().find(|(known, _)| *known == call)?;
        Some(Comparison { index: 0, operator: Operator::MaskedEq, mask: self.mask, value: *value })
    }
}
