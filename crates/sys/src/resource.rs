//! Limits and scheduling of a process.

use crate::{Call, Result, checked};

/// One resource limit: `RLIMIT_*`, soft and hard (`u64::MAX` = unlimited).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The `RLIMIT_*` number.
    pub resource: u32,
    /// What is enforced.
    pub soft: u64,
    /// How far the process may raise `soft` by itself.
    pub hard: u64,
}

/// Sets a limit of another process (prlimit(2)). Raising `hard` needs CAP_SYS_RESOURCE in the initial user namespace.
pub fn set_limit(pid: i32, limit: Limit) -> Result<()> {
    let new = libc::rlimit64 { rlim_cur: limit.soft, rlim_max: limit.hard };
    let old = std::ptr::null_mut::<libc::rlimit64>();
    // SAFETY: new outlives the call; a null old asks for nothing back.
    let result = unsafe { libc::syscall(libc::SYS_prlimit64, pid, limit.resource, &raw const new, old) };
    checked(Call::Prlimit, result).map(drop)
}
