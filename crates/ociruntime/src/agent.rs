//! Hands the listener of a seccomp filter over to the agent that decides about its calls (config-linux.md, "The
//! Container Process State").

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sys::Call;
use sys::socket;

use crate::error::{Error, Result};
use crate::status::Status;
use crate::store::Record;

/// How long an agent may let us wait that does not accept, or does not read: the process cannot go on meanwhile, and
/// `start` has the lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the agent waits, and what it is to be told: on record, since `start` and `exec` need it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// Its socket, absolute.
    path: PathBuf,
    /// `listenerMetadata`.
    metadata: Option<String>,
}

impl Agent {
    /// The agent of a config, if there is a socket where it should be: most mistakes show before there is a container.
    pub(crate) fn find(wanted: &bundle::plan::seccomp::Agent) -> Result<Agent> {
        const FIELD: &str = "linux.seccomp.listenerPath";
        let path = std::path::absolute(&wanted.path).map_err(Error::io("resolve", &wanted.path))?;
        let found = std::fs::metadata(&path)
            .map_err(|error| Error::Other(format!("{FIELD}: {}", Error::io("open", &path)(error))))?;
        if !found.file_type().is_socket() {
            return Err(Error::Other(format!("{FIELD}: {} is no socket", path.display())));
        }
        Ok(Agent { path, metadata: wanted.metadata.clone() })
    }

    /// Sends the listener of a process: one connection for each.
    fn send(&self, record: &Record, status: Status, pid: i32, listener: &OwnedFd) -> sys::Result<()> {
        let message = ProcessState::new(self, record, status, pid).to_json();
        let path = sys::file::c_path(&self.path, Call::Connect)?;
        socket::send_stream(socket::connect_within(&path, PATIENCE)?, &message, listener.as_fd())
    }
}

/// What becomes of the listener of the process `pid`, which a filter without an agent does not have.
pub(crate) fn hand_over(record: &Record, status: Status, pid: i32) -> impl FnMut(OwnedFd) -> sys::Result<()> {
    move |listener| record.agent.iter().try_for_each(|agent| agent.send(record, status, pid, &listener))
}

/// The container process state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessState<'s> {
    oci_version: &'s str,
    /// Of the descriptors that come along.
    fds: [&'static str; 1],
    pid: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'s str>,
    state: State<'s>,
}

/// The state of the container (runtime.md, "State").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State<'s> {
    oci_version: &'s str,
    id: &'s str,
    status: Status,
    pid: i32,
    bundle: &'s str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'s BTreeMap<String, String>,
}

impl<'s> ProcessState<'s> {
    fn new(agent: &'s Agent, record: &'s Record, status: Status, pid: i32) -> ProcessState<'s> {
        let state = State {
            oci_version: &record.oci_version,
            id: &record.id,
            status,
            pid: record.init.map_or(pid, |init| init.pid),
            bundle: &record.bundle,
            annotations: &record.annotations,
        };
        let metadata = agent.metadata.as_deref();
        ProcessState { oci_version: &record.oci_version, fds: ["seccompFd"], pid, metadata, state }
    }

    /// Cannot fail: there is nothing in it but text and numbers.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
