//! Reaches the kernel's own files in /proc, whatever is mounted over them (CVE-2025-52881).

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use sys::fd::{self, BENEATH, NO_MAGICLINKS, NO_XDEV};
use sys::mount::{self, Depth};
use sys::{Call, Errno, Error, Result, fs};

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
        if fs::file_system(&root)? == fs::PROC_SUPER_MAGIC {
            Ok(Procfs(root))
        } else {
            Err(Error { call: Call::Fstatfs, errno: Errno::EXDEV })
        }
    }

    /// Writes a file of it, named relative to its root.
    pub(crate) fn write(&self, path: &CStr, value: &[u8]) -> Result<()> {
        let flags = fd::O_WRONLY | fd::O_NOCTTY;
        let file = match fd::open_resolved(&self.0, path, flags, BENEATH | NO_MAGICLINKS | NO_XDEV) {
            Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) => {
                fd::open(&self.0, path, flags | fd::O_NOFOLLOW, 0)
            }
            result => result,
        }?;
        fd::write_all(&file, value)
    }
}
