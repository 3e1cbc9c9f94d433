//! Profiles far larger than anyone writes.

use seccomp::{Action, Arch, Condition, Operator, Profile, Rule, compile};

use crate::evaluator::Reading;
use crate::machine::{Call, run};
use crate::random::Dice;

fn profile(conditions: impl Iterator<Item = Vec<Condition>>) -> Profile {
    let rule = |(at, conditions)| {
        let action = if at % 2 == 0 { Action::Allow } else { Action::Log };
        Rule { names: vec!["ioctl".to_owned()], action, conditions }
    };
    let rules = conditions.enumerate().map(rule).collect();
    Profile { default_action: Action::Errno(1), architectures: vec![], flags: None, rules }
}

fn equal(index: u32, value: u64) -> Condition {
    Condition { index, operator: Operator::Eq, value, value_two: 0 }
}

/// Checks that a profile compiles and that its program does the right thing.
fn check(profile: &Profile, arguments: impl Fn(&mut Dice) -> [u64; 6]) -> usize {
    let program = compile(profile, Arch::X86_64).unwrap().instructions;
    let reading = Reading::new(profile, Arch::X86_64);
    let dice = &mut Dice::new(1);
    for _ in 0..2000 {
        let call = Call { number: 16, audit: Arch::X86_64.audit(), arguments: arguments(dice) };
        assert_eq!(run(&program, &call, true), reading.judge(&call).return_value(), "{call:x?}");
    }
    program.len()
}

#[test]
fn each_of_many_values_takes_one_instruction() {
    let profile = profile((0..2000).map(|value| vec![equal(1, value)]));
    let length = check(&profile, |dice| [0, dice.below(2100) as u64, 0, 0, 0, 0]);
    assert!(length < 2100, "{length}");
}

#[test]
fn rules_that_cross_each_other_do_not_multiply() {
    let pairs = (0..6).flat_map(|a| (0..6).map(move |b| (a, b))).filter(|(a, b)| a < b);
    let conditions = pairs.flat_map(|(a, b)| (0..20).map(move |n| vec![equal(a, n * 7 % 20), equal(b, n)]));
    let profile = profile(conditions);
    let length = check(&profile, |dice| std::array::from_fn(|_| dice.below(21) as u64));
    assert!(length < 300 * 8 + 50, "{length}");
}

#[test]
fn a_program_that_the_kernel_would_not_take_is_refused() {
    let profile = profile((0..2000).map(|value| vec![equal(value as u32 % 6, value << 32 | value)]));
    let problems = compile(&profile, Arch::X86_64).unwrap_err();
    assert!(
        problems[0].to_string().ends_with("allowed: 4096, which is what the kernel takes"),
        "{}",
        problems[0]
    );
}

#[test]
fn conditions_without_number_are_refused() {
    let profile = profile((0..100_000).map(|value| vec![equal(0, value)]));
    let problems = compile(&profile, Arch::X86_64).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "syscalls: found 100000 conditions on arguments, allowed: at most 2048"
    );
}
