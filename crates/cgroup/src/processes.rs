//! Who is in a cgroup and in the cgroups below it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use sys::{Errno, errno_of};

use crate::cgroup::Cgroup;
use crate::{Error, control};

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

    /// The directory that stands for the container when its processes are counted. On v1 the freezer's, because its
    /// list is what a freeze holds still.
    fn census(&self) -> Option<String> {
        let v1 = self.hierarchy("freezer").or_else(|| self.hierarchies().first());
        v1.map(|h| h.directory()).or_else(|| self.unified().map(|u| u.directory()))
    }
}

/// The processes at and below a directory, sorted.
pub(crate) fn processes_in(directory: &str) -> Result<Vec<i32>, Error> {
    let mut pids = Vec::new();
    collect(directory, &mut pids)?;
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

fn collect(directory: &str, pids: &mut Vec<i32>) -> Result<(), Error> {
    let list = format!("{directory}/cgroup.procs");
    match control::read_all(&list) {
        Ok(contents) => pids.extend(parse(&contents)),
        // A threaded cgroup lists its processes at the top of its threaded subtree only (cgroups(7)).
        Err(Errno::EOPNOTSUPP) => {}
        Err(Errno::ENOENT | Errno::ENODEV) => return Ok(()),
        Err(errno) => return Err(Error::kernel(format!("read {list}"), errno)),
    }
    children(directory)?.iter().try_for_each(|child| collect(child, pids))
}

fn parse(contents: &[u8]) -> impl Iterator<Item = i32> {
    contents.split(|&b| b == b'\n').filter_map(|line| std::str::from_utf8(line).ok()?.parse().ok())
}

/// The cgroups directly below a directory.
pub(crate) fn children(directory: &str) -> Result<Vec<String>, Error> {
    let failed = |error: std::io::Error| Error::kernel(format!("list {directory}"), errno_of(&error));
    // The link count of a cgroup's directory is two and one for each child: mostly this saves the listing.
    match fs::metadata(directory) {
        Ok(found) if found.nlink() == 2 => return Ok(Vec::new()),
        Err(error) if errno_of(&error) == Errno::ENOENT => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
        Ok(_) => {}
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            found.push(format!("{directory}/{}", entry.file_name().to_string_lossy()));
        }
    }
    Ok(found)
}
