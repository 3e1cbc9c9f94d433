//! `spec`: a config.json to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::args;
use crate::error::{Error, Result};

/// Writes config.json, which must not exist yet.
pub(crate) fn spec(args: &args::Spec) -> Result<()> {
    let path = args.bundle.join("config.json");
    let created = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::Other("File config.json exists. Remove it first".into()),
        _ => Error::io("create", &path)(error),
    })?;
    let caller = args.rootless.then(|| (sys::creds::euid(), sys::creds::egid()));
    let text = bundle::default::spec(caller);
    file.write_all((text.get().to_owned() + "\n").as_bytes()).map_err(Error::io("write", &path))
}
