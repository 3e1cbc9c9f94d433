//! `start`: lets a container's init run its program.

use std::os::fd::AsFd;

use bundle::config::Config;
use container::Trace;
use container::launch;
use container::plan::HookPoint;
use sys::Errno;
use sys::socket::{self, Kind};

use crate::agent::hand_over;
use crate::args;
use crate::create::socket_path;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::notify::Proxy;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};
use crate::{delete, hooks, trace};

/// Starts a container that was created.
pub(crate) fn start(store: &Store, args: &args::Start) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    // Two of us must not both knock: the second would take the silence of a gone init for success.
    entry.lock()?;
    let record = entry.read()?;
    match status::observe(&entry, &record)? {
        Status::Created => {}
        Status::Stopped => return Err(Error::Other("cannot start a container that has stopped".into())),
        Status::Running => return Err(Error::Other("cannot start an already running container".into())),
        other => return Err(Error::Other(format!("cannot start a container in the {other} state"))),
    }
    let mut timeline = Trace::new(args.trace.is_some());
    let notify = match Proxy::open(&entry)? {
        Some(notify) => Some((notify, record.open_init()?)),
        None => None,
    };
    release(&entry, &record, &mut timeline)?;
    let pid = record.init.map_or(0, |init| init.pid);
    trace::write_if_asked(args.trace.as_deref(), &timeline, pid);
    let Some((notify, init)) = notify else { return Ok(()) };
    // To be ready may take the container as long as it likes.
    entry.unlock()?;
    notify.wait(init.as_fd(), pid)
}

fn release(entry: &Entry, record: &Record, timeline: &mut Trace) -> Result<()> {
    if !record.has_process {
        // runtime-spec runtime.md "Start".
        return Err(Error::Other(
            "the container was created without a process: there is nothing to start".into(),
        ));
    }
    let connection = match socket::connect(&socket_path(entry), Kind::Packets) {
        // Nobody listens behind the name: a start before us was killed when its work was done but for this.
        Err(error) if error.errno == Errno::ECONNREFUSED => {
            entry.forget_start_socket()?;
            return Err(Error::Other("cannot start an already running container".into()));
        }
        connection => connection.map_err(Error::other)?,
    };
    let going = launch::go(connection, timeline).map_err(Error::other)?;
    entry.forget_start_socket()?;
    let mut agent = hand_over(record, Status::Created, record.init.map_or(0, |init| init.pid));
    let outcome = going.wait(&record.steps, timeline, &mut agent);
    outcome.map_err(|error| failed(entry, record, error))?;
    if record.late_hooks { poststart(entry, record) } else { Ok(()) }
}

/// A failing hook ends the container and destroys it (runtime-spec "Lifecycle", steps 7 and 12); any other failure
/// leaves it stopped, to be deleted.
fn failed(entry: &Entry, record: &Record, error: container::Error) -> Error {
    if is_hook(&error) {
        destroy(entry, record);
    }
    Error::other(error)
}

fn is_hook(error: &container::Error) -> bool {
    matches!(error, container::Error::Step { label, .. } if label.starts_with("hooks."))
}

fn poststart(entry: &Entry, record: &Record) -> Result<()> {
    let config = Config::parse(entry.snapshot()?).map_err(Error::other)?;
    hooks::run(&config.spec, record, HookPoint::Poststart).inspect_err(|_| destroy(entry, record))
}

/// Steps 12 and 13 of the lifecycle, after a failure that is the one to be told.
fn destroy(entry: &Entry, record: &Record) {
    if let Err(error) = delete::end(record).and_then(|()| delete::destroy(entry, record)) {
        tracing::warn!("destroy the container: {error}");
    }
}
