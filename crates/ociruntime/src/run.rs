//! `run`: create, start, and (in the foreground) wait and delete.

use std::mem::ManuallyDrop;
use std::os::fd::AsFd;

use bundle::plan::Start;
use container::Trace;
use container::plan::HookPoint;
use sys::clone::Child;
use sys::pidfd::Exit;

use crate::agent::hand_over;
use crate::args::{self, Globals};
use crate::console::Relay;
use crate::create::{Blueprint, Container};
use crate::error::{Error, Result};
use crate::notify::Proxy;
use crate::status::Status;
use crate::store::{Record, Store};
use crate::wait::{self, Signals};
use crate::{delete, hooks, trace};

/// Runs a container. Answers its exit status, 0 if it goes on without us.
pub(crate) fn run(store: &Store, globals: &Globals, args: &args::Run) -> Result<u8> {
    let mut timeline = Trace::new(args.create.trace.is_some());
    let blueprint = Blueprint::draw(store, globals, &args.create, Start::AtOnce, args.detach, &mut timeline)?;
    // As in `create`.
    let blueprint = ManuallyDrop::new(blueprint);
    if !args.detach && !args.no_subreaper {
        sys::process::become_subreaper().map_err(Error::other)?;
    }
    let mut container = blueprint.build(store, &mut timeline)?;
    let mut ready = container.ready(&mut timeline)?;
    let signals = if args.detach { None } else { Some(Signals::take()?) };
    let relay = ready.take_console().map(Relay::start).transpose()?;
    let notify = Proxy::open(&container.entry)?;
    let pid = ready.pid().map_err(Error::other)?;
    let mut agent = hand_over(&container.record, Status::Created, pid);
    let child = ready.execute(&blueprint.planned.cgroup, &mut timeline, &mut agent).map_err(Error::other)?;
    drop(agent);
    trace::write_if_asked(args.create.trace.as_deref(), &timeline, child.pid);
    // A failing hook ends the container, which is not kept yet (runtime-spec "Lifecycle", step 9).
    hooks::run(blueprint.spec(), &container.record, HookPoint::Poststart)
        .inspect_err(|_| end(&container.record))?;
    blueprint.warn();
    let company = Company { signals, relay, notify };
    let exit = company.keep_with(&container, &child).inspect_err(|_| end(&container.record))?;
    container.keep();
    let Some(exit) = exit else { return Ok(0) };
    if !args.keep {
        delete::destroy(&container.entry, &container.record)?;
    }
    Ok(exit.code() as u8)
}

/// What a container that runs has of us.
struct Company {
    /// None if it is left to itself.
    signals: Option<Signals>,
    relay: Option<Relay>,
    notify: Option<Proxy>,
}

impl Company {
    /// Stays with the container to its end, or until it is ready if it is left to itself.
    fn keep_with(self, container: &Container<'_>, child: &Child) -> Result<Option<Exit>> {
        container.entry.unlock()?;
        let Company { signals, relay, notify } = self;
        match (signals, notify) {
            (Some(signals), notify) => wait::wait(child, &signals, relay, notify).map(Some),
            (None, Some(notify)) => notify.wait(child.pidfd.as_fd(), child.pid).map(|()| None),
            (None, None) => Ok(None),
        }
    }
}

/// Ends the process of a container that is about to be undone.
fn end(record: &Record) {
    if let Err(error) = delete::end(record) {
        tracing::warn!("end the container: {error}");
    }
}
