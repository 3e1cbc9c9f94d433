//! Plans a config on every kind of machine and says each step in words.

use std::path::Path;

use bundle::plan::exec::{self, Overrides, Target};
use bundle::plan::{self, Error, Host, Planned, Request, Start};
use bundle::{Process, Spec};
use cgroup::Cgroup;
use container::plan::Plan;
use sys::namespace::{NEWNS, NEWPID, NEWUSER};

use crate::{is_a_sentence, machines};

/// `create` on every machine, and `exec` of the same process in what comes of it.
pub(crate) fn everywhere(spec: &Spec) {
    for host in machines() {
        let Some(planned) = in_words(plan::create(spec, &host, &request(&host))) else { continue };
        said(&planned.plan);
        if let Some(process) = spec.process() {
            exec_in(&planned, process, spec, &host);
        }
    }
}

fn request(host: &Host) -> Request<'static> {
    Request {
        id: "box",
        bundle: Path::new("/bundle"),
        no_pivot: false,
        no_new_keyring: false,
        preserve_fds: 0,
        notify: None,
        start: Start::AtOnce,
        rootless: host.is_rootless(),
        systemd: None,
    }
}

fn exec_in(planned: &Planned, process: &Process, spec: &Spec, host: &Host) {
    let has_cgroup = !matches!(planned.cgroup, Cgroup::Unmanaged);
    enter(process, spec, planned.made | planned.joined, has_cgroup, host);
}

/// `exec` of a process in the default container.
pub(crate) fn entry(process: &Process) {
    for host in machines() {
        enter(process, &Spec::default(), NEWNS | NEWPID | NEWUSER, true, &host);
    }
}

fn enter(process: &Process, spec: &Spec, namespaces: u64, has_cgroup: bool, host: &Host) {
    let target =
        Target { spec, namespaces, has_cgroup, rdt: None, preserve_fds: 0, filter: None, keyring: None };
    let Ok(process) = exec::process(process, &Overrides::default()) else { return };
    if let Some(entry) = in_words(exec::enter(&process, &target, host)) {
        said(&entry.plan);
    }
}

fn in_words<T>(result: Result<T, Error>) -> Option<T> {
    result.map_err(|error| is_a_sentence(&error.to_string())).ok()
}

/// Every step has words, since an error has to say which one it was.
fn said(plan: &Plan) {
    plan.steps.iter().for_each(|step| is_a_sentence(&step.action.to_string()));
}
