//! The lower directories of an overlay one by one, when all together are too long for fsconfig(2).

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use sys::mount;
use sys::{Call, Errno, Error, Result};

/// Adds each directory of a `lowerdir` value (Linux 6.8; before, EINVAL).
pub(super) fn add(context: &OwnedFd, value: &CStr) -> Result<()> {
    for (key, path) in split(value.to_bytes()) {
        let path = CString::new(path).map_err(|_| Error { call: Call::Fsconfig, errno: Errno::EINVAL })?;
        mount::set_string(context, key, &path)?;
    }
    Ok(())
}

/// Colons separate layers, two of them begin the data-only ones, and a backslash takes the meaning of what follows.
fn split(value: &[u8]) -> Vec<(&'static CStr, Vec<u8>)> {
    let mut layers = vec![(c"lowerdir+", Vec::new())];
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b':' => {
                let key = if bytes.next_if_eq(&b':').is_some() { c"datadir+" } else { c"lowerdir+" };
                layers.push((key, Vec::new()));
            }
            b'\\' => layers.last_mut().into_iter().for_each(|(_, path)| path.extend(bytes.next())),
            byte => layers.last_mut().into_iter().for_each(|(_, path)| path.push(byte)),
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[(&CStr, &str)]) {
        let layers = split(value.as_bytes());
        let found: Vec<(&CStr, &str)> =
            layers.iter().map(|(key, path)| (*key, std::str::from_utf8(path).unwrap())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn colons_separate() {
        check("/a:/b", &[(c"lowerdir+", "/a"), (c"lowerdir+", "/b")]);
    }

    #[test]
    fn two_colons_begin_data_layers() {
        check("/a::/b", &[(c"lowerdir+", "/a"), (c"datadir+", "/b")]);
    }

    #[test]
    fn a_backslash_escapes() {
        check("/a\\:b\\,c", &[(c"lowerdir+", "/a:b,c")]);
    }
}
