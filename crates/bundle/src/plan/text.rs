//! Strings of a checked spec as the kernel takes them.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

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

/// A path in the container as one relative to its root, without dots: `.` for the root itself.
pub(super) fn in_root(path: impl AsRef<Path>) -> CString {
    let mut plain = PathBuf::new();
    for component in path.as_ref().components() {
        match component {
            Component::Normal(name) => plain.push(name),
            // Above the root is the root.
            Component::ParentDir => drop(plain.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    if plain.as_os_str().is_empty() { c".".into() } else { self::path(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &std::ffi::CStr) {
        assert_eq!(in_root(path).as_c_str(), expected);
    }

    #[test]
    fn a_path_in_the_root_is_relative_and_plain() {
        check("/proc", c"proc");
        check("dev/pts/", c"dev/pts");
        check("/", c".");
        check("/../../data/./x/..", c"data");
    }
}
