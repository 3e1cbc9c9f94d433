//! Container engines of this host drive a runtime, as they do in the field, and a reference beside it.
//!
//! Each engine runs with each runtime in namespaces of its own (`sandbox`), so that a run neither meets an engine of
//! the host nor can leave anything on it but cgroups, which carry the run's tag and are removed. What both runtimes
//! come to is one table.

mod alive;
mod containerd;
mod cri;
mod daemon;
mod docker;
mod image;
mod lab;
mod leaks;
mod load;
mod nested;
pub(crate) mod pass;
mod podman;
mod protobuf;
mod sandbox;
mod scenario;
mod session;
mod table;

use crate::args::Engines;
use crate::expect::until;
use crate::leak;
use pass::Pass;
use scenario::Row;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::scope;
use table::Table;

/// The exit status of a lane that cannot run here; `scripts/lanes` tells its last line.
const SKIPPED: u8 = 77;

/// Runs the engines that were asked for and reports what they came to.
pub(crate) fn main(options: &Engines) -> ExitCode {
    let passes: Vec<&Pass> = pass::ALL.iter().filter(|pass| wanted(options, pass.engine)).collect();
    if let Some(unknown) = options.engines.iter().find(|name| !pass::ALL.iter().any(|p| p.engine == **name)) {
        eprintln!("integration-tests: no engine is called {unknown}");
        return ExitCode::from(2);
    }
    if let Some(reason) = obstacle(&passes) {
        println!("{reason}");
        return ExitCode::from(SKIPPED);
    }
    let mut table = Table::new(options.reference.is_some());
    for pass in passes {
        let (ours, beside) = both(pass, options);
        table.add(pass.engine, ours, beside);
    }
    table.finish()
}

fn wanted(options: &Engines, engine: &str) -> bool {
    options.engines.is_empty() || options.engines.iter().any(|name| name == engine)
}

/// Why nothing can be shown here, if so.
fn obstacle(passes: &[&Pass]) -> Option<String> {
    let missing: Vec<&str> = passes
        .iter()
        .flat_map(|pass| pass.programs)
        .copied()
        .filter(|path| !Path::new(path).exists())
        .collect();
    if !missing.is_empty() {
        return Some(format!("not installed here: {} (scripts/setup engines)", missing.join(", ")));
    }
    sandbox::obstacle()
}

/// One engine with the runtime and, at the same time, with the reference.
fn both(pass: &Pass, options: &Engines) -> (Vec<Row>, Option<Vec<Row>>) {
    scope(|threads| {
        let reference = options.reference.as_deref();
        let beside = reference.map(|path| threads.spawn(|| one(pass, path, options, "b")));
        let ours = one(pass, &options.runtime, options, "a");
        (ours, beside.map(|thread| thread.join().expect("the other pass does not panic")))
    })
}

/// One engine with one runtime; afterwards nothing of it is left.
fn one(pass: &Pass, runtime: &Path, options: &Engines, letter: &str) -> Vec<Row> {
    let tag = format!("ite{:x}{letter}{}x", std::process::id(), pass.engine);
    let dir: PathBuf = options.tmp.join(&tag);
    let rows = fs::create_dir(&dir)
        .map_err(|error| format!("make {}: {error}", dir.display()))
        .and_then(|()| sandbox::run(pass, runtime, &dir, &tag, &options.filter));
    // The processes of a sandbox that was ended by its deadline may need a moment to die. What stays all the same can
    // be told by its name.
    let _ = until("its cgroups are gone", || {
        leak::remove_cgroups(&tag);
        leak::cgroups(&tag).is_empty().then_some(())
    });
    // Nothing is mounted in it any more: what was there went with the namespace.
    let _ = fs::remove_dir_all(&dir);
    rows.unwrap_or_else(|problem| vec![Row::failed("the run as a whole", problem)])
}
