//! Makes a path read-only: a bind mount of itself, on top of itself, that cannot be written through.

use std::ffi::CStr;

use sys::mount::{self, ATTR_RDONLY, Change, Depth};
use sys::{Errno, Error, Result};

use super::{Root, classic};

/// Makes what the path refers to, and all below it, read-only; a path that is not there needs nothing.
pub(crate) fn make(root: &Root, path: &CStr) -> Result<()> {
    let target = match root.resolve(path) {
        Err(Error { errno: Errno::ENOENT | Errno::ENOTDIR, .. }) => return Ok(()),
        result => result?,
    };
    let mount = match mount::clone_mount(&target, c"", Depth::Tree) {
        Err(error) if classic::is_hidden(&error) => {
            classic::bind(&target, Depth::Tree, &target)?;
            return classic::change(root.resolve(path)?, Depth::One, READONLY);
        }
        result => result?,
    };
    match mount::change(&mount, Depth::Tree, READONLY) {
        Err(error) if classic::is_hidden(&error) => {
            mount::attach(&mount, &target)?;
            classic::change(&mount, Depth::One, READONLY)
        }
        result => {
            result?;
            mount::attach(&mount, &target)
        }
    }
}

const READONLY: Change = Change { set: ATTR_RDONLY, clear: 0, propagation: 0 };
