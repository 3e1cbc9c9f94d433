//! The state directory: one directory per container below the root, and in it what later commands need.
//!
//! `ROOT/ID/state.json` is the [`Record`]; `config.json` beside it is the snapshot of the bundle's config, written
//! first, so that a container with a record has a whole snapshot. A directory without a record was left by a
//! runtime that was killed before it had done anything else.

mod entry;
mod record;
mod root;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

pub(crate) use entry::Entry;
pub(crate) use record::{Init, Record};

use crate::args::Globals;
use crate::error::{Error, Result};
use crate::id::ContainerId;

/// All containers of one root directory.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    mode: u32,
    is_default: bool,
}

impl Store {
    /// The store that the global flags or the environment name; touches no file.
    pub(crate) fn open(globals: &Globals) -> Store {
        match &globals.root {
            Some(root) => Store { root: root.clone(), mode: 0o700, is_default: false },
            None => {
                let root::Default { path, mode } = root::default();
                Store { root: path, mode, is_default: true }
            }
        }
    }

    /// Takes an id: makes its directory and locks it, until the entry is dropped.
    ///
    /// The directory can be searched by others (0711, as runc's), the files in it are ours alone.
    pub(crate) fn create(&self, id: &ContainerId) -> Result<Entry> {
        let path = self.path_of(id);
        match make_dir(&path, 0o711) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(self.mode)
                    .create(&self.root)
                    .map_err(Error::io("create", &self.root))?;
                make_dir(&path, 0o711)
            }
            result => result,
        }
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists,
            _ => Error::io("create", &path)(error),
        })?;
        let taken = Entry::open(path.clone()).and_then(|entry| entry.lock().map(|()| entry));
        taken.inspect_err(|_| {
            // The error that matters is the one before; a directory that is not empty is another's by now.
            let _ = fs::remove_dir(&path);
        })
    }

    /// Where the directory of this id is or would be.
    pub(crate) fn path_of(&self, id: &ContainerId) -> PathBuf {
        self.root.join(id)
    }

    /// The container of this id, if it exists; its record may be missing still.
    pub(crate) fn find(&self, id: &ContainerId) -> Result<Entry> {
        Entry::open(self.path_of(id))
    }

    /// The ids of all containers, sorted. What has no record is none, or not one yet. Only a root that was asked for must exist.
    pub(crate) fn ids(&self) -> Result<Vec<ContainerId>> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_default => return Ok(Vec::new()),
            result => result.map_err(Error::io("read", &self.root))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("read", &self.root))?;
            let id = entry.file_name().to_str().and_then(|name| ContainerId::parse(name).ok());
            ids.extend(id.filter(|id| entry::has_record(&self.root.join(id))));
        }
        ids.sort_unstable();
        Ok(ids)
    }
}

fn make_dir(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(mode).create(path)
}

#[cfg(test)]
mod tests;
