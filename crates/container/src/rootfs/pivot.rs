//! Enters the new root and drops the old one.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use sys::mount::{self, MS_MOVE, MS_REC, MS_SLAVE};
use sys::{Errno, Error, Result, fd, namespace, process};

use super::Root;
use crate::plan::RootEntry;

/// Makes the root file system the root directory, and the working directory.
pub(crate) fn enter(root: &Root, how: RootEntry) -> Result<()> {
    match how {
        RootEntry::Pivot => to_namespace_root().and_then(|()| pivot(root))?,
        RootEntry::Move => to_namespace_root().and_then(|()| r#move(root))?,
        RootEntry::Chroot => chroot(root)?,
    }
    process::change_directory(c"/")
}

/// Goes to the root of the mount namespace, for that is the root to be replaced. It is another one if the runtime was called
/// after chroot(2): below that directory the host's tree would stay mounted, and setns(2), be it `exec`'s or the
/// container's own, would lead there.
fn to_namespace_root() -> Result<()> {
    let ours = fd::open(fd::cwd(), c"/proc/self/ns/mnt", fd::O_RDONLY, 0)?;
    namespace::setns(ours, namespace::NEWNS)
}

/// pivot_root(2) with both roots in one place, as its manual page advises: the old root ends up on top of the
/// new one, where it is detached. Nothing of the host's tree stays mounted.
fn pivot(root: &Root) -> Result<()> {
    let old = fd::open(fd::cwd(), c"/", fd::O_PATH | fd::O_DIRECTORY, 0)?;
    process::change_directory_to(root)?;
    mount::pivot_root(c".", c".")?;
    process::change_directory_to(&old)?;
    // The old root's mounts may be shared with the host, which must not see them go.
    mount::mount(None, c".", None, MS_SLAVE | MS_REC, None)?;
    mount::detach(c".")
}

fn chroot(root: &Root) -> Result<()> {
    process::change_directory_to(root)?;
    process::change_root(c".")
}

/// For a root on an initramfs, which cannot be pivoted away: move the new root over it. The host's mounts stay
/// underneath, so the ones that give power over the kernel go first.
fn r#move(root: &Root) -> Result<()> {
    process::change_directory_to(root)?;
    for place in kernel_mounts() {
        match mount::detach(&place) {
            // Locked in a user namespace, or gone with its parent.
            Err(Error { errno: Errno::EINVAL | Errno::EPERM, .. }) => cover(&place)?,
            result => result?,
        }
    }
    mount::mount(Some(c"."), c"/", None, MS_MOVE, None)?;
    process::change_root(c".")
}

fn cover(place: &CString) -> Result<()> {
    match mount::mount(Some(c"tmpfs"), place, Some(c"tmpfs"), mount::MS_RDONLY, Some(c"size=0k")) {
        Err(Error { errno: Errno::ENOENT, .. }) => Ok(()),
        result => result,
    }
}

/// Where the host's proc and sysfs are mounted: everything outside the new root, deepest last in the table and
/// so first in the answer.
fn kernel_mounts() -> Vec<CString> {
    let here = std::env::current_dir().unwrap_or_default();
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let outside = |place: &&str| !std::path::Path::new(place).starts_with(&here);
    let places = table.lines().filter_map(kernel_mount).filter(outside);
    let mut places: Vec<CString> = places
        .filter_map(|place| CString::new(std::path::Path::new(place).as_os_str().as_bytes()).ok())
        .collect();
    places.reverse();
    places
}

/// The mount point of a mountinfo line (proc_pid_mountinfo(5)) of type proc or sysfs.
fn kernel_mount(line: &str) -> Option<&str> {
    let (mount, file_system) = line.split_once(" - ")?;
    let kind = file_system.split(' ').next()?;
    matches!(kind, "proc" | "sysfs").then(|| mount.split(' ').nth(4)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proc_mount_is_found_in_its_line() {
        let line = "24 30 0:22 / /proc rw,nosuid - proc proc rw";
        assert_eq!(kernel_mount(line), Some("/proc"));
    }

    #[test]
    fn other_mounts_are_left_alone() {
        assert_eq!(kernel_mount("30 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw"), None);
    }
}
