//! Did the kernel's OOM killer strike here?

use crate::cgroup::Cgroup;
use crate::control;

impl Cgroup {
    /// Whether the OOM killer ended a process of this cgroup, by its own memory limit or the machine's.
    /// `false` when the host cannot say: it has no memory controller, or one older than Linux 4.13.
    pub fn was_oom_killed(&self) -> bool {
        let file = match self.hierarchy("memory") {
            Some(hierarchy) => Some(hierarchy.file("memory.oom_control")),
            None => self.unified().map(|unified| unified.file("memory.events")),
        };
        let contents = file.and_then(|file| control::read_short(&file).ok());
        contents.and_then(|contents| control::keyed(&contents, "oom_kill")).is_some_and(|kills| kills > 0)
    }
}
