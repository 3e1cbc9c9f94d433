//! What cases say about values.

use crate::case::{Doing, Outcome, fail};
use crate::patience;
use serde_json::Value;
use std::fmt::Debug;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long something that must happen by itself may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// `got` is `want`.
pub(crate) fn same<G: PartialEq<W> + Debug, W: Debug>(what: &str, got: G, want: W) -> Outcome {
    if got == want { Ok(()) } else { fail(format!("{what} is {got:?} instead of {want:?}")) }
}

/// `got` is not `other`.
pub(crate) fn differ<T: PartialEq + Debug>(what: &str, got: T, other: T) -> Outcome {
    if got == other { fail(format!("{what} is {got:?}")) } else { Ok(()) }
}

/// `condition` holds; `otherwise` says what is wrong if not.
pub(crate) fn hold(condition: bool, otherwise: impl Into<String>) -> Outcome {
    if condition { Ok(()) } else { fail(otherwise) }
}

/// `text` has `part` in it.
pub(crate) fn contains(what: &str, text: &str, part: &str) -> Outcome {
    if text.contains(part) { Ok(()) } else { fail(format!("no {part:?} in {what}: {text:?}")) }
}

/// `text` has no `part` in it.
pub(crate) fn lacks(what: &str, text: &str, part: &str) -> Outcome {
    if text.contains(part) { fail(format!("{part:?} in {what}: {text:?}")) } else { Ok(()) }
}

/// `text` is one JSON value.
pub(crate) fn json(text: &str) -> Outcome<Value> {
    serde_json::from_str(text).doing(format!("parse {text:?} as JSON"))
}

/// Waits until `look` finds something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Outcome<T> {
    let end = Instant::now() + patience::of(PATIENCE);
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() > end {
            return fail(format!("waited in vain: {what}"));
        }
        sleep(Duration::from_millis(1));
    }
}

/// Whether `text` is a date and time of RFC 3339.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    let shape =
        |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let Some((date, rest)) = text.split_once('T') else { return false };
    let Some(at) = rest.find(['Z', '+', '-']) else { return false };
    let (time, zone) = rest.split_at(at);
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    shape(date) == "0000-00-00"
        && shape(seconds) == "00:00:00"
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && (zone == "Z" || shape(&zone[1..]) == "00:00")
}

#[cfg(test)]
mod tests {
    use super::is_rfc3339;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(is_rfc3339(text), expected, "{text}");
    }

    #[test]
    fn a_time_in_utc_is_one() {
        check("2026-01-02T03:04:05Z", true);
    }

    #[test]
    fn a_fraction_is_allowed() {
        check("2026-01-02T03:04:05.123456789Z", true);
    }

    #[test]
    fn an_offset_is_allowed() {
        check("2026-01-02T03:04:05+01:30", true);
    }

    #[test]
    fn a_time_without_a_zone_is_none() {
        check("2026-01-02T03:04:05", false);
    }

    #[test]
    fn an_empty_fraction_is_none() {
        check("2026-01-02T03:04:05.Z", false);
    }

    #[test]
    fn a_space_instead_of_t_is_none() {
        check("2026-01-02 03:04:05Z", false);
    }
}
