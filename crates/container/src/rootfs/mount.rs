//! Mounts one thing at a place inside the root.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use sys::mount::{self, ATTR_ATIME, Change, Depth};
use sys::{Errno, Error, fd, fs};

use super::Root;
use crate::packet::Reason;
use crate::plan::{Mount, MountSource, On, Proc};

/// Mounts `what` inside the root. The mount has its attributes before it can be seen.
pub(crate) fn mount(root: &Root, what: &Mount) -> Result<(), Reason> {
    match &what.source {
        MountSource::FileSystem { kind, options, on } => {
            let target = directory(root, &what.destination, *on)?;
            check_target(&target, what)?;
            let mount = file_system(kind, options, what.change.set)?;
            check_proc(&mount, what)?;
            place(&mount, &target, what)
        }
        MountSource::Bind { source, depth } => {
            let mount = mount::clone_mount(fd::cwd(), source, *depth)?;
            let target = same_kind(root, &what.destination, &mount)?;
            check_target(&target, what)?;
            check_proc(&mount, what)?;
            change_copy(&mount, what.change)?;
            place(&mount, &target, what)
        }
        MountSource::Remount => {
            let mounted = root.resolve(&what.destination)?;
            apply(&mounted, Depth::One, what.change)?;
            finish(&mounted, what)
        }
    }
}

/// Makes a file system of a type and a detached mount of it.
pub(crate) fn file_system(
    kind: &CStr,
    options: &[(std::ffi::CString, Option<std::ffi::CString>)],
    attributes: u64,
) -> Result<OwnedFd, Error> {
    let context = mount::open_file_system(kind)?;
    for (key, value) in options {
        match value {
            Some(value) => mount::set_string(&context, key, value)?,
            None => mount::set_flag(&context, key)?,
        }
    }
    mount::create_file_system(&context)?;
    mount::mount_file_system(&context, attributes)
}

/// Nothing may lie over the files of /proc, by which the kernel is asked for labels and limits (CVE-2025-52881),
/// whatever links lead there.
fn check_target(target: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    let is_allowed = what.proc != Proc::Outside || fs::file_system(target)? != fs::PROC_SUPER_MAGIC;
    if is_allowed { Ok(()) } else { Err(Reason::CoversProc) }
}

fn check_proc(mount: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    let is_allowed = what.proc != Proc::Itself || fs::file_system(mount)? == fs::PROC_SUPER_MAGIC;
    if is_allowed { Ok(()) } else { Err(Reason::CoversProc) }
}

fn directory(root: &Root, path: &CStr, on: On) -> Result<OwnedFd, Reason> {
    match on {
        On::Directory => Ok(root.make_directories(path)?),
        On::PlainDirectory => root.plain_directory(path).map_err(|error| match error.errno {
            Errno::ELOOP | Errno::ENOTDIR => Reason::NotPlainDirectory,
            _ => Reason::Call(error),
        }),
    }
}

/// In a user namespace the flags of the host's mounts are locked: a copy keeps them where clearing is denied.
fn change_copy(mount: &OwnedFd, change: Change) -> Result<(), Error> {
    match apply(mount, Depth::One, change) {
        Err(Error { errno: Errno::EPERM, .. }) if change.clear != 0 => apply(
            mount,
            Depth::One,
            Change { clear: change.clear & ATTR_ATIME & atime_mask(change.set), ..change },
        ),
        result => result,
    }
}

/// The time attributes are one field of the kernel's, which must be cleared as a whole to be set.
fn atime_mask(set: u64) -> u64 {
    if set & ATTR_ATIME != 0 { ATTR_ATIME } else { 0 }
}

/// The place for a bind mount: a directory for a directory, a file for everything else; made if missing.
fn same_kind(root: &Root, path: &CStr, mount: impl AsFd) -> Result<OwnedFd, Error> {
    if fs::is_directory(&fs::stat(mount)?) { root.make_directories(path) } else { root.make_file(path) }
}

fn place(mount: &OwnedFd, target: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    apply(mount, Depth::Tree, what.recursive)?;
    mount::attach(mount, target)?;
    finish(mount, what)
}

/// Propagation comes last: a mount that is shared already would spread what is still done to it.
fn finish(mount: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    for (flags, depth) in &what.propagation {
        apply(mount, *depth, Change { propagation: *flags, ..Change::default() })?;
    }
    Ok(())
}

fn apply(mount: impl AsFd, depth: Depth, change: Change) -> Result<(), Error> {
    if change == Change::default() { Ok(()) } else { mount::change(mount, depth, change) }
}
