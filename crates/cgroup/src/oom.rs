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

    /// What to compare with for [`was_oom_killed_since`](Self::was_oom_killed_since); to be taken before systemd is asked
    /// for the unit. `None` for a cgroup that is not systemd's to remove, and on v1, where no cgroup counts for those below.
    pub fn oom_mark(&self) -> Option<OomMark> {
        self.unit()?.tree.kills_above().map(OomMark)
    }

    /// As [`was_oom_killed`](Self::was_oom_killed), also of a unit that is gone: systemd removes its cgroup, and what it has
    /// counted, with its last process. The cgroup above counts for all below it and keeps its count (cgroup-v2.rst,
    /// "memory.events"); that a neighbour was struck since the mark looks the same, so this is for a process that was killed.
    pub fn was_oom_killed_since(&self, mark: Option<OomMark>) -> bool {
        let has_grown = |OomMark(before)| self.kills_above().is_some_and(|now| now > before);
        self.was_oom_killed() || mark.is_some_and(has_grown)
    }

    /// How often the killer struck in the cgroup above and all that are or were below it; 0 if that is not there yet.
    fn kills_above(&self) -> Option<u64> {
        if self.hierarchy("memory").is_some() {
            return None;
        }
        let directory = self.unified()?.directory();
        let (above, _) = directory.rsplit_once('/')?;
        Some(kills(&format!("{above}/memory.events")))
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

/// A count of the OOM killer's strikes at one time, in the cgroup above a unit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomMark(u64);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systemd::{Unit, Who};

    /// A unit of v2 in a slice that has counted so many.
    fn unit(mount: &std::path::Path, kills: u64) -> Cgroup {
        std::fs::create_dir_all(mount.join("a.slice")).unwrap();
        let events = format!("oom 9\noom_kill {kills}\noom_group_kill 0\n");
        std::fs::write(mount.join("a.slice/memory.events"), events).unwrap();
        let unified = Unified {
            controllers: "memory".into(),
            mount: mount.to_str().unwrap().into(),
            path: "/a.slice/b.scope".into(),
        };
        Cgroup::Systemd(Unit {
            name: "b.scope".into(),
            slice: Some("a.slice".into()),
            who: Who::System,
            bus: "/bus".into(),
            tree: Box::new(Cgroup::V2(unified)),
        })
    }

    #[test]
    fn the_slice_still_knows_of_a_unit_that_is_gone() {
        let mount = std::env::temp_dir().join(format!("oom-mark-{}", std::process::id()));
        let mark = unit(&mount, 3).oom_mark();
        let before = unit(&mount, 3).was_oom_killed_since(mark);
        let after = unit(&mount, 4).was_oom_killed_since(mark);
        std::fs::remove_dir_all(&mount).unwrap();
        assert_eq!((mark, before, after), (Some(OomMark(3)), false, true));
    }

    #[test]
    fn without_systemd_nothing_is_marked() {
        assert_eq!(Cgroup::Unmanaged.oom_mark(), None);
    }
}
