//! What a case must not leave behind: state, cgroups, mounts, processes.

use crate::args::Driver;
use crate::patience;
use crate::procfs::{self, Process};
use crate::reaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long an ended container's last processes may take to disappear.
const GRACE: Duration = Duration::from_secs(3);

/// What was there before the case.
pub(crate) struct Before {
    mounts: BTreeSet<String>,
}

impl Before {
    /// Looks at the mount table of this process.
    pub(crate) fn look() -> Self {
        Self { mounts: mount_table() }
    }

    /// Everything that has come to be since, one sentence each. `root` is the runtime's state directory; `tag` is in
    /// every id and cgroup name of this case.
    pub(crate) fn leaks(&self, root: &Path, tag: &str, driver: Driver) -> Vec<String> {
        let mut found = state(root);
        found.extend(processes());
        found.extend(cgroups(tag).iter().map(|path| format!("cgroup {}", path.display())));
        if driver == Driver::Systemd {
            found.extend(units(tag).into_iter().map(|unit| format!("unit {unit}")));
        }
        found.extend(self.mount_changes());
        found
    }

    fn mount_changes(&self) -> Vec<String> {
        let now = mount_table();
        let gone = self.mounts.difference(&now).map(|line| format!("mount gone or changed: {line}"));
        let new = now.difference(&self.mounts).map(|line| format!("mount {line}"));
        gone.chain(new).collect()
    }
}

/// The units of systemd, failed ones too, that `tag` is in the name of.
pub(crate) fn units(tag: &str) -> Vec<String> {
    let mut command = Command::new("systemctl");
    command.args(["list-units", "--all", "--plain", "--no-legend", &format!("*{tag}*")]);
    let text = command.output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn mount_table() -> BTreeSet<String> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn state(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| format!("state {}", entry.path().display())).collect()
}

fn processes() -> Vec<String> {
    let end = Instant::now() + patience::of(GRACE);
    loop {
        reaper::all();
        let alive = alive();
        if alive.is_empty() || Instant::now() > end {
            return alive
                .iter()
                .map(|process| format!("process {} ({})", process.pid, process.name))
                .collect();
        }
        sleep(Duration::from_millis(2));
    }
}

fn alive() -> Vec<Process> {
    procfs::descendants(Pid::this()).into_iter().filter(Process::is_alive).collect()
}

/// The cgroups, in any hierarchy, that `tag` is in the name of; the deepest first.
pub(crate) fn cgroups(tag: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for hierarchy in hierarchies() {
        search(Path::new(&hierarchy.point), tag, &mut found);
    }
    found.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    found
}

/// The cgroup file systems mounted on this host.
pub(crate) fn hierarchies() -> Vec<procfs::Mount> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    procfs::mounts(&text)
        .into_iter()
        .filter(|mount| mount.kind == "cgroup" || mount.kind == "cgroup2")
        .collect()
}

fn search(dir: &Path, tag: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let path = entry.path();
            if path.to_string_lossy().contains(tag) {
                found.push(path.clone());
            }
            search(&path, tag, found);
        }
    }
}

/// Ends every process below `ancestor` and waits until they are gone.
pub(crate) fn end_processes(ancestor: Pid) {
    let end = Instant::now() + patience::of(GRACE);
    while Instant::now() < end {
        let alive: Vec<Process> =
            procfs::descendants(ancestor).into_iter().filter(Process::is_alive).collect();
        if alive.is_empty() {
            return;
        }
        for process in alive {
            // It may have ended by itself in the meantime.
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
        sleep(Duration::from_millis(2));
    }
}

/// Removes the cgroups of a case, whatever happened to it.
pub(crate) fn remove_cgroups(tag: &str) {
    for path in cgroups(tag) {
        // A frozen v1 cgroup does not let SIGKILL through; other hierarchies have no such file.
        let _ = fs::write(path.join("freezer.state"), "THAWED");
        end_members(&path);
        // What cannot be removed was reported as a leak already.
        let _ = fs::remove_dir(&path);
    }
}

fn end_members(cgroup: &Path) {
    let end = Instant::now() + patience::of(GRACE);
    while Instant::now() < end {
        let procs = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
        if procs.is_empty() {
            return;
        }
        for pid in procs.lines().filter_map(|line| line.parse().ok()) {
            // It may have ended by itself in the meantime.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        sleep(Duration::from_millis(2));
    }
}
