//! Which namespaces are made by the clone, by the child later, and which are joined; and what each needs first.

use std::ffi::CString;
use std::fmt::Write as _;
use std::path::PathBuf;

use container::plan::{Action, IdMaps, NetDevice};
use oci_spec::runtime::{LinuxIdMapping, LinuxNamespaceType, Spec};
use sys::namespace::{NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWTIME, NEWUSER, NEWUTS};

use super::text::c;
use super::{Host, Request, Steps};
use crate::annotations;

/// The namespaces of a container.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// `CLONE_NEW*` bits of those to be made.
    new: u64,
    /// Those to be joined: kind, path, index in linux.namespaces.
    joined: Vec<(u64, PathBuf, usize)>,
}

/// Made by the child once it is root of its user namespace: made earlier, mqueue and sysfs would belong to nobody.
const OWNED: u64 = NEWIPC | NEWNET | NEWUTS;
/// Made by the child late in any case: the cgroup must be entered first, the time offsets be written before execve.
const LATE: u64 = NEWCGROUP | NEWTIME;

impl Namespaces {
    pub(super) fn of(spec: &Spec) -> Namespaces {
        let listed = spec.linux().as_ref().and_then(|linux| linux.namespaces().as_ref());
        let mut namespaces = Namespaces { new: 0, joined: Vec::new() };
        for (index, namespace) in listed.into_iter().flatten().enumerate() {
            let kind = kind(namespace.typ());
            match namespace.path() {
                Some(path) if !path.as_os_str().is_empty() => {
                    namespaces.joined.push((kind, path.clone(), index))
                }
                _ => namespaces.new |= kind,
            }
        }
        namespaces
    }

    /// Whether a namespace of this kind is made.
    pub(super) fn makes(&self, kind: u64) -> bool {
        self.new & kind != 0
    }

    /// Whether the container's namespace of this kind is not the runtime's.
    pub(super) fn has(&self, kind: u64) -> bool {
        self.own() & kind != 0
    }

    /// All that are made.
    pub(super) fn made(&self) -> u64 {
        self.new
    }

    /// All that are not the runtime's.
    pub(super) fn own(&self) -> u64 {
        self.joined.iter().fold(self.new, |bits, (kind, ..)| bits | kind)
    }

    fn joins(&self, kind: u64) -> bool {
        self.joined.iter().any(|(joined, ..)| *joined == kind)
    }

    /// Those that the one clone makes. In a joined user namespace everything must be made by a second process; and
    /// `meanwhile`, to give the parent its time back, the clone makes the pid namespace alone.
    pub(super) fn by_clone(&self, meanwhile: bool) -> u64 {
        if self.joins(NEWUSER) {
            return 0;
        }
        if meanwhile {
            return self.new & NEWPID;
        }
        self.new & !LATE & !if self.makes(NEWUSER) { OWNED } else { 0 }
    }

    /// Joins, maps ids, becomes root, makes the rest.
    pub(super) fn enter(&self, steps: &mut Steps, spec: &Spec, host: &Host, meanwhile: bool) {
        let in_user = self.joins(NEWUSER);
        let keeps_groups = annotations::keeps_groups(spec);
        // The user namespace first: its root may enter the others.
        for (kind, path, index) in self.in_joining_order() {
            let field = format!("linux.namespaces[{index}]");
            if kind == NEWPID && !in_user {
                steps.push_entry(field, Action::JoinPidNamespace(path));
            } else {
                steps.push_entry(field, Action::Join { kind, path });
            }
        }
        if in_user {
            // Root of the joined namespace makes the others, in which only a child of it can be pid 1.
            let clear_groups = !host.is_rootless() && !keeps_groups;
            steps.push("linux.namespaces", Action::BecomeRoot { clear_groups });
            if self.own() & NEWPID != 0 {
                steps.push("linux.namespaces", Action::Fork { namespaces: self.new & !LATE });
            } else if self.new & !LATE != 0 {
                steps.push("linux.namespaces", Action::Unshare(self.new & !LATE));
            }
        }
        let own = self.new & !LATE & !NEWPID;
        if meanwhile && own != 0 {
            steps.push("linux.namespaces", Action::Unshare(own));
        }
        if self.makes(NEWUSER) {
            let maps = id_maps(spec, host);
            let clear_groups = !maps.deny_setgroups && !keeps_groups;
            let maps_root = maps_root(spec);
            steps.push("linux.uidMappings", Action::MapIds(maps));
            if maps_root {
                steps.push("linux.uidMappings", Action::BecomeRoot { clear_groups });
            }
            if self.new & OWNED != 0 {
                steps.push("linux.namespaces", Action::Unshare(self.new & OWNED));
            }
        }
    }

    fn in_joining_order(&self) -> Vec<(u64, PathBuf, usize)> {
        let mut joined = self.joined.clone();
        // The mount namespace last: the paths of the others are in the runtime's. They are opened before, but a
        // reader of the plan need not know.
        joined.sort_by_key(|(kind, _, index)| (*kind != NEWUSER, *kind == NEWNS, *index));
        joined
    }

    /// What fresh namespaces need: offsets, loopback, names, keyring.
    pub(super) fn set_up(&self, steps: &mut Steps, spec: &Spec, request: &Request<'_>) {
        if self.makes(NEWTIME) {
            steps.push("linux.timeOffsets", Action::TimeNamespace { offsets: c(offsets(spec)) });
        }
        if self.makes(NEWNET) {
            steps.push("linux.namespaces", Action::Loopback);
        }
        net_devices(steps, spec);
        if let Some(name) = spec.hostname().as_deref().filter(|name| !name.is_empty()) {
            steps.push("hostname", Action::Hostname(c(name)));
        }
        if let Some(name) = spec.domainname().as_deref().filter(|name| !name.is_empty()) {
            steps.push("domainname", Action::Domainname(c(name)));
        }
        if !request.no_new_keyring {
            steps.push("", Action::Keyring(keyring(request.id)));
        }
    }
}

/// The existing namespaces that a container is to be in: kind (`CLONE_NEW*`) and file.
pub fn joined(spec: &Spec) -> Vec<(u64, PathBuf)> {
    Namespaces::of(spec).joined.into_iter().map(|(kind, path, _)| (kind, path)).collect()
}

/// Devices of the host to be moved, in the order of their names.
fn net_devices(steps: &mut Steps, spec: &Spec) {
    let listed = spec.linux().as_ref().and_then(|linux| linux.net_devices().as_ref());
    let mut sorted: Vec<_> = listed.into_iter().flatten().collect();
    sorted.sort_by_key(|(host, _)| *host);
    for (host, device) in sorted {
        let name = device.name().as_ref().filter(|name| !name.is_empty()).unwrap_or(host);
        let device = NetDevice { host: c(host), name: c(name) };
        steps.push_entry(format!("linux.netDevices[{host}]"), Action::NetDevice(device));
    }
}

/// The session keyring of a container's processes.
pub(super) fn keyring(id: &str) -> CString {
    c(format!("_ses.{id}"))
}

/// Whether setgroups(2) is denied in the user namespace that this host makes for the spec.
pub(super) fn denies_groups(spec: &Spec, host: &Host) -> bool {
    id_maps(spec, host).deny_setgroups
}

fn kind(kind: LinuxNamespaceType) -> u64 {
    match kind {
        LinuxNamespaceType::Mount => NEWNS,
        LinuxNamespaceType::Cgroup => NEWCGROUP,
        LinuxNamespaceType::Uts => NEWUTS,
        LinuxNamespaceType::Ipc => NEWIPC,
        LinuxNamespaceType::User => NEWUSER,
        LinuxNamespaceType::Pid => NEWPID,
        LinuxNamespaceType::Network => NEWNET,
        LinuxNamespaceType::Time => NEWTIME,
    }
}

/// The maps, and who may write them: root any, an ordinary user its own id alone, newuidmap(1) what /etc/subuid says.
pub(super) fn id_maps(spec: &Spec, host: &Host) -> IdMaps {
    let linux = spec.linux().as_ref();
    let uids = linux.and_then(|linux| linux.uid_mappings().as_deref()).unwrap_or_default();
    let gids = linux.and_then(|linux| linux.gid_mappings().as_deref()).unwrap_or_default();
    maps(uids, gids, host)
}

/// The same for any two lists of mappings.
pub(super) fn maps(uids: &[LinuxIdMapping], gids: &[LinuxIdMapping], host: &Host) -> IdMaps {
    let only_own = is_own(uids, host.uid) && is_own(gids, host.gid);
    IdMaps {
        uid: lines(uids),
        gid: lines(gids),
        deny_setgroups: host.uid != 0 && only_own || host.denies_setgroups(),
        by_helpers: host.uid != 0 && !only_own,
    }
}

fn is_own(map: &[LinuxIdMapping], id: u32) -> bool {
    matches!(map, [only] if only.size() == 1 && only.host_id() == id)
}

fn lines(map: &[LinuxIdMapping]) -> String {
    map.iter().fold(String::new(), |mut lines, entry| {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{} {} {}", entry.container_id(), entry.host_id(), entry.size());
        lines
    })
}

/// Whether uid and gid 0 exist in the new user namespace.
fn maps_root(spec: &Spec) -> bool {
    let Some(linux) = spec.linux() else { return false };
    let has_zero = |map: &Option<Vec<LinuxIdMapping>>| {
        map.iter().flatten().any(|entry| entry.container_id() == 0 && entry.size() > 0)
    };
    has_zero(linux.uid_mappings()) && has_zero(linux.gid_mappings())
}

/// Lines of `clock seconds nanoseconds` for /proc/PID/timens_offsets (time_namespaces(7)).
fn offsets(spec: &Spec) -> String {
    let offsets = spec.linux().as_ref().and_then(|linux| linux.time_offsets().as_ref());
    let mut lines: Vec<String> = offsets
        .into_iter()
        .flatten()
        .map(|(clock, offset)| {
            format!("{clock} {} {}\n", offset.secs().unwrap_or(0), offset.nanosecs().unwrap_or(0))
        })
        .collect();
    lines.sort();
    lines.concat()
}
