//! Removes a container's cgroup and all that grew below it.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sys::{Errno, errno_of};

use crate::cgroup::{Cgroup, Unified};
use crate::events::{Event, wait_for};
use crate::processes::processes_in;
use crate::systemd::Unit;
use crate::{Error, tree};

/// How long killed processes may take to be gone: one that frees gigabytes needs a while.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pauses between two attempts on v1, which has no event for the end of the last process.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

impl Cgroup {
    /// Removes the cgroups below, depth first, and then the cgroup itself, in every hierarchy. Waits a little
    /// for processes that are about to end. What is not there is removed. A unit is stopped then.
    ///
    /// # Errors
    /// `container's cgroup is not empty: N process(es) found` if they do not end in two seconds.
    pub fn remove(&self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        // The unified hierarchy goes first: it tells when the last process has gone, which is then true of v1
        // too.
        let v2 = self.unified().map(|unified| remove_v2(unified, deadline));
        let v1 = self.hierarchies().iter().map(|hierarchy| remove_v1(&hierarchy.directory(), deadline));
        // All hierarchies are tried, so that one busy one does not keep the others; the first error is told.
        let removed: Vec<Result<(), Error>> = v2.into_iter().chain(v1).collect();
        removed.into_iter().collect::<Result<(), Error>>()?;
        // Last: nobody is in it any more, so that systemd has nobody to end in its own way.
        self.unit().map_or(Ok(()), Unit::stop)
    }
}

fn remove_v1(directory: &str, deadline: Instant) -> Result<(), Error> {
    let mut pause = FIRST_PAUSE;
    while !try_remove(directory)? {
        if Instant::now() > deadline {
            return Err(busy(directory));
        }
        sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

fn remove_v2(unified: &Unified, deadline: Instant) -> Result<(), Error> {
    let directory = unified.directory();
    if try_remove(&directory)? {
        return Ok(());
    }
    match wait_for(unified, Event::Empty, deadline) {
        Err(error) if error.errno == Some(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error),
        // The event may come a moment before the kernel lets go.
        Ok(true) => remove_v1(&directory, deadline),
        Ok(false) => Err(busy(&directory)),
    }
}

/// One attempt; `false` if the kernel says that somebody is in it.
fn try_remove(directory: &str) -> Result<bool, Error> {
    if rmdir(directory)? {
        return Ok(true);
    }
    match tree::remove_below(directory) {
        Ok(true) => rmdir(directory),
        Ok(false) => Ok(false),
        Err(Errno::ENOENT) => Ok(true),
        Err(errno) => Err(Error::kernel(format!("remove cgroups below {directory}"), errno)),
    }
}

/// `false` if it is busy.
fn rmdir(directory: &str) -> Result<bool, Error> {
    match fs::remove_dir(directory).map_err(|error| errno_of(&error)) {
        Ok(()) | Err(Errno::ENOENT) => Ok(true),
        Err(Errno::EBUSY | Errno::ENOTEMPTY) => Ok(false),
        Err(errno) => Err(Error::kernel(format!("remove {directory}"), errno)),
    }
}

fn busy(directory: &str) -> Error {
    match processes_in(directory).map_or(0, |pids| pids.len()) {
        0 => Error::kernel(format!("remove {directory}"), Errno::EBUSY),
        count => not_empty(count),
    }
}

/// The words that engines know.
pub(crate) fn not_empty(count: usize) -> Error {
    Error::rule(format!("container's cgroup is not empty: {count} process(es) found"))
}
