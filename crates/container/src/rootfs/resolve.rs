//! Resolves a path inside the root once, to a descriptor, which everything after acts on.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use sys::fd::{self, IN_ROOT, NO_MAGICLINKS, NO_SYMLINKS, O_DIRECTORY, O_PATH};
use sys::{Call, Errno, Error, Result, fs};

use super::walk;

/// Makes something of a name in a directory.
type Maker<'m> = dyn Fn(&OwnedFd, &CStr) -> Result<()> + 'm;

/// As many links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// The root file system. No path that is opened through it leaves it, whatever links are planted inside.
#[derive(Debug)]
pub(crate) struct Root(OwnedFd);

impl Root {
    /// Takes the descriptor of the root directory.
    pub(crate) fn new(fd: OwnedFd) -> Root {
        Root(fd)
    }

    /// What the path refers to (as `O_PATH`), links followed inside the root.
    pub(crate) fn resolve(&self, path: &CStr) -> Result<OwnedFd> {
        self.open(path, O_PATH)
    }

    /// Opens the path, links followed inside the root.
    pub(crate) fn open(&self, path: &CStr, flags: i32) -> Result<OwnedFd> {
        match fd::open_resolved(&self.0, path, flags, IN_ROOT | NO_MAGICLINKS) {
            Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) => walk::open(&self.0, path, flags),
            result => result,
        }
    }

    /// A directory with no link on the way, made if missing. ELOOP or ENOTDIR if it is no such thing.
    pub(crate) fn plain_directory(&self, path: &CStr) -> Result<OwnedFd> {
        let flags = O_PATH | O_DIRECTORY;
        match fd::open_resolved(&self.0, path, flags, IN_ROOT | NO_SYMLINKS) {
            Err(Error { errno: Errno::ENOENT, .. }) => self.make_directories(path),
            Err(Error { errno: Errno::ENOSYS | Errno::EPERM, .. }) => walk::open_plain(&self.0, path, flags),
            result => result,
        }
    }

    /// The directory, made with its parents (mode 0755) where missing.
    pub(crate) fn make_directories(&self, path: &CStr) -> Result<OwnedFd> {
        self.make(path, MOST_LINKS, O_PATH | O_DIRECTORY, &|parent, name| {
            fs::make_directory(parent, name, 0o755)
        })
    }

    /// What the path refers to, or an empty file made there with the parents it needs.
    pub(crate) fn make_file(&self, path: &CStr) -> Result<OwnedFd> {
        self.make(path, MOST_LINKS, O_PATH, &|parent, name| {
            fs::make_node(parent, name, fs::S_IFREG | 0o755, (0, 0))
        })
    }

    fn make(&self, path: &CStr, links: usize, flags: i32, make: &Maker<'_>) -> Result<OwnedFd> {
        match self.open(path, flags) {
            Err(Error { errno: Errno::ENOENT, .. }) => {}
            result => return result,
        }
        let (parent_path, name) = split(path)?;
        let parent = self.make_directories(&parent_path)?;
        match make(&parent, name) {
            // A link to nothing: what it names is made, inside the root.
            Err(Error { errno: Errno::EEXIST, .. }) if links > 0 => {
                let target = link_target(&parent, &parent_path, name)?;
                self.make(&target, links - 1, flags, make)
            }
            result => {
                result?;
                let made = fd::open(&parent, name, flags | fd::O_NOFOLLOW, 0)?;
                // Whoever swapped the name for a link in between gets nothing mounted there.
                match fs::stat(&made)?.st_mode & fs::S_IFMT {
                    fs::S_IFLNK => Err(Error { call: Call::Open, errno: Errno::ELOOP }),
                    _ => Ok(made),
                }
            }
        }
    }

    /// The symbolic link that the path ends in (as `O_PATH`), if it does.
    pub(crate) fn link_itself(&self, path: &CStr) -> Result<Option<OwnedFd>> {
        let Ok((parent, name)) = split(path) else { return Ok(None) };
        let found =
            self.resolve(&parent).and_then(|parent| fd::open(parent, name, O_PATH | fd::O_NOFOLLOW, 0));
        match found {
            Err(Error { errno: Errno::ENOENT, .. }) => Ok(None),
            result => {
                let found = result?;
                let is_link = fs::stat(&found)?.st_mode & fs::S_IFMT == fs::S_IFLNK;
                Ok(is_link.then_some(found))
            }
        }
    }

    /// The directory that holds the path's last name, made where missing, and that name.
    pub(crate) fn make_parent<'p>(&self, path: &'p CStr) -> Result<(OwnedFd, &'p CStr)> {
        let (parent, name) = split(path)?;
        Ok((self.make_directories(&parent)?, name))
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where the link leads, as a path in the root.
fn link_target(parent: &OwnedFd, parent_path: &CStr, name: &CStr) -> Result<CString> {
    let mut buffer = [0; walk::PATH_MAX];
    let target = fs::read_link(parent, name, &mut buffer)?;
    let path = match target.strip_prefix(b"/") {
        Some(absolute) => absolute.to_vec(),
        None => [parent_path.to_bytes(), b"/", target].concat(),
    };
    CString::new(path).map_err(|_| Error { call: Call::Open, errno: Errno::EINVAL })
}

/// Splits off the last name. ENOENT for a path that ends in `..` or has no name: nothing can be made there.
fn split(path: &CStr) -> Result<(CString, &CStr)> {
    let nothing = Error { call: Call::Open, errno: Errno::ENOENT };
    let bytes = path.to_bytes();
    let slash = bytes.iter().rposition(|byte| *byte == b'/');
    let parent = slash.map_or(&b"."[..], |slash| &bytes[..slash]);
    let start = slash.map_or(0, |slash| slash + 1);
    let name = CStr::from_bytes_with_nul(&path.to_bytes_with_nul()[start..]).map_err(|_| nothing)?;
    if matches!(name.to_bytes(), b"" | b"." | b"..") {
        return Err(nothing);
    }
    Ok((CString::new(if parent.is_empty() { b"." } else { parent }).map_err(|_| nothing)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &CStr, expected: Option<(&CStr, &CStr)>) {
        let found = split(path).ok();
        assert_eq!(found.as_ref().map(|(parent, name)| (parent.as_c_str(), *name)), expected);
    }

    #[test]
    fn a_path_splits_into_parent_and_name() {
        check(c"a/b/c", Some((c"a/b", c"c")));
        check(c"a", Some((c".", c"a")));
        check(c"a/..", None);
        check(c"a/", None);
    }
}
