//! Random profiles, and calls that lie where their programs branch.

use seccomp::{Action, Arch, Condition, Operator, Profile, Rule, syscalls};

use crate::machine::Call;

/// Numbers that look random and are the same in every run (xorshift64*, Vigna 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below another.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// How wild a profile may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything that [`seccomp::compile`] takes.
    Anything,
    /// What engines write: values of up to 32 bits; one action for a call; and several rules for it only
    /// where each of them tests one argument for one value.
    Ordinary,
}

const ACTIONS: [Action; 9] = [
    Action::KillProcess,
    Action::KillThread,
    Action::Trap,
    Action::Errno(1),
    Action::Errno(38),
    Action::Trace(7),
    Action::Allow,
    Action::Log,
    Action::Notify,
];

pub(crate) const OPERATORS: [Operator; 7] =
    [Operator::Ne, Operator::Lt, Operator::Le, Operator::Eq, Operator::Ge, Operator::Gt, Operator::MaskedEq];

/// Calls that behave in some way of their own, and a name that no kernel has.
const SPECIAL: [&str; 12] = [
    "socket",
    "socketcall",
    "ipc",
    "semop",
    "shmat",
    "recvmmsg",
    "set_tls",
    "read",
    "personality",
    "clone",
    "restart_syscall",
    "make_coffee",
];

pub(crate) fn profile(dice: &mut Dice, kind: Kind, native: Arch) -> Profile {
    let all: Vec<_> =
        Arch::all().filter(|arch| arch.is_little_endian() == native.is_little_endian()).collect();
    let names = names(dice);
    let defaults = &ACTIONS[..8];
    let architectures = (0..dice.below(4)).map(|_| *dice.pick(&all)).collect();
    let default_action = *dice.pick(defaults);
    let mut rules: Vec<_> = (0..dice.below(40)).map(|_| rule(dice, kind, &names)).collect();
    if kind == Kind::Ordinary {
        make_consistent(&mut rules);
    }
    Profile { default_action, architectures, flags: None, rules }
}

/// A few calls, so that rules meet on them: special ones, and a stretch of neighbours.
fn names(dice: &mut Dice) -> Vec<String> {
    let mut names: Vec<String> = SPECIAL.iter().map(|name| (*name).to_owned()).collect();
    let start = dice.below(330) as u32;
    // From 335 on there are calls that libseccomp 2.5.4 does not know.
    let stretch = (start..(start + 30).min(335)).filter_map(|number| syscalls::name(Arch::X86_64, number));
    names.extend(stretch.map(str::to_owned).filter(|name| !seccomp::HAND_OVER.contains(&name.as_str())));
    names
}

fn rule(dice: &mut Dice, kind: Kind, names: &[String]) -> Rule {
    let most = if dice.chance(10) { 20 } else { 3 };
    let count = 1 + dice.below(most);
    let names = (0..count).map(|_| dice.pick(names).clone()).collect();
    let action = *dice.pick(&ACTIONS);
    let conditions = if dice.chance(40) { 0 } else { 1 + dice.below(3) };
    let mut conditions: Vec<_> = (0..conditions).map(|_| condition(dice, kind)).collect();
    if kind == Kind::Ordinary {
        conditions.sort_by_key(|condition| condition.index);
        conditions.dedup_by_key(|condition| condition.index);
    }
    Rule { names, action, conditions }
}

fn condition(dice: &mut Dice, kind: Kind) -> Condition {
    let operator = *dice.pick(&OPERATORS);
    let index = if dice.chance(70) { dice.below(2) } else { dice.below(6) } as u32;
    let value = value(dice, kind);
    let value_two = if dice.chance(80) { value & dice.next() } else { dice.next() };
    Condition { index, operator, value, value_two }
}

fn value(dice: &mut Dice, kind: Kind) -> u64 {
    let small = dice.below(6) as u64;
    match dice.below(if kind == Kind::Ordinary { 4 } else { 9 }) {
        0 | 1 => small,
        2 => 1 << dice.below(32),
        3 => 0xffff_ffff - small,
        4 => 1 << dice.below(64),
        5 => small << 32 | dice.below(3) as u64,
        6 => u64::MAX - small,
        7 => 0xffff_ffff_8000_0000 - small,
        _ => dice.next(),
    }
}

/// Makes the rules for one call go together as those of [`Kind::Ordinary`] do.
fn make_consistent(rules: &mut [Rule]) {
    for at in 1..rules.len() {
        let (earlier, rest) = rules.split_at_mut(at);
        let rule = &mut rest[0];
        let others =
            |name: &String| earlier.iter().filter(|other| other.names.contains(name)).collect::<Vec<_>>();
        rule.action =
            rule.names.iter().flat_map(others).map(|other| other.action).next().unwrap_or(rule.action);
        let fits = |name: &String| {
            others(name).iter().all(|other| other.action == rule.action && go_together(other, rule))
        };
        rule.names = rule.names.iter().filter(|name| fits(name)).cloned().collect();
    }
}

fn go_together(a: &Rule, b: &Rule) -> bool {
    let is_simple = |rule: &Rule| match &rule.conditions[..] {
        [] => true,
        [condition] => matches!(condition.operator, Operator::Eq | Operator::Ne | Operator::MaskedEq),
        _ => false,
    };
    is_simple(a) && is_simple(b)
}

/// A call near to what a profile tests.
pub(crate) fn call(dice: &mut Dice, profile: &Profile, native: Arch) -> Call {
    let mut arches = profile.architectures.clone();
    arches.extend([native, native, Arch::X86, Arch::X32]);
    let arch = *dice.pick(&arches);
    Call { number: number(dice, profile, arch), audit: arch.audit(), arguments: arguments(dice, profile) }
}

fn number(dice: &mut Dice, profile: &Profile, arch: Arch) -> u32 {
    let named: Vec<&String> = profile.rules.iter().flat_map(|rule| &rule.names).collect();
    let number = |name: &str| syscalls::number(arch, name).unwrap_or(0);
    let base = match dice.below(20) {
        0 => *dice.pick(&[0, 0x0f_0000, 0x10_0000, 0x4000_0000, 0x8000_0000, 0xc000_0000, u32::MAX]),
        1 => dice.next() as u32,
        2 => number("socketcall"),
        3 => number("ipc"),
        4 => number("read") + dice.below(600) as u32,
        _ if named.is_empty() => dice.below(600) as u32,
        _ => number(dice.pick::<&String>(&named)),
    };
    base.wrapping_add(*dice.pick(&[0, 0, 0, 1, u32::MAX]))
}

fn arguments(dice: &mut Dice, profile: &Profile) -> [u64; 6] {
    let conditions = profile.rules.iter().flat_map(|rule| &rule.conditions);
    let values: Vec<u64> = conditions.flat_map(|condition| [condition.value, condition.value_two]).collect();
    std::array::from_fn(|_| match dice.below(10) {
        0 => dice.next(),
        1 => dice.next() & 0xffff_ffff,
        2 => dice.below(25) as u64,
        3 => 1 << dice.below(64),
        4 | 5 => dice.below(6) as u64,
        _ if values.is_empty() => 0,
        _ => {
            let value = *dice.pick(&values);
            near(dice, value)
        }
    })
}

/// A value, or one that differs from it in one place.
fn near(dice: &mut Dice, value: u64) -> u64 {
    match dice.below(8) {
        0 => value.wrapping_add(1),
        1 => value.wrapping_sub(1),
        2 => value ^ 1 << dice.below(64),
        3 => value & 0xffff_ffff,
        4 => value ^ 0xffff_ffff << 32,
        _ => value,
    }
}
