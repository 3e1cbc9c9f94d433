//! `hooks`: paths are absolute (config.md, "POSIX-platform Hooks").

use oci_spec::runtime::{Hook, Hooks, Spec};

use super::{Findings, each};
use crate::problem::At;

pub(super) fn check(spec: &Spec, findings: &mut Findings) {
    let Some(hooks) = spec.hooks() else { return };
    let at = At::Root.key("hooks");
    for (kind, list) in kinds(hooks) {
        for (index, hook) in each(list) {
            let path = hook.path();
            findings.must(
                path.is_absolute(),
                &at.key(kind).index(index).key("path"),
                path,
                "an absolute path",
            );
        }
    }
}

/// The six kinds in the order in which they run.
#[allow(deprecated, reason = "the spec still demands prestart hooks")]
fn kinds(hooks: &Hooks) -> [(&'static str, &Option<Vec<Hook>>); 6] {
    [
        ("prestart", hooks.prestart()),
        ("createRuntime", hooks.create_runtime()),
        ("createContainer", hooks.create_container()),
        ("startContainer", hooks.start_container()),
        ("poststart", hooks.poststart()),
        ("poststop", hooks.poststop()),
    ]
}
