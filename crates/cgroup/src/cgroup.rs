//! The place of a container in the cgroup trees.

use serde::{Deserialize, Serialize};

use crate::controllers::{Controllers, Version};
use crate::systemd::Unit;

/// Where a container's cgroup is. A closed set: each variant knows all paths it will ever touch, so that the
/// later commands need neither the mount table nor flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cgroup {
    /// Hierarchies of v1, and on a hybrid host the unified one beside them.
    V1 {
        /// One entry per mounted hierarchy, in the order of /proc/self/cgroup.
        hierarchies: Vec<Hierarchy>,
        /// The cgroup in the unified hierarchy of a hybrid host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unified: Option<Unified>,
    },
    /// The unified hierarchy alone.
    V2(Unified),
    /// The cgroup of a unit of systemd's, in whatever hierarchies there are.
    Systemd(Unit),
    /// No cgroup is made or touched: the host has none, or the user may not.
    Unmanaged,
}

/// A cgroup in one hierarchy of v1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    /// The controllers bound to it, as in /proc/self/cgroup: `cpu,cpuacct` or `name=systemd`.
    pub controllers: String,
    /// Where the hierarchy is mounted.
    pub mount: String,
    /// The cgroup below the mount point: starts with a slash, holds no `..`.
    pub path: String,
}

/// A cgroup in the unified hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unified {
    /// The controllers that the top of the hierarchy offers, as in its cgroup.controllers.
    pub controllers: String,
    /// Where the hierarchy is mounted.
    pub mount: String,
    /// The cgroup below the mount point: starts with a slash, holds no `..`.
    pub path: String,
}

impl Cgroup {
    /// The cgroup in the unified hierarchy, if there is one.
    pub fn unified(&self) -> Option<&Unified> {
        match self {
            Cgroup::V1 { unified, .. } => unified.as_ref(),
            Cgroup::V2(unified) => Some(unified),
            Cgroup::Systemd(unit) => unit.tree.unified(),
            Cgroup::Unmanaged => None,
        }
    }

    /// The hierarchies of v1.
    pub fn hierarchies(&self) -> &[Hierarchy] {
        match self {
            Cgroup::V1 { hierarchies, .. } => hierarchies,
            Cgroup::Systemd(unit) => unit.tree.hierarchies(),
            Cgroup::V2(_) | Cgroup::Unmanaged => &[],
        }
    }

    /// The unit, if systemd makes the cgroup.
    pub fn unit(&self) -> Option<&Unit> {
        match self {
            Cgroup::Systemd(unit) => Some(unit),
            _ => None,
        }
    }

    /// Each controller's names (as in /proc/self/cgroup; empty for the unified hierarchy) with its directory.
    pub fn paths(&self) -> Vec<(&str, String)> {
        let v1 = self.hierarchies().iter().map(|h| (h.controllers.as_str(), h.directory()));
        v1.chain(self.unified().map(|u| ("", u.directory()))).collect()
    }

    /// The controllers that this cgroup can be limited by.
    pub fn controllers(&self) -> Controllers {
        let v1: Vec<&str> = self.hierarchies().iter().map(|h| h.controllers.as_str()).collect();
        Controllers::new(v1.join(","), self.unified().map(|u| u.controllers.clone()))
    }

    /// The directory that holds the files of a controller.
    pub(crate) fn directory(&self, version: Version, controller: &str) -> Option<String> {
        match version {
            Version::V1 => self.hierarchy(controller).map(Hierarchy::directory),
            Version::V2 => self.unified().map(Unified::directory),
        }
    }

    /// The v1 hierarchy that has `controller`.
    pub(crate) fn hierarchy(&self, controller: &str) -> Option<&Hierarchy> {
        self.hierarchies().iter().find(|h| h.has(controller))
    }
}

impl Hierarchy {
    /// The cgroup's directory.
    pub fn directory(&self) -> String {
        [&*self.mount, &*self.path].concat()
    }

    /// Whether `controller` is bound to this hierarchy.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.split(',').any(|name| name == controller)
    }

    /// A control file of the cgroup.
    pub(crate) fn file(&self, name: &str) -> String {
        [&*self.mount, &*self.path, "/", name].concat()
    }
}

impl Unified {
    /// The cgroup's directory.
    pub fn directory(&self) -> String {
        [&*self.mount, &*self.path].concat()
    }

    /// A control file of the cgroup.
    pub(crate) fn file(&self, name: &str) -> String {
        [&*self.mount, &*self.path, "/", name].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2() -> Cgroup {
        Cgroup::V2(Unified {
            controllers: "cpu io".into(),
            mount: "/sys/fs/cgroup".into(),
            path: "/a/b".into(),
        })
    }

    #[test]
    fn a_cgroup_survives_the_state_file() {
        let json = serde_json::to_string(&v2()).unwrap();
        assert_eq!(serde_json::from_str::<Cgroup>(&json).unwrap(), v2());
    }

    #[test]
    fn an_unmanaged_cgroup_is_a_word_in_the_state_file() {
        assert_eq!(serde_json::to_string(&Cgroup::Unmanaged).unwrap(), "\"unmanaged\"");
    }

    #[test]
    fn a_path_of_v2_has_no_controllers_before_it() {
        assert_eq!(v2().paths(), [("", "/sys/fs/cgroup/a/b".to_string())]);
    }
}
