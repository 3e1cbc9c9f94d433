//! Lists of CPUs and memory nodes, `0-3,7` (cpuset(7), "List format").

use sys::resource::NumberSet;

use super::Error;
use crate::problem::Problem;

/// The set that a list names; `pointer` is where it stands.
pub(super) fn parse(list: &str, pointer: &str) -> Result<NumberSet, Error> {
    let mut set = NumberSet::default();
    for range in list.split(',') {
        let (first, last) = ends(range).ok_or_else(|| refused(list, pointer))?;
        set.insert(first, last);
    }
    Ok(set)
}

fn ends(range: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse().ok().filter(|number| *number <= NumberSet::LARGEST);
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn refused(list: &str, pointer: &str) -> Error {
    Error::Problems(vec![Problem {
        pointer: pointer.into(),
        found: format!("{list:?}"),
        allowed: format!("numbers up to {} and ranges of them, as 0-3,7", NumberSet::LARGEST),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, expected: &str) {
        assert_eq!(parse(list, "/x").unwrap().to_string(), expected);
    }

    #[track_caller]
    fn refuses(list: &str) {
        let error = parse(list, "/x").unwrap_err().to_string();
        assert!(error.contains("/x: found"), "{error}");
    }

    #[test]
    fn a_list_is_numbers_and_ranges() {
        check("0-3,7", "0-3,7");
        check("7,1,0", "0-1,7");
        check("0-1,1-2", "0-2");
        check("0 - 1, 5", "0-1,5");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        refuses("");
        refuses("3-1");
        refuses("0-1-2");
        refuses("-1");
        refuses("all");
    }

    #[test]
    fn a_number_beyond_every_kernel_is_refused() {
        refuses("16384");
        refuses("0-4294967295");
    }
}
