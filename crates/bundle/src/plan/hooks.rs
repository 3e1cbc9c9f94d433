//! `hooks`: one step for each, at its point and on its side; and the state that they read.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use container::plan::{Action, Hook, HookFiles, HookPoint, HookState};
use oci_spec::runtime::{Hook as Wanted, Hooks, Spec};
use serde::Serialize;
use sys::process::Strings;

use super::Steps;
use super::text::{c, path};
use crate::annotations;

fn listed(hooks: &Hooks, point: HookPoint) -> &[Wanted] {
    let listed = match point {
        HookPoint::Prestart => hooks.prestart(),
        HookPoint::CreateRuntime => hooks.create_runtime(),
        HookPoint::CreateContainer => hooks.create_container(),
        HookPoint::StartContainer => hooks.start_container(),
        HookPoint::Poststart => hooks.poststart(),
        HookPoint::Poststop => hooks.poststop(),
    };
    listed.as_deref().unwrap_or_default()
}

/// Adds the hooks of a point.
pub(super) fn plan(steps: &mut Steps, spec: &Spec, bundle: &Path, point: HookPoint) {
    for (index, hook) in spec.hooks().iter().flat_map(|hooks| listed(hooks, point)).enumerate() {
        let hook = one(hook, files(spec, bundle));
        let action = match point {
            HookPoint::CreateContainer | HookPoint::StartContainer => Action::ContainerHook(point, hook),
            _ => Action::HostHook(point, hook),
        };
        steps.push_entry(format!("hooks.{}[{index}]", point.name()), action);
    }
}

/// The hooks that no plan holds: poststart, which `start` runs, and poststop, which `delete` runs.
pub fn host_hooks(spec: &Spec, bundle: &Path, point: HookPoint) -> Vec<Hook> {
    let hooks = spec.hooks().iter().flat_map(|hooks| listed(hooks, point));
    hooks.map(|hook| one(hook, files(spec, bundle))).collect()
}

fn files(spec: &Spec, bundle: &Path) -> HookFiles {
    let [output, errors] = annotations::hook_files(spec, bundle);
    HookFiles { output, errors }
}

/// Whether `start` or `delete` will have hooks to run.
pub(super) fn has_late(spec: &Spec) -> bool {
    has(spec, HookPoint::Poststart) || has(spec, HookPoint::Poststop)
}

/// Whether there are hooks of a point.
pub(super) fn has(spec: &Spec, point: HookPoint) -> bool {
    spec.hooks().iter().any(|hooks| !listed(hooks, point).is_empty())
}

fn one(hook: &Wanted, files: HookFiles) -> Hook {
    let program = path(hook.path());
    let arguments = match hook.args().as_deref() {
        Some(arguments) if !arguments.is_empty() => arguments.iter().map(c).collect(),
        _ => vec![program.clone()],
    };
    Hook {
        path: program,
        arguments: Strings::new(arguments),
        environment: Strings::new(hook.env().iter().flatten().map(c).collect()),
        timeout: hook.timeout().and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
        files,
    }
}

/// The part of the state that is known before there is a process (runtime-spec runtime.md "State").
#[derive(Serialize)]
struct Rest<'s> {
    bundle: &'s Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<&'s String, &'s String>>,
}

/// The state of a container as its hooks read it, but for status and pid.
pub fn state(spec: &Spec, id: &str, bundle: &Path) -> HookState {
    if spec.hooks().is_none() {
        return super::no_state();
    }
    let annotations = spec.annotations().as_ref().map(|annotations| annotations.iter().collect());
    let rest = serde_json::to_string(&Rest { bundle, annotations }).unwrap_or_default();
    // An id needs no escapes: it was parsed.
    let head = format!(r#"{{"ociVersion":"{}","id":"{id}","status":""#, crate::OCI_VERSION);
    HookState { head: head.into(), tail: rest.replacen('{', ",", 1).into() }
}
