//! Resolves a path inside a root name by name: what openat2(2) does, for kernels before 5.6 and for outer
//! seccomp filters that hide it.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};

use sys::fd::{self, O_DIRECTORY, O_NOFOLLOW, O_PATH};
use sys::{Call, Errno, Error, Result, fs};

/// As many links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// As long as the kernel lets a link be.
pub(super) const PATH_MAX: usize = 4096;

/// Opens a path with `root` as the root of its links.
pub(super) fn open(root: impl AsFd, path: &CStr, flags: i32) -> Result<OwnedFd> {
    walk(root, path, flags, MOST_LINKS)
}

/// The same, refusing any link.
pub(super) fn open_plain(root: impl AsFd, path: &CStr, flags: i32) -> Result<OwnedFd> {
    walk(root, path, flags, 0)
}

fn walk(root: impl AsFd, path: &CStr, flags: i32, mut links: usize) -> Result<OwnedFd> {
    // Directories from the root down; `..` goes back to one that was really passed, and never above the root.
    let mut passed: Vec<OwnedFd> = vec![fd::open(root, c".", O_PATH | O_DIRECTORY, 0)?];
    let mut left = names(path.to_bytes());
    while let Some(name) = left.pop() {
        if name.as_bytes() == b".." {
            if passed.len() > 1 {
                passed.pop();
            }
            continue;
        }
        let here = passed.last().ok_or(refused(Errno::ENOENT))?;
        let next = fd::open(here, &name, O_PATH | O_NOFOLLOW, 0)?;
        if fs::stat(&next)?.st_mode & fs::S_IFMT != fs::S_IFLNK {
            passed.push(next);
            continue;
        }
        links = links.checked_sub(1).ok_or(refused(Errno::ELOOP))?;
        let mut target = [0; PATH_MAX];
        let target = fs::read_link(&next, c"", &mut target)?;
        if target.starts_with(b"/") {
            passed.truncate(1);
        }
        left.extend(names(target));
    }
    let end = passed.pop().ok_or(refused(Errno::ENOENT))?;
    if flags & !O_DIRECTORY == O_PATH {
        let wanted = flags & O_DIRECTORY == 0 || fs::is_directory(&fs::stat(&end)?);
        return if wanted { Ok(end) } else { Err(refused(Errno::ENOTDIR)) };
    }
    fd::open(fd::cwd(), fd::ProcPath::new(&end).as_c_str(), flags, 0)
}

fn refused(errno: Errno) -> Error {
    Error { call: Call::Open, errno }
}

/// The names of a path, last first, without empty ones and `.`.
fn names(path: &[u8]) -> Vec<CString> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    names.rev().filter_map(|name| CString::new(name).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A root with `etc/passwd`, links that try to leave, and a loop.
    fn root() -> (std::path::PathBuf, OwnedFd) {
        let path = std::env::temp_dir().join(format!("ociruntime-walk-{:?}", std::thread::current().id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("etc")).unwrap();
        std::fs::write(path.join("etc/passwd"), "inside").unwrap();
        symlink("/etc/passwd", path.join("absolute")).unwrap();
        symlink("../../../../etc/passwd", path.join("upward")).unwrap();
        symlink("loop", path.join("loop")).unwrap();
        let fd = std::fs::File::open(&path).unwrap();
        (path, fd.into())
    }

    #[track_caller]
    fn check(path: &CStr, expected: Result<&str, Errno>) {
        let (directory, root) = root();
        let read = |file: OwnedFd| std::io::read_to_string(std::fs::File::from(file)).unwrap();
        let found = open(&root, path, fd::O_RDONLY).map(read).map_err(|error| error.errno);
        assert_eq!(found.as_deref(), expected.as_deref());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_plain_path_is_found() {
        check(c"etc/passwd", Ok("inside"));
    }

    #[test]
    fn an_absolute_link_stays_inside() {
        check(c"absolute", Ok("inside"));
    }

    #[test]
    fn a_link_upward_stays_inside() {
        check(c"upward", Ok("inside"));
    }

    #[test]
    fn dots_in_the_path_stay_inside() {
        check(c"../../etc/./passwd", Ok("inside"));
    }

    #[test]
    fn a_loop_of_links_ends() {
        check(c"loop", Err(Errno::ELOOP));
    }

    #[test]
    fn a_missing_name_is_missing() {
        check(c"etc/shadow", Err(Errno::ENOENT));
    }
}
