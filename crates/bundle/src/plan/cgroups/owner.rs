//! Who will own the container's cgroup (config-linux, "Cgroup ownership").

use std::path::Path;

use cgroup::Mode;
use oci_spec::runtime::{LinuxNamespaceType, Spec};

use crate::plan::Host;

/// Where the cgroup file system must be, to be the container's to change.
const CUSTOMARY: &str = "/sys/fs/cgroup";

/// The uid of the host that the user of the container's process is, if the container is meant to divide its cgroup:
/// with a cgroup namespace of its own and a cgroup file system that can be written to. `None` too where that is the
/// owner already, on cgroup v1, and for an ordinary user, who cannot give anything away.
pub(super) fn of(spec: &Spec, host: &Host) -> Option<u32> {
    let may = host.cgroups.mode() == Mode::V2 && !host.is_rootless();
    if !may || !makes(spec, LinuxNamespaceType::Cgroup) || !mounts_writable(spec) {
        return None;
    }
    user(spec, host)
}

/// The uid of the host that the user of the container's process is, unless that is the owner of what the runtime makes.
pub(super) fn user(spec: &Spec, host: &Host) -> Option<u32> {
    if host.is_rootless() {
        return None;
    }
    let uid = spec.process().as_ref().map_or(0, |process| process.user().uid());
    let uid = if makes(spec, LinuxNamespaceType::User) { mapped(spec, uid)? } else { uid };
    (uid != host.uid).then_some(uid)
}

fn makes(spec: &Spec, kind: LinuxNamespaceType) -> bool {
    let listed = spec.linux().as_ref().and_then(|linux| linux.namespaces().as_ref());
    let is_new =
        |path: &Option<std::path::PathBuf>| path.as_ref().is_none_or(|path| path.as_os_str().is_empty());
    listed.into_iter().flatten().any(|namespace| namespace.typ() == kind && is_new(namespace.path()))
}

/// As the specification has it: by source, destination and the word `ro`.
fn mounts_writable(spec: &Spec) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        let is_readonly = mount.options().iter().flatten().any(|option| option == "ro");
        mount.source().as_deref() == Some(Path::new("cgroup"))
            && mount.destination() == Path::new(CUSTOMARY)
            && !is_readonly
    })
}

/// The host's uid for one of the container's.
fn mapped(spec: &Spec, uid: u32) -> Option<u32> {
    let maps = spec.linux().as_ref().and_then(|linux| linux.uid_mappings().as_ref());
    maps.into_iter().flatten().find_map(|map| {
        let offset = uid.checked_sub(map.container_id())?;
        (offset < map.size()).then(|| map.host_id() + offset)
    })
}
