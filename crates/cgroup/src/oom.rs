//! The kernel's OOM killer: did it strike here, and a notice when it does.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use sys::{Errno, errno_of};

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::{Error, control};

impl Cgroup {
    /// Whether the OOM killer ended a process of this cgroup, by its own memory limit or the machine's.
    /// `false` when the host cannot say: it has no memory controller, or one older than Linux 4.13.
    pub fn was_oom_killed(&self) -> bool {
        let file = match self.hierarchy("memory") {
            Some(hierarchy) => Some(hierarchy.file("memory.oom_control")),
            None => self.unified().map(|unified| unified.file("memory.events")),
        };
        file.is_some_and(|file| kills(&file) > 0)
    }

    /// Asks the kernel to announce out-of-memory events of this cgroup.
    ///
    /// # Errors
    /// If the host has no memory controller or the kernel refuses.
    pub fn oom_events(&self) -> Result<OomEvents, Error> {
        match (self.hierarchy("memory"), self.unified()) {
            (Some(hierarchy), _) => OomEvents::v1(hierarchy),
            (None, Some(unified)) => OomEvents::v2(unified),
            (None, None) => Err(crate::controllers::absent("memory")),
        }
    }
}

/// How often the killer struck; 0 if the file is not there.
fn kills(file: &str) -> u64 {
    control::read_short(file).ok().and_then(|contents| control::keyed(&contents, "oom_kill")).unwrap_or(0)
}

/// A descriptor that becomes readable (poll(2)) when the cgroup runs out of memory.
#[derive(Debug)]
pub struct OomEvents {
    source: Source,
    /// memory.oom_control or memory.events.
    file: String,
    seen: u64,
}

#[derive(Debug)]
enum Source {
    /// Announces each event, and the end of the cgroup.
    V1(EventFd),
    /// Announces each change of memory.events, of which few are kills.
    V2(Inotify),
}

impl OomEvents {
    /// Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control".
    fn v1(hierarchy: &Hierarchy) -> Result<OomEvents, Error> {
        let file = hierarchy.file("memory.oom_control");
        let failed = |errno| Error::kernel(format!("watch {file}"), errno);
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_value_and_flags(0, flags).map_err(failed)?;
        let watched = File::open(&file).map_err(|error| failed(errno_of(&error)))?;
        let request = format!("{} {}", event.as_fd().as_raw_fd(), watched.as_raw_fd());
        control::write(&hierarchy.file("cgroup.event_control"), &request)?;
        Ok(OomEvents { source: Source::V1(event), seen: 0, file })
    }

    /// cgroups(7), "memory.events": a change is a modification of the file.
    fn v2(unified: &Unified) -> Result<OomEvents, Error> {
        let file = unified.file("memory.events");
        let failed = |errno| Error::kernel(format!("watch {file}"), errno);
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).map_err(failed)?;
        inotify.add_watch(file.as_str(), AddWatchFlags::IN_MODIFY).map_err(failed)?;
        Ok(OomEvents { source: Source::V2(inotify), seen: kills(&file), file })
    }

    /// Takes what has been announced, without waiting: whether the cgroup ran out of memory since the last
    /// time.
    ///
    /// # Errors
    /// If the descriptor cannot be read.
    pub fn take(&mut self) -> Result<bool, Error> {
        let announced = match self.drain() {
            Ok(()) => true,
            Err(Errno::EAGAIN) => false,
            Err(errno) => return Err(Error::kernel(format!("read events of {}", self.file), errno)),
        };
        match self.source {
            // The end of the cgroup is announced too, and is no such event.
            Source::V1(_) => Ok(announced && control::read_short(&self.file).is_ok()),
            // The kernel holds announcements back for some milliseconds: the count is there before.
            Source::V2(_) => {
                let before = std::mem::replace(&mut self.seen, kills(&self.file));
                Ok(self.seen > before)
            }
        }
    }

    fn drain(&self) -> Result<(), Errno> {
        match &self.source {
            Source::V1(event) => event.read().map(drop),
            Source::V2(inotify) => inotify.read_events().map(drop),
        }
    }
}

impl AsFd for OomEvents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.source {
            Source::V1(event) => event.as_fd(),
            Source::V2(inotify) => inotify.as_fd(),
        }
    }
}
