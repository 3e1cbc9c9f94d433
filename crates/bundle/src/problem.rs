//! One thing wrong with config.json: where, what was found, what is allowed.

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

/// Whether `inner` is `outer` itself or something inside it; both are JSON pointers.
pub(crate) fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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

    #[test]
    fn an_element_is_within_its_array() {
        assert!(is_within("/mounts/1/type", "/mounts/1"));
    }

    #[test]
    fn element_ten_is_not_within_element_one() {
        assert!(!is_within("/mounts/10", "/mounts/1"));
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
