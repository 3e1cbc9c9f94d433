//! Processes: into the cgroup, found, frozen, ended.

use std::fs;
use std::process::Command;

use cgroup::Cgroup;

use crate::own::{Own, Sleeper};

#[test]
fn processes_are_found_in_the_whole_subtree() {
    let Some(own) = Own::create("census") else { return };
    let sleepers = [own.sleeper(), own.sleeper()];
    own.create_below("below").place(sleepers[0].pid()).unwrap();
    let mut expected = sleepers.each_ref().map(Sleeper::pid);
    expected.sort_unstable();
    assert_eq!(own.cgroup.processes().unwrap(), expected);
}

#[test]
fn a_process_enters_each_v1_hierarchy_by_its_door() {
    let Some(own) = Own::create("doors") else { return };
    let doors = own.cgroup.doors().unwrap();
    for (door, (names, _)) in doors.tasks.into_iter().zip(own.cgroup.paths()) {
        let script = "printf 0; cat /proc/self/cgroup >&2";
        let output = Command::new("sh").args(["-c", script]).stdout(door).output().unwrap();
        let inside = format!(":{names}:/ociruntime-test-{}/doors\n", std::process::id());
        assert!(String::from_utf8_lossy(&output.stderr).contains(&inside), "{names}");
    }
}

#[test]
fn the_unified_hierarchy_has_a_door_of_its_own() {
    let Some(own) = Own::create_unified("unified-door") else { return };
    let doors = own.cgroup.doors().unwrap();
    assert!(doors.tasks.is_empty() && doors.into.is_some());
}

#[test]
fn the_cgroup_of_a_process_is_found_again() {
    let Some(own) = Own::create("of-process") else { return };
    let sleeper = own.sleeper();
    assert_eq!(Cgroup::of_process(sleeper.pid()).unwrap(), own.cgroup);
}

#[test]
fn a_process_that_is_gone_has_no_cgroup() {
    assert!(Cgroup::of_process(i32::MAX).is_err());
}

#[test]
fn killing_ends_the_whole_subtree() {
    let Some(own) = Own::create("killed") else { return };
    let (_here, _there) = (own.sleeper(), own.sleeper());
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_ends_frozen_processes() {
    let Some(own) = Own::create("killed-frozen") else { return };
    let _sleeper = own.sleeper();
    own.cgroup.freeze().unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_ends_what_only_v1_knows() {
    let Some(own) = Own::create("killed-v1") else { return };
    let Cgroup::V1 { hierarchies, .. } = &own.cgroup else { return };
    let sleeper = Sleeper(Command::new("sleep").arg("1000").spawn().unwrap());
    let v1 = Cgroup::V1 { hierarchies: hierarchies.clone(), unified: None };
    v1.place(sleeper.pid()).unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_works_in_the_unified_hierarchy_alone() {
    let Some(own) = Own::create_unified("killed-unified") else { return };
    let _sleeper = own.sleeper();
    own.cgroup.freeze().unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

/// User time in clock ticks, field 14 of proc_pid_stat(5).
fn user_time(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    after_name.split(' ').nth(11).unwrap().parse().unwrap()
}

fn check_freezing(own: &Own) {
    let busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    let busy = Sleeper(busy);
    own.cgroup.place(busy.pid()).unwrap();
    assert!(!own.cgroup.is_frozen().unwrap());
    own.cgroup.freeze().unwrap();
    assert!(own.cgroup.is_frozen().unwrap());
    let before = user_time(busy.pid());
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(user_time(busy.pid()), before, "it ran while frozen");
    own.cgroup.thaw().unwrap();
    assert!(!own.cgroup.is_frozen().unwrap());
}

#[test]
fn a_busy_process_is_frozen_and_thawed() {
    let Some(own) = Own::create("freeze") else { return };
    check_freezing(&own);
}

#[test]
fn a_busy_process_is_frozen_and_thawed_by_the_unified_hierarchy() {
    let Some(own) = Own::create_unified("freeze-unified") else { return };
    check_freezing(&own);
}
