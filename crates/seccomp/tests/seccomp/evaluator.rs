//! A plain reading of a profile, after the documentation of the crate and without any of its code but the
//! tables.

use std::cmp::Reverse;

use seccomp::{Action, Arch, Condition, Operator, Profile, Rule, syscalls};

use crate::machine::Call;

const X32_BIT: u32 = 0x4000_0000;
pub(crate) const ENOSYS: Action = Action::Errno(38);

/// A profile, with what does not depend on the call looked up.
pub(crate) struct Reading<'p> {
    profile: &'p Profile,
    arches: Vec<Numbers<'p>>,
}

/// What a profile says of one architecture.
struct Numbers<'p> {
    arch: Arch,
    /// The number above which calls are too new.
    newest: Option<u32>,
    /// The names with their numbers and rules.
    names: Vec<(&'p str, Option<u32>, &'p Rule)>,
    socketcall: Option<u32>,
    ipc: Option<u32>,
}

impl<'p> Reading<'p> {
    pub(crate) fn new(profile: &'p Profile, native: Arch) -> Self {
        let arches = arches(profile, native).into_iter().map(|arch| Numbers::new(profile, arch)).collect();
        Self { profile, arches }
    }

    /// What becomes of a call.
    pub(crate) fn judge(&self, call: &Call) -> Action {
        let rules: Vec<_> = self
            .members(call)
            .flat_map(|numbers| self.rules(numbers, call).into_iter().map(|rule| (numbers.arch, rule)))
            .collect();
        if let Some((_, rule)) = rules.iter().find(|(_, rule)| rule.conditions.is_empty()) {
            return rule.action;
        }
        if rules.is_empty() {
            return self.unnamed(call);
        }
        let matching = rules.into_iter().filter(|(arch, rule)| {
            rule.conditions.iter().all(|condition| holds(condition, *arch, &call.arguments))
        });
        let first = matching.min_by_key(|(arch, rule)| rank(&rule.conditions, *arch));
        first.map_or(self.profile.default_action, |(_, rule)| rule.action)
    }

    /// Whether a call is newer than the profile.
    pub(crate) fn is_too_new(&self, call: &Call) -> bool {
        let lets_through =
            matches!(self.profile.default_action, Action::Allow | Action::Log | Action::Trace(_));
        !lets_through && self.members(call).any(|numbers| numbers.is_too_new(call.number))
    }

    fn members(&self, call: &Call) -> impl Iterator<Item = &Numbers<'p>> {
        self.arches.iter().filter(|numbers| numbers.arch.audit() == call.audit)
    }

    /// What becomes of a call that no rule names.
    fn unnamed(&self, call: &Call) -> Action {
        if self.is_too_new(call) {
            return ENOSYS;
        }
        let has = |arch| self.arches.iter().any(|numbers| numbers.arch == arch);
        let number = call.number;
        let foreign = if call.audit == Arch::X32.audit() {
            match (has(Arch::X86_64), has(Arch::X32)) {
                (true, true) => false,
                (true, false) => number >= X32_BIT && number != u32::MAX,
                (false, true) => number < X32_BIT,
                (false, false) => true,
            }
        } else {
            self.members(call).next().is_none()
        };
        if foreign { Action::KillThread } else { self.profile.default_action }
    }

    /// The rules that bear on a number, split and rewritten as the documentation says.
    fn rules(&self, numbers: &Numbers<'_>, call: &Call) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (name, number, rule) in &numbers.names {
            if rule.action == self.profile.default_action {
                continue;
            }
            if *number == Some(call.number) {
                rules.extend(alternatives(rule, numbers.arch));
            }
            if let Some(condition) = numbers.through_multiplexer(name, call.number)
                && (rule.conditions.is_empty()
                    || severity(rule.action) > severity(self.profile.default_action))
            {
                rules.push(Rule { names: vec![], action: rule.action, conditions: vec![condition] });
            }
        }
        rules
    }
}

/// The architectures that the filter judges.
pub(crate) fn arches(profile: &Profile, native: Arch) -> Vec<Arch> {
    let named = profile.architectures.iter().copied();
    let reachable = named.filter(|arch| arch.is_little_endian() == native.is_little_endian());
    let mut arches: Vec<_> = reachable.chain([native]).collect();
    arches.sort_unstable();
    arches.dedup();
    arches
}

const SOCKETCALLS: [&str; 20] = [
    "socket",
    "bind",
    "connect",
    "listen",
    "accept",
    "getsockname",
    "getpeername",
    "socketpair",
    "send",
    "recv",
    "sendto",
    "recvfrom",
    "shutdown",
    "setsockopt",
    "getsockopt",
    "sendmsg",
    "recvmsg",
    "accept4",
    "recvmmsg",
    "sendmmsg",
];
const IPC_CALLS: [(&str, u64); 12] = [
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

impl<'p> Numbers<'p> {
    fn new(profile: &'p Profile, arch: Arch) -> Self {
        let names: Vec<_> = profile
            .rules
            .iter()
            .flat_map(|rule| rule.names.iter().map(move |name| (name.as_str(), rule)))
            .map(|(name, rule)| (name, syscalls::number(arch, name), rule))
            .collect();
        let numbers = names.iter().filter_map(|(_, number, _)| *number);
        let newest = numbers.filter(|number| arch != Arch::Arm || *number < 0x0f_0000).max();
        Self {
            arch,
            newest: newest.filter(|number| *number > 0),
            names,
            socketcall: syscalls::number(arch, "socketcall"),
            ipc: syscalls::number(arch, "ipc"),
        }
    }

    fn is_too_new(&self, number: u32) -> bool {
        let Some(newest) = self.newest else { return false };
        match self.arch {
            Arch::X86_64 => number & X32_BIT == 0 && number > newest,
            Arch::X32 => number & X32_BIT != 0 && number > newest,
            Arch::S390 | Arch::S390x => number == 0 || number > newest,
            Arch::Arm => number > newest && number & !0xffff != 0x0f_0000,
            _ => number > newest,
        }
    }

    /// The test for a call behind socketcall or ipc, if `number` is that.
    fn through_multiplexer(&self, name: &str, number: u32) -> Option<Condition> {
        let (mask, code) = if self.socketcall == Some(number) {
            (0xffff_ffff, SOCKETCALLS.iter().position(|entry| *entry == name)? as u64 + 1)
        } else if self.ipc == Some(number) {
            (0xffff, IPC_CALLS.iter().find(|(entry, _)| *entry == name)?.1)
        } else {
            return None;
        };
        Some(Condition { index: 0, operator: Operator::MaskedEq, value: mask, value_two: code })
    }
}

/// A rule, or one for each condition where two test one argument. Conditions on no bit are none.
fn alternatives(rule: &Rule, arch: Arch) -> Vec<Rule> {
    let part = |conditions: &[Condition]| {
        let tests_a_bit = |condition: &&Condition| {
            let (mask, value) = (condition.value, condition.value & condition.value_two);
            let mask = if arch.is_64_bit() { mask } else { mask & 0xffff_ffff };
            condition.operator != Operator::MaskedEq || mask != 0 || narrowed(value, arch) != 0
        };
        let mut conditions: Vec<_> = conditions.iter().filter(tests_a_bit).copied().collect();
        conditions.sort_by_key(|condition| condition.index);
        Rule { names: vec![], action: rule.action, conditions }
    };
    let mut indices: Vec<_> = rule.conditions.iter().map(|condition| condition.index).collect();
    indices.sort_unstable();
    if indices.windows(2).any(|pair| pair[0] == pair[1]) {
        rule.conditions.chunks(1).map(part).collect()
    } else {
        vec![part(&rule.conditions)]
    }
}

fn severity(action: Action) -> u32 {
    match action {
        Action::Allow => 0,
        Action::Log => 1,
        Action::Trace(_) => 2,
        Action::Notify => 3,
        Action::Errno(_) => 4,
        Action::Trap => 5,
        Action::KillThread => 6,
        Action::KillProcess => 7,
    }
}

/// A value as a 32-bit argument can be it: a negative number in 64 bits stands for one in 32.
fn narrowed(value: u64, arch: Arch) -> u64 {
    if !arch.is_64_bit() && value >= 0xffff_ffff_8000_0000 { value & 0xffff_ffff } else { value }
}

fn holds(condition: &Condition, arch: Arch, arguments: &[u64; 6]) -> bool {
    let argument = arguments[condition.index as usize];
    let argument = if arch.is_64_bit() { argument } else { argument & 0xffff_ffff };
    let value = narrowed(condition.value, arch);
    match condition.operator {
        Operator::Ne => argument != value,
        Operator::Lt => argument < value,
        Operator::Le => argument <= value,
        Operator::Eq => argument == value,
        Operator::Ge => argument >= value,
        Operator::Gt => argument > value,
        Operator::MaskedEq => {
            argument & condition.value == narrowed(condition.value & condition.value_two, arch)
        }
    }
}

/// The place of a rule among those for one call.
fn rank(conditions: &[Condition], arch: Arch) -> Vec<(Reverse<u32>, u8, Reverse<i128>)> {
    let one = |condition: &Condition| {
        let value = i128::from(narrowed(condition.value, arch));
        let masked = i128::from(narrowed(condition.value & condition.value_two, arch));
        let (class, value) = match condition.operator {
            Operator::Eq | Operator::Ne => (0, value),
            Operator::MaskedEq => (0, masked),
            Operator::Lt | Operator::Le => (1, -value),
            Operator::Gt | Operator::Ge => (2, value),
        };
        (Reverse(condition.index), class, Reverse(value))
    };
    conditions.iter().map(one).collect()
}
