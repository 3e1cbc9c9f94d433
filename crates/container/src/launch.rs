//! The parent's side: clones the child and does what needs the host's rights while the child walks the plan.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use cgroup::{Cgroup, Doors};
use sys::clone::{Child, How, Side, clone};
use sys::{Errno, fd, namespace, resource, socket};

use crate::child::{self, Inheritance};
use crate::error::{Error, Result};
use crate::hooks::Sinks;
use crate::lend::Lender;
use crate::packet::{Channel, Reason};
use crate::plan::{Action, Plan, Step};
use crate::trace::Trace;

mod entry;
mod failure;
mod guard;
mod hear;
mod outcome;
mod ready;
mod server;

use entry::Entry;
use failure::at;
use guard::{Guard, LAST_WAIT, Taken};
pub use outcome::{Going, go};
pub use ready::Ready;
use server::Server;

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
    /// What nobody needs any more, and takes the kernel long to close: for when the child has begun its work.
    pub leftover: Option<OwnedFd>,
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

/// How long a child that enters a container may be silent before its parent looks whether it is frozen, and one that
/// makes a second process before it looks whether it is there.
const SILENCE: Duration = Duration::from_millis(100);

impl<'p> Launch<'p, '_> {
    /// Clones the child and serves it until it is ready.
    pub fn launch(mut self, trace: &mut Trace) -> Result<Ready<'p>> {
        let outside = self.go_to_birthplace()?;
        let opened = self.open()?;
        let sinks = self.plan.hook_files().map_or_else(|| Ok(Sinks::default()), Sinks::open)?;
        let (ours, theirs) = Channel::pair().map_err(Error::doing("make a socket pair"))?;
        let (child, place_me) = self.spawn(&opened, &sinks, &ours, &theirs, trace)?;
        drop(theirs);
        if self.shuns_freezer || self.plan.forks() {
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
            sinks,
            lender: Lender::default(),
            taken: Taken::default(),
            entry: Entry::Open(Vec::new()),
            leftover: self.leftover,
        };
        drop(opened);
        if let WayIn::Meanwhile { begin, .. } = self.way_in {
            server.entry = Entry::Begin(begin);
            // A second process would take its place, born before the first was moved.
            if !self.plan.forks() {
                server.entry.begin(server.child.child()?.pid, trace)?;
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
        let open = |step: &Step| match &step.action {
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
        sinks: &Sinks,
        ours: &Channel,
        theirs: &Channel,
        trace: &mut Trace,
    ) -> Result<(Child, bool)> {
        let inside = self.way_in.birthplace();
        let mut attempt = |cgroup: Option<BorrowedFd<'_>>, place_me| {
            let how = How { flags: self.plan.namespaces, cgroup };
            match trace.span(|| "clone".into(), || clone(how))? {
                Side::Parent(child) => Ok((child, place_me)),
                Side::Child => self.become_child(opened, sinks, ours, theirs, place_me, trace.is_on()),
            }
        };
        let first = attempt(inside, false);
        let result = if first.is_err() && inside.is_some() { attempt(None, true) } else { first };
        result.map_err(|error| self.explain(error))
    }

    fn become_child(
        &self,
        opened: &[Option<OwnedFd>],
        sinks: &Sinks,
        ours: &Channel,
        theirs: &Channel,
        place_me: bool,
        trace: bool,
    ) -> ! {
        // The parent's end must close with the parent, or its death would go unnoticed.
        fd::close_in_clone(ours);
        self.private.iter().for_each(fd::close_in_clone);
        self.leftover.iter().for_each(fd::close_in_clone);
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
            sinks,
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
