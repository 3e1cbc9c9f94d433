//! Mounts: the classic mount(2) and the descriptor-based calls of Linux 5.2 and 5.12.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use crate::fd::owned;
use crate::{Call, Result, checked};

pub use libc::{
    MS_BIND, MS_DIRSYNC, MS_I_VERSION, MS_LAZYTIME, MS_MANDLOCK, MS_MOVE, MS_NOATIME, MS_NODEV,
    MS_NODIRATIME, MS_NOEXEC, MS_NOSUID, MS_NOSYMFOLLOW, MS_PRIVATE, MS_RDONLY, MS_REC, MS_RELATIME,
    MS_REMOUNT, MS_SHARED, MS_SILENT, MS_SLAVE, MS_STRICTATIME, MS_SYNCHRONOUS, MS_UNBINDABLE,
};

pub use libc::{
    MOUNT_ATTR__ATIME as ATTR_ATIME, MOUNT_ATTR_NOATIME as ATTR_NOATIME, MOUNT_ATTR_NODEV as ATTR_NODEV,
    MOUNT_ATTR_NODIRATIME as ATTR_NODIRATIME, MOUNT_ATTR_NOEXEC as ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID as ATTR_NOSUID, MOUNT_ATTR_NOSYMFOLLOW as ATTR_NOSYMFOLLOW,
    MOUNT_ATTR_RDONLY as ATTR_RDONLY, MOUNT_ATTR_RELATIME as ATTR_RELATIME,
    MOUNT_ATTR_STRICTATIME as ATTR_STRICTATIME,
};

const FSOPEN_CLOEXEC: u32 = 1;
const FSMOUNT_CLOEXEC: u32 = 1;
const FSCONFIG_SET_FLAG: u32 = 0;
const FSCONFIG_SET_STRING: u32 = 1;
const FSCONFIG_CMD_CREATE: u32 = 6;
const FSCONFIG_CMD_RECONFIGURE: u32 = 7;
const FSPICK_CLOEXEC: u32 = 1;
const FSPICK_EMPTY_PATH: u32 = 8;
const OPEN_TREE_CLONE: u32 = 1;
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
const MOVE_MOUNT_T_EMPTY_PATH: u32 = 0x40;

/// Whether a call works on one mount or on the whole tree below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// This mount alone.
    One,
    /// This mount and all below it (`AT_RECURSIVE`).
    Tree,
}

impl Depth {
    fn flag(self) -> u32 {
        match self {
            Depth::One => 0,
            Depth::Tree => libc::AT_RECURSIVE as u32,
        }
    }
}

/// mount(2); `None` stands for the null pointers that its forms without a source or type take.
pub fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    data: Option<&CStr>,
) -> Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: every string is terminated and outlives the call.
    let result =
        unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) };
    checked(Call::Mount, libc::c_long::from(result)).map(drop)
}

/// Detaches whatever is mounted at the path, busy or not (umount2(2) with `MNT_DETACH`).
pub fn detach(target: &CStr) -> Result<()> {
    // SAFETY: the path is terminated and outlives the call.
    let result = unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
    checked(Call::Umount, libc::c_long::from(result)).map(drop)
}

/// Makes `new` the root and puts the old one at `old` (pivot_root(2)).
pub fn pivot_root(new: &CStr, old: &CStr) -> Result<()> {
    // SAFETY: both paths are terminated and outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_pivot_root, new.as_ptr(), old.as_ptr()) };
    checked(Call::PivotRoot, result).map(drop)
}

/// Starts a new file system of a type (fsopen(2)).
pub fn open_file_system(kind: &CStr) -> Result<OwnedFd> {
    // SAFETY: the name is terminated and outlives the call.
    owned(Call::Fsopen, unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })
}

/// Sets an option with a value (fsconfig(2)).
pub fn set_string(context: impl AsFd, key: &CStr, value: &CStr) -> Result<()> {
    configure(context, FSCONFIG_SET_STRING, Some(key), Some(value))
}

/// Sets an option without a value (fsconfig(2)).
pub fn set_flag(context: impl AsFd, key: &CStr) -> Result<()> {
    configure(context, FSCONFIG_SET_FLAG, Some(key), None)
}

/// Makes (or finds) the superblock for the options given so far (fsconfig(2)).
pub fn create_file_system(context: impl AsFd) -> Result<()> {
    configure(context, FSCONFIG_CMD_CREATE, None, None)
}

/// Takes the file system under a descriptor up for a change of its options (fspick(2)).
pub fn pick_file_system(mount: impl AsFd) -> Result<OwnedFd> {
    let (mount, flags) = (mount.as_fd().as_raw_fd(), FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
    // SAFETY: the empty path is a terminated constant.
    owned(Call::Fspick, unsafe { libc::syscall(libc::SYS_fspick, mount, c"".as_ptr(), flags) })
}

/// Gives a file system that was taken up the options set since (fsconfig(2)).
pub fn reconfigure_file_system(context: impl AsFd) -> Result<()> {
    configure(context, FSCONFIG_CMD_RECONFIGURE, None, None)
}

/// The longest value, in bytes, that [`set_string`] can hand over: the kernel reads 256 with the NUL at the end.
pub const LONGEST_STRING: usize = 255;

fn configure(context: impl AsFd, command: u32, key: Option<&CStr>, value: Option<&CStr>) -> Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: the strings are terminated and outlive the call.
    let result = unsafe {
        let context = context.as_fd().as_raw_fd();
        libc::syscall(libc::SYS_fsconfig, context, command, pointer(key), pointer(value), 0)
    };
    checked(Call::Fsconfig, result).map(drop)
}

/// Turns a made file system into a detached mount with `ATTR_*` attributes (fsmount(2)).
pub fn mount_file_system(context: impl AsFd, attributes: u64) -> Result<OwnedFd> {
    let context = context.as_fd().as_raw_fd();
    // SAFETY: no pointers.
    owned(Call::Fsmount, unsafe { libc::syscall(libc::SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes) })
}

/// A detached copy of the mount at a path (open_tree(2) with `OPEN_TREE_CLONE`): a bind mount without a place.
pub fn clone_mount(dir: impl AsFd, path: &CStr, depth: Depth) -> Result<OwnedFd> {
    open_tree(dir, path, depth.flag())
}

/// The same of a symbolic link itself, if the path ends in one.
pub fn clone_link(dir: impl AsFd, path: &CStr, depth: Depth) -> Result<OwnedFd> {
    open_tree(dir, path, depth.flag() | libc::AT_SYMLINK_NOFOLLOW as u32)
}

fn open_tree(dir: impl AsFd, path: &CStr, flags: u32) -> Result<OwnedFd> {
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC as u32 | libc::AT_EMPTY_PATH as u32 | flags;
    // SAFETY: the path is terminated and outlives the call.
    owned(Call::OpenTree, unsafe {
        libc::syscall(libc::SYS_open_tree, dir.as_fd().as_raw_fd(), path.as_ptr(), flags)
    })
}

/// Attaches a detached mount on top of what `target` refers to (move_mount(2)).
pub fn attach(mount: impl AsFd, target: impl AsFd) -> Result<()> {
    let (mount, target) = (mount.as_fd().as_raw_fd(), target.as_fd().as_raw_fd());
    let flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    // SAFETY: the empty paths are terminated constants.
    let result =
        unsafe { libc::syscall(libc::SYS_move_mount, mount, c"".as_ptr(), target, c"".as_ptr(), flags) };
    checked(Call::MoveMount, result).map(drop)
}

/// What [`change`] does to a mount: attributes to set and to clear, and its propagation (`MS_*`, 0 = as it is).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// `ATTR_*` bits to set.
    pub set: u64,
    /// `ATTR_*` bits to clear.
    pub clear: u64,
    /// `MS_SHARED`, `MS_SLAVE`, `MS_PRIVATE` or `MS_UNBINDABLE`.
    pub propagation: u64,
}

/// Changes only the named attributes of a mount (mount_setattr(2), Linux 5.12), so locked ones survive.
pub fn change(mount: impl AsFd, depth: Depth, change: Change) -> Result<()> {
    let attributes = libc::mount_attr {
        attr_set: change.set,
        attr_clr: change.clear,
        propagation: change.propagation,
        userns_fd: 0,
    };
    set_attributes(mount, depth, &attributes)
}

/// Shows owners as the user namespace maps them (mount_setattr(2) with `MOUNT_ATTR_IDMAP`). The mount must be detached
/// still, and the caller have CAP_SYS_ADMIN over the file system. EINVAL for a file system that knows no such mounts.
pub fn map_ids(mount: impl AsFd, depth: Depth, users: BorrowedFd<'_>) -> Result<()> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_IDMAP,
        attr_clr: 0,
        propagation: 0,
        userns_fd: users.as_raw_fd() as u64,
    };
    set_attributes(mount, depth, &attributes)
}

fn set_attributes(mount: impl AsFd, depth: Depth, attributes: &libc::mount_attr) -> Result<()> {
    let flags = libc::AT_EMPTY_PATH as u32 | depth.flag();
    // SAFETY: the empty path is a constant; attributes outlives the call and its size is passed.
    let result = unsafe {
        let mount = mount.as_fd().as_raw_fd();
        let size = size_of_val(attributes);
        libc::syscall(
            libc::SYS_mount_setattr,
            mount,
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(attributes),
            size,
        )
    };
    checked(Call::MountSetattr, result).map(drop)
}

/// Attributes with their flag of mount(2) and their bit in statfs(2), in that order.
const FLAGS: &[(u64, u64, u64)] = &[
    (ATTR_RDONLY, MS_RDONLY, libc::ST_RDONLY),
    (ATTR_NOSUID, MS_NOSUID, libc::ST_NOSUID),
    (ATTR_NODEV, MS_NODEV, libc::ST_NODEV),
    (ATTR_NOEXEC, MS_NOEXEC, libc::ST_NOEXEC),
    (ATTR_NODIRATIME, MS_NODIRATIME, libc::ST_NODIRATIME),
    (ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, ST_NOSYMFOLLOW),
    (ATTR_NOATIME, MS_NOATIME, libc::ST_NOATIME),
    (ATTR_STRICTATIME, MS_STRICTATIME, 0),
];

/// `ST_NOSYMFOLLOW` of linux/statfs.h.
const ST_NOSYMFOLLOW: u64 = 0x2000;

/// Attributes as flags of mount(2).
pub fn classic_flags(attributes: u64) -> u64 {
    FLAGS.iter().filter(|(bit, ..)| attributes & bit != 0).fold(0, |flags, (_, flag, _)| flags | flag)
}

/// The attributes of the mount that a descriptor is in (`f_flags` of fstatfs(2)).
pub fn attributes(mount: impl AsFd) -> Result<u64> {
    // SAFETY: statfs64 is plain data.
    let mut found: libc::statfs64 = unsafe { std::mem::zeroed() };
    // SAFETY: the result outlives the call.
    let result = unsafe { libc::fstatfs64(mount.as_fd().as_raw_fd(), &raw mut found) };
    checked(Call::Fstatfs, libc::c_long::from(result))?;
    Ok(attributes_of(found.f_flags as u64))
}

/// `ST_RELATIME` of linux/statfs.h: not every libc has it.
const ST_RELATIME: u64 = 0x1000;

/// statfs(2) tells relatime, noatime, and by the lack of both strictatime.
fn attributes_of(flags: u64) -> u64 {
    let plain = FLAGS.iter().filter(|(.., bit)| flags & bit != 0).fold(0, |all, (bit, ..)| all | bit);
    if flags & (libc::ST_NOATIME | ST_RELATIME) == 0 { plain | ATTR_STRICTATIME } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_become_flags() {
        assert_eq!(classic_flags(ATTR_RDONLY | ATTR_NOATIME), MS_RDONLY | MS_NOATIME);
    }

    #[test]
    fn what_statfs_says_becomes_attributes() {
        assert_eq!(attributes_of(libc::ST_NODEV | libc::ST_RELATIME), ATTR_NODEV);
    }

    #[test]
    fn a_mount_with_neither_time_flag_is_strict() {
        assert_eq!(attributes_of(libc::ST_NOSUID), ATTR_NOSUID | ATTR_STRICTATIME);
    }
}
