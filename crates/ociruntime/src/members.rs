//! The processes of a container: those in its cgroup or, where it has none, those that share its namespaces.

use std::fs;
use std::path::PathBuf;

use cgroup::Cgroup;
use sys::namespace::{NEWPID, NEWUSER};

use crate::error::{Error, Result};
use crate::store::Record;

/// Their pids, in ascending order.
pub(crate) fn of(record: &Record) -> Result<Vec<i32>> {
    match (&record.cgroup, &record.init) {
        (Cgroup::Unmanaged, Some(init)) if init.is_alive()? => beside(init.pid, record.namespaces),
        (Cgroup::Unmanaged, _) => Ok(Vec::new()),
        (cgroup, _) => cgroup.processes().map_err(Error::other),
    }
}

/// The processes in the namespace that was made for the container: an ordinary user's has at least one for users.
fn beside(init: i32, made: u64) -> Result<Vec<i32>> {
    let kind = [(NEWPID, "pid"), (NEWUSER, "user")].into_iter().find(|(bit, _)| made & bit != 0);
    // An init that waits for `start` shows its namespaces to root alone; nobody is beside it yet.
    let Some((kind, own)) = kind.and_then(|(_, kind)| Some((kind, namespace(init, kind)?))) else {
        return Ok(vec![init]);
    };
    let entries = fs::read_dir("/proc").map_err(|error| Error::Other(format!("read /proc: {error}")))?;
    let all = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut pids: Vec<i32> = all.filter(|pid| namespace(*pid, kind).as_ref() == Some(&own)).collect();
    pids.sort_unstable();
    Ok(pids)
}

/// What identifies a namespace of a process; nothing if it is gone or somebody else's.
fn namespace(pid: i32, kind: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()
}
