//! Unified.

use super::*;

fn unified(file: &str, value: &str) -> Resources {
    Resources { unified: [(file.to_string(), value.to_string())].into(), ..Resources::default() }
}

#[test]
fn unified_values_are_written_line_by_line() {
    let value = "259:0 rbps=2097152 wiops=120\n253:0 rbps=2097152 wiops=120";
    let expected = ["io.max=259:0 rbps=2097152 wiops=120", "io.max=253:0 rbps=2097152 wiops=120"];
    check(&unified("io.max", value), &v2(), &expected);
}

#[test]
fn unified_files_that_nobody_knows_are_written() {
    check(&unified("misc.new_thing", "1"), &v2(), &["misc.new_thing=1"]);
    check(&unified("cgroup.max.depth", "1"), &v2(), &["cgroup.max.depth=1"]);
    check(&unified("cpu.pressure", "some 1 2"), &hybrid(), &["cpu.pressure=some 1 2"]);
}

#[test]
fn unified_files_of_missing_controllers_are_an_error() {
    let expected = "linux.resources.unified.memory.high: this host has no memory controller in cgroup v2";
    check_error(&unified("memory.high", "1"), &hybrid(), expected);
    check_error(
        &unified("memory.high", "1"),
        &v1(),
        "linux.resources.unified.memory.high: this host has no cgroup v2",
    );
}

#[test]
fn unified_names_stay_in_the_cgroup() {
    for name in ["../memory.max", "memory", ".max", "memory.", "a/b.c"] {
        assert!(writes(&unified(name, "1"), &v2()).is_err(), "{name}");
    }
}

#[test]
fn unified_memory_limits_wait_for_the_rootfs() {
    assert_eq!(writes(&unified("memory.max", "1"), &v2()).unwrap()[0].phase, Phase::Late);
    assert_eq!(writes(&unified("cpu.weight", "1"), &v2()).unwrap()[0].phase, Phase::Early);
}
