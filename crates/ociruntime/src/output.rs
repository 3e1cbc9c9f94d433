//! Standard output. A reader that has gone away is an error here, not a panic.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::{Error, Result};

/// Prints a whole text with one write.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Error::io("write to", "standard output"))
}

/// Prints JSON for people, indented by two spaces.
pub(crate) fn print_pretty(value: &impl Serialize) -> Result<()> {
    print(&(serde_json::to_string_pretty(value).map_err(Error::other)? + "\n"))
}

/// Prints JSON in one line.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    print(&(serde_json::to_string(value).map_err(Error::other)? + "\n"))
}
