//! A container as a list of steps: complete, resolved, in the order of execution.
//!
//! Parent and child walk the same list. A feature that is absent is a step that is absent; nothing in here is
//! optional that a step would have to decide about.

use std::borrow::Cow;
use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

use cgroup::{DeviceProgram, Write};
use sys::creds::{Mask, Sets};
use sys::mount::{Change, Depth};
use sys::process::Strings;
use sys::resource::{IoPriority, Limit, MemoryPolicy, NumberSet, Scheduling};
use sys::seccomp::Instruction;
use sys::tty::Size;

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

    /// Whether its process gets a memory limit of cgroup v2.
    pub(crate) fn limits_memory(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| match &step.action {
            Action::Limits(writes) => writes.iter().any(|write| write.file == "memory.max"),
            _ => false,
        })
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
    /// Who carries it out.
    pub fn side(&self) -> Side {
        match self {
            Action::InitialAffinity(_) | Action::JoinPidNamespace(_) => Side::Before,
            Action::MapIds(_) | Action::OomScore(_) | Action::HostHook(..) => Side::Asked,
            Action::DeviceRules(_) | Action::Limits(_) | Action::Delegate { .. } => Side::Asked,
            Action::MakeRdtGroup { .. } | Action::EnterRdtGroup(_) => Side::Asked,
            Action::Scheduling(_) | Action::IoPriority(_) | Action::NetDevice(_) => Side::Asked,
            Action::LimitFromOutside(_) => Side::Last,
            _ => Side::Child,
        }
    }
}

/// The id maps of a user namespace, ready to be written (user_namespaces(7)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMaps {
    /// Lines of `inside outside count` for uids.
    pub uid: String,
    /// The same for gids.
    pub gid: String,
    /// Deny setgroups(2) first, without which an ordinary user may write no gid map.
    pub deny_setgroups: bool,
    /// An ordinary user with more ids than its own needs newuidmap(1) and newgidmap(1).
    pub by_helpers: bool,
}

/// A network device that changes its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetDevice {
    /// Its name on the host.
    pub host: CString,
    /// Its name in the container; `%d` in it stands for the first number that is free there.
    pub name: CString,
}

/// One mount below the root file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where, relative to the root file system, without a leading slash.
    pub destination: CString,
    /// What.
    pub source: MountSource,
    /// Attributes of the mount itself.
    pub change: Change,
    /// Attributes of it and everything below it.
    pub recursive: Change,
    /// Propagation changes (`MS_*`) in order, each of one mount or a tree.
    pub propagation: Vec<(u64, Depth)>,
    /// By which map owners show, in one mount or a tree.
    pub ids: Option<(IdView, Depth)>,
    /// What it has to do with the container's /proc.
    pub proc: Proc,
}

impl Mount {
    /// A mount with nothing changed about it.
    pub fn new(destination: CString, source: MountSource) -> Mount {
        Mount {
            destination,
            source,
            change: Change::default(),
            recursive: Change::default(),
            propagation: Vec::new(),
            ids: None,
            proc: Proc::Outside,
        }
    }
}

/// By which id map a mount shows owners (mount_setattr(2), `MOUNT_ATTR_IDMAP`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdView {
    /// That of the container's user namespace.
    Container,
    /// One of its own.
    Own(IdMaps),
}

/// Where a mount stands to the container's /proc, over which only some things may be mounted (CVE-2019-16884).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proc {
    /// Nowhere near it.
    Outside,
    /// On /proc itself: must be a proc file system.
    Itself,
    /// On a file inside that gives no power over the kernel, as those that lxcfs replaces.
    Harmless,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum MountSource {
    /// A new file system of a type, with its options in order, and at first with a copy of what it covers or without.
    FileSystem { kind: CString, options: Options, on: On, content: Content },
    /// A part of the host's file tree.
    Bind { source: CString, depth: Depth, links: Links },
    /// What is already mounted there: its attributes change, and the file system's own options if there are any.
    Remount { options: Options },
    /// No mount, but a symbolic link to this target.
    Link { target: CString },
}

/// Options of a file system: keys, and values where they have one.
pub type Options = Vec<(CString, Option<CString>)>;

/// What is in a new file system at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What the file system makes itself.
    Fresh,
    /// The same, with the mode of the directory that it covers if the image has one.
    Alike,
    /// A copy of the directory that it covers (`tmpcopyup`).
    Copied,
}

/// What becomes of symbolic links at the two ends of a bind mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// If the source is one.
    pub source: SourceLink,
    /// If the destination is one.
    pub destination: DestinationLink,
}

/// What becomes of a source that is a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceLink {
    /// What it leads to is mounted.
    #[default]
    Followed,
    /// The link itself is mounted (`src-nofollow`).
    Mounted,
    /// A link to the same target is made at the destination (`copy-symlink`).
    Copied,
}

/// What becomes of a destination that is a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestinationLink {
    /// What it leads to, inside the root, is mounted on.
    #[default]
    Followed,
    /// The link itself is mounted on (`dest-nofollow`).
    Covered,
    /// That, or a link anywhere on the way, is an error: where the host's /proc or /sys stands in for the container's.
    Refused,
}

/// What a mount's destination may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A directory, reached by symbolic links inside the root or not; made if missing.
    Directory,
    /// A plain directory with no symbolic link on the way: /proc and /sys (CVE-2019-19921).
    PlainDirectory,
}

/// The defaults of runtime-spec config-linux.md "Default Devices" and runtime-linux.md "Dev symbolic links".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dev {
    /// Device nodes by name in /dev.
    pub nodes: Vec<Device>,
    /// Symbolic links: name in /dev and target.
    pub links: Vec<(CString, CString)>,
}

/// A device node to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where, relative to the root file system (of [`Dev`]: to /dev).
    pub path: CString,
    /// The host's node, for when none may be made.
    pub host: CString,
    /// Bind the host's node at once: a user namespace may make none.
    pub bind: bool,
    /// Type (`S_IF*`) and permissions.
    pub mode: u32,
    /// Major and minor number.
    pub numbers: (u32, u32),
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// The pseudoterminal of the container.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Its first size, if one is configured.
    pub size: Option<Size>,
    /// Whether /dev/console shows it: for the init, not for an exec.
    pub mount: bool,
    /// Who owns it.
    pub uid: u32,
}

impl PartialEq for Console {
    fn eq(&self, other: &Console) -> bool {
        let cells = |console: &Console| console.size.map(|size| (size.ws_row, size.ws_col));
        (self.mount, self.uid, cells(self)) == (other.mount, other.uid, cells(other))
    }
}

/// How the root file system becomes the root directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootEntry {
    /// pivot_root(2), after which nothing of the host's tree is mounted.
    Pivot,
    /// Move the mount over `/` and chroot: for a host root on an initramfs.
    Move,
    /// chroot(2) alone: there is no mount namespace.
    Chroot,
}

/// Who enforces a security label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityModule {
    /// Its labels are profiles.
    AppArmor,
    /// Its labels are contexts.
    Selinux,
}

/// The user and the rights of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User id in the container.
    pub uid: u32,
    /// Group id in the container.
    pub gid: u32,
    /// Supplementary groups; `None` where setgroups(2) is denied.
    pub groups: Option<Vec<u32>>,
    /// The five capability sets.
    pub capabilities: Capabilities,
    /// What it keeps of its capabilities besides, until execve: what loading a filter takes. None of it is in the
    /// sets that execve makes the program's from.
    pub until_execve: Mask,
}

/// The five capability sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The limit of all that follows.
    pub bounding: Mask,
    /// Effective, permitted, inheritable.
    pub sets: Sets,
    /// Kept over execve of plain programs by a user other than root.
    pub ambient: Mask,
}

/// A compiled seccomp filter.
#[derive(Clone)]
pub struct Filter {
    /// The program.
    pub program: Vec<Instruction>,
    /// Flags of seccomp(2).
    pub flags: u64,
    /// The socket to whose listener the filter's own is sent, if it has one (`SECCOMP_FILTER_FLAG_NEW_LISTENER`).
    pub agent: Option<PathBuf>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter {{ {} instructions, flags {:#x} }}", self.program.len(), self.flags)
    }
}

/// How a program is looked up (execvp(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// As the config names it.
    pub name: String,
    /// Where it may be, in order: one path, or one for each directory of PATH.
    pub candidates: Vec<CString>,
}

/// What execve(2) is given.
#[derive(Debug)]
pub struct Execution {
    /// As the config names it, for errors.
    pub name: String,
    /// `process.args`.
    pub arguments: Strings,
    /// `process.env`.
    pub environment: Strings,
}

/// When a hook runs (runtime-spec config.md "POSIX-platform Hooks").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPoint {
    /// Deprecated form of createRuntime, run before it.
    Prestart,
    /// During create, in the runtime's namespaces.
    CreateRuntime,
    /// During create, in the container's namespaces, before the root is entered.
    CreateContainer,
    /// During start, in the container, before the program.
    StartContainer,
    /// During start, in the runtime's namespaces, after the program was executed.
    Poststart,
    /// During delete, in the runtime's namespaces.
    Poststop,
}

impl HookPoint {
    /// The status of the container that the hook is told (runtime-spec runtime.md "State").
    pub fn status(self) -> &'static str {
        match self {
            HookPoint::Prestart | HookPoint::CreateRuntime | HookPoint::CreateContainer => "creating",
            HookPoint::StartContainer => "created",
            HookPoint::Poststart => "running",
            HookPoint::Poststop => "stopped",
        }
    }
}

/// A program to run at a point of the lifecycle.
#[derive(Debug)]
pub struct Hook {
    /// Absolute path.
    pub path: CString,
    /// argv; the path alone if the config gives none.
    pub arguments: Strings,
    /// The environment; empty if the config gives none.
    pub environment: Strings,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// The container's state as JSON, in two halves with status and pid to be put between:
/// `{…,"status":"` and `"pid":` … so that a child can complete it without a serializer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookState {
    /// Up to and including `"status":"`.
    pub head: Vec<u8>,
    /// From the comma after the pid to the closing brace.
    pub tail: Vec<u8>,
}
