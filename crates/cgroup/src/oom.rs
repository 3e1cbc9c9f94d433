//! The kernel's OOM killer: did it strike here, and a notice when it does.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use sys::{Errno, errno_of};

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::systemd::Unit;
use crate::{Error, control, locate};

impl Cgroup {
    /// Whether the OOM killer ended a process of this cgroup, by its own memory limit or the machine's.
    /// `false` when the host cannot say: it has no memory controller, or one older than Linux 4.13.
    pub fn was_oom_killed(&self) -> bool {
        self.kills().is_some_and(|kills| kills > 0)
    }

    /// What to compare with for [`was_oom_killed_since`](Self::was_oom_killed_since); to be taken before systemd is asked
    /// for the unit. `None` for a cgroup that is not systemd's to remove.
    pub fn oom_mark(&self) -> Option<OomMark> {
        self.unit()?;
        self.kills_around().map(OomMark)
    }

    /// As [`was_oom_killed`](Self::was_oom_killed), also of a unit that is gone: systemd removes its cgroup, and what it has
    /// counted, with its last process. What counts around it is not removed; that a neighbour was struck since the mark looks
    /// the same, so this is for a process that was killed.
    pub fn was_oom_killed_since(&self, mark: Option<OomMark>) -> bool {
        let has_grown = |OomMark(before)| self.kills_around().is_some_and(|now| now > before);
        self.kills().map_or_else(|| mark.is_some_and(has_grown), |kills| kills > 0)
    }

    /// How often the killer struck in this cgroup.
    fn kills(&self) -> Option<u64> {
        match self.hierarchy("memory") {
            Some(hierarchy) => kills(&hierarchy.file("memory.oom_control")),
            None => kills(&self.unified()?.file("memory.events")),
        }
    }

    /// How often it struck in what outlives this cgroup. On v2 that is the cgroup above, which counts for all that are or
    /// were below it (cgroup-v2.rst, "memory.events"); 0 if it is not there yet. No cgroup of v1 does so: there it is the
    /// machine. (The announcements of v1 do not help: the removal of a cgroup looks like one more event; and systemd sets the
    /// limit before it moves the process in, which can be dead before anybody could listen.)
    fn kills_around(&self) -> Option<u64> {
        if self.hierarchy("memory").is_some() {
            return kills_of_machine();
        }
        let directory = self.unified()?.directory();
        let own = match self.unit() {
            Some(Unit { subgroup: Some(_), .. }) => locate::parent(&directory),
            _ => &directory,
        };
        Some(kills(&format!("{}/memory.events", locate::parent(own))).unwrap_or(0))
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

/// How often the killer struck; `None` if the file is not there.
fn kills(file: &str) -> Option<u64> {
    control::keyed(&control::read_short(file).ok()?, "oom_kill")
}

/// The same of the whole machine (proc_vmstat(5)).
fn kills_of_machine() -> Option<u64> {
    let counts = control::read_all("/proc/vmstat").ok()?;
    control::keyed(&String::from_utf8_lossy(&counts), "oom_kill")
}

/// A count of the OOM killer's strikes at one time, in what outlives a unit's cgroup.
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
        Ok(OomEvents { source: Source::V2(inotify), seen: kills(&file).unwrap_or(0), file })
    }

    /// Takes what has been announced, without waiting: whether the cgroup ran out of memory since the last
    /// time.
    ///
    /// # Errors
    /// If the descriptor cannot be read.
    pub fn take(&mut self) -> Result<bool, Error> {
        let announced = match self.drain() {
            Ok(count) => count,
            Err(Errno::EAGAIN) => 0,
            Err(errno) => return Err(Error::kernel(format!("read events of {}", self.file), errno)),
        };
        match self.source {
            // The end of the cgroup is announced too, once, and is no such event.
            Source::V1(_) => Ok(announced > 1 || announced == 1 && control::read_short(&self.file).is_ok()),
            // The kernel holds announcements back for some milliseconds: the count is there before.
            Source::V2(_) => {
                let before = std::mem::replace(&mut self.seen, kills(&self.file).unwrap_or(0));
                Ok(self.seen > before)
            }
        }
    }

    /// How many announcements there were, at least.
    fn drain(&self) -> Result<u64, Errno> {
        match &self.source {
            Source::V1(event) => event.read(),
            Source::V2(inotify) => inotify.read_events().map(|events| events.len() as u64),
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
    use std::fs;
    use std::path::{Path, PathBuf};

    fn unit(tree: Cgroup) -> Cgroup {
        Cgroup::Systemd(Unit {
            name: "b.scope".into(),
            slice: Some("a.slice".into()),
            who: Who::System,
            bus: "/bus".into(),
            subgroup: None,
            tree: Box::new(tree),
        })
    }

    /// A unit of v2 below a directory of the test's.
    fn unit_of_v2(mount: &Path) -> Cgroup {
        unit(Cgroup::V2(Unified {
            controllers: "memory".into(),
            mount: mount.to_str().unwrap().into(),
            path: "/a.slice/b.scope".into(),
        }))
    }

    /// Has the cgroup count so many.
    fn count(directory: &Path, kills: u64) {
        fs::create_dir_all(directory).unwrap();
        let events = format!("oom 9\noom_kill {kills}\noom_group_kill 0\n");
        fs::write(directory.join("memory.events"), events).unwrap();
    }

    fn mount(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("oom-{name}-{}", std::process::id()))
    }

    #[test]
    fn the_slice_still_knows_of_a_unit_that_is_gone() {
        let mount = mount("gone");
        let unit = unit_of_v2(&mount);
        count(&mount.join("a.slice"), 3);
        let mark = unit.oom_mark();
        let before = unit.was_oom_killed_since(mark);
        count(&mount.join("a.slice"), 4);
        let after = unit.was_oom_killed_since(mark);
        fs::remove_dir_all(&mount).unwrap();
        assert_eq!((mark, before, after), (Some(OomMark(3)), false, true));
    }

    #[test]
    fn what_outlives_a_subgroup_is_above_its_unit() {
        let mount = mount("subgroup");
        let unit = unit_of_v2(&mount).in_subgroup(Some("box"));
        count(&mount.join("a.slice"), 3);
        count(&mount.join("a.slice/b.scope"), 1);
        let mark = unit.oom_mark();
        fs::remove_dir_all(&mount).unwrap();
        assert_eq!(mark, Some(OomMark(3)));
    }

    #[test]
    fn a_unit_that_is_there_speaks_for_itself() {
        let mount = mount("there");
        let unit = unit_of_v2(&mount);
        count(&mount.join("a.slice/b.scope"), 0);
        count(&mount.join("a.slice"), 4);
        let neighbour = unit.was_oom_killed_since(Some(OomMark(3)));
        count(&mount.join("a.slice/b.scope"), 1);
        let own = unit.was_oom_killed_since(Some(OomMark(3)));
        fs::remove_dir_all(&mount).unwrap();
        assert_eq!((neighbour, own), (false, true));
    }

    #[test]
    fn of_a_unit_of_v1_that_is_gone_the_machine_knows() {
        let memory =
            Hierarchy { controllers: "memory".into(), mount: "/no/such".into(), path: "/b.scope".into() };
        let unit = unit(Cgroup::V1 { hierarchies: vec![memory], unified: None });
        assert!(unit.oom_mark().is_some());
        assert!(unit.was_oom_killed_since(kills_of_machine().map(|now| OomMark(now.wrapping_sub(1)))));
        assert!(!unit.was_oom_killed_since(Some(OomMark(u64::MAX))));
    }

    #[test]
    fn without_systemd_nothing_is_marked() {
        assert_eq!(Cgroup::Unmanaged.oom_mark(), None);
    }
}
