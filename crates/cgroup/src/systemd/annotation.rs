//! Unit properties that a config asks for by annotation: `org.systemd.property.TimeoutStopSec: "10"`.

use std::fmt;

use dbus::Value;

use super::Property;

/// What the names of such annotations begin with.
pub const PREFIX: &str = "org.systemd.property.";

/// An annotation that is no property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProperty {
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

impl std::error::Error for InvalidProperty {}

impl fmt::Display for InvalidProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, allowed: {}", self.found, self.allowed)
    }
}

impl Property {
    /// The property that an annotation asks for; `None` if it is about something else. A name that ends in `Sec` is one
    /// of a number of seconds, which D-Bus has in microseconds under a name that ends in `USec`.
    ///
    /// # Errors
    /// If the name cannot be one of a property, or the value is not a value in the text format of GVariant.
    pub fn of_annotation(key: &str, text: &str) -> Result<Option<Property>, InvalidProperty> {
        let Some(name) = key.strip_prefix(PREFIX) else { return Ok(None) };
        if name.len() < 3 || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(invalid(format!("{name:?}"), "the name of a unit property after the last dot"));
        }
        let (name, value) = match in_seconds(name) {
            Some(stem) => (format!("{stem}USec"), microseconds(text)),
            None => (name.to_owned(), Value::parse(text)),
        };
        let value = value.map_err(|problem| {
            invalid(format!("{text:?} ({problem})"), "a value such as true, uint64 7, 'text' or ['a', 'b']")
        })?;
        Ok(Some(Property { name: name.into(), value, field: format!("annotations[{key}]").into() }))
    }
}

fn invalid(found: String, allowed: &str) -> InvalidProperty {
    InvalidProperty { found, allowed: allowed.into() }
}

/// The name without `Sec`, of `TimeoutStopSec` but not of `TimeoutStopUSec`.
fn in_seconds(name: &str) -> Option<&str> {
    name.strip_suffix("Sec").filter(|stem| stem.ends_with(|last: char| last.is_ascii_lowercase()))
}

/// A number of seconds, which may be a decimal fraction.
fn microseconds(text: &str) -> Result<Value, String> {
    const DIGITS: usize = 6;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || "which is no number of seconds".to_owned();
    let whole = |value: &Value| match value {
        Value::Byte(seconds) => Some(u64::from(*seconds)),
        Value::I16(seconds) => (*seconds).try_into().ok(),
        Value::U16(seconds) => Some((*seconds).into()),
        Value::I32(seconds) => (*seconds).try_into().ok(),
        Value::U32(seconds) => Some((*seconds).into()),
        Value::I64(seconds) => (*seconds).try_into().ok(),
        Value::U64(seconds) => Some(*seconds),
        _ => None,
    };
    let (seconds, fraction) = match text.trim().split_once('.') {
        Some((seconds, fraction)) if is_digits(seconds) && is_digits(fraction) => {
            (seconds.parse().ok(), fraction)
        }
        Some(_) => return Err(wrong()),
        None => (whole(&Value::parse(text)?), ""),
    };
    let fraction: u64 = format!("{fraction:0<DIGITS$}")[..DIGITS].parse().map_err(|_| wrong())?;
    let micros = seconds.and_then(|seconds: u64| seconds.checked_mul(1_000_000)?.checked_add(fraction));
    micros.map(Value::U64).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: &str) {
        let property = Property::of_annotation(&format!("{PREFIX}{name}"), text).unwrap().unwrap();
        assert_eq!(format!("{property} {}", property.value.signature()), expected);
    }

    #[track_caller]
    fn check_problem(name: &str, text: &str, expected: &str) {
        let problem = Property::of_annotation(&format!("{PREFIX}{name}"), text).unwrap_err();
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn a_value_has_the_type_that_it_says() {
        check("CollectMode", "'inactive-or-failed'", "CollectMode=inactive-or-failed s");
        check("TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec=123456789 t");
        check("SendSIGHUP", "true", "SendSIGHUP=true b");
        check("After", "['a.service', 'b.service']", "After=[a.service, b.service] as");
    }

    #[test]
    fn seconds_become_microseconds() {
        check("TimeoutStopSec", "10", "TimeoutStopUSec=10000000 t");
        check("RuntimeMaxSec", "0.5", "RuntimeMaxUSec=500000 t");
    }

    #[test]
    fn what_cannot_be_is_told() {
        check_problem("X", "true", "found \"X\", allowed: the name of a unit property after the last dot");
        check_problem(
            "Some/Thing",
            "true",
            "found \"Some/Thing\", allowed: the name of a unit property after the last dot",
        );
        let allowed = "a value such as true, uint64 7, 'text' or ['a', 'b']";
        check_problem(
            "CollectMode",
            "inactive",
            &format!("found \"inactive\" (\"inactive\", which is no value), allowed: {allowed}"),
        );
        let seconds = |text| format!("found \"{text}\" (which is no number of seconds), allowed: {allowed}");
        check_problem("TimeoutStopSec", "'long'", &seconds("'long'"));
        check_problem("TimeoutStopSec", "-1", &seconds("-1"));
        check_problem("TimeoutStopSec", "1.5.5", &seconds("1.5.5"));
    }

    #[test]
    fn other_annotations_are_none() {
        assert_eq!(Property::of_annotation("org.opencontainers.image.os", "linux"), Ok(None));
    }
}
