//! The processes of a container: those in its cgroup or, where it has none, those that share its namespaces.

use std::fs::{self, File};
use std::path::PathBuf;

use cgroup::Cgroup;
use sys::Errno;
use sys::namespace::{NEWPID, NEWUSER};

use crate::error::{Error, Result};
use crate::store::Record;

/// Their pids, in ascending order.
pub(crate) fn of(record: &Record) -> Result<Vec<i32>> {
    match (&record.cgroup, &record.init) {
        (Cgroup::Unmanaged, Some(init)) if init.is_alive()? => {
            Circle::of(init.pid, record.namespaces).map_or(Ok(vec![init.pid]), |circle| circle.pids())
        }
        (Cgroup::Unmanaged, _) => Ok(Vec::new()),
        (cgroup, _) => cgroup.processes().map_err(Error::other),
    }
}

/// Those in the namespace that was made for a container: an ordinary user's has at least one for users.
pub(crate) struct Circle {
    kind: &'static str,
    name: PathBuf,
    /// Keeps the namespace, and with it the name, from becoming another's once nobody is in it.
    _namespace: File,
}

impl Circle {
    /// The circle of the container's init, which has to be there still: afterwards nothing tells whose a namespace was.
    ///
    /// None around an init that waits for `start`: it shows its namespaces to root alone, and nobody is beside it yet.
    pub(crate) fn of(init: i32, made: u64) -> Option<Circle> {
        let (_, kind) = [(NEWPID, "pid"), (NEWUSER, "user")].into_iter().find(|(bit, _)| made & bit != 0)?;
        let namespace = File::open(format!("/proc/{init}/ns/{kind}")).ok()?;
        Some(Circle { kind, name: name(init, kind)?, _namespace: namespace })
    }

    fn pids(&self) -> Result<Vec<i32>> {
        let entries = fs::read_dir("/proc").map_err(Error::io("read", "/proc"))?;
        let all = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut pids: Vec<i32> = all.filter(|pid| self.has(*pid)).collect();
        pids.sort_unstable();
        Ok(pids)
    }

    fn has(&self, pid: i32) -> bool {
        name(pid, self.kind).as_ref() == Some(&self.name)
    }

    /// Sends SIGKILL to all, in rounds until one finds nobody new: nothing can hold their forks still.
    ///
    /// # Errors
    /// If one may not be killed, or they appear faster than they can be ended.
    pub(crate) fn kill(&self) -> Result<()> {
        const ROUNDS: usize = 64;
        let mut known = Vec::new();
        for _ in 0..ROUNDS {
            let pids = self.pids()?;
            if pids.iter().all(|pid| known.contains(pid)) {
                return Ok(());
            }
            pids.iter().try_for_each(|pid| self.kill_one(*pid))?;
            known = pids;
        }
        Err(Error::Other("end the container's processes: they fork faster than they can be ended".into()))
    }

    /// First the pidfd, then the look: what it names is one of the circle, or dead and its pid taken by one.
    fn kill_one(&self, pid: i32) -> Result<()> {
        let killed = sys::pidfd::open(pid).and_then(|pidfd| match self.has(pid) {
            true => sys::pidfd::kill(pidfd),
            false => Ok(()),
        });
        match killed {
            Err(error) if error.errno == Errno::ESRCH => Ok(()),
            result => result.map_err(|error| Error::Other(format!("kill process {pid}: {error}"))),
        }
    }
}

/// What identifies a namespace of a process; nothing if it is gone or somebody else's.
fn name(pid: i32, kind: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()
}
