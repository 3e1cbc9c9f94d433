//! The child's side: walks the steps from the clone to execve.
//!
//! Code that runs here takes prepared data, logs nothing, formats nothing, and leaves by execve or `_exit`.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use sys::clone::{How, Side, clone};
use sys::namespace::{self, NEWCGROUP, NEWTIME};
use sys::{Errno, Error, creds, fd, net, netlink, pidfd, process, resource, signal, socket, time};

use crate::hooks::{self, Sinks};
use crate::packet::{self, Channel, Packet, Reason};
use crate::plan::{Action, Filter, HookPoint, Plan, Step};
use crate::process::label::Labels;
use crate::process::{directory, home, identity, program};
use crate::procfs::Procfs;
use crate::rootfs::mask::Covers;
use crate::rootfs::{self, Root};

/// Everything that the child inherits besides the plan.
#[derive(Debug)]
pub(crate) struct Inheritance<'p> {
    /// The plan.
    pub(crate) plan: &'p Plan,
    /// What the parent opened for a step, by the index of the step.
    pub(crate) opened: &'p [Option<OwnedFd>],
    /// `tasks` files of the cgroups to enter; none if the parent has yet to make them.
    pub(crate) tasks: Option<&'p [OwnedFd]>,
    /// Whether the parent has to place us, because we could not be born in the cgroup.
    pub(crate) place_me: bool,
    /// The socket on which `start` knocks.
    pub(crate) listener: Option<BorrowedFd<'p>>,
    /// What hooks write to.
    pub(crate) sinks: &'p Sinks,
    /// Whether to report how long each step took.
    pub(crate) trace: bool,
}

/// The caller, where a pid is asked for.
const SELF: i32 = 0;

/// Why the walk ended: a reason, and the output of a hook.
type Stop = hooks::Failure;

/// The child on its way.
struct Child<'p> {
    inherited: Inheritance<'p>,
    channel: Channel,
    /// The copy of the channel that the panic hook has.
    panics: Option<&'static Channel>,
    trace: bool,
    root: Option<Root>,
    proc: Option<Procfs>,
    covers: Covers,
    labels: Labels,
    /// Of the program: the caller's, unless the config has one.
    umask: u32,
    entered: bool,
    home: Option<&'static CStr>,
    image: Option<process::Image<'p>>,
    /// Whether the other side knows that execve is next.
    announced: bool,
}

/// While the container is set up: what is made has the usual modes, whatever the caller's mask.
const SETUP_UMASK: u32 = 0o022;

/// Walks the plan; never returns.
pub(crate) fn run(inherited: Inheritance<'_>, channel: Channel) -> ! {
    signal::reset_all();
    let panics = report_panics(&channel);
    if inherited.plan.can_be_watched() {
        // Cannot fail: the argument is valid.
        let _ = creds::set_dumpable(false);
    }
    let trace = inherited.trace;
    let mut child = Child {
        inherited,
        channel,
        panics,
        trace,
        root: None,
        proc: None,
        covers: Covers::default(),
        labels: Labels::default(),
        umask: process::set_umask(SETUP_UMASK),
        entered: false,
        home: None,
        image: None,
        announced: false,
    };
    let steps = &child.inherited.plan.steps;
    for (index, step) in steps.iter().enumerate() {
        let start = child.trace.then(time::monotonic);
        if let Err(stop) = child.step(index as u32, &step.action) {
            child.give_up(index as u32, stop);
        }
        if let Some(start) = start.filter(|_| step.action.can_be_timed()) {
            child.report_span(index as u32, start);
        }
    }
    process::exit_now(1)
}

impl Plan {
    /// Whether there are processes of others in the pid namespace that the child is born in, who must not see into
    /// it while it holds descriptors of the host. A change of user id, as in a user namespace, hides it anyway.
    fn can_be_watched(&self) -> bool {
        let hides = |step: &Step| matches!(step.action, Action::MapIds(_) | Action::JoinInit { .. });
        self.namespaces & namespace::NEWPID == 0 && !self.steps.iter().any(hides)
    }
}

impl Action {
    /// To wait for start is no work, and whoever traces start has not seen its beginning. Under a filter there may be
    /// no telling.
    fn can_be_timed(&self) -> bool {
        !matches!(self, Action::AwaitStart | Action::Filter(_))
    }
}

/// A panic is a bug, and still must not look like a container that died by itself.
fn report_panics(channel: &Channel) -> Option<&'static Channel> {
    let copy: &'static Channel =
        Box::leak(Box::new(Channel::over(channel.as_fd().try_clone_to_owned().ok()?)));
    std::panic::set_hook(Box::new(|_| {
        // The process is about to abort; nobody is left to tell of a failure to tell.
        let _ = copy.send(Packet::Failed { step: u32::MAX, reason: Reason::Panicked }, None);
    }));
    Some(copy)
}

impl<'p> Child<'p> {
    /// Tells whoever waits why the walk ends here, and ends.
    fn give_up(&self, step: u32, stop: Stop) -> ! {
        let output = stop.output.as_ref().map(AsFd::as_fd);
        // The other side may be gone, and then there is nobody to tell.
        let _ = self.channel.send(Packet::Failed { step, reason: stop.reason }, output);
        process::exit_now(1)
    }

    fn report_span(&self, step: u32, start: std::time::Duration) {
        let (start, end) = (start.as_nanos() as u64, time::monotonic().as_nanos() as u64);
        // A trace that nobody reads any more is no reason to stop.
        let _ = self.channel.send(Packet::Span { step, start, end }, None);
    }

    /// Waits until the parent has done its part of the step.
    fn ask(&self, step: u32, descriptor: Option<BorrowedFd<'_>>) -> Result<(), Reason> {
        self.host(step).ask(descriptor).map(drop)
    }

    /// Has the limits set, by the time that the next request is granted. A hook of ours has to find them in place, a
    /// terminal has to be opened, and on cgroup v1 all devices are denied before some are allowed; and whom a memory
    /// limit kills must not have said before that all is well.
    fn limit(&self, step: u32, action: &Action) -> Result<(), Reason> {
        use Action::{Console, ContainerHook};
        let depends =
            |step: &Step| matches!(step.action, ContainerHook(HookPoint::CreateContainer, _) | Console(_));
        if action.limits_memory() || self.inherited.plan.steps.iter().any(depends) {
            return self.ask(step, None);
        }
        self.channel.send(Packet::Told(step), None).map_err(|_| Reason::Orphaned)
    }

    fn host(&self, step: u32) -> Host<'_> {
        Host { channel: &self.channel, step }
    }

    fn root(&self) -> Result<&Root, Reason> {
        self.root.as_ref().ok_or(Reason::Panicked)
    }

    /// One step. Everything here reads as a list: what a step does is in the module of its subject.
    fn step(&mut self, index: u32, action: &'p Action) -> Result<(), Stop> {
        match action {
            Action::Join { kind, .. } => namespace::setns(self.opened(index)?, *kind)?,
            Action::JoinInit { namespaces } => self.join_init(index, *namespaces)?,
            Action::Fork { namespaces } => self.fork(index, *namespaces)?,
            Action::BecomeRoot { clear_groups } => become_root(*clear_groups)?,
            Action::Unshare(namespaces) => namespace::unshare(*namespaces)?,
            Action::NewSession => process::new_session()?,
            Action::EnterCgroup => self.enter_cgroup(index)?,
            Action::AllCpus => clear_affinity(),
            Action::Affinity(cpus) => resource::set_affinity(cpus)?,
            Action::UnshareCgroup => namespace::unshare(NEWCGROUP)?,
            Action::TimeNamespace { .. } => {
                namespace::unshare(NEWTIME)?;
                self.ask(index, None)?;
            }
            Action::Loopback => net::loopback_up()?,
            Action::NetDevice(_) => self.ask(index, Some(netlink::open()?.as_fd()))?,
            Action::Hostname(name) => process::set_hostname(name)?,
            Action::Domainname(name) => process::set_domainname(name)?,
            Action::Keyring(name) => join_keyring(name)?,
            Action::Propagation(flags) => rootfs::propagation::set(*flags)?,
            Action::PrivateParent(path) => rootfs::propagation::private_parent(path)?,
            Action::BindRoot(path) => {
                self.root = Some(Root::new(rootfs::propagation::bind_root(path, self.host(index))?));
            }
            Action::OpenRoot(path) => {
                self.root = Some(Root::new(fd::open(fd::cwd(), path, fd::O_PATH | fd::O_DIRECTORY, 0)?));
            }
            Action::Mount(mount) => {
                // Mounted over the root itself, it is the root of every path from here on.
                if let Some(root) = rootfs::mount::mount(self.root()?, mount, self.host(index))? {
                    self.root = Some(Root::new(root));
                }
            }
            Action::Dev(dev) => with_umask(0, || rootfs::device::defaults(self.root()?, dev))?,
            Action::Device(device) => with_umask(0, || rootfs::device::one(self.root()?, device))?,
            Action::ContainerHook(point, hook) => {
                let Inheritance { plan, sinks, .. } = self.inherited;
                hooks::run(hook, *point, &plan.state, sinks, process::pid())?;
            }
            Action::Sysctl { path, value } => self.proc()?.write(path, value.to_bytes())?,
            Action::MakeDirectory(path) => drop(self.root()?.make_directories(path)?),
            // Kept for good: execve reads it.
            Action::Home { uid } => {
                self.home = Some(Box::leak(home::variable(self.root()?, *uid).into_boxed_c_str()));
            }
            Action::OpenLabel(module) => {
                self.proc()?;
                let proc = self.proc.as_ref().ok_or(Reason::Panicked)?;
                self.labels.open(proc, *module)?;
            }
            Action::Console(console) => {
                let master = rootfs::console::make(self.root()?, console)?;
                self.ask(index, Some(master.as_fd()))?;
            }
            Action::ChangeRoot(change, depth) => rootfs::mount::set(self.root()?, *depth, *change)?,
            Action::ReadonlyPath(path) => rootfs::readonly::make(self.root()?, path)?,
            Action::MaskedPath(path) => {
                let root = self.root.as_ref().ok_or(Reason::Panicked)?;
                self.covers.hide(root, path)?;
            }
            Action::EnterRoot(how) => {
                // Nobody in the container may find the host's /proc among our descriptors while we wait.
                self.proc = None;
                rootfs::pivot::enter(self.root()?, *how)?;
            }
            Action::EnterDirectory(path) => self.entered = directory::enter(path)?,
            Action::OwnStreams { uid } => rootfs::console::own_streams(*uid)?,
            Action::Umask(mask) => {
                process::set_umask(mask.unwrap_or(self.umask));
            }
            Action::CloseDescriptors { preserved } => self.close_descriptors(3 + preserved)?,
            Action::Personality(domain) => process::set_personality(*domain)?,
            Action::MemoryPolicy(policy) => resource::set_memory_policy(policy)?,
            Action::Limit(limit) => resource::set_limit(SELF, *limit)?,
            Action::Identity(identity) => {
                identity::assume(identity)?;
                // Whoever comes into the container before execve must not see into us.
                creds::set_dumpable(false)?;
            }
            Action::NoNewPrivileges => creds::no_new_privileges()?,
            Action::VerifyDirectory(path) => directory::verify(path, self.entered)?,
            Action::FindProgram(program) => self.image = Some(self.image(program::find(program)?)?),
            Action::Filter(filter) => self.confine(index, filter)?,
            Action::Ready => self.ask(index, None)?,
            Action::BeReachable => creds::set_dumpable(true)?,
            Action::AwaitStart => self.await_start()?,
            Action::Label { module, label } => self.labels.write(*module, label)?,
            Action::Execute(_) => return Err(self.execute().into()),
            Action::MapIds(_) | Action::OomScore(_) | Action::HostHook(..) => self.ask(index, None)?,
            Action::DeviceRules(_) | Action::Limits(_) | Action::Delegate { .. } => {
                self.limit(index, action)?;
            }
            Action::MakeRdtGroup { .. } | Action::EnterRdtGroup(_) => self.ask(index, None)?,
            Action::EnterBelow { .. } => self.ask(index, None)?,
            Action::Scheduling(_) | Action::IoPriority(_) => self.ask(index, None)?,
            // The parent's alone.
            Action::InitialAffinity(_) | Action::JoinPidNamespace(_) | Action::LimitFromOutside(_) => {}
        }
        Ok(())
    }

    fn opened(&self, index: u32) -> Result<&'p OwnedFd, Reason> {
        self.inherited.opened[index as usize].as_ref().ok_or(Reason::Panicked)
    }

    /// Who is in those namespaces already must not see into us, who still have descriptors of the host.
    fn join_init(&self, index: u32, namespaces: u64) -> Result<(), Reason> {
        creds::set_dumpable(false)?;
        Ok(namespace::setns(self.opened(index)?, namespaces)?)
    }

    /// Closes what the caller leaked and what the set-up is done with. To close on execve would be too late: the
    /// kernel resolves the program's path before, by way of /proc/self/fd if the image wants it (CVE-2024-21626).
    fn close_descriptors(&self, first: u32) -> Result<(), Error> {
        let own = [Some(self.channel.as_fd()), self.panics.map(AsFd::as_fd), self.inherited.listener];
        let own = own.into_iter().flatten().chain(self.labels.descriptors());
        let keep: Vec<BorrowedFd<'_>> = own.chain(self.inherited.sinks.descriptors()).collect();
        fd::close_in_clone_from(first, &keep)
    }

    /// Only a child of ours is in the pid namespace that we joined: make it a sibling that goes on with the
    /// plan, and end.
    fn fork(&mut self, index: u32, namespaces: u64) -> Result<(), Reason> {
        const CLONE_PARENT: u64 = 0x8000;
        match clone(How { flags: CLONE_PARENT | namespaces, cgroup: None })? {
            Side::Parent(second) => {
                let told = self.channel.send(Packet::Forked(index), Some(second.pidfd.as_fd()));
                if told.is_err() {
                    // It waits for an answer to what nobody has heard. It cannot have ended, nor be another's.
                    let _ = pidfd::kill(&second.pidfd);
                }
                process::exit_now(i32::from(told.is_err()))
            }
            Side::Child => match self.channel.receive() {
                Ok(Some((Packet::Granted(granted), _))) if granted == index => Ok(()),
                _ => Err(Reason::Orphaned),
            },
        }
    }

    /// cgroup v1: a task that moves itself through `tasks` spares the kernel the lock over all of its threads.
    fn enter_cgroup(&self, index: u32) -> Result<(), Reason> {
        let Some(tasks) = self.inherited.tasks else {
            return Ok(enter(&self.host(index).ask_for_all()?)?);
        };
        enter(tasks)?;
        if self.inherited.place_me { self.ask(index, None) } else { Ok(()) }
    }

    fn proc(&mut self) -> Result<&Procfs, Reason> {
        match &mut self.proc {
            Some(proc) => Ok(proc),
            none => Ok(none.insert(Procfs::open()?)),
        }
    }

    /// From here on `start` is the other side: a connection takes the place of the channel to the parent.
    fn await_start(&mut self) -> Result<(), Reason> {
        let listener = self.inherited.listener.ok_or(Reason::Panicked)?;
        loop {
            let connection = Channel::over(socket::accept(listener)?);
            // A `start` that was killed before its word came leaves us waiting for the next.
            if let Some((Packet::Go { trace }, _)) = connection.receive()? {
                creds::set_dumpable(false)?;
                self.panics = report_panics(&connection);
                self.trace = trace;
                self.channel = connection;
                return Ok(());
            }
        }
    }

    /// The program as execve takes it. Made early: once the filter is loaded, to ask for memory may be forbidden.
    fn image(&self, program: &'p CStr) -> Result<process::Image<'p>, Reason> {
        let steps = &self.inherited.plan.steps;
        let Some(Step { action: Action::Execute(execution), .. }) = steps.last() else {
            return Err(Reason::Panicked);
        };
        Ok(process::Image::new(program, &execution.arguments, &execution.environment, self.home))
    }

    /// Tells that execve is next, once.
    fn announce(&mut self) {
        if !std::mem::replace(&mut self.announced, true) {
            // If nobody listens any more, the program runs all the same.
            let _ = self.channel.send(Packet::Executing, None);
        }
    }

    /// Loads the filter. From here on a system call may fail or kill, and so there are none but what must be: those
    /// that hand a listener over, and execve.
    fn confine(&mut self, step: u32, filter: &Filter) -> Result<(), Reason> {
        self.announce();
        let Some(listener) = sys::seccomp::load(&filter.program, filter.flags)? else { return Ok(()) };
        self.channel.send(Packet::Request(step), Some(listener.as_fd())).map_err(|_| Reason::Orphaned)?;
        // Left for execve to close.
        std::mem::forget(listener);
        // By read, which programs cannot do without: no filter for one forbids it.
        let mut answer = [0; packet::SIZE];
        match fd::read(&self.channel, &mut answer)? {
            packet::SIZE if Packet::from_bytes(&answer) == Some(Packet::Granted(step)) => Ok(()),
            _ => Err(Reason::Orphaned),
        }
    }

    fn execute(&mut self) -> Reason {
        self.announce();
        self.image.as_ref().map_or(Reason::Panicked, |image| image.execute().into())
    }
}

/// The parent, to whom a step of the child can turn.
#[derive(Clone, Copy)]
pub(crate) struct Host<'c> {
    channel: &'c Channel,
    step: u32,
}

impl Host<'_> {
    /// Waits until the parent has done its part of the step, be it with a descriptor of ours. Answers its own.
    pub(crate) fn ask(self, descriptor: Option<BorrowedFd<'_>>) -> Result<Option<OwnedFd>, Reason> {
        self.channel.send(Packet::Request(self.step), descriptor).map_err(|_| Reason::Orphaned)?;
        self.answers().map(|answers| answers.into_iter().next())
    }

    /// Asks for several descriptors.
    fn ask_for_all(self) -> Result<Vec<OwnedFd>, Reason> {
        self.channel.send(Packet::Request(self.step), None).map_err(|_| Reason::Orphaned)?;
        self.answers()
    }

    fn answers(self) -> Result<Vec<OwnedFd>, Reason> {
        match self.channel.receive_all() {
            Ok(Some((Packet::Granted(granted), answers))) if granted == self.step => Ok(answers),
            _ => Err(Reason::Orphaned),
        }
    }
}

fn enter(tasks: &[OwnedFd]) -> Result<(), Error> {
    tasks.iter().try_for_each(|file| fd::write_all(file, b"0"))
}

fn become_root(clear_groups: bool) -> Result<(), Error> {
    if clear_groups {
        creds::set_groups(&[])?;
    }
    creds::set_gid(0)?;
    creds::set_uid(0)
}

/// A kernel without keyrings, or a quota that is used up by other containers of the user, is no reason to fail.
fn join_keyring(name: &CStr) -> Result<(), Error> {
    match process::join_session_keyring(name) {
        Err(error) if matches!(error.errno, Errno::ENOSYS | Errno::EDQUOT | Errno::EPERM) => Ok(()),
        result => result,
    }
}

/// Since Linux 6.2 a narrower affinity of the caller, a service or a node agent, survives the move to another cgroup. To
/// set all CPUs costs less than to ask whether that is needed; the kernel leaves those of the cpuset. Where it is
/// forbidden, as by the seccomp filter of an outer container, the caller's affinity is no worse than without us.
fn clear_affinity() {
    let _ = resource::clear_affinity();
}

/// Runs with another umask, so that modes come out as they are written.
fn with_umask<T>(mask: u32, action: impl FnOnce() -> Result<T, Reason>) -> Result<T, Reason> {
    let before = process::set_umask(mask);
    let result = action();
    process::set_umask(before);
    result
}
