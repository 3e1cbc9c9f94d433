//! Plans a process in a running container: the order of everything that `exec` does.

mod overrides;

use container::plan::{Action, Filter, Plan};
use oci_spec::runtime::{Process, Spec};
use sys::namespace::{NEWPID, NEWUSER};

use super::labels::Labels;
use super::namespaces::{denies_groups, keyring};
use super::process as planned;
use super::scheduling::{self, Affinity};
use super::{Error, Host, Steps, rdt, seccomp};
use crate::annotations;

pub use overrides::{Overrides, inherit, process};

/// What the plan must know of the container.
#[derive(Clone, Debug)]
pub struct Target<'t> {
    /// The config it was created with.
    pub spec: &'t Spec,
    /// The namespaces (`CLONE_NEW*`) that it has of its own, and that the runtime is not in.
    pub namespaces: u64,
    /// Whether the process enters the container's cgroup.
    pub has_cgroup: bool,
    /// The container's group in resctrl.
    pub rdt: Option<&'t resctrl::Group>,
    /// Descriptors from 3 on that the program inherits.
    pub preserve_fds: u32,
    /// The seccomp filter of the container, if it was kept: else it is made again.
    pub filter: Option<Filter>,
    /// The id of the container, if its processes have a session keyring of their own.
    pub keyring: Option<&'t str>,
}

/// A plan and what the user should hear of.
#[derive(Debug)]
pub struct Entry {
    /// What parent and child do.
    pub plan: Plan,
    /// Whether the process has a terminal.
    pub terminal: bool,
    /// What stops nothing.
    pub warnings: Vec<String>,
}

/// Plans to run `process` in the container.
pub fn enter(process: &Process, target: &Target<'_>, host: &Host) -> Result<Entry, Error> {
    let mut warnings = Vec::new();
    let filter = match &target.filter {
        Some(kept) => Some(kept.clone()),
        // What `create` has told need not be told again.
        None => seccomp::filter(target.spec, host, &mut warnings, &mut Vec::new())?,
    };
    let labels = Labels::of(Some(process), host)?;
    let affinity = Affinity::of(process)?;
    let mut steps = Steps::default();
    affinity.begin(&mut steps);
    if let Some(score) = process.oom_score_adj() {
        steps.push("process.oomScoreAdj", Action::OomScore(score));
    }
    if target.has_cgroup {
        steps.push("", Action::EnterCgroup);
    }
    affinity.settle(&mut steps, target.has_cgroup);
    if let Some(group) = target.rdt {
        rdt::enter(&mut steps, group);
    }
    if target.namespaces != 0 {
        steps.push("", Action::JoinInit { namespaces: target.namespaces });
    }
    steps.push("", Action::CloseDescriptors { preserved: target.preserve_fds });
    if target.namespaces & NEWPID != 0 {
        // Only now is anybody in the container to see a process of ours: one that has its root already, and nothing
        // of the host. Were the runtime to join the pid namespace itself, its child would be seen from its first
        // moment, and /proc/PID/root of it be the host's.
        steps.push("", Action::Fork { namespaces: 0 });
    }
    let denies_groups = target.namespaces & NEWUSER != 0 && denies_groups(target.spec, host);
    let keeps_groups = annotations::keeps_groups(target.spec);
    if target.namespaces & NEWUSER != 0 {
        steps.push("", Action::BecomeRoot { clear_groups: !denies_groups && !keeps_groups });
    }
    steps.push("", Action::NewSession);
    if let Some(id) = target.keyring {
        steps.push("", Action::Keyring(keyring(id)));
    }
    steps.push("", Action::OpenRoot(c"/".into()));
    labels.open(&mut steps);
    planned::beneath_root_of(&mut steps, process, false);
    steps.push("process.cwd", Action::EnterDirectory(super::text::path(process.cwd())));
    let in_user_namespace = target.namespaces & NEWUSER != 0;
    let rights = planned::Rights { host, in_user_namespace, denies_groups, keeps_groups };
    scheduling::plan(&mut steps, process, target.spec.linux().as_ref())?;
    planned::become_user_of(&mut steps, process, &rights, filter.as_ref(), &mut warnings);
    labels.write(&mut steps);
    steps.push("", Action::Ready);
    // Sockets are handed to the container's init alone.
    planned::execute_of(&mut steps, target.spec, process, filter.as_ref(), Vec::new());
    let plan = Plan { namespaces: 0, steps: steps.0, state: super::no_state() };
    let terminal = process.terminal().unwrap_or(false);
    Ok(Entry { plan, terminal, warnings })
}
