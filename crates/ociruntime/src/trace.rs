//! `--trace`: a timeline in the Trace Event format of Chrome, which Perfetto opens.

use std::path::Path;

use container::{Span, Trace};
use serde::Serialize;

use crate::error::{Error, Result};

/// A complete event: times in microseconds, parent and child as two processes.
#[derive(Serialize)]
struct Event<'s> {
    name: &'s str,
    ph: &'static str,
    ts: f64,
    dur: f64,
    pid: i32,
    tid: i32,
}

/// Writes the timeline if there is a file for it. The work is done by then: a file that cannot be written is a warning.
pub(crate) fn write_if_asked(path: Option<&Path>, trace: &Trace, child: i32) {
    if let Some(Err(error)) = path.map(|path| write(path, trace, child)) {
        tracing::warn!("{error}");
    }
}

fn write(path: &Path, trace: &Trace, child: i32) -> Result<()> {
    let parent = sys::process::pid();
    let events: Vec<Event<'_>> = trace.spans().iter().map(|span| event(span, parent, child)).collect();
    let text = serde_json::to_vec(&events).map_err(Error::other)?;
    std::fs::write(path, text).map_err(Error::io("write trace", path))
}

fn event(span: &Span, parent: i32, child: i32) -> Event<'_> {
    let pid = if span.by_child { child } else { parent };
    let microseconds = |time: std::time::Duration| time.as_nanos() as f64 / 1000.0;
    let (ts, dur) = (microseconds(span.start), microseconds(span.end.saturating_sub(span.start)));
    Event { name: &span.name, ph: "X", ts, dur, pid, tid: pid }
}
