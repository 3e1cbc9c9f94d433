//! The hooks that run when no init is there to wait for: after `start`, and after `delete`.

use std::path::Path;

use bundle::Spec;
use bundle::plan;
use container::hooks::{self, last_words};
use container::plan::HookPoint;

use crate::error::{Error, Result};
use crate::store::Record;

/// Runs the hooks of a point in the runtime's namespaces, in order; the first failure ends it.
pub(crate) fn run(spec: &Spec, record: &Record, point: HookPoint) -> Result<()> {
    each(spec, record, point).find_map(Result::err).map_or(Ok(()), Err)
}

/// Runs all hooks of a point whatever happens; failures are only told.
pub(crate) fn run_all(spec: &Spec, record: &Record, point: HookPoint) {
    for error in each(spec, record, point).filter_map(Result::err) {
        tracing::warn!("{error}");
    }
}

fn each(spec: &Spec, record: &Record, point: HookPoint) -> impl Iterator<Item = Result<()>> {
    let state = plan::state(spec, &record.id, Path::new(&record.bundle));
    let pid = if point == HookPoint::Poststop { 0 } else { record.init.map_or(0, |init| init.pid) };
    plan::host_hooks(spec, point).into_iter().enumerate().map(move |(index, hook)| {
        hooks::run(&hook, point, &state, pid).map_err(|failure| {
            let (name, path) = (point.name(), hook.path.to_string_lossy());
            let output = last_words(failure.output);
            let colon = if output.is_empty() { "" } else { ": " };
            Error::Other(format!("hooks.{name}[{index}]: run {path}: {}{colon}{output}", failure.reason))
        })
    })
}
