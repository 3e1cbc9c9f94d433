//! Processes.

use super::*;

#[test]
fn zero_processes_are_a_limit() {
    let pids = |limit| Resources { pids: Some(limit), ..Resources::default() };
    check(&pids(0), &v1(), &["pids.max=0"]);
    check(&pids(0), &v2(), &["pids.max=0"]);
    check(&pids(-1), &v2(), &["pids.max=max"]);
}

#[test]
fn the_process_limit_does_not_count_the_set_up() {
    let pids = Resources { pids: Some(1), ..Resources::default() };
    assert_eq!(writes(&pids, &v2()).unwrap()[0].phase, Phase::Late);
}
