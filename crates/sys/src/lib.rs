//! Safe wrappers for the system calls that a container runtime needs.
//!
//! One call, one wrapper, one meaning. The only crate of the workspace that may say `unsafe`.
//! Everything that the child of a clone may call takes prepared data and allocates nothing.

mod error;

pub mod bpf;
pub mod clone;
pub mod creds;
pub mod early;
pub mod fd;
pub mod file;
pub mod fs;
pub mod heap;
pub mod memfd;
pub mod mount;
pub mod namespace;
pub mod net;
pub mod netlink;
pub mod pidfd;
pub mod poll;
pub mod process;
pub mod resource;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod start;
pub mod time;
pub mod tty;

pub use error::{Call, Described, Errno, Error, Named, Result, errno_of};

/// Turns the -1 of a raw system call into our error.
fn checked(call: Call, result: libc::c_long) -> Result<libc::c_long> {
    if result < 0 { Err(Error { call, errno: Errno::last() }) } else { Ok(result) }
}
