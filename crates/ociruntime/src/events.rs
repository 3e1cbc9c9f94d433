//! `events`: what a container uses, at intervals, and a word each time it runs out of memory, until it stops.
//!
//! One poll(2) waits for everything: the next print, the kernel's notice, the end of init, and the end of whoever reads.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use cgroup::{OomEvents, Stats};
use serde::Serialize;
use sys::poll::{self, Want};
use sys::{Errno, fd, time};

use crate::args;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::network::{self, Interface};
use crate::output;
use crate::status::{self, Status};
use crate::store::{Record, Store};

/// Prints events, each a line of JSON.
pub(crate) fn events(store: &Store, args: &args::Events) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    let record = entry.read()?;
    let not_running = || Error::Other(format!("container with id {} is not running", args.id));
    if matches!(status::observe(&entry, &record)?, Status::Stopped | Status::Creating) {
        return Err(not_running());
    }
    if args.stats {
        return print_stats(&record);
    }
    let init = match record.open_init() {
        Err(Error::NotRunning) => return Err(not_running()),
        init => init?,
    };
    match follow(&record, &init, args.interval) {
        // Whoever reads has seen enough.
        Err(Error::File { errno: Errno::EPIPE, .. }) => Ok(()),
        result => result,
    }
}

fn follow(record: &Record, init: &OwnedFd, interval: Duration) -> Result<()> {
    let mut oom = watch(record)?;
    let mut next = time::monotonic() + interval;
    loop {
        // An absent descriptor is watched as init is, and its answer not looked at.
        let notices = oom.as_ref().map_or(init.as_fd(), AsFd::as_fd);
        let watched = [(init.as_fd(), Want::Read), (notices, Want::Read), (fd::standard(1), Want::HangUp)];
        let left = next.saturating_sub(time::monotonic());
        let [ended, _, unread] = poll::ready(watched, Some(left)).map_err(Error::other)?;
        if unread {
            return Ok(());
        }
        if let Some(oom) = &mut oom
            && oom.take().map_err(Error::other)?
        {
            output::print_json(&Event::<()> { kind: "oom", id: &record.id, data: None })?;
        }
        if ended {
            return Ok(());
        }
        if time::monotonic() >= next {
            print_stats(record)?;
            next = (next + interval).max(time::monotonic());
        }
    }
}

/// The kernel's notices; none where nothing counts the container's memory.
fn watch(record: &Record) -> Result<Option<OomEvents>> {
    match record.cgroup.oom_events() {
        Ok(events) => Ok(Some(events)),
        Err(error) if matches!(error.errno, None | Some(Errno::ENOENT)) => {
            tracing::debug!("no oom events: {error}");
            Ok(None)
        }
        Err(error) => Err(Error::other(error)),
    }
}

fn print_stats(record: &Record) -> Result<()> {
    let stats = record.cgroup.stats().map_err(Error::other)?;
    let init = record.init.map_or(0, |init| init.pid);
    let intel_rdt = record.rdt.as_ref().map(resctrl::Group::stats).unwrap_or_default();
    let data = Data { stats, intel_rdt, network_interfaces: network::interfaces(init)? };
    output::print_json(&Event { kind: "stats", id: &record.id, data: Some(data) })
}

/// One line, as runc has it: `{"type":"oom","id":"web"}`.
#[derive(Serialize)]
struct Event<'a, D> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
}

#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    stats: Stats,
    intel_rdt: resctrl::Stats,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    network_interfaces: Vec<Interface>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oom_event_has_no_data() {
        let event = Event::<()> { kind: "oom", id: "web", data: None };
        assert_eq!(serde_json::to_string(&event).ok().as_deref(), Some(r#"{"type":"oom","id":"web"}"#));
    }

    #[test]
    fn an_event_with_data_is_one_object_in_runc_s_order() {
        let data = Data {
            stats: Stats::default(),
            intel_rdt: resctrl::Stats::default(),
            network_interfaces: Vec::new(),
        };
        let text = serde_json::to_string(&Event { kind: "stats", id: "web", data: Some(data) }).unwrap();
        assert!(text.starts_with(r#"{"type":"stats","id":"web","data":{"cpu":{"usage":{"#), "{text}");
        assert!(text.ends_with(r#""hugetlb":{},"intel_rdt":{}}}"#), "{text}");
    }
}
