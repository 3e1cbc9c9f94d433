//! `ociVersion`: Semantic Versioning 2.0.0, and a version this runtime knows.
//!
//! The spec keeps compatibility within a major version: whoever supports 1.3 supports what was written for
//! 1.0 to 1.3. A later minor version may demand what is unknown here, so it is refused rather than half
//! obeyed.

use oci_spec::runtime::Spec;

use super::Findings;
use crate::problem::At;

/// The last minor version of 1.x that is supported.
const MINOR: u64 = 3;

pub(super) fn check(spec: &Spec, findings: &mut Findings) {
    let version = spec.version();
    let supported = release(version).is_some_and(|(major, minor)| major == 1 && minor <= MINOR);
    let allowed = "a semantic version from 1.0.0 to 1.3.x of the runtime specification";
    findings.must(supported, &At::Root.key("ociVersion"), version, allowed);
}

/// Major and minor of a semantic version: `1.2.0-rc.1+dev` gives 1 and 2.
fn release(version: &str) -> Option<(u64, u64)> {
    let (rest, build) = split(version, '+');
    let (numbers, pre) = split(rest, '-');
    let mut numbers = numbers.split('.').map(number);
    let (major, minor, _patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let whole = numbers.next().is_none() && pre.is_none_or(is_pre_release) && build.is_none_or(is_build);
    whole.then_some((major, minor))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Digits without a leading zero.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    digits.then(|| text.parse().ok()).flatten()
}

/// Like a build, but numbers have no leading zeros.
fn is_pre_release(text: &str) -> bool {
    let numeric = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    is_build(text) && text.split('.').all(|part| !numeric(part) || part == "0" || !part.starts_with('0'))
}

/// Identifiers of letters, digits and hyphens between dots.
fn is_build(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}
