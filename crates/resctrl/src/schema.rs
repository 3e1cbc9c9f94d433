//! Lines of a `schemata` file: a resource and its share in each domain, as `L3:0=7f0;1=1f`.

/// Whether every share that the lines of `wanted` name is in `present` as it is wanted.
pub(crate) fn holds(present: &str, wanted: &str) -> bool {
    wanted.lines().filter(|line| !line.trim().is_empty()).all(|line| {
        let Some((resource, shares)) = split(line) else { return false };
        let found = present.lines().filter_map(split).find(|(name, _)| *name == resource);
        let has = |share: &(String, String)| found.as_ref().is_some_and(|(_, all)| all.contains(share));
        shares.iter().all(has)
    })
}

/// The line of `present` for a resource, without the blanks that the kernel writes before it.
pub(crate) fn line_of<'p>(present: &'p str, resource: &str) -> Option<&'p str> {
    present.lines().map(str::trim).find(|line| line.split(':').next() == Some(resource))
}

/// Resource, and domain and share of each part.
fn split(line: &str) -> Option<(&str, Vec<(String, String)>)> {
    let (resource, shares) = line.trim().split_once(':')?;
    let part = |part: &str| part.split_once('=').map(|(domain, share)| (plain(domain), plain(share)));
    let parts: Option<Vec<_>> = shares.split(';').filter(|part| !part.trim().is_empty()).map(part).collect();
    Some((resource.trim(), parts?))
}

/// Numbers, be they decimal or hexadecimal, differ only by leading zeroes and by case when they mean the same.
fn plain(number: &str) -> String {
    let digits = number.trim().trim_start_matches('0').to_ascii_lowercase();
    if digits.is_empty() { "0".into() } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESENT: &str = "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n";

    #[track_caller]
    fn check(wanted: &str, expected: bool) {
        assert_eq!(holds(PRESENT, wanted), expected, "{wanted}");
    }

    #[test]
    fn the_same_shares_hold() {
        check("L3:0=7f0;1=1f", true);
        check("MB:0=20;1=70", true);
    }

    #[test]
    fn another_share_does_not() {
        check("L3:0=7f0;1=3f", false);
    }

    #[test]
    fn one_domain_alone_may_be_asked_for() {
        check("L3:1=1F", true);
    }

    #[test]
    fn a_domain_that_is_not_there_does_not_hold() {
        check("L3:2=1f", false);
    }

    #[test]
    fn a_resource_that_is_not_there_does_not_hold() {
        check("L2:0=f", false);
    }

    #[test]
    fn every_line_must_hold() {
        check("L3:0=7f0\nMB:0=21", false);
    }

    #[test]
    fn what_is_no_schema_does_not_hold() {
        check("nonsense", false);
        check("L3:nonsense", false);
    }

    #[test]
    fn the_line_of_a_resource_is_found() {
        assert_eq!(line_of(PRESENT, "L3"), Some("L3:0=7f0;1=01f"));
        assert_eq!(line_of(PRESENT, "L2"), None);
    }
}
