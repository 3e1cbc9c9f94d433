//! The parent's side: clones the child and does what needs the host's rights while the child walks the plan.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use cgroup::{Cgroup, Doors, OomMark};
use sys::clone::{Child, How, Side, clone};
use sys::pidfd::{self, Exit};
use sys::{Errno, fd, namespace, resource, socket};

use crate::child::{self, Inheritance};
use crate::error::{Error, Result};
use crate::hooks;
use crate::idmap;
use crate::lend::{self, Lender};
use crate::net_device::Moved;
use crate::packet::{Channel, Packet, Reason};
use crate::plan::{Action, Plan, Side as Who};
use crate::trace::Trace;

/// What a plan is carried out with.
pub struct Launch<'p, 'l> {
    /// The plan.
    pub plan: &'p Plan,
    /// The container's cgroup.
    pub cgroup: &'l Cgroup,
    /// How the child gets into it.
    pub way_in: WayIn<'l>,
    /// The container's init, for a plan that enters its namespaces.
    pub init: Option<OwnedFd>,
    /// The socket on which `start` will knock, for a plan that waits for it.
    pub listener: Option<OwnedFd>,
    /// What the parent does while the child is at work, and would else do before or after.
    pub meanwhile: Option<Box<dyn FnOnce() + 'l>>,
    /// For a plan that enters a container: whether to give up when that is frozen half-way, and the child with it.
    pub shuns_freezer: bool,
    /// Descriptors that the child must not keep: a lock would live as long as the container.
    pub private: Vec<BorrowedFd<'l>>,
}

/// How a child gets into the container's cgroup.
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum WayIn<'l> {
    /// The cgroup exists: the child is cloned into it, or inherits open files to write to.
    Doors(Doors),
    /// What is cloned into exists; the rest is made while the child makes its namespaces, which takes the kernel about
    /// as long.
    Meanwhile { into: Option<OwnedFd>, begin: Begin<'l> },
}

/// Begins to make the cgroup for this process.
pub type Begin<'l> = Box<dyn FnOnce(i32) -> Result<Finish<'l>> + 'l>;

/// Ends what was begun, once the process has come to where it must be in the cgroup. Answers the `tasks` files that it
/// has yet to enter.
pub type Finish<'l> = Box<dyn FnOnce() -> Result<Vec<OwnedFd>> + 'l>;

impl WayIn<'_> {
    fn birthplace(&self) -> Option<BorrowedFd<'_>> {
        match self {
            WayIn::Doors(Doors { into, .. }) | WayIn::Meanwhile { into, .. } => {
                into.as_ref().map(AsFd::as_fd)
            }
        }
    }

    /// The files that the child inherits; without any it is sent them when the parent has made the cgroup.
    fn tasks(&self) -> Option<&[OwnedFd]> {
        match self {
            WayIn::Doors(doors) => Some(&doors.tasks),
            WayIn::Meanwhile { .. } => None,
        }
    }
}

/// A child that is ready and waits; dropping it ends the child.
#[derive(Debug)]
pub struct Ready<'p> {
    plan: &'p Plan,
    channel: Channel,
    child: Guard,
    step: u32,
    console: Option<OwnedFd>,
    taken: Taken,
}

/// What the host gave up for the container, and gets back unless it is kept.
#[derive(Debug, Default)]
struct Taken {
    devices: Moved,
    groups: Vec<resctrl::Made>,
}

impl Taken {
    fn keep(self) {
        self.devices.keep();
        self.groups.into_iter().for_each(resctrl::Made::keep);
    }
}

/// Ends and reaps the child unless it is kept.
#[derive(Debug)]
struct Guard {
    child: Option<Child>,
    /// How long a killed child is waited for; `None` = until it has ended.
    patience: Option<Duration>,
    /// From before it had a memory limit, if systemd is to set one.
    mark: Option<OomMark>,
}

/// SIGKILL.
const KILL: i32 = 9;

/// How long a child that enters a container may be silent before its parent looks whether it is frozen.
const SILENCE: Duration = Duration::from_millis(100);

/// How long a killed child may take to end; it takes no time but on a machine without any.
const LAST_WAIT: Duration = Duration::from_secs(1);

impl Guard {
    fn child(&self) -> Result<&Child> {
        self.child.as_ref().ok_or_else(|| Error::Plain("the child is gone (this is a bug)".into()))
    }

    fn keep(mut self) -> Result<Child> {
        self.child.take().ok_or_else(|| Error::Plain("the child is gone (this is a bug)".into()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            // Both can only fail because the child has ended, which is what is wanted.
            let _ = pidfd::send_signal(&child.pidfd, KILL);
            // One that is frozen by cgroup v1 ends when it is thawed, and is somebody else's to reap then.
            if matches!(pidfd::wait(&child.pidfd, self.patience), Ok(true)) {
                let _ = pidfd::reap(&child.pidfd);
            }
        }
    }
}

impl<'p> Launch<'p, '_> {
    /// Clones the child and serves it until it is ready.
    pub fn launch(mut self, trace: &mut Trace) -> Result<Ready<'p>> {
        let outside = self.go_to_birthplace()?;
        let opened = self.open()?;
        let (ours, theirs) = Channel::pair().map_err(Error::doing("make a socket pair"))?;
        let (child, place_me) = self.spawn(&opened, &ours, &theirs, trace)?;
        drop(theirs);
        if self.shuns_freezer {
            socket::set_patience(&ours, SILENCE).map_err(Error::doing("limit the wait for the child"))?;
        }
        if let Some(outside) = outside {
            namespace::setns(outside, namespace::NEWPID).map_err(Error::doing("leave the pid namespace"))?;
        }
        let mark = self.plan.limits_memory().then(|| self.cgroup.oom_mark()).flatten();
        let mut server = Server {
            plan: self.plan,
            cgroup: self.cgroup,
            channel: ours,
            child: Guard { child: Some(child), patience: self.shuns_freezer.then_some(LAST_WAIT), mark },
            console: None,
            place_me,
            lender: Lender::default(),
            taken: Taken::default(),
            entry: Entry::Open(Vec::new()),
        };
        drop(opened);
        if let WayIn::Meanwhile { begin, .. } = self.way_in {
            server.entry = Entry::Begin(begin);
            // A second process would take its place, born before the first was moved.
            if !self.plan.steps.iter().any(|step| matches!(step.action, Action::Fork { .. })) {
                server.begin_entry(trace)?;
            }
        }
        if let Some(meanwhile) = self.meanwhile {
            meanwhile();
        }
        server.serve(trace)
    }

    /// Opens what the steps of the child need of the host, before anything is done.
    fn open(&mut self) -> Result<Vec<Option<OwnedFd>>> {
        let mut init = self.init.take();
        let open = |step: &crate::plan::Step| match &step.action {
            Action::Join { kind, path } => open_namespace(path, *kind).map(Some).map_err(at(step)),
            Action::JoinInit { .. } => Ok(init.take()),
            _ => Ok(None),
        };
        self.plan.steps.iter().map(open).collect()
    }

    /// Goes to the CPUs and into the pid namespace that the child is to be born on and in. Answers our own namespace,
    /// to come back to.
    fn go_to_birthplace(&self) -> Result<Option<OwnedFd>> {
        let mut outside = None;
        for step in &self.plan.steps {
            match &step.action {
                Action::InitialAffinity(cpus) => {
                    resource::set_affinity(cpus).map_err(Reason::from).map_err(at(step))?;
                }
                Action::JoinPidNamespace(path) => {
                    let ours = fd::open(fd::cwd(), c"/proc/self/ns/pid", fd::O_RDONLY, 0);
                    outside = Some(ours.map_err(Error::doing("open /proc/self/ns/pid"))?);
                    let joined = open_namespace(path, namespace::NEWPID)
                        .and_then(|theirs| Ok(namespace::setns(theirs, namespace::NEWPID)?));
                    joined.map_err(at(step))?;
                }
                _ => {}
            }
        }
        Ok(outside)
    }

    /// Clones. A cgroup that cannot be cloned into is entered afterwards, by the parent's hand; answers whether.
    fn spawn(
        &self,
        opened: &[Option<OwnedFd>],
        ours: &Channel,
        theirs: &Channel,
        trace: &mut Trace,
    ) -> Result<(Child, bool)> {
        let inside = self.way_in.birthplace();
        let mut attempt = |cgroup: Option<BorrowedFd<'_>>, place_me| {
            let how = How { flags: self.plan.namespaces, cgroup };
            match trace.span(|| "clone".into(), || clone(how))? {
                Side::Parent(child) => Ok((child, place_me)),
                Side::Child => self.become_child(opened, ours, theirs, place_me, trace.is_on()),
            }
        };
        let first = attempt(inside, false);
        let result = if first.is_err() && inside.is_some() { attempt(None, true) } else { first };
        result.map_err(|error| self.explain(error))
    }

    fn become_child(
        &self,
        opened: &[Option<OwnedFd>],
        ours: &Channel,
        theirs: &Channel,
        place_me: bool,
        trace: bool,
    ) -> ! {
        // The parent's end must close with the parent, or its death would go unnoticed.
        fd::close_in_clone(ours);
        self.private.iter().for_each(fd::close_in_clone);
        let channel = match theirs.as_fd().try_clone_to_owned() {
            Ok(copy) => Channel::over(copy),
            Err(_) => sys::process::exit_now(1),
        };
        fd::close_in_clone(theirs);
        let inherited = Inheritance {
            plan: self.plan,
            opened,
            tasks: self.way_in.tasks(),
            place_me,
            listener: self.listener.as_ref().map(AsFd::as_fd),
            trace,
        };
        child::run(inherited, channel)
    }

    fn explain(&self, error: sys::Error) -> Error {
        let namespaces = crate::describe::namespaces(self.plan.namespaces);
        match error.errno {
            Errno::ENOSPC => Error::Plain(format!(
                "make namespaces {namespaces}: {error}: see the limits in /proc/sys/user"
            )),
            _ => Error::Host { doing: format!("make namespaces {namespaces}"), error },
        }
    }
}

/// Opens a namespace file and makes sure that it is one of this kind.
fn open_namespace(path: &std::path::Path, kind: u64) -> Result<OwnedFd, Reason> {
    let path = sys::file::c_path(path, sys::Call::Open)?;
    let file = fd::open(fd::cwd(), &path, fd::O_RDONLY, 0)?;
    match namespace::kind(&file) {
        Ok(found) if found == kind => Ok(file),
        _ => Err(Reason::OtherNamespace),
    }
}

fn rdt(error: resctrl::Error) -> Error {
    Error::Plain(format!("linux.intelRdt: {error}"))
}

/// For `map_err`: the step that failed in the parent's hands.
fn at(step: &crate::plan::Step) -> impl FnOnce(Reason) -> Error {
    |reason| match is_gone(step, reason) {
        true => Error::Plain("container not running".into()),
        false => Error::Step { label: step.label(), reason, output: String::new() },
    }
}

/// Whether the step was to join an init that has ended in the meantime.
fn is_gone(step: &crate::plan::Step, reason: Reason) -> bool {
    match (&step.action, reason) {
        (Action::JoinInit { .. }, Reason::Call(error)) => error.errno == Errno::ESRCH,
        // clone into a pid namespace whose init has died (pid_namespaces(7)).
        (Action::Fork { .. }, Reason::Call(error)) => error.errno == Errno::ENOMEM,
        _ => false,
    }
}

/// Serves the requests of a child.
struct Server<'p, 'l> {
    plan: &'p Plan,
    cgroup: &'l Cgroup,
    channel: Channel,
    child: Guard,
    console: Option<OwnedFd>,
    place_me: bool,
    lender: Lender,
    taken: Taken,
    /// After the child: what is half made is undone once nobody is in it.
    entry: Entry<'l>,
}

/// How far the cgroup is that a child has yet to enter.
enum Entry<'l> {
    Begin(Begin<'l>),
    Finish(Finish<'l>),
    Open(Vec<OwnedFd>),
}

impl<'p> Server<'p, '_> {
    fn serve(mut self, trace: &mut Trace) -> Result<Ready<'p>> {
        loop {
            let Some((packet, descriptor)) = hear(&self.channel, Some(self.cgroup))? else {
                return Err(self.died());
            };
            match packet {
                Packet::Request(step) if matches!(self.action(step)?, Action::Ready) => {
                    self.parts(Who::Last, trace)?;
                    let Server { plan, channel, child, console, taken, .. } = self;
                    return Ok(Ready { plan, channel, child, step, console, taken });
                }
                Packet::Request(step) => {
                    let answer = self.part(step, descriptor, trace).map_err(|error| self.cause_of(error))?;
                    self.grant(step, answer)?;
                }
                Packet::Told(step) => {
                    drop(self.part(step, descriptor, trace).map_err(|error| self.cause_of(error))?);
                }
                Packet::Forked(step) => {
                    self.replace(descriptor)?;
                    self.grant(step, None)?;
                }
                Packet::Failed { step, reason } => return Err(failed(self.plan, step, reason, descriptor)),
                Packet::Span { step, start, end } => trace.child(|| label(self.plan, step), start, end),
                Packet::Granted(_) | Packet::Go { .. } | Packet::Executing => {}
            }
        }
    }

    fn action(&self, step: u32) -> Result<&'p Action> {
        let step = self.plan.steps.get(step as usize).map(|step| &step.action);
        step.ok_or_else(|| {
            Error::Plain("the child speaks of a step that is not in the plan (this is a bug)".into())
        })
    }

    fn grant(&self, step: u32, answer: Option<OwnedFd>) -> Result<()> {
        let answers: Vec<BorrowedFd<'_>> = match self.action(step)? {
            Action::EnterCgroup => self.tasks().iter().map(AsFd::as_fd).collect(),
            _ => answer.iter().map(AsFd::as_fd).collect(),
        };
        self.channel.send_all(Packet::Granted(step), &answers).map_err(|_| self.died())
    }

    /// Does all steps that are the parent's at this time.
    fn parts(&mut self, who: Who, trace: &mut Trace) -> Result<()> {
        for (index, step) in self.plan.steps.iter().enumerate().filter(|(_, step)| step.action.side() == who)
        {
            trace.span(|| step.label(), || self.on_host(step, index as u32))?;
        }
        Ok(())
    }

    /// Does the parent's part of a step that the child has come to. Answers what the child asked to be opened.
    fn part(
        &mut self,
        index: u32,
        descriptor: Option<OwnedFd>,
        trace: &mut Trace,
    ) -> Result<Option<OwnedFd>> {
        let step = &self.plan.steps[index as usize];
        if matches!(step.action, Action::Console(_)) {
            self.console = descriptor;
            return Ok(None);
        }
        if matches!(step.action, Action::EnterCgroup) {
            self.begin_entry(trace)?;
            self.finish_entry(trace)?;
        }
        if matches!(step.action, Action::Mount(_) | Action::BindRoot(_)) {
            return trace.span(|| step.label(), || self.lend(step, descriptor));
        }
        if let (Action::NetDevice(device), Some(there)) = (&step.action, descriptor) {
            let pid = self.child.child()?.pid;
            let taken = trace.span(|| step.label(), || self.taken.devices.take(device, pid, there));
            return taken.map(|()| None).map_err(|error| Error::Plain(format!("{}: {error}", step.label())));
        }
        if let Action::MakeRdtGroup { group, schemata } = &step.action {
            let made = trace.span(|| step.label(), || group.create(schemata)).map_err(rdt)?;
            self.taken.groups.push(made);
            return Ok(None);
        }
        trace.span(|| step.label(), || self.on_host(step, index)).map(|()| None)
    }

    fn begin_entry(&mut self, trace: &mut Trace) -> Result<()> {
        let pid = self.child.child()?.pid;
        self.entry = match std::mem::replace(&mut self.entry, Entry::Open(Vec::new())) {
            Entry::Begin(begin) => Entry::Finish(trace.span(|| "make the cgroup".into(), || begin(pid))?),
            begun => begun,
        };
        Ok(())
    }

    fn finish_entry(&mut self, trace: &mut Trace) -> Result<()> {
        self.entry = match std::mem::replace(&mut self.entry, Entry::Open(Vec::new())) {
            Entry::Finish(finish) => Entry::Open(trace.span(|| "finish the cgroup".into(), finish)?),
            other => other,
        };
        Ok(())
    }

    fn tasks(&self) -> &[OwnedFd] {
        match &self.entry {
            Entry::Open(tasks) => tasks,
            Entry::Begin(_) | Entry::Finish(_) => &[],
        }
    }

    /// A mount of the child's comes back with its ids mapped; without one, something is to be opened.
    fn lend(&mut self, step: &crate::plan::Step, mount: Option<OwnedFd>) -> Result<Option<OwnedFd>> {
        let pid = self.child.child()?.pid;
        let lent = match mount {
            Some(mount) => self.lender.map_ids(&step.action, mount, pid).map(|()| None),
            None => lend::open(&step.action, pid),
        };
        lent.map_err(|error| Error::Plain(format!("{}: {error}", step.label())))
    }

    fn on_host(&self, step: &crate::plan::Step, index: u32) -> Result<()> {
        let pid = self.child.child()?.pid;
        match &step.action {
            Action::MapIds(maps) => idmap::write(maps, pid).map_err(|error| within(step, error)),
            Action::EnterCgroup if self.place_me => Ok(self.cgroup.place(pid)?),
            Action::TimeNamespace { offsets } => {
                write_proc(pid, "timens_offsets", &offsets.to_string_lossy()).map_err(at(step))
            }
            Action::OomScore(score) => write_proc(pid, "oom_score_adj", &score.to_string()).map_err(at(step)),
            Action::Scheduling(scheduling) => {
                resource::set_scheduling(pid, scheduling).map_err(Reason::from).map_err(at(step))
            }
            Action::IoPriority(priority) => {
                resource::set_io_priority(pid, *priority).map_err(Reason::from).map_err(at(step))
            }
            Action::EnterRdtGroup(group) => group.enter(pid).map_err(rdt),
            Action::DeviceRules(program) => Ok(self.cgroup.enforce_devices(program)?),
            Action::Limits(writes) => Ok(self.cgroup.apply(writes)?),
            Action::Delegate { uid } => Ok(self.cgroup.delegate(*uid)?),
            Action::HostHook(point, hook) => hooks::run(hook, *point, &self.plan.state, pid)
                .map_err(|failure| failed(self.plan, index, failure.reason, failure.output)),
            Action::LimitFromOutside(limit) => {
                resource::set_limit(pid, *limit).map_err(Reason::from).map_err(at(step))
            }
            _ => Ok(()),
        }
    }

    /// The first process of two has made the second, which is the container's from now on.
    fn replace(&mut self, descriptor: Option<OwnedFd>) -> Result<()> {
        let pidfd =
            descriptor.ok_or_else(|| Error::Plain("no descriptor came with the second process".into()))?;
        let pid = pidfd::pid(&pidfd).map_err(Error::doing("look up the second process"))?;
        let Guard { patience, mark, .. } = self.child;
        let second = Guard { child: Some(Child { pid, pidfd }), patience, mark };
        let first = std::mem::replace(&mut self.child, second).keep()?;
        let ended =
            pidfd::wait(&first.pidfd, patience).map_err(Error::doing("wait for the first process"))?;
        if !ended {
            return Err(frozen());
        }
        pidfd::reap(&first.pidfd).map_err(Error::doing("reap the first process")).map(drop)
    }

    /// What went wrong, if a part of ours failed: the child may have failed or been killed before, and ended, and systemd
    /// have removed the cgroup of a container that has.
    fn cause_of(&self, error: Error) -> Error {
        let has_ended = self.child.child().map(|child| pidfd::wait(&child.pidfd, Some(Duration::ZERO)));
        if !matches!(has_ended, Ok(Ok(true))) {
            return error;
        }
        loop {
            match self.channel.receive() {
                Ok(Some((Packet::Failed { step, reason }, output))) => {
                    return failed(self.plan, step, reason, output);
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        match self.died() {
            died @ Error::Died { out_of_memory: true, .. } => died,
            _ => error,
        }
    }

    /// The channel closed without a word: the child was killed.
    fn died(&self) -> Error {
        died(&self.child, self.cgroup)
    }
}

fn died(child: &Guard, cgroup: &Cgroup) -> Error {
    match child.child().map(|child| pidfd::peek(&child.pidfd)) {
        Ok(Ok(exit)) => {
            let mark = child.mark.filter(|_| exit == Exit::Signal(KILL));
            let out_of_memory = cgroup.was_oom_killed_since(mark);
            Error::Died { exit, out_of_memory }
        }
        Ok(Err(error)) => Error::Host { doing: "ask how the container's init ended".into(), error },
        Err(error) => error,
    }
}

fn write_proc(pid: i32, name: &str, value: &str) -> Result<(), Reason> {
    use sys::Named;
    Ok(std::fs::write(format!("/proc/{pid}/{name}"), value).named(sys::Call::Write)?)
}

fn frozen() -> Error {
    Error::Plain("container was paused before the process ran its program".into())
}

/// Waits for a packet. A child that has limited patience of its parent, and is frozen with the container that it enters,
/// is given up: an engine's shim would wait for this command, and the command that thaws for the shim.
fn hear(channel: &Channel, cgroup: Option<&Cgroup>) -> Result<Option<(Packet, Option<OwnedFd>)>> {
    loop {
        match channel.receive() {
            Err(error) if error.errno == Errno::EAGAIN => {
                if cgroup.is_some_and(|cgroup| matches!(cgroup.is_frozen(), Ok(true))) {
                    return Err(frozen());
                }
            }
            received => return received.map_err(Error::doing("hear from the container")),
        }
    }
}

fn within(step: &crate::plan::Step, error: Error) -> Error {
    Error::Plain(format!("{}: {error}", step.field))
}

fn label(plan: &Plan, step: u32) -> String {
    plan.steps.get(step as usize).map_or_else(|| "container init".into(), crate::plan::Step::label)
}

fn failed(plan: &Plan, step: u32, reason: Reason, output: Option<OwnedFd>) -> Error {
    if plan.steps.get(step as usize).is_some_and(|step| is_gone(step, reason)) {
        return Error::Plain("container not running".into());
    }
    Error::Step { label: label(plan, step), reason, output: hooks::last_words(output) }
}

impl Ready<'_> {
    /// The child's pid in our pid namespace.
    pub fn pid(&self) -> Result<i32> {
        self.child.child().map(|child| child.pid)
    }

    /// The child's pidfd.
    pub fn pidfd(&self) -> Result<BorrowedFd<'_>> {
        self.child.child().map(|child| child.pidfd.as_fd())
    }

    /// How the child ended, for who finds it gone: a limit that was just set may be its end.
    pub fn died(&self, cgroup: &Cgroup) -> Error {
        died(&self.child, cgroup)
    }

    /// The master of its terminal, if the plan made one.
    pub fn take_console(&mut self) -> Option<OwnedFd> {
        self.console.take()
    }

    /// Lets the child go on to wait for `start`.
    pub fn release(self) -> Result<Child> {
        let granted = self.channel.send(Packet::Granted(self.step), None);
        granted.map_err(Error::doing("release the container's init"))?;
        self.taken.keep();
        self.child.keep()
    }

    /// Lets the child go on to run the program, and waits until it does or fails.
    pub fn execute(
        self,
        cgroup: &Cgroup,
        trace: &mut Trace,
        agent: &mut dyn FnMut(OwnedFd) -> sys::Result<()>,
    ) -> Result<Child> {
        let granted = self.channel.send(Packet::Granted(self.step), None);
        granted.map_err(|_| died(&self.child, cgroup))?;
        let plan = self.plan;
        let label = &mut |step| label(plan, step);
        Outcome { channel: &self.channel, cgroup: Some(cgroup), label, agent }.wait(trace)?;
        self.taken.keep();
        self.child.keep()
    }
}

/// A waiting init that has been told to go on.
#[derive(Debug)]
pub struct Going(Channel);

/// Tells the init at the other end to go on; it will.
pub fn go(connection: OwnedFd, trace: &Trace) -> Result<Going> {
    let channel = Channel::over(connection);
    let go = channel.send(Packet::Go { trace: trace.is_on() }, None);
    go.map_err(Error::doing("tell the container's init to start"))?;
    Ok(Going(channel))
}

impl Going {
    /// Waits until the init runs the program or fails. `labels` are those of the steps that are left, by number.
    pub fn wait(
        self,
        labels: &[(u32, String)],
        trace: &mut Trace,
        agent: &mut dyn FnMut(OwnedFd) -> sys::Result<()>,
    ) -> Result<()> {
        let mut label = |step| {
            let known = labels.iter().find(|(number, _)| *number == step);
            known.map_or_else(|| "container init".into(), |(_, label)| label.clone())
        };
        let began = sys::time::monotonic();
        Outcome { channel: &self.0, cgroup: None, label: &mut label, agent }.wait(trace)?;
        trace.note("wait until the program runs", began);
        Ok(())
    }
}

/// What becomes of a child that was told to go on.
struct Outcome<'o> {
    channel: &'o Channel,
    /// The cgroup of a container that is entered.
    cgroup: Option<&'o Cgroup>,
    /// The text of a step.
    label: &'o mut dyn FnMut(u32) -> String,
    /// Takes the listener of a seccomp filter to whoever is to have it.
    agent: &'o mut dyn FnMut(OwnedFd) -> sys::Result<()>,
}

impl Outcome<'_> {
    /// Hears from the child until its end of the channel closes: by execve, of which it tells before, or by its death.
    fn wait(&mut self, trace: &mut Trace) -> Result<()> {
        let mut executing = false;
        while let Some((packet, descriptor)) = hear(self.channel, self.cgroup)? {
            match packet {
                Packet::Failed { step, reason } => return Err(self.failed(step, reason, descriptor)),
                Packet::Span { step, start, end } => trace.child(|| (self.label)(step), start, end),
                Packet::Executing => executing = true,
                Packet::Request(step) => executing = self.hand_over(step, descriptor)?,
                _ => {}
            }
        }
        if executing {
            Ok(())
        } else {
            Err(Error::Plain("the process died before it ran the program".into()))
        }
    }

    /// The child has loaded its filter and waits until the listener, which comes along, is in good hands. Answers whether
    /// it has lived to hear so: an agent takes its time.
    fn hand_over(&mut self, step: u32, listener: Option<OwnedFd>) -> Result<bool> {
        let listener = listener.ok_or(Reason::Mismatch).map_err(|reason| self.failed(step, reason, None))?;
        (self.agent)(listener).map_err(|error| self.failed(step, error.into(), None))?;
        Ok(self.channel.send(Packet::Granted(step), None).is_ok())
    }

    fn failed(&mut self, step: u32, reason: Reason, output: Option<OwnedFd>) -> Error {
        Error::Step { label: (self.label)(step), reason, output: hooks::last_words(output) }
    }
}
