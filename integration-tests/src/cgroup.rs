//! The control files of a container's cgroup, on whichever version of cgroup the host has the controller.

use crate::case::{Outcome, skip};
use crate::container::Container;
use crate::leak;
use crate::procfs::Mount;
use std::fs;
use std::path::PathBuf;

/// A control file: the controller, its file on v1, its file on v2.
#[derive(Clone, Copy)]
pub(crate) struct Control(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

impl Control {
    /// Where it is for this container; skips the case if the host has no such controller.
    pub(crate) fn of(self, container: &Container<'_>) -> Outcome<PathBuf> {
        let Control(controller, v1, v2) = self;
        match dir(container, controller)? {
            (dir, Version::V1) => Ok(dir.join(v1)),
            (dir, Version::V2) => Ok(dir.join(v2)),
        }
    }

    /// What it holds, without the line break at the end.
    pub(crate) fn read(self, container: &Container<'_>) -> Outcome<String> {
        let path = self.of(container)?;
        fs::read_to_string(&path)
            .map(|text| text.trim_end().to_owned())
            .or_else(|error| skip(format!("{}: {error}", path.display())))
    }
}

/// The version of cgroup that has a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// The version that has a controller; skips the case where none has.
pub(crate) fn version_of(controller: &str) -> Outcome<Version> {
    let hierarchies = leak::hierarchies();
    if hierarchies.iter().any(|mount| mount.kind == "cgroup" && mount.super_has(controller)) {
        return Ok(Version::V1);
    }
    let unified = hierarchies.iter().find(|mount| mount.kind == "cgroup2");
    let list =
        unified.and_then(|mount| fs::read_to_string(format!("{}/cgroup.controllers", mount.point)).ok());
    // Freezing is not a controller of v2 but a part of it, and device rules are programs.
    match list {
        Some(list)
            if ["freezer", "devices"].contains(&controller)
                || list.split_whitespace().any(|name| name == controller) =>
        {
            Ok(Version::V2)
        }
        _ => skip(format!("no {controller} controller here")),
    }
}

/// Where a controller is mounted; skips the case where it is not.
pub(crate) fn mount_of(controller: &str) -> Outcome<PathBuf> {
    let version = version_of(controller)?;
    let is_it = |mount: &Mount| match version {
        Version::V1 => mount.kind == "cgroup" && mount.super_has(controller),
        Version::V2 => mount.kind == "cgroup2",
    };
    let mount = leak::hierarchies().into_iter().find(is_it);
    mount.map_or_else(|| skip(format!("{controller} is not mounted")), |mount| Ok(mount.point.into()))
}

/// The container's directory for a controller.
fn dir(container: &Container<'_>, controller: &str) -> Outcome<(PathBuf, Version)> {
    let (version, mount) = (version_of(controller)?, mount_of(controller)?);
    // The last is the outermost.
    match leak::cgroups(&container.id).into_iter().rfind(|path| path.starts_with(&mount)) {
        Some(dir) => Ok((dir, version)),
        None => skip(format!("the container has no cgroup of {controller}")),
    }
}
