//! `mounts` (config.md, "Mounts").

use std::path::Path;

use oci_spec::runtime::{LinuxNamespaceType as Kind, Mount, Spec};

use super::namespaces::Listed;
use super::{Findings, each, mappings};
use crate::problem::At;

/// Options that work on a mount that is there already: such an entry needs neither type nor source.
const CHANGES: &[&str] =
    &["remount", "shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable"];

pub(super) fn check(spec: &Spec, namespaces: &Listed<'_>, findings: &mut Findings) {
    let at = At::Root.key("mounts");
    for (index, mount) in each(spec.mounts()) {
        let at = at.index(index);
        destination(mount.destination(), &at.key("destination"), findings);
        source(mount, &at, findings);
        id_mappings(mount, &at, namespaces, findings);
    }
}

/// A relative destination is deprecated but must be taken as relative to "/".
fn destination(destination: &Path, at: &At<'_>, findings: &mut Findings) {
    if destination.as_os_str().is_empty() {
        findings.must(false, at, destination, "an absolute path");
    } else if destination.is_relative() && findings.is_sound(at) {
        findings.warn(
            at,
            &format!("relative path \"{}\" is deprecated: taken from \"/\"", destination.display()),
        );
    }
}

fn source(mount: &Mount, at: &At<'_>, findings: &mut Findings) {
    if is_bind(mount) {
        if mount.source().as_ref().is_none_or(|source| source.as_os_str().is_empty()) {
            findings.missing(&at.key("source"), "the path to bind");
        }
    } else if mount.typ().as_ref().is_none_or(String::is_empty) && !has_option(mount, CHANGES) {
        findings.missing(&at.key("type"), "the type of a filesystem, or the option bind or rbind");
    }
}

/// "A mount is a bind mount if it has either `bind` or `rbind` in the options." Some tools only write the
/// type.
fn is_bind(mount: &Mount) -> bool {
    has_option(mount, &["bind", "rbind"]) || mount.typ().as_deref() == Some("bind")
}

fn has_option(mount: &Mount, names: &[&str]) -> bool {
    mount.options().iter().flatten().any(|option| names.contains(&option.as_str()))
}

fn id_mappings(mount: &Mount, at: &At<'_>, namespaces: &Listed<'_>, findings: &mut Findings) {
    let (uids, gids) = (mount.uid_mappings(), mount.gid_mappings());
    mappings::list(uids, &at.key("uidMappings"), findings);
    mappings::list(gids, &at.key("gidMappings"), findings);
    match (mappings::is_empty(uids), mappings::is_empty(gids)) {
        (false, true) => findings.missing(&at.key("gidMappings"), "mappings, since there are uidMappings"),
        (true, false) => findings.missing(&at.key("uidMappings"), "mappings, since there are gidMappings"),
        (true, true) if namespaces.lacks(Kind::User) && has_option(mount, &["idmap", "ridmap"]) => {
            let allowed = "idmap only with uidMappings and gidMappings or a user namespace";
            findings.must(false, &at.key("options"), &mount.options(), allowed);
        }
        _ => {}
    }
}

/// Makes relative destinations absolute, as the spec reads them.
pub(crate) fn root_destinations(spec: &mut Spec) {
    for mount in spec.mounts_mut().iter_mut().flatten() {
        if mount.destination().is_relative() {
            let absolute = Path::new("/").join(mount.destination());
            mount.set_destination(absolute);
        }
    }
}
