//! The parent's share in the steps: what needs the host's rights, done when the child has come to it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cgroup::Cgroup;
use sys::clone::Child;
use sys::{pidfd, resource};

use super::entry::Entry;
use super::failure::{at, failed, label};
use super::guard::{Guard, Taken};
use super::hear::{frozen, hear};
use super::ready::Ready;
use crate::error::{Error, Result};
use crate::hooks::{self, Sinks};
use crate::idmap;
use crate::lend::{self, Lender};
use crate::packet::{Channel, Packet, Reason};
use crate::plan::{Action, Plan, Side as Who, Step};
use crate::trace::Trace;

/// Serves the requests of a child.
pub(super) struct Server<'p, 'l> {
    pub(super) plan: &'p Plan,
    pub(super) cgroup: &'l Cgroup,
    pub(super) channel: Channel,
    pub(super) child: Guard,
    pub(super) console: Option<OwnedFd>,
    pub(super) place_me: bool,
    pub(super) sinks: Sinks,
    pub(super) lender: Lender,
    pub(super) taken: Taken,
    /// After the child: what is half made is undone once nobody is in it.
    pub(super) entry: Entry<'l>,
    pub(super) leftover: Option<OwnedFd>,
}

impl<'p> Server<'p, '_> {
    pub(super) fn serve(mut self, trace: &mut Trace) -> Result<Ready<'p>> {
        loop {
            let Some((packet, descriptor)) = hear(&self.channel, Some(self.cgroup), Some(&self.child))?
            else {
                return Err(self.died());
            };
            match packet {
                Packet::Request(step) if matches!(self.action(step)?, Action::Ready) => {
                    self.parts(Who::Last, trace).map_err(|error| self.cause_of(error))?;
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
                    let first = self.replace(descriptor)?;
                    self.grant(step, None)?;
                    end(first)?;
                }
                Packet::Failed { step, reason } => return Err(failed(self.plan, step, reason, descriptor)),
                Packet::Span { step, start, end } => trace.child(|| label(self.plan, step), start, end),
                Packet::Granted(_) | Packet::Go { .. } | Packet::Executing => {}
            }
            // The child has closed its copy and does not wait for us.
            self.leftover = None;
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
            Action::EnterCgroup => self.entry.tasks().iter().map(AsFd::as_fd).collect(),
            _ => answer.iter().map(AsFd::as_fd).collect(),
        };
        let granted = self.channel.send_all(Packet::Granted(step), &answers);
        granted.map_err(|error| self.child.ungranted(error, self.cgroup))
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
            self.entry.begin(self.child.child()?.pid, trace)?;
            self.entry.finish(trace)?;
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

    /// A mount of the child's comes back with its ids mapped; without one, something is to be opened.
    fn lend(&mut self, step: &Step, mount: Option<OwnedFd>) -> Result<Option<OwnedFd>> {
        let pid = self.child.child()?.pid;
        let lent = match mount {
            Some(mount) => self.lender.map_ids(&step.action, mount, pid).map(|()| None),
            None => lend::open(&step.action, pid),
        };
        lent.map_err(|error| Error::Plain(format!("{}: {error}", step.label())))
    }

    fn on_host(&self, step: &Step, index: u32) -> Result<()> {
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
            Action::EnterBelow { name, uid } => Ok(self.cgroup.enter_below(name, *uid, pid)?),
            Action::Delegate { uid } => Ok(self.cgroup.delegate(*uid)?),
            Action::HostHook(point, hook) => hooks::run(hook, *point, &self.plan.state, &self.sinks, pid)
                .map_err(|failure| failed(self.plan, index, failure.reason, failure.output)),
            Action::LimitFromOutside(limit) => {
                resource::set_limit(pid, *limit).map_err(Reason::from).map_err(at(step))
            }
            _ => Ok(()),
        }
    }

    /// The first process of two has made the second, which is the container's from now on. Answers the first.
    fn replace(&mut self, descriptor: Option<OwnedFd>) -> Result<Guard> {
        let pidfd =
            descriptor.ok_or_else(|| Error::Plain("no descriptor came with the second process".into()))?;
        let pid = pidfd::pid(&pidfd).map_err(Error::doing("look up the second process"))?;
        let Guard { patience, mark, .. } = self.child;
        let second = Guard { child: Some(Child { pid, pidfd }), patience, mark };
        Ok(std::mem::replace(&mut self.child, second))
    }

    /// What went wrong, if a part of ours failed: the child may have failed or been killed before, and ended, and systemd
    /// have removed the cgroup of a container that has.
    fn cause_of(&self, error: Error) -> Error {
        if !self.child.has_ended() {
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
        self.child.died(self.cgroup)
    }
}

fn write_proc(pid: i32, name: &str, value: &str) -> Result<(), Reason> {
    use sys::Named;
    Ok(std::fs::write(format!("/proc/{pid}/{name}"), value).named(sys::Call::Write)?)
}

fn within(step: &Step, error: Error) -> Error {
    Error::Plain(format!("{}: {error}", step.field))
}

fn rdt(error: resctrl::Error) -> Error {
    Error::Plain(format!("linux.intelRdt: {error}"))
}

/// Waits for the end of the first process of two, which has nothing more to do, while the second is at work.
fn end(first: Guard) -> Result<()> {
    let patience = first.patience;
    let first = first.keep()?;
    if !pidfd::wait(&first.pidfd, patience).map_err(Error::doing("wait for the first process"))? {
        return Err(frozen());
    }
    pidfd::reap(&first.pidfd).map_err(Error::doing("reap the first process")).map(drop)
}
