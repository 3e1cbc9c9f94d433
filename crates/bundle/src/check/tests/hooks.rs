//! Hooks.

use super::*;

#[test]
fn a_path_is_absolute() {
    for kind in ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] {
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
