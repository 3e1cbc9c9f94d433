//! Symbolic links that stand in for mounts.

use std::ffi::{CStr, CString};

use sys::{Call, Errno, Error, fd, fs};

use super::Root;
use super::walk::PATH_MAX;
use crate::packet::Reason;

/// Makes a link inside the root; one that is there already must lead to the same.
pub(super) fn make(root: &Root, path: &CStr, target: &CStr) -> Result<(), Reason> {
    let (parent, name) = root.make_parent(path)?;
    match fs::make_symlink(target, &parent, name) {
        Err(Error { errno: Errno::EEXIST, .. }) => {}
        result => return Ok(result?),
    }
    let mut buffer = [0; PATH_MAX];
    match fs::read_link(&parent, name, &mut buffer) {
        Ok(there) if there == target.to_bytes() => Ok(()),
        Ok(_) | Err(Error { errno: Errno::EINVAL, .. }) => Err(Reason::Mismatch),
        Err(error) => Err(error.into()),
    }
}

/// Where the link of the host leads, if the path is one.
pub(super) fn target(path: &CStr) -> Result<Option<CString>, Error> {
    let mut buffer = [0; PATH_MAX];
    match fs::read_link(fd::cwd(), path, &mut buffer) {
        Err(Error { errno: Errno::EINVAL, .. }) => Ok(None),
        result => {
            let target = CString::new(result?);
            target.map(Some).map_err(|_| Error { call: Call::ReadLink, errno: Errno::EINVAL })
        }
    }
}
