//! Files by directory descriptor: what they are, making and removing them.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};

use crate::{Call, Errno, Error, Result, checked};

pub use libc::{
    PROC_SUPER_MAGIC, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, stat64 as Stat,
};

/// `DEVPTS_SUPER_MAGIC` of linux/magic.h.
pub const DEVPTS_SUPER_MAGIC: i64 = 0x1cd1;

/// `SELINUX_MAGIC` of linux/magic.h.
pub const SELINUX_MAGIC: i64 = 0xf97c_ff8c;

/// What a descriptor refers to (fstat(2)).
pub fn stat(fd: impl AsFd) -> Result<Stat> {
    stat_at(fd, c"", libc::AT_EMPTY_PATH)
}

/// What a path refers to, following links unless `flags` has `AT_SYMLINK_NOFOLLOW`.
pub fn stat_at(dir: impl AsFd, path: &CStr, flags: i32) -> Result<Stat> {
    // SAFETY: stat64 is plain data.
    let mut found: Stat = unsafe { std::mem::zeroed() };
    // SAFETY: path and result outlive the call.
    let result = unsafe { libc::fstatat64(dir.as_fd().as_raw_fd(), path.as_ptr(), &raw mut found, flags) };
    checked(Call::Stat, libc::c_long::from(result)).map(|_| found)
}

/// Whether a stat is of a directory.
pub fn is_directory(stat: &Stat) -> bool {
    stat.st_mode & S_IFMT == S_IFDIR
}

/// Major and minor of a device node.
pub fn device_numbers(stat: &Stat) -> (u32, u32) {
    (libc::major(stat.st_rdev), libc::minor(stat.st_rdev))
}

/// The type of the file system under a descriptor (`f_type` of fstatfs(2)).
pub fn file_system(fd: impl AsFd) -> Result<i64> {
    // SAFETY: statfs64 is plain data.
    let mut found: libc::statfs64 = unsafe { std::mem::zeroed() };
    // SAFETY: the result outlives the call.
    let result = unsafe { libc::fstatfs64(fd.as_fd().as_raw_fd(), &raw mut found) };
    checked(Call::Fstatfs, libc::c_long::from(result)).map(|_| found.f_type as i64)
}

/// Makes a directory (mkdirat(2)).
pub fn make_directory(dir: impl AsFd, name: &CStr, mode: u32) -> Result<()> {
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::mkdirat(dir.as_fd().as_raw_fd(), name.as_ptr(), mode) };
    checked(Call::Mkdir, libc::c_long::from(result)).map(drop)
}

/// Makes a device node, FIFO or empty file (mknodat(2)); `mode` carries the `S_IF*` type.
pub fn make_node(dir: impl AsFd, name: &CStr, mode: u32, device: (u32, u32)) -> Result<()> {
    let device = libc::makedev(device.0, device.1);
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::mknodat(dir.as_fd().as_raw_fd(), name.as_ptr(), mode, device) };
    checked(Call::Mknod, libc::c_long::from(result)).map(drop)
}

/// Makes a symbolic link (symlinkat(2)).
pub fn make_symlink(target: &CStr, dir: impl AsFd, name: &CStr) -> Result<()> {
    // SAFETY: both strings are terminated and outlive the call.
    let result = unsafe { libc::symlinkat(target.as_ptr(), dir.as_fd().as_raw_fd(), name.as_ptr()) };
    checked(Call::Symlink, libc::c_long::from(result)).map(drop)
}

/// Removes a name that is no directory (unlinkat(2)).
pub fn unlink(dir: impl AsFd, name: &CStr) -> Result<()> {
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::unlinkat(dir.as_fd().as_raw_fd(), name.as_ptr(), 0) };
    checked(Call::Unlink, libc::c_long::from(result)).map(drop)
}

/// Sets the permission bits of a name (fchmodat(2)); follows links, so only for names just made.
pub fn set_mode(dir: impl AsFd, name: &CStr, mode: u32) -> Result<()> {
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::fchmodat(dir.as_fd().as_raw_fd(), name.as_ptr(), mode, 0) };
    checked(Call::Chmod, libc::c_long::from(result)).map(drop)
}

/// Sets the owner of a name without following it (fchownat(2)). An empty name means the descriptor itself.
pub fn set_owner(dir: impl AsFd, name: &CStr, uid: u32, gid: u32) -> Result<()> {
    let flags = libc::AT_SYMLINK_NOFOLLOW | libc::AT_EMPTY_PATH;
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::fchownat(dir.as_fd().as_raw_fd(), name.as_ptr(), uid, gid, flags) };
    checked(Call::Chown, libc::c_long::from(result)).map(drop)
}

/// Whether the caller, with its effective ids, may execute the file (faccessat(2) with `AT_EACCESS`).
///
/// That is faccessat2, or what libc does on a kernel without it (5.8). The kernel has no EPERM for this question: it
/// comes from an outer seccomp filter that is older than the call, and then the real ids are asked about.
pub fn may_execute(dir: impl AsFd, path: &CStr) -> Result<()> {
    let (dir, path, may) = (dir.as_fd().as_raw_fd(), path.as_ptr(), libc::X_OK);
    // SAFETY: the path is terminated and outlives the call.
    let result = unsafe { libc::faccessat(dir, path, may, libc::AT_EACCESS) };
    match checked(Call::Faccess, libc::c_long::from(result)) {
        Err(Error { errno: Errno::EPERM, .. }) => {
            // SAFETY: as above. Not by libc, which has the newer call for every flag.
            checked(Call::Faccess, unsafe { libc::syscall(libc::SYS_faccessat, dir, path, may) }).map(drop)
        }
        result => result.map(drop),
    }
}

/// Reads a symbolic link into the buffer (readlinkat(2)); the answer may be cut at its end.
pub fn read_link<'b>(dir: impl AsFd, path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the path is terminated; the buffer's own length is passed.
    let result = unsafe {
        let dir = dir.as_fd().as_raw_fd();
        libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
    };
    checked(Call::ReadLink, result as libc::c_long).map(|count| &buffer[..count as usize])
}
