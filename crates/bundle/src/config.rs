//! Loads config.json: bytes to a typed spec in which everything has been checked.
//!
//! The text is read as plain JSON, walked beside the spec's shape and mended, and only then turned into
//! types: see [`crate::shape`] for why. `cargo run --release --example load` tells what that costs.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use oci_spec::runtime::{LinuxSeccomp, Process, Spec};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sys::{Described, errno_of};

use crate::check::{self, mounts};
use crate::problem::Problem;
use crate::shape::{self, Shape, tables};

/// The name of the file in a bundle (runtime-spec, bundle.md).
pub const FILE: &str = "config.json";

/// config.json as the user wrote it, parsed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The typed spec. Unknown capabilities are left out and relative mount destinations are made absolute.
    pub spec: Spec,
    /// The bytes as they were read. Later commands work from this snapshot, since changes to the file after
    /// `create` must have no effect (runtime.md, "Lifecycle").
    pub text: Vec<u8>,
    /// What the spec wants a warning about: capabilities that cannot be granted, deprecated relative mount
    /// destinations.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads and checks `bundle`/config.json.
    ///
    /// Errors: a missing or unreadable file, broken JSON, and everything that is wrong with the config.
    pub fn load(bundle: &Path) -> Result<Config, LoadError> {
        Config::read(FILE, bundle.join(FILE))
    }

    /// Reads and checks another file in its place.
    ///
    /// Errors: as of [`load`](Self::load).
    pub fn load_file(path: &Path) -> Result<Config, LoadError> {
        Config::read(&path.to_string_lossy(), path.into())
    }

    fn read(name: &str, path: PathBuf) -> Result<Config, LoadError> {
        let text = fs::read(&path).map_err(|error| LoadError::Read { path, error })?;
        Config::parse_named(name, text)
    }

    /// Checks a config that has been read already; touches no file.
    ///
    /// Errors: broken JSON, and everything that is wrong with the config.
    pub fn parse(text: Vec<u8>) -> Result<Config, LoadError> {
        Config::parse_named(FILE, text)
    }

    fn parse_named(name: &str, text: Vec<u8>) -> Result<Config, LoadError> {
        let Shaped { typed: mut spec, mut problems, mut warnings } =
            Shaped::<Spec>::parse(name, &text, &tables::CONFIG)?;
        let findings = check::check_spec(&spec, &problems);
        warnings.extend(findings.warnings);
        problems.extend(findings.problems);
        LoadError::unless_empty(name, problems)?;
        mounts::root_destinations(&mut spec);
        Ok(Config { spec, text, warnings })
    }
}

/// The `process` object of a config on its own: the file that `exec --process` names.
#[derive(Clone, Debug)]
pub struct ProcessFile {
    /// The typed process.
    pub process: Process,
    /// As [`Config::warnings`].
    pub warnings: Vec<String>,
}

impl ProcessFile {
    /// Checks the content of a process file; `name` is what errors call it.
    ///
    /// Errors: broken JSON, and everything that is wrong with the process.
    pub fn parse(name: &str, text: &[u8]) -> Result<ProcessFile, LoadError> {
        let Shaped { typed: process, mut problems, mut warnings } =
            Shaped::parse(name, text, &tables::PROCESS)?;
        let findings = check::process_findings(&process, &problems);
        warnings.extend(findings.warnings);
        problems.extend(findings.problems);
        LoadError::unless_empty(name, problems)?;
        Ok(ProcessFile { process, warnings })
    }
}

/// Checks the content of a file that holds a seccomp profile alone, as `linux.seccomp` has it; `name` is what errors
/// call it.
///
/// Errors: broken JSON, and everything that has the wrong shape; or that it is what engines make profiles from.
pub fn parse_profile(name: &str, text: &[u8]) -> Result<LinuxSeccomp, LoadError> {
    let Shaped { typed, mut problems, .. } = Shaped::parse(name, text, &tables::SECCOMP)?;
    if serde_json::from_slice::<Value>(text).is_ok_and(|value| value.get("archMap").is_some()) {
        problems.push(Problem {
            pointer: "/archMap".to_owned(),
            found: "the template of an engine".to_owned(),
            allowed: "a profile: the engine makes one for each container, in its config.json".to_owned(),
        });
    }
    LoadError::unless_empty(name, problems).map(|()| typed)
}

/// JSON that has been given its types, mended where it was wrong.
pub(crate) struct Shaped<T> {
    pub(crate) typed: T,
    pub(crate) problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl<T: DeserializeOwned> Shaped<T> {
    fn parse(file: &str, text: &[u8], shape: &Shape) -> Result<Shaped<T>, LoadError> {
        let value = serde_json::from_slice(text).map_err(|error| LoadError::syntax(file, &error))?;
        Shaped::of(file, value, shape)
    }

    pub(crate) fn of(file: &str, mut value: Value, shape: &Shape) -> Result<Shaped<T>, LoadError> {
        let shape::Mended { problems, warnings } = shape::mend(&mut value, shape);
        let typed = typed(value).map_err(|problem| LoadError::problems(file, vec![problem]))?;
        Ok(Shaped { typed, problems, warnings })
    }
}

/// Cannot fail while the shapes say what oci-spec's types can hold; if they ever part, this says so.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| Problem {
        pointer: String::new(),
        found: error.to_string(),
        allowed: "what runtime-spec 1.3 allows".to_owned(),
    })
}

/// Why a config cannot be used. Prints as one line, but for one line per problem when there are several.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read; its bundle may be missing.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Text that is not JSON.
    Syntax {
        /// The name of the file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1 in bytes; 0 is the end of the line before.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// JSON that the spec does not allow.
    Problems {
        /// The name of the file.
        file: String,
        /// Everything that is wrong, in the order of the pointers.
        problems: Vec<Problem>,
    },
}

impl LoadError {
    pub(crate) fn syntax(file: &str, error: &serde_json::Error) -> LoadError {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let reason = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        LoadError::Syntax { file: file.to_owned(), line, column, reason }
    }

    fn problems(file: &str, mut problems: Vec<Problem>) -> LoadError {
        problems.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        LoadError::Problems { file: file.to_owned(), problems }
    }

    pub(crate) fn unless_empty(file: &str, problems: Vec<Problem>) -> Result<(), LoadError> {
        if problems.is_empty() { Ok(()) } else { Err(LoadError::problems(file, problems)) }
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Read { path, error } => {
                write!(f, "open {}: {}", path.display(), Described(errno_of(error)))
            }
            LoadError::Syntax { file, line, column, reason } => {
                write!(f, "{file}: line {line}, column {column}: {reason}")
            }
            LoadError::Problems { file, problems } => match problems.as_slice() {
                [problem] => write!(f, "{file}: {problem}"),
                problems => {
                    write!(f, "{file}: {} problems:", problems.len())?;
                    problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
