//! What runtime-spec demands of values beyond their type, as far as it can be told without touching the
//! machine.
//!
//! Runs over the typed spec after [`crate::shape`] has mended it, so that all problems come at once.

mod devices;
mod hooks;
mod linux;
mod mappings;
pub(crate) mod mounts;
mod namespaces;
mod net_devices;
mod process;
pub(crate) mod resources;
mod scheduler;
pub mod sysctl;
pub(crate) mod text;
mod version;

use oci_spec::runtime::{Linux, Process, Spec};
use serde::Serialize;
use serde_json::Value;

use self::namespaces::Listed;
use crate::problem::{At, Places, Problem, described};

/// Checks the process of `exec` after its flags have been applied; pointers are relative to the process
/// object.
pub fn check_process(process: &Process) -> Vec<Problem> {
    process_findings(process, &[]).problems
}

/// Checks a process on its own, of which `reported` is already known to be wrong.
pub(crate) fn process_findings(process: &Process, reported: &[Problem]) -> Findings {
    let mut findings = Findings::new(reported);
    process::check(process, &At::Root, &mut findings);
    findings
}

/// Checks a whole spec, of which `reported` is already known to be wrong.
pub(crate) fn check_spec(spec: &Spec, reported: &[Problem]) -> Findings {
    let mut findings = Findings::new(reported);
    let namespaces = Listed::in_spec(spec, &findings);
    version::check(spec, &mut findings);
    root(spec, &mut findings);
    annotations(spec, &mut findings);
    if let Some(process) = spec.process() {
        process::check(process, &At::Root.key("process"), &mut findings);
    }
    mounts::check(spec, &namespaces, &mut findings);
    hooks::check(spec, &mut findings);
    namespaces::check(spec, &namespaces, &mut findings);
    mappings::check(spec, &namespaces, &mut findings);
    if let Some(linux) = spec.linux() {
        platform(spec, linux, &namespaces, &mut findings);
    }
    findings
}

fn platform(spec: &Spec, linux: &Linux, namespaces: &Listed<'_>, findings: &mut Findings) {
    let at = At::Root.key("linux");
    devices::check(linux, &at.key("devices"), findings);
    net_devices::check(linux, &at.key("netDevices"), namespaces, findings);
    sysctl::check(spec, linux, &at.key("sysctl"), namespaces, findings);
    linux::check(linux, &at, findings);
    if let Some(resources) = linux.resources() {
        resources::check(resources, &at.key("resources"), findings);
    }
}

fn root(spec: &Spec, findings: &mut Findings) {
    if let Some(root) = spec.root() {
        let named = !root.path().as_os_str().is_empty();
        findings.must(named, &At::Root.key("root").key("path"), root.path(), "the path of a directory");
    }
}

fn annotations(spec: &Spec, findings: &mut Findings) {
    let at = At::Root.key("annotations");
    if let Some(value) = spec.annotations().as_ref().and_then(|annotations| annotations.get("")) {
        findings.must(false, &at.key(""), value, "keys that are not empty");
    }
    for (name, found, allowed) in crate::annotations::wrong(spec) {
        findings.must(false, &at.key(name), found, allowed);
    }
}

/// What the checks have found so far.
#[derive(Debug)]
pub(crate) struct Findings {
    /// Found before, by the shape: what stands there now is a stand-in and is not worth a word.
    reported: Places,
    /// Found by the checks.
    found: Places,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<String>,
}

impl Findings {
    pub(crate) fn new(reported: &[Problem]) -> Findings {
        Findings {
            reported: reported.iter().map(|problem| problem.pointer.clone()).collect(),
            found: Places::default(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Reports what was `found` at a place unless it is `right`.
    fn must<T: Serialize + ?Sized>(&mut self, right: bool, at: &At<'_>, found: &T, allowed: &str) {
        if !right {
            let value = serde_json::to_value(found).unwrap_or(Value::Null);
            self.problem(at, described(&value), allowed);
        }
    }

    /// Reports a place where something is missing.
    fn missing(&mut self, at: &At<'_>, allowed: &str) {
        self.problem(at, "nothing".to_owned(), allowed);
    }

    fn problem(&mut self, at: &At<'_>, found: String, allowed: &str) {
        let pointer = at.to_string();
        if !self.reported.cover(&pointer) {
            self.found.insert(pointer.clone());
            self.problems.push(Problem { pointer, found, allowed: allowed.to_owned() });
        }
    }

    fn warn(&mut self, at: &At<'_>, text: &str) {
        self.warnings.push(format!("{at}: {text}"));
    }

    /// Whether nothing has been found at a place, around it or inside it: then rules about several fields
    /// apply.
    fn is_sound(&self, at: &At<'_>) -> bool {
        let known = [&self.reported, &self.found];
        if known.iter().all(|places| places.is_empty()) {
            return true;
        }
        let pointer = at.to_string();
        !known.iter().any(|places| places.cover(&pointer) || places.are_within(&pointer))
    }
}

/// The elements of an optional array, with their index.
fn each<T>(list: &Option<Vec<T>>) -> impl Iterator<Item = (usize, &T)> {
    list.iter().flatten().enumerate()
}

#[cfg(test)]
mod tests;
