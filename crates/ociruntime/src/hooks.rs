//! The hooks that run when no init is there to wait for: after `start`, and after `delete`.

use std::path::Path;

use bundle::Spec;
use bundle::plan;
use container::hooks::{self, Sinks, last_words};
use container::plan::{Hook, HookPoint};

use crate::error::{Error, Result};
use crate::store::Record;

/// Runs the hooks of a point in the runtime's namespaces, in order; the first failure ends it.
pub(crate) fn run(spec: &Spec, record: &Record, point: HookPoint) -> Result<()> {
    let hooks = listed(spec, record, point);
    let sinks = sinks(&hooks).map_err(Error::other)?;
    each(&hooks, &sinks, spec, record, point).find_map(Result::err).map_or(Ok(()), Err)
}

/// Runs all hooks of a point whatever happens; failures are only told.
pub(crate) fn run_all(spec: &Spec, record: &Record, point: HookPoint) {
    let hooks = listed(spec, record, point);
    let sinks = sinks(&hooks).unwrap_or_else(|error| {
        tracing::warn!("{error}");
        Sinks::default()
    });
    for error in each(&hooks, &sinks, spec, record, point).filter_map(Result::err) {
        tracing::warn!("{error}");
    }
}

fn listed(spec: &Spec, record: &Record, point: HookPoint) -> Vec<Hook> {
    plan::host_hooks(spec, Path::new(&record.bundle), point)
}

/// What they write to: the same for all of a config.
fn sinks(hooks: &[Hook]) -> container::Result<Sinks> {
    hooks.first().map_or_else(|| Ok(Sinks::default()), |hook| Sinks::open(&hook.files))
}

fn each(
    hooks: &[Hook],
    sinks: &Sinks,
    spec: &Spec,
    record: &Record,
    point: HookPoint,
) -> impl Iterator<Item = Result<()>> {
    let state = plan::state(spec, &record.id, Path::new(&record.bundle));
    let pid = if point == HookPoint::Poststop { 0 } else { record.init.map_or(0, |init| init.pid) };
    hooks.iter().enumerate().map(move |(index, hook)| {
        hooks::run(hook, point, &state, sinks, pid).map_err(|failure| {
            let (name, path) = (point.name(), hook.path.to_string_lossy());
            let output = last_words(failure.output);
            let colon = if output.is_empty() { "" } else { ": " };
            let (files, reason) = (&hook.files, failure.reason);
            Error::Other(format!("hooks.{name}[{index}]: run {path}{files}: {reason}{colon}{output}"))
        })
    })
}
