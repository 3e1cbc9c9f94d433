//! Memory.

use super::*;

#[test]
fn memory_and_swap_are_a_sum_on_v1() {
    check(&limit(100, Some(150)), &v1(), &["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=150"]);
}

#[test]
fn swap_is_the_difference_on_v2() {
    check(&limit(100, Some(150)), &v2(), &["memory.swap.max=50", "memory.max=100"]);
}

#[test]
fn no_swap_is_a_sum_equal_to_the_limit() {
    check(&limit(100, Some(100)), &v2(), &["memory.swap.max=0", "memory.max=100"]);
}

#[test]
fn minus_one_is_unlimited() {
    check(&limit(100, Some(-1)), &v1(), &["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=-1"]);
    check(&limit(100, Some(-1)), &v2(), &["memory.swap.max=max", "memory.max=100"]);
}

#[test]
fn unlimited_memory_takes_the_limit_off_swap_too() {
    check(&limit(-1, None), &v1(), &["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"]);
    check(&limit(-1, None), &v2(), &["memory.swap.max=max", "memory.max=max"]);
}

#[test]
fn unlimited_memory_leaves_a_given_swap_limit_as_it_is_on_v2() {
    check(&limit(-1, Some(70)), &v2(), &["memory.swap.max=70", "memory.max=max"]);
}

#[test]
fn zero_bytes_are_no_limit_asked_for() {
    check(&limit(0, Some(0)), &v1(), &[]);
}

#[test]
fn a_sum_below_the_limit_is_refused() {
    let expected =
        "linux.resources.memory.swap: memory and swap together, 50, are less than memory alone, 100";
    check_error(&limit(100, Some(50)), &v1(), expected);
    check_error(&limit(100, Some(50)), &v2(), expected);
}

#[test]
fn swap_needs_a_memory_limit_on_v2() {
    let swap = memory(Memory { swap: Some(100), ..Memory::default() });
    check_error(&swap, &v2(), "linux.resources.memory.swap: needs a memory limit beside it");
}

#[test]
fn the_soft_limit_is_protection_on_v2() {
    let reservation = memory(Memory { reservation: Some(7), ..Memory::default() });
    check(&reservation, &v1(), &["memory.soft_limit_in_bytes=7"]);
    check(&reservation, &v2(), &["memory.low=7"]);
}

#[test]
fn hard_memory_limits_wait_for_the_rootfs() {
    for controllers in [v1(), v2()] {
        let writes = writes(&limit(100, Some(150)), &controllers).unwrap();
        assert!(writes.iter().all(|write| write.phase == Phase::Late));
    }
}

#[test]
fn memory_and_swap_are_tried_in_turn_on_v1() {
    let writes = writes(&limit(100, Some(150)), &v1()).unwrap();
    assert!(writes[0].is_bound_to(&writes[1]));
}

#[test]
fn swap_that_is_not_wanted_needs_no_file() {
    let absent = |swap| writes(&limit(100, Some(swap)), &v2()).unwrap()[0].absent.clone();
    assert_eq!((absent(100), absent(150)), (Absent::IsFine, Absent::Fails));
}

#[test]
fn check_before_update_looks_at_the_usage_on_v2() {
    let checked = memory(Memory { limit: Some(100), check_before_update: true, ..Memory::default() });
    assert_eq!(writes(&checked, &v2()).unwrap()[0].rule, Rule::UnlessUsageAbove);
}

#[test]
fn swappiness_is_a_file_of_v1() {
    let swappiness = |value| memory(Memory { swappiness: Some(value), ..Memory::default() });
    check(&swappiness(0), &v1(), &["memory.swappiness=0"]);
    check_error(
        &swappiness(10),
        &v2(),
        "linux.resources.memory.swappiness: cgroup v2 has nothing that corresponds to it",
    );
    check_error(&swappiness(101), &v1(), "linux.resources.memory.swappiness: 101 is not between 0 and 100");
}

#[test]
fn a_swappiness_of_minus_one_in_disguise_is_not_set() {
    check(&memory(Memory { swappiness: Some(u64::MAX), ..Memory::default() }), &v2(), &[]);
}

#[test]
fn the_oom_killer_can_be_disabled_on_v1_alone() {
    let disable = |value| memory(Memory { disable_oom_killer: Some(value), ..Memory::default() });
    check_error(
        &disable(true),
        &v2(),
        "linux.resources.memory.disableOOMKiller: cgroup v2 has nothing that corresponds to it",
    );
    let limited = |value| memory(Memory { limit: Some(9), ..disable(value).memory });
    check(&limited(true), &v1(), &["memory.oom_control=1", "memory.limit_in_bytes=9"]);
    check(&limited(false), &v1(), &["memory.oom_control=0", "memory.limit_in_bytes=9"]);
    check(&disable(false), &v2(), &[]);
}

#[test]
fn hierarchical_accounting_is_what_v2_does() {
    let hierarchy =
        |value| memory(Memory { limit: Some(9), use_hierarchy: Some(value), ..Memory::default() });
    check(&hierarchy(true), &v2(), &["memory.max=9"]);
    check(&hierarchy(true), &v1(), &["memory.use_hierarchy=1", "memory.limit_in_bytes=9"]);
    assert!(writes(&hierarchy(false), &v2()).is_err());
}

#[test]
fn kernel_memory_is_accepted_and_noted() {
    let kernel = memory(Memory { kernel: Some(-1), kernel_tcp: Some(5), ..Memory::default() });
    check(&kernel, &v1(), &[]);
    assert_eq!(notes(&kernel).len(), 2);
    assert!(notes(&limit(5, None)).is_empty());
}
