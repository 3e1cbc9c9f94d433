//! Strings of a checked spec as the kernel takes them.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// As a C string. A NUL byte, which the check refuses, would end it.
pub(super) fn c(text: impl AsRef<[u8]>) -> CString {
    let bytes = text.as_ref();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    CString::new(&bytes[..end]).unwrap_or_default()
}

/// A path as a C string.
pub(super) fn path(path: impl AsRef<Path>) -> CString {
    c(path.as_ref().as_os_str().as_bytes())
}

/// A path in the container as one relative to its root: `.` for the root itself.
pub(super) fn in_root(path: impl AsRef<Path>) -> CString {
    let relative = path.as_ref().strip_prefix("/").unwrap_or(path.as_ref());
    if relative.as_os_str().is_empty() { c".".into() } else { self::path(relative) }
}
