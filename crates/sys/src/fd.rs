//! Descriptors: opening, naming, duplicating and closing them.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result, checked};

pub use libc::{
    O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE,
    O_WRONLY,
};

/// Resolve the path with this directory as its root, also for absolute symbolic links and `..`.
pub const IN_ROOT: u64 = libc::RESOLVE_IN_ROOT;
/// Refuse links of the kind of /proc/PID/fd/N and /proc/PID/exe.
pub const NO_MAGICLINKS: u64 = libc::RESOLVE_NO_MAGICLINKS;
/// Refuse to cross a mount.
pub const NO_XDEV: u64 = libc::RESOLVE_NO_XDEV;
/// Refuse any symbolic link.
pub const NO_SYMLINKS: u64 = libc::RESOLVE_NO_SYMLINKS;
/// Refuse to leave the directory.
pub const BENEATH: u64 = libc::RESOLVE_BENEATH;

/// The working directory as the place to start from.
pub fn cwd() -> BorrowedFd<'static> {
    // SAFETY: AT_FDCWD is no descriptor, but every *at call takes it, and it needs no closing.
    unsafe { BorrowedFd::borrow_raw(libc::AT_FDCWD) }
}

/// One of the three standard streams.
pub fn standard(number: i32) -> BorrowedFd<'static> {
    debug_assert!((0..=2).contains(&number));
    // SAFETY: Rust's start-up makes sure that 0, 1 and 2 are open, and nothing here closes them.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Opens a path relative to a directory (openat(2)), close-on-exec. The mode counts with `O_CREAT` only.
pub fn open(dir: impl AsFd, path: &CStr, flags: i32, mode: u32) -> Result<OwnedFd> {
    // SAFETY: the path is terminated and outlives the call.
    let fd = unsafe { libc::openat(dir.as_fd().as_raw_fd(), path.as_ptr(), flags | libc::O_CLOEXEC, mode) };
    owned(Call::Open, libc::c_long::from(fd))
}

/// Opens a path with limits on how it resolves (openat2(2), Linux 5.6), close-on-exec.
/// An EAGAIN, which a rename somewhere on the machine can cause, is tried again a bounded number of times.
pub fn open_resolved(dir: impl AsFd, path: &CStr, flags: i32, resolve: u64) -> Result<OwnedFd> {
    const ATTEMPTS: usize = 128;
    // SAFETY: open_how is plain integers, for which all zeroes is the documented default.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (flags | libc::O_CLOEXEC) as u64;
    how.resolve = resolve;
    let attempt = || {
        // SAFETY: path and how outlive the call and the size of how is passed.
        let result = unsafe {
            let dir = dir.as_fd().as_raw_fd();
            libc::syscall(libc::SYS_openat2, dir, path.as_ptr(), &raw const how, size_of_val(&how))
        };
        owned(Call::Open, result)
    };
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(Error { errno: Errno::EAGAIN, .. }) => continue,
            result => return result,
        }
    }
    attempt()
}

pub(crate) fn owned(call: Call, result: libc::c_long) -> Result<OwnedFd> {
    let fd = checked(call, result)?;
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Duplicates onto a fixed number, which stays open across execve; what was there is closed.
pub fn place_at(fd: impl AsFd, number: i32) -> Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    if fd == number {
        return keep_on_exec(number);
    }
    // SAFETY: no pointers.
    checked(Call::Dup, libc::c_long::from(unsafe { libc::dup3(fd, number, 0) })).map(drop)
}

/// Clears close-on-exec of a descriptor by number. EBADF if it is not open.
pub fn keep_on_exec(number: i32) -> Result<()> {
    // SAFETY: no pointers.
    checked(Call::Fadd, libc::c_long::from(unsafe { libc::fcntl(number, libc::F_SETFD, 0) })).map(drop)
}

/// Whether a descriptor of this number is open and stays so across execve: one of our own never does.
pub fn is_inherited(number: i32) -> bool {
    // SAFETY: no pointers.
    unsafe { libc::fcntl(number, libc::F_GETFD) == 0 }
}

/// Closes, in the child of a clone, its copy of a descriptor whose owner lives on in the parent. The child's copy of
/// that owner must never be used or dropped again: it is for a child that leaves by execve or exit alone.
pub fn close_in_clone(fd: &impl AsFd) {
    // SAFETY: no pointers; that nothing uses the number afterwards is the contract above.
    unsafe { libc::close(fd.as_fd().as_raw_fd()) };
}

/// Closes, in the child of a clone, every descriptor from `first` on but those to keep (close_range(2), Linux 5.9).
/// Under the same contract as [`close_in_clone`]: whatever owned the others must never be used or dropped again.
pub fn close_in_clone_from(first: u32, keep: &[BorrowedFd<'_>]) -> Result<()> {
    let mut kept: Vec<u32> = keep.iter().map(|fd| fd.as_raw_fd() as u32).filter(|fd| *fd >= first).collect();
    kept.sort_unstable();
    let mut start = first;
    for number in kept {
        if start < number {
            close_range(start, number - 1)?;
        }
        start = number + 1;
    }
    close_range(start, u32::MAX)
}

fn close_range(first: u32, last: u32) -> Result<()> {
    // SAFETY: no pointers; the callers are bound to the contract of close_in_clone.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    match checked(Call::CloseRange, result) {
        Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) => close_each(first, last),
        result => result.map(drop),
    }
}

/// Kernels before 5.9, and outer seccomp filters: each number up to the limit of open files.
fn close_each(first: u32, last: u32) -> Result<()> {
    for number in first..=last.min(most_descriptors()?) {
        // SAFETY: as in close_range; EBADF is what most numbers answer.
        unsafe { libc::close(number as i32) };
    }
    Ok(())
}

/// The highest number that a descriptor can have, as far as the limit tells.
fn most_descriptors() -> Result<u32> {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: limit outlives the call.
    let result = unsafe { libc::getrlimit64(libc::RLIMIT_NOFILE, &raw mut limit) };
    checked(Call::Prlimit, libc::c_long::from(result))?;
    Ok(u32::try_from(limit.rlim_max).unwrap_or(1 << 20).min(1 << 20))
}

/// Marks every descriptor from `first` on to be closed by execve (close_range(2), Linux 5.11).
/// Older kernels: each number up to the limit of open files.
pub fn close_on_exec_from(first: u32) -> Result<()> {
    // SAFETY: no pointers; close-on-exec takes no descriptor from its owner.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    match checked(Call::CloseRange, result) {
        Err(Error { errno: Errno::ENOSYS | Errno::EINVAL | Errno::EPERM, .. }) => close_on_exec_each(first),
        result => result.map(drop),
    }
}

fn close_on_exec_each(first: u32) -> Result<()> {
    for number in first..most_descriptors()? {
        // SAFETY: no pointers; EBADF for the numbers that are not open is what most answer.
        unsafe { libc::fcntl(number as i32, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Reads into the buffer, once; 0 at the end of the file.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    loop {
        // SAFETY: the buffer's own length is passed.
        let result = unsafe { libc::read(fd.as_fd().as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        match checked(Call::Read, result as libc::c_long) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => return result.map(|count| count as usize),
        }
    }
}

/// Writes all of the buffer.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the slice's own length is passed.
        let result = unsafe { libc::write(fd.as_fd().as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
        match checked(Call::Write, result as libc::c_long) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => bytes = &bytes[result? as usize..],
        }
    }
    Ok(())
}

/// Writes once, as much as goes without waiting; 0 if nothing does. For descriptors set by [`never_wait`].
pub fn write_some(fd: impl AsFd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the slice's own length is passed.
    let result = unsafe { libc::write(fd.as_fd().as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    match checked(Call::Write, result as libc::c_long) {
        Err(Error { errno: Errno::EAGAIN | Errno::EINTR, .. }) => Ok(0),
        result => result.map(|count| count as usize),
    }
}

/// Makes reads and writes return instead of waiting (`O_NONBLOCK`), for everybody who has the open file.
pub fn never_wait(fd: impl AsFd) -> Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: no pointers.
    let flags = checked(Call::Fadd, libc::c_long::from(unsafe { libc::fcntl(fd, libc::F_GETFL) }))?;
    // SAFETY: no pointers.
    let result = unsafe { libc::fcntl(fd, libc::F_SETFL, flags as libc::c_int | libc::O_NONBLOCK) };
    checked(Call::Fadd, libc::c_long::from(result)).map(drop)
}

/// The two ends of a pipe, reader first, close-on-exec.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: ends outlives the call.
    let result = unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) };
    checked(Call::Pipe, libc::c_long::from(result))?;
    // SAFETY: the kernel has just made both descriptors for us alone.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// `/proc/self/fd/N` of a descriptor, for the calls that only take a path; made without allocation.
#[derive(Clone, Copy, Debug)]
pub struct ProcPath([u8; 32]);

impl ProcPath {
    /// The magic link of this descriptor.
    pub fn new(fd: impl AsFd) -> ProcPath {
        const PREFIX: &[u8] = b"/proc/self/fd/";
        let mut path = [0; 32];
        path[..PREFIX.len()].copy_from_slice(PREFIX);
        let mut digits = [0; 11];
        let number = decimal(fd.as_fd().as_raw_fd().unsigned_abs(), &mut digits);
        path[PREFIX.len()..PREFIX.len() + number.len()].copy_from_slice(number);
        ProcPath(path)
    }

    /// As a C string.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}

/// Writes a number in decimal without allocating; answers the digits.
pub fn decimal(mut number: u32, buffer: &mut [u8; 11]) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &buffer[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proc_path_names_the_descriptor() {
        assert_eq!(ProcPath::new(standard(2)).as_c_str(), c"/proc/self/fd/2");
    }

    #[test]
    fn decimal_writes_the_largest_number() {
        assert_eq!(decimal(u32::MAX, &mut [0; 11]), b"4294967295");
    }
}
