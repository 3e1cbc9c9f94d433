//! What is wrong with a profile, and what is merely skipped.

use seccomp::{Action, Arch, Condition, Flags, Operator, Profile, Rule, check_hand_over, compile};

use crate::machine::{Call, run};

fn rule(names: &[&str], action: Action) -> Rule {
    Rule { names: names.iter().map(|name| (*name).to_owned()).collect(), action, conditions: vec![] }
}

fn profile(rules: Vec<Rule>) -> Profile {
    Profile { default_action: Action::Errno(1), architectures: vec![], flags: None, rules }
}

fn problems(profile: &Profile) -> Vec<String> {
    compile(profile, Arch::X86_64).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn an_argument_beyond_the_sixth_is_named() {
    let mut rule = rule(&["read"], Action::Allow);
    rule.conditions = vec![Condition { index: 6, operator: Operator::Eq, value: 0, value_two: 0 }];
    assert_eq!(
        problems(&profile(vec![rule])),
        ["syscalls[0].args[0].index: found 6, allowed: a whole number from 0 to 5"]
    );
}

#[test]
fn a_rule_without_names_is_named() {
    assert_eq!(
        problems(&profile(vec![rule(&[], Action::Allow)])),
        ["syscalls[0].names: found nothing, allowed: at least one system call"]
    );
}

#[test]
fn an_empty_name_is_named() {
    assert_eq!(
        problems(&profile(vec![rule(&["read", ""], Action::Allow)])),
        ["syscalls[0].names[1]: found an empty name, allowed: the name of a system call"]
    );
}

#[test]
fn notify_cannot_be_the_default() {
    let profile = Profile { default_action: Action::Notify, ..profile(vec![]) };
    assert_eq!(
        problems(&profile),
        [
            "defaultAction: found SCMP_ACT_NOTIFY, allowed: other actions: SCMP_ACT_NOTIFY cannot be used as default action, \
          since the listener could not be handed over"
        ]
    );
}

#[test]
fn notify_cannot_be_used_to_hand_over_the_listener() {
    assert_eq!(
        problems(&profile(vec![rule(&["read", "sendmsg"], Action::Notify)])),
        [
            "syscalls[0].names[1]: found \"sendmsg\", allowed: other calls: SCMP_ACT_NOTIFY cannot be used for the \
             sendmsg syscall, by which the listener is handed over"
        ]
    );
}

fn hand_over_problems(profile: &Profile) -> Vec<String> {
    check_hand_over(profile, Arch::X86_64).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn without_a_listener_there_is_nothing_to_hand_over() {
    assert_eq!(check_hand_over(&profile(vec![]), Arch::X86_64), Ok(()));
}

#[test]
fn a_listener_that_may_not_be_sent_is_refused() {
    let rules = vec![rule(&["accept"], Action::Notify), rule(&["sendmsg"], Action::Trap)];
    let profile = Profile { default_action: Action::Allow, ..profile(rules) };
    assert_eq!(
        hand_over_problems(&profile),
        [
            "syscalls[1].action: found SCMP_ACT_TRAP for sendmsg, allowed: what lets sendmsg through, by which the \
          listener is handed over"
        ]
    );
}

#[test]
fn a_default_that_forbids_to_hand_over_is_refused() {
    let profile = profile(vec![rule(&["accept"], Action::Notify), rule(&["sendmsg"], Action::Allow)]);
    assert_eq!(
        hand_over_problems(&profile),
        [
            "defaultAction: found SCMP_ACT_ERRNO(1) for read, allowed: what lets read through, by which the listener \
          is handed over"
        ]
    );
}

#[test]
fn all_problems_are_found_at_once() {
    let rules = vec![rule(&[], Action::Allow), rule(&["write"], Action::Notify)];
    assert_eq!(problems(&profile(rules)).len(), 2);
}

#[test]
fn an_unknown_name_is_skipped() {
    let program =
        compile(&profile(vec![rule(&["read", "make_coffee"], Action::Allow)]), Arch::X86_64).unwrap();
    assert_eq!(program.skipped, ["make_coffee"]);
}

#[test]
fn an_unknown_name_makes_no_difference() {
    let with = compile(&profile(vec![rule(&["read", "make_coffee"], Action::Allow)]), Arch::X86_64).unwrap();
    let without = compile(&profile(vec![rule(&["read"], Action::Allow)]), Arch::X86_64).unwrap();
    assert_eq!(with.instructions, without.instructions);
}

#[test]
fn a_profile_that_names_number_0_only_knows_no_newest_call() {
    let program = compile(&profile(vec![rule(&["read"], Action::Allow)]), Arch::X86_64).unwrap().instructions;
    let clone3 = Call { number: 435, audit: Arch::X86_64.audit(), arguments: [0; 6] };
    assert_eq!(run(&program, &clone3, true), Action::Errno(1).return_value());
}

#[test]
fn an_architecture_of_the_other_byte_order_makes_no_difference() {
    let rules = vec![rule(&["read"], Action::Allow)];
    let with = Profile { architectures: vec![Arch::S390x], ..profile(rules.clone()) };
    let programs = [&with, &profile(rules)].map(|profile| compile(profile, Arch::X86_64).unwrap());
    assert_eq!(programs[0], programs[1]);
}

/// The flags for seccomp(2) of a profile that allows calls, or hands them to a listener.
fn flags(flags: Option<Flags>, action: Action) -> u32 {
    let profile = Profile { flags, ..profile(vec![rule(&["accept"], action)]) };
    compile(&profile, Arch::X86_64).unwrap().flags
}

#[test]
fn without_flags_speculation_is_allowed() {
    assert_eq!(flags(None, Action::Allow), Flags::SPEC_ALLOW.bits());
}

#[test]
fn empty_flags_mean_none() {
    assert_eq!(flags(Some(Flags::empty()), Action::Allow), 0);
}

#[test]
fn a_listener_is_asked_for() {
    assert_eq!(flags(Some(Flags::LOG), Action::Notify), (Flags::LOG | Flags::NEW_LISTENER).bits());
}

#[test]
fn tsync_does_not_go_with_a_listener() {
    assert_eq!(flags(Some(Flags::TSYNC), Action::Notify), Flags::NEW_LISTENER.bits());
}

#[test]
fn waiting_for_the_listener_needs_one() {
    assert_eq!(flags(Some(Flags::WAIT_KILLABLE_RECV), Action::Allow), 0);
}
