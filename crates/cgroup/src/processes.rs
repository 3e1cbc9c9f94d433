//! Who is in a cgroup and in the cgroups below it.

use std::fs::File;
use std::os::fd::BorrowedFd;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use sys::Errno;

use crate::cgroup::Cgroup;
use crate::{Error, control, tree};

impl Cgroup {
    /// The processes of the whole subtree, by ascending pid, in the caller's pid namespace.
    /// A cgroup that is gone has none.
    ///
    /// # Errors
    /// If a list cannot be read.
    pub fn processes(&self) -> Result<Vec<i32>, Error> {
        match self.census() {
            Some(directory) => processes_in(&directory),
            None => Ok(Vec::new()),
        }
    }

    /// The directory that stands for the container when its processes are counted. On v1 the freezer's,
    /// because its list is what a freeze holds still.
    pub(crate) fn census(&self) -> Option<String> {
        let v1 = self.hierarchy("freezer").or_else(|| self.hierarchies().first());
        v1.map(|h| h.directory()).or_else(|| self.unified().map(|u| u.directory()))
    }
}

/// The processes at and below a directory, sorted.
pub(crate) fn processes_in(directory: &str) -> Result<Vec<i32>, Error> {
    let mut pids = Vec::new();
    match tree::visit(directory, |cgroup| list(cgroup, &mut pids)) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(errno) => return Err(Error::kernel(format!("read cgroup.procs below {directory}"), errno)),
    }
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

fn list(cgroup: BorrowedFd<'_>, pids: &mut Vec<i32>) -> Result<(), Errno> {
    let list = openat(cgroup, c"cgroup.procs", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
    match list.and_then(|list| control::read_to_end(File::from(list))) {
        Ok(contents) => pids.extend(parse(&contents)),
        // EOPNOTSUPP: a threaded cgroup lists its processes at the top of its threaded subtree only
        // (cgroups(7)). The others: it was removed just now.
        Err(Errno::EOPNOTSUPP | Errno::ENOENT | Errno::ENODEV) => {}
        Err(errno) => return Err(errno),
    }
    Ok(())
}

fn parse(contents: &[u8]) -> impl Iterator<Item = i32> {
    contents.split(|&b| b == b'\n').filter_map(|line| std::str::from_utf8(line).ok()?.parse().ok())
}
