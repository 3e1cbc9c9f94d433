//! From what the user wrote to what will be done: a checked spec and the host's facts become a [`Plan`].
//!
//! Planning changes nothing on the machine and asks it nothing that is not in [`Host`]. The two lists below,
//! [`create`] and [`exec::enter`], are the whole order of things.

pub(crate) mod cgroups;
mod devices;
pub mod exec;
mod hooks;
mod host;
mod labels;
mod mounts;
mod namespaces;
mod notify;
mod numbers;
mod options;
mod process;
mod rdt;
mod rootfs;
mod scheduling;
pub mod seccomp;
mod text;
mod tree;

use std::path::{Path, PathBuf};

use cgroup::{Cgroup, Manager, Property, Write};
use container::plan::{Action, HookPoint, HookState, Plan, Step};
use oci_spec::runtime::Spec;

use sys::namespace::NEWUSER;

use crate::annotations;
use crate::problem::Problem;

pub use hooks::{host_hooks, state};
pub use host::{Filters, Host};
pub use namespaces::joined as joined_namespaces;
pub use notify::SOCKET as NOTIFY_SOCKET_NAME;
pub use options::names as mount_option_names;
pub use tree::tree;

/// What the command line adds to a config.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// The container's id.
    pub id: &'r str,
    /// The bundle directory, absolute.
    pub bundle: &'r Path,
    /// Enter the root by moving it over `/` instead of pivot_root(2).
    pub no_pivot: bool,
    /// Stay in the caller's session keyring.
    pub no_new_keyring: bool,
    /// Descriptors from 3 on that the program inherits.
    pub preserve_fds: u32,
    /// Whether the init waits for `start`, or runs the program as soon as it is ready.
    pub start: Start,
    /// A directory of the container's own, in which there will be a socket to be told of the container's readiness;
    /// for a caller that is a service.
    pub notify: Option<&'r Path>,
    /// Whether an ordinary user's lack of a cgroup is no error.
    pub rootless: bool,
    /// The systemd that makes the cgroup, if one is to.
    pub systemd: Option<&'r Manager>,
}

/// When the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// When `start` says so.
    OnCommand,
    /// As soon as the container is ready.
    AtOnce,
}

/// A plan with what belongs around it.
#[derive(Debug)]
pub struct Planned {
    /// What parent and child do.
    pub plan: Plan,
    /// Where the container's cgroup is.
    pub cgroup: Cgroup,
    /// Where the container is in resctrl, if it is.
    pub rdt: Option<resctrl::Group>,
    /// Whether the cgroup of v1 is to be made while the child makes its namespaces.
    pub meanwhile: bool,
    /// What systemd is told of the container's unit; nothing if the cgroup is not a unit's.
    pub properties: Vec<Property>,
    /// Limits to be set before the container's init is in the cgroup.
    pub early: Vec<Write>,
    /// The root file system, absolute.
    pub rootfs: PathBuf,
    /// The namespaces (`CLONE_NEW*`) that are made for the container.
    pub made: u64,
    /// Those that it joins. The two together are what `exec` has to enter.
    pub joined: u64,
    /// Whether hooks are left for `start` and `delete`.
    pub late_hooks: bool,
    /// Whether the process has a terminal.
    pub terminal: bool,
    /// Who is sent the listener of the seccomp filter, if it has one.
    pub agent: Option<seccomp::Agent>,
    /// Who is sent a pidfd of the init, besides whoever the command line names.
    pub pidfd_receiver: Option<PathBuf>,
    /// Whether the container sees the directory in which it tells of its readiness.
    pub notifies: bool,
    /// What the user should hear of, though it stops nothing.
    pub warnings: Vec<String>,
    /// What only those hear of who ask for more.
    pub details: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug)]
pub enum Error {
    /// The config asks for what cannot be.
    Problems(Vec<Problem>),
    /// A limit cannot be set on this host, or the cgroup has no place.
    Cgroup(cgroup::Error),
}

impl std::error::Error for Error {}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Problems(problems) => {
                let problems = problems.clone();
                crate::config::LoadError::Problems { file: "config.json".into(), problems }.fmt(f)
            }
            Error::Cgroup(error) => error.fmt(f),
        }
    }
}

impl From<cgroup::Error> for Error {
    fn from(error: cgroup::Error) -> Error {
        Error::Cgroup(error)
    }
}

/// The steps so far.
#[derive(Debug, Default)]
struct Steps(Vec<Step>);

impl Steps {
    /// Adds a step that no field asked for, or that one does as a whole.
    fn push(&mut self, field: &'static str, action: Action) {
        self.0.push(Step { field: field.into(), action });
    }

    /// Adds a step for one entry of a list or map.
    fn push_entry(&mut self, field: String, action: Action) {
        self.0.push(Step { field: field.into(), action });
    }
}

/// Plans a new container: the order of everything that `create` and `start` do.
pub fn create(spec: &Spec, host: &Host, request: &Request<'_>) -> Result<Planned, Error> {
    let namespaces = namespaces::Namespaces::of(spec);
    let cgroups = cgroups::Cgroups::of(spec, host, request)?;
    let rdt = rdt::Rdt::of(spec, host, request.id)?;
    let rootfs = rootfs::path(spec, request.bundle);
    let mut warnings = cgroups::notes(spec);
    let mut details = Vec::new();
    let filter = seccomp::filter(spec, host, &mut warnings, &mut details)?;
    let labels = labels::Labels::of(spec.process().as_ref(), host)?;

    let mut steps = Steps::default();
    let meanwhile = cgroups.is_slow() && !namespaces.has(NEWUSER);
    namespaces.enter(&mut steps, spec, host, meanwhile);
    process::host_side(&mut steps, spec);
    steps.push("", Action::NewSession);
    cgroups.enter(&mut steps, &namespaces);
    if !matches!(cgroups.cgroup, Cgroup::Unmanaged) {
        scheduling::all_cpus(&mut steps);
    }
    if let Some(rdt) = &rdt {
        rdt.plan(&mut steps);
    }
    namespaces.set_up(&mut steps, spec, request);
    rootfs::begin(&mut steps, spec, &namespaces, &rootfs);
    mounts::plan(&mut steps, spec, host, &cgroups.cgroup, &namespaces, request.bundle)?;
    let notify = notify::directory(spec, &namespaces, request);
    if let Some(directory) = notify {
        notify::mount(&mut steps, directory);
    }
    labels::mounts(&mut steps, spec, host)?;
    devices::plan(&mut steps, spec, host, &namespaces);
    cgroups.late(&mut steps);
    hooks::plan(&mut steps, spec, request.bundle, HookPoint::Prestart);
    hooks::plan(&mut steps, spec, request.bundle, HookPoint::CreateRuntime);
    hooks::plan(&mut steps, spec, request.bundle, HookPoint::CreateContainer);
    process::beneath_root(&mut steps, spec, &namespaces);
    labels.open(&mut steps);
    rootfs::finish(&mut steps, spec, &namespaces, request);
    if let Some(process) = spec.process() {
        scheduling::plan(&mut steps, process, spec.linux().as_ref())?;
    }
    let filter = filter.as_ref();
    process::become_user(&mut steps, spec, host, &namespaces, filter, request.preserve_fds, &mut warnings);
    // A hook is a fork, which inherits the label for the next execve; without hooks a wrong label fails `create`.
    let has_hooks = hooks::has(spec, HookPoint::StartContainer);
    if !has_hooks {
        labels.write(&mut steps);
    }
    steps.push("", Action::Ready);
    if request.start == Start::OnCommand {
        // Not while it has a capability that the container may not have: whoever may trace it could use that.
        let keeps = |process| process::keeps_privilege(process, filter);
        if host.is_rootless() && namespaces.has(NEWUSER) && !spec.process().as_ref().is_some_and(keeps) {
            steps.push("", Action::BeReachable);
        }
        steps.push("", Action::AwaitStart);
    }
    hooks::plan(&mut steps, spec, request.bundle, HookPoint::StartContainer);
    if has_hooks {
        labels.write(&mut steps);
    }
    let mut added = process::sockets(host);
    added.extend(notify.map(|_| notify::variable()));
    process::execute(&mut steps, spec, filter, added);

    let state = state(spec, request.id, request.bundle);
    let plan = Plan { namespaces: namespaces.by_clone(meanwhile), steps: steps.0, state };
    Ok(Planned {
        plan,
        meanwhile,
        early: cgroups.early(),
        cgroup: cgroups.cgroup,
        rdt: rdt.map(|rdt| rdt.group),
        properties: cgroups.properties,
        rootfs,
        made: namespaces.made(),
        joined: namespaces.own() & !namespaces.made(),
        late_hooks: hooks::has_late(spec),
        terminal: process::has_terminal(spec),
        agent: seccomp::agent(spec),
        pidfd_receiver: annotations::pidfd_receiver(spec, request.bundle),
        notifies: notify.is_some(),
        warnings,
        details,
    })
}

/// A state that no hook will read.
fn no_state() -> HookState {
    HookState::default()
}
