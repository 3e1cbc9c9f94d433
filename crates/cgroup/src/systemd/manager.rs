//! Which systemd is asked, and where the cgroups of its units are.

use std::path::Path;
use std::time::Duration;

use dbus::Value;
use serde::{Deserialize, Serialize};

use super::bus::{Bus, said};
use super::{Unit, name};
use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::layout::Layout;
use crate::{Error, Mode, control, locate};

/// Whose systemd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// That of the machine.
    System,
    /// That of an ordinary user's session.
    User,
}

/// A systemd that can be asked for units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// Whose.
    pub who: Who,
    /// The socket of its bus.
    pub bus: String,
    /// Its own cgroup, below which all of its units are; empty for the root.
    pub root: String,
}

/// There while systemd runs the machine (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

impl Manager {
    /// Finds the system's or the user's systemd. The user's is asked for its cgroup.
    ///
    /// # Errors
    /// If no systemd runs, or the user has no bus.
    pub fn find(who: Who) -> Result<Manager, Error> {
        if !Path::new(BOOTED).exists() {
            return Err(Error::rule(format!("--systemd-cgroup: systemd does not run here (no {BOOTED})")));
        }
        match who {
            Who::System => Manager::of_system(),
            Who::User => Manager::of_user(),
        }
    }

    fn of_system() -> Result<Manager, Error> {
        let address = variable("DBUS_SYSTEM_BUS_ADDRESS").and_then(|address| dbus::socket_path(&address));
        let membership = control::read("/proc/1/cgroup")?;
        Ok(Manager {
            who: Who::System,
            bus: address.unwrap_or_else(|| SYSTEM_BUS.into()),
            root: root_of(&membership),
        })
    }

    /// Its cgroup is where the delegation to the user ends, which only itself knows for sure.
    fn of_user() -> Result<Manager, Error> {
        let address = variable("DBUS_SESSION_BUS_ADDRESS").and_then(|address| dbus::socket_path(&address));
        let customary = || variable("XDG_RUNTIME_DIR").map(|directory| format!("{directory}/bus"));
        let bus = address.or_else(customary).ok_or_else(|| {
            Error::rule("--systemd-cgroup: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR says where the user's systemd is")
        })?;
        let group = Bus::connect(Who::User, &bus).and_then(|mut bus| bus.control_group());
        let group =
            group.map_err(|error| said("ask the user's systemd for its cgroup", Who::User, &bus, error))?;
        Ok(Manager { who: Who::User, bus, root: locate::clean(&group).trim_end_matches('/').into() })
    }

    fn default_slice(&self) -> &'static str {
        match self.who {
            Who::System => "system.slice",
            Who::User => "user.slice",
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// systemd is itself in `init.scope` below its root.
fn root_of(membership: &str) -> String {
    let path = |controllers: &str| {
        let fields = membership.lines().filter_map(|line| line.split_once(':'));
        fields
            .filter_map(|(_, rest)| rest.split_once(':'))
            .find_map(|(names, path)| (names == controllers).then_some(path))
    };
    // On a hybrid host systemd keeps its tree in the unified hierarchy, and repeats it in its own of v1.
    let own = path("name=systemd").or_else(|| path("")).unwrap_or_default();
    own.strip_suffix("/init.scope").unwrap_or(own).trim_end_matches('/').into()
}

impl Cgroup {
    /// Decides on the unit, and where its cgroup will be. Changes nothing and asks nobody.
    ///
    /// # Errors
    /// If the path is not `slice:prefix:name`, or there are no cgroups.
    pub fn locate_unit(
        layout: &Layout,
        manager: &Manager,
        cgroups_path: Option<&str>,
        id: &str,
    ) -> Result<Cgroup, Error> {
        let named = name::of(cgroups_path, id, manager.default_slice())?;
        let below = match &named.slice {
            Some(slice) => format!("{}/{}", name::expand(slice)?, name::directory(&named.unit)),
            None => name::expand(&named.unit)?,
        };
        let path = [&*manager.root, &*below].concat();
        let unit = Unit {
            name: named.unit,
            slice: named.slice,
            who: manager.who,
            bus: manager.bus.clone(),
            subgroup: None,
            tree: Box::new(tree(layout, &path)?),
        };
        Ok(Cgroup::Systemd(unit))
    }
}

/// The same path in every hierarchy.
fn tree(layout: &Layout, path: &str) -> Result<Cgroup, Error> {
    let unified = layout.v2.as_ref().map(|mounted| Unified {
        controllers: mounted.controllers.clone(),
        mount: mounted.mount.clone(),
        path: path.into(),
    });
    let hierarchies = layout.v1.iter().map(|mounted| Hierarchy {
        controllers: mounted.controllers.clone(),
        mount: mounted.mount.clone(),
        path: path.into(),
    });
    match (layout.mode(), unified) {
        (Mode::V2, Some(unified)) => Ok(Cgroup::V2(unified)),
        (Mode::V1 | Mode::Hybrid, unified) => Ok(Cgroup::V1 { hierarchies: hierarchies.collect(), unified }),
        (Mode::None | Mode::V2, _) => {
            Err(Error::rule("--systemd-cgroup: no cgroup file system is mounted here"))
        }
    }
}

impl Bus {
    fn control_group(&mut self) -> Result<String, dbus::Error> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let arguments = [Value::str(super::bus::MANAGER), Value::str("ControlGroup")];
        let serial = self.get(super::bus::MANAGER_PATH, &arguments)?;
        let answer = self.connection.answer(serial, sys::time::monotonic() + PATIENCE)?;
        answer.text(0).map(str::to_owned).ok_or(dbus::Error::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_above_systemds_own_scope() {
        assert_eq!(root_of("0::/init.scope\n"), "");
        assert_eq!(root_of("12:memory:/x\n1:name=systemd:/docker/0123/init.scope\n0::/\n"), "/docker/0123");
        assert_eq!(root_of("0::/\n"), "");
    }
}
