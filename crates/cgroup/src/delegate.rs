//! Hands a cgroup to the user of the container (config-linux, "Cgroup ownership").

use std::os::unix::fs::chown;

use sys::{Errno, errno_of};

use crate::cgroup::Cgroup;
use crate::create::{cannot_make, hand_on, make_one};
use crate::{Error, control};

/// The kernel's own list of what a delegatee may own, since Linux 4.15.
const LIST: &str = "/sys/kernel/cgroup/delegate";

/// What the specification names for kernels without the list.
const FALLBACK: &str = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

impl Cgroup {
    /// Makes `uid` (of the host) the owner of the cgroup's directory and of those files in it that the kernel
    /// lists as safe. Does nothing on v1, where delegation is not secure.
    ///
    /// # Errors
    /// If an owner cannot be changed; a file that does not exist is passed over, as the specification
    /// demands.
    pub fn delegate(&self, uid: u32) -> Result<(), Error> {
        let (true, Some(unified)) = (self.hierarchies().is_empty(), self.unified()) else { return Ok(()) };
        let list = control::read_short(LIST).unwrap_or_else(|_| FALLBACK.to_string());
        give(&unified.directory(), uid)?;
        list.lines().map(|name| unified.file(name)).try_for_each(|file| give_if_present(&file, uid))
    }
}

impl Cgroup {
    /// Makes the cgroup `name` below this one and moves a process there, for it to divide as it likes: the new cgroup belongs
    /// to `uid` (of the host), and has the controllers of this one, whose limits hold for all below it. On v2 alone.
    ///
    /// # Errors
    /// If it cannot be made, given away or entered.
    pub fn enter_below(&self, name: &str, uid: Option<u32>, pid: i32) -> Result<(), Error> {
        let Cgroup::V2(unified) = self.all_below(name) else {
            return Err(Error::rule("only a cgroup of v2 can be delegated"));
        };
        let directory = unified.directory();
        match make_one(&directory) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(cannot_make(&directory, errno)),
        }
        let below = Cgroup::V2(unified);
        uid.map_or(Ok(()), |uid| below.delegate(uid))?;
        below.place(pid)?;
        below.unified().into_iter().for_each(hand_on);
        Ok(())
    }
}

fn give(path: &str, uid: u32) -> Result<(), Error> {
    chown(path, Some(uid), None)
        .map_err(|error| Error::kernel(format!("give {path} to uid {uid}"), errno_of(&error)))
}

fn give_if_present(path: &str, uid: u32) -> Result<(), Error> {
    match give(path, uid) {
        Err(error) if error.errno == Some(Errno::ENOENT) => Ok(()),
        result => result,
    }
}
