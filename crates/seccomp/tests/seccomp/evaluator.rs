//! A plain reading of a profile, after the documentation of the crate and without any of its code but the tables.

use std::cmp::Reverse;

use seccomp::{Action, Arch, Condition, Operator, Profile, Rule, syscalls};

use crate::machine::Call;

const X32_BIT: u32 = 0x4000_0000;
pub(crate) const ENOSYS: Action = Action::Errno(38);

/// What becomes of a call.
pub(crate) fn judge(profile: &Profile, native: Arch, call: &Call) -> Action {
    let arches = arches(profile, native);
    let rules: Vec<_> = arches
        .iter()
        .filter(|arch| arch.audit() == call.audit)
        .flat_map(|arch| rules(profile, *arch, call).into_iter().map(|rule| (*arch, rule)))
        .collect();
    if let Some((_, rule)) = rules.iter().find(|(_, rule)| rule.conditions.is_empty()) {
        return rule.action;
    }
    if rules.is_empty() {
        return unnamed(profile, &arches, call);
    }
    let matching = rules.into_iter().filter(|(arch, rule)| {
        rule.conditions.iter().all(|condition| holds(condition, *arch, &call.arguments))
    });
    let first = matching.min_by_key(|(arch, rule)| rank(&rule.conditions, *arch));
    first.map_or(profile.default_action, |(_, rule)| rule.action)
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

/// What becomes of a call that no rule names.
fn unnamed(profile: &Profile, arches: &[Arch], call: &Call) -> Action {
    if is_too_new(profile, arches, call) {
        return ENOSYS;
    }
    let has = |arch| arches.contains(&arch);
    let number = call.number;
    let foreign = if call.audit == Arch::X32.audit() {
        match (has(Arch::X86_64), has(Arch::X32)) {
            (true, true) => false,
            (true, false) => number >= X32_BIT && number != u32::MAX,
            (false, true) => number < X32_BIT,
            (false, false) => true,
        }
    } else {
        !arches.iter().any(|arch| arch.audit() == call.audit)
    };
    if foreign { Action::KillThread } else { profile.default_action }
}

/// Whether a call is newer than the profile.
pub(crate) fn is_too_new(profile: &Profile, arches: &[Arch], call: &Call) -> bool {
    if matches!(profile.default_action, Action::Allow | Action::Log | Action::Trace(_)) {
        return false;
    }
    let number = call.number;
    arches.iter().filter(|arch| arch.audit() == call.audit).any(|arch| {
        let Some(newest) = newest(profile, *arch) else { return false };
        match arch {
            Arch::X86_64 => number & X32_BIT == 0 && number > newest,
            Arch::X32 => number & X32_BIT != 0 && number > newest,
            Arch::S390 | Arch::S390x => number == 0 || number > newest,
            Arch::Arm => number > newest && number & !0xffff != 0x0f_0000,
            _ => number > newest,
        }
    })
}

/// The newest call that a profile names.
fn newest(profile: &Profile, arch: Arch) -> Option<u32> {
    let names = profile.rules.iter().flat_map(|rule| &rule.names);
    let numbers = names.filter_map(|name| syscalls::number(arch, name));
    numbers.filter(|number| arch != Arch::Arm || *number < 0x0f_0000).max().filter(|number| *number > 0)
}

/// The rules that bear on a number, split and rewritten as the documentation says.
fn rules(profile: &Profile, arch: Arch, call: &Call) -> Vec<Rule> {
    let mut rules = Vec::new();
    for rule in profile.rules.iter().filter(|rule| rule.action != profile.default_action) {
        for name in &rule.names {
            if syscalls::number(arch, name) == Some(call.number) {
                rules.extend(alternatives(rule, arch));
            }
            if let Some(condition) = through_multiplexer(name, arch, call.number)
                && (rule.conditions.is_empty() || severity(rule.action) > severity(profile.default_action))
            {
                rules.push(Rule { names: vec![], action: rule.action, conditions: vec![condition] });
            }
        }
    }
    rules
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

/// The test for a call behind socketcall or ipc, if `number` is that.
fn through_multiplexer(name: &str, arch: Arch, number: u32) -> Option<Condition> {
    let socket = [
        "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv",
        "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg",
        "sendmmsg",
    ];
    let ipc = ["semop", "semget", "semctl", "semtimedop", "", "", "", "", "", "", "msgsnd", "msgrcv", "msgget", "msgctl"];
    let shm = ["shmat", "shmdt", "shmget", "shmctl"];
    let place = |list: &[&str]| list.iter().position(|entry| *entry == name).map(|at| at as u64 + 1);
    let (mask, code) = if syscalls::number(arch, "socketcall") == Some(number) {
        (0xffff_ffff, place(&socket)?)
    } else if syscalls::number(arch, "ipc") == Some(number) {
        (0xffff, place(&ipc).or(place(&shm).map(|at| at + 20))?)
    } else {
        return None;
    };
    Some(Condition { index: 0, operator: Operator::MaskedEq, value: mask, value_two: code })
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

pub(crate) fn holds(condition: &Condition, arch: Arch, arguments: &[u64; 6]) -> bool {
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
