//! Types, names and ranges, whatever the field.

use super::*;

#[test]
fn unknown_fields_are_ignored() {
    right(r#"{"later": 1, "linux": {"later": [{}]}, "process": {"later": {"args": 3}}}"#);
}

#[test]
fn sections_of_other_platforms_are_ignored() {
    right(
        r#"{"windows": 3, "vm": [], "solaris": "x", "zos": 1, "freebsd": false, "process": {"commandLine": 3}}"#,
    );
}

#[test]
fn null_is_as_absent() {
    let config = RIGHT.replace(r#""root""#, r#""mounts": null, "hooks": {"poststop": null}, "root""#);
    assert!(Config::parse(config.into_bytes()).is_ok());
}

#[test]
fn null_in_an_array_is_not() {
    check(r#"{"process": {"args": ["sh", null]}}"#, "/process/args/1: found null, allowed: a string");
}

#[test]
fn a_fraction_is_no_whole_number() {
    check(
        r#"{"process": {"user": {"uid": 1.0}}}"#,
        "/process/user/uid: found 1.0, allowed: a whole number from 0 to 4294967294",
    );
}

#[test]
fn a_string_is_no_number() {
    check(
        r#"{"process": {"user": {"uid": "0"}}}"#,
        r#"/process/user/uid: found "0", allowed: a whole number from 0 to 4294967294"#,
    );
}

#[test]
fn an_empty_name_is_no_name() {
    check(
        r#"{"linux": {"namespaces": [{"type": ""}]}}"#,
        r#"/linux/namespaces/0/type: found "", allowed: pid, network, mount, ipc, uts, user, cgroup, time"#,
    );
}

#[test]
fn a_whole_section_of_the_wrong_type_is_one_problem() {
    check(r#"{"process": "sh"}"#, r#"/process: found "sh", allowed: an object"#);
}

#[test]
fn elements_keep_their_index() {
    check(
        r#"{"mounts": [3, {"destination": "/x", "type": "tmpfs"}, {"destination": "/y", "type": "tmpfs"}]}"#,
        "/mounts/0: found 3, allowed: an object",
    );
}

#[test]
fn twenty_faults_come_at_once() {
    let faults = problems(
        r#"{"ociVersion": "3", "root": {"path": ""}, "hostname": 5, "annotations": {"": "x", "a": 1},
        "mounts": [{"destination": ""}, {"destination": 1, "type": "tmpfs"}],
        "process": {"cwd": "tmp", "args": [], "env": ["X"], "user": {"uid": -1}, "oomScoreAdj": 2000,
            "rlimits": [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]},
        "hooks": {"poststop": [{"path": "x", "timeout": 0}]},
        "linux": {"namespaces": [{"type": "mount"}, {"type": "mount"}], "uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}],
            "sysctl": {"vm.swappiness": "1"}, "maskedPaths": ["x"], "resources": {"cpu": {"idle": 7}}}}"#,
    );
    let places: Vec<_> =
        faults.iter().filter_map(|fault| fault.split_once(": ")).map(|(place, _)| place).collect();
    assert_eq!(
        places,
        [
            "/annotations/",
            "/annotations/a",
            "/hooks/poststop/0/path",
            "/hooks/poststop/0/timeout",
            "/hostname",
            "/linux/maskedPaths/0",
            "/linux/namespaces/1/type",
            "/linux/resources/cpu/idle",
            "/linux/sysctl/vm.swappiness",
            "/linux/uidMappings",
            "/mounts/0/destination",
            "/mounts/0/type",
            "/mounts/1/destination",
            "/ociVersion",
            "/process/args",
            "/process/cwd",
            "/process/env/0",
            "/process/oomScoreAdj",
            "/process/rlimits/0/type",
            "/process/user/uid",
            "/root/path",
        ]
    );
}
