//! Rules for short strings that more than one field follows.

use std::path::Path;

/// CPUs or memory nodes: numbers and ascending ranges between commas, `0-3,7` (cpuset(7), "List format").
/// Blanks are let through, as the spec's JSON schema does.
pub(crate) fn is_number_list(text: &str) -> bool {
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    text.split(',').map(|range| range.replace(' ', "")).all(|range| match range.split_once('-') {
        None => number(&range).is_some(),
        Some((first, last)) => number(first).zip(number(last)).is_some_and(|(first, last)| first <= last),
    })
}

/// What `dev_valid_name` of the kernel takes: 1 to 15 bytes without slash, colon and white space, not `.` or
/// `..`.
pub(crate) fn is_interface_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    (1..16).contains(&name.len())
        && !matches!(name, "." | "..")
        && bytes.all(|b| b != b'/' && b != b':' && !b.is_ascii_whitespace() && b != b'\x0b')
}

/// The name of one entry of a directory.
pub(crate) fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains('/')
}

/// Whether a path steps upwards anywhere.
pub(crate) fn has_parent_steps(path: &Path) -> bool {
    path.components().any(|component| component == std::path::Component::ParentDir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_list_has_numbers_and_ranges() {
        assert!(is_number_list("0-3,7"));
    }

    #[test]
    fn a_number_list_may_hold_blanks() {
        assert!(is_number_list("0 - 3, 7"));
    }

    #[test]
    fn an_empty_number_list_is_none() {
        assert!(!is_number_list(""));
    }

    #[test]
    fn a_range_ascends() {
        assert!(!is_number_list("3-0"));
    }

    #[test]
    fn a_number_list_has_no_empty_element() {
        assert!(!is_number_list("0,,1"));
    }

    #[test]
    fn a_number_list_has_no_signs() {
        assert!(!is_number_list("+1"));
    }

    #[test]
    fn an_interface_name_has_at_most_fifteen_bytes() {
        assert!(is_interface_name("abcdefghijklmno") && !is_interface_name("abcdefghijklmnop"));
    }

    #[test]
    fn an_interface_name_has_no_slash() {
        assert!(!is_interface_name("a/b"));
    }

    #[test]
    fn dots_are_no_interface_name() {
        assert!(!is_interface_name("..") && is_interface_name("eth0.100"));
    }

    #[test]
    fn a_path_with_dots_in_a_name_has_no_parent_step() {
        assert!(!has_parent_steps(Path::new("/a..b/c")) && has_parent_steps(Path::new("/a/../b")));
    }
}
