//! What is mounted, and where.

use std::ffi::CString;

use sys::mount::{Change, Depth};

use super::IdMaps;

/// One mount below the root file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where, relative to the root file system, without a leading slash.
    pub destination: CString,
    /// What.
    pub source: MountSource,
    /// Attributes of the mount itself.
    pub change: Change,
    /// Attributes of it and everything below it.
    pub recursive: Change,
    /// Propagation changes (`MS_*`) in order, each of one mount or a tree.
    pub propagation: Vec<(u64, Depth)>,
    /// By which map owners show, in one mount or a tree.
    pub ids: Option<(IdView, Depth)>,
    /// What it has to do with the container's /proc.
    pub proc: Proc,
}

impl Mount {
    /// A mount with nothing changed about it.
    pub fn new(destination: CString, source: MountSource) -> Mount {
        Mount {
            destination,
            source,
            change: Change::default(),
            recursive: Change::default(),
            propagation: Vec::new(),
            ids: None,
            proc: Proc::Outside,
        }
    }
}

/// By which id map a mount shows owners (mount_setattr(2), `MOUNT_ATTR_IDMAP`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdView {
    /// That of the container's user namespace.
    Container,
    /// One of its own.
    Own(IdMaps),
}

/// Where a mount stands to the container's /proc, over which only some things may be mounted (CVE-2019-16884).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proc {
    /// Nowhere near it.
    Outside,
    /// On /proc itself: must be a proc file system.
    Itself,
    /// On a file inside that gives no power over the kernel, as those that lxcfs replaces.
    Harmless,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum MountSource {
    /// A new file system of a type, with its options in order, and at first with a copy of what it covers or without.
    FileSystem { kind: CString, options: Options, on: On, content: Content },
    /// A part of the host's file tree.
    Bind { source: CString, depth: Depth, links: Links },
    /// What is already mounted there: its attributes change, and the file system's own options if there are any.
    Remount { options: Options },
    /// No mount, but a symbolic link to this target.
    Link { target: CString },
}

/// Options of a file system: keys, and values where they have one.
pub type Options = Vec<(CString, Option<CString>)>;

/// What is in a new file system at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What the file system makes itself.
    Fresh,
    /// The same, with the mode of the directory that it covers if the image has one.
    Alike,
    /// A copy of the directory that it covers (`tmpcopyup`).
    Copied,
}

/// What becomes of symbolic links at the two ends of a bind mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// If the source is one.
    pub source: SourceLink,
    /// If the destination is one.
    pub destination: DestinationLink,
}

/// What becomes of a source that is a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceLink {
    /// What it leads to is mounted.
    #[default]
    Followed,
    /// The link itself is mounted (`src-nofollow`).
    Mounted,
    /// A link to the same target is made at the destination (`copy-symlink`).
    Copied,
}

/// What becomes of a destination that is a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestinationLink {
    /// What it leads to, inside the root, is mounted on.
    #[default]
    Followed,
    /// The link itself is mounted on (`dest-nofollow`).
    Covered,
    /// That, or a link anywhere on the way, is an error: where the host's /proc or /sys stands in for the container's.
    Refused,
}

/// What a mount's destination may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A directory, reached by symbolic links inside the root or not; made if missing.
    Directory,
    /// A plain directory with no symbolic link on the way: /proc and /sys (CVE-2019-19921).
    PlainDirectory,
}

/// How the root file system becomes the root directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootEntry {
    /// pivot_root(2), after which nothing of the host's tree is mounted.
    Pivot,
    /// Move the mount over `/` and chroot: for a host root on an initramfs.
    Move,
    /// chroot(2) alone: there is no mount namespace.
    Chroot,
}
