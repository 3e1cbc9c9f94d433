//! The control files of a container's cgroup, on whichever version of cgroup the host has the controller.

use crate::case::{Outcome, skip};
use crate::container::Container;
use crate::leak;
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
    // Freezing is not a controller of v2 but a part of it.
    match list {
        Some(list) if controller == "freezer" || list.split_whitespace().any(|name| name == controller) => {
            Ok(Version::V2)
        }
        _ => skip(format!("no {controller} controller here")),
    }
}

/// The container's directory for a controller.
fn dir(container: &Container<'_>, controller: &str) -> Outcome<(PathBuf, Version)> {
    let version = version_of(controller)?;
    let is_it = |kind: &str, has: bool| match version {
        Version::V1 => kind == "cgroup" && has,
        Version::V2 => kind == "cgroup2",
    };
    let mounts = leak::hierarchies();
    let mount = mounts.iter().find(|mount| is_it(&mount.kind, mount.super_has(controller)));
    let below = |path: &PathBuf| mount.is_some_and(|mount| path.starts_with(&mount.point));
    // The last is the outermost.
    match leak::cgroups(&container.id).into_iter().rfind(below) {
        Some(dir) => Ok((dir, version)),
        None => skip(format!("the container has no cgroup of {controller}")),
    }
}
