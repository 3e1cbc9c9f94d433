//! Security labels: AppArmor profile and SELinux context of the process, SELinux context of the mounts.
//!
//! A label that nothing would enforce is an error. runtime-spec knows no case in which it may be ignored, and engines
//! write one only where the module is enabled.

use std::ffi::{CStr, CString};

use container::plan::{Action, MountSource, SecurityModule};
use oci_spec::runtime::{Process, Spec};

use super::text::c;
use super::{Error, Host, Steps};
use crate::annotations::{self, CONTEXTS};
use crate::problem::Problem;

/// The labels of a process, as the kernel takes them.
#[derive(Debug, Default)]
pub(super) struct Labels {
    apparmor: Option<CString>,
    selinux: Option<CString>,
}

impl Labels {
    pub(super) fn of(process: Option<&Process>, host: &Host) -> Result<Labels, Error> {
        let Some(process) = process else { return Ok(Labels::default()) };
        let profile = profile(process.apparmor_profile(), || host.has_apparmor())?;
        let context = context("/process/selinuxLabel", process.selinux_label(), || host.has_selinux())?;
        Ok(Labels { apparmor: profile, selinux: context })
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, SecurityModule, &CString)> {
        let apparmor = ("process.apparmorProfile", SecurityModule::AppArmor, &self.apparmor);
        let selinux = ("process.selinuxLabel", SecurityModule::Selinux, &self.selinux);
        let labels = [apparmor, selinux].into_iter();
        labels.filter_map(|(field, module, label)| Some((field, module, label.as_ref()?)))
    }

    /// While /proc can still be trusted.
    pub(super) fn open(&self, steps: &mut Steps) {
        for (field, module, _) in self.each() {
            steps.push(field, Action::OpenLabel(module));
        }
    }

    /// When nothing is executed any more but the program.
    pub(super) fn write(&self, steps: &mut Steps) {
        for (field, module, label) in self.each() {
            steps.push(field, Action::Label { module, label: label.clone() });
        }
    }
}

/// To be unconfined is what a process is without AppArmor.
fn profile(profile: &Option<String>, is_enabled: impl FnOnce() -> bool) -> Result<Option<CString>, Error> {
    match profile.as_deref() {
        None | Some("") => Ok(None),
        Some(profile) if is_enabled() => Ok(Some(c(format!("exec {profile}")))),
        Some("unconfined") => Ok(None),
        Some(profile) => Err(refused("/process/apparmorProfile", profile, "AppArmor")),
    }
}

fn context(
    pointer: &str,
    context: &Option<String>,
    is_enabled: impl FnOnce() -> bool,
) -> Result<Option<CString>, Error> {
    match context.as_deref() {
        None | Some("") => Ok(None),
        Some(context) if is_enabled() => Ok(Some(c(context))),
        Some(context) => Err(refused(pointer, context, "SELinux")),
    }
}

fn refused(pointer: &str, label: &str, module: &str) -> Error {
    Error::Problems(vec![Problem {
        pointer: pointer.into(),
        found: format!("{label:?}"),
        allowed: format!("nothing: {module} is not enabled on this host"),
    }])
}

/// File systems that take no context of a mount: their files have labels by the policy, or were labelled when the
/// namespace was made that they show.
const LABELLED: &[&CStr] = &[c"proc", c"sysfs", c"cgroup", c"cgroup2", c"mqueue"];

/// `linux.mountLabel`: the context of every file system that is mounted, unless its own options name one. As which of
/// mount(8)'s four, an annotation may say.
pub(super) fn mounts(steps: &mut Steps, spec: &Spec, host: &Host) -> Result<(), Error> {
    let wanted = spec.linux().as_ref().map_or(&None, |linux| linux.mount_label());
    let label = context("/linux/mountLabel", wanted, || host.has_selinux())?;
    let option = annotations::context_option(spec);
    for step in &mut steps.0 {
        if let Action::Mount(mount) = &mut step.action {
            dress(&mut mount.source, label.as_ref().map(|label| (option, label)));
        }
    }
    Ok(())
}

fn dress(source: &mut MountSource, label: Option<(&CStr, &CString)>) {
    let MountSource::FileSystem { kind, options, .. } = source else { return };
    let mut has_context = LABELLED.contains(&kind.as_c_str());
    for (key, value) in options.iter_mut().filter(|(key, _)| CONTEXTS.contains(&key.as_c_str())) {
        has_context |=
            key.as_c_str() == c"context" || label.is_some_and(|(option, _)| key.as_c_str() == option);
        *value = value.take().map(unquoted);
    }
    if let Some((option, label)) = label.filter(|_| !has_context) {
        options.push((option.into(), Some(label.clone())));
    }
}

/// mount(2) took options in one string, where a context with commas stood in quotes; fsconfig(2) takes each as it is.
fn unquoted(value: CString) -> CString {
    let bytes = value.as_bytes();
    bytes.strip_prefix(b"\"").and_then(|bytes| bytes.strip_suffix(b"\"")).map_or(value.clone(), c)
}

#[cfg(test)]
mod tests {
    use container::plan::{Content, On};

    use super::*;

    fn tmpfs(kind: &CStr, options: &[(&CStr, &CStr)]) -> MountSource {
        let options = options.iter().map(|(key, value)| ((*key).into(), Some((*value).into())));
        let options = options.collect();
        MountSource::FileSystem { kind: kind.into(), options, on: On::Directory, content: Content::Fresh }
    }

    #[track_caller]
    fn check(source: MountSource, label: Option<&CStr>, expected: MountSource) {
        check_as(c"context", source, label, expected);
    }

    #[track_caller]
    fn check_as(option: &CStr, mut source: MountSource, label: Option<&CStr>, expected: MountSource) {
        dress(&mut source, label.map(CString::from).as_ref().map(|label| (option, label)));
        assert_eq!(source, expected);
    }

    #[test]
    fn a_profile_is_for_the_next_execve() {
        let wanted = profile(&Some("docker-default".into()), || true).unwrap();
        assert_eq!(wanted.as_deref(), Some(c"exec docker-default"));
    }

    #[test]
    fn a_profile_without_apparmor_is_an_error() {
        let error = profile(&Some("docker-default".into()), || false).unwrap_err().to_string();
        assert!(error.contains("AppArmor is not enabled"), "{error}");
    }

    #[test]
    fn without_apparmor_everything_is_unconfined() {
        assert_eq!(profile(&Some("unconfined".into()), || false).unwrap(), None);
    }

    #[test]
    fn an_empty_label_is_none() {
        assert_eq!(context("/x", &Some(String::new()), || false).unwrap(), None);
    }

    #[test]
    fn a_label_without_selinux_is_an_error() {
        let error = context("/process/selinuxLabel", &Some("a:b:c:s0".into()), || false).unwrap_err();
        assert!(error.to_string().contains("/process/selinuxLabel: found \"a:b:c:s0\""), "{error}");
    }

    #[test]
    fn a_new_file_system_gets_the_context() {
        check(tmpfs(c"tmpfs", &[]), Some(c"a:b"), tmpfs(c"tmpfs", &[(c"context", c"a:b")]));
    }

    #[test]
    fn a_context_of_its_own_stays() {
        let own = || tmpfs(c"tmpfs", &[(c"context", c"own")]);
        check(own(), Some(c"a:b"), own());
    }

    #[test]
    fn a_label_may_be_that_of_the_root_alone() {
        let labelled = tmpfs(c"tmpfs", &[(c"rootcontext", c"a:b")]);
        check_as(c"rootcontext", tmpfs(c"tmpfs", &[]), Some(c"a:b"), labelled);
    }

    #[test]
    fn a_label_of_the_same_kind_stays() {
        let own = || tmpfs(c"tmpfs", &[(c"rootcontext", c"own")]);
        check_as(c"rootcontext", own(), Some(c"a:b"), own());
    }

    #[test]
    fn proc_gets_no_context() {
        check(tmpfs(c"proc", &[]), Some(c"a:b"), tmpfs(c"proc", &[]));
    }

    #[test]
    fn a_context_loses_its_quotes() {
        check(
            tmpfs(c"tmpfs", &[(c"context", c"\"a:s0:c1,c2\"")]),
            None,
            tmpfs(c"tmpfs", &[(c"context", c"a:s0:c1,c2")]),
        );
    }
}
