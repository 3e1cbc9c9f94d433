//! `linux.resources.pids`.

use crate::Error;
use crate::controllers::Controllers;
use crate::limits::{Phase, Write, or_max};

const FIELD: &str = "linux.resources.pids.limit";

/// Late, so that the limit counts the container's processes and not those that set it up.
pub(super) fn writes(limit: Option<i64>, controllers: &Controllers) -> Result<Option<Write>, Error> {
    let Some(limit) = limit else { return Ok(None) };
    let version = controllers.find("pids", "pids", FIELD)?;
    Ok(Some(Write { phase: Phase::Late, ..Write::new(version, "pids", "pids.max", or_max(limit), FIELD) }))
}
