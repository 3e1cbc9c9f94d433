//! The container's process: user, rights, limits, directory, program.

use std::ffi::CString;

use caps::Capability;
use container::plan::{Action, Capabilities, Console, Execution, Filter, Groups, Identity, Program};
use oci_spec::runtime::{Capabilities as Names, PosixRlimitType, Process, Spec};
use sys::creds::{Mask, Sets};
use sys::namespace::{NEWNS, NEWUSER};
use sys::process::Strings;
use sys::resource::Limit;

use super::namespaces::{Namespaces, denies_groups};
use super::text::{c, in_root, path};
use super::{Host, Steps, rootfs, seccomp};
use crate::annotations;

/// Whether the process has a terminal.
pub(super) fn has_terminal(spec: &Spec) -> bool {
    spec.process().as_ref().is_some_and(wants_terminal)
}

fn wants_terminal(process: &Process) -> bool {
    process.terminal().unwrap_or(false)
}

/// What the parent sets while the child goes on.
pub(super) fn host_side(steps: &mut Steps, spec: &Spec) {
    if let Some(score) = spec.process().as_ref().and_then(Process::oom_score_adj) {
        steps.push("process.oomScoreAdj", Action::OomScore(score));
    }
}

/// What must be done before the root is entered, beneath its descriptor.
pub(super) fn beneath_root_of(steps: &mut Steps, process: &Process, mount_console: bool) {
    if !sets_home(process) {
        steps.push("process.env", Action::Home { uid: process.user().uid() });
    }
    if wants_terminal(process) {
        let size = process.console_size().map(|size| {
            let cells = |count: u64| u16::try_from(count).unwrap_or(u16::MAX);
            sys::tty::size(cells(size.height()), cells(size.width()))
        });
        let console = Console { size, mount: mount_console, uid: process.user().uid() };
        steps.push("process.terminal", Action::Console(console));
    }
}

/// The same for an init, with the kernel parameters of its namespaces.
pub(super) fn beneath_root(steps: &mut Steps, spec: &Spec, namespaces: &Namespaces) {
    rootfs::sysctls(steps, spec);
    if let Some(process) = spec.process() {
        // runc makes the working directory of an init, and so images rely on it.
        let cwd = in_root(process.cwd());
        if cwd.as_c_str() != c"." {
            steps.push("process.cwd", Action::MakeDirectory(cwd));
        }
        beneath_root_of(steps, process, namespaces.has(NEWNS));
    }
}

fn sets_home(process: &Process) -> bool {
    process.env().iter().flatten().any(|entry| entry.starts_with("HOME="))
}

/// Gives up the runtime's rights.
pub(super) fn become_user(
    steps: &mut Steps,
    spec: &Spec,
    host: &Host,
    namespaces: &Namespaces,
    filter: Option<&Filter>,
    preserve_fds: u32,
    warnings: &mut Vec<String>,
) {
    let Some(process) = spec.process() else { return };
    let in_user_namespace = namespaces.has(NEWUSER);
    let denies_groups = namespaces.makes(NEWUSER) && denies_groups(spec, host);
    let keeps_groups = annotations::keeps_groups(spec);
    let rights = Rights { host, in_user_namespace, denies_groups, keeps_groups };
    let preserved = preserve_fds.saturating_add(host.listen_fds);
    steps.push("", Action::CloseDescriptors { preserved });
    become_user_of(steps, process, &rights, filter, warnings);
}

/// What the runtime may give the process.
pub(super) struct Rights<'r> {
    pub(super) host: &'r Host,
    /// Whether the container has a user namespace that is not the runtime's.
    pub(super) in_user_namespace: bool,
    /// Whether setgroups(2) is denied in it.
    pub(super) denies_groups: bool,
    /// Whether the process keeps the caller's supplementary groups.
    pub(super) keeps_groups: bool,
}

impl Rights<'_> {
    /// Root of a user namespace holds every capability there is.
    fn grantable(&self) -> Mask {
        if self.in_user_namespace { Mask::MAX } else { self.host.capabilities }
    }

    /// What is made of `additionalGids`.
    fn groups(&self, wanted: Vec<u32>) -> Groups {
        match wanted.is_empty() {
            _ if self.keeps_groups => Groups::Kept,
            true if self.denies_groups => Groups::Denied,
            _ => Groups::Set(wanted),
        }
    }
}

pub(super) fn become_user_of(
    steps: &mut Steps,
    process: &Process,
    rights: &Rights<'_>,
    filter: Option<&Filter>,
    warnings: &mut Vec<String>,
) {
    steps.push("process.user.uid", Action::OwnStreams { uid: process.user().uid() });
    steps.push("process.user.umask", Action::Umask(process.user().umask()));
    limits(steps, process, rights.in_user_namespace);
    let no_new_privileges = process.no_new_privileges().unwrap_or(false);
    let until_execve = if keeps_privilege(process, filter) { LOADS_FILTERS } else { 0 };
    let identity = identity(process, rights);
    steps.push("process.user", Action::Identity(Identity { until_execve, ..identity }));
    warn_of_capabilities(process, rights.grantable(), warnings);
    warn_of_groups(process, rights, warnings);
    if no_new_privileges {
        steps.push("process.noNewPrivileges", Action::NoNewPrivileges);
    }
    steps.push("process.cwd", Action::VerifyDirectory(path(process.cwd())));
    steps.push("process.args[0]", Action::FindProgram(program(process)));
}

/// Without no_new_privs only CAP_SYS_ADMIN may load a filter (seccomp(2)). The filter comes last, since it may forbid
/// what would come after it, and so the process keeps the capability until execve, which gives the program what the
/// bounding, inheritable and ambient sets say, whatever was permitted before (capabilities(7)).
const LOADS_FILTERS: Mask = 1 << 21;

/// Whether the process has a capability until execve that the container may not have.
pub(super) fn keeps_privilege(process: &Process, filter: Option<&Filter>) -> bool {
    filter.is_some() && !process.no_new_privileges().unwrap_or(false)
}

fn identity(process: &Process, rights: &Rights<'_>) -> Identity {
    let user = process.user();
    Identity {
        uid: user.uid(),
        gid: user.gid(),
        groups: rights.groups(user.additional_gids().clone().unwrap_or_default()),
        capabilities: capabilities(process),
        until_execve: 0,
    }
}

/// The five sets; without `capabilities` the process has none.
pub(super) fn capabilities(process: &Process) -> Capabilities {
    let Some(sets) = process.capabilities() else { return Capabilities::default() };
    Capabilities {
        bounding: mask(sets.bounding()),
        sets: Sets {
            effective: mask(sets.effective()),
            permitted: mask(sets.permitted()),
            inheritable: mask(sets.inheritable()),
        },
        ambient: mask(sets.ambient()),
    }
}

fn mask(names: &Option<Names>) -> Mask {
    names.iter().flatten().filter_map(|name| capability(&name.to_string())).fold(0, |mask, bit| mask | bit)
}

/// The bit of a capability by its name, with or without `CAP_`.
pub(super) fn capability(name: &str) -> Option<Mask> {
    let full = if name.starts_with("CAP_") { name.into() } else { format!("CAP_{name}") };
    full.parse::<Capability>().ok().map(|capability| capability.bitmask())
}

/// runtime-spec config.md "Linux Process": what cannot be granted MUST be logged as a warning.
fn warn_of_capabilities(process: &Process, grantable: Mask, warnings: &mut Vec<String>) {
    let sets = capabilities(process);
    let missing = (sets.sets.permitted | sets.sets.effective | sets.ambient) & !grantable;
    let mut names: Vec<String> = caps::all()
        .into_iter()
        .filter(|one| missing & one.bitmask() != 0)
        .map(|one| one.to_string())
        .collect();
    names.sort();
    if !names.is_empty() {
        warnings.push(format!("process.capabilities: cannot be granted: {}", names.join(", ")));
    }
}

fn warn_of_groups(process: &Process, rights: &Rights<'_>, warnings: &mut Vec<String>) {
    if rights.keeps_groups && process.user().additional_gids().as_ref().is_some_and(|gids| !gids.is_empty()) {
        warnings
            .push("process.user.additionalGids: not set, since the caller's groups are to be kept".into());
    }
}

/// execvp(3): a name with a slash is a path, any other is looked for in each directory of PATH.
fn program(process: &Process) -> Program {
    const DEFAULT_PATH: &str = "/bin:/usr/bin";
    let name = process.args().iter().flatten().next().cloned().unwrap_or_default();
    let candidates = if name.contains('/') {
        vec![c(&name)]
    } else {
        let path = process.env().iter().flatten().find_map(|entry| entry.strip_prefix("PATH="));
        let directories = path.unwrap_or(DEFAULT_PATH).split(':');
        directories.map(|directory| c(candidate(directory, &name))).collect()
    };
    Program { name, candidates }
}

/// An empty directory in PATH is the working directory.
fn candidate(directory: &str, name: &str) -> String {
    format!("{}/{name}", if directory.is_empty() { "." } else { directory })
}

fn limits(steps: &mut Steps, process: &Process, in_user_namespace: bool) {
    for (index, limit) in process.rlimits().iter().flatten().enumerate() {
        let limit = Limit { resource: resource(limit.typ()), soft: limit.soft(), hard: limit.hard() };
        let action = if in_user_namespace { Action::LimitFromOutside(limit) } else { Action::Limit(limit) };
        steps.push_entry(format!("process.rlimits[{index}]"), action);
    }
}

/// The `RLIMIT_*` numbers that every Linux architecture of ours shares (getrlimit(2)).
fn resource(kind: PosixRlimitType) -> u32 {
    match kind {
        PosixRlimitType::RlimitCpu => 0,
        PosixRlimitType::RlimitFsize => 1,
        PosixRlimitType::RlimitData => 2,
        PosixRlimitType::RlimitStack => 3,
        PosixRlimitType::RlimitCore => 4,
        PosixRlimitType::RlimitRss => 5,
        PosixRlimitType::RlimitNproc => 6,
        PosixRlimitType::RlimitNofile => 7,
        PosixRlimitType::RlimitMemlock => 8,
        PosixRlimitType::RlimitAs => 9,
        PosixRlimitType::RlimitLocks => 10,
        PosixRlimitType::RlimitSigpending => 11,
        PosixRlimitType::RlimitMsgqueue => 12,
        PosixRlimitType::RlimitNice => 13,
        PosixRlimitType::RlimitRtprio => 14,
        PosixRlimitType::RlimitRttime => 15,
    }
}

/// The last steps: the filter and the program, with variables that are not the config's.
pub(super) fn execute(steps: &mut Steps, spec: &Spec, filter: Option<&Filter>, added: Vec<CString>) {
    if let Some(process) = spec.process() {
        execute_of(steps, spec, process, filter, added);
    }
}

pub(super) fn execute_of(
    steps: &mut Steps,
    spec: &Spec,
    process: &Process,
    filter: Option<&Filter>,
    added: Vec<CString>,
) {
    if let Some(filter) = filter {
        steps.push(seccomp::field(spec), Action::Filter(filter.clone()));
    }
    let arguments: Vec<CString> = process.args().iter().flatten().map(c).collect();
    let execution = Execution {
        name: process.args().iter().flatten().next().cloned().unwrap_or_default(),
        arguments: Strings::new(arguments),
        environment: Strings::new(process.env().iter().flatten().map(c).chain(added).collect()),
    };
    steps.push("process.args", Action::Execute(execution));
}

/// How the container's init finds the caller's sockets (sd_listen_fds(3)): its pid is 1 in there.
pub(super) fn sockets(host: &Host) -> Vec<CString> {
    if host.listen_fds == 0 {
        return Vec::new();
    }
    let mut variables = vec![c(format!("LISTEN_FDS={}", host.listen_fds)), c("LISTEN_PID=1")];
    variables.extend(host.listen_names.iter().map(|names| c(format!("LISTEN_FDNAMES={names}"))));
    variables
}
