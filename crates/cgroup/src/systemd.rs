//! The systemd driver: a container's cgroup is that of a transient unit, which systemd makes, accounts for and
//! removes. Everything else about the cgroup (limits that systemd does not know, freezing, killing, counting) is done
//! below its directory as without systemd.
//!
//! systemd is told of the limits all the same: on `daemon-reload` it writes what it knows over whatever is there.

mod annotation;
mod bus;
mod devices;
mod job;
mod manager;
mod name;
mod properties;

use serde::{Deserialize, Serialize};

use crate::cgroup::Cgroup;

pub use annotation::{InvalidProperty, PREFIX as PROPERTY_PREFIX};
pub use devices::{DeviceGroups, device_properties};
pub use job::{Order, Starting};
pub use manager::{Manager, Who};
pub use properties::{Property, limit_properties, put};

/// A transient unit with a container in it: a scope, or a slice if its name ends so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name: `docker-0123.scope`.
    pub name: String,
    /// The slice that it is in; none for a slice, which is where its name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// Whose systemd it is.
    pub who: Who,
    /// The socket of the bus that this systemd is on.
    pub bus: String,
    /// Its directories: of v1, v2 or both, never of a unit again.
    pub tree: Box<Cgroup>,
}

impl Unit {
    /// Whether it is a slice. systemd puts processes into scopes only; into a slice we put them ourselves.
    pub fn is_slice(&self) -> bool {
        self.slice.is_none()
    }

    /// The hierarchies of v1 whose controllers systemd does not manage.
    pub fn beside(&self) -> Cgroup {
        let is_left = |hierarchy: &&crate::Hierarchy| {
            !hierarchy.controllers.split(',').any(|name| MANAGED.contains(&name))
        };
        let hierarchies = self.tree.hierarchies().iter().filter(is_left).cloned().collect();
        Cgroup::V1 { hierarchies, unified: None }
    }
}

/// The hierarchies of v1 in which systemd makes the cgroup of a unit with `Delegate=yes`.
const MANAGED: &[&str] = &["name=systemd", "cpu", "cpuacct", "blkio", "memory", "devices", "pids"];

#[cfg(test)]
mod tests;
