//! What an engine must not find left when its containers are gone: cgroups, mounts, processes, network devices and the
//! runtime's state.

use crate::case::{Outcome, fail};
use crate::engines::scenario::Row;
use crate::expect::until;
use crate::leak;
use crate::procfs::{self, Process};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What was there before the first container.
pub(crate) struct Before {
    mounts: BTreeSet<String>,
    /// By name: a daemon may have been restarted.
    processes: BTreeSet<String>,
}

impl Before {
    /// Looks at the sandbox while the engine has no container.
    pub(crate) fn look() -> Self {
        Self { mounts: mounts().collect(), processes: processes().map(|process| process.name).collect() }
    }

    /// Leaves a mount out of account, which the engine makes and unmakes as it likes.
    pub(crate) fn except(mut self, point: String) -> Self {
        self.mounts.insert(point);
        self
    }

    /// Waits until everything that came since is gone; `roots` are the directories below which the runtime keeps state.
    pub(crate) fn row(&self, tag: &str, roots: &[&str]) -> Row {
        let row = Row::play("nothing is left behind", || self.again(tag, roots));
        Row { differs: Some("something of it is left".into()), ..row }
    }

    fn again(&self, tag: &str, roots: &[&str]) -> Outcome<String> {
        let mut left = Vec::new();
        let gone = until("", || {
            left = self.left(tag, roots);
            left.is_empty().then_some("nothing".to_owned())
        });
        gone.or_else(|_| fail(format!("left behind: {}", left.join("; "))))
    }

    fn left(&self, tag: &str, roots: &[&str]) -> Vec<String> {
        crate::reaper::all();
        let mut left: Vec<String> =
            mounts().filter(|line| !self.mounts.contains(line)).map(|line| format!("mount {line}")).collect();
        let new = processes().filter(|process| !self.processes.contains(&process.name) && process.is_alive());
        left.extend(new.map(|process| format!("process {} ({})", process.pid, process.name)));
        left.extend(cgroups(tag).map(|path| format!("cgroup {path}")));
        left.extend(devices().map(|name| format!("network device {name}")));
        for root in roots {
            search(Path::new(root), &mut left);
        }
        left
    }
}

fn mounts() -> impl Iterator<Item = String> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points: Vec<String> = procfs::mounts(&text).into_iter().map(|mount| mount.point).collect();
    points.into_iter()
}

fn processes() -> impl Iterator<Item = Process> {
    procfs::descendants(Pid::this()).into_iter()
}

/// The cgroups of containers. Those that are called exactly by the tag are the engine's own parents of them, which
/// stay, as they do with every runtime, and so does the one in which podman puts its conmon.
fn cgroups(tag: &str) -> impl Iterator<Item = String> {
    let found = leak::cgroups(tag).into_iter().map(|path| path.to_string_lossy().into_owned());
    found
        .filter(move |path| !path.ends_with(tag) && !path.ends_with("/conmon"))
        .collect::<Vec<_>>()
        .into_iter()
}

fn devices() -> impl Iterator<Item = String> {
    let text = fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let names: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim().to_owned())
        .collect();
    names.into_iter().filter(|name| name.starts_with("veth"))
}

/// The records of runc and ociruntime are files of this name.
fn search(dir: &Path, left: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&entry.path(), left);
        } else if entry.file_name() == "state.json" {
            left.push(format!("state {}", entry.path().display()));
        }
    }
}
