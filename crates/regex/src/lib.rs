//! Stands in for the `regex` crate in our executable.
//!
//! oci-spec matches one pattern, the CPU lists of execCPUAffinity. The full engine would add half a megabyte to a
//! static runtime for it. This one knows that pattern and refuses any other.

use std::fmt;

/// The pattern: numbers and ranges of numbers with commas between them.
const CPU_LIST: &str = r"^(\d+(-\d+)?)(,\d+(-\d+)?)*$";

/// A pattern.
#[derive(Clone, Debug)]
pub struct Regex(());

/// The pattern is another one than oci-spec's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(());

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the only pattern here is {CPU_LIST}")
    }
}

impl Regex {
    /// Takes the one pattern.
    ///
    /// # Errors
    /// If it is another one.
    pub fn new(pattern: &str) -> Result<Regex, Error> {
        if pattern == CPU_LIST { Ok(Regex(())) } else { Err(Error(())) }
    }

    /// Whether the text is as the pattern says.
    pub fn is_match(&self, text: &str) -> bool {
        text.split(',').all(|part| match part.split_once('-') {
            Some((first, last)) => is_number(first) && is_number(last),
            None => is_number(part),
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(Regex::new(CPU_LIST).map(|regex| regex.is_match(text)), Ok(expected), "{text:?}");
    }

    #[test]
    fn numbers_and_ranges() {
        check("0", true);
        check("0-3,7,10-11", true);
    }

    #[test]
    fn nothing_else() {
        for text in ["", ",", "1,", "-", "1-", "-1", "1-2-3", "1 ", "a", "1\n", "0-3,,7"] {
            check(text, false);
        }
    }

    #[test]
    fn another_pattern_is_refused() {
        assert!(Regex::new(".*").is_err());
    }
}
