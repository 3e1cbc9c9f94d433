//! Making and removing.

use std::fs;
use std::path::Path;
use std::process::Command;

use cgroup::{Cgroup, Layout};

use crate::own::{Own, usable_host};

#[test]
fn a_created_cgroup_is_in_every_hierarchy_and_gone_from_all_when_removed() {
    let Some(own) = Own::create("everywhere") else { return };
    assert!(own.directories().iter().all(|directory| Path::new(directory).is_dir()));
    own.cgroup.remove().unwrap();
    assert!(own.directories().iter().all(|directory| !Path::new(directory).exists()));
}

#[test]
fn removing_what_is_not_there_is_success() {
    let Some(own) = Own::locate("never-made") else { return };
    assert_eq!(own.cgroup.remove(), Ok(()));
    assert_eq!(own.cgroup.kill(), Ok(()));
    assert_eq!(own.cgroup.processes(), Ok(Vec::new()));
}

#[test]
fn an_empty_cgroup_that_was_there_is_taken_and_not_undone() {
    let Some(own) = Own::create("taken") else { return };
    let created = own.cgroup.create().unwrap();
    assert!(created.directories.is_empty());
    created.undo();
    assert!(own.directories().iter().all(|directory| Path::new(directory).is_dir()));
}

#[test]
fn undo_removes_the_parents_that_were_made() {
    let Some(layout) = usable_host() else { return };
    let path = format!("/ociruntime-test-deep-{}/a/b", std::process::id());
    let cgroup = Cgroup::locate(&layout, Some(&path), "x").unwrap();
    cgroup.create().unwrap().undo();
    let top = |(_, path): (&str, String)| path[..path.len() - "/a/b".len()].to_string();
    assert!(cgroup.paths().into_iter().map(top).all(|top| !Path::new(&top).exists()));
}

#[test]
fn cgroups_below_are_removed_first() {
    let Some(own) = Own::create("nested") else { return };
    for directory in own.directories() {
        fs::create_dir_all(format!("{directory}/a/b")).unwrap();
        fs::create_dir(format!("{directory}/c")).unwrap();
    }
    own.cgroup.remove().unwrap();
    assert!(own.directories().iter().all(|directory| !Path::new(directory).exists()));
}

/// A container may make cgroups below its own, and does not have to name them from the root.
#[test]
fn cgroups_deeper_than_a_path_is_long_are_removed() {
    let Some(own) = Own::create("deep") else { return };
    let name = "x".repeat(200);
    let script =
        format!("cd \"$0\" && for i in $(seq 30); do mkdir {name} && cd -P ./{name} || exit 1; done");
    for directory in own.directories() {
        assert!(Command::new("sh").args(["-c", &script, &directory]).status().unwrap().success());
    }
    assert_eq!(own.cgroup.processes(), Ok(Vec::new()));
    own.cgroup.remove().unwrap();
    assert!(own.directories().iter().all(|directory| !Path::new(directory).exists()));
}

#[test]
fn a_cgroup_with_processes_is_refused() {
    let Some(own) = Own::create("populated") else { return };
    let _sleeper = own.sleeper();
    let error = own.cgroup.create().unwrap_err();
    assert_eq!(error.to_string(), "container's cgroup is not empty: 1 process(es) found");
}

#[test]
fn a_cgroup_with_processes_is_not_removed() {
    let Some(own) = Own::create("inhabited") else { return };
    let _sleeper = own.sleeper();
    let error = own.cgroup.remove().unwrap_err();
    assert_eq!(error.to_string(), "container's cgroup is not empty: 1 process(es) found");
}

#[test]
fn a_frozen_cgroup_is_refused() {
    let Some(own) = Own::create("frozen") else { return };
    own.cgroup.freeze().unwrap();
    assert_eq!(own.cgroup.create().unwrap_err().to_string(), "container's cgroup unexpectedly frozen");
}

#[test]
fn a_cgroup_below_a_frozen_one_is_refused_and_not_left() {
    let Some(own) = Own::create("frozen-above") else { return };
    own.cgroup.freeze().unwrap();
    let path = format!("/ociruntime-test-{}/frozen-above/child", std::process::id());
    let child = Cgroup::locate(&Layout::read().unwrap(), Some(&path), "x").unwrap();
    assert_eq!(child.create().unwrap_err().to_string(), "container's cgroup unexpectedly frozen");
    assert!(child.paths().iter().all(|(_, path)| !Path::new(path).exists()));
}

#[test]
fn a_delegated_cgroup_belongs_to_the_user_and_its_limits_do_not() {
    use std::os::unix::fs::MetadataExt;
    let Some(own) = Own::create_unified("delegated") else { return };
    own.cgroup.delegate(12345).unwrap();
    let directory = own.directories().remove(0);
    let owner = |file: &str| fs::metadata(format!("{directory}/{file}")).unwrap().uid();
    assert_eq!(["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"].map(owner), [12345; 4]);
    assert_eq!(["cgroup.freeze", "cgroup.type", "cgroup.max.depth"].map(owner), [0; 3]);
}
