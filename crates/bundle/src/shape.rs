//! The shape of a config: which types, names and required fields runtime-spec 1.3 demands where.
//!
//! Typed parsing alone will not do. It stops at the first error; it reads an absent required field as 0 or
//! ""; it knows two scheduler flags by other names than the spec's; it refuses unknown capabilities, which
//! the spec wants dropped with a warning. So a config is walked beside a table first: every departure is
//! reported with its pointer, and the value is mended so that typed parsing then succeeds and the checks of
//! meaning can run over the rest.

mod mend;
mod names;
pub(crate) mod tables;

pub(crate) use mend::{Mended, mend};
pub(crate) use names::{CAPABILITIES, MEMORY_FLAGS, MEMORY_MODES, NAMESPACES};

use serde_json::{Map, Value};

/// What may stand at one place of a config.
pub(crate) enum Shape {
    /// `true` or `false`.
    Bool,
    /// A string without NUL bytes: all of them end up as C strings.
    Text,
    /// A string that the kernel never sees, and so may hold anything.
    AnyText,
    /// A whole number in this range, both ends included.
    Int(i64, i64),
    /// A whole number from 0 to this one.
    Uint(u64),
    /// Any 64-bit count, which oci-spec holds in an `i64`: larger ones become the largest, also "no limit" to
    /// the kernel.
    Limit,
    /// One of these strings. The empty string is as an absent field, as Go writes it.
    Name(&'static [&'static str]),
    /// One of these strings: the spec's spelling and oci-spec's.
    Renamed(&'static [(&'static str, &'static str)]),
    /// An array of capability names; unknown ones are dropped with a warning (config.md, "Linux Process").
    Capabilities,
    /// CPUs or memory nodes as `0-3,7`. The empty string is as an absent field.
    NumberList,
    /// An array of equal things.
    List(&'static Shape),
    /// An object whose keys are free.
    Map(&'static Shape),
    /// An object of known fields; others are ignored whatever they hold (config.md, "Extensibility").
    Object(&'static [Field]),
}

/// A field of an object.
pub(crate) struct Field {
    name: &'static str,
    need: Need,
    shape: Shape,
}

/// What it means that a field is absent or null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Optional,
    /// A problem.
    Required,
    /// A problem, unless the field named first holds this name.
    Unless(&'static str, &'static str),
    /// Nothing, but oci-spec wants it: the neutral value is put in.
    Filled,
    /// The whole object says nothing and is dropped, since oci-spec would read a 0 into it.
    Essence,
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, need: Need::Required, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, need: Need::Optional, shape }
}

impl Shape {
    /// What to tell a person who wrote something else.
    fn allowed(&self) -> String {
        match self {
            Shape::Bool => "true or false".to_owned(),
            Shape::Text | Shape::AnyText => "a string".to_owned(),
            Shape::Int(i64::MIN, i64::MAX) => "a whole number".to_owned(),
            Shape::Int(min, i64::MAX) => format!("a whole number, {min} or more"),
            Shape::Int(min, max) => format!("a whole number from {min} to {max}"),
            Shape::Uint(max) => format!("a whole number from 0 to {max}"),
            Shape::Limit => Shape::Uint(u64::MAX).allowed(),
            Shape::Name(names) => names.join(", "),
            Shape::Renamed(names) => names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            Shape::NumberList => "a list of numbers and ranges such as \"0-3,7\"".to_owned(),
            Shape::Capabilities | Shape::List(_) => "an array".to_owned(),
            Shape::Map(_) | Shape::Object(_) => "an object".to_owned(),
        }
    }

    /// A value of this shape that says as little as possible, to stand in for a broken one.
    fn neutral(&self) -> Value {
        match self {
            Shape::Bool => Value::Bool(false),
            Shape::Text | Shape::AnyText | Shape::NumberList => Value::from(""),
            Shape::Int(min, max) => Value::from(0.clamp(*min, *max)),
            Shape::Uint(_) | Shape::Limit => Value::from(0),
            Shape::Name(names) => Value::from(names[0]),
            Shape::Renamed(names) => Value::from(names[0].1),
            Shape::Capabilities | Shape::List(_) => Value::Array(Vec::new()),
            Shape::Map(_) => Value::Object(Map::new()),
            Shape::Object(fields) => fields.iter().filter_map(Field::neutral).collect(),
        }
    }
}

impl Field {
    fn neutral(&self) -> Option<(String, Value)> {
        (self.need != Need::Optional).then(|| (self.name.to_owned(), self.shape.neutral()))
    }
}

#[cfg(test)]
mod tests;
