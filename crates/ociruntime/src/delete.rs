//! `delete`: ends what has not ended, if told to, and leaves no trace of the container.

use std::time::Duration;

use bundle::Spec;
use bundle::config::Config;
use cgroup::Cgroup;
use container::plan::HookPoint;

use crate::args;
use crate::error::{Error, Result};
use crate::hooks;
use crate::id::ContainerId;
use crate::kill;
use crate::signal::Signal;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};

/// Deletes a container. Waits for no lock, so that nothing can keep a container from being deleted by force.
pub(crate) fn delete(store: &Store, args: &args::Delete) -> Result<()> {
    let id = ContainerId::parse(&args.id)?;
    match store.find(&id).and_then(|entry| delete_entry(&entry, &id, args.force)) {
        // Also when another `delete` was faster.
        Err(Error::DoesNotExist) if args.force => Ok(()),
        result => result,
    }
}

fn delete_entry(entry: &Entry, id: &ContainerId, force: bool) -> Result<()> {
    let record = match entry.read() {
        Err(Error::DoesNotExist) => return clear(entry, force),
        Err(error) if force => salvage(entry, error)?,
        result => result?,
    };
    if force {
        end(&record)?;
        // Also what somebody else has put into the cgroup: it could not be removed otherwise.
        record.cgroup.kill().map_err(Error::other)?;
        return destroy(entry, &record);
    }
    match status::observe(entry, &record)? {
        Status::Stopped => {}
        Status::Created => end(&record)?,
        status => return Err(Error::NotStopped { id: id.to_string(), status }),
    }
    destroy(entry, &record)
}

/// The record before one that is damaged: it has no init, but a cgroup, by which the init is ended too.
fn salvage(entry: &Entry, error: Error) -> Result<Record> {
    match entry.read_earlier() {
        Ok(record) if !matches!(record.cgroup, Cgroup::Unmanaged) => Ok(record),
        _ => {
            let path = entry.path().display();
            Err(Error::Other(format!(
                "{error}: nothing else tells which processes are the container's: end them, and remove {path}"
            )))
        }
    }
}

/// Removes what a runtime left that was killed before it wrote a record. It had done nothing else yet.
fn clear(entry: &Entry, force: bool) -> Result<()> {
    // With the lock held, `create` is just about to write it: then only force may come between.
    if force || !entry.is_locked()? {
        entry.clear()?;
    }
    Err(Error::DoesNotExist)
}

/// Kills the container and waits for the end of its init.
pub(crate) fn end(record: &Record) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let init = match record.open_init() {
        Err(Error::NotRunning) => return Ok(()),
        result => result?,
    };
    match kill::send_to(record, &init, Signal::KILL) {
        Err(Error::NotRunning) => return Ok(()),
        result => result?,
    }
    let has_ended = sys::pidfd::wait(&init, Some(PATIENCE)).map_err(Error::other)?;
    if has_ended { Ok(()) } else { Err(Error::StillRunning) }
}

/// Undoes what `create` did, for a container whose init has ended: processes it left, cgroup, state directory; then
/// runs the poststop hooks. `DoesNotExist` if another command has done it already.
pub(crate) fn destroy(entry: &Entry, record: &Record) -> Result<()> {
    // A private pid namespace is empty without its init. Of a shared one, the cgroup says who is ours.
    // A `create` that was killed left an init that nobody knows.
    let is_ours = record.init.is_some() || !record.shares_cgroup;
    if is_ours && (!record.has_own_pid_namespace() || record.init.is_none()) {
        record.cgroup.kill().map_err(Error::other)?;
    }
    record.cgroup.remove().map_err(Error::other)?;
    record.parents.undo();
    if let Some(group) = &record.rdt {
        group.remove().map_err(Error::other)?;
    }
    let spec = if record.late_hooks { snapshot(entry) } else { None };
    entry.remove()?;
    spec.iter().for_each(|spec| poststop(spec, record));
    Ok(())
}

/// The config, for its poststop hooks. One that cannot be read must not keep a container from being deleted.
fn snapshot(entry: &Entry) -> Option<Spec> {
    match entry.snapshot().and_then(|text| Config::parse(text).map_err(Error::other)) {
        Ok(config) => Some(config.spec),
        Err(error) => {
            tracing::warn!("poststop hooks are not run: {error}");
            None
        }
    }
}

/// Runs the poststop hooks, all of them: a failure is a warning (runtime-spec, runtime.md "Lifecycle", step 13).
pub(crate) fn poststop(spec: &Spec, record: &Record) {
    hooks::run_all(spec, record, HookPoint::Poststop);
}
