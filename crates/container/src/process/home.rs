//! HOME for a process whose config sets none: from the image's /etc/passwd, read beneath the root.
//!
//! Our own few lines, because name services of a static libc do not work inside a foreign root.

use std::ffi::CString;
use std::io::Read;

use sys::fd;

use crate::rootfs::Root;

/// More than any honest passwd file; the rest of a hostile one is not read.
const MOST: u64 = 1 << 20;

/// The variable `HOME=…` for the uid; `/` for one that the image does not know.
pub(crate) fn variable(root: &Root, uid: u32) -> CString {
    let home = passwd(root).and_then(|text| home(&text, uid).map(<[u8]>::to_vec));
    let value = [b"HOME=", home.as_deref().unwrap_or(b"/")].concat();
    CString::new(value).unwrap_or_else(|_| c"HOME=/".into())
}

/// An image without a readable passwd file knows no homes, which is no error.
fn passwd(root: &Root) -> Option<Vec<u8>> {
    let file = root.open(c"etc/passwd", fd::O_RDONLY | fd::O_NOCTTY | O_NONBLOCK).ok()?;
    let mut text = Vec::new();
    std::fs::File::from(file).take(MOST).read_to_end(&mut text).ok()?;
    Some(text)
}

/// A FIFO in place of the file must not hold us up.
const O_NONBLOCK: i32 = 0o4000;

/// The sixth field of the first line whose third is the uid (passwd(5)).
fn home(text: &[u8], uid: u32) -> Option<&[u8]> {
    let uid = uid.to_string();
    text.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let matches = fields.nth(2)? == uid.as_bytes();
        matches.then(|| fields.nth(2)).flatten().filter(|home| !home.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, uid: u32, expected: Option<&str>) {
        assert_eq!(home(text.as_bytes(), uid), expected.map(str::as_bytes));
    }

    #[test]
    fn the_home_is_that_of_the_first_line_with_the_uid() {
        check("root:x:0:0:root:/root:/bin/sh\nalso:x:0:0::/other:/bin/sh", 0, Some("/root"));
    }

    #[test]
    fn an_unknown_uid_has_no_home() {
        check("root:x:0:0:root:/root:/bin/sh", 1, None);
    }

    #[test]
    fn a_broken_line_is_passed_over() {
        check("nonsense\nuser:x:7:7::/home/user:/bin/sh", 7, Some("/home/user"));
    }

    #[test]
    fn an_empty_home_is_none() {
        check("user:x:7:7:::/bin/sh", 7, None);
    }
}
