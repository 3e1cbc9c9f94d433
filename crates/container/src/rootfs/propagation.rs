//! Who sees whose mounts: the first thing in a new mount namespace.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use sys::mount::{self, Depth, MS_PRIVATE};
use sys::{Errno, Error, Result, fd};

use super::classic;
use crate::child::Host;
use crate::packet::Reason;

/// Gives `/` the propagation, with `MS_REC` every mount below it as well.
pub(crate) fn set(flags: u64) -> Result<(), Reason> {
    match mount::mount(None, c"/", None, flags, None) {
        Err(Error { errno: Errno::EINVAL, .. }) => Err(Reason::InsideChroot),
        result => Ok(result?),
    }
}

/// Makes the mount that holds the path private: the nearest one upward from it that is a mount point.
pub(crate) fn private_parent(path: &CStr) -> Result<()> {
    let mut path = path.to_bytes().to_vec();
    loop {
        let place =
            CString::new(if path.is_empty() { b"/".to_vec() } else { path.clone() }).unwrap_or_default();
        match mount::mount(None, &place, None, MS_PRIVATE, None) {
            // Not a mount point: its parent may be.
            Err(Error { errno: Errno::EINVAL, .. }) if !path.is_empty() => {
                path.truncate(path.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
            }
            result => return result,
        }
    }
}

/// Makes the root file system a mount of its own, which pivot_root(2) asks for. Answers its root.
pub(crate) fn bind_root(path: &CStr, host: Host<'_>) -> Result<OwnedFd, Reason> {
    match bind(path) {
        // The container's user may not go there, but the host's may.
        Err(error @ Error { errno: Errno::EACCES, .. }) => Ok(host.ask(None)?.ok_or(error)?),
        result => Ok(result?),
    }
}

/// Binds the directory onto itself.
pub(crate) fn bind(path: &CStr) -> Result<OwnedFd> {
    let directory = open_directory(path)?;
    match mount::clone_mount(&directory, c"", Depth::Tree) {
        Err(error) if classic::is_hidden(&error) => {
            classic::bind(&directory, Depth::Tree, &directory)?;
            open_directory(path)
        }
        result => {
            let mount = result?;
            mount::attach(&mount, &directory)?;
            Ok(mount)
        }
    }
}

fn open_directory(path: &CStr) -> Result<OwnedFd> {
    fd::open(fd::cwd(), path, fd::O_PATH | fd::O_DIRECTORY, 0)
}
