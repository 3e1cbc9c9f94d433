//! Namespaces: unshare(2) and setns(2).

use std::os::fd::{AsFd, AsRawFd};

use crate::{Call, Result, checked};

/// `CLONE_NEWTIME`, which shares its bit with the exit signal of clone(2) and so only serves unshare and setns.
pub const NEWTIME: u64 = 0x80;

/// The `CLONE_NEW*` bits of the namespaces that clone3(2) makes.
pub const NEWUSER: u64 = libc::CLONE_NEWUSER as u64;
/// Process ids.
pub const NEWPID: u64 = libc::CLONE_NEWPID as u64;
/// Network stack.
pub const NEWNET: u64 = libc::CLONE_NEWNET as u64;
/// System V IPC and POSIX message queues.
pub const NEWIPC: u64 = libc::CLONE_NEWIPC as u64;
/// Host and domain name.
pub const NEWUTS: u64 = libc::CLONE_NEWUTS as u64;
/// Mounts.
pub const NEWNS: u64 = libc::CLONE_NEWNS as u64;
/// The view of the cgroup hierarchies.
pub const NEWCGROUP: u64 = libc::CLONE_NEWCGROUP as u64;

/// Whether the caller is in a user namespace other than the initial one, which has a fixed inode number
/// (`PROC_USER_INIT_INO` of linux/proc_ns.h). Without /proc nobody can tell, and the answer is no.
pub fn in_user_namespace() -> bool {
    const INITIAL: u64 = 0xEFFF_FFFD;
    crate::fs::stat_at(crate::fd::cwd(), c"/proc/self/ns/user", 0).is_ok_and(|stat| stat.st_ino != INITIAL)
}

/// Moves the caller into new namespaces (`CLONE_NEW*`).
pub fn unshare(flags: u64) -> Result<()> {
    // SAFETY: no pointers; the caller is single-threaded.
    checked(Call::Unshare, libc::c_long::from(unsafe { libc::unshare(flags as i32) })).map(drop)
}

/// Moves the caller into existing ones: the namespace of this descriptor, or with a pidfd (Linux 5.8)
/// those of that process whose bits are in `flags`.
pub fn setns(fd: impl AsFd, flags: u64) -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::setns(fd.as_fd().as_raw_fd(), flags as i32) };
    checked(Call::Setns, libc::c_long::from(result)).map(drop)
}

/// The `CLONE_NEW*` bit of the namespace that this descriptor refers to (`NS_GET_NSTYPE`, ioctl_ns(2)).
pub fn kind(fd: impl AsFd) -> Result<u64> {
    const NS_GET_NSTYPE: libc::Ioctl = 0xb703;
    // SAFETY: this request takes no argument.
    let result = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), NS_GET_NSTYPE) };
    checked(Call::Setns, libc::c_long::from(result)).map(|kind| kind as u64)
}
