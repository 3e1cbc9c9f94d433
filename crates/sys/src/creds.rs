//! Who a process is: ids, groups, capabilities, no_new_privs.

use nix::unistd::{Gid, Uid};

use crate::{Call, Named, Result, checked};

/// A capability set, one bit per capability number (capabilities(7)).
pub type Mask = u64;

/// The three sets that capset(2) changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// What is checked.
    pub effective: Mask,
    /// What may become effective.
    pub permitted: Mask,
    /// What survives execve of a file with inheritable capabilities.
    pub inheritable: Mask,
}

/// Sets real, effective and saved uid.
pub fn set_uid(uid: u32) -> Result<()> {
    let uid = Uid::from_raw(uid);
    nix::unistd::setresuid(uid, uid, uid).named(Call::Setresuid)
}

/// Sets real, effective and saved gid.
pub fn set_gid(gid: u32) -> Result<()> {
    let gid = Gid::from_raw(gid);
    nix::unistd::setresgid(gid, gid, gid).named(Call::Setresgid)
}

/// Replaces the supplementary groups.
pub fn set_groups(groups: &[u32]) -> Result<()> {
    // SAFETY: the slice outlives the call and its length is passed.
    let result = unsafe { libc::setgroups(groups.len(), groups.as_ptr()) };
    checked(Call::Setgroups, libc::c_long::from(result)).map(drop)
}

/// The caller's effective uid.
pub fn euid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The caller's effective gid.
pub fn egid() -> u32 {
    nix::unistd::getegid().as_raw()
}

#[repr(C)]
struct CapHeader {
    version: u32,
    pid: i32,
}

/// `_LINUX_CAPABILITY_VERSION_3`: 64 bits in two words.
const CAP_VERSION: u32 = 0x2008_0522;

/// Effective, permitted and inheritable of the caller (capget(2)).
pub fn capabilities() -> Result<Sets> {
    let mut header = CapHeader { version: CAP_VERSION, pid: 0 };
    let mut words = [[0u32; 3]; 2];
    // SAFETY: header and the two data records outlive the call and have the layout of version 3.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, &raw mut words) };
    checked(Call::Capset, result)?;
    let wide = |index: usize| u64::from(words[0][index]) | u64::from(words[1][index]) << 32;
    Ok(Sets { effective: wide(0), permitted: wide(1), inheritable: wide(2) })
}

/// Sets the caller's three sets at once (capset(2)).
pub fn set_capabilities(sets: Sets) -> Result<()> {
    let header = CapHeader { version: CAP_VERSION, pid: 0 };
    let word =
        |shift: u32| [sets.effective, sets.permitted, sets.inheritable].map(|set| (set >> shift) as u32);
    let words = [word(0), word(32)];
    // SAFETY: header and the two data records outlive the call and have the layout of version 3.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, &raw const words) };
    checked(Call::Capset, result).map(drop)
}

/// Drops a capability from the bounding set for good. Needs CAP_SETPCAP; EINVAL for a number that this kernel does
/// not know.
pub fn drop_bounding(capability: u32) -> Result<()> {
    prctl(Call::Prctl, libc::PR_CAPBSET_DROP, capability.into())
}

/// Empties the ambient set (Linux 4.3).
pub fn clear_ambient() -> Result<()> {
    ambient(libc::PR_CAP_AMBIENT_CLEAR_ALL, 0)
}

/// Adds to the ambient set; the capability must be permitted and inheritable.
pub fn raise_ambient(capability: u32) -> Result<()> {
    ambient(libc::PR_CAP_AMBIENT_RAISE, capability)
}

fn ambient(operation: libc::c_int, capability: u32) -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, operation, capability, 0, 0) };
    checked(Call::Prctl, libc::c_long::from(result)).map(drop)
}

/// Whether the permitted set stays when the uid becomes non-zero (cleared by execve).
pub fn keep_capabilities(keep: bool) -> Result<()> {
    prctl(Call::Prctl, libc::PR_SET_KEEPCAPS, keep.into())
}

/// From now on execve grants no privileges (no_new_privs); it cannot be undone.
pub fn no_new_privileges() -> Result<()> {
    prctl(Call::NoNewPrivs, libc::PR_SET_NO_NEW_PRIVS, 1)
}

/// Whether others may trace the process and reach it through /proc.
pub fn set_dumpable(dumpable: bool) -> Result<()> {
    prctl(Call::Prctl, libc::PR_SET_DUMPABLE, dumpable.into())
}

fn prctl(call: Call, option: libc::c_int, argument: libc::c_ulong) -> Result<()> {
    // SAFETY: every option used here takes integers.
    let result =
        unsafe { libc::prctl(option, argument, 0 as libc::c_ulong, 0 as libc::c_ulong, 0 as libc::c_ulong) };
    checked(call, libc::c_long::from(result)).map(drop)
}
