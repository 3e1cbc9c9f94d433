//! Runs a hook: a program with the container's state on its standard input (runtime-spec config.md "Hooks").

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use sys::clone::{How, Side, clone};
use sys::pidfd::{self, Exit};
use sys::{fd, memfd, process, signal};

use crate::error::{Error, Result};
use crate::packet::{Channel, Packet, Reason};
use crate::plan::{Hook, HookFiles, HookPoint, HookState};

/// The open files that hooks write to; where there is none, what they write is kept for the error if they fail.
#[derive(Debug, Default)]
pub struct Sinks {
    output: Option<OwnedFd>,
    errors: Option<OwnedFd>,
}

impl Sinks {
    /// Opens the files, to append to. Those that are not there are made, for their owner alone.
    ///
    /// # Errors
    /// That of the first that cannot be opened.
    pub fn open(files: &HookFiles) -> Result<Sinks> {
        Ok(Sinks { output: append_to(files.output.as_deref())?, errors: append_to(files.errors.as_deref())? })
    }

    /// What is open.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.output.iter().chain(&self.errors).map(AsFd::as_fd)
    }
}

fn append_to(file: Option<&Path>) -> Result<Option<OwnedFd>> {
    let Some(file) = file else { return Ok(None) };
    let opened = sys::file::open_append(file, 0o600);
    opened
        .map(|file| Some(file.into()))
        .map_err(|error| Error::Host { doing: format!("open {} for hooks", file.display()), error })
}

/// Why a hook failed, with the file that holds what it wrote to its standard output and error, where these are not
/// files of the host.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub reason: Reason,
    /// Its output, if it got that far.
    pub output: Option<OwnedFd>,
}

impl<E: Into<Reason>> From<E> for Failure {
    fn from(reason: E) -> Failure {
        Failure { reason: reason.into(), output: None }
    }
}

/// Runs the hook in the caller's namespaces and waits for it. `pid` is the container's as its reader sees it.
///
/// Input and output are files in memory, or files of the host: a hook that reads nothing or writes a lot can hold nobody
/// up.
pub fn run(hook: &Hook, point: HookPoint, state: &HookState, sinks: &Sinks, pid: i32) -> Result<(), Failure> {
    let input = state_file(state, point.status(), pid)?;
    let output = memfd::plain(c"hook-output")?;
    let (ours, theirs) = Channel::pair()?;
    let child = match clone(How::default())? {
        Side::Child => become_hook(hook, &input, &output, sinks, &theirs),
        Side::Parent(child) => child,
    };
    drop(theirs);
    if let Some((Packet::Failed { reason, .. }, _)) = ours.receive()? {
        pidfd::reap(&child.pidfd)?;
        return Err(reason.into());
    }
    let reason = match wait(&child.pidfd, hook)? {
        None => Reason::HookTimedOut,
        Some(Exit::Status(0)) => return Ok(()),
        Some(Exit::Status(status)) => Reason::HookExited(status),
        Some(Exit::Signal(signal)) => Reason::HookSignalled(signal),
    };
    Err(Failure { reason, output: Some(output) })
}

/// The last of what a failed hook wrote, on one line.
pub fn last_words(output: Option<OwnedFd>) -> String {
    use std::os::unix::fs::FileExt;
    const MOST: u64 = 1024;
    let Some(file) = output.map(std::fs::File::from) else { return String::new() };
    let mut text = vec![0; MOST as usize];
    let start = file.metadata().map_or(0, |metadata| metadata.len().saturating_sub(MOST));
    let length = file.read_at(&mut text, start).unwrap_or(0);
    String::from_utf8_lossy(&text[..length]).trim().replace('\n', "; ")
}

fn state_file(state: &HookState, status: &str, pid: i32) -> sys::Result<OwnedFd> {
    let file = memfd::plain(c"hook-state")?;
    let mut digits = [0; 11];
    let pid = fd::decimal(pid.unsigned_abs(), &mut digits);
    for part in [&state.head, status.as_bytes(), b"\",\"pid\":", pid, &state.tail] {
        fd::write_all(&file, part)?;
    }
    memfd::rewind(&file)?;
    Ok(file)
}

/// In the child: everything that it inherits but its streams and the program closes by itself. The channel closes
/// on execve, which tells the caller that the hook runs.
fn become_hook(hook: &Hook, input: &OwnedFd, output: &OwnedFd, sinks: &Sinks, caller: &Channel) -> ! {
    signal::reset_all();
    let prepared = fd::place_at(input, 0)
        .and_then(|()| fd::place_at(sinks.output.as_ref().unwrap_or(output), 1))
        .and_then(|()| fd::place_at(sinks.errors.as_ref().unwrap_or(output), 2))
        .and_then(|()| fd::close_on_exec_from(3));
    let error = match prepared {
        Ok(()) => process::execute(&hook.path, &hook.arguments, &hook.environment),
        Err(error) => error,
    };
    // If the caller is gone there is nobody to tell.
    let _ = caller.send(Packet::Failed { step: 0, reason: error.into() }, None);
    process::exit_now(1)
}

/// Waits for the hook's end; `None` if it took too long and was killed.
fn wait(child: &OwnedFd, hook: &Hook) -> sys::Result<Option<Exit>> {
    if pidfd::wait(child.as_fd(), hook.timeout)? {
        return pidfd::reap(child).map(Some);
    }
    pidfd::kill(child)?;
    pidfd::reap(child).map(|_| None)
}
