//! What a child in a user namespace has no right to do with the host's files, its parent does and hands over.

use std::os::fd::{AsFd, OwnedFd};

use sys::clone::{Child, How, Side, clone};
use sys::namespace::{self, NEWNS, NEWUSER};
use sys::{Errno, Error as CallError, fd, mount, pidfd, process, socket};

use crate::error::{Error, Result};
use crate::idmap;
use crate::packet::Reason;
use crate::plan::{Action, IdMaps, IdView, MountSource};
use crate::rootfs;

/// User namespaces that were made for their id maps, to be used again.
#[derive(Debug, Default)]
pub(crate) struct Lender {
    users: Vec<(IdMaps, OwnedFd)>,
}

impl Lender {
    /// Makes a detached mount of the child's show owners by an id map.
    pub(crate) fn map_ids(&mut self, action: &Action, mount: impl AsFd, child: i32) -> Result<(), Error> {
        let Action::Mount(crate::plan::Mount { ids: Some((view, depth)), .. }) = action else {
            return Ok(());
        };
        let of_container;
        let users = match view {
            IdView::Container => {
                of_container = user_namespace_of(child)?;
                &of_container
            }
            IdView::Own(maps) => self.users_with(maps)?,
        };
        mount::map_ids(mount, *depth, users.as_fd())
            .map_err(Error::doing("map the ids of the mount"))
            .map_err(hint)
    }

    fn users_with(&mut self, maps: &IdMaps) -> Result<&OwnedFd> {
        let at = match self.users.iter().position(|(known, _)| known == maps) {
            Some(at) => at,
            None => {
                self.users.push((maps.clone(), make_user_namespace(maps)?));
                self.users.len() - 1
            }
        };
        Ok(&self.users[at].1)
    }
}

fn hint(error: Error) -> Error {
    let why = match &error {
        Error::Host { error: CallError { errno: Errno::EINVAL, .. }, .. } => {
            "its file system may not support it"
        }
        Error::Host { error: CallError { errno: Errno::EPERM, .. }, .. } => {
            "it takes root's rights over the file system"
        }
        _ => return error,
    };
    Error::Plain(format!("{error}: {why}"))
}

/// A user namespace with these maps and nobody in it: whoever was born there has ended.
fn make_user_namespace(maps: &IdMaps) -> Result<OwnedFd> {
    let doing = || Error::doing("make a user namespace for the ids of a mount");
    let (waits, ends) = fd::pipe().map_err(doing())?;
    match clone(How { flags: NEWUSER, cgroup: None }).map_err(doing())? {
        Side::Child => {
            fd::close_in_clone(&ends);
            // Whatever comes, the end of the file or an error, it is time to go.
            let _ = fd::read(&waits, &mut [0]);
            process::exit_now(0)
        }
        Side::Parent(Child { pid, pidfd }) => {
            let made = idmap::write(maps, pid).and_then(|()| user_namespace_of(pid));
            drop(ends);
            pidfd::reap(pidfd).map_err(doing())?;
            made
        }
    }
}

fn user_namespace_of(pid: i32) -> Result<OwnedFd> {
    open_namespace(pid, "user").map_err(Error::doing("open the user namespace"))
}

fn open_namespace(pid: i32, kind: &str) -> Result<OwnedFd, CallError> {
    let path = format!("/proc/{pid}/ns/{kind}");
    fd::open(fd::cwd(), &sys::file::c_path(path.as_ref(), sys::Call::Open)?, fd::O_RDONLY, 0)
}

/// Opens for the child what its own user may not reach: in its mount namespace, where the flags of the host's mounts
/// are locked, with the rights of the host's user. `None` if those do not suffice either.
pub(crate) fn open(action: &Action, child: i32) -> Result<Option<OwnedFd>> {
    let open = || match action {
        Action::BindRoot(path) => Ok(rootfs::propagation::bind(path)?),
        Action::Mount(mount) => match &mount.source {
            MountSource::Bind { source, depth, links } => Ok(rootfs::mount::clone(source, *depth, *links)?),
            _ => Err(Reason::Mismatch),
        },
        _ => Err(Reason::Mismatch),
    };
    in_mounts_of(child, open).map_err(Error::doing("open what the container's user may not"))
}

/// Runs `open` in another process that is in the mount namespace of `child`.
fn in_mounts_of(
    child: i32,
    open: impl FnOnce() -> Result<OwnedFd, Reason>,
) -> Result<Option<OwnedFd>, CallError> {
    let mounts = open_namespace(child, "mnt")?;
    let (ours, theirs) = socket::pair()?;
    match clone(How::default())? {
        Side::Child => {
            fd::close_in_clone(&ours);
            let opened = namespace::setns(&mounts, NEWNS).map_err(Reason::from).and_then(|()| open());
            let sent = opened.map(|fd| socket::send(&theirs, b"x", Some(fd.as_fd())));
            process::exit_now(i32::from(!matches!(sent, Ok(Ok(())))))
        }
        Side::Parent(helper) => {
            drop(theirs);
            let answer = socket::receive(&ours, &mut [0]);
            pidfd::reap(helper.pidfd)?;
            match answer {
                Err(CallError { errno: Errno::ECONNRESET, .. }) => Ok(None),
                answer => answer.map(|(_, fd)| fd),
            }
        }
    }
}
