//! Capabilities: what cannot be granted is warned about.

use super::*;

#[test]
fn unknown_ones_are_dropped_with_a_warning() {
    warns(
        r#"{"process": {"capabilities": {"bounding": ["CAP_CHOWN", "CAP_FLY"]}}}"#,
        r#"/process/capabilities/bounding/1: unknown capability "CAP_FLY" is ignored"#,
    );
}

#[test]
fn a_name_without_its_prefix_is_unknown() {
    warns(
        r#"{"process": {"capabilities": {"bounding": ["SYS_ADMIN"]}}}"#,
        r#"/process/capabilities/bounding/0: unknown capability "SYS_ADMIN" is ignored"#,
    );
}

#[test]
fn an_unknown_one_grants_nothing() {
    let config = parse(r#"{"process": {"capabilities": {"bounding": ["SYS_ADMIN"]}}}"#).expect("right");
    let sets = config.spec.process().as_ref().and_then(|process| process.capabilities().clone());
    assert_eq!(sets.and_then(|sets| sets.bounding().as_ref().map(|set| set.len())), Some(0));
}

#[test]
fn one_that_is_no_string_is_a_problem() {
    check(
        r#"{"process": {"capabilities": {"bounding": [7]}}}"#,
        "/process/capabilities/bounding/0: found 7, allowed: a string",
    );
}

#[test]
fn effective_ones_must_be_permitted() {
    warns(
        r#"{"process": {"capabilities": {"effective": ["CAP_SYS_TTY_CONFIG", "CAP_BPF"]}}}"#,
        "/process/capabilities/effective: CAP_BPF, CAP_SYS_TTY_CONFIG cannot be granted: not in permitted",
    );
}

#[test]
fn ambient_ones_must_be_inheritable() {
    warns(
        r#"{"process": {"capabilities": {"permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]}}}"#,
        "/process/capabilities/ambient: CAP_KILL cannot be granted: not in both permitted and inheritable",
    );
}
