//! Kernel parameters.

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
    check(&sysctl("net..x"), r#"/linux/sysctl/net..x: found "1", allowed: the name of a kernel parameter"#);
}
