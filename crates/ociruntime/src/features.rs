//! `features`: what this runtime can do, whatever the host can (runtime-spec, features.md and features-linux.md).

use bundle::plan::Filters;
use seccomp::{Action, Arch, Flags, Operator};
use serde_json::{Value, json};

use crate::error::Result;
use crate::output;
use crate::version::{COMMIT, SPEC, VERSION};

/// Prints the features document. It is made of constants, but for the flags that the kernel knows: no file of the host
/// is read.
pub(crate) fn features() -> Result<()> {
    output::print_pretty(&document())
}

fn document() -> Value {
    json!({
        "ociVersionMin": "1.0.0",
        "ociVersionMax": SPEC,
        "hooks": HOOKS,
        "mountOptions": bundle::plan::mount_option_names().collect::<Vec<_>>(),
        "linux": {
            "namespaces": bundle::NAMESPACES,
            "capabilities": bundle::CAPABILITIES,
            "cgroup": { "v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true },
            "seccomp": seccomp(),
            "apparmor": { "enabled": true },
            "selinux": { "enabled": true },
            "memoryPolicy": { "modes": bundle::MEMORY_POLICY_MODES, "flags": bundle::MEMORY_POLICY_FLAGS },
            "intelRdt": { "enabled": true, "schemata": true, "monitoring": true },
            "mountExtensions": { "idmap": { "enabled": true } },
            "netDevices": { "enabled": true },
        },
        "annotations": {
            "io.github.ociruntime.version": VERSION,
            "io.github.ociruntime.commit": COMMIT,
            "io.github.ociruntime.checkpoint.enabled": "true",
            // The name under which engines look for it.
            "org.opencontainers.runc.checkpoint.enabled": "true",
        },
        "potentiallyUnsafeConfigAnnotations": bundle::annotations::names().collect::<Vec<_>>(),
    })
}

/// Everything that the seccomp crate knows by name, and which flags of it the kernel does.
fn seccomp() -> Value {
    json!({
        "enabled": true,
        "actions": Action::names().collect::<Vec<_>>(),
        "operators": Operator::names().collect::<Vec<_>>(),
        "archs": Arch::all().map(Arch::name).collect::<Vec<_>>(),
        "knownFlags": Flags::names().collect::<Vec<_>>(),
        "supportedFlags": Filters::read().flags.set().collect::<Vec<_>>(),
    })
}

/// config.md, "POSIX-platform Hooks".
const HOOKS: &[&str] =
    &["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_that_of_the_version_command() {
        assert_eq!(document()["ociVersionMax"], SPEC);
    }

    #[test]
    fn all_eight_namespaces_are_announced() {
        assert_eq!(document()["linux"]["namespaces"].as_array().map(Vec::len), Some(8));
    }

    #[test]
    fn all_nine_seccomp_actions_are_announced() {
        assert_eq!(document()["linux"]["seccomp"]["actions"].as_array().map(Vec::len), Some(9));
    }

    #[test]
    fn recursive_read_only_mounts_are_announced() {
        assert!(document()["mountOptions"].to_string().contains("\"rro\""));
    }

    #[test]
    fn all_41_capabilities_are_announced() {
        assert_eq!(document()["linux"]["capabilities"].as_array().map(Vec::len), Some(41));
    }
}
