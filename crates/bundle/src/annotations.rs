//! Annotations of a config that change what is done: all of them, what each means, and what may stand there.
//!
//! All others go to `state` and to hooks and no further, as runtime-spec config.md "Annotations" has it. The names are
//! crun's (crun(1), "Extensions to OCI"), since engines and people write them; docs/annotations.md is the page for these.
//! Those of systemd's properties begin with [`cgroup::PROPERTY_PREFIX`] and are in the cgroup crate.

mod base64;

use std::ffi::CStr;
use std::path::{Path, PathBuf};

use oci_spec::runtime::Spec;

use crate::check::text::is_file_name;

const KEEP_GROUPS: &str = "run.oci.keep_original_groups";
const HOOKS_STDOUT: &str = "run.oci.hooks.stdout";
const HOOKS_STDERR: &str = "run.oci.hooks.stderr";
const CONTEXT_TYPE: &str = "run.oci.mount_context_type";
const PIDFD_RECEIVER: &str = "run.oci.pidfd_receiver";
const SECCOMP_RECEIVER: &str = "run.oci.seccomp.receiver";
const FAIL_UNKNOWN_CALL: &str = "run.oci.seccomp_fail_unknown_syscall";
const RAW_FILTER: &str = "run.oci.seccomp_bpf_data";
const SUBGROUP: &str = "run.oci.systemd.subgroup";
/// Names a file of settings for CRIU, which root runs by them.
pub const CRIU_CONFIG: &str = "org.criu.config";
/// See [`delegated`].
pub(crate) const DELEGATED: &str = "run.oci.delegate-cgroup";

/// One that is heard.
struct Heard {
    name: &'static str,
    is_right: fn(&str) -> bool,
    /// What may stand there, in words.
    allowed: &'static str,
}

const HEARD: &[Heard] = &[
    Heard { name: KEEP_GROUPS, is_right: is_switch, allowed: SWITCH },
    Heard { name: HOOKS_STDOUT, is_right: is_path, allowed: FILE },
    Heard { name: HOOKS_STDERR, is_right: is_path, allowed: FILE },
    Heard {
        name: CONTEXT_TYPE,
        is_right: |text| context_named(text).is_some(),
        allowed: "context, fscontext, defcontext or rootcontext",
    },
    Heard { name: PIDFD_RECEIVER, is_right: is_path, allowed: "the path of a socket" },
    Heard {
        name: SECCOMP_RECEIVER,
        is_right: |text| is_path(text) && text.starts_with('/'),
        allowed: "the absolute path of a socket",
    },
    Heard {
        name: SUBGROUP,
        is_right: |text| text.is_empty() || is_cgroup(text),
        allowed: "the name of a cgroup, or nothing",
    },
    Heard { name: DELEGATED, is_right: is_cgroup, allowed: "the name of a cgroup" },
    // Whatever it says: CRIU passes over a file that is not there.
    Heard { name: CRIU_CONFIG, is_right: |_| true, allowed: FILE },
    Heard { name: FAIL_UNKNOWN_CALL, is_right: is_switch, allowed: SWITCH },
    Heard {
        name: RAW_FILTER,
        is_right: |text| program(text).is_some(),
        allowed: "1 to 4096 instructions of 8 bytes each (struct sock_filter), in base64",
    },
];

const SWITCH: &str = "1 or true, 0 or false";
const FILE: &str = "the path of a file";

/// The names of all that are heard, or the beginnings of names: those end with a dot (features.md, "Unsafe
/// annotations").
pub fn names() -> impl Iterator<Item = &'static str> {
    [cgroup::PROPERTY_PREFIX].into_iter().chain(HEARD.iter().map(|heard| heard.name))
}

/// Those that are not what they may be: name, value, and what may stand there.
pub(crate) fn wrong(spec: &Spec) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
    let heard = if spec.annotations().is_some() { HEARD } else { &[] };
    heard.iter().filter_map(|Heard { name, is_right, allowed }| {
        let found = text(spec, name).filter(|found| !is_right(found))?;
        Some((*name, found, *allowed))
    })
}

/// Whether the process keeps the caller's supplementary groups.
pub(crate) fn keeps_groups(spec: &Spec) -> bool {
    is_on(spec, KEEP_GROUPS)
}

/// The files that are standard output and standard error of hooks.
pub(crate) fn hook_files(spec: &Spec, bundle: &Path) -> [Option<PathBuf>; 2] {
    [HOOKS_STDOUT, HOOKS_STDERR].map(|name| text(spec, name).map(|file| bundle.join(file)))
}

/// The option that gives a mount its label (mount(8), "context").
pub(crate) fn context_option(spec: &Spec) -> &'static CStr {
    text(spec, CONTEXT_TYPE).and_then(context_named).unwrap_or(c"context")
}

/// The options that [`context_option`] answers.
pub(crate) const CONTEXTS: &[&CStr] = &[c"context", c"fscontext", c"defcontext", c"rootcontext"];

/// Who is sent a pidfd of the container's init.
pub(crate) fn pidfd_receiver(spec: &Spec, bundle: &Path) -> Option<PathBuf> {
    text(spec, PIDFD_RECEIVER).map(|path| bundle.join(path))
}

/// Who is sent the listener of the seccomp filter, if the profile itself names nobody.
pub(crate) fn seccomp_receiver(spec: &Spec) -> Option<PathBuf> {
    text(spec, SECCOMP_RECEIVER).map(PathBuf::from)
}

/// The cgroup below its unit's that the container is in, where systemd makes that.
pub(crate) fn subgroup(spec: &Spec) -> Option<&str> {
    text(spec, SUBGROUP).filter(|name| !name.is_empty())
}

/// The cgroup below the container's that the program is in, for it to divide.
pub(crate) fn delegated(spec: &Spec) -> Option<&str> {
    text(spec, DELEGATED)
}

/// Whether a name in the seccomp profile that is no system call's is a problem.
pub(crate) fn fails_unknown_calls(spec: &Spec) -> bool {
    is_on(spec, FAIL_UNKNOWN_CALL)
}

/// The seccomp filter that takes the place of the profile: instructions of classic BPF as they are in memory.
pub(crate) fn raw_filter(spec: &Spec) -> Option<Vec<u8>> {
    text(spec, RAW_FILTER).and_then(program)
}

fn text<'s>(spec: &'s Spec, name: &str) -> Option<&'s str> {
    spec.annotations().as_ref()?.get(name).map(String::as_str)
}

fn is_on(spec: &Spec, name: &str) -> bool {
    matches!(text(spec, name), Some("1" | "true"))
}

fn is_switch(text: &str) -> bool {
    matches!(text, "0" | "1" | "false" | "true")
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

/// One name: the kernel gives the files in a cgroup names with a dot or without, so that those cannot be told from
/// others here.
fn is_cgroup(text: &str) -> bool {
    is_file_name(text) && !text.contains(char::is_control)
}

fn context_named(text: &str) -> Option<&'static CStr> {
    CONTEXTS.iter().copied().find(|option| option.to_bytes() == text.as_bytes())
}

/// A program of a length that the kernel takes (`BPF_MAXINSNS` of linux/bpf_common.h), which looks at the rest.
fn program(text: &str) -> Option<Vec<u8>> {
    const INSTRUCTION: usize = 8;
    const MOST: usize = 4096;
    let is_program = |bytes: &Vec<u8>| {
        bytes.len().is_multiple_of(INSTRUCTION) && (1..=MOST).contains(&(bytes.len() / INSTRUCTION))
    };
    base64::decode(text).filter(is_program)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check_value(name: &str, value: &str, is_right: bool) {
        let heard = HEARD.iter().find(|heard| heard.name == name).expect("an annotation that is heard");
        assert_eq!((heard.is_right)(value), is_right, "{name}={value}");
    }

    fn spec(annotations: Value) -> Spec {
        let spec = json!({"ociVersion": "1.0.0", "root": {"path": "/"}, "annotations": annotations});
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_switch_is_on_off_or_wrong() {
        ["0", "1", "false", "true"].iter().for_each(|value| check_value(KEEP_GROUPS, value, true));
        ["", "yes", "2", "True"].iter().for_each(|value| check_value(KEEP_GROUPS, value, false));
    }

    #[test]
    fn a_switch_that_is_off_is_off() {
        assert!(keeps_groups(&spec(json!({KEEP_GROUPS: "1"}))));
        assert!(!keeps_groups(&spec(json!({KEEP_GROUPS: "0"}))));
        assert!(!keeps_groups(&spec(json!({}))));
    }

    #[test]
    fn a_context_type_is_one_of_four() {
        check_value(CONTEXT_TYPE, "rootcontext", true);
        check_value(CONTEXT_TYPE, "seclabel", false);
    }

    #[test]
    fn without_a_context_type_it_is_context() {
        assert_eq!(context_option(&spec(json!({}))), c"context");
        assert_eq!(context_option(&spec(json!({CONTEXT_TYPE: "fscontext"}))), c"fscontext");
    }

    #[test]
    fn a_cgroup_is_one_name() {
        ["", "..", "a/b", "a\nb"].iter().for_each(|name| check_value(DELEGATED, name, false));
        check_value(DELEGATED, "payload", true);
        check_value(SUBGROUP, "", true);
        check_value(SUBGROUP, "/", false);
    }

    #[test]
    fn a_subgroup_without_a_name_is_none() {
        assert_eq!(subgroup(&spec(json!({SUBGROUP: ""}))), None);
        assert_eq!(subgroup(&spec(json!({SUBGROUP: "container"}))), Some("container"));
    }

    #[test]
    fn a_path_is_not_empty() {
        check_value(HOOKS_STDOUT, "", false);
        check_value(HOOKS_STDOUT, "log\0", false);
        check_value(HOOKS_STDOUT, "log", true);
    }

    #[test]
    fn a_path_is_below_the_bundle_unless_it_is_absolute() {
        let spec = spec(json!({HOOKS_STDOUT: "log", HOOKS_STDERR: "/var/log/hooks"}));
        let files = ["/bundle/log", "/var/log/hooks"].map(|file| Some(file.into()));
        assert_eq!(hook_files(&spec, Path::new("/bundle")), files);
    }

    #[test]
    fn the_receiver_of_listeners_is_absolute() {
        check_value(SECCOMP_RECEIVER, "/run/agent", true);
        check_value(SECCOMP_RECEIVER, "agent", false);
    }

    #[test]
    fn a_raw_filter_is_whole_instructions_in_base64() {
        check_value(RAW_FILTER, "BgAAAAAA/38=", true);
        check_value(RAW_FILTER, "", false);
        check_value(RAW_FILTER, "BgAAAAAA/w==", false);
        check_value(RAW_FILTER, "no base64", false);
    }

    #[test]
    fn a_raw_filter_has_at_most_4096_instructions() {
        check_value(RAW_FILTER, &"BgAAAAAA/38GAAAAAAD/fwYAAAAAAP9/".repeat(1365), true);
        check_value(RAW_FILTER, &"BgAAAAAA/38GAAAAAAD/fwYAAAAAAP9/".repeat(1366), false);
    }

    #[test]
    fn unknown_annotations_are_nobodys_business() {
        let spec = spec(json!({"run.oci.handler": "krun", "com.example": ""}));
        assert_eq!(wrong(&spec).collect::<Vec<_>>(), []);
    }

    #[test]
    fn a_wrong_value_is_told() {
        let spec = spec(json!({KEEP_GROUPS: "maybe"}));
        assert_eq!(wrong(&spec).collect::<Vec<_>>(), [(KEEP_GROUPS, "maybe", SWITCH)]);
    }
}
