//! Shows in one place of the container what a descriptor refers to.

use std::os::fd::{AsFd, OwnedFd};

use sys::mount::{self, Depth};
use sys::{Error, Result};

use super::classic;

/// Binds what `source` refers to, alone, onto `target`.
pub(super) fn onto(source: impl AsFd, target: &OwnedFd) -> Result<()> {
    match mount::clone_mount(&source, c"", Depth::One) {
        Err(error) if classic::is_hidden(&error) => classic::bind(source, Depth::One, target),
        result => mount::attach(result?, target),
    }
}

/// Whether a change must wait until its mount is attached, since only mount(2) can do it.
pub(super) fn must_wait(error: &Error) -> bool {
    error.call == sys::Call::MountSetattr && classic::is_hidden(error)
}
