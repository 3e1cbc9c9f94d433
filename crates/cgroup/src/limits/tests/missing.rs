//! Missing controllers.

use super::*;

#[test]
fn a_missing_controller_is_named_with_the_first_field_that_needs_it() {
    let none = Controllers::default();
    let absent =
        |field: &str, controller: &str| format!("{field}: this host has no {controller} cgroup controller");
    check_error(&limit(5, None), &none, &absent("linux.resources.memory.limit", "memory"));
    let quota = cpu(Cpu { quota: Some(5), ..Cpu::default() });
    check_error(&quota, &none, &absent("linux.resources.cpu.quota", "cpu"));
    let cpus = cpu(Cpu { cpus: Some("0".into()), ..Cpu::default() });
    check_error(&cpus, &none, &absent("linux.resources.cpu.cpus", "cpuset"));
    check_error(&hugepages("2MB"), &none, &absent("linux.resources.hugepageLimits", "hugetlb"));
    check_error(&block_io(), &none, &absent("linux.resources.blockIO.weight", "blkio"));
}

#[test]
fn early_writes_come_before_late_ones() {
    let resources = Resources { cpu: Cpu { shares: Some(9), ..Cpu::default() }, ..limit(100, None) };
    let all = Resources { pids: Some(1), ..resources };
    check(&all, &v1(), &["cpu.shares=9", "memory.limit_in_bytes=100", "pids.max=1"]);
}

#[test]
fn a_write_reads_as_a_sentence() {
    assert_eq!(writes(&limit(4096, None), &v2()).unwrap()[0].to_string(), "write 4096 to memory.max");
}
