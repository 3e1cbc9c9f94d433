//! `linux.intelRdt`: the container's group in resctrl (config-linux.md, "IntelRdt").

use container::plan::Action;
use oci_spec::runtime::{LinuxIntelRdt, Spec};
use resctrl::{Group, Schemata};

use super::{Error, Host, Steps};
use crate::problem::Problem;

/// A group and what it is to have.
pub(super) struct Rdt {
    pub(super) group: Group,
    schemata: Schemata,
}

impl Rdt {
    /// What the config asks for. Only then is the host asked for a resctrl file system.
    pub(super) fn of(spec: &Spec, host: &Host, id: &str) -> Result<Option<Rdt>, Error> {
        let Some(wanted) = spec.linux().as_ref().and_then(|linux| linux.intel_rdt().as_ref()) else {
            return Ok(None);
        };
        let Some(root) = host.resctrl() else {
            return Err(Error::Problems(vec![Problem {
                pointer: "/linux/intelRdt".into(),
                found: "a setting".into(),
                allowed: "nothing: no resctrl file system is mounted on this host".into(),
            }]));
        };
        let group = Group::new(root.into(), wanted.clos_id().as_deref(), id, is_monitored(wanted));
        Ok(Some(Rdt { group, schemata: schemata(wanted) }))
    }

    /// Makes the group and enters it: before anything of the container runs.
    pub(super) fn plan(&self, steps: &mut Steps) {
        let Rdt { group, schemata } = self;
        steps.push(
            "linux.intelRdt",
            Action::MakeRdtGroup { group: group.clone(), schemata: schemata.clone() },
        );
        enter(steps, group);
    }
}

/// Puts the process into the group.
pub(super) fn enter(steps: &mut Steps, group: &Group) {
    steps.push("linux.intelRdt", Action::EnterRdtGroup(group.clone()));
}

/// Before 1.3 there were two kinds of monitoring to ask for, which the kernel cannot tell apart.
fn is_monitored(wanted: &LinuxIntelRdt) -> bool {
    let asked = [wanted.enable_monitoring(), wanted.enable_cmt(), wanted.enable_mbm()];
    asked.into_iter().any(|asked| *asked == Some(true))
}

fn schemata(wanted: &LinuxIntelRdt) -> Schemata {
    let both = [wanted.l3_cache_schema(), wanted.mem_bw_schema()];
    let filled = both.into_iter().flatten().filter(|schema| !schema.is_empty());
    Schemata { demanded: filled.cloned().collect(), set: wanted.schemata().clone().unwrap_or_default() }
}
