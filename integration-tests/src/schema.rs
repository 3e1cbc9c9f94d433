//! The JSON schemas of the runtime specification, as far as they make use of JSON Schema (draft 4).

use regex_lite::Regex;
use serde_json::{Map, Value};

const FILES: &[(&str, &str)] = &[
    ("config-linux.json", include_str!("../schema/config-linux.json")),
    ("config-schema.json", include_str!("../schema/config-schema.json")),
    ("defs-linux.json", include_str!("../schema/defs-linux.json")),
    ("defs.json", include_str!("../schema/defs.json")),
    ("features-linux.json", include_str!("../schema/features-linux.json")),
    ("features-schema.json", include_str!("../schema/features-schema.json")),
    ("state-schema.json", include_str!("../schema/state-schema.json")),
];

/// Everything in `value` that the schema in `file` does not allow, one sentence each.
pub(crate) fn violations(file: &'static str, value: &Value) -> Vec<String> {
    let mut walk = Walk { found: Vec::new() };
    walk.check(Place { file, schema: &load(file) }, value, "");
    walk.found
}

/// A schema and the file it stands in, which references without a file name mean.
#[derive(Clone, Copy)]
struct Place<'s> {
    file: &'static str,
    schema: &'s Value,
}

struct Walk {
    found: Vec<String>,
}

impl Walk {
    fn check(&mut self, place: Place<'_>, value: &Value, at: &str) {
        for (keyword, rule) in place.schema.as_object().expect("a schema is an object") {
            let below = |schema| Place { schema, ..place };
            match keyword.as_str() {
                "$ref" => self.reference(place.file, text(rule), value, at),
                "type" => {
                    self.must(rule == kind(value) || (rule == "number" && value.is_number()), rule, value, at)
                }
                "enum" => self.must(list(rule).contains(value), rule, value, at),
                "minimum" => self.must(value.as_f64() >= rule.as_f64(), rule, value, at),
                "maximum" => self.must(value.as_f64() <= rule.as_f64(), rule, value, at),
                "minItems" => {
                    self.must(list(value).len() as u64 >= rule.as_u64().unwrap_or(0), rule, value, at)
                }
                "pattern" => self.must(matches(text(rule), text(value)), rule, value, at),
                "required" => {
                    let lacks = |name: &&Value| value.get(text(name)).is_none();
                    let missing = list(rule).iter().filter(lacks);
                    self.found.extend(missing.map(|name| format!("{at} lacks {name}")));
                }
                "properties" => {
                    for (name, schema) in fields(rule) {
                        value
                            .get(name)
                            .iter()
                            .for_each(|inner| self.check(below(schema), inner, &format!("{at}/{name}")));
                    }
                }
                "patternProperties" => {
                    for (pattern, schema) in fields(rule) {
                        let named = value
                            .as_object()
                            .into_iter()
                            .flatten()
                            .filter(|(name, _)| matches(pattern, name));
                        named.for_each(|(name, inner)| {
                            self.check(below(schema), inner, &format!("{at}/{name}"))
                        });
                    }
                }
                "additionalProperties" => self.others(place, rule, value, at),
                "items" => {
                    let elements = list(value).iter().enumerate();
                    elements
                        .for_each(|(index, inner)| self.check(below(rule), inner, &format!("{at}/{index}")));
                }
                "allOf" => list(rule).iter().for_each(|schema| self.check(below(schema), value, at)),
                "anyOf" => self.any(place, list(rule), value, at),
                "description" | "$schema" | "definitions" => {}
                other => panic!("{}: the keyword {other} is not known here", place.file),
            }
        }
    }

    fn must(&mut self, right: bool, rule: &Value, value: &Value, at: &str) {
        if !right {
            self.found.push(format!("{at} is {value}, allowed: {rule}"));
        }
    }

    fn reference(&mut self, file: &'static str, reference: &str, value: &Value, at: &str) {
        let (other, pointer) = reference.split_once('#').expect("a reference with a fragment");
        let named = FILES.iter().find(|(name, _)| *name == other).map(|(name, _)| *name);
        let file = if other.is_empty() { Some(file) } else { named };
        // The schemas of other platforms are not here, nor are their fields in anything that is checked.
        let Some(file) = file else { return self.found.push(format!("{at} follows {other}")) };
        let pointer = format!("/{}", pointer.trim_start_matches('/'));
        let whole = load(file);
        let schema = whole.pointer(&pointer).unwrap_or_else(|| panic!("{file} has no {pointer}"));
        self.check(Place { file, schema }, value, at);
    }

    /// The fields that no other keyword of the schema speaks of.
    fn others(&mut self, place: Place<'_>, rule: &Value, value: &Value, at: &str) {
        let known = place.schema.get("properties").and_then(Value::as_object);
        let is_other = |name: &str| known.is_none_or(|known| !known.contains_key(name));
        for (name, inner) in value.as_object().into_iter().flatten().filter(|(name, _)| is_other(name)) {
            match rule {
                Value::Bool(allowed) => self.must(*allowed, rule, inner, &format!("{at}/{name}")),
                schema => self.check(Place { schema, ..place }, inner, &format!("{at}/{name}")),
            }
        }
    }

    fn any(&mut self, place: Place<'_>, schemas: &[Value], value: &Value, at: &str) {
        let fits = |schema| {
            let mut walk = Walk { found: Vec::new() };
            walk.check(Place { schema, ..place }, value, at);
            walk.found.is_empty()
        };
        if !schemas.iter().any(fits) {
            self.found.push(format!("{at} is {value}, which none of the alternatives allows"));
        }
    }
}

fn load(file: &str) -> Value {
    let (_, text) = FILES.iter().find(|(name, _)| *name == file).expect("a schema of the list");
    serde_json::from_str(text).expect("a schema is JSON")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).expect("a pattern of the schema").is_match(text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object of schemas")
}

#[cfg(test)]
mod tests {
    use super::violations;
    use serde_json::{Value, json};

    /// The first violation of the config schema has `word` in it.
    #[track_caller]
    fn refuses(field: &str, value: Value, word: &str) {
        let mut config =
            json!({"ociVersion": "1.0.0", "root": {"path": "x"}, "process": {"cwd": "/"}, "linux": {}});
        assert_eq!(violations("config-schema.json", &config), Vec::<String>::new());
        let (parent, name) = field.rsplit_once('/').expect("a pointer");
        config.pointer_mut(parent).expect("a place")[name] = value;
        let found = violations("config-schema.json", &config);
        assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
    }

    #[test]
    fn a_type_is_checked() {
        refuses("/hostname", json!(3), "/hostname is 3");
    }

    #[test]
    fn a_name_is_checked() {
        refuses("/linux/rootfsPropagation", json!("sideways"), "sideways");
    }

    #[test]
    fn a_range_is_checked() {
        refuses("/process/user", json!({"uid": -1, "gid": 0}), "/process/user/uid");
    }

    #[test]
    fn a_pattern_is_checked() {
        refuses("/process/rlimits", json!([{"type": "nofile", "soft": 1, "hard": 1}]), "nofile");
    }

    #[test]
    fn a_missing_field_is_found() {
        refuses("/root", json!({"readonly": true}), "lacks \"path\"");
    }

    #[test]
    fn free_keys_have_their_values_checked() {
        refuses("/annotations", json!({"a": 1}), "/annotations/a");
    }

    #[test]
    fn the_bundles_to_run_by_hand_follow_the_schema() {
        let bundles = concat!(env!("CARGO_MANIFEST_DIR"), "/../oci-bundles");
        let mut count = 0;
        for entry in std::fs::read_dir(bundles).expect("the bundles").flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path().join("config.json")) else { continue };
            let config = serde_json::from_str(&text).expect("JSON");
            assert_eq!(violations("config-schema.json", &config), Vec::<String>::new(), "{entry:?}");
            count += 1;
        }
        assert!(count > 0);
    }
}
