//! Makes a path read-only: a bind mount of itself, on top of itself, that cannot be written through.

use std::ffi::CStr;

use sys::mount::{self, ATTR_RDONLY, Change, Depth};
use sys::{Errno, Error, Result};

use super::Root;

/// Makes what the path refers to, and all below it, read-only; a path that is not there needs nothing.
pub(crate) fn make(root: &Root, path: &CStr) -> Result<()> {
    let target = match root.resolve(path) {
        Err(Error { errno: Errno::ENOENT | Errno::ENOTDIR, .. }) => return Ok(()),
        result => result?,
    };
    let mount = mount::clone_mount(&target, c"", Depth::Tree)?;
    mount::change(&mount, Depth::Tree, Change { set: ATTR_RDONLY, ..Change::default() })?;
    mount::attach(&mount, &target)
}
