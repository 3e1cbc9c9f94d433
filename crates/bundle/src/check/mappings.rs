//! Id mappings: of the user namespace and of single mounts (config-linux.md, "User namespace mappings").

use oci_spec::runtime::{Linux, LinuxIdMapping, LinuxNamespaceType as Kind, Spec, User};

use super::namespaces::{Listed, needs};
use super::{Findings, each};
use crate::problem::At;

/// `UID_GID_MAP_MAX_EXTENTS` of the kernel (user_namespaces(7)).
const ENTRIES: usize = 340;

type Mappings = Option<Vec<LinuxIdMapping>>;

pub(super) fn check(spec: &Spec, namespaces: &Listed<'_>, findings: &mut Findings) {
    let Some(linux) = spec.linux() else { return };
    for (name, mappings) in both(linux) {
        let at = At::Root.key("linux");
        let at = at.key(name);
        list(mappings, &at, findings);
        presence(mappings, &at, namespaces, findings);
    }
    if let Some(process) = spec.process().as_ref().filter(|_| namespaces.creates(Kind::User)) {
        mapped_user(process.user(), linux, findings);
    }
}

fn both(linux: &Linux) -> [(&'static str, &Mappings); 2] {
    [("uidMappings", linux.uid_mappings()), ("gidMappings", linux.gid_mappings())]
}

pub(super) fn is_empty(mappings: &Mappings) -> bool {
    mappings.as_ref().is_none_or(Vec::is_empty)
}

/// A new user namespace needs mappings. A joined one has its own: what engines write beside its path, be it a
/// copy or a made-up entry, is not used.
fn presence(mappings: &Mappings, at: &At<'_>, namespaces: &Listed<'_>, findings: &mut Findings) {
    needs(Kind::User, !is_empty(mappings), at, mappings, namespaces, findings);
    if namespaces.creates(Kind::User) && is_empty(mappings) {
        findings.missing(at, "at least one mapping for the new user namespace");
    }
}

/// Checks one list of mappings as the kernel will when it is written.
pub(super) fn list(mappings: &Mappings, at: &At<'_>, findings: &mut Findings) {
    let entries = mappings.as_deref().unwrap_or_default();
    if entries.len() > ENTRIES {
        findings.problem(at, format!("{} entries", entries.len()), &format!("at most {ENTRIES}"));
        return;
    }
    for (index, entry) in each(mappings) {
        ranges(entry, &at.index(index), findings);
    }
    if findings.is_sound(at) {
        overlaps(entries, at, "containerID", LinuxIdMapping::container_id, findings);
        overlaps(entries, at, "hostID", LinuxIdMapping::host_id, findings);
    }
}

/// The kernel refuses a range that reaches the last id, (uid_t)-1.
fn ranges(entry: &LinuxIdMapping, at: &At<'_>, findings: &mut Findings) {
    let size = entry.size();
    findings.must(size > 0, &at.key("size"), &size, "1 or more");
    if !findings.is_sound(at) {
        return;
    }
    let longest = u32::MAX - entry.container_id().max(entry.host_id());
    if size > longest {
        findings.must(false, &at.key("size"), &size, &format!("at most {longest} after these first ids"));
    }
}

fn overlaps(
    entries: &[LinuxIdMapping],
    at: &At<'_>,
    field: &str,
    first: fn(&LinuxIdMapping) -> u32,
    findings: &mut Findings,
) {
    let last = |entry: &LinuxIdMapping| first(entry).saturating_add(entry.size().saturating_sub(1));
    for (index, entry) in entries.iter().enumerate() {
        let clash = entries[..index]
            .iter()
            .position(|other| first(entry) <= last(other) && first(other) <= last(entry));
        if let Some(other) = clash {
            let allowed = format!("ids that entry {other} does not map");
            findings.must(false, &at.index(index).key(field), &first(entry), &allowed);
        }
    }
}

/// setresuid(2) refuses an id that the user namespace does not map.
fn mapped_user(user: &User, linux: &Linux, findings: &mut Findings) {
    let at = At::Root.key("process");
    let at = at.key("user");
    mapped(user.uid(), linux.uid_mappings(), "uidMappings", &at.key("uid"), findings);
    mapped(user.gid(), linux.gid_mappings(), "gidMappings", &at.key("gid"), findings);
    for (index, gid) in each(user.additional_gids()) {
        mapped(*gid, linux.gid_mappings(), "gidMappings", &at.key("additionalGids").index(index), findings);
    }
}

fn mapped(id: u32, mappings: &Mappings, name: &str, at: &At<'_>, findings: &mut Findings) {
    let contains =
        |entry: &LinuxIdMapping| id.checked_sub(entry.container_id()).is_some_and(|n| n < entry.size());
    let sound = findings.is_sound(&At::Root.key("linux").key(name));
    if sound && !is_empty(mappings) && !mappings.iter().flatten().any(contains) {
        findings.must(false, at, &id, &format!("an id that /linux/{name} maps"));
    }
}
