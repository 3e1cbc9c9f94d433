//! Signals: a clean slate for a container's process, and signals read as data by `run`.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result, checked};

/// The highest signal number of Linux.
const LAST: i32 = 64;

/// Puts every signal back to its default and unblocks all: both survive execve(2), and the runtime ignores SIGPIPE.
/// No error: the signals that cannot be set (KILL, STOP, glibc's own two) have their default anyway.
pub fn reset_all() {
    for signal in 1..=LAST {
        // SAFETY: SIG_DFL is no function of ours, so nothing can run on it; refusals leave the default in place.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let none = set(&[]);
    // SAFETY: the set outlives the call.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
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
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises the set, which outlives both calls.
    let (blocked, fd) = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        let blocked = libc::sigprocmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
        (blocked, libc::signalfd(-1, all.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))
    };
    checked(Call::Sigprocmask, libc::c_long::from(blocked))?;
    let fd = checked(Call::Signalfd, libc::c_long::from(fd))?;
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
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

fn set(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set before it is added to and read.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}
