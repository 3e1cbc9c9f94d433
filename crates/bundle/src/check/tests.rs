//! One rule, one line: a change to a config that is right, and what is then said.

use serde_json::Value;

use crate::config::{Config, LoadError};

/// Right, and with every namespace but a user namespace.
const RIGHT: &str = r#"{
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {"args": ["sh"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
    "linux": {"namespaces": [
        {"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"},
        {"type": "network"}, {"type": "cgroup"}, {"type": "time"}
    ]}
}"#;

/// Applies a merge patch (RFC 7396) to the config that is right, and parses the result.
fn parse(patch: &str) -> Result<Config, LoadError> {
    let mut config = serde_json::from_str(RIGHT).expect("JSON");
    merge(&mut config, serde_json::from_str(patch).expect("a JSON patch"));
    Config::parse(config.to_string().into_bytes())
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.as_object_mut().and_then(|object| object.remove(&key))),
            value => merge(&mut target[key], value),
        }
    }
}

fn problems(patch: &str) -> Vec<String> {
    match parse(patch) {
        Ok(_) => Vec::new(),
        Err(LoadError::Problems { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

/// The patched config has this one problem.
#[track_caller]
fn check(patch: &str, problem: &str) {
    assert_eq!(problems(patch), [problem], "{patch}");
}

/// The patched config is right, without a warning.
#[track_caller]
fn right(patch: &str) {
    let config = parse(patch).unwrap_or_else(|error| panic!("{patch}: {error}"));
    assert_eq!(config.warnings, [""; 0], "{patch}");
}

/// The patched config is right, with this one warning.
#[track_caller]
fn warns(patch: &str, warning: &str) {
    let config = parse(patch).unwrap_or_else(|error| panic!("{patch}: {error}"));
    assert_eq!(config.warnings, [warning], "{patch}");
}

mod base {
    use super::*;

    const VERSIONS: &str = "a semantic version from 1.0.0 to 1.3.x of the runtime specification";

    #[test]
    fn the_unpatched_config_is_right() {
        right("{}");
    }

    #[test]
    fn versions_that_engines_write_are_supported() {
        for version in
            ["1.0.0", "1.0.0-rc5", "1.0.2-dev", "1.1.0+dev", "1.2.1", "1.3.0", "1.3.1-rc.1+build.7"]
        {
            right(&format!(r#"{{"ociVersion": "{version}"}}"#));
        }
    }

    #[test]
    fn other_versions_are_not() {
        for version in [
            "",
            "0.9.0",
            "1.4.0",
            "1.4.0-dev",
            "2.0.0",
            "1.0",
            "v1.0.0",
            "1.0.0.0",
            "01.0.0",
            "1.0.0-",
            "1.0.0+",
            "1.0.0-01",
            "1.0.0-a..b",
            "latest",
            "1.0.0\\n",
        ] {
            let shown = version.replace("\\\\", "\\");
            check(
                &format!(r#"{{"ociVersion": "{version}"}}"#),
                &format!("/ociVersion: found \"{shown}\", allowed: {VERSIONS}"),
            );
        }
    }

    #[test]
    fn version_is_required() {
        check(r#"{"ociVersion": null}"#, "/ociVersion: found nothing, allowed: a string");
    }

    #[test]
    fn root_is_required() {
        check(r#"{"root": null}"#, "/root: found nothing, allowed: an object");
    }

    #[test]
    fn root_path_is_required() {
        check(r#"{"root": {"path": null}}"#, "/root/path: found nothing, allowed: a string");
    }

    #[test]
    fn root_path_is_not_empty() {
        check(r#"{"root": {"path": ""}}"#, r#"/root/path: found "", allowed: the path of a directory"#);
    }

    #[test]
    fn process_is_optional_before_start() {
        right(r#"{"process": null}"#);
    }

    #[test]
    fn linux_is_optional() {
        right(r#"{"linux": null}"#);
    }

    #[test]
    fn annotation_keys_are_not_empty() {
        check(
            r#"{"annotations": {"": "x"}}"#,
            r#"/annotations/: found "x", allowed: keys that are not empty"#,
        );
    }

    #[test]
    fn annotation_values_may_hold_anything() {
        right(r#"{"annotations": {"org.example": "\u0000\n"}}"#);
    }

    #[test]
    fn annotation_values_may_be_empty() {
        right(r#"{"annotations": {"org.example": ""}}"#);
    }

    #[test]
    fn a_host_name_needs_a_uts_namespace() {
        check(
            r#"{"hostname": "web", "linux": {"namespaces": []}}"#,
            r#"/hostname: found "web", allowed: only with a uts namespace in /linux/namespaces"#,
        );
    }

    #[test]
    fn a_domain_name_needs_a_uts_namespace() {
        check(
            r#"{"domainname": "web", "linux": null}"#,
            r#"/domainname: found "web", allowed: only with a uts namespace in /linux/namespaces"#,
        );
    }

    #[test]
    fn a_joined_uts_namespace_will_do() {
        right(r#"{"hostname": "web", "linux": {"namespaces": [{"type": "uts", "path": "/proc/1/ns/uts"}]}}"#);
    }

    #[test]
    fn an_empty_host_name_is_none() {
        right(r#"{"hostname": "", "linux": null}"#);
    }

    #[test]
    fn a_host_name_has_at_most_64_bytes() {
        let name = "x".repeat(65);
        check(
            &format!(r#"{{"hostname": "{name}"}}"#),
            &format!("/hostname: found \"{name}\", allowed: at most 64 bytes"),
        );
    }
}

mod process {
    use super::*;

    #[test]
    fn args_are_required() {
        check(
            r#"{"process": {"args": null}}"#,
            "/process/args: found nothing, allowed: at least the program to execute",
        );
    }

    #[test]
    fn args_are_not_empty() {
        check(
            r#"{"process": {"args": []}}"#,
            "/process/args: found nothing, allowed: at least the program to execute",
        );
    }

    #[test]
    fn the_program_is_not_empty() {
        check(
            r#"{"process": {"args": [""]}}"#,
            r#"/process/args/0: found "", allowed: the program to execute"#,
        );
    }

    #[test]
    fn other_arguments_may_be_empty() {
        right(r#"{"process": {"args": ["sh", ""]}}"#);
    }

    #[test]
    fn cwd_is_required() {
        check(r#"{"process": {"cwd": null}}"#, "/process/cwd: found nothing, allowed: a string");
    }

    #[test]
    fn cwd_is_absolute() {
        check(r#"{"process": {"cwd": "tmp"}}"#, r#"/process/cwd: found "tmp", allowed: an absolute path"#);
    }

    #[test]
    fn cwd_is_not_empty() {
        check(r#"{"process": {"cwd": ""}}"#, r#"/process/cwd: found "", allowed: an absolute path"#);
    }

    #[test]
    fn env_entries_have_an_equals_sign() {
        check(r#"{"process": {"env": ["A=1", "B"]}}"#, r#"/process/env/1: found "B", allowed: NAME=VALUE"#);
    }

    #[test]
    fn env_entries_have_a_name() {
        check(r#"{"process": {"env": ["=1"]}}"#, r#"/process/env/0: found "=1", allowed: NAME=VALUE"#);
    }

    #[test]
    fn env_values_may_be_empty() {
        right(r#"{"process": {"env": ["A="]}}"#);
    }

    #[test]
    fn without_user_the_ids_are_zero() {
        let config = parse(r#"{"process": {"user": null}}"#).expect("right");
        assert_eq!(config.spec.process().as_ref().map(|process| process.user().uid()), Some(0));
    }

    #[test]
    fn uid_is_required_in_user() {
        check(
            r#"{"process": {"user": {"uid": null}}}"#,
            "/process/user/uid: found nothing, allowed: a whole number from 0 to 4294967294",
        );
    }

    #[test]
    fn gid_is_required_in_user() {
        check(
            r#"{"process": {"user": {"gid": null}}}"#,
            "/process/user/gid: found nothing, allowed: a whole number from 0 to 4294967294",
        );
    }

    #[test]
    fn a_uid_is_not_minus_one() {
        check(
            r#"{"process": {"user": {"uid": 4294967295}}}"#,
            "/process/user/uid: found 4294967295, allowed: a whole number from 0 to 4294967294",
        );
    }

    #[test]
    fn an_additional_gid_is_not_minus_one() {
        check(
            r#"{"process": {"user": {"additionalGids": [1, -1]}}}"#,
            "/process/user/additionalGids/1: found -1, allowed: a whole number from 0 to 4294967294",
        );
    }

    #[test]
    fn there_are_at_most_65536_groups() {
        let gids = vec!["7"; 65537].join(",");
        check(
            &format!(r#"{{"process": {{"user": {{"additionalGids": [{gids}]}}}}}}"#),
            "/process/user/additionalGids: found 65537 groups, allowed: at most 65536",
        );
    }

    #[test]
    fn umask_has_nine_bits() {
        check(
            r#"{"process": {"user": {"umask": 512}}}"#,
            "/process/user/umask: found 512, allowed: a whole number from 0 to 511",
        );
    }

    #[test]
    fn a_terminal_has_at_most_65535_lines() {
        check(
            r#"{"process": {"terminal": true, "consoleSize": {"height": 65536, "width": 80}}}"#,
            "/process/consoleSize/height: found 65536, allowed: a whole number from 0 to 65535",
        );
    }

    #[test]
    fn without_a_terminal_its_size_is_ignored() {
        right(r#"{"process": {"consoleSize": {"height": 65536, "width": 80}}}"#);
    }

    #[test]
    fn width_is_required() {
        check(
            r#"{"process": {"consoleSize": {"height": 25}}}"#,
            "/process/consoleSize/width: found nothing, allowed: a whole number from 0 to 18446744073709551615",
        );
    }

    #[test]
    fn an_rlimit_is_listed_once() {
        check(
            r#"{"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}, {"type": "RLIMIT_CPU", "soft": 2, "hard": 2}]}}"#,
            r#"/process/rlimits/1/type: found "RLIMIT_CPU", allowed: each type once"#,
        );
    }

    #[test]
    fn a_soft_limit_is_not_above_the_hard_one() {
        check(
            r#"{"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]}}"#,
            "/process/rlimits/0/soft: found 2, allowed: at most the hard limit, 1",
        );
    }

    #[test]
    fn an_rlimit_may_be_infinite() {
        right(
            r#"{"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 18446744073709551615, "hard": 18446744073709551615}]}}"#,
        );
    }

    #[test]
    fn a_hard_limit_is_required() {
        check(
            r#"{"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 2}]}}"#,
            "/process/rlimits/0/hard: found nothing, allowed: a whole number from 0 to 18446744073709551615",
        );
    }

    #[test]
    fn oom_score_adj_is_at_least_minus_1000() {
        check(
            r#"{"process": {"oomScoreAdj": -1001}}"#,
            "/process/oomScoreAdj: found -1001, allowed: a whole number from -1000 to 1000",
        );
    }

    #[test]
    fn an_io_priority_has_three_bits() {
        check(
            r#"{"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}}}"#,
            "/process/ioPriority/priority: found 8, allowed: a whole number from 0 to 7",
        );
    }

    #[test]
    fn an_io_class_is_known() {
        check(
            r#"{"process": {"ioPriority": {"class": "IOPRIO_CLASS_NONE", "priority": 0}}}"#,
            r#"/process/ioPriority/class: found "IOPRIO_CLASS_NONE", allowed: IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE"#,
        );
    }

    #[test]
    fn a_cpu_affinity_is_a_list() {
        check(
            r#"{"process": {"execCPUAffinity": {"initial": "0-"}}}"#,
            r#"/process/execCPUAffinity/initial: found "0-", allowed: a list of numbers and ranges such as "0-3,7""#,
        );
    }

    #[test]
    fn an_empty_cpu_affinity_is_none() {
        right(r#"{"process": {"execCPUAffinity": {"initial": "0-3, 7", "final": ""}}}"#);
    }

    #[test]
    fn a_null_character_is_nowhere_allowed() {
        check(
            r#"{"process": {"env": ["A=\u0000"]}}"#,
            r#"/process/env/0: found "A=\u0000", allowed: a string without NUL bytes"#,
        );
    }
}

mod capabilities {
    use super::*;

    #[test]
    fn unknown_ones_are_dropped_with_a_warning() {
        warns(
            r#"{"process": {"capabilities": {"bounding": ["CAP_CHOWN", "CAP_FLY"]}}}"#,
            r#"/process/capabilities/bounding/1: unknown capability "CAP_FLY" is ignored"#,
        );
    }

    #[test]
    fn a_name_without_its_prefix_is_unknown() {
        warns(
            r#"{"process": {"capabilities": {"bounding": ["SYS_ADMIN"]}}}"#,
            r#"/process/capabilities/bounding/0: unknown capability "SYS_ADMIN" is ignored"#,
        );
    }

    #[test]
    fn an_unknown_one_grants_nothing() {
        let config = parse(r#"{"process": {"capabilities": {"bounding": ["SYS_ADMIN"]}}}"#).expect("right");
        let sets = config.spec.process().as_ref().and_then(|process| process.capabilities().clone());
        assert_eq!(sets.and_then(|sets| sets.bounding().as_ref().map(|set| set.len())), Some(0));
    }

    #[test]
    fn one_that_is_no_string_is_a_problem() {
        check(
            r#"{"process": {"capabilities": {"bounding": [7]}}}"#,
            "/process/capabilities/bounding/0: found 7, allowed: a string",
        );
    }

    #[test]
    fn effective_ones_must_be_permitted() {
        warns(
            r#"{"process": {"capabilities": {"effective": ["CAP_SYS_TTY_CONFIG", "CAP_BPF"]}}}"#,
            "/process/capabilities/effective: CAP_BPF, CAP_SYS_TTY_CONFIG cannot be granted: not in permitted",
        );
    }

    #[test]
    fn ambient_ones_must_be_inheritable() {
        warns(
            r#"{"process": {"capabilities": {"permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]}}}"#,
            "/process/capabilities/ambient: CAP_KILL cannot be granted: not in both permitted and inheritable",
        );
    }
}

mod scheduler {
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
}

mod mounts {
    use super::*;

    fn mount(fields: &str) -> String {
        format!(r#"{{"mounts": [{{{fields}}}]}}"#)
    }

    #[test]
    fn a_destination_is_required() {
        check(&mount(r#""type": "tmpfs""#), "/mounts/0/destination: found nothing, allowed: a string");
    }

    #[test]
    fn a_destination_is_not_empty() {
        check(
            &mount(r#""destination": "", "type": "tmpfs""#),
            r#"/mounts/0/destination: found "", allowed: an absolute path"#,
        );
    }

    #[test]
    fn a_relative_destination_is_deprecated() {
        warns(
            &mount(r#""destination": "tmp", "type": "tmpfs""#),
            r#"/mounts/0/destination: relative path "tmp" is deprecated: taken from "/""#,
        );
    }

    #[test]
    fn a_relative_destination_starts_at_the_root() {
        let config = parse(&mount(r#""destination": "tmp/x", "type": "tmpfs""#)).expect("right");
        let destination =
            config.spec.mounts().iter().flatten().map(|mount| mount.destination().clone()).next();
        assert_eq!(destination, Some("/tmp/x".into()));
    }

    #[test]
    fn a_bind_needs_a_source() {
        check(
            &mount(r#""destination": "/x", "options": ["rbind"]"#),
            "/mounts/0/source: found nothing, allowed: the path to bind",
        );
    }

    #[test]
    fn anything_else_needs_a_type() {
        check(
            &mount(r#""destination": "/x", "source": "/y""#),
            "/mounts/0/type: found nothing, allowed: the type of a filesystem, or the option bind or rbind",
        );
    }

    #[test]
    fn a_bind_needs_no_type() {
        right(&mount(r#""destination": "/x", "source": "/y", "options": ["bind", "ro"]"#));
    }

    #[test]
    fn a_remount_needs_neither() {
        right(&mount(r#""destination": "/x", "options": ["remount", "ro"]"#));
    }

    #[test]
    fn a_propagation_needs_neither() {
        right(&mount(r#""destination": "/x", "options": ["rslave"]"#));
    }

    #[test]
    fn uid_mappings_need_gid_mappings() {
        check(
            &mount(
                r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]"#,
            ),
            "/mounts/0/gidMappings: found nothing, allowed: mappings, since there are uidMappings",
        );
    }

    #[test]
    fn gid_mappings_need_uid_mappings() {
        check(
            &mount(
                r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]"#,
            ),
            "/mounts/0/uidMappings: found nothing, allowed: mappings, since there are gidMappings",
        );
    }

    #[test]
    fn idmap_needs_mappings_or_a_user_namespace() {
        check(
            &mount(r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"]"#),
            "/mounts/0/options: found an array, allowed: idmap only with uidMappings and gidMappings or a user namespace",
        );
    }

    #[test]
    fn idmap_may_take_the_mappings_of_the_user_namespace() {
        right(
            r#"{"mounts": [{"destination": "/x", "source": "/y", "options": ["rbind", "ridmap"]}],
            "linux": {"namespaces": [{"type": "user"}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
        );
    }

    #[test]
    fn mappings_of_a_mount_do_not_overlap() {
        check(
            &mount(
                r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}],
                "uidMappings": [{"containerID": 0, "hostID": 1, "size": 5}, {"containerID": 4, "hostID": 9, "size": 5}]"#,
            ),
            "/mounts/0/uidMappings/1/containerID: found 4, allowed: ids that entry 0 does not map",
        );
    }

    #[test]
    fn a_second_fault_in_another_mount_is_found() {
        let faults = problems(r#"{"mounts": [{"destination": ""}, {"type": 3, "destination": 4}]}"#);
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}

mod hooks {
    use super::*;

    #[test]
    fn a_path_is_absolute() {
        for kind in
            ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
        {
            check(
                &format!(r#"{{"hooks": {{"{kind}": [{{"path": "/a"}}, {{"path": "b"}}]}}}}"#),
                &format!(r#"/hooks/{kind}/1/path: found "b", allowed: an absolute path"#),
            );
        }
    }

    #[test]
    fn a_path_is_required() {
        check(r#"{"hooks": {"poststop": [{}]}}"#, "/hooks/poststop/0/path: found nothing, allowed: a string");
    }

    #[test]
    fn a_timeout_is_above_zero() {
        check(
            r#"{"hooks": {"poststart": [{"path": "/a", "timeout": 0}]}}"#,
            "/hooks/poststart/0/timeout: found 0, allowed: a whole number, 1 or more",
        );
    }

    #[test]
    fn an_unknown_kind_is_ignored() {
        right(r#"{"hooks": {"prestop": [{"path": 3}]}}"#);
    }
}

mod namespaces {
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
}

mod mappings {
    use super::*;

    /// A new user namespace with these uid mappings, and one mapping of the gid 0.
    fn uids(mappings: &str) -> String {
        format!(
            r#"{{"linux": {{"namespaces": [{{"type": "user"}}], "uidMappings": [{mappings}],
            "gidMappings": [{{"containerID": 0, "hostID": 100, "size": 1}}]}}}}"#
        )
    }

    #[test]
    fn a_user_namespace_needs_mappings() {
        check(
            &uids(""),
            "/linux/uidMappings: found nothing, allowed: at least one mapping for the new user namespace",
        );
    }

    #[test]
    fn a_user_namespace_with_mappings_is_right() {
        right(&uids(
            r#"{"containerID": 0, "hostID": 1000, "size": 1}, {"containerID": 1, "hostID": 100000, "size": 65536}"#,
        ));
    }

    #[test]
    fn mappings_need_a_user_namespace() {
        check(
            r#"{"linux": {"uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
            "/linux/uidMappings: found an array, allowed: only with a user namespace in /linux/namespaces",
        );
    }

    #[test]
    fn a_joined_user_namespace_may_repeat_its_mappings() {
        right(
            r#"{"linux": {"namespaces": [{"type": "user", "path": "/proc/9/ns/user"}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
        );
    }

    #[test]
    fn a_joined_user_namespace_needs_none() {
        right(r#"{"linux": {"namespaces": [{"type": "user", "path": "/proc/9/ns/user"}]}}"#);
    }

    #[test]
    fn a_size_is_not_zero() {
        check(
            &uids(
                r#"{"containerID": 0, "hostID": 1, "size": 1}, {"containerID": 5, "hostID": 9, "size": 0}"#,
            ),
            "/linux/uidMappings/1/size: found 0, allowed: 1 or more",
        );
    }

    #[test]
    fn a_size_is_required() {
        check(
            &uids(r#"{"containerID": 0, "hostID": 1}"#),
            "/linux/uidMappings/0/size: found nothing, allowed: a whole number from 0 to 4294967295",
        );
    }

    #[test]
    fn a_range_ends_before_the_last_id() {
        check(
            &uids(r#"{"containerID": 0, "hostID": 4294967000, "size": 296}"#),
            "/linux/uidMappings/0/size: found 296, allowed: at most 295 after these first ids",
        );
    }

    #[test]
    fn all_ids_may_be_mapped() {
        right(&uids(r#"{"containerID": 0, "hostID": 0, "size": 4294967295}"#));
    }

    #[test]
    fn container_ids_do_not_overlap() {
        check(
            &uids(
                r#"{"containerID": 0, "hostID": 100, "size": 10}, {"containerID": 9, "hostID": 200, "size": 1}"#,
            ),
            "/linux/uidMappings/1/containerID: found 9, allowed: ids that entry 0 does not map",
        );
    }

    #[test]
    fn host_ids_do_not_overlap() {
        check(
            &uids(
                r#"{"containerID": 0, "hostID": 100, "size": 10}, {"containerID": 10, "hostID": 109, "size": 1}"#,
            ),
            "/linux/uidMappings/1/hostID: found 109, allowed: ids that entry 0 does not map",
        );
    }

    #[test]
    fn there_are_at_most_340_entries() {
        let entries: Vec<_> =
            (0..341).map(|n| format!(r#"{{"containerID": {n}, "hostID": {n}, "size": 1}}"#)).collect();
        check(&uids(&entries.join(",")), "/linux/uidMappings: found 341 entries, allowed: at most 340");
    }

    #[test]
    fn the_user_is_mapped() {
        let config = uids(r#"{"containerID": 5, "hostID": 100, "size": 10}"#);
        check(&config, "/process/user/uid: found 0, allowed: an id that /linux/uidMappings maps");
    }

    #[test]
    fn additional_groups_are_mapped() {
        check(
            r#"{"process": {"user": {"additionalGids": [0, 7]}}, "linux": {"namespaces": [{"type": "user"}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 7}]}}"#,
            "/process/user/additionalGids/1: found 7, allowed: an id that /linux/gidMappings maps",
        );
    }
}

mod devices {
    use super::*;

    fn device(fields: &str) -> String {
        format!(r#"{{"linux": {{"devices": [{{{fields}}}]}}}}"#)
    }

    #[test]
    fn a_type_is_known() {
        check(
            &device(r#""type": "a", "path": "/dev/x", "major": 1, "minor": 3"#),
            r#"/linux/devices/0/type: found "a", allowed: c, b, u, p"#,
        );
    }

    #[test]
    fn a_path_is_absolute() {
        check(
            &device(r#""type": "c", "path": "dev/x", "major": 1, "minor": 3"#),
            r#"/linux/devices/0/path: found "dev/x", allowed: an absolute path"#,
        );
    }

    #[test]
    fn a_major_number_is_required() {
        check(
            &device(r#""type": "c", "path": "/dev/x", "minor": 3"#),
            "/linux/devices/0/major: found nothing, allowed: a whole number",
        );
    }

    #[test]
    fn a_fifo_has_no_numbers() {
        right(&device(r#""type": "p", "path": "/dev/x""#));
    }

    #[test]
    fn a_major_number_has_twelve_bits() {
        check(
            &device(r#""type": "b", "path": "/dev/x", "major": 4096, "minor": 3"#),
            "/linux/devices/0/major: found 4096, allowed: a whole number from 0 to 4095",
        );
    }

    #[test]
    fn a_minor_number_has_twenty_bits() {
        check(
            &device(r#""type": "u", "path": "/dev/x", "major": 1, "minor": -1"#),
            "/linux/devices/0/minor: found -1, allowed: a whole number from 0 to 1048575",
        );
    }

    #[test]
    fn a_path_has_one_device() {
        check(
            r#"{"linux": {"devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3}, {"type": "c", "path": "/dev/x", "major": 1, "minor": 5}]}}"#,
            r#"/linux/devices/1/path: found "/dev/x", allowed: a path that entry 0 does not give to another device"#,
        );
    }

    #[test]
    fn a_device_may_be_repeated() {
        right(
            r#"{"linux": {"devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3}, {"type": "u", "path": "/dev/x", "major": 1, "minor": 3}]}}"#,
        );
    }

    #[test]
    fn a_default_device_may_be_replaced() {
        right(&device(r#""type": "c", "path": "/dev/random", "major": 1, "minor": 9, "fileMode": 8630"#));
    }
}

mod net_devices {
    use super::*;

    const NAME: &str = "an interface name: 1 to 15 bytes, no slash, colon or blank";

    #[test]
    fn they_need_a_network_namespace() {
        check(
            r#"{"linux": {"namespaces": [], "netDevices": {"eth0": {}}}}"#,
            "/linux/netDevices: found an object, allowed: only with a network namespace in /linux/namespaces",
        );
    }

    #[test]
    fn a_name_is_at_most_fifteen_bytes() {
        check(
            r#"{"linux": {"netDevices": {"a-very-long-name": {"name": "eth0"}}}}"#,
            &format!(r#"/linux/netDevices/a-very-long-name: found "a-very-long-name", allowed: {NAME}"#),
        );
    }

    #[test]
    fn a_new_name_has_no_slash() {
        check(
            r#"{"linux": {"netDevices": {"eth0": {"name": "a/b"}}}}"#,
            r#"/linux/netDevices/eth0/name: found "a/b", allowed: an interface name, at most one %d in it"#,
        );
    }

    #[test]
    fn a_template_may_be_given() {
        right(r#"{"linux": {"netDevices": {"eth0": {"name": "net%d"}, "eth1": {"name": "net%d"}}}}"#);
    }

    #[test]
    fn a_template_has_one_number() {
        check(
            r#"{"linux": {"netDevices": {"eth0": {"name": "n%d%d"}}}}"#,
            r#"/linux/netDevices/eth0/name: found "n%d%d", allowed: an interface name, at most one %d in it"#,
        );
    }

    #[test]
    fn a_new_name_is_given_once() {
        check(
            r#"{"linux": {"netDevices": {"eth0": {"name": "eth1"}, "eth1": {}}}}"#,
            r#"/linux/netDevices/eth1/name: found "eth1", allowed: each name once in the container"#,
        );
    }
}

mod sysctl {
    use super::*;

    fn sysctl(key: &str) -> String {
        format!(r#"{{"linux": {{"sysctl": {{"{key}": "1"}}}}}}"#)
    }

    #[test]
    fn parameters_of_listed_namespaces_may_be_set() {
        for key in
            ["kernel.shmmax", "kernel.sem", "fs.mqueue.msg_max", "net.ipv4.ip_forward", "kernel.domainname"]
        {
            right(&sysctl(key));
        }
    }

    #[test]
    fn slashes_separate_too() {
        right(&sysctl("net/ipv4/conf/eth0.1/rp_filter"));
    }

    #[test]
    fn a_path_swaps_what_comes_second() {
        assert_eq!(
            crate::check::sysctl::path("net.ipv4.conf.eth0/1.rp_filter"),
            "net/ipv4/conf/eth0.1/rp_filter"
        );
    }

    #[test]
    fn a_path_with_slashes_stays() {
        assert_eq!(
            crate::check::sysctl::path("net/ipv4/conf/eth0.1/rp_filter"),
            "net/ipv4/conf/eth0.1/rp_filter"
        );
    }

    #[test]
    fn parameters_of_the_host_may_not() {
        check(
            &sysctl("vm.overcommit_memory"),
            r#"/linux/sysctl/vm.overcommit_memory: found "1", allowed: parameters of a namespace: kernel.msgmax, kernel.msgmnb, kernel.msgmni, kernel.sem, kernel.shmall, kernel.shmmax, kernel.shmmni, kernel.shm_rmid_forced, fs.mqueue.*, net.*, kernel.domainname, user.*"#,
        );
    }

    #[test]
    fn net_needs_a_network_namespace() {
        check(
            r#"{"linux": {"namespaces": [], "sysctl": {"net.core.somaxconn": "1"}}}"#,
            r#"/linux/sysctl/net.core.somaxconn: found "1", allowed: only with a network namespace in /linux/namespaces"#,
        );
    }

    #[test]
    fn message_queues_need_an_ipc_namespace() {
        check(
            r#"{"linux": {"namespaces": [], "sysctl": {"fs/mqueue/msg_max": "1"}}}"#,
            r#"/linux/sysctl/fs~1mqueue~1msg_max: found "1", allowed: only with an ipc namespace in /linux/namespaces"#,
        );
    }

    #[test]
    fn user_limits_need_a_user_namespace() {
        check(
            &sysctl("user.max_inotify_watches"),
            r#"/linux/sysctl/user.max_inotify_watches: found "1", allowed: only with a user namespace in /linux/namespaces"#,
        );
    }

    #[test]
    fn the_host_name_has_its_own_field() {
        check(
            &sysctl("kernel.hostname"),
            r#"/linux/sysctl/kernel.hostname: found "1", allowed: the field /hostname in its place"#,
        );
    }

    #[test]
    fn the_domain_name_is_set_once() {
        check(
            r#"{"domainname": "a", "linux": {"sysctl": {"kernel.domainname": "b"}}}"#,
            r#"/linux/sysctl/kernel.domainname: found "b", allowed: not both this and /domainname"#,
        );
    }

    #[test]
    fn a_name_stays_below_proc_sys() {
        check(
            &sysctl("net/../vm/panic_on_oom"),
            r#"/linux/sysctl/net~1..~1vm~1panic_on_oom: found "1", allowed: the name of a kernel parameter"#,
        );
    }

    #[test]
    fn a_name_has_no_empty_part() {
        check(
            &sysctl("net..x"),
            r#"/linux/sysctl/net..x: found "1", allowed: the name of a kernel parameter"#,
        );
    }
}

mod resources {
    use super::*;

    fn resources(fields: &str) -> String {
        format!(r#"{{"linux": {{"resources": {{{fields}}}}}}}"#)
    }

    #[test]
    fn a_device_rule_says_whether_it_allows() {
        check(
            &resources(r#""devices": [{"access": "r"}]"#),
            "/linux/resources/devices/0/allow: found nothing, allowed: true or false",
        );
    }

    #[test]
    fn access_has_three_letters() {
        check(
            &resources(r#""devices": [{"allow": true, "access": "rx"}]"#),
            r#"/linux/resources/devices/0/access: found "rx", allowed: letters of "rwm""#,
        );
    }

    #[test]
    fn a_device_rule_is_not_about_fifos() {
        check(
            &resources(r#""devices": [{"allow": true, "type": "p"}]"#),
            r#"/linux/resources/devices/0/type: found "p", allowed: a, c, b"#,
        );
    }

    #[test]
    fn a_device_rule_may_leave_out_the_type() {
        right(&resources(r#""devices": [{"allow": true, "type": "", "major": -1, "minor": -1}]"#));
    }

    #[test]
    fn memory_may_be_unlimited() {
        right(&resources(r#""memory": {"limit": -1, "swap": -1}"#));
    }

    #[test]
    fn a_memory_limit_is_not_below_minus_one() {
        check(
            &resources(r#""memory": {"limit": -2}"#),
            "/linux/resources/memory/limit: found -2, allowed: a whole number, -1 or more",
        );
    }

    #[test]
    fn swap_includes_memory() {
        check(
            &resources(r#""memory": {"limit": 200, "swap": 100}"#),
            "/linux/resources/memory/swap: found 100, allowed: at least the memory limit, 200",
        );
    }

    #[test]
    fn swappiness_is_a_percentage() {
        check(
            &resources(r#""memory": {"swappiness": 101}"#),
            "/linux/resources/memory/swappiness: found 101, allowed: a whole number from 0 to 100",
        );
    }

    #[test]
    fn a_period_is_at_least_a_millisecond() {
        check(
            &resources(r#""cpu": {"period": 999}"#),
            "/linux/resources/cpu/period: found 999, allowed: 1000 to 1000000 microseconds",
        );
    }

    #[test]
    fn a_quota_is_at_least_a_millisecond() {
        check(
            &resources(r#""cpu": {"quota": 999}"#),
            "/linux/resources/cpu/quota: found 999, allowed: 1000 microseconds or more, or -1",
        );
    }

    #[test]
    fn zero_is_as_absent() {
        right(&resources(
            r#""cpu": {"period": 0, "quota": 0, "shares": 0, "realtimePeriod": 0}, "blockIO": {"weight": 0}"#,
        ));
    }

    #[test]
    fn a_burst_is_at_most_the_quota() {
        check(
            &resources(r#""cpu": {"quota": 5000, "burst": 5001}"#),
            "/linux/resources/cpu/burst: found 5001, allowed: at most the quota, 5000",
        );
    }

    #[test]
    fn a_real_time_runtime_is_at_most_its_period() {
        check(
            &resources(r#""cpu": {"realtimeRuntime": 5001, "realtimePeriod": 5000}"#),
            "/linux/resources/cpu/realtimeRuntime: found 5001, allowed: at most the realtimePeriod, 5000",
        );
    }

    #[test]
    fn cpus_are_a_list() {
        check(
            &resources(r#""cpu": {"cpus": "all"}"#),
            r#"/linux/resources/cpu/cpus: found "all", allowed: a list of numbers and ranges such as "0-3,7""#,
        );
    }

    #[test]
    fn idle_is_zero_or_one() {
        check(
            &resources(r#""cpu": {"idle": 2}"#),
            "/linux/resources/cpu/idle: found 2, allowed: a whole number from 0 to 1",
        );
    }

    #[test]
    fn a_weight_is_at_least_ten() {
        check(
            &resources(r#""blockIO": {"weight": 9}"#),
            "/linux/resources/blockIO/weight: found 9, allowed: a whole number from 10 to 1000",
        );
    }

    #[test]
    fn a_weighted_device_has_a_weight() {
        check(
            &resources(r#""blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}"#),
            "/linux/resources/blockIO/weightDevice/0/weight: found nothing, allowed: a weight or a leafWeight",
        );
    }

    #[test]
    fn a_throttled_device_has_a_rate() {
        check(
            &resources(r#""blockIO": {"throttleReadIOPSDevice": [{"major": 8, "minor": 0}]}"#),
            "/linux/resources/blockIO/throttleReadIOPSDevice/0/rate: found nothing, allowed: a whole number from 0 to 18446744073709551615",
        );
    }

    #[test]
    fn a_page_size_has_a_unit() {
        check(
            &resources(r#""hugepageLimits": [{"pageSize": "2M", "limit": 1}]"#),
            r#"/linux/resources/hugepageLimits/0/pageSize: found "2M", allowed: a page size such as 64KB, 2MB or 1GB"#,
        );
    }

    #[test]
    fn a_page_limit_may_have_64_bits() {
        let config =
            parse(&resources(r#""hugepageLimits": [{"pageSize": "2MB", "limit": 18446744073709551615}]"#))
                .expect("right");
        let resources = config.spec.linux().as_ref().and_then(|linux| linux.resources().clone());
        let limits = resources.and_then(|resources| resources.hugepage_limits().clone()).unwrap_or_default();
        assert_eq!(limits.first().map(|limit| limit.limit()), Some(i64::MAX));
    }

    #[test]
    fn pids_without_a_limit_limit_nothing() {
        let config = parse(&resources(r#""pids": {}"#)).expect("right");
        let resources = config.spec.linux().as_ref().and_then(|linux| linux.resources().clone());
        assert_eq!(resources.and_then(|resources| *resources.pids()), None);
    }

    #[test]
    fn no_pids_at_all_are_a_limit() {
        let config = parse(&resources(r#""pids": {"limit": 0}"#)).expect("right");
        let resources = config.spec.linux().as_ref().and_then(|linux| linux.resources().clone());
        assert_eq!(resources.and_then(|resources| *resources.pids()).map(|pids| pids.limit()), Some(0));
    }

    #[test]
    fn an_interface_priority_has_a_name() {
        check(
            &resources(r#""network": {"priorities": [{"name": "", "priority": 1}]}"#),
            r#"/linux/resources/network/priorities/0/name: found "", allowed: the name of a network interface"#,
        );
    }

    #[test]
    fn rdma_limits_something() {
        check(
            &resources(r#""rdma": {"mlx5_1": {}}"#),
            "/linux/resources/rdma/mlx5_1: found an object, allowed: hcaHandles, hcaObjects or both",
        );
    }

    #[test]
    fn unified_names_files_of_the_cgroup() {
        check(
            &resources(r#""unified": {"../cgroup.procs": "1"}"#),
            r#"/linux/resources/unified/..~1cgroup.procs: found "1", allowed: the name of a file in the cgroup"#,
        );
    }
}

mod rest {
    use super::*;

    fn linux(fields: &str) -> String {
        format!(r#"{{"linux": {{{fields}}}}}"#)
    }

    #[test]
    fn masked_paths_are_absolute() {
        check(
            &linux(r#""maskedPaths": ["/a", "b"]"#),
            r#"/linux/maskedPaths/1: found "b", allowed: an absolute path"#,
        );
    }

    #[test]
    fn read_only_paths_are_absolute() {
        check(
            &linux(r#""readonlyPaths": [""]"#),
            r#"/linux/readonlyPaths/0: found "", allowed: an absolute path"#,
        );
    }

    #[test]
    fn propagation_is_known() {
        check(
            &linux(r#""rootfsPropagation": "public""#),
            r#"/linux/rootfsPropagation: found "public", allowed: shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable"#,
        );
    }

    #[test]
    fn propagation_may_be_recursive() {
        right(&linux(r#""rootfsPropagation": "rslave""#));
    }

    #[test]
    fn a_cgroup_path_does_not_lead_upwards() {
        check(
            &linux(r#""cgroupsPath": "/a/../../b""#),
            r#"/linux/cgroupsPath: found "/a/../../b", allowed: a path without ".." and line breaks"#,
        );
    }

    #[test]
    fn a_cgroup_path_is_one_line() {
        check(
            &linux(r#""cgroupsPath": "a\nb""#),
            r#"/linux/cgroupsPath: found "a\nb", allowed: a path without ".." and line breaks"#,
        );
    }

    #[test]
    fn a_cgroup_path_may_name_a_scope() {
        right(&linux(r#""cgroupsPath": "machine.slice:libpod:0123""#));
    }

    #[test]
    fn binding_memory_needs_nodes() {
        check(
            &linux(r#""memoryPolicy": {"mode": "MPOL_BIND"}"#),
            "/linux/memoryPolicy/nodes: found nothing, allowed: at least one node with this mode",
        );
    }

    #[test]
    fn local_memory_has_no_nodes() {
        check(
            &linux(r#""memoryPolicy": {"mode": "MPOL_LOCAL", "nodes": "0"}"#),
            r#"/linux/memoryPolicy/nodes: found "0", allowed: no nodes with this mode"#,
        );
    }

    #[test]
    fn nodes_are_fixed_or_relative() {
        check(
            &linux(
                r#""memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}"#,
            ),
            "/linux/memoryPolicy/flags: found an array, allowed: one of MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES",
        );
    }

    #[test]
    fn balancing_is_for_bound_memory() {
        check(
            &linux(
                r#""memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}"#,
            ),
            "/linux/memoryPolicy/flags: found an array, allowed: MPOL_F_NUMA_BALANCING only with MPOL_BIND and MPOL_PREFERRED_MANY",
        );
    }

    #[test]
    fn a_preferred_node_may_be_left_out() {
        right(&linux(r#""memoryPolicy": {"mode": "MPOL_PREFERRED"}"#));
    }

    #[test]
    fn a_class_of_service_is_a_directory() {
        for class in ["a/b", ".", ".."] {
            check(
                &linux(&format!(r#""intelRdt": {{"closID": "{class}"}}"#)),
                &format!(r#"/linux/intelRdt/closID: found "{class}", allowed: a directory name, or "/""#),
            );
        }
    }

    #[test]
    fn the_root_class_is_allowed() {
        right(&linux(
            r#""intelRdt": {"closID": "/", "memBwSchema": "MB:0=20", "schemata": ["L3:0=f"], "enableMonitoring": true}"#,
        ));
    }

    #[test]
    fn a_bandwidth_schema_has_its_prefix() {
        check(
            &linux(r#""intelRdt": {"memBwSchema": "0=20"}"#),
            r#"/linux/intelRdt/memBwSchema: found "0=20", allowed: one line that starts with MB:"#,
        );
    }

    #[test]
    fn a_schema_is_one_line() {
        check(
            &linux(r#""intelRdt": {"schemata": ["L3:0=f\nL3:1=f"]}"#),
            r#"/linux/intelRdt/schemata/0: found "L3:0=f\nL3:1=f", allowed: one line"#,
        );
    }

    #[test]
    fn a_personality_is_known() {
        check(
            &linux(r#""personality": {"domain": "PER_SVR4"}"#),
            r#"/linux/personality/domain: found "PER_SVR4", allowed: LINUX, LINUX32"#,
        );
    }

    #[test]
    fn a_personality_has_no_flags() {
        check(
            &linux(r#""personality": {"domain": "LINUX32", "flags": ["ADDR_NO_RANDOMIZE"]}"#),
            "/linux/personality/flags: found an array, allowed: no flags",
        );
    }

    #[test]
    fn a_seccomp_profile_has_a_default() {
        check(
            &linux(r#""seccomp": {"syscalls": []}"#),
            "/linux/seccomp/defaultAction: found nothing, allowed: SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY",
        );
    }

    #[test]
    fn a_rule_names_a_call() {
        check(
            &linux(
                r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_LOG"}]}"#,
            ),
            "/linux/seccomp/syscalls/0/names: found an array, allowed: at least one system call",
        );
    }

    #[test]
    fn a_call_has_six_arguments() {
        check(
            &linux(
                r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG",
                "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}"#,
            ),
            "/linux/seccomp/syscalls/0/args/0/index: found 6, allowed: a whole number from 0 to 5",
        );
    }

    #[test]
    fn metadata_is_for_a_listener() {
        check(
            &linux(r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}"#),
            r#"/linux/seccomp/listenerMetadata: found "x", allowed: only with a listenerPath"#,
        );
    }

    #[test]
    fn every_architecture_of_the_spec_is_known() {
        right(&linux(
            r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32",
            "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",
            "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
            "SCMP_ARCH_S390X", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
            "SCMP_ARCH_SH", "SCMP_ARCH_SHEB"]}"#,
        ));
    }
}

mod shape {
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
}
