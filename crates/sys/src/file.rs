//! Files by one-component name in an open directory, for the parent side: the state directory, logs, pid files.
//!
//! No final symbolic link is ever followed, and every descriptor is close-on-exec.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::{Call, Errno, Error, Result, checked, fd, fs};

/// A path as a C string; EINVAL if a NUL byte is in it.
pub fn c_path(path: &Path, call: Call) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Error { call, errno: Errno::EINVAL })
}

/// Opens a directory; ENOTDIR also for a symbolic link to one.
pub fn open_dir(path: &Path) -> Result<OwnedFd> {
    fd::open(fd::cwd(), &c_path(path, Call::Open)?, libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW, 0)
}

/// Opens a file to read.
pub fn open_at(dir: impl AsFd, name: &Path) -> Result<File> {
    fd::open(dir, &c_path(name, Call::Open)?, libc::O_RDONLY | libc::O_NOFOLLOW, 0).map(File::from)
}

/// Opens a file to write from its start, made with `mode` if missing and emptied if not.
pub fn create_at(dir: impl AsFd, name: &Path, mode: u32) -> Result<File> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_NOFOLLOW;
    fd::open(dir, &c_path(name, Call::Open)?, flags, mode).map(File::from)
}

/// Opens a file to append to, made with `mode` if missing; ELOOP for a symbolic link.
pub fn open_append(path: &Path, mode: u32) -> Result<File> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_NOFOLLOW | libc::O_NOCTTY;
    fd::open(fd::cwd(), &c_path(path, Call::Open)?, flags, mode).map(File::from)
}

/// Renames within one directory, replacing what has the new name (renameat(2)).
pub fn rename_at(dir: impl AsFd, from: &Path, to: &Path) -> Result<()> {
    rename(dir, from, to, 0)
}

/// Lets two names of one directory change places (renameat2(2)); EINVAL where the file system cannot.
pub fn exchange_at(dir: impl AsFd, from: &Path, to: &Path) -> Result<()> {
    rename(dir, from, to, libc::RENAME_EXCHANGE)
}

fn rename(dir: impl AsFd, from: &Path, to: &Path, flags: libc::c_uint) -> Result<()> {
    let (from, to) = (c_path(from, Call::Rename)?, c_path(to, Call::Rename)?);
    let dir = dir.as_fd().as_raw_fd();
    // SAFETY: both names are terminated and outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_renameat2, dir, from.as_ptr(), dir, to.as_ptr(), flags) };
    checked(Call::Rename, result).map(drop)
}

/// Removes a name that is no directory (unlinkat(2)).
pub fn unlink_at(dir: impl AsFd, name: &Path) -> Result<()> {
    fs::unlink(dir, &c_path(name, Call::Unlink)?)
}

/// Whether something has this name.
pub fn exists_at(dir: impl AsFd, name: &Path) -> Result<bool> {
    match fs::stat_at(dir, &c_path(name, Call::Stat)?, libc::AT_SYMLINK_NOFOLLOW) {
        Err(Error { errno: Errno::ENOENT, .. }) => Ok(false),
        result => result.map(|_| true),
    }
}

/// Waits for an exclusive lock, which lives as long as the open file description (flock(2)).
pub fn lock(file: impl AsFd) -> Result<()> {
    loop {
        match flock(&file, libc::LOCK_EX) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => return result,
        }
    }
}

/// Gives a lock back.
pub fn unlock(file: impl AsFd) -> Result<()> {
    flock(file, libc::LOCK_UN)
}

/// Whether somebody else holds an exclusive lock.
pub fn is_locked(file: impl AsFd) -> Result<bool> {
    let free = got(flock(&file, libc::LOCK_SH | libc::LOCK_NB))?;
    if free {
        flock(file, libc::LOCK_UN)?;
    }
    Ok(!free)
}

fn got(locked: Result<()>) -> Result<bool> {
    match locked {
        Err(Error { errno: Errno::EWOULDBLOCK, .. }) => Ok(false),
        result => result.map(|()| true),
    }
}

fn flock(file: impl AsFd, operation: i32) -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::flock(file.as_fd().as_raw_fd(), operation) };
    checked(Call::Flock, libc::c_long::from(result)).map(drop)
}
