use super::*;
use crate::{Condition, Rule};

fn rule(name: &str, action: Action, conditions: &[(u32, Operator, u64)]) -> Rule {
    let condition = |&(index, operator, value)| Condition { index, operator, value, value_two: 0 };
    Rule { names: vec![name.to_owned()], action, conditions: conditions.iter().map(condition).collect() }
}

fn profile(rules: Vec<Rule>) -> Profile {
    let architectures = vec![Arch::X86];
    Profile { default_action: Action::Errno(1), architectures, flags: None, rules }
}

fn explained(rules: Vec<Rule>, arch: Arch, call: Call<'_>, first: u64) -> String {
    explain(&profile(rules), Arch::X86_64, arch, call, [first, 0, 0, 0, 0, 0]).unwrap().within("").to_string()
}

#[test]
fn a_rule_without_conditions_decides_alone() {
    assert_eq!(
        explained(vec![rule("read", Action::Allow, &[])], Arch::X86_64, Call::Name("read"), 0),
        "SCMP_ARCH_X86_64 read (0): SCMP_ACT_ALLOW\n\
         decided by /syscalls/0\n  \
         /syscalls/0 SCMP_ACT_ALLOW decides: whatever the arguments\n"
    );
}

#[test]
fn an_unmet_condition_is_named() {
    let rules =
        vec![rule("personality", Action::Allow, &[(0, Operator::Eq, 8)]), rule("accept", Action::Allow, &[])];
    assert_eq!(
        explained(rules, Arch::X86_64, Call::Name("personality"), 5),
        "SCMP_ARCH_X86_64 personality (135): SCMP_ACT_ERRNO(1)\n\
         decided by /defaultAction: no rule matches\n  \
         /syscalls/0 SCMP_ACT_ALLOW does not match: argument 0 is 0x5, not equal to 0x8\n"
    );
}

#[test]
fn a_matching_rule_that_comes_later_is_named() {
    let rules = vec![
        rule("socket", Action::Allow, &[(0, Operator::Ne, 16)]),
        rule("socket", Action::Errno(22), &[(0, Operator::Eq, 40)]),
    ];
    assert_eq!(
        explained(rules, Arch::X86_64, Call::Name("socket"), 40),
        "SCMP_ARCH_X86_64 socket (41): SCMP_ACT_ERRNO(22)\n\
         decided by /syscalls/1\n  \
         /syscalls/1 SCMP_ACT_ERRNO(22) decides: all its conditions hold\n  \
         /syscalls/0 SCMP_ACT_ALLOW matches, but /syscalls/1 goes before it\n"
    );
}

#[test]
fn a_shadowed_rule_is_named() {
    let rules =
        vec![rule("socket", Action::Log, &[(0, Operator::Eq, 40)]), rule("socket", Action::Allow, &[])];
    assert_eq!(
        explained(rules, Arch::X86_64, Call::Number(41), 40),
        "SCMP_ARCH_X86_64 socket (41): SCMP_ACT_ALLOW\n\
         decided by /syscalls/1\n  \
         /syscalls/1 SCMP_ACT_ALLOW decides: whatever the arguments\n  \
         /syscalls/0 SCMP_ACT_LOG has no say beside /syscalls/1, which has no conditions\n"
    );
}

#[test]
fn a_rule_with_the_default_action_is_named() {
    assert_eq!(
        explained(vec![rule("read", Action::Errno(1), &[])], Arch::X86_64, Call::Name("read"), 0),
        "SCMP_ARCH_X86_64 read (0): SCMP_ACT_ERRNO(1)\n\
         decided by /defaultAction: no rule matches\n  \
         /syscalls/0 SCMP_ACT_ERRNO(1) makes no difference: its action is the default one\n"
    );
}

#[test]
fn a_new_call_is_told_from_a_forbidden_one() {
    assert_eq!(
        explained(vec![rule("accept", Action::Allow, &[])], Arch::X86_64, Call::Name("clone3"), 0),
        "SCMP_ARCH_X86_64 clone3 (435): SCMP_ACT_ERRNO(38)\n\
         newer than 43, the newest call that the profile names: fails as on a kernel without it\n"
    );
}

#[test]
fn a_call_of_another_architecture_is_killed() {
    assert_eq!(
        explained(vec![rule("read", Action::Allow, &[])], Arch::Arm, Call::Name("read"), 0),
        "SCMP_ARCH_ARM read (3): SCMP_ACT_KILL_THREAD\n\
         the profile does not have this architecture\n"
    );
}

#[test]
fn a_conditional_rule_does_not_open_the_multiplexer() {
    assert_eq!(
        explained(
            vec![rule("socket", Action::Allow, &[(0, Operator::Eq, 1)])],
            Arch::X86,
            Call::Name("socketcall"),
            1
        ),
        "SCMP_ARCH_X86 socketcall (102): SCMP_ACT_ERRNO(1)\n\
         decided by /defaultAction: no rule matches\n  \
         /syscalls/0 SCMP_ACT_ALLOW does not hold: its conditions cannot be checked in this way, and it is laxer than \
         the default\n"
    );
}

#[test]
fn an_unknown_call_is_an_error() {
    let result = explain(&profile(vec![]), Arch::X86_64, Arch::X86_64, Call::Name("socketcall"), [0; 6]);
    assert_eq!(
        result.unwrap_err()[0].to_string(),
        "call: found \"socketcall\", allowed: a system call of SCMP_ARCH_X86_64"
    );
}
