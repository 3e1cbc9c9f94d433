//! Hides paths: files behind /dev/null, directories behind an empty read-only tmpfs.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use sys::mount::{self, ATTR_NODEV, ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY};
use sys::{Errno, Error, fd, fs};

use super::mount::file_system;
use super::{Root, bind, classic};
use crate::packet::Reason;

/// What paths are hidden behind, made when the first one needs it and shared by all.
#[derive(Debug, Default)]
pub(crate) struct Covers {
    null: Option<OwnedFd>,
    empty: Option<OwnedFd>,
}

/// Major and minor of /dev/null.
const NULL: (u32, u32) = (1, 3);

impl Covers {
    /// Hides what the path refers to; a path that is not there needs no hiding.
    pub(crate) fn hide(&mut self, root: &Root, path: &CStr) -> Result<(), Reason> {
        let target = match root.resolve(path) {
            Err(Error { errno: Errno::ENOENT | Errno::ENOTDIR, .. }) => return Ok(()),
            result => result?,
        };
        if fs::is_directory(&fs::stat(&target)?) {
            return Ok(self.hide_directory(&target)?);
        }
        let null = match &self.null {
            Some(null) => null,
            None => self.null.insert(host_null()?),
        };
        Ok(bind::onto(null, &target)?)
    }

    fn hide_directory(&mut self, target: &OwnedFd) -> Result<(), Error> {
        if let Some(empty) = &self.empty {
            return bind::onto(empty, target);
        }
        let options = [(c"ro", None), (c"nr_inodes", Some(c"1"))];
        let options = options.map(|(key, value)| (CString::from(key), value.map(CString::from)));
        let attributes = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC;
        let empty = match file_system(c"tmpfs", &options, attributes) {
            Err(error) if classic::makes(&error, &options) => {
                return classic::file_system(c"tmpfs", &options, attributes, target);
            }
            result => result?,
        };
        mount::attach(&empty, target)?;
        self.empty = Some(empty);
        Ok(())
    }
}

/// The host's /dev/null, which must be just that: behind anything else nothing is hidden (CVE-2025-31133).
fn host_null() -> Result<OwnedFd, Reason> {
    let null = fd::open(fd::cwd(), c"/dev/null", fd::O_PATH | fd::O_NOFOLLOW, 0)?;
    let stat = fs::stat(&null)?;
    let is_null = stat.st_mode & fs::S_IFMT == fs::S_IFCHR && fs::device_numbers(&stat) == NULL;
    if is_null { Ok(null) } else { Err(Reason::Mismatch) }
}
