//! One call of the runtime. Its output goes to files: a container keeps its creator's descriptors open, so that a
//! pipe would not end when the call does.

use crate::case::{Doing, Outcome, fail};
use crate::patience;
use crate::reaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A call that takes longer has hung.
const DEADLINE: Duration = Duration::from_secs(20);

/// A call being put together.
pub(crate) struct Call {
    command: Command,
    stdout: PathBuf,
    stderr: PathBuf,
    patience: Duration,
}

impl Call {
    /// `program args...`, with its output in `log.out` and `log.err`.
    pub(crate) fn new(program: &Path, log: &Path) -> Outcome<Self> {
        let (stdout, stderr) = (log.with_extension("out"), log.with_extension("err"));
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        command.stdout(File::create(&stdout).doing("create a log file")?);
        command.stderr(File::create(&stderr).doing("create a log file")?);
        Ok(Self { command, stdout, stderr, patience: DEADLINE })
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it as an ordinary user and group.
    pub(crate) fn user(mut self, id: u32) -> Self {
        self.command.uid(id).gid(id);
        self
    }

    pub(crate) fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    pub(crate) fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    pub(crate) fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// Allows for a program that takes longer than a runtime does.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs it to its end.
    pub(crate) fn output(self) -> Outcome<Output> {
        self.spawn()?.wait()
    }

    /// Starts it.
    pub(crate) fn spawn(mut self) -> Outcome<Running> {
        let child = self.command.spawn().doing(format!("start {:?}", self.command.get_program()))?;
        let pid = child.id().cast_signed();
        reaper::begun(pid);
        Ok(Running { pid, stdout: self.stdout, stderr: self.stderr, patience: self.patience })
    }
}

/// A call that has not ended yet; it is killed when dropped.
pub(crate) struct Running {
    pub(crate) pid: i32,
    stdout: PathBuf,
    stderr: PathBuf,
    patience: Duration,
}

impl Running {
    pub(crate) fn signal(&self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.pid), signal).doing("signal the runtime")
    }

    /// What it has written so far.
    pub(crate) fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What it has written to its standard error so far.
    pub(crate) fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Waits for its end; a hanging call fails the case.
    pub(crate) fn wait(self) -> Outcome<Output> {
        let end = Instant::now() + patience::of(self.patience);
        loop {
            if let Some(code) = reaper::status(self.pid) {
                return Ok(Output { code, stdout: read(&self.stdout), stderr: read(&self.stderr) });
            }
            if Instant::now() > end {
                return fail(format!("the call hangs; stderr: {}", read(&self.stderr)));
            }
            sleep(Duration::from_micros(500));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if reaper::status(self.pid).is_none() {
            // It may have ended by itself in the meantime.
            let _ = self.signal(Signal::SIGKILL);
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit status, or minus the signal that ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// It succeeded.
    pub(crate) fn ok(self) -> Outcome<Self> {
        self.exits(0)
    }

    /// It ended with `code`.
    pub(crate) fn exits(self, code: i32) -> Outcome<Self> {
        if self.code == code {
            Ok(self)
        } else {
            fail(format!("exit {} instead of {code}: {}", self.code, self.words()))
        }
    }

    /// It failed with `code`, and said `text` on stderr.
    pub(crate) fn refused(self, code: i32, text: &str) -> Outcome<Self> {
        let this = self.exits(code)?;
        if this.stderr.to_lowercase().contains(&text.to_lowercase()) {
            return Ok(this);
        }
        fail(format!("no `{text}` in the error: {}", this.words()))
    }

    fn words(&self) -> String {
        format!("{} {}", self.stdout.trim(), self.stderr.trim()).trim().to_owned()
    }
}
