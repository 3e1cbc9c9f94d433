//! The places in a container's file tree on which something is mounted: for those who do not mount it themselves.
//!
//! CRIU writes down what is mounted where and mounts it again. What it cannot know is what is the host's in there, and
//! what it does not make is what is mounted on.

use std::ffi::{CStr, CString};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sys::{Call, fd, file};

use crate::error::{Error, Result};
use crate::plan::{Action, Device, MountSource, Step};
use crate::rootfs::Root;

/// One such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where, relative to the root file system.
    pub destination: CString,
    /// What is there.
    pub content: Shown,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A file system of the container's own.
    Own,
    /// A file or directory of the host's.
    Host(CString),
    /// Nothing: a file is hidden behind the host's /dev/null.
    Mask,
}

impl Place {
    /// The place that a step mounts on; of the default devices there are several.
    pub fn of(step: &Step) -> Vec<Place> {
        let at = |destination: &CStr, content| vec![Place { destination: destination.into(), content }];
        match &step.action {
            Action::Mount(mount) => match &mount.source {
                MountSource::FileSystem { .. } => at(&mount.destination, Shown::Own),
                MountSource::Bind { source, .. } => at(&mount.destination, Shown::Host(source.clone())),
                MountSource::Remount { .. } | MountSource::Link { .. } => Vec::new(),
            },
            Action::Dev(dev) => dev.nodes.iter().filter_map(|node| device(b"dev/", node)).collect(),
            Action::Device(node) => device(b"", node).into_iter().collect(),
            Action::MaskedPath(path) => at(path, Shown::Mask),
            _ => Vec::new(),
        }
    }

    /// The place as the container's processes have it: an absolute path.
    pub fn path(&self) -> PathBuf {
        Path::new("/").join(path(&self.destination))
    }

    /// Where the place is in the mount namespace of a process, all symbolic links followed; `None` if it is not there,
    /// or if it is to be hidden and is a directory, which another mount hides.
    pub fn find(&self, process: i32) -> Option<PathBuf> {
        let root = file::c_path(Path::new(&format!("/proc/{process}/root")), Call::Open).ok()?;
        let root = Root::new(fd::open(fd::cwd(), &root, fd::O_PATH, 0).ok()?);
        let found = root.resolve(&self.destination).ok()?;
        let hides_nothing =
            self.content == Shown::Mask && sys::fs::is_directory(&sys::fs::stat(&found).ok()?);
        let link = fd::ProcPath::new(found.as_fd());
        fs::read_link(path(link.as_c_str())).ok().filter(|_| !hides_nothing)
    }
}

/// A device that is bound.
fn device(directory: &[u8], node: &Device) -> Option<Place> {
    let destination = CString::new([directory, node.path.to_bytes()].concat()).ok()?;
    node.bind.then(|| Place { destination, content: Shown::Host(node.host.clone()) })
}

/// Makes what is mounted on, where the root file system or a directory of the host's that is mounted before lacks it.
/// In a file system of the container's own it comes with that.
///
/// # Errors
/// If something else is in the way, or the source of a bind mount is not there.
pub fn make_mountpoints(rootfs: &Path, places: &[Place]) -> Result<()> {
    places.iter().enumerate().try_for_each(|(index, place)| {
        let made = make_one(rootfs, place, &places[..index]);
        made.map_err(|error| {
            Error::Plain(format!("make the mount point {}: {error}", place.path().display()))
        })
    })
}

fn make_one(rootfs: &Path, place: &Place, before: &[Place]) -> sys::Result<()> {
    let holder = before.iter().rev().find_map(|holder| Some((holder, rest(holder, place)?)));
    let (root, destination) = match holder {
        None => (rootfs, place.destination.as_c_str()),
        Some((Place { content: Shown::Host(source), .. }, rest)) => (path(source), rest),
        Some(_) => return Ok(()),
    };
    if destination.is_empty() || place.content == Shown::Mask {
        return Ok(());
    }
    let root = Root::new(file::open_dir(root)?);
    match &place.content {
        Shown::Host(source) if !sys::fs::is_directory(&sys::fs::stat_at(fd::cwd(), source, 0)?) => {
            root.make_file(destination).map(drop)
        }
        _ => root.make_directories(destination).map(drop),
    }
}

/// The way from one place to another beneath it.
fn rest<'p>(holder: &Place, place: &'p Place) -> Option<&'p CStr> {
    let rest = place.destination.to_bytes_with_nul().strip_prefix(holder.destination.to_bytes())?;
    let rest = match rest.first() {
        Some(0) => rest,
        Some(b'/') => &rest[1..],
        _ => return None,
    };
    CStr::from_bytes_with_nul(rest).ok().filter(|_| holder.content != Shown::Mask)
}

fn path(text: &CStr) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(text.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(destination: &CStr, content: Shown) -> Place {
        Place { destination: destination.into(), content }
    }

    /// A root file system and a volume, both empty, in a directory of their own.
    fn scratch(name: &str) -> (PathBuf, PathBuf, CString) {
        let scratch = std::env::temp_dir().join(format!("tree-{name}-{}", std::process::id()));
        let (rootfs, volume) = (scratch.join("rootfs"), scratch.join("volume"));
        fs::create_dir_all(&rootfs).unwrap();
        fs::create_dir_all(&volume).unwrap();
        let source = file::c_path(&volume, Call::Open).unwrap();
        (scratch, rootfs, source)
    }

    #[track_caller]
    fn check(name: &str, places: impl FnOnce(&CStr) -> Vec<Place>, made: &[&str], not_made: &[&str]) {
        let (scratch, rootfs, source) = scratch(name);
        let result = make_mountpoints(&rootfs, &places(&source));
        let exists = |path: &&str| scratch.join(path).exists();
        let (made, not_made) = (made.iter().all(exists), not_made.iter().any(exists));
        fs::remove_dir_all(&scratch).unwrap();
        result.unwrap();
        assert!(made && !not_made);
    }

    #[test]
    fn a_volume_gets_a_directory() {
        check("volume", |source| vec![place(c"a/b", Shown::Host(source.into()))], &["rootfs/a/b"], &[]);
    }

    #[test]
    fn a_place_in_a_volume_is_made_there() {
        let places = |source: &CStr| vec![place(c"a", Shown::Host(source.into())), place(c"a/b", Shown::Own)];
        check("nested", places, &["rootfs/a", "volume/b"], &["rootfs/a/b"]);
    }

    #[test]
    fn a_place_in_a_file_system_of_its_own_comes_with_it() {
        let places = |_: &CStr| vec![place(c"dev", Shown::Own), place(c"dev/pts", Shown::Own)];
        check("own", places, &["rootfs/dev"], &["rootfs/dev/pts"]);
    }

    #[test]
    fn a_file_gets_a_file() {
        let places = |_: &CStr| vec![place(c"etc/x", Shown::Host(c"/proc/self/stat".into()))];
        let (scratch, rootfs, source) = scratch("file");
        make_mountpoints(&rootfs, &places(&source)).unwrap();
        let is_file = rootfs.join("etc/x").is_file();
        fs::remove_dir_all(&scratch).unwrap();
        assert!(is_file);
    }

    #[test]
    fn what_is_hidden_is_not_made() {
        check("mask", |_| vec![place(c"proc/kcore", Shown::Mask)], &[], &["rootfs/proc"]);
    }

    #[test]
    fn a_name_that_begins_alike_is_another_place() {
        assert_eq!(rest(&place(c"a/b", Shown::Own), &place(c"a", Shown::Own)), None);
        assert_eq!(rest(&place(c"a", Shown::Own), &place(c"ab", Shown::Own)), None);
        assert_eq!(rest(&place(c"a", Shown::Own), &place(c"a", Shown::Own)), Some(c""));
        assert_eq!(rest(&place(c"a", Shown::Own), &place(c"a/b/c", Shown::Own)), Some(c"b/c"));
    }
}
