//! `update`: changes the limits of a container, all that are asked for or none.

mod flags;
mod shares;

use std::io::Read;
use std::path::Path;

use bundle::config::Config;
use bundle::update::{self, Change};
use cgroup::Cgroup;
use serde_json::Value;
use sys::Errno;

use crate::args;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};
use flags::Flags;

/// Changes limits.
pub(crate) fn update(store: &Store, args: &args::Update) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    let record = entry.read()?;
    if matches!(status::observe(&entry, &record)?, Status::Stopped | Status::Creating) {
        return Err(Error::NotRunning);
    }
    let shares = shares::wanted(record.rdt.as_ref(), args)?;
    let flags = Flags::of(args);
    let (name, change) = match &args.resources {
        Some(file) => of_file(file)?,
        None => (flags::NAME.to_owned(), flags.change()?),
    };
    let before = shares::change(record.rdt.as_ref(), &shares)?;
    change_limits(&entry, &record, &name, &change, &flags)
        .inspect_err(|_| shares::set_back(record.rdt.as_ref(), &before))?;
    flags.ignored().for_each(|flag| tracing::warn!("{flag}: the kernel no longer limits this; ignored"));
    Ok(())
}

/// The limits of a file, and what to call it.
fn of_file(file: &Path) -> Result<(String, Change)> {
    let (name, text) = if file == Path::new("-") {
        let mut text = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut text);
        ("standard input".to_owned(), read.map(|_| text))
    } else {
        (file.to_string_lossy().into_owned(), std::fs::read(file))
    };
    let text = text.map_err(Error::io("--resources: read", &name))?;
    let change =
        Change::parse(&name, &text).map_err(|error| Error::Other(format!("--resources: {error}")))?;
    Ok((name, change))
}

fn change_limits(entry: &Entry, record: &Record, name: &str, change: &Change, flags: &Flags) -> Result<()> {
    if matches!(record.cgroup, Cgroup::Unmanaged) {
        return Err(Error::Other("the container has no cgroup of its own to limit it by".into()));
    }
    let _lock = entry.lock_limits()?;
    let planned = change.plan(name, &present(entry)?, &record.cgroup.controllers());
    let planned = planned.map_err(|error| flags.named(error))?;
    planned.writes.iter().for_each(|write| tracing::debug!("{}: {write}", write.field));
    let cautions = record.cgroup.cautions(&planned.writes);
    let undo = record.cgroup.update(&planned.writes).map_err(|error| refused(record, flags, error))?;
    keep(entry, &planned.limits).inspect_err(|_| {
        // The error that matters is that of the file.
        let _ = record.cgroup.set_back(&undo);
    })?;
    cautions.iter().chain(&planned.notes).for_each(|text| tracing::warn!("{text}"));
    Ok(())
}

/// The limits so far: those of the last update, or of the config.
fn present(entry: &Entry) -> Result<Value> {
    match entry.limits()? {
        Some(limits) => serde_json::from_slice(&limits).map_err(|error| {
            Error::Other(format!("parse {}: {error}", entry.path().join("limits.json").display()))
        }),
        None => {
            Config::parse(entry.snapshot()?).map(|config| update::of_spec(&config.spec)).map_err(Error::other)
        }
    }
}

fn keep(entry: &Entry, limits: &Value) -> Result<()> {
    entry.write_limits(&serde_json::to_vec(limits).map_err(Error::other)?)
}

/// A cgroup that is gone was that of a container that has just ended.
fn refused(record: &Record, flags: &Flags, error: cgroup::Error) -> Error {
    match error.errno {
        Some(Errno::ENOENT | Errno::ENODEV) if !record.cgroup.exists() => Error::NotRunning,
        _ => flags.named(error.into()),
    }
}
