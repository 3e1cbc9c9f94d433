//! Signals: a clean slate for a container's process, and signals read as data by `run`.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result, checked};

/// The highest signal number of Linux.
const LAST: i32 = 64;

/// A set of signals as the kernel has it, one bit each: libcs keep some signals from those who ask them.
type Set = u64;

/// Puts every signal back to its default and unblocks all: both survive execve(2), and the runtime ignores SIGPIPE.
/// No error: the signals that cannot be set (KILL, STOP) have their default anyway.
pub fn reset_all() {
    // The kernel's sigaction, or a little more than that: no handler, no flags, an empty mask.
    const DEFAULT: [u64; 4] = [0; 4];
    for signal in 1..=LAST {
        let none = std::ptr::null_mut::<u64>();
        // SAFETY: SIG_DFL is no function of ours, so nothing can run on it; refusals leave the default in place.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), none, size_of::<Set>()) };
    }
    // Cannot fail: the arguments are valid.
    let _ = set_mask(libc::SIG_SETMASK, 0);
}

/// Changes the signals that are blocked (rt_sigprocmask(2)).
fn set_mask(how: i32, set: Set) -> Result<()> {
    let former = std::ptr::null_mut::<Set>();
    // SAFETY: the set outlives the call, and its size is passed.
    let result =
        unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const set, former, size_of::<Set>()) };
    checked(Call::Sigprocmask, result).map(drop)
}

/// Puts SIGCHLD back to its default: ignored, as some callers leave it, it makes the kernel reap our children. And
/// ignores SIGPIPE: whoever stopped reading is an error of a write.
pub fn prepare() {
    // SAFETY: neither is a function of ours, and both signals can always be set.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// Blocks every signal and returns a descriptor from which they are read (signalfd(2)).
pub fn take_all() -> Result<OwnedFd> {
    let all = Set::MAX;
    set_mask(libc::SIG_BLOCK, all)?;
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: the set outlives the call, and its size is passed.
    let fd = unsafe { libc::syscall(libc::SYS_signalfd4, -1, &raw const all, size_of::<Set>(), flags) };
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(checked(Call::Signalfd, fd)? as i32) })
}

/// The next signal waiting on a descriptor of [`take_all`]; `None` if there is none.
pub fn next(signals: impl AsFd) -> Result<Option<i32>> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the buffer has the size that is passed.
    let result = unsafe { libc::read(signals.as_fd().as_raw_fd(), info.as_mut_ptr().cast(), size) };
    match checked(Call::Read, result as libc::c_long) {
        // SAFETY: the kernel only ever hands out whole records.
        Ok(_) => Ok(Some(unsafe { info.assume_init() }.ssi_signo as i32)),
        Err(Error { errno: Errno::EAGAIN, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
