//! Namespaces, and what can only be had with one.

use super::*;

fn list(namespaces: &str) -> String {
    format!(r#"{{"linux": {{"namespaces": [{namespaces}]}}}}"#)
}

#[test]
fn a_type_is_known() {
    check(
        &list(r#"{"type": "mount"}, {"type": "pid"}, {"type": "pidd"}"#),
        r#"/linux/namespaces/2/type: found "pidd", allowed: pid, network, mount, ipc, uts, user, cgroup, time"#,
    );
}

#[test]
fn a_type_is_required() {
    check(
        &list(r#"{"path": "/x"}"#),
        "/linux/namespaces/0/type: found nothing, allowed: pid, network, mount, ipc, uts, user, cgroup, time",
    );
}

#[test]
fn a_type_is_listed_once() {
    check(
        &list(r#"{"type": "mount"}, {"type": "pid"}, {"type": "mount"}"#),
        r#"/linux/namespaces/2/type: found "mount", allowed: each type once"#,
    );
}

#[test]
fn a_path_is_absolute() {
    check(
        &list(r#"{"type": "pid", "path": "proc/1/ns/pid"}"#),
        r#"/linux/namespaces/0/path: found "proc/1/ns/pid", allowed: an absolute path"#,
    );
}

#[test]
fn a_path_is_not_empty() {
    check(
        &list(r#"{"type": "pid", "path": ""}"#),
        r#"/linux/namespaces/0/path: found "", allowed: an absolute path"#,
    );
}

#[test]
fn nothing_follows_from_a_broken_list() {
    check(
        r#"{"hostname": "web", "linux": {"namespaces": [{"type": "UTS"}]}}"#,
        r#"/linux/namespaces/0/type: found "UTS", allowed: pid, network, mount, ipc, uts, user, cgroup, time"#,
    );
}

#[test]
fn masked_paths_need_a_mount_namespace() {
    check(
        r#"{"linux": {"namespaces": [], "maskedPaths": ["/proc/kcore"]}}"#,
        "/linux/maskedPaths: found an array, allowed: only with a mount namespace in /linux/namespaces",
    );
}

#[test]
fn read_only_paths_need_a_mount_namespace() {
    check(
        r#"{"linux": {"namespaces": [], "readonlyPaths": ["/proc/sys"]}}"#,
        "/linux/readonlyPaths: found an array, allowed: only with a mount namespace in /linux/namespaces",
    );
}

#[test]
fn time_offsets_need_a_time_namespace() {
    check(
        r#"{"linux": {"namespaces": [], "timeOffsets": {"monotonic": {"secs": 1}}}}"#,
        "/linux/timeOffsets: found an object, allowed: only with a time namespace in /linux/namespaces",
    );
}

#[test]
fn time_offsets_are_for_a_new_time_namespace() {
    check(
        r#"{"linux": {"namespaces": [{"type": "time", "path": "/x"}], "timeOffsets": {"monotonic": {"secs": 1}}}}"#,
        "/linux/timeOffsets: found an object, allowed: only with a new time namespace, not one joined by its path",
    );
}

#[test]
fn a_clock_is_known() {
    check(
        r#"{"linux": {"timeOffsets": {"realtime": {"secs": 1}}}}"#,
        "/linux/timeOffsets/realtime: found an object, allowed: the clocks monotonic and boottime",
    );
}

#[test]
fn nanoseconds_are_less_than_a_second() {
    check(
        r#"{"linux": {"timeOffsets": {"boottime": {"nanosecs": 1000000000}}}}"#,
        "/linux/timeOffsets/boottime/nanosecs: found 1000000000, allowed: a whole number from 0 to 999999999",
    );
}

#[test]
fn an_offset_may_be_negative() {
    right(r#"{"linux": {"timeOffsets": {"boottime": {"secs": -5}}}}"#);
}
