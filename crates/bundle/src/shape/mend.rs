//! Walks a value beside its shape, reports what departs from it and mends that.

use serde_json::{Map, Value};

use super::names::CAPABILITIES;
use super::{Field, Need, Shape};
use crate::check::text::is_number_list;
use crate::problem::{At, Problem, described};

const NO_NUL: &str = "a string without NUL bytes";

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Every departure from the shape.
    pub(crate) problems: Vec<Problem>,
    /// What was dropped with no more than a warning.
    pub(crate) warnings: Vec<String>,
}

/// How a value suits its shape.
enum Fit {
    Right,
    /// It says nothing: as if it were absent.
    Void,
    /// It was reported and must be replaced.
    Wrong,
}

/// Makes `value` fit `shape`: unknown fields go, ill-typed optional ones too, ill-typed required ones and
/// elements of arrays are replaced by a neutral value, so that indices stay what they are in the file.
pub(crate) fn mend(value: &mut Value, shape: &Shape) -> Mended {
    let mut mended = Mended::default();
    if !matches!(mended.fit(shape, value, &At::Root), Fit::Right) {
        *value = shape.neutral();
    }
    mended
}

impl Mended {
    fn fit(&mut self, shape: &Shape, value: &mut Value, at: &At<'_>) -> Fit {
        match (shape, value) {
            (Shape::Bool, Value::Bool(_)) | (Shape::AnyText, Value::String(_)) => Fit::Right,
            (Shape::Text, Value::String(text)) => self.text(text, at),
            (Shape::Int(min, max), Value::Number(n))
                if n.as_i64().is_some_and(|n| (*min..=*max).contains(&n)) =>
            {
                Fit::Right
            }
            (Shape::Uint(max), Value::Number(n)) if n.as_u64().is_some_and(|n| n <= *max) => Fit::Right,
            (Shape::Limit, value) if value.is_u64() => {
                *value = Value::from(value.as_u64().unwrap_or(0).min(i64::MAX as u64));
                Fit::Right
            }
            (Shape::Name(_) | Shape::Renamed(_) | Shape::NumberList, Value::String(text))
                if text.is_empty() =>
            {
                Fit::Void
            }
            (Shape::Name(names), Value::String(text)) if names.contains(&text.as_str()) => Fit::Right,
            (Shape::Renamed(names), Value::String(text)) if names.iter().any(|(name, _)| name == text) => {
                rename(names, text);
                Fit::Right
            }
            (Shape::NumberList, Value::String(text)) if is_number_list(text) => {
                text.retain(|c| c != ' ');
                Fit::Right
            }
            (Shape::Capabilities, Value::Array(list)) => self.capabilities(list, at),
            (Shape::List(element), Value::Array(list)) => self.list(element, list, at),
            (Shape::Map(element), Value::Object(map)) => self.map(element, map, at),
            (Shape::Object(fields), Value::Object(map)) => self.object(fields, map, at),
            (shape, value) => self.wrong(at, described(value), shape.allowed()),
        }
    }

    fn report(&mut self, at: &At<'_>, found: String, allowed: String) {
        self.problems.push(Problem { pointer: at.to_string(), found, allowed });
    }

    fn wrong(&mut self, at: &At<'_>, found: String, allowed: String) -> Fit {
        self.report(at, found, allowed);
        Fit::Wrong
    }

    fn text(&mut self, text: &str, at: &At<'_>) -> Fit {
        if text.contains('\0') {
            return self.wrong(at, described(&Value::from(text)), NO_NUL.to_owned());
        }
        Fit::Right
    }

    fn list(&mut self, shape: &Shape, list: &mut [Value], at: &At<'_>) -> Fit {
        for (index, element) in list.iter_mut().enumerate() {
            self.element(shape, element, &at.index(index));
        }
        Fit::Right
    }

    fn map(&mut self, shape: &Shape, map: &mut Map<String, Value>, at: &At<'_>) -> Fit {
        for (key, element) in map.iter_mut() {
            if key.contains('\0') {
                self.report(&at.key(key), described(&Value::from(key.as_str())), NO_NUL.to_owned());
            }
            self.element(shape, element, &at.key(key));
        }
        Fit::Right
    }

    /// Something that cannot be left out, because its neighbours would move or its key would go.
    fn element(&mut self, shape: &Shape, value: &mut Value, at: &At<'_>) {
        match self.fit(shape, value, at) {
            Fit::Right => {}
            fit => self.replace(&fit, shape, value, at),
        }
    }

    fn replace(&mut self, fit: &Fit, shape: &Shape, value: &mut Value, at: &At<'_>) {
        if matches!(fit, Fit::Void) {
            self.report(at, described(value), shape.allowed());
        }
        *value = shape.neutral();
    }

    fn object(&mut self, fields: &[Field], map: &mut Map<String, Value>, at: &At<'_>) -> Fit {
        map.retain(|key, value| match fields.iter().find(|field| field.name == key) {
            Some(field) if !value.is_null() => self.member(field, value, &at.key(key)),
            _ => false,
        });
        for field in fields.iter().filter(|field| field.need != Need::Optional) {
            if !map.contains_key(field.name) {
                if field.need == Need::Essence {
                    return Fit::Void;
                }
                self.absent(field, map, at);
            }
        }
        Fit::Right
    }

    /// Tells whether the field stays.
    fn member(&mut self, field: &Field, value: &mut Value, at: &At<'_>) -> bool {
        match self.fit(&field.shape, value, at) {
            Fit::Right => true,
            Fit::Void if field.need != Need::Required => false,
            fit => {
                self.replace(&fit, &field.shape, value, at);
                field.need != Need::Optional
            }
        }
    }

    fn absent(&mut self, field: &Field, map: &mut Map<String, Value>, at: &At<'_>) {
        let missed = match field.need {
            Need::Optional | Need::Filled | Need::Essence => false,
            Need::Required => true,
            Need::Unless(key, name) => map.get(key).is_none_or(|value| value != name),
        };
        if missed {
            self.report(&at.key(field.name), "nothing".to_owned(), field.shape.allowed());
        }
        map.insert(field.name.to_owned(), field.shape.neutral());
    }

    fn capabilities(&mut self, list: &mut Vec<Value>, at: &At<'_>) -> Fit {
        let mut index = 0;
        list.retain(|value| {
            let kept = self.capability(value, &at.index(index));
            index += 1;
            kept
        });
        Fit::Right
    }

    fn capability(&mut self, value: &Value, at: &At<'_>) -> bool {
        let Value::String(name) = value else {
            self.report(at, described(value), Shape::Text.allowed());
            return false;
        };
        let known = CAPABILITIES.contains(&name.as_str());
        if !known {
            self.warnings.push(format!("{at}: unknown capability {} is ignored", described(value)));
        }
        known
    }
}

/// Replaces the spec's spelling by oci-spec's.
fn rename(names: &[(&str, &str)], text: &mut String) {
    if let Some((_, theirs)) = names.iter().find(|(name, _)| name == text) {
        (*theirs).clone_into(text);
    }
}
