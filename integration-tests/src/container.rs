//! The verbs of one container.

use crate::case::Outcome;
use crate::expect::{json, until};
use crate::reaper;
use crate::runtime::Output;
use crate::test::Test;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A container that `create` or `run --detach` has made.
pub(crate) struct Container<'t> {
    pub(crate) id: String,
    /// The pid of its first process, as the host sees it.
    pub(crate) pid: i32,
    test: &'t Test,
    log: PathBuf,
}

impl<'t> Container<'t> {
    /// The container `id`; what its process writes is in `log.out` and `log.err`.
    pub(crate) fn known(test: &'t Test, id: String, log: PathBuf) -> Outcome<Self> {
        let mut container = Self { id, pid: 0, test, log };
        container.pid = container.state()?["pid"].as_i64().unwrap_or(0) as i32;
        Ok(container)
    }

    /// `verb ID`.
    pub(crate) fn call(&self, verb: &str) -> Outcome<Output> {
        self.test.call(&[verb, &self.id])
    }

    pub(crate) fn start(&self) -> Outcome {
        self.call("start")?.ok().map(drop)
    }

    pub(crate) fn delete(&self) -> Outcome {
        self.call("delete")?.ok().map(drop)
    }

    pub(crate) fn kill(&self, signal: &str) -> Outcome {
        self.test.call(&["kill", &self.id, signal])?.ok().map(drop)
    }

    /// What `state` prints.
    pub(crate) fn state(&self) -> Outcome<Value> {
        json(&self.call("state")?.ok()?.stdout)
    }

    /// The `status` of `state`.
    pub(crate) fn status(&self) -> Outcome<String> {
        Ok(self.state()?["status"].as_str().unwrap_or("missing").to_owned())
    }

    /// `exec ID args...`.
    pub(crate) fn exec(&self, args: &[&str]) -> Outcome<Output> {
        self.exec_with(&[], args)
    }

    /// `exec flags... ID args...`.
    pub(crate) fn exec_with(&self, flags: &[&str], args: &[&str]) -> Outcome<Output> {
        self.test.call(&[&["exec"], flags, &[&self.id], args].concat())
    }

    /// Runs a shell script in the container and returns what it prints.
    pub(crate) fn sh(&self, script: &str) -> Outcome<String> {
        Ok(self.exec(&["/bin/sh", "-c", script])?.ok()?.stdout)
    }

    /// What its first process has written to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.log.with_extension("out")).unwrap_or_default()
    }

    /// Waits until its first process has written `text`.
    pub(crate) fn says(&self, text: &str) -> Outcome {
        until(&format!("the container prints {text:?}"), || self.stdout().contains(text).then_some(()))
    }

    /// Waits for the end of its first process, as an engine's shim does, and returns its status (128 + signal).
    pub(crate) fn wait(&self) -> Outcome<i32> {
        let code = until("the container's process ends", || reaper::status(self.pid))?;
        Ok(if code < 0 { 128 - code } else { code })
    }

    /// Ends its first process by SIGKILL and waits for it.
    pub(crate) fn stop(&self) -> Outcome {
        self.kill("KILL")?;
        self.wait().map(drop)
    }
}
