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

    /// The number above which calls are too new for the profile. None where nothing but number 0 is named:
    /// runc takes that for an architecture that the profile does not think of.
    pub(crate) fn newest(&self, arch: Arch) -> Option<u32> {
        let numbers = self.named.iter().filter_map(|(call, _)| call.number(arch));
        numbers
            .filter(|number| arch != Arch::Arm || *number < ARM_PRIVATE)
            .max()
            .filter(|newest| *newest != 0)
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

    /// Every rule of every call of an architecture. Rules with the default action are left out: they do
    /// nothing.
    fn entries(&self, arch: Arch) -> Vec<Entry> {
        let multiplexers = Multiplexer::of(arch);
        let mut entries = Vec::with_capacity(self.named.len());
        for (order, (call, rule)) in (0..).zip(&self.named) {
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
        let rule_of = |entry: &Entry| self.named[entry.order as usize].1;
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
        let (call, index) = self.named[entry.order as usize];
        let rule = &self.profile.rules[index];
        if let Some(subcall) = entry.subcall {
            let test = Multiplexer::test(arch, entry.number, subcall);
            return self.clause_through(rule, index, call, test).into_iter().collect();
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

    /// A rule for calls that come through a multiplexer, the arguments of which a filter cannot see:
    /// conditions are taken for met if the rule is stricter than the default action, and for unmet otherwise.
    fn clause_through(
        &self,
        rule: &Rule,
        index: usize,
        call: Syscall,
        subcall: Comparison,
    ) -> Option<Clause> {
        let applies = rule.conditions.is_empty() || rule.action.is_stricter_than(self.profile.default_action);
        applies.then(|| Clause {
            rule: index,
            action: rule.action,
            comparisons: vec![subcall],
            through: Some(call.name()),
        })
    }
}

/// One rule for one number. Entries sort by number, and of one number in the order of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    number: u32,
    /// Index in [`Calls::named`].
    order: u32,
    /// The call behind a multiplexer that is meant: the value of its first argument.
    subcall: Option<u32>,
}

/// Whether two conditions of a rule test one argument.
fn has_repeated_argument(rule: &Rule) -> bool {
    let conditions = &rule.conditions;
    (1..conditions.len()).any(|i| conditions[..i].iter().any(|earlier| earlier.index == conditions[i].index))
}

/// A call that stands for several others, told apart by its first argument (socketcall(2), ipc(2)).
struct Multiplexer {
    number: u32,
    /// Its calls, each with the value of the first argument.
    calls: Vec<(Syscall, u32)>,
}

/// linux/net.h
const SOCKETCALL: &[(&str, u32)] = &[
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
const IPC: &[(&str, u32)] = &[
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
        let present = [("socketcall", SOCKETCALL), ("ipc", IPC)].into_iter().filter_map(|(name, calls)| {
            let number = Syscall::from_name(name)?.number(arch)?;
            let calls = calls.iter().filter_map(|(name, value)| Some((Syscall::from_name(name)?, *value)));
            Some(Self { number, calls: calls.collect() })
        });
        present.collect()
    }

    /// The value of the first argument for a call; `None` for a call that has no way through here.
    fn subcall(&self, call: Syscall) -> Option<u32> {
        self.calls.iter().find(|(known, _)| *known == call).map(|(_, value)| *value)
    }

    /// The test of the first argument, as the kernel reads it: 32 bits, for ipc 16 beside a version.
    fn test(arch: Arch, number: u32, subcall: u32) -> Comparison {
        let is_ipc = Syscall::from_name("ipc").and_then(|call| call.number(arch)) == Some(number);
        let mask = if is_ipc { 0xffff } else { 0xffff_ffff };
        Comparison { index: 0, operator: Operator::MaskedEq, mask, value: u64::from(subcall) }
    }
}
