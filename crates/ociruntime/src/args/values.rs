//! The words that flags take. Each refusal is a whole sentence, since it is all that the user gets to see.

use std::num::IntErrorKind;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for engines.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<LogFormat, String> {
        match word {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("invalid log-format: {}", word.escape_debug())),
        }
    }
}

/// `--rootless`: whether denied access to cgroups is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rootless {
    /// Decide by what we are.
    Auto,
    /// Ignore.
    True,
    /// Refuse.
    False,
}

impl FromStr for Rootless {
    type Err = String;

    fn from_str(word: &str) -> Result<Rootless, String> {
        match word {
            "auto" => Ok(Rootless::Auto),
            "true" | "1" | "t" | "T" | "TRUE" | "True" => Ok(Rootless::True),
            "false" | "0" | "f" | "F" | "FALSE" | "False" => Ok(Rootless::False),
            _ => Err(format!("invalid value {word:?} for flag --rootless: want true, false or auto")),
        }
    }
}

/// `--format` of `list` and `ps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableFormat {
    /// Columns for people.
    Table,
    /// JSON.
    Json,
}

impl FromStr for TableFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<TableFormat, String> {
        match word {
            "table" => Ok(TableFormat::Table),
            "json" => Ok(TableFormat::Json),
            _ => Err(format!("invalid format option {word:?}: want table or json")),
        }
    }
}

/// `--format` of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExplainFormat {
    /// Lines for people.
    Text,
    /// JSON.
    Json,
}

impl FromStr for ExplainFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<ExplainFormat, String> {
        match word {
            "text" => Ok(ExplainFormat::Text),
            "json" => Ok(ExplainFormat::Json),
            _ => Err(format!("invalid format option {word:?}: want text or json")),
        }
    }
}

/// `exec --user UID[:GID]`: numbers alone, since names belong to whoever reads the container's /etc/passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The user.
    pub(crate) uid: u32,
    /// The group; as in the container's config if absent.
    pub(crate) gid: Option<u32>,
}

impl FromStr for User {
    type Err = String;

    /// Strict: a lenient parse of `1` to user 0 was CVE-2026-30892.
    fn from_str(text: &str) -> Result<User, String> {
        let (uid, gid) = text.split_once(':').map_or((text, None), |(uid, gid)| (uid, Some(gid)));
        let refuse = || format!("invalid user {text:?}: want UID or UID:GID, each a number");
        let uid = numeric_id(uid).ok_or_else(refuse)?;
        let gid = gid.map(|gid| numeric_id(gid).ok_or_else(refuse)).transpose()?;
        Ok(User { uid, gid })
    }
}

/// `exec --additional-gids`.
pub(super) fn additional_gid(text: &str) -> Result<u32, String> {
    numeric_id(text)
        .ok_or_else(|| format!("invalid value {text:?} for flag --additional-gids: want a number"))
}

/// A uid or gid in decimal digits. The largest u32 means "no change" to the kernel, so nobody can have it.
fn numeric_id(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = if is_digits { text.parse().ok() } else { None };
    id.filter(|id| *id != u32::MAX)
}

/// `--preserve-fds`: there can be no more descriptors than an int counts.
pub(super) fn preserve_fds(text: &str) -> Result<u32, String> {
    let refuse = |reason| format!("invalid value {text:?} for flag --preserve-fds: {reason}");
    match text.parse::<u32>() {
        Ok(count) if count <= i32::MAX as u32 => Ok(count),
        Ok(_) => Err(refuse("too many")),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(refuse("too many")),
        Err(_) => Err(refuse("want a number")),
    }
}

/// `--root`: absolute from here on; `/` is refused, since `delete` would work on the host's own directories.
pub(super) fn root(text: &str) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(text).map_err(|error| format!("--root {text}: {error}"))?;
    let root = without_dots(&absolute);
    if root == Path::new("/") {
        Err("Option --root argument should not be set to /".into())
    } else {
        Ok(root)
    }
}

/// Removes `.` and `..` by their letters alone, as Go's filepath.Abs does.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}
