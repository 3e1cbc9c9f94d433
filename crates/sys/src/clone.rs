//! Makes a process: clone3(2) without shared memory, with a pidfd and, on cgroup v2, straight into its cgroup.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result};

/// `CLONE_INTO_CGROUP` of linux/sched.h: beyond the 32 bits that clone(2) has.
const INTO_CGROUP: u64 = 1 << 33;

/// Which side of the clone the caller is on.
#[derive(Debug)]
pub enum Side {
    /// The process that called; it holds the child.
    Parent(Child),
    /// The new process: a copy of the caller's memory with one thread.
    Child,
}

/// A child that is known by its pidfd, so that its pid cannot be reused behind our back.
#[derive(Debug)]
pub struct Child {
    /// The pid in the caller's pid namespace.
    pub pid: i32,
    /// Refers to the process itself (pidfd_open(2)).
    pub pidfd: OwnedFd,
}

/// How a clone differs from fork(2).
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'fd> {
    /// `CLONE_NEW*` bits, and `CLONE_PARENT` for a sibling.
    pub flags: u64,
    /// The cgroup v2 directory to be born in (`CLONE_INTO_CGROUP`, Linux 5.7).
    pub cgroup: Option<BorrowedFd<'fd>>,
}

/// Clones the calling process, which must be single-threaded (the runtime never makes a thread).
///
/// Where clone3 is missing or hidden by an outer seccomp filter (ENOSYS, or EPERM from one that is older than the call),
/// clone(2) serves, which cannot place the child into a cgroup: that is reported as it is if `how.cgroup` is set.
/// Who really may not make a namespace is told so by either call.
pub fn clone(how: How<'_>) -> Result<Side> {
    match clone3(how) {
        Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) if how.cgroup.is_none() => clone2(how.flags),
        result => result,
    }
}

/// The exit signal: none for a sibling, whose parent is told by the kernel as for any other child.
fn exit_signal(flags: u64) -> u64 {
    if flags & libc::CLONE_PARENT as u64 != 0 { 0 } else { libc::SIGCHLD as u64 }
}

fn clone3(how: How<'_>) -> Result<Side> {
    let mut pidfd: libc::c_int = -1;
    let into = how.cgroup.map_or(0, |_| INTO_CGROUP);
    // SAFETY: clone_args is plain integers, for which all zeroes is the documented default.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = how.flags | libc::CLONE_PIDFD as u64 | into;
    args.pidfd = &raw mut pidfd as u64;
    args.exit_signal = exit_signal(how.flags);
    args.cgroup = how.cgroup.map_or(0, |fd| fd.as_raw_fd() as u64);
    // SAFETY: args outlives the call and its size is passed; without CLONE_VM the child runs on a
    // copy of this memory, and with a single thread no lock can be held by a thread that is gone.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) };
    sides(Call::Clone3, result, pidfd)
}

fn clone2(flags: u64) -> Result<Side> {
    let mut pidfd: libc::c_int = -1;
    let flags = flags | libc::CLONE_PIDFD as u64 | exit_signal(flags);
    // SAFETY: a null stack makes the child go on on its copy of ours; the third argument is where
    // CLONE_PIDFD stores the descriptor on every architecture; the rest as for clone3 above.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, &raw mut pidfd, 0, 0) };
    sides(Call::Clone3, result, pidfd)
}

fn sides(call: Call, result: libc::c_long, pidfd: libc::c_int) -> Result<Side> {
    match crate::checked(call, result)? {
        0 => Ok(Side::Child),
        // SAFETY: the kernel has just made this descriptor for us alone.
        pid => Ok(Side::Parent(Child { pid: pid as i32, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } })),
    }
}
