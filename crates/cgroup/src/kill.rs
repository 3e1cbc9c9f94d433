//! Ends every process of a cgroup.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sys::Errno;

use crate::cgroup::{Cgroup, Unified};
use crate::processes::processes_in;
use crate::{Error, control};

/// How often to look again where nothing can hold forks still.
const ROUNDS: usize = 64;

impl Cgroup {
    /// Sends SIGKILL to every process of the subtree and sees to it that frozen ones can die of it. Does not
    /// wait for their end: [`remove`](Self::remove) does. A cgroup that is gone, or empty, is success.
    ///
    /// # Errors
    /// If a process may not be killed, or processes appear faster than they can be ended.
    pub fn kill(&self) -> Result<(), Error> {
        let killed_at_once = match self.unified() {
            Some(unified) if self.unified_holds_all()? => kill_by_file(unified)?,
            _ => false,
        };
        match killed_at_once {
            true => {
                // The kernel's sweep passes over a process whose main thread has ended while others live.
                self.kill_each()?;
                self.thaw_if_v1()
            }
            false => self.kill_one_by_one(),
        }
    }

    /// Whether the unified hierarchy knows every process that v1 knows. On a hybrid host an administrator may
    /// have moved a process by v1 alone.
    fn unified_holds_all(&self) -> Result<bool, Error> {
        let (false, Some(unified)) = (self.hierarchies().is_empty(), self.unified()) else { return Ok(true) };
        let known = processes_in(&unified.directory())?;
        Ok(self.processes()?.iter().all(|pid| known.binary_search(pid).is_ok()))
    }

    /// Frozen, the processes can neither fork nor end, so each pid is still whose it was. The freezer of v1
    /// lets frozen tasks die only when they are thawed.
    fn kill_one_by_one(&self) -> Result<(), Error> {
        // Without a freezer, or with a task that does not stop, rounds until nobody is left do the same, less
        // surely.
        let frozen = !self.processes()?.is_empty() && self.freeze().is_ok();
        let killed = if frozen { self.kill_each().map(drop) } else { self.kill_in_rounds() };
        if frozen {
            self.thaw_if_there()?;
        }
        killed
    }

    /// On v2 who is killed ends frozen, too, and systemd removes a cgroup that is empty.
    fn thaw_if_there(&self) -> Result<(), Error> {
        match self.thaw() {
            Err(error) if error.is_gone() => Ok(()),
            thawed => thawed,
        }
    }

    /// Until a round finds nobody new.
    fn kill_in_rounds(&self) -> Result<(), Error> {
        let mut known: Vec<i32> = Vec::new();
        for _ in 0..ROUNDS {
            let pids = self.kill_each()?;
            if pids.iter().all(|pid| known.contains(pid)) {
                return Ok(());
            }
            known.extend(pids);
            std::thread::yield_now();
        }
        Err(Error::rule("end the container's processes: they fork faster than they can be ended"))
    }

    /// Returns who was there.
    fn kill_each(&self) -> Result<Vec<i32>, Error> {
        let pids = self.processes()?;
        for &pid in &pids {
            match kill(Pid::from_raw(pid), Signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => return Err(Error::kernel(format!("kill process {pid}"), errno)),
            }
        }
        Ok(pids)
    }

    /// cgroup.kill ends what v2 froze, but not what v1 froze.
    fn thaw_if_v1(&self) -> Result<(), Error> {
        match (self.hierarchy("freezer"), self.is_frozen()) {
            (Some(_), Ok(true)) => self.thaw_if_there(),
            // Not frozen, no freezer of v1, or gone.
            _ => Ok(()),
        }
    }
}

/// Kills by cgroup.kill; `false` if the kernel does not have it (before Linux 5.14, and in threaded cgroups).
fn kill_by_file(unified: &Unified) -> Result<bool, Error> {
    let file = unified.file("cgroup.kill");
    match control::write(&file, "1") {
        Ok(()) => Ok(true),
        Err(error) => match error.errno {
            Some(Errno::ENOENT | Errno::EOPNOTSUPP) => Ok(false),
            Some(Errno::ENODEV) => Ok(true),
            _ => Err(error),
        },
    }
}
