//! Plans of whole configs against kept ones, on machines that are told and not asked; and the rules that every plan
//! keeps.
//!
//! A case is one line in `cases.rs` and one file beside it. `UPDATE_GOLDEN=1 cargo test -p bundle --test plans` accepts
//! what is planned now; what that changes is then to be read in the diff of the files.

mod case;
mod cases;
mod details;
mod diff;
mod hosts;
mod rules;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use case::Case;

/// Set to accept what is planned now.
const UPDATE: &str = "UPDATE_GOLDEN";

fn directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "plans"].iter().collect()
}

/// Keeps the case's text, or tells how it differs from what was kept.
fn difference(case: &Case) -> Option<String> {
    let file = directory().join(format!("{}.txt", case.name));
    if env::var_os(UPDATE).is_some() {
        fs::write(&file, &case.text).unwrap_or_else(|error| panic!("write {}: {error}", file.display()));
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    (kept != case.text).then(|| format!("{}:\n{}", file.display(), diff::lines(&kept, &case.text)))
}

#[test]
fn every_plan_is_the_one_that_was_kept() {
    let found: Vec<String> = cases::all().iter().filter_map(difference).collect();
    assert!(
        found.is_empty(),
        "{} plans differ from the kept ones (- kept, + planned now). If they are right:\n\
         \x20   {UPDATE}=1 cargo test -p bundle --test plans\n\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_kept_plan_has_its_case() {
    let names: BTreeSet<String> = cases::all().iter().map(|case| format!("{}.txt", case.name)).collect();
    let files = fs::read_dir(directory()).expect("the directory of this test");
    let files = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let kept: BTreeSet<String> = files.filter(|name| name.ends_with(".txt")).collect();
    assert_eq!(kept.difference(&names).collect::<Vec<_>>(), [""; 0]);
}
