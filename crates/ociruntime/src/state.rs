//! `state`: the state of a container as runtime-spec has it (runtime.md, "State"), and what runc adds to it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::args;
use crate::error::Result;
use crate::id::ContainerId;
use crate::output;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};
use crate::users::Users;

/// The JSON of `state`, and of one container in `list`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    /// The version of runtime-spec that this complies with.
    pub(crate) oci_version: String,
    /// The container's id.
    pub(crate) id: String,
    /// The pid of init; 0 if there is none.
    pub(crate) pid: i32,
    /// What the container is doing.
    pub(crate) status: Status,
    /// Absolute path of the bundle.
    pub(crate) bundle: String,
    /// Absolute path of the root file system.
    pub(crate) rootfs: String,
    /// When it was created.
    pub(crate) created: String,
    /// The config's annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    /// The name of the user who created it.
    pub(crate) owner: String,
}

impl State {
    /// The record with the status that goes with it.
    pub(crate) fn new(record: Record, status: Status, users: &Users) -> State {
        let pid = record.init.filter(|_| status != Status::Stopped).map_or(0, |init| init.pid);
        State {
            oci_version: record.oci_version,
            id: record.id,
            pid,
            status,
            bundle: record.bundle,
            rootfs: record.rootfs,
            created: record.created,
            annotations: record.annotations,
            owner: users.name(record.owner),
        }
    }

    /// Reads the record and looks at the container.
    pub(crate) fn observe(entry: &Entry, users: &Users) -> Result<State> {
        let record = entry.read()?;
        let status = status::observe(entry, &record)?;
        Ok(State::new(record, status, users))
    }
}

/// Prints the state of one container.
pub(crate) fn state(store: &Store, args: &args::State) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    output::print_pretty(&State::observe(&entry, &Users::default())?)
}
