//! The working directory: entered with whichever rights suffice, and verified to lie in the container.

use std::ffi::CStr;

use sys::{Errno, Result, process};

/// Enters the directory with the runtime's rights; whether that was allowed. One that only the container's user
/// may enter is left for [`verify`].
pub(crate) fn enter(path: &CStr) -> Result<bool> {
    match process::change_directory(path) {
        Err(error) if matches!(error.errno, Errno::EACCES | Errno::EPERM) => Ok(false),
        result => result.map(|()| true),
    }
}

/// As the container's user: enters the directory unless that is done, and makes sure that it lies beneath the
/// root (CVE-2024-21626: a working directory of /proc/self/fd/N was outside).
pub(crate) fn verify(path: &CStr, entered: bool) -> Result<()> {
    if !entered {
        process::change_directory(path)?;
    }
    process::verify_directory()
}
