//! The ways into a cgroup for a process.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;
use sys::{Errno, errno_of};

use crate::cgroup::{Cgroup, Unified};
use crate::{Error, control};

/// Open ways into a cgroup; close-on-exec. Both kinds are there on a hybrid host.
#[derive(Debug)]
pub struct Doors {
    /// The directory in the unified hierarchy, for CLONE_INTO_CGROUP (clone3(2)).
    pub into: Option<OwnedFd>,
    /// The `tasks` files of v1: the process writes `0` into each, and is then inside. It must be
    /// single-threaded. A process that moves itself this way does not make the kernel wait for all forks of
    /// the machine, which the move of another process through `cgroup.procs` does (cgroup_threadgroup_rwsem).
    pub tasks: Vec<OwnedFd>,
}

impl Cgroup {
    /// Opens the ways in.
    ///
    /// # Errors
    /// If the cgroup is not there or the caller may not enter it.
    pub fn doors(&self) -> Result<Doors, Error> {
        let tasks = self.hierarchies().iter().map(|hierarchy| open_tasks(&hierarchy.file("tasks")));
        Ok(Doors {
            tasks: tasks.collect::<Result<_, _>>()?,
            into: self.unified().map(open_directory).transpose()?,
        })
    }

    /// Whether it is there, as far as one hierarchy tells: none that systemd manages, if there is another.
    pub fn exists(&self) -> bool {
        self.census().is_some_and(|directory| std::path::Path::new(&directory).exists())
    }

    /// The part of the cgroup that a process is cloned into, which must exist before the clone, and the part that it
    /// enters afterwards: the unified hierarchy and those of v1.
    pub fn halves(&self) -> (Cgroup, Cgroup) {
        let unified = Cgroup::V1 { hierarchies: Vec::new(), unified: self.unified().cloned() };
        (unified, Cgroup::V1 { hierarchies: self.hierarchies().to_vec(), unified: None })
    }

    /// Moves another process, with all its threads: for where `doors` cannot be used.
    ///
    /// # Errors
    /// If a hierarchy refuses; the process may be in some of the others by then.
    pub fn place(&self, pid: i32) -> Result<(), Error> {
        match (self.write_pid(pid), self) {
            (Err(error), Cgroup::Systemd(unit)) if error.is_denied() => unit.attach(pid),
            (placed, _) => placed,
        }
    }

    fn write_pid(&self, pid: i32) -> Result<(), Error> {
        let pid = pid.to_string();
        let v1 = self.hierarchies().iter().map(|hierarchy| hierarchy.file("cgroup.procs"));
        for file in v1.chain(self.unified().map(|unified| unified.file("cgroup.procs"))) {
            control::write(&file, &pid)?;
        }
        Ok(())
    }
}

fn open_tasks(path: &str) -> Result<OwnedFd, Error> {
    control::open_to_write(path).map(OwnedFd::from).map_err(|errno| cannot_open(path, errno))
}

fn open_directory(unified: &Unified) -> Result<OwnedFd, Error> {
    let path = unified.directory();
    let flags = (OFlag::O_PATH | OFlag::O_DIRECTORY).bits();
    let directory: Result<File, _> = OpenOptions::new().read(true).custom_flags(flags).open(&path);
    directory.map(OwnedFd::from).map_err(|error| cannot_open(&path, errno_of(&error)))
}

fn cannot_open(path: &str, errno: Errno) -> Error {
    Error::kernel(format!("open {path}"), errno)
}
