//! The root file system: where it is, how it becomes the root, and what is hidden or locked in it.

use std::path::{Path, PathBuf};

use container::plan::{Action, RootEntry};
use oci_spec::runtime::Spec;
use sys::mount::{ATTR_RDONLY, Change, Depth, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE};
use sys::namespace::NEWNS;

use super::namespaces::Namespaces;
use super::text::{c, in_root, path as c_path};
use super::{Request, Steps, devices};
use crate::check::sysctl;

/// `root.path`, against the bundle if it is relative.
pub(super) fn path(spec: &Spec, bundle: &Path) -> PathBuf {
    let path = bundle.join(spec.root().as_ref().map_or(Path::new(""), |root| root.path()));
    // A trailing slash or a `.` would show in state and labels.
    path.components().collect()
}

/// `rootfsPropagation` as `MS_*`, with `MS_REC` for its r* forms.
fn propagation(spec: &Spec) -> Option<u64> {
    let word = spec.linux().as_ref()?.rootfs_propagation().as_deref()?;
    let plain = |word| match word {
        "shared" => Some(MS_SHARED),
        "slave" => Some(MS_SLAVE),
        "private" => Some(MS_PRIVATE),
        "unbindable" => Some(MS_UNBINDABLE),
        _ => None,
    };
    plain(word).or_else(|| plain(word.strip_prefix('r')?).map(|flags| flags | MS_REC))
}

/// Cuts the mount namespace off from the host and makes the root file system a mount.
pub(super) fn begin(steps: &mut Steps, spec: &Spec, namespaces: &Namespaces, rootfs: &Path) {
    let path = c_path(rootfs);
    if !namespaces.has(NEWNS) {
        steps.push("root.path", Action::OpenRoot(path));
        return;
    }
    let wanted = propagation(spec);
    let shared = wanted.is_some_and(|flags| flags & MS_SHARED != 0);
    // With shared, a volume's mounts are to reach the host: then only what holds the root is cut off.
    steps
        .push("linux.rootfsPropagation", Action::Propagation(if shared { MS_SHARED } else { outer(wanted) }));
    if shared {
        steps.push("linux.rootfsPropagation", Action::PrivateParent(path.clone()));
    }
    steps.push("root.path", Action::BindRoot(path));
}

/// What the copy of the host's mounts becomes: deaf to nothing unless the config says so.
fn outer(wanted: Option<u64>) -> u64 {
    match wanted.map(|flags| flags & !MS_REC) {
        Some(MS_PRIVATE | MS_UNBINDABLE) => MS_PRIVATE | MS_REC,
        _ => MS_SLAVE | MS_REC,
    }
}

/// Locks, hides and enters.
pub(super) fn finish(steps: &mut Steps, spec: &Spec, namespaces: &Namespaces, request: &Request<'_>) {
    let linux = spec.linux().as_ref();
    let readonly = linux.and_then(|linux| linux.readonly_paths().as_ref());
    for (index, path) in readonly.into_iter().flatten().enumerate() {
        steps.push_entry(format!("linux.readonlyPaths[{index}]"), Action::ReadonlyPath(in_root(path)));
    }
    mask(steps, spec);
    if namespaces.has(NEWNS) {
        lock(steps, spec);
    }
    let how = match (namespaces.has(NEWNS), request.no_pivot) {
        (false, _) => RootEntry::Chroot,
        (true, true) => RootEntry::Move,
        (true, false) => RootEntry::Pivot,
    };
    steps.push("root.path", Action::EnterRoot(how));
    if namespaces.has(NEWNS) {
        spread(steps, spec);
    }
    if let Some(process) = spec.process() {
        steps.push("process.cwd", Action::EnterDirectory(c_path(process.cwd())));
    }
}

/// Hides.
pub(super) fn mask(steps: &mut Steps, spec: &Spec) {
    let masked = spec.linux().as_ref().and_then(|linux| linux.masked_paths().as_ref());
    for (index, path) in masked.into_iter().flatten().enumerate() {
        steps.push_entry(format!("linux.maskedPaths[{index}]"), Action::MaskedPath(in_root(path)));
    }
}

/// Read-only comes last: from here on nothing is made in the root.
fn lock(steps: &mut Steps, spec: &Spec) {
    devices::lock(steps, spec);
    if spec.root().as_ref().and_then(|root| root.readonly()).unwrap_or(false) {
        let change = Change { set: ATTR_RDONLY, ..Change::default() };
        steps.push("root.readonly", Action::ChangeRoot(change, Depth::One));
    }
}

/// The propagation that the container sees. Only now: pivot_root(2) takes no shared root.
fn spread(steps: &mut Steps, spec: &Spec) {
    if let Some(flags) = propagation(spec) {
        let depth = if flags & MS_REC != 0 { Depth::Tree } else { Depth::One };
        let change = Change { propagation: flags & !MS_REC, ..Change::default() };
        steps.push("linux.rootfsPropagation", Action::ChangeRoot(change, depth));
    }
}

/// `linux.sysctl` as files below /proc.
pub(super) fn sysctls(steps: &mut Steps, spec: &Spec) {
    let sysctls = spec.linux().as_ref().and_then(|linux| linux.sysctl().as_ref());
    let mut sorted: Vec<_> = sysctls.into_iter().flatten().collect();
    sorted.sort();
    for (key, value) in sorted {
        let path = c(format!("sys/{}", sysctl::path(key)));
        steps.push_entry(format!("linux.sysctl[{key}]"), Action::Sysctl { path, value: c(value) });
    }
}
