//! Mounts one thing at a place inside the root.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};

use sys::mount::{self, ATTR_ATIME, ATTR_RDONLY, Change, Depth};
use sys::{Errno, Error, fd, fs};

use super::{Root, bind, classic, copy_up, layers, link};
use crate::child::Host;
use crate::packet::Reason;
use crate::plan::{Content, DestinationLink, Links, Mount, MountSource, On, Proc, SourceLink};

/// Options of a file system: keys, and values where they have one.
type Options = [(CString, Option<CString>)];

/// Mounts `what` inside the root. The mount has its attributes before it can be seen. Answers it if it covers the root.
pub(crate) fn mount(root: &Root, what: &Mount, host: Host<'_>) -> Result<Option<OwnedFd>, Reason> {
    match &what.source {
        MountSource::FileSystem { kind, options, on, content } => {
            fresh(root, what, host, (kind, options), *on, *content)
        }
        MountSource::Bind { source, depth, links } => bound(root, what, host, (source, *depth), *links),
        MountSource::Remount { options } => remount(root, what, options).map(|()| None),
        MountSource::Link { target } => link::make(root, &what.destination, target).map(|()| None),
    }
}

fn fresh(
    root: &Root,
    what: &Mount,
    host: Host<'_>,
    (kind, options): (&CStr, &Options),
    on: On,
    content: Content,
) -> Result<Option<OwnedFd>, Reason> {
    let covered = copy_up::covered(root, &what.destination, content)?;
    let target = directory(root, &what.destination, on)?;
    check_target(&target, what)?;
    // What is to be filled first, or given a mode, becomes read-only afterwards.
    let late = if content == Content::Fresh { 0 } else { ATTR_RDONLY };
    match file_system(kind, options, what.change.set & !late) {
        Err(error) if classic::makes(&error, options) => {
            classic::file_system(kind, options, what.change.set & !late, &target)?;
            let mounted = mounted(root, what)?;
            copy_up::fill(&mounted, covered, content)?;
            check_proc(&mounted, what)?;
            set(&mounted, Depth::One, Change { set: what.change.set & late, ..Change::default() })?;
            set(&mounted, Depth::Tree, what.recursive)?;
            finish(&mounted, what).map(|()| None)
        }
        result => {
            let mount = result?;
            check_proc(&mount, what)?;
            copy_up::fill(&mount, covered, content)?;
            place(mount, &target, Change { set: what.change.set & late, ..Change::default() }, what, host)
        }
    }
}

fn bound(
    root: &Root,
    what: &Mount,
    host: Host<'_>,
    (source, depth): (&CStr, Depth),
    links: Links,
) -> Result<Option<OwnedFd>, Reason> {
    if links.source == SourceLink::Copied
        && let Some(target) = link::target(source)?
    {
        return link::make(root, &what.destination, &target).map(|()| None);
    }
    let mount = match clone(source, depth, links) {
        // The container's user may not go there, but the host's may.
        Err(error @ Error { errno: Errno::EACCES, .. }) => host.ask(None)?.ok_or(error)?,
        Err(Error { errno: Errno::EINVAL, .. }) if clone(source, Depth::Tree, links).is_ok() => {
            return Err(Reason::LockedBelow);
        }
        Err(error) if classic::is_hidden(&error) => return old_bind(root, what, (source, depth), links),
        result => result?,
    };
    let target = same_kind(root, &what.destination, &mount, links.destination)?;
    check_target(&target, what)?;
    check_proc(&mount, what)?;
    place(mount, &target, what.change, what, host)
}

/// A detached copy of the source.
pub(crate) fn clone(source: &CStr, depth: Depth, links: Links) -> Result<OwnedFd, Error> {
    match links.source {
        SourceLink::Mounted => mount::clone_link(fd::cwd(), source, depth),
        SourceLink::Followed | SourceLink::Copied => mount::clone_mount(fd::cwd(), source, depth),
    }
}

/// A bind mount by mount(2), which is in place before it has its attributes.
fn old_bind(
    root: &Root,
    what: &Mount,
    (source, depth): (&CStr, Depth),
    links: Links,
) -> Result<Option<OwnedFd>, Reason> {
    let follow = if links.source == SourceLink::Mounted { fd::O_NOFOLLOW } else { 0 };
    let source = fd::open(fd::cwd(), source, fd::O_PATH | follow, 0)?;
    let target = same_kind(root, &what.destination, &source, links.destination)?;
    check_target(&target, what)?;
    check_proc(&source, what)?;
    if what.ids.is_some() {
        return Err(Error { call: sys::Call::OpenTree, errno: Errno::ENOSYS }.into());
    }
    classic::bind(&source, depth, &target)?;
    let mounted = mounted(root, what)?;
    if !is_same(&fs::stat(&mounted)?, &fs::stat(&source)?) {
        return Err(Reason::Mismatch);
    }
    set(&mounted, Depth::One, what.change)?;
    set(&mounted, Depth::Tree, what.recursive)?;
    finish(&mounted, what).map(|()| None)
}

/// Whether nobody has put something else into the place meanwhile.
fn is_same(one: &fs::Stat, other: &fs::Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// What is on top at the destination. A mount by mount(2) over the root cannot be reached by any path in it.
fn mounted(root: &Root, what: &Mount) -> Result<OwnedFd, Reason> {
    if covers_root(what) {
        return Err(Error { call: sys::Call::OpenTree, errno: Errno::ENOSYS }.into());
    }
    Ok(root.resolve(&what.destination)?)
}

fn remount(root: &Root, what: &Mount, options: &Options) -> Result<(), Reason> {
    let mounted = root.resolve(&what.destination)?;
    if !options.is_empty() {
        reconfigure(&mounted, options)?;
    }
    set(&mounted, Depth::One, what.change)?;
    set(&mounted, Depth::Tree, what.recursive)?;
    finish(&mounted, what)
}

/// Makes a file system of a type and a detached mount of it.
pub(crate) fn file_system(kind: &CStr, options: &Options, attributes: u64) -> Result<OwnedFd, Error> {
    let context = mount::open_file_system(kind)?;
    configure(&context, options)?;
    mount::create_file_system(&context)?;
    mount::mount_file_system(&context, attributes)
}

fn reconfigure(mounted: &OwnedFd, options: &Options) -> Result<(), Error> {
    let context = match mount::pick_file_system(mounted) {
        Err(error) if classic::is_hidden(&error) => return classic::reconfigure(mounted, options),
        result => result?,
    };
    configure(&context, options)?;
    mount::reconfigure_file_system(&context)
}

fn configure(context: &OwnedFd, options: &Options) -> Result<(), Error> {
    for (key, value) in options {
        match value {
            Some(value) if key.as_c_str() == c"lowerdir" && value.count_bytes() > mount::LONGEST_STRING => {
                layers::add(context, value)?;
            }
            Some(value) => mount::set_string(context, key, value)?,
            None => mount::set_flag(context, key)?,
        }
    }
    Ok(())
}

/// Nothing may lie over the files of /proc, by which the kernel is asked for labels and limits (CVE-2025-52881),
/// whatever links lead there.
fn check_target(target: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    let is_allowed = what.proc != Proc::Outside || fs::file_system(target)? != fs::PROC_SUPER_MAGIC;
    if is_allowed { Ok(()) } else { Err(Reason::CoversProc) }
}

fn check_proc(mount: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    let is_allowed = what.proc != Proc::Itself || fs::file_system(mount)? == fs::PROC_SUPER_MAGIC;
    if is_allowed { Ok(()) } else { Err(Reason::CoversProc) }
}

fn directory(root: &Root, path: &CStr, on: On) -> Result<OwnedFd, Reason> {
    match on {
        On::Directory => Ok(root.make_directories(path)?),
        On::PlainDirectory => root.plain_directory(path).map_err(|error| match error.errno {
            Errno::ELOOP | Errno::ENOTDIR => Reason::NotPlainDirectory,
            _ => Reason::Call(error),
        }),
    }
}

/// The place for a bind mount: a directory for a directory, a file for everything else; made if missing.
fn same_kind(root: &Root, path: &CStr, mount: impl AsFd, links: DestinationLink) -> Result<OwnedFd, Reason> {
    let is_directory = fs::is_directory(&fs::stat(mount)?);
    match links {
        DestinationLink::Refused => directory(root, path, On::PlainDirectory),
        DestinationLink::Covered => match root.link_itself(path)? {
            Some(link) => Ok(link),
            None => same(root, path, is_directory),
        },
        DestinationLink::Followed => same(root, path, is_directory),
    }
}

fn same(root: &Root, path: &CStr, is_directory: bool) -> Result<OwnedFd, Reason> {
    Ok(if is_directory { root.make_directories(path) } else { root.make_file(path) }?)
}

/// Gives a detached mount its owners and attributes, and attaches it.
fn place(
    mount: OwnedFd,
    target: &OwnedFd,
    change: Change,
    what: &Mount,
    host: Host<'_>,
) -> Result<Option<OwnedFd>, Reason> {
    if what.ids.is_some() {
        // Whose rights over the file system suffice is the host's user.
        host.ask(Some(mount.as_fd()))?;
    }
    let waits = match change_copy(&mount, change) {
        Err(error) if bind::must_wait(&error) => true,
        result => result.map(|()| false)?,
    };
    apply(&mount, Depth::Tree, what.recursive)?;
    mount::attach(&mount, target)?;
    if waits {
        classic::change(&mount, Depth::One, change)?;
    }
    finish(&mount, what)?;
    Ok(covers_root(what).then_some(mount))
}

fn covers_root(what: &Mount) -> bool {
    what.destination.as_c_str() == c"."
}

/// In a user namespace the flags of the host's mounts are locked: a copy keeps them where clearing is denied. All that
/// are set are locked together, so that to clear none is to clear all that may be cleared.
fn change_copy(mount: &OwnedFd, change: Change) -> Result<(), Error> {
    match apply(mount, Depth::One, change) {
        Err(Error { errno: Errno::EPERM, .. }) if change.clear != 0 => apply(
            mount,
            Depth::One,
            Change { clear: change.clear & ATTR_ATIME & atime_mask(change.set), ..change },
        ),
        result => result,
    }
}

/// The time attributes are one field of the kernel's, which must be cleared as a whole to be set.
fn atime_mask(set: u64) -> u64 {
    if set & ATTR_ATIME != 0 { ATTR_ATIME } else { 0 }
}

/// Propagation comes last: a mount that is shared already would spread what is still done to it.
fn finish(mount: &OwnedFd, what: &Mount) -> Result<(), Reason> {
    for (flags, depth) in &what.propagation {
        set(mount, *depth, Change { propagation: *flags, ..Change::default() })?;
    }
    Ok(())
}

/// Changes a mount that is attached.
pub(crate) fn set(mount: impl AsFd, depth: Depth, change: Change) -> Result<(), Error> {
    match apply(&mount, depth, change) {
        Err(error) if classic::is_hidden(&error) => classic::change(mount, depth, change),
        result => result,
    }
}

fn apply(mount: impl AsFd, depth: Depth, change: Change) -> Result<(), Error> {
    if change == Change::default() { Ok(()) } else { mount::change(mount, depth, change) }
}
