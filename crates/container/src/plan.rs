//! A container as a list of steps: complete, resolved, in the order of execution.
//!
//! Parent and child walk the same list. A feature that is absent is a step that is absent; nothing in here is
//! optional that a step would have to decide about.

use std::borrow::Cow;
use std::ffi::CString;
use std::path::PathBuf;

use cgroup::{DeviceProgram, Write};
use sys::mount::{Change, Depth};
use sys::resource::{IoPriority, Limit, MemoryPolicy, NumberSet, Scheduling};

mod device;
mod hook;
mod mount;
mod namespace;
mod process;

pub use device::{Console, Dev, Device};
pub use hook::{Hook, HookFiles, HookPoint, HookState};
pub use mount::{
    Content, DestinationLink, IdView, Links, Mount, MountSource, On, Options, Proc, RootEntry, SourceLink,
};
pub use namespace::{IdMaps, NetDevice};
pub use process::{Capabilities, Execution, Filter, Groups, Identity, Program, SecurityModule};

/// What will be done to make a container, or to enter one.
#[derive(Debug)]
pub struct Plan {
    /// The namespaces (`CLONE_NEW*`) that the clone itself makes.
    pub namespaces: u64,
    /// What parent and child do, in order.
    pub steps: Vec<Step>,
    /// What hooks are told of the container.
    pub state: HookState,
}

impl Plan {
    /// The seccomp filter that it loads.
    pub fn filter(&self) -> Option<&Filter> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Filter(filter) => Some(filter),
            _ => None,
        })
    }

    /// Where its hooks write to, if it has any.
    pub(crate) fn hook_files(&self) -> Option<&HookFiles> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::HostHook(_, hook) | Action::ContainerHook(_, hook) => Some(&hook.files),
            _ => None,
        })
    }

    /// Whether its process is the second one, made by the first.
    pub(crate) fn forks(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Fork { .. }))
    }

    /// Whether its process gets a memory limit.
    pub(crate) fn limits_memory(&self) -> bool {
        self.steps.iter().any(|step| step.action.limits_memory())
    }
}

/// One step, with the config field that asked for it.
#[derive(Debug)]
pub struct Step {
    /// As in `linux.namespaces[2]`, for errors and `explain`.
    pub field: Cow<'static, str>,
    /// What is done.
    pub action: Action,
}

/// Who carries out a step, and whether the other side waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The parent, before there is a child.
    Before,
    /// The parent, when the child has come to this step, which waits for it.
    Asked,
    /// The parent, when the child is ready.
    Last,
    /// The child.
    Child,
}

/// Everything that a step can be. The variants stand in the order in which `create` may use them.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum Action {
    /// Run on these CPUs until the cgroup is entered.
    InitialAffinity(NumberSet),
    /// Enter an existing pid namespace, which only children can.
    JoinPidNamespace(PathBuf),
    /// Enter an existing namespace of the given `CLONE_NEW*` kind.
    Join { kind: u64, path: PathBuf },
    /// Enter the namespaces of a running container's init.
    JoinInit { namespaces: u64 },
    /// Make a second process: the first joined a pid namespace, which only its children are in.
    Fork { namespaces: u64 },
    /// Write the id maps of the new user namespace.
    MapIds(IdMaps),
    /// Become uid and gid 0 of the user namespace.
    BecomeRoot { clear_groups: bool },
    /// Make the namespaces that must belong to the user namespace's root.
    Unshare(u64),
    /// A session and process group of its own.
    NewSession,
    /// Enter the container's cgroup.
    EnterCgroup,
    /// Run on every CPU of the cgroup, whatever the caller was bound to.
    AllCpus,
    /// Run on these CPUs of the cgroup.
    Affinity(NumberSet),
    /// Make the container's group in resctrl, with these shares.
    MakeRdtGroup { group: resctrl::Group, schemata: resctrl::Schemata },
    /// Enter it.
    EnterRdtGroup(resctrl::Group),
    /// See the container's cgroup as the root of the hierarchy.
    UnshareCgroup,
    /// Make a cgroup below the container's, for the program to divide, give it to a user of the host, and enter it.
    EnterBelow { name: String, uid: Option<u32> },
    /// Write the offsets of the new time namespace, which execve enters.
    TimeNamespace { offsets: CString },
    /// Set oom_score_adj.
    OomScore(i32),
    /// Bring up the loopback device.
    Loopback,
    /// Move a device of the host into the network namespace.
    NetDevice(NetDevice),
    /// Set the host name.
    Hostname(CString),
    /// Set the NIS domain name.
    Domainname(CString),
    /// A session keyring of its own.
    Keyring(CString),
    /// Cut the new mount namespace off from the host's: `MS_*` propagation of `/`.
    Propagation(u64),
    /// Make the mount that holds the root file system private, so that its peers do not see what follows.
    PrivateParent(CString),
    /// Make the root file system a mount of its own; from here on its descriptor is the root of every path.
    BindRoot(CString),
    /// Open the root directory as it is: there is no mount namespace, or it is that of a running container.
    OpenRoot(CString),
    /// Mount something.
    Mount(Mount),
    /// The default devices, links and ptmx in /dev.
    Dev(Dev),
    /// One of linux.devices.
    Device(Device),
    /// Have the kernel refuse all devices but those that the rules of the container allow: on cgroup v2. On v1 it is
    /// among the limits.
    DeviceRules(DeviceProgram),
    /// Cgroup limits that had to wait until the root file system was up.
    Limits(Vec<Write>),
    /// Make a user of the host the owner of the container's cgroup.
    Delegate { uid: u32 },
    /// A hook that the runtime runs in its own namespaces.
    HostHook(HookPoint, Hook),
    /// A hook that runs in the container's namespaces.
    ContainerHook(HookPoint, Hook),
    /// Set a kernel parameter of the container's namespaces.
    Sysctl { path: CString, value: CString },
    /// Make the working directory if the image lacks it.
    MakeDirectory(CString),
    /// HOME from the image's /etc/passwd, since the config sets none.
    Home { uid: u32 },
    /// Open the file that takes the security label, while /proc can be trusted.
    OpenLabel(SecurityModule),
    /// Make a pseudoterminal of the container's devpts and send its master to the parent.
    Console(Console),
    /// Make the root mount read-only, or give it its propagation.
    ChangeRoot(Change, Depth),
    /// Make a path read-only.
    ReadonlyPath(CString),
    /// Hide a path.
    MaskedPath(CString),
    /// Make the root file system the root directory, and lose the old one.
    EnterRoot(RootEntry),
    /// Enter the working directory with the runtime's rights, if those suffice.
    EnterDirectory(CString),
    /// Give the standard streams to the container's user.
    OwnStreams { uid: u32 },
    /// The file mode creation mask.
    Umask(Option<u32>),
    /// Close every descriptor from 3 on but those that the program is to inherit and our own few: whatever the caller
    /// leaked must not reach it, nor be looked up through (CVE-2024-21626).
    CloseDescriptors { preserved: u32 },
    /// The execution domain.
    Personality(u32),
    /// From which memory nodes memory comes.
    MemoryPolicy(MemoryPolicy),
    /// How the process is scheduled.
    Scheduling(Scheduling),
    /// The I/O priority of the process group.
    IoPriority(IoPriority),
    /// Become the container's user with its capabilities.
    Identity(Identity),
    /// No privileges by execve any more.
    NoNewPrivileges,
    /// Check that the working directory is entered and lies in the container.
    VerifyDirectory(CString),
    /// Find the program.
    FindProgram(Program),
    /// Resource limits that the process sets on itself, while it is the runtime's user: nobody else may without
    /// CAP_SYS_RESOURCE, which containers of containers lack.
    Limit(Limit),
    /// Resource limits that the parent sets: root of a user namespace may not raise its own.
    LimitFromOutside(Limit),
    /// All is done that `create` does.
    Ready,
    /// Let the ordinary user who made the container reach its namespaces while it waits: `exec` has to. Root needs no leave.
    BeReachable,
    /// Wait for `start`.
    AwaitStart,
    /// The security label that the program gets.
    Label { module: SecurityModule, label: CString },
    /// Put the process under a filter, as late as possible.
    Filter(Filter),
    /// Run the program.
    Execute(Execution),
}

impl Action {
    /// Whether it may end the process: a memory limit of cgroup v2 does that to whoever has more.
    pub(crate) fn limits_memory(&self) -> bool {
        let is_limit = |write: &Write| matches!(&*write.file, "memory.max" | "memory.limit_in_bytes");
        matches!(self, Action::Limits(writes) if writes.iter().any(is_limit))
    }

    /// Who carries it out.
    pub fn side(&self) -> Side {
        match self {
            Action::InitialAffinity(_) | Action::JoinPidNamespace(_) => Side::Before,
            Action::MapIds(_) | Action::OomScore(_) | Action::HostHook(..) => Side::Asked,
            Action::DeviceRules(_) | Action::Limits(_) | Action::Delegate { .. } => Side::Asked,
            Action::EnterBelow { .. } => Side::Asked,
            Action::MakeRdtGroup { .. } | Action::EnterRdtGroup(_) => Side::Asked,
            Action::Scheduling(_) | Action::IoPriority(_) | Action::NetDevice(_) => Side::Asked,
            Action::LimitFromOutside(_) => Side::Last,
            _ => Side::Child,
        }
    }
}
