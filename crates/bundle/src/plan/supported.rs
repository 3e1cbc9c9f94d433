//! What the spec knows and this runtime does not do yet is refused, never ignored.

use oci_spec::runtime::Spec;

use super::{Error, Host};
use crate::problem::Problem;

pub(super) fn check(spec: &Spec, _host: &Host) -> Result<(), Error> {
    let linux = spec.linux().as_ref();
    let refused = [("/linux/intelRdt", linux.is_some_and(|l| l.intel_rdt().is_some()))];
    let problems: Vec<Problem> = refused
        .iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(pointer, _)| unsupported((*pointer).into()))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Problems(problems)) }
}

fn unsupported(pointer: String) -> Problem {
    Problem {
        pointer,
        found: "a setting that this version does not support".into(),
        allowed: "nothing".into(),
    }
}
