//! Whether a refusal makes sense to who wrote the config.

use bundle::config::LoadError;
use serde_json::Value;

/// Panics on a refusal that cannot be, or that leads nowhere.
pub(crate) fn examine(error: &LoadError, config: &Value) {
    let LoadError::Problems { problems, .. } = error else { panic!("{error}: {config}") };
    assert!(!problems.is_empty(), "{config}");
    let lines = if problems.len() == 1 { 1 } else { problems.len() + 1 };
    assert_eq!(error.to_string().lines().count(), lines, "{error}");
    for problem in problems {
        assert!(is_place(config, &problem.pointer), "{problem}: {config}");
        let is_told_by_us = !problem.allowed.contains("runtime-spec");
        assert!(is_told_by_us, "the shape and oci-spec differ: {problem}: {config}");
    }
}

/// Whether a pointer leads to something, or to something missing in an object.
fn is_place(config: &Value, pointer: &str) -> bool {
    let mut around = pointer;
    while config.pointer(around).is_none() {
        around = around.rsplit_once('/').map_or("", |(outer, _)| outer);
    }
    around == pointer || config.pointer(around).is_some_and(|value| value.is_object() || value.is_null())
}
