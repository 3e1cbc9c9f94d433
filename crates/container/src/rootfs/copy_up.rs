//! Fills a new tmpfs with what the directory that it covers holds (`tmpcopyup`), or gives it that one's mode.
//!
//! The source is the image's, which may be hostile: no link in it is followed. The tmpfs is nobody else's yet.

use std::ffi::{CStr, CString};
use std::fs::{File, FileTimes};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use sys::fd::{self, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_RDONLY, O_WRONLY, ProcPath};
use sys::{Call, Errno, Error, Named, Result, fs};

use super::Root;
use super::walk::PATH_MAX;
use crate::plan::Content;

/// The directory that will be covered, if it is there already and the new file system takes after it.
pub(super) fn covered(root: &Root, path: &CStr, content: Content) -> Result<Option<OwnedFd>> {
    let flags = match content {
        Content::Fresh => return Ok(None),
        Content::Alike => O_PATH | O_DIRECTORY,
        Content::Copied => O_RDONLY | O_DIRECTORY,
    };
    match root.open(path, flags) {
        Err(Error { errno: Errno::ENOENT, .. }) => Ok(None),
        result => result.map(Some),
    }
}

/// Makes the file system look like what it covers.
pub(super) fn fill(mount: &OwnedFd, covered: Option<OwnedFd>, content: Content) -> Result<()> {
    let Some(covered) = covered else { return Ok(()) };
    let stat = fs::stat(&covered)?;
    if content == Content::Copied {
        copy_entries(&covered, mount)?;
        own(mount, c"", &stat)?;
    }
    fs::set_mode(mount, c".", stat.st_mode & PERMISSIONS)
}

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

fn copy_entries(from: &OwnedFd, to: impl AsFd) -> Result<()> {
    let entries = std::fs::read_dir(path_of(from)).named(Call::ReadDir)?;
    for entry in entries {
        let name = entry.named(Call::ReadDir)?.file_name();
        let name =
            CString::new(name.as_bytes()).map_err(|_| Error { call: Call::ReadDir, errno: Errno::EINVAL })?;
        copy(from, to.as_fd(), &name)?;
    }
    Ok(())
}

fn copy(from: &OwnedFd, to: impl AsFd, name: &CStr) -> Result<()> {
    let source = fd::open(from, name, O_PATH | O_NOFOLLOW, 0)?;
    let stat = fs::stat(&source)?;
    let kind = stat.st_mode & fs::S_IFMT;
    match kind {
        fs::S_IFLNK => {
            let mut buffer = [0; PATH_MAX];
            let target = CString::new(fs::read_link(&source, c"", &mut buffer)?);
            let target = target.map_err(|_| Error { call: Call::ReadLink, errno: Errno::EINVAL })?;
            fs::make_symlink(&target, &to, name)?;
            return own(&to, name, &stat);
        }
        fs::S_IFDIR => {
            fs::make_directory(&to, name, 0o700)?;
            let made = fd::open(&to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)?;
            copy_entries(&fd::open(&source, c".", O_RDONLY | O_DIRECTORY, 0)?, &made)?;
        }
        fs::S_IFREG => copy_file(&source, &fd::open(&to, name, O_WRONLY | O_CREAT | O_EXCL, 0o600)?)?,
        _ => fs::make_node(&to, name, stat.st_mode, fs::device_numbers(&stat))?,
    }
    // The owner first: it takes set-user-id bits away.
    own(&to, name, &stat)?;
    fs::set_mode(&to, name, stat.st_mode & PERMISSIONS)
}

/// An owner that the user namespace does not map cannot be given; what was made stays with its root.
fn own(dir: impl AsFd, name: &CStr, stat: &fs::Stat) -> Result<()> {
    match fs::set_owner(dir, name, stat.st_uid, stat.st_gid) {
        Err(Error { errno: Errno::EINVAL, .. }) => Ok(()),
        result => result,
    }
}

fn copy_file(source: &OwnedFd, to: &OwnedFd) -> Result<()> {
    let mut source = File::open(path_of(source)).named(Call::Open)?;
    let mut to = File::from(to.try_clone().named(Call::Dup)?);
    std::io::copy(&mut source, &mut to).named(Call::CopyFile)?;
    let written = source.metadata().and_then(|metadata| metadata.modified()).named(Call::Stat)?;
    to.set_times(FileTimes::new().set_modified(written)).named(Call::CopyFile)
}

fn path_of(fd: &OwnedFd) -> std::path::PathBuf {
    std::ffi::OsStr::from_bytes(ProcPath::new(fd).as_c_str().to_bytes()).into()
}
