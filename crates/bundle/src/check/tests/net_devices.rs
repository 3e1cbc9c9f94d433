//! Network devices.

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
