//! What the spec knows and this runtime does not do yet is refused, never ignored.

use oci_spec::runtime::Spec;

use super::{Error, Host};
use crate::problem::Problem;

pub(super) fn check(spec: &Spec, _host: &Host) -> Result<(), Error> {
    let process = spec.process().as_ref();
    let linux = spec.linux().as_ref();
    let text = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let refused = [
        ("/process/apparmorProfile", process.is_some_and(|p| text(p.apparmor_profile()))),
        ("/process/selinuxLabel", process.is_some_and(|p| text(p.selinux_label()))),
        ("/process/scheduler", process.is_some_and(|p| p.scheduler().is_some())),
        ("/process/ioPriority", process.is_some_and(|p| p.io_priority().is_some())),
        ("/linux/mountLabel", linux.is_some_and(|l| text(l.mount_label()))),
        ("/linux/netDevices", linux.is_some_and(|l| l.net_devices().as_ref().is_some_and(|d| !d.is_empty()))),
        ("/linux/intelRdt", linux.is_some_and(|l| l.intel_rdt().is_some())),
        ("/linux/memoryPolicy", linux.is_some_and(|l| l.memory_policy().is_some())),
        ("/linux/personality", linux.is_some_and(|l| l.personality().is_some())),
    ];
    let mut problems: Vec<Problem> = refused
        .iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(pointer, _)| unsupported((*pointer).into()))
        .collect();
    for (index, mount) in spec.mounts().iter().flatten().enumerate() {
        let is_mapped =
            mount.uid_mappings().is_some() || mount.options().iter().flatten().any(|word| is_idmap(word));
        if is_mapped {
            problems.push(unsupported(format!("/mounts/{index}/uidMappings")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Problems(problems)) }
}

fn is_idmap(word: &str) -> bool {
    matches!(word, "idmap" | "ridmap")
}

fn unsupported(pointer: String) -> Problem {
    Problem {
        pointer,
        found: "a setting that this version does not support".into(),
        allowed: "nothing".into(),
    }
}
