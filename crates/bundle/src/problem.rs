//! One thing wrong with config.json: where, what was found, what is allowed.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// One thing wrong with the config.
///
/// Prints as `/linux/namespaces/2/type: found "pidd", allowed: pid, network, ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901), empty for the whole document.
    pub pointer: String,
    /// What stands there: `"pidd"`, `3`, `nothing`, `an object`.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        write!(f, "found {}, allowed: {}", self.found, self.allowed)
    }
}

/// Pointers of places that something is wrong with.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeSet<String>);

impl Places {
    pub(crate) fn insert(&mut self, pointer: String) {
        self.0.insert(pointer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `pointer` is one of the places, or inside one.
    pub(crate) fn cover(&self, pointer: &str) -> bool {
        let mut around = pointer.match_indices('/').map(|(end, _)| &pointer[..end]);
        self.0.contains(pointer) || around.any(|around| self.0.contains(around))
    }

    /// Whether one of the places is inside `pointer`.
    pub(crate) fn are_within(&self, pointer: &str) -> bool {
        let inside = format!("{pointer}/");
        self.0.range(inside.clone()..).next().is_some_and(|place| place.starts_with(&inside))
    }
}

impl FromIterator<String> for Places {
    fn from_iter<I: IntoIterator<Item = String>>(pointers: I) -> Places {
        Places(pointers.into_iter().collect())
    }
}

/// A place in a JSON document; prints as its pointer. Lives on the stack of the walk that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> At<'a> {
        At::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, index)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Root => Ok(()),
            At::Key(outer, key) => write!(f, "{outer}/{}", key.replace('~', "~0").replace('/', "~1")),
            At::Index(outer, index) => write!(f, "{outer}/{index}"),
        }
    }
}

/// A value in a few words: short ones as they stand in the file.
pub(crate) fn described(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A string as JSON would write it, cut when it is long: it ends up in one line of an error.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        None => Value::from(text).to_string(),
        Some((cut, _)) => format!("{} (cut, {} bytes)", Value::from(&text[..cut]), text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointer_escapes_slash_and_tilde() {
        assert_eq!(At::Root.key("sysctl").key("net/a~b").to_string(), "/sysctl/net~1a~0b");
    }

    #[test]
    fn pointer_of_an_element() {
        assert_eq!(At::Root.key("mounts").index(3).key("type").to_string(), "/mounts/3/type");
    }

    #[test]
    fn pointer_of_the_document_is_empty() {
        assert_eq!(At::Root.to_string(), "");
    }

    fn places(pointers: &[&str]) -> Places {
        pointers.iter().map(|pointer| (*pointer).to_owned()).collect()
    }

    #[test]
    fn a_place_covers_itself() {
        assert!(places(&["/mounts/1"]).cover("/mounts/1"));
    }

    #[test]
    fn a_place_covers_what_is_inside() {
        assert!(places(&["/mounts/1"]).cover("/mounts/1/type"));
    }

    #[test]
    fn a_place_does_not_cover_its_neighbour() {
        assert!(!places(&["/mounts/1"]).cover("/mounts/10"));
    }

    #[test]
    fn the_document_covers_all() {
        assert!(places(&[""]).cover("/mounts"));
    }

    #[test]
    fn a_place_inside_is_found_behind_neighbours() {
        assert!(places(&["/a-b", "/a/b"]).are_within("/a"));
    }

    #[test]
    fn neighbours_are_not_inside() {
        assert!(!places(&["/a-b", "/ab"]).are_within("/a"));
    }

    #[test]
    fn a_problem_names_place_finding_and_rule() {
        let problem = Problem { pointer: "/a".into(), found: "3".into(), allowed: "a string".into() };
        assert_eq!(problem.to_string(), "/a: found 3, allowed: a string");
    }

    #[test]
    fn a_long_string_is_cut() {
        assert_eq!(quoted(&"x".repeat(1000)), format!("\"{}\" (cut, 1000 bytes)", "x".repeat(80)));
    }

    #[test]
    fn a_line_break_stays_on_one_line() {
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
    }
}
