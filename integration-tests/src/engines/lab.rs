//! What a pass works with: a room for its files, names that are its own, and calls of programs.

use crate::case::{Doing, Outcome};
use crate::runtime::Call;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A call of an engine that takes longer has hung. Engines wait up to ten seconds by themselves, on a machine that
/// compiles at the same time even longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// The surroundings of one pass.
pub(crate) struct Lab {
    /// A file system in memory that goes away with the sandbox.
    pub(crate) room: PathBuf,
    /// In the path of every cgroup.
    pub(crate) tag: String,
    pub(crate) runtime: PathBuf,
    count: Cell<u32>,
}

impl Lab {
    /// `dir` is the pass's directory, whose room is furnished.
    pub(crate) fn new(dir: &Path, tag: &str, runtime: &Path) -> Self {
        Self { room: dir.join("room"), tag: tag.to_owned(), runtime: runtime.to_owned(), count: Cell::new(0) }
    }

    /// With a copy of the runtime where an ordinary user can reach it.
    pub(crate) fn with_copy(mut self) -> Outcome<Self> {
        let copy = self.room.join(self.runtime.file_name().unwrap_or_default());
        fs::copy(&self.runtime, &copy).doing("copy the runtime")?;
        self.runtime = copy;
        Ok(self)
    }

    fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// A name that nothing else has.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.tag, self.next())
    }

    /// A path in the room, as text for command lines.
    pub(crate) fn path(&self, name: &str) -> String {
        self.room.join(name).to_str().expect("the room has a plain name").to_owned()
    }

    /// The runtime's path as an argument.
    pub(crate) fn runtime(&self) -> &str {
        self.runtime.to_str().expect("the runtime has a plain name")
    }

    /// A directory in the room.
    pub(crate) fn folder(&self, name: &str) -> Outcome<String> {
        let path = self.path(name);
        fs::create_dir_all(&path).doing(format!("make {path}"))?;
        Ok(path)
    }

    /// A file in the room.
    pub(crate) fn file(&self, name: &str, text: &str) -> Outcome<String> {
        let path = self.path(name);
        fs::write(&path, text).doing(format!("write {path}"))?;
        Ok(path)
    }

    /// A program of the host with its arguments, to be completed.
    pub(crate) fn host<S: AsRef<str>>(&self, words: &[S]) -> Outcome<Call> {
        let log = self.room.join(format!("call-{}", self.next()));
        let args = words[1..].iter().map(AsRef::as_ref);
        Ok(Call::new(Path::new(words[0].as_ref()), &log)?.args(args).patience(PATIENCE))
    }

    /// What a shell script on the host prints; it must succeed.
    pub(crate) fn host_sh(&self, script: &str) -> Outcome<String> {
        Ok(self.host(&["/bin/sh", "-c", script])?.output()?.ok()?.stdout)
    }
}
