//! `linux.namespaces`, and what can only be had with a namespace of its own (config-linux.md, "Namespaces").

use oci_spec::runtime::{Linux, LinuxNamespace, LinuxNamespaceType as Kind, Spec};
use serde::Serialize;

use super::{Findings, each};
use crate::problem::At;

/// `__NEW_UTS_LEN` of the kernel (uname(2)).
const NAME_LENGTH: usize = 64;

/// The namespaces that a config lists.
pub(super) struct Listed<'a> {
    list: &'a [LinuxNamespace],
    /// False if part of the list is broken: then nothing follows from what is not in it.
    certain: bool,
}

impl<'a> Listed<'a> {
    pub(super) fn in_spec(spec: &'a Spec, findings: &Findings) -> Listed<'a> {
        let list = spec.linux().as_ref().and_then(|linux| linux.namespaces().as_deref());
        let certain = findings.is_sound(&At::Root.key("linux").key("namespaces"));
        Listed { list: list.unwrap_or_default(), certain }
    }

    /// Whether the container shares this namespace with the runtime.
    pub(super) fn lacks(&self, kind: Kind) -> bool {
        self.certain && !self.list.iter().any(|namespace| namespace.typ() == kind)
    }

    /// Whether the container gets a new one.
    pub(super) fn creates(&self, kind: Kind) -> bool {
        self.certain
            && self.list.iter().any(|namespace| namespace.typ() == kind && namespace.path().is_none())
    }

    /// Whether the container joins one by its path.
    pub(super) fn joins(&self, kind: Kind) -> bool {
        self.certain
            && self.list.iter().any(|namespace| namespace.typ() == kind && namespace.path().is_some())
    }
}

pub(super) fn check(spec: &Spec, namespaces: &Listed<'_>, findings: &mut Findings) {
    uts_name(spec.hostname(), &At::Root.key("hostname"), namespaces, findings);
    uts_name(spec.domainname(), &At::Root.key("domainname"), namespaces, findings);
    let Some(linux) = spec.linux() else { return };
    let at = At::Root.key("linux");
    entries(linux, &at.key("namespaces"), findings);
    time_offsets(linux, &at.key("timeOffsets"), namespaces, findings);
    for (name, paths) in [("maskedPaths", linux.masked_paths()), ("readonlyPaths", linux.readonly_paths())] {
        let paths = paths.as_deref().unwrap_or_default();
        needs(Kind::Mount, !paths.is_empty(), &at.key(name), paths, namespaces, findings);
    }
}

fn entries(linux: &Linux, at: &At<'_>, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (index, namespace) in each(linux.namespaces()) {
        let at = at.index(index);
        let once = !seen.contains(&namespace.typ());
        findings.must(once, &at.key("type"), &namespace.typ(), "each type once");
        seen.push(namespace.typ());
        if let Some(path) = namespace.path() {
            findings.must(path.is_absolute(), &at.key("path"), path, "an absolute path");
        }
    }
}

/// Reports a value that would change the host, since the container shares that namespace with it.
pub(super) fn needs<T: Serialize + ?Sized>(
    kind: Kind,
    is_set: bool,
    at: &At<'_>,
    value: &T,
    namespaces: &Listed<'_>,
    findings: &mut Findings,
) {
    if is_set && namespaces.lacks(kind) {
        let allowed = format!("only with {} namespace in /linux/namespaces", name(kind));
        findings.must(false, at, value, &allowed);
    }
}

fn uts_name(value: &Option<String>, at: &At<'_>, namespaces: &Listed<'_>, findings: &mut Findings) {
    let Some(value) = value else { return };
    findings.must(value.len() <= NAME_LENGTH, at, value, "at most 64 bytes");
    needs(Kind::Uts, !value.is_empty(), at, value, namespaces, findings);
}

/// time_namespaces(7): offsets are written before the first process enters, so only to a new namespace.
fn time_offsets(linux: &Linux, at: &At<'_>, namespaces: &Listed<'_>, findings: &mut Findings) {
    let Some(offsets) = linux.time_offsets() else { return };
    needs(Kind::Time, !offsets.is_empty(), at, offsets, namespaces, findings);
    if !offsets.is_empty() && namespaces.joins(Kind::Time) {
        findings.must(false, at, offsets, "only with a new time namespace, not one joined by its path");
    }
    for (clock, offset) in offsets {
        let known = matches!(clock.as_str(), "monotonic" | "boottime");
        findings.must(known, &at.key(clock), offset, "the clocks monotonic and boottime");
    }
}

/// The spec's name of a namespace type, with its article.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Mount => "a mount",
        Kind::Cgroup => "a cgroup",
        Kind::Uts => "a uts",
        Kind::Ipc => "an ipc",
        Kind::User => "a user",
        Kind::Pid => "a pid",
        Kind::Network => "a network",
        Kind::Time => "a time",
    }
}
