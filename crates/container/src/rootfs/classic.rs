//! Mounts by mount(2) alone, through /proc/self/fd: for kernels before 5.2 (or, of attributes, 5.12), for outer seccomp
//! filters that hide the newer calls, and for the few options that only mount(2) carries.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};

use sys::fd::ProcPath;
use sys::mount::{self, ATTR_ATIME, Change, Depth};
use sys::{Call, Errno, Error, Result};

/// Whether a call is missing or hidden. A denial for a better reason will meet mount(2) as well.
pub(super) fn is_hidden(error: &Error) -> bool {
    matches!(error.errno, Errno::ENOSYS | Errno::EPERM)
}

/// Whether mount(2) can make the file system that fsopen(2) or fsconfig(2) refused so.
pub(super) fn makes(error: &Error, options: &[(CString, Option<CString>)]) -> bool {
    match error.call {
        Call::Fsopen => is_hidden(error),
        Call::Fsconfig => error.errno == Errno::EINVAL && options.iter().any(is_beyond_fsconfig),
        _ => false,
    }
}

/// A value that is too long for fsconfig(2), or a flag that it has no word for.
fn is_beyond_fsconfig((key, value): &(CString, Option<CString>)) -> bool {
    key.as_c_str() == c"iversion" || value.as_ref().is_some_and(|v| v.count_bytes() > mount::LONGEST_STRING)
}

/// Makes a file system of a type and mounts it.
pub(super) fn file_system(
    kind: &CStr,
    options: &[(CString, Option<CString>)],
    attributes: u64,
    target: &OwnedFd,
) -> Result<()> {
    let split = Split::of(kind, options)?;
    let flags = split.flags | mount::classic_flags(attributes);
    mount::mount(split.source, ProcPath::new(target).as_c_str(), Some(kind), flags, split.data())
}

/// Changes the options of the file system that is mounted there, and leaves the mount's attributes.
pub(super) fn reconfigure(mounted: &OwnedFd, options: &[(CString, Option<CString>)]) -> Result<()> {
    let split = Split::of(c"", options)?;
    let flags = mount::MS_REMOUNT | split.flags | all_flags(mount::attributes(mounted)?);
    mount::mount(None, ProcPath::new(mounted).as_c_str(), None, flags, split.data())
}

/// Binds what a descriptor refers to.
pub(super) fn bind(source: impl AsFd, depth: Depth, target: &OwnedFd) -> Result<()> {
    let (source, target) = (ProcPath::new(source), ProcPath::new(target));
    mount::mount(Some(source.as_c_str()), target.as_c_str(), None, mount::MS_BIND | recursion(depth), None)
}

/// Changes attributes and propagation of a mount that is attached. What a user namespace has locked stays.
pub(super) fn change(mounted: impl AsFd, depth: Depth, change: Change) -> Result<()> {
    let place = ProcPath::new(&mounted);
    if (change.set, change.clear) != (0, 0) {
        if depth == Depth::Tree {
            // mount(2) reaches one mount at a time, and more may appear meanwhile.
            return Err(Error { call: Call::MountSetattr, errno: Errno::ENOSYS });
        }
        let now = mount::attributes(&mounted)?;
        match remount(place, now & !change.clear | change.set) {
            Err(Error { errno: Errno::EPERM, .. }) => remount(place, now | change.set & !ATTR_ATIME)?,
            result => result?,
        }
    }
    match change.propagation {
        0 => Ok(()),
        flags => mount::mount(None, place.as_c_str(), None, flags | recursion(depth), None),
    }
}

fn remount(place: ProcPath, attributes: u64) -> Result<()> {
    let flags = mount::MS_REMOUNT | mount::MS_BIND | all_flags(attributes);
    mount::mount(None, place.as_c_str(), None, flags, None)
}

/// All flags spelled out: a remount takes away what it does not name.
fn all_flags(attributes: u64) -> u64 {
    let relative = if attributes & ATTR_ATIME == 0 { mount::MS_RELATIME } else { 0 };
    mount::classic_flags(attributes) | relative
}

fn recursion(depth: Depth) -> u64 {
    if depth == Depth::Tree { mount::MS_REC } else { 0 }
}

/// Flags of the file system itself, which are options to fsconfig(2) and bits to mount(2).
const FLAGS: &[(&CStr, u64)] = &[
    (c"dirsync", mount::MS_DIRSYNC),
    (c"iversion", mount::MS_I_VERSION),
    (c"lazytime", mount::MS_LAZYTIME),
    (c"mand", mount::MS_MANDLOCK),
    (c"ro", mount::MS_RDONLY),
    (c"sync", mount::MS_SYNCHRONOUS),
];

/// Mount labels, whose commas mount(2) only leaves alone in quotes.
const LABELS: &[&CStr] = &[c"context", c"defcontext", c"fscontext", c"rootcontext"];

/// The kernel reads one page of options, the NUL at the end included.
const PAGE: usize = 4096;

/// Options as mount(2) takes them.
#[derive(Debug, PartialEq, Eq)]
struct Split<'o> {
    source: Option<&'o CStr>,
    flags: u64,
    data: CString,
}

impl<'o> Split<'o> {
    fn of(kind: &CStr, options: &'o [(CString, Option<CString>)]) -> Result<Split<'o>> {
        let mut split = Split { source: None, flags: 0, data: CString::default() };
        let mut data = Vec::new();
        for (key, value) in options {
            let flag = FLAGS.iter().find(|(name, _)| *name == key.as_c_str());
            match (flag, value) {
                (Some((_, flag)), None) => split.flags |= flag,
                (_, Some(value)) if key.as_c_str() == c"source" => split.source = Some(value),
                (_, value) => append(&mut data, kind, key, value.as_deref())?,
            }
        }
        if data.len() >= PAGE {
            return Err(refused(Errno::E2BIG));
        }
        split.data = CString::new(data).map_err(|_| refused(Errno::EINVAL))?;
        Ok(split)
    }

    fn data(&self) -> Option<&CStr> {
        (!self.data.is_empty()).then_some(&self.data)
    }
}

fn append(data: &mut Vec<u8>, kind: &CStr, key: &CStr, value: Option<&CStr>) -> Result<()> {
    if !data.is_empty() {
        data.push(b',');
    }
    data.extend_from_slice(key.to_bytes());
    let Some(value) = value.map(CStr::to_bytes) else { return Ok(()) };
    data.push(b'=');
    match value.contains(&b',') {
        false => data.extend_from_slice(value),
        true if LABELS.contains(&key) => {
            data.extend([b"\"", value, b"\""].concat());
        }
        // Of all file systems only overlay lets a comma be escaped.
        true if kind == c"overlay" => escape_commas(data, value),
        true => return Err(refused(Errno::EINVAL)),
    }
    Ok(())
}

fn escape_commas(data: &mut Vec<u8>, value: &[u8]) {
    let mut before = 0;
    for byte in value {
        if *byte == b',' && before != b'\\' {
            data.push(b'\\');
        }
        data.push(*byte);
        before = *byte;
    }
}

fn refused(errno: Errno) -> Error {
    Error { call: Call::Mount, errno }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Vec<(CString, Option<CString>)> {
        let c = |text: &str| CString::new(text).unwrap();
        let option = |word: &str| match word.split_once('=') {
            Some((key, value)) => (c(key), Some(c(value))),
            None => (c(word), None),
        };
        words.split(' ').filter(|word| !word.is_empty()).map(option).collect()
    }

    #[track_caller]
    fn check(kind: &CStr, words: &str, flags: u64, data: &CStr) {
        let options = options(words);
        let split = Split::of(kind, &options).unwrap();
        assert_eq!((split.flags, split.data.as_c_str()), (flags, data));
    }

    #[test]
    fn options_are_joined_by_commas() {
        check(c"tmpfs", "size=64k mode=755", 0, c"size=64k,mode=755");
    }

    #[test]
    fn flags_become_bits() {
        check(c"tmpfs", "ro sync size=1k", mount::MS_RDONLY | mount::MS_SYNCHRONOUS, c"size=1k");
    }

    #[test]
    fn the_source_is_no_option() {
        let options = options("source=shm size=1k");
        assert_eq!(Split::of(c"tmpfs", &options).unwrap().source, Some(c"shm"));
    }

    #[test]
    fn a_comma_in_an_overlay_path_is_escaped() {
        check(c"overlay", "lowerdir=/a,b:/c", 0, c"lowerdir=/a\\,b:/c");
        check(c"overlay", "lowerdir=/a\\,b", 0, c"lowerdir=/a\\,b");
    }

    #[test]
    fn a_comma_in_a_label_is_quoted() {
        check(c"tmpfs", "context=a:s0:c1,c2", 0, c"context=\"a:s0:c1,c2\"");
    }

    #[test]
    fn a_comma_that_cannot_be_carried_is_an_error() {
        let options = options("name=a,b");
        assert_eq!(Split::of(c"tmpfs", &options).unwrap_err().errno, Errno::EINVAL);
    }

    #[test]
    fn more_than_a_page_is_an_error() {
        let options = options(&format!("lowerdir={}", "/x".repeat(2048)));
        assert_eq!(Split::of(c"overlay", &options).unwrap_err().errno, Errno::E2BIG);
    }

    #[test]
    fn a_long_value_is_for_mount_alone() {
        let error = Error { call: Call::Fsconfig, errno: Errno::EINVAL };
        assert!(makes(&error, &options(&format!("upperdir={}", "x".repeat(256)))));
        assert!(!makes(&error, &options(&format!("upperdir={}", "x".repeat(255)))));
    }

    #[test]
    fn a_remount_spells_relatime_out() {
        assert_eq!(all_flags(mount::ATTR_NODEV), mount::MS_NODEV | mount::MS_RELATIME);
    }
}
