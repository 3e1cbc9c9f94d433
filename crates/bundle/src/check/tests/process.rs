//! The process: what runs, where, as whom.

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
    check(r#"{"process": {"args": [""]}}"#, r#"/process/args/0: found "", allowed: the program to execute"#);
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
