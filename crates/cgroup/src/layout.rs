//! What cgroup file systems this host has and where the caller is in them.

mod customary;

use std::os::unix::ffi::OsStringExt;

use sys::Errno;

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::control;
use crate::controllers::Controllers;
use crate::{Error, locate};

/// The customary mount point, of cgroup2 itself or of a tmpfs with the hierarchies of v1 in it.
const CUSTOMARY: &str = "/sys/fs/cgroup";

/// How a host has cgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Hierarchies of v1 only.
    V1,
    /// Hierarchies of v1 and a unified one beside them.
    Hybrid,
    /// The unified hierarchy.
    V2,
    /// No cgroup file system is mounted.
    None,
}

/// The cgroup mounts of the caller's mount namespace, with the caller's own cgroup in each. Gathered once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub(crate) v1: Vec<Mounted>,
    pub(crate) v2: Option<Mounted>,
}

/// One mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mounted {
    /// As in /proc/self/cgroup on v1, as in cgroup.controllers on v2.
    pub controllers: String,
    /// The mount point.
    pub mount: String,
    /// The caller's own cgroup, below the mount point; `/` if it is the mount point or not below it.
    pub own: String,
}

impl Layout {
    /// Looks at the host: /proc/self/cgroup, and /proc/self/mountinfo unless everything is where it
    /// customarily is.
    ///
    /// # Errors
    /// If procfs cannot be read or does not hold what proc(5) and cgroups(7) say.
    pub fn read() -> Result<Layout, Error> {
        Layout::around("/proc/self/cgroup")
    }

    /// The same from what would be read, touching no file: /proc/self/cgroup, /proc/self/mountinfo, and the
    /// unified hierarchy's cgroup.controllers, of which nothing is taken where no cgroup2 is mounted.
    pub fn from_tables(membership: &str, mountinfo: &str, controllers: &str) -> Layout {
        let mounts = Mount::table(mountinfo.as_bytes());
        let v2 = unified(membership.as_bytes(), &mounts).map(|place| place.with(controllers));
        matched(membership.as_bytes(), &mounts, v2)
    }

    /// The hierarchies as one process is in them.
    fn around(membership: &str) -> Result<Layout, Error> {
        let membership = read(membership)?;
        match customary::look(&membership) {
            Some(layout) => Ok(layout),
            None => from_mount_table(&membership, &read("/proc/self/mountinfo")?),
        }
    }

    /// Which versions the host has.
    pub fn mode(&self) -> Mode {
        match (self.v1.is_empty(), &self.v2) {
            (false, None) => Mode::V1,
            (false, Some(_)) => Mode::Hybrid,
            (true, Some(_)) => Mode::V2,
            (true, None) => Mode::None,
        }
    }

    /// The controllers of the host.
    pub fn controllers(&self) -> Controllers {
        let v1: Vec<&str> = self.v1.iter().map(|m| m.controllers.as_str()).collect();
        Controllers::new(v1.join(","), self.v2.as_ref().map(|m| m.controllers.clone()))
    }
}

impl Cgroup {
    /// The cgroup that a process is in, as `exec` needs it for a container that moved its processes into
    /// cgroups of its own making: v2 then lets nobody into the container's cgroup itself (EBUSY).
    ///
    /// # Errors
    /// If the process is gone, or as for [`Layout::read`].
    pub fn of_process(pid: i32) -> Result<Cgroup, Error> {
        let Layout { v1, v2 } = Layout::around(&format!("/proc/{pid}/cgroup"))?;
        let unified =
            v2.map(|Mounted { controllers, mount, own: path }| Unified { controllers, mount, path });
        let hierarchy = |Mounted { controllers, mount, own: path }| Hierarchy { controllers, mount, path };
        match (v1.is_empty(), unified) {
            (true, Some(unified)) => Ok(Cgroup::V2(unified)),
            (true, None) => Ok(Cgroup::Unmanaged),
            (false, unified) => {
                Ok(Cgroup::V1 { hierarchies: v1.into_iter().map(hierarchy).collect(), unified })
            }
        }
    }
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
    control::read_all(path).map_err(|errno| Error::kernel(format!("read {path}"), errno))
}

/// The layout as the mount table of the host says it.
fn from_mount_table(membership: &[u8], mountinfo: &[u8]) -> Result<Layout, Error> {
    let mounts = Mount::table(mountinfo);
    let v2 = match unified(membership, &mounts) {
        Some(place) => place.look()?,
        None => None,
    };
    Ok(matched(membership, &mounts, v2))
}

/// Matches the hierarchies the caller is in with the places where they are mounted.
fn matched(membership: &[u8], mounts: &[Mount], v2: Option<Mounted>) -> Layout {
    // A v1 controller that something mounted beside a cgroup2 at the customary place does not make a hybrid
    // host.
    if v2.as_ref().is_some_and(|mounted| mounted.mount == CUSTOMARY) {
        return Layout { v1: Vec::new(), v2 };
    }
    let v1: Vec<Mounted> =
        v1_lines(membership).filter_map(|(names, own)| hierarchy(names, own, mounts)).collect();
    // Nor does a cgroup2 that something mounted elsewhere on a v1 host for its own ends, as Cilium does.
    let v2 = v2.filter(|mounted| v1.is_empty() || mounted.mount.starts_with(CUSTOMARY));
    Layout { v1, v2 }
}

/// Where the unified hierarchy is mounted, and the caller's cgroup below that.
struct Place {
    mount: String,
    own: String,
}

/// The unified hierarchy of a mount table.
fn unified(membership: &[u8], mounts: &[Mount]) -> Option<Place> {
    let mount = best(mounts.iter().filter(|m| m.fstype == b"cgroup2"))?;
    let own = own_unified(membership)?;
    Some(Place { own: mount.below(&own), mount: mount.point() })
}

impl Place {
    fn look(self) -> Result<Option<Mounted>, Error> {
        let file = format!("{}/cgroup.controllers", self.mount);
        match control::read_short(&file) {
            Ok(controllers) => Ok(Some(self.with(&controllers))),
            // Mounted over by something else: it is not reachable, which is as good as not there.
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(Error::kernel(format!("read {file}"), errno)),
        }
    }

    fn with(self, controllers: &str) -> Mounted {
        Mounted { controllers: controllers.trim().to_string(), mount: self.mount, own: self.own }
    }
}

/// The v1 hierarchy with these controllers, if it is mounted.
fn hierarchy(controllers: &[u8], own: &[u8], mounts: &[Mount]) -> Option<Mounted> {
    let first = controllers.split(|&b| b == b',').next()?;
    let has =
        |m: &&Mount| m.fstype == b"cgroup" && m.options.split(|&b| b == b',').any(|option| option == first);
    let mount = best(mounts.iter().filter(has))?;
    let controllers = String::from_utf8(controllers.to_vec()).ok()?;
    Some(Mounted { controllers, mount: mount.point(), own: mount.below(&String::from_utf8_lossy(own)) })
}

/// One hierarchy may be mounted several times (a container's rootfs has it too): the customary place wins,
/// then the first.
fn best<'a>(mounts: impl Iterator<Item = &'a Mount<'a>>) -> Option<&'a Mount<'a>> {
    mounts.min_by_key(|mount| !mount.point.starts_with(CUSTOMARY.as_bytes()))
}

/// The caller's path in the unified hierarchy.
fn own_unified(membership: &[u8]) -> Option<String> {
    let mut lines = membership.split(|&b| b == b'\n').filter_map(split_membership);
    let (_, path) = lines.find(|(names, _)| names.is_empty())?;
    Some(locate::clean(&String::from_utf8_lossy(path)))
}

/// Controllers and the caller's path, of each v1 hierarchy.
fn v1_lines(membership: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = membership.split(|&b| b == b'\n').filter_map(split_membership);
    lines.filter(|(controllers, _)| !controllers.is_empty())
}

/// Controllers and path of a line of /proc/PID/cgroup: `4:memory:/path` (cgroups(7)).
fn split_membership(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = line.splitn(3, |&b| b == b':');
    parts.next()?;
    Some((parts.next()?, parts.next()?))
}

/// The fields of a line of /proc/PID/mountinfo that matter here (proc_pid_mountinfo(5)).
struct Mount<'a> {
    root: &'a [u8],
    point: &'a [u8],
    fstype: &'a [u8],
    options: &'a [u8],
}

impl<'a> Mount<'a> {
    /// The cgroup mounts of a mount table.
    fn table(mountinfo: &'a [u8]) -> Vec<Mount<'a>> {
        mountinfo.split(|&b| b == b'\n').filter_map(Mount::parse).collect()
    }

    /// `31 23 0:28 ROOT POINT rw,relatime [optional fields] - FSTYPE SOURCE OPTIONS`
    fn parse(line: &'a [u8]) -> Option<Mount<'a>> {
        let mut fields = line.split(|&b| b == b' ');
        let root = fields.nth(3)?;
        let point = fields.next()?;
        let fstype = fields.by_ref().skip_while(|&f| f != b"-").nth(1)?;
        let options = fields.nth(1)?;
        fstype.starts_with(b"cgroup").then_some(Mount { root, point, fstype, options })
    }

    fn point(&self) -> String {
        unescape(self.point)
    }

    /// A path of the hierarchy as seen below this mount point, whose root may be a part of the hierarchy: a
    /// container without a cgroup namespace sees the host's path in /proc/self/cgroup and its own part in the
    /// mount.
    fn below(&self, own: &str) -> String {
        let root = unescape(self.root);
        let own = locate::clean(own);
        match own.strip_prefix(root.trim_end_matches('/')) {
            Some("") => "/".to_string(),
            Some(rest) if rest.starts_with('/') => rest.to_string(),
            _ => "/".to_string(),
        }
    }
}

/// Undoes the octal escapes of mountinfo (`\040` is a blank).
fn unescape(field: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = (first == b'\\').then(|| tail.get(..3)).flatten();
        let value = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[3..] } else { tail };
    }
    std::ffi::OsString::from_vec(bytes).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
