//! Steps in words, for `explain` and for errors.

use std::ffi::{CStr, CString};
use std::fmt::{self, Display, Formatter};

use crate::plan::{
    Action, Content, Device, Groups, HookFiles, HookPoint, IdView, Mount, MountSource, Program, RootEntry,
    SecurityModule, Step,
};
use sys::mount::{self, Change, Depth};
use sys::namespace as bits;
use sys::resource::{IoPriority, MemoryPolicy, NumberSet, Scheduling};

/// Names of the namespaces by their `CLONE_NEW*` bit, as config.json calls them.
const NAMESPACES: &[(u64, &str)] = &[
    (bits::NEWUSER, "user"),
    (bits::NEWPID, "pid"),
    (bits::NEWNET, "network"),
    (bits::NEWIPC, "ipc"),
    (bits::NEWUTS, "uts"),
    (bits::NEWNS, "mount"),
    (bits::NEWCGROUP, "cgroup"),
    (sys::namespace::NEWTIME, "time"),
];

/// The namespaces of a bit set, named and separated by commas.
pub fn namespaces(bits: u64) -> String {
    let named: Vec<&str> =
        NAMESPACES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    named.join(", ")
}

impl Step {
    /// Field and description, as errors begin.
    pub fn label(&self) -> String {
        if self.field.is_empty() {
            self.action.to_string()
        } else {
            format!("{}: {}", self.field, self.action)
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::InitialAffinity(cpus) => write!(f, "start on the CPUs {cpus}"),
            Action::JoinPidNamespace(path) => write!(f, "join the pid namespace {}", path.display()),
            Action::Join { kind, path } => {
                write!(f, "join the {} namespace {}", namespaces(*kind), path.display())
            }
            Action::JoinInit { namespaces: bits } => {
                write!(f, "join the container's namespaces ({})", namespaces(*bits))
            }
            Action::Fork { .. } => f.write_str("make a second process in the joined pid namespace"),
            Action::MapIds(maps) => {
                write!(f, "map uids {} and gids {}", one_line(&maps.uid), one_line(&maps.gid))
            }
            Action::BecomeRoot { .. } => f.write_str("become root of the user namespace"),
            Action::Unshare(bits) => write!(f, "make new namespaces ({})", namespaces(*bits)),
            Action::NewSession => f.write_str("start a session"),
            Action::EnterCgroup => f.write_str("enter the cgroup"),
            Action::AllCpus => f.write_str("run on every CPU of the cgroup"),
            Action::Affinity(cpus) => write!(f, "run on the CPUs {cpus}"),
            Action::MakeRdtGroup { group, schemata } => {
                write!(f, "make the resctrl group {group} ({schemata})")
            }
            Action::EnterRdtGroup(group) => write!(f, "enter the resctrl group {group}"),
            Action::UnshareCgroup => f.write_str("make a new cgroup namespace"),
            Action::TimeNamespace { offsets } => {
                write!(f, "make a new time namespace with offsets {}", lines(offsets))
            }
            Action::OomScore(score) => write!(f, "set oom_score_adj to {score}"),
            Action::Loopback => f.write_str("bring up the loopback device"),
            Action::NetDevice(device) => {
                let (host, name) = (text(&device.host), text(&device.name));
                write!(f, "move the network device {host} into the container as {name}")
            }
            Action::Hostname(name) => write!(f, "set the host name to {}", text(name)),
            Action::Domainname(name) => write!(f, "set the domain name to {}", text(name)),
            Action::Keyring(name) => write!(f, "join the session keyring {}", text(name)),
            Action::Propagation(flags) => write!(f, "make every mount {}", propagation(*flags, Depth::One)),
            Action::PrivateParent(path) => write!(f, "make the mount that holds {} private", text(path)),
            Action::BindRoot(path) => write!(f, "make {} a mount of its own", text(path)),
            Action::OpenRoot(path) => write!(f, "open {} as the root of all paths", text(path)),
            Action::Mount(mount) => mount.fmt(f),
            Action::Dev(dev) => {
                write!(f, "make the default devices in /dev ({})", names(&dev.nodes, &dev.links))
            }
            Action::Device(device) => device.fmt(f),
            Action::DeviceRules(program) => write!(f, "enforce device rules ({program})"),
            Action::Limits(writes) => {
                let writes: Vec<String> =
                    writes.iter().map(|w| format!("{} = {}", w.file, w.value)).collect();
                write!(f, "set cgroup limits ({})", writes.join(", "))
            }
            Action::EnterBelow { name, uid } => {
                write!(f, "enter the cgroup {name} below that")?;
                uid.map_or(Ok(()), |uid| write!(f, ", which belongs to uid {uid} of the host"))
            }
            Action::Delegate { uid } => write!(f, "give the cgroup to uid {uid} of the host"),
            Action::HostHook(point, hook) | Action::ContainerHook(point, hook) => {
                write!(f, "run the {} hook {}", point.name(), text(&hook.path))?;
                hook.timeout.map_or(Ok(()), |timeout| write!(f, " within {} s", timeout.as_secs()))?;
                write!(f, "{}", hook.files)
            }
            Action::Sysctl { path, value } => {
                write!(f, "set {} to {}", text(path).replace('/', "."), text(value))
            }
            Action::MakeDirectory(path) => write!(f, "make sure that /{} exists", text(path)),
            Action::Home { uid } => write!(f, "look up the home directory of uid {uid}"),
            Action::OpenLabel(module) => write!(f, "open the file that takes the {}", module.label()),
            Action::Console(_) => f.write_str("make a terminal"),
            Action::ChangeRoot(change, depth) => {
                write!(f, "make the root file system {}", changes(change, *depth).join(", "))
            }
            Action::ReadonlyPath(path) => write!(f, "make /{} read-only", text(path)),
            Action::MaskedPath(path) => write!(f, "hide /{}", text(path)),
            Action::EnterRoot(RootEntry::Pivot) => f.write_str("enter the root file system (pivot_root)"),
            Action::EnterRoot(RootEntry::Move) => f.write_str("enter the root file system (move and chroot)"),
            Action::EnterRoot(RootEntry::Chroot) => f.write_str("enter the root file system (chroot)"),
            Action::EnterDirectory(path) => write!(f, "enter the working directory {}", text(path)),
            Action::OwnStreams { uid } => write!(f, "give the standard streams to uid {uid}"),
            Action::Umask(Some(mask)) => write!(f, "set the umask to {mask:03o}"),
            Action::Umask(None) => f.write_str("go back to the caller's umask"),
            Action::CloseDescriptors { preserved } => {
                write!(f, "close all descriptors from {} on", 3 + preserved)
            }
            Action::Personality(domain) => write!(f, "set the personality to {domain:#x}"),
            Action::MemoryPolicy(policy) => policy_words(policy, f),
            Action::Scheduling(scheduling) => scheduling_words(scheduling, f),
            Action::IoPriority(IoPriority { class, level }) => {
                write!(f, "set the I/O priority to {level} of class {}", name(IO_CLASSES, u32::from(*class)))
            }
            Action::Label { module, label } => {
                let label = text(label);
                let plain = label.strip_prefix("exec ").unwrap_or(&label);
                write!(f, "set the {} {plain}", module.label())
            }
            Action::Filter(filter) => {
                write!(f, "load the seccomp filter ({} instructions)", filter.program.len())?;
                let agent = filter.agent.as_ref();
                agent.map_or(Ok(()), |path| write!(f, " and send its listener to {}", path.display()))
            }
            Action::Identity(identity) => {
                write!(f, "become uid {} and gid {}", identity.uid, identity.gid)?;
                match &identity.groups {
                    Groups::Set(groups) if !groups.is_empty() => write!(f, " with groups {groups:?}")?,
                    Groups::Kept => f.write_str(" with the caller's groups")?,
                    Groups::Set(_) | Groups::Denied => {}
                }
                write!(f, " with {} capabilities", identity.capabilities.sets.effective.count_ones())?;
                let keeps = identity.until_execve != 0;
                if keeps { f.write_str(" and, until exec, the one to load a filter") } else { Ok(()) }
            }
            Action::NoNewPrivileges => f.write_str("forbid new privileges"),
            Action::VerifyDirectory(path) => {
                write!(f, "check that the working directory {} is inside the container", text(path))
            }
            Action::FindProgram(Program { name, .. }) => write!(f, "look up the program {name:?}"),
            Action::Limit(limit) | Action::LimitFromOutside(limit) => write!(
                f,
                "set resource limit {} to {} (hard {})",
                limit.resource,
                amount(limit.soft),
                amount(limit.hard)
            ),
            Action::Ready => f.write_str("report that the container is created"),
            Action::BeReachable => f.write_str("let the user enter the container"),
            Action::AwaitStart => f.write_str("wait for start"),
            Action::Execute(execution) => write!(f, "exec {:?}", execution.name),
        }
    }
}

impl SecurityModule {
    fn label(self) -> &'static str {
        match self {
            SecurityModule::AppArmor => "AppArmor profile",
            SecurityModule::Selinux => "SELinux label",
        }
    }
}

/// Names of `SCHED_*` numbers (sched(7)).
const POLICIES: &[(u32, &str)] = &[
    (0, "SCHED_OTHER"),
    (1, "SCHED_FIFO"),
    (2, "SCHED_RR"),
    (3, "SCHED_BATCH"),
    (5, "SCHED_IDLE"),
    (6, "SCHED_DEADLINE"),
];

/// Names of I/O classes (ioprio_set(2)).
const IO_CLASSES: &[(u32, &str)] =
    &[(1, "IOPRIO_CLASS_RT"), (2, "IOPRIO_CLASS_BE"), (3, "IOPRIO_CLASS_IDLE")];

/// Names of `MPOL_*` numbers (set_mempolicy(2)).
const MEMORY_MODES: &[(u32, &str)] = &[
    (0, "MPOL_DEFAULT"),
    (1, "MPOL_PREFERRED"),
    (2, "MPOL_BIND"),
    (3, "MPOL_INTERLEAVE"),
    (4, "MPOL_LOCAL"),
    (5, "MPOL_PREFERRED_MANY"),
    (6, "MPOL_WEIGHTED_INTERLEAVE"),
];

fn name(names: &[(u32, &'static str)], number: u32) -> &'static str {
    names.iter().find(|(known, _)| *known == number).map_or("unknown", |(_, name)| name)
}

fn scheduling_words(scheduling: &Scheduling, f: &mut Formatter<'_>) -> fmt::Result {
    let Scheduling { nice, priority, runtime, deadline, period, .. } = scheduling;
    let policy = name(POLICIES, scheduling.policy);
    write!(f, "schedule as {policy} (nice {nice}, priority {priority}")?;
    if *runtime > 0 {
        write!(f, ", {runtime} ns within {deadline} ns of each {period} ns")?;
    }
    f.write_str(")")
}

fn policy_words(policy: &MemoryPolicy, f: &mut Formatter<'_>) -> fmt::Result {
    /// The bits above belong to flags.
    const MODE: u32 = 0x1fff;
    write!(f, "set the memory policy to {}", name(MEMORY_MODES, policy.mode as u32 & MODE))?;
    if policy.nodes == NumberSet::default() { Ok(()) } else { write!(f, " on the nodes {}", policy.nodes) }
}

impl Display for Mount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let place = text(&self.destination);
        match &self.source {
            MountSource::FileSystem { kind, options, .. } => {
                write!(f, "mount {}", text(kind))?;
                match options.iter().find_map(device) {
                    Some(device) => write!(f, " of {} at /{place}", text(device))?,
                    None => write!(f, " at /{place}")?,
                }
            }
            MountSource::Bind { source, .. } => write!(f, "bind {} to /{place}", text(source))?,
            MountSource::Remount { .. } => write!(f, "change the mount at /{place}")?,
            MountSource::Link { target } => write!(f, "link /{place} to {}", text(target))?,
        }
        let mut words = changes(&self.change, Depth::One);
        words.extend(changes(&self.recursive, Depth::Tree));
        words.extend(self.propagation.iter().map(|(flags, depth)| propagation(*flags, *depth).to_string()));
        words.extend(self.ids.as_ref().map(|(view, depth)| id_view(view, *depth)));
        if let MountSource::FileSystem { content: Content::Copied, .. } = &self.source {
            words.push("tmpcopyup".into());
        }
        if let MountSource::FileSystem { options, .. } | MountSource::Remount { options } = &self.source {
            words.extend(options.iter().filter(|(key, _)| key.as_c_str() != c"source").map(option));
        }
        if words.is_empty() { Ok(()) } else { write!(f, " ({})", words.join(", ")) }
    }
}

/// What a file system is on: a source that is no path says nothing.
fn device((key, value): &(CString, Option<CString>)) -> Option<&CString> {
    value.as_ref().filter(|value| key.as_c_str() == c"source" && value.to_bytes().starts_with(b"/"))
}

impl Display for Device {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.numbers;
        write!(f, "make the device /{} ({major}:{minor}, mode {:o})", text(&self.path), self.mode & 0o7777)
    }
}

impl Display for HookFiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let each = [("standard output", &self.output), ("standard error", &self.errors)];
        let mut named = each.iter().filter_map(|(name, file)| Some((name, file.as_ref()?)));
        named.try_for_each(|(name, file)| write!(f, ", with {name} to {}", file.display()))
    }
}

impl HookPoint {
    /// As config.json calls it.
    pub fn name(self) -> &'static str {
        match self {
            HookPoint::Prestart => "prestart",
            HookPoint::CreateRuntime => "createRuntime",
            HookPoint::CreateContainer => "createContainer",
            HookPoint::StartContainer => "startContainer",
            HookPoint::Poststart => "poststart",
            HookPoint::Poststop => "poststop",
        }
    }
}

/// Attribute bits with their option words, set and cleared.
const ATTRIBUTES: &[(u64, &str, &str)] = &[
    (mount::ATTR_RDONLY, "ro", "rw"),
    (mount::ATTR_NOSUID, "nosuid", "suid"),
    (mount::ATTR_NODEV, "nodev", "dev"),
    (mount::ATTR_NOEXEC, "noexec", "exec"),
    (mount::ATTR_NODIRATIME, "nodiratime", "diratime"),
    (mount::ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"),
    (mount::ATTR_NOATIME, "noatime", "atime"),
    (mount::ATTR_STRICTATIME, "strictatime", "nostrictatime"),
];

fn changes(change: &Change, depth: Depth) -> Vec<String> {
    let prefix = if depth == Depth::Tree { "r" } else { "" };
    let mut words = Vec::new();
    for (bit, set, clear) in ATTRIBUTES {
        if change.set & bit != 0 {
            words.push(format!("{prefix}{set}"));
        } else if change.clear & bit != 0 && bit & mount::ATTR_ATIME == 0 {
            words.push(format!("{prefix}{clear}"));
        }
    }
    if change.propagation != 0 {
        words.push(propagation(change.propagation, depth).to_string());
    }
    words
}

fn propagation(flags: u64, depth: Depth) -> &'static str {
    let recursive = depth == Depth::Tree || flags & mount::MS_REC != 0;
    match (flags & !mount::MS_REC, recursive) {
        (mount::MS_SHARED, false) => "shared",
        (mount::MS_SHARED, true) => "rshared",
        (mount::MS_SLAVE, false) => "slave",
        (mount::MS_SLAVE, true) => "rslave",
        (mount::MS_UNBINDABLE, false) => "unbindable",
        (mount::MS_UNBINDABLE, true) => "runbindable",
        (_, false) => "private",
        (_, true) => "rprivate",
    }
}

fn id_view(view: &IdView, depth: Depth) -> String {
    let word = if depth == Depth::Tree { "ridmap" } else { "idmap" };
    match view {
        IdView::Container => word.into(),
        IdView::Own(maps) => {
            format!("{word} of uids {} and gids {}", one_line(&maps.uid), one_line(&maps.gid))
        }
    }
}

fn one_line(lines: &str) -> String {
    lines.trim_end().replace('\n', ", ")
}

fn option((key, value): &(CString, Option<CString>)) -> String {
    match value {
        Some(value) => format!("{}={}", text(key), text(value)),
        None => text(key),
    }
}

fn names(nodes: &[Device], links: &[(CString, CString)]) -> String {
    let names: Vec<String> =
        nodes.iter().map(|node| text(&node.path)).chain(links.iter().map(|(name, _)| text(name))).collect();
    names.join(", ")
}

fn amount(limit: u64) -> String {
    if limit == u64::MAX { "unlimited".into() } else { limit.to_string() }
}

fn lines(text: &CStr) -> String {
    text.to_string_lossy().trim_end().replace('\n', ", ")
}

fn text(string: &CStr) -> String {
    string.to_string_lossy().into_owned()
}
