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

use crate::Error;
use crate::cgroup::Cgroup;
use crate::create::hand_on;

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
    /// The cgroup below the unit's own that the container is in, if it is in one: systemd knows nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subgroup: Option<String>,
    /// The container's directories: of v1, v2 or both, never of a unit again.
    pub tree: Box<Cgroup>,
}

impl Unit {
    /// Whether it is a slice. systemd puts processes into scopes only; into a slice we put them ourselves.
    pub fn is_slice(&self) -> bool {
        self.slice.is_none()
    }

    /// What systemd does not make: the hierarchies of v1 whose controllers it does not manage, and every subgroup.
    pub fn beside(&self) -> Cgroup {
        match self.subgroup {
            None => self.unmanaged(),
            Some(_) => Cgroup::V1 {
                hierarchies: self.tree.hierarchies().to_vec(),
                unified: self.tree.unified().cloned(),
            },
        }
    }

    /// The hierarchies of v1 whose controllers systemd does not manage.
    pub(crate) fn unmanaged(&self) -> Cgroup {
        let is_left = |hierarchy: &&crate::Hierarchy| {
            !hierarchy.controllers.split(',').any(|name| MANAGED.contains(&name))
        };
        let hierarchies = self.tree.hierarchies().iter().filter(is_left).cloned().collect();
        Cgroup::V1 { hierarchies, unified: None }
    }

    /// Moves a process, which systemd has put into the unit's cgroup or has not, to where the container is.
    ///
    /// # Errors
    /// As for [`Cgroup::place`].
    pub fn place(&self, pid: i32) -> Result<(), Error> {
        self.tree.place(pid)?;
        if let (Some(_), Cgroup::V2(unified)) = (&self.subgroup, &*self.tree) {
            hand_on(unified);
        }
        Ok(())
    }
}

impl Cgroup {
    /// The cgroup of this name below a unit's own. Without systemd, and without a name, it is this one.
    pub fn in_subgroup(self, name: Option<&str>) -> Cgroup {
        match (self, name) {
            (Cgroup::Systemd(unit), Some(name)) => {
                let tree = Box::new(unit.tree.all_below(name));
                Cgroup::Systemd(Unit { subgroup: Some(name.into()), tree, ..unit })
            }
            (cgroup, _) => cgroup,
        }
    }
}

/// The hierarchies of v1 in which systemd makes the cgroup of a unit with `Delegate=yes`.
const MANAGED: &[&str] = &["name=systemd", "cpu", "cpuacct", "blkio", "memory", "devices", "pids"];

#[cfg(test)]
mod tests;
