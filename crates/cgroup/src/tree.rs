//! Walks the cgroups below a cgroup.
//!
//! A container may have made them, as deep as it likes: deeper than a path name may be long, or than there
//! are descriptors. So the walk holds one descriptor, goes down by name and up by `..`. That is safe: no
//! cgroup can be moved to another parent.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::dir::{Dir, Type};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use sys::{Errno, errno_of};

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC).union(OFlag::O_NOFOLLOW);

/// A cgroup on the way down, and which of its children are still to be visited.
struct Level {
    name: CString,
    children: Vec<CString>,
}

/// Visits the cgroup and all below it, children before their parents.
pub(crate) fn visit(top: &str, enter: impl FnMut(BorrowedFd<'_>) -> Result<(), Errno>) -> Result<(), Errno> {
    walk(top, enter, |_, _| Ok(()))
}

/// Removes all cgroups below, but not the cgroup itself; `false` if one of them is busy.
pub(crate) fn remove_below(top: &str) -> Result<bool, Errno> {
    let mut all = true;
    let remove = |parent: BorrowedFd<'_>, name: &CStr| match unlinkat(parent, name, UnlinkatFlags::RemoveDir)
    {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(Errno::EBUSY | Errno::ENOTEMPTY) => {
            all = false;
            Ok(())
        }
        Err(errno) => Err(errno),
    };
    walk(top, |_| Ok(()), remove).map(|()| all)
}

/// `enter` is called with each cgroup, `left` with the parent and the name of each one below the top.
fn walk(
    top: &str,
    mut enter: impl FnMut(BorrowedFd<'_>) -> Result<(), Errno>,
    mut left: impl FnMut(BorrowedFd<'_>, &CStr) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let mut here = nix::fcntl::open(top, DIRECTORY, Mode::empty())?;
    enter(here.as_fd())?;
    let mut path = vec![Level { name: CString::default(), children: children(&here)? }];
    while let Some(level) = path.last_mut() {
        if let Some(name) = level.children.pop() {
            // Gone by now is as good as visited.
            let Some(child) = if_there(openat(&here, name.as_c_str(), DIRECTORY, Mode::empty()))? else {
                continue;
            };
            enter(child.as_fd())?;
            path.push(Level { name, children: children(&child)? });
            here = child;
        } else if let (Some(level), false) = (path.pop(), path.is_empty()) {
            here = openat(&here, c"..", DIRECTORY, Mode::empty())?;
            left(here.as_fd(), &level.name)?;
        }
    }
    Ok(())
}

fn if_there(opened: Result<OwnedFd, Errno>) -> Result<Option<OwnedFd>, Errno> {
    match opened {
        Ok(directory) => Ok(Some(directory)),
        Err(Errno::ENOENT | Errno::ENODEV) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The names of the cgroups directly below.
fn children(directory: &OwnedFd) -> Result<Vec<CString>, Errno> {
    // The link count of a cgroup's directory is two and one for each child: mostly this saves the listing.
    if fstat(directory)?.st_nlink == 2 {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    let directory = directory.try_clone().map_err(|error| errno_of(&error))?;
    for entry in Dir::from_fd(directory)?.iter() {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type() == Some(Type::Directory) && name != c"." && name != c".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// `top` with `a/b`, `a/c` and `d` below it.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Tree {
            let top = std::env::temp_dir().join(format!("cgroup-tree-{}-{name}", std::process::id()));
            ["a/b", "a/c", "d"].iter().for_each(|path| fs::create_dir_all(top.join(path)).unwrap());
            Tree(top)
        }

        fn top(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn every_cgroup_is_entered_once() {
        let mut count = 0;
        visit(Tree::new("visit").top(), |_| {
            count += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(count, 5);
    }

    #[test]
    fn children_are_left_before_their_parents() {
        let mut names = Vec::new();
        walk(
            Tree::new("walk").top(),
            |_| Ok(()),
            |_, name| {
                names.push(name.to_str().unwrap().to_string());
                Ok(())
            },
        )
        .unwrap();
        let position = |name| names.iter().position(|known| known == name).unwrap();
        assert!(position("a") > position("b") && position("a") > position("c"));
    }

    #[test]
    fn all_below_is_removed_and_the_top_stays() {
        let tree = Tree::new("remove");
        assert_eq!(remove_below(tree.top()), Ok(true));
        assert_eq!(fs::read_dir(tree.top()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_busy_is_told_and_the_rest_removed() {
        let tree = Tree::new("busy");
        fs::write(tree.0.join("a/c/file"), "").unwrap();
        assert_eq!(remove_below(tree.top()), Ok(false));
        assert!(tree.0.join("a/c").exists() && !tree.0.join("a/b").exists() && !tree.0.join("d").exists());
    }

    #[test]
    fn a_walk_from_nowhere_is_an_error() {
        assert_eq!(visit("/nowhere", |_| Ok(())), Err(Errno::ENOENT));
    }
}
