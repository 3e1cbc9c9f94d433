//! The name of a container, checked once: it becomes a directory below the root and part of a cgroup's path.

use std::fmt;
use std::path::Path;

use crate::error::Error;

/// A valid container id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContainerId(String);

impl ContainerId {
    /// Accepts what can be the name of one directory (at most 255 bytes of `[A-Za-z0-9_+.-]`, neither `.` nor
    /// `..`), so that no id can lead out of the root.
    pub(crate) fn parse(text: &str) -> Result<ContainerId, Error> {
        const NAME_MAX: usize = 255;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+.-".contains(&byte);
        let has_form = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(is_allowed);
        if has_form && text != "." && text != ".." {
            Ok(ContainerId(text.to_owned()))
        } else {
            Err(Error::InvalidId)
        }
    }
}

impl AsRef<Path> for ContainerId {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(text: &str) {
        assert!(ContainerId::parse(text).is_ok(), "{text}");
    }

    fn refuse(text: &str) {
        assert!(ContainerId::parse(text).is_err(), "{text}");
    }

    #[test]
    fn every_allowed_kind_of_character_is_accepted() {
        accept("aZ09_+.-");
    }

    #[test]
    fn three_dots_are_a_name() {
        accept("...");
    }

    #[test]
    fn a_leading_dash_is_accepted() {
        accept("-web");
    }

    #[test]
    fn the_longest_file_name_is_accepted() {
        accept(&"a".repeat(255));
    }

    #[test]
    fn what_no_file_name_can_hold_is_refused() {
        refuse(&"a".repeat(256));
    }

    #[test]
    fn nothing_is_refused() {
        refuse("");
    }

    #[test]
    fn the_directory_itself_is_refused() {
        refuse(".");
    }

    #[test]
    fn the_parent_directory_is_refused() {
        refuse("..");
    }

    #[test]
    fn a_slash_is_refused() {
        refuse("a/b");
    }

    #[test]
    fn a_letter_beyond_ascii_is_refused() {
        refuse("wéb");
    }

    #[test]
    fn a_newline_is_refused() {
        refuse("web\n");
    }
}
