//! What the host's /proc says about processes and mounts.

use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs;

/// A line of /proc: who it is, whose child, and in which state (`R`, `S`, `Z`, ...).
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) state: char,
    pub(crate) name: String,
}

impl Process {
    /// Reads /proc/PID/stat (proc_pid_stat(5)); `None` once the process is gone.
    pub(crate) fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (head, tail) = stat.rsplit_once(')')?;
        let mut fields = tail.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let name = head.split_once('(')?.1.to_owned();
        Some(Self { pid, parent, state, name })
    }

    /// Whether it still runs: not gone and not waiting to be reaped.
    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// Every process below `ancestor`, at any depth.
pub(crate) fn descendants(ancestor: Pid) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all() {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut next = vec![ancestor.as_raw()];
    while let Some(pid) = next.pop() {
        let Some(below) = children.remove(&pid) else { continue };
        next.extend(below.iter().map(|process| process.pid));
        found.extend(below);
    }
    found
}

fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
}

/// The value of `field` in /proc/PID/status.
pub(crate) fn status_field(pid: i32, field: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status_of(&text, field).map(str::to_owned)
}

/// The value of `field` in the text of a status file.
pub(crate) fn status_of<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).map(str::trim)
}

/// The inode of a namespace of a process (namespaces(7)), as `net:[4026531840]`.
pub(crate) fn namespace(pid: i32, name: &str) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/ns/{name}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// A line of mountinfo (proc_pid_mountinfo(5)), reduced to what the cases look at.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    pub(crate) root: String,
    pub(crate) point: String,
    pub(crate) options: Vec<String>,
    pub(crate) propagation: String,
    pub(crate) kind: String,
    pub(crate) source: String,
    pub(crate) super_options: Vec<String>,
}

impl Mount {
    /// Whether the mount itself carries `option`.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|have| have == option)
    }

    /// Whether its superblock carries `option`.
    pub(crate) fn super_has(&self, option: &str) -> bool {
        self.super_options.iter().any(|have| have == option)
    }
}

/// Parses the text of a mountinfo file.
pub(crate) fn mounts(text: &str) -> Vec<Mount> {
    text.lines().filter_map(mount_line).collect()
}

fn mount_line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<&str> = left.split(' ').collect();
    let right: Vec<&str> = right.split(' ').collect();
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    Some(Mount {
        root: (*left.get(3)?).to_owned(),
        point: (*left.get(4)?).to_owned(),
        options: list(left.get(5)?),
        propagation: left.get(6..)?.join(" "),
        kind: (*right.first()?).to_owned(),
        source: (*right.get(1)?).to_owned(),
        super_options: list(right.get(2)?),
    })
}

#[cfg(test)]
mod tests {
    use super::{Process, mounts, status_of};

    const LINE: &str = "65 43 254:0 /rootfs /data ro,nosuid shared:7 master:1 - tmpfs source rw,size=64k";

    #[test]
    fn a_mount_has_its_point_and_type() {
        let mount = &mounts(LINE)[0];
        assert_eq!(
            (mount.root.as_str(), mount.point.as_str(), mount.kind.as_str()),
            ("/rootfs", "/data", "tmpfs")
        );
    }

    #[test]
    fn the_options_of_a_mount_and_of_its_superblock_are_apart() {
        let mount = &mounts(LINE)[0];
        assert!(mount.has("ro") && !mount.has("rw") && mount.super_has("rw") && !mount.super_has("ro"));
    }

    #[test]
    fn the_optional_fields_are_kept() {
        assert_eq!(mounts(LINE)[0].propagation, "shared:7 master:1");
    }

    #[test]
    fn a_mount_may_have_no_optional_fields() {
        assert_eq!(mounts("65 43 254:0 / /x rw - proc proc rw")[0].propagation, "");
    }

    #[test]
    fn a_field_of_status_is_found_by_its_whole_name() {
        assert_eq!(status_of("CapBndX:\t1\nCapBnd:\t2\n", "CapBnd"), Some("2"));
    }

    #[test]
    fn this_process_is_alive() {
        assert!(Process::read(std::process::id().cast_signed()).is_some_and(|process| process.is_alive()));
    }
}
