//! Device nodes, the links in /dev, and /dev/ptmx.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use sys::{Errno, Error, fd, fs};

use super::Root;
use crate::packet::Reason;
use crate::plan::{Dev, Device};

/// Makes the defaults in /dev: nodes, links, and ptmx as that of the container's own devpts.
pub(crate) fn defaults(root: &Root, dev: &Dev) -> Result<(), Reason> {
    let directory = root.make_directories(c"dev")?;
    for node in &dev.nodes {
        make(&directory, &node.path, node)?;
    }
    for (name, target) in &dev.links {
        link(&directory, name, target)?;
    }
    replace_ptmx(&directory)?;
    Ok(())
}

/// Makes one of linux.devices, with its parents.
pub(crate) fn one(root: &Root, device: &Device) -> Result<(), Reason> {
    let (parent, name) = root.make_parent(&device.path)?;
    make(&parent, name, device)
}

fn make(directory: &OwnedFd, name: &CStr, device: &Device) -> Result<(), Reason> {
    if device.bind {
        return bind(directory, name, device);
    }
    match fs::make_node(directory, name, device.mode, device.numbers) {
        Ok(()) => own(directory, name, device),
        Err(Error { errno: Errno::EEXIST, .. }) => check(directory, name, device),
        // An outer container may forbid mknod(2) and still have the node.
        Err(Error { errno: Errno::EPERM, .. }) => bind(directory, name, device),
        Err(error) => Err(error.into()),
    }
}

fn own(directory: &OwnedFd, name: &CStr, device: &Device) -> Result<(), Reason> {
    if (device.uid, device.gid) != (0, 0) {
        fs::set_owner(directory, name, device.uid, device.gid)?;
    }
    Ok(())
}

/// runtime-spec config-linux.md "Devices": a file that is there already must be the requested device.
fn check(directory: &OwnedFd, name: &CStr, device: &Device) -> Result<(), Reason> {
    let there = fd::open(directory, name, fd::O_PATH | fd::O_NOFOLLOW, 0)?;
    if is(&there, device)? { Ok(()) } else { Err(Reason::Mismatch) }
}

fn is(node: impl AsFd, device: &Device) -> Result<bool, Error> {
    let stat = fs::stat(node)?;
    let same_type = stat.st_mode & fs::S_IFMT == device.mode & fs::S_IFMT;
    let is_fifo = device.mode & fs::S_IFMT == fs::S_IFIFO;
    Ok(same_type && (is_fifo || fs::device_numbers(&stat) == device.numbers))
}

/// Binds the host's node, after making sure that it is the one that was asked for.
fn bind(directory: &OwnedFd, name: &CStr, device: &Device) -> Result<(), Reason> {
    let node = fd::open(fd::cwd(), &device.host, fd::O_PATH, 0)?;
    if !is(&node, device)? {
        return Err(Reason::Mismatch);
    }
    match fs::make_node(directory, name, fs::S_IFREG | 0o600, (0, 0)) {
        Err(error) if error.errno != Errno::EEXIST => return Err(error.into()),
        _ => {}
    }
    let target = fd::open(directory, name, fd::O_PATH | fd::O_NOFOLLOW, 0)?;
    Ok(super::bind::onto(&node, &target)?)
}

/// A link that the image brings stays as it is.
fn link(directory: &OwnedFd, name: &CStr, target: &CStr) -> Result<(), Error> {
    match fs::make_symlink(target, directory, name) {
        Err(Error { errno: Errno::EEXIST, .. }) => Ok(()),
        result => result,
    }
}

/// /dev/ptmx of the image could be the host's node; the container's own is in its devpts.
fn replace_ptmx(directory: &OwnedFd) -> Result<(), Error> {
    match fs::make_symlink(c"pts/ptmx", directory, c"ptmx") {
        Err(Error { errno: Errno::EEXIST, .. }) => {
            fs::unlink(directory, c"ptmx")?;
            fs::make_symlink(c"pts/ptmx", directory, c"ptmx")
        }
        result => result,
    }
}
