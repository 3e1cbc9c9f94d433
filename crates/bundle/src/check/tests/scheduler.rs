//! Scheduling: what sched_setattr(2) takes together.

use super::*;

fn scheduler(fields: &str) -> String {
    format!(r#"{{"process": {{"scheduler": {{{fields}}}}}}}"#)
}

#[test]
fn policy_is_required() {
    check(
        &scheduler(r#""nice": 1"#),
        "/process/scheduler/policy: found nothing, allowed: SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE",
    );
}

#[test]
fn linux_has_no_isochronous_policy() {
    check(
        &scheduler(r#""policy": "SCHED_ISO""#),
        r#"/process/scheduler/policy: found "SCHED_ISO", allowed: SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE"#,
    );
}

#[test]
fn nice_goes_to_nineteen() {
    check(
        &scheduler(r#""policy": "SCHED_OTHER", "nice": 20"#),
        "/process/scheduler/nice: found 20, allowed: a whole number from -20 to 19",
    );
}

#[test]
fn a_real_time_policy_needs_a_priority() {
    check(
        &scheduler(r#""policy": "SCHED_FIFO""#),
        "/process/scheduler/priority: found 0, allowed: 1 to 99 with this policy",
    );
}

#[test]
fn other_policies_have_none() {
    check(
        &scheduler(r#""policy": "SCHED_BATCH", "priority": 5"#),
        "/process/scheduler/priority: found 5, allowed: 0, except with SCHED_FIFO and SCHED_RR",
    );
}

#[test]
fn a_runtime_is_for_deadlines() {
    check(
        &scheduler(r#""policy": "SCHED_OTHER", "runtime": 5"#),
        "/process/scheduler/runtime: found 5, allowed: 0, except with SCHED_DEADLINE",
    );
}

#[test]
fn a_deadline_is_not_after_the_period() {
    check(
        &scheduler(r#""policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 9000, "period": 8000"#),
        "/process/scheduler/deadline: found 9000, allowed: more than 0, and at most the period",
    );
}

#[test]
fn a_runtime_is_not_beyond_the_deadline() {
    check(
        &scheduler(r#""policy": "SCHED_DEADLINE", "runtime": 9000, "deadline": 8000"#),
        "/process/scheduler/runtime: found 9000, allowed: 1024 ns or more, and at most the deadline",
    );
}

#[test]
fn a_deadline_policy_needs_times() {
    assert_eq!(problems(&scheduler(r#""policy": "SCHED_DEADLINE""#)).len(), 2);
}

#[test]
fn the_spellings_of_the_spec_are_understood() {
    right(&scheduler(
        r#""policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 9000, "flags": ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_DL_OVERRUN"]"#,
    ));
}

#[test]
fn other_spellings_are_not() {
    check(
        &scheduler(r#""policy": "SCHED_OTHER", "flags": ["SCHED_RESET_ON_FORK"]"#),
        r#"/process/scheduler/flags/0: found "SCHED_RESET_ON_FORK", allowed: SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX"#,
    );
}
