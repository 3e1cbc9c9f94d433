//! `linux.sysctl`: only kernel parameters that belong to a namespace of the container.
//!
//! Any other would change the host. The kernel knows no list of them, so the table below is the list.

use oci_spec::runtime::{Linux, LinuxNamespaceType as Kind, Spec};

use super::Findings;
use super::namespaces::{Listed, needs};
use super::text::is_file_name;
use crate::problem::At;

/// Parameters, or all below a path that ends in a slash, and the namespace type they belong to:
/// ipc_namespaces(7), network_namespaces(7), uts_namespaces(7) and proc_sys_user(5).
const SCOPES: &[(&str, Kind)] = &[
    ("kernel/msgmax", Kind::Ipc),
    ("kernel/msgmnb", Kind::Ipc),
    ("kernel/msgmni", Kind::Ipc),
    ("kernel/sem", Kind::Ipc),
    ("kernel/shmall", Kind::Ipc),
    ("kernel/shmmax", Kind::Ipc),
    ("kernel/shmmni", Kind::Ipc),
    ("kernel/shm_rmid_forced", Kind::Ipc),
    ("fs/mqueue/", Kind::Ipc),
    ("net/", Kind::Network),
    ("kernel/domainname", Kind::Uts),
    ("user/", Kind::User),
];

/// The path below /proc/sys: both `net.ipv4.ip_forward` and `net/ipv4/ip_forward` are understood. The
/// separator that comes first is the separator; the other one then stands for itself the other way round, as
/// in `net.ipv4.conf.eth0/1` for the interface `eth0.1` (sysctl(8)).
pub fn path(key: &str) -> String {
    let swap = |c: char| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    match key.find(['.', '/']) {
        Some(first) if key[first..].starts_with('.') => key.chars().map(swap).collect(),
        _ => key.to_owned(),
    }
}

pub(super) fn check(
    spec: &Spec,
    linux: &Linux,
    at: &At<'_>,
    namespaces: &Listed<'_>,
    findings: &mut Findings,
) {
    for (key, value) in linux.sysctl().iter().flatten() {
        parameter(&path(key), value, spec, &at.key(key), namespaces, findings);
    }
}

fn parameter(
    path: &str,
    value: &str,
    spec: &Spec,
    at: &At<'_>,
    namespaces: &Listed<'_>,
    findings: &mut Findings,
) {
    let scope =
        SCOPES.iter().find(|(name, _)| path == *name || (name.ends_with('/') && path.starts_with(name)));
    match scope {
        _ if !path.split('/').all(is_file_name) => {
            findings.must(false, at, value, "the name of a kernel parameter")
        }
        _ if path == "kernel/hostname" => findings.must(false, at, value, "the field /hostname in its place"),
        None => findings.must(false, at, value, &allowed()),
        Some((_, kind)) => {
            needs(*kind, true, at, value, namespaces, findings);
            let twice = path == "kernel/domainname"
                && spec.domainname().as_ref().is_some_and(|name| !name.is_empty());
            findings.must(!twice, at, value, "not both this and /domainname");
        }
    }
}

fn allowed() -> String {
    let shown =
        |(name, _): &(&str, Kind)| name.replace('/', ".") + if name.ends_with('/') { "*" } else { "" };
    format!("parameters of a namespace: {}", SCOPES.iter().map(shown).collect::<Vec<_>>().join(", "))
}
