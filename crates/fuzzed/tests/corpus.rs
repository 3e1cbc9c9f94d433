//! What the fuzzer has found worth keeping goes through the same functions here, without a fuzzer.

use std::fs;
use std::path::Path;

/// Runs a target over its part of the corpus, which must be there.
#[track_caller]
fn check(target: &str) {
    let (_, run) = fuzzed::TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(&dir).expect("a part of the corpus").collect();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    for file in files {
        run(&fs::read(file.expect("a file").path()).expect("what is in it"));
    }
}

#[test]
fn cgroup_paths_and_tables() {
    check("cgroups");
}

#[test]
fn configs() {
    check("config");
}

#[test]
fn configs_with_faults() {
    check("edits");
}

#[test]
fn mount_options() {
    check("mount_options");
}

#[test]
fn processes() {
    check("process");
}

#[test]
fn seccomp_profiles() {
    check("seccomp");
}

#[test]
fn every_target_is_checked() {
    assert_eq!(fuzzed::TARGETS.len(), 6);
}
