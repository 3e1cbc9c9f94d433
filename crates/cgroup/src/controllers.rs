//! Which controllers a host offers, and on which version of cgroup.

use crate::Error;

/// The version of cgroup a controller is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A hierarchy of cgroup v1.
    V1,
    /// The unified hierarchy.
    V2,
}

/// The controllers of a host. On a hybrid host each is bound to one version or the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controllers {
    v1: String,
    v2: Option<String>,
}

impl Controllers {
    /// `v1` as in /proc/self/cgroup: names with commas between. `v2` as in cgroup.controllers: names with
    /// blanks between; `None` where no cgroup2 is mounted.
    pub fn new(v1: impl Into<String>, v2: Option<String>) -> Controllers {
        Controllers { v1: v1.into(), v2 }
    }

    /// Whether the host has `controller` on that version.
    pub fn has(&self, version: Version, controller: &str) -> bool {
        match version {
            Version::V1 => self.v1.split(',').any(|name| name == controller),
            Version::V2 => {
                self.v2.as_deref().is_some_and(|names| names.split(' ').any(|name| name == controller))
            }
        }
    }

    /// Whether a unified hierarchy is mounted, with or without controllers.
    pub fn has_unified(&self) -> bool {
        self.v2.is_some()
    }

    /// Whether the unified hierarchy is all there is.
    pub(crate) fn is_unified_alone(&self) -> bool {
        self.has_unified() && self.v1.is_empty()
    }

    /// The version that serves device rules: v1 by its controller, v2 by an eBPF program on the cgroup.
    pub fn devices(&self) -> Option<Version> {
        match self.has(Version::V1, "devices") {
            true => Some(Version::V1),
            false => self.has_unified().then_some(Version::V2),
        }
    }

    /// Where a controller is that v1 and v2 call by these names; an error that names the field if it is
    /// nowhere.
    pub(crate) fn find(&self, v1: &str, v2: &str, field: &'static str) -> Result<Version, Error> {
        if self.has(Version::V1, v1) {
            return Ok(Version::V1);
        }
        match self.has(Version::V2, v2) {
            true => Ok(Version::V2),
            false => Err(absent(v1).of(field)),
        }
    }

    /// As [`find`](Self::find), for what exists on v1 alone.
    pub(crate) fn find_v1(&self, controller: &str, field: &'static str) -> Result<(), Error> {
        match self.has(Version::V1, controller) {
            true => Ok(()),
            false => Err(absent(controller).of(field)),
        }
    }
}

/// The words for a controller that is not there.
pub(crate) fn absent(controller: &str) -> Error {
    Error::rule(format!("this host has no {controller} cgroup controller"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hybrid() -> Controllers {
        Controllers::new("cpu,cpuacct,devices", Some("hugetlb memory".to_string()))
    }

    #[test]
    fn a_hybrid_host_has_each_controller_on_one_version() {
        assert_eq!(hybrid().find("cpu", "cpu", "f"), Ok(Version::V1));
        assert_eq!(hybrid().find("memory", "memory", "f"), Ok(Version::V2));
    }

    #[test]
    fn a_missing_controller_is_named_with_its_field() {
        let error = hybrid().find("pids", "pids", "linux.resources.pids.limit").unwrap_err();
        assert_eq!(error.to_string(), "linux.resources.pids.limit: this host has no pids cgroup controller");
    }

    #[test]
    fn device_rules_need_no_controller_on_v2() {
        assert_eq!(Controllers::new("", Some(String::new())).devices(), Some(Version::V2));
        assert_eq!(hybrid().devices(), Some(Version::V1));
        assert_eq!(Controllers::default().devices(), None);
    }
}
