//! Reaches the kernel's own files in /proc, whatever is mounted over them (CVE-2025-52881).

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use sys::fd::{self, BENEATH, NO_MAGICLINKS, NO_XDEV};
use sys::mount::{self, Depth};
use sys::{Call, Errno, Error, Result, fs};

/// `PROC_ROOT_INO` of the kernel.
const ROOT_INODE: u64 = 1;

/// A proc file system that nobody else can mount over.
#[derive(Debug)]
pub(crate) struct Procfs(OwnedFd);

impl Procfs {
    /// A copy of /proc without its submounts, or a proc of our own; /proc itself where neither may be had, and
    /// then opening refuses to cross a mount.
    pub(crate) fn open() -> Result<Procfs> {
        let root = mount::clone_mount(fd::cwd(), c"/proc", Depth::One)
            .or_else(|_| crate::rootfs::mount::file_system(c"proc", &[], 0))
            .or_else(|_| fd::open(fd::cwd(), c"/proc", fd::O_PATH | fd::O_DIRECTORY | fd::O_NOFOLLOW, 0))?;
        // A part of a proc file system, bound to /proc, would have other files by the same names.
        if fs::file_system(&root)? == fs::PROC_SUPER_MAGIC && fs::stat(&root)?.st_ino == ROOT_INODE {
            Ok(Procfs(root))
        } else {
            Err(Error { call: Call::Fstatfs, errno: Errno::EXDEV })
        }
    }

    /// Writes a file of it, named relative to its root.
    pub(crate) fn write(&self, path: &CStr, value: &[u8]) -> Result<()> {
        fd::write_all(self.open_to_write(path)?, value)
    }

    /// Opens a file of it, named relative to its root, for writing.
    pub(crate) fn open_to_write(&self, path: &CStr) -> Result<OwnedFd> {
        let flags = fd::O_WRONLY | fd::O_NOCTTY;
        match fd::open_resolved(&self.0, path, flags, BENEATH | NO_MAGICLINKS | NO_XDEV) {
            Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) => {
                fd::open(&self.0, path, flags | fd::O_NOFOLLOW, 0)
            }
            result => result,
        }
    }
}
