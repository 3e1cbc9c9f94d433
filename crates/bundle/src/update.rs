//! Changed limits: what `update` is given, checked, and laid over the limits that are there.

use cgroup::{Controllers, Memory, Resources, Version, Write};
use oci_spec::runtime::{LinuxResources, Spec};
use serde_json::{Map, Value};

use crate::check::{Findings, resources};
use crate::config::{LoadError, Shaped};
use crate::plan::cgroups;
use crate::problem::At;
use crate::shape::tables::RESOURCES;

/// Amounts of which zero says nothing, as programs in Go write what is not set.
const UNSET_BY_ZERO: [(&str, &[&str]); 3] = [
    ("memory", &["limit", "reservation", "swap"]),
    ("cpu", &["shares", "quota", "period", "realtimePeriod"]),
    ("blockIO", &["weight", "leafWeight"]),
];

/// What tells the entries of a list apart: page sizes, devices, network interfaces.
const IDENTITY: [&str; 4] = ["pageSize", "major", "minor", "name"];

/// Limits to be changed: a `linux.resources` object that has been checked. What it leaves out stays as it is.
///
/// Device rules are left out of it: others may have changed them since, and v2 would have to be told all of them.
#[derive(Clone, Debug)]
pub struct Change {
    value: Value,
    resources: Resources,
}

/// What a change comes to.
#[derive(Debug)]
pub struct Update {
    /// What is to be written.
    pub writes: Vec<Write>,
    /// All limits as they are then: a `linux.resources` object, for the next update.
    pub limits: Value,
    /// What is accepted and does nothing.
    pub notes: Vec<String>,
}

impl Change {
    /// Checks the content of a file; `name` is what errors call it.
    ///
    /// # Errors
    /// Broken JSON, and everything that is wrong with the limits, each with its JSON pointer.
    pub fn parse(name: &str, text: &[u8]) -> Result<Change, LoadError> {
        let value = serde_json::from_slice(text).map_err(|error| LoadError::syntax(name, &error))?;
        Change::of(name, value)
    }

    /// The same for JSON that has been parsed.
    ///
    /// # Errors
    /// Everything that is wrong with the limits.
    pub fn of(name: &str, mut value: Value) -> Result<Change, LoadError> {
        value.as_object_mut().map(|fields| fields.remove("devices"));
        let checked = checked(name, value)?;
        let mut value = serde_json::to_value(&checked).unwrap_or_default();
        drop_unset(&mut value);
        Ok(Change { value, resources: cgroups::resources(&checked) })
    }

    /// Plans the change of limits that are `present`, on a host with these controllers.
    ///
    /// # Errors
    /// Limits that contradict each other or that the host does not have.
    pub fn plan(&self, name: &str, present: &Value, host: &Controllers) -> Result<Update, UpdateError> {
        let mut limits = present.clone();
        lay_over(&mut limits, &self.value);
        if self.lifts_memory() {
            limits["memory"]["swap"] = Value::from(-1);
        }
        let whole = checked(name, limits.clone()).map_err(|error| self.beside_present(error))?;
        let whole = cgroups::resources(&whole).memory;
        let change = Resources { memory: self.memory_beside(&whole), ..self.resources.clone() };
        let mut writes = cgroup::writes(&change, host)?;
        writes.retain(|write| self.asks_for(write));
        Ok(Update { writes, limits, notes: cgroup::notes(&self.resources) })
    }

    /// Marks what contradicts the change and is no part of it.
    fn beside_present(&self, mut error: LoadError) -> LoadError {
        if let LoadError::Problems { problems, .. } = &mut error {
            let old = problems.iter_mut().filter(|problem| self.value.pointer(&problem.pointer).is_none());
            old.for_each(|problem| problem.found.push_str(" from before"));
        }
        error
    }

    /// No limit of memory without word on swap: on v1 there could be none as long as the sum of both has one.
    fn lifts_memory(&self) -> bool {
        self.resources.memory.limit.is_some_and(|limit| limit < 0) && self.swap().is_none()
    }

    fn limit(&self) -> Option<i64> {
        self.resources.memory.limit.filter(|&limit| limit != 0)
    }

    fn swap(&self) -> Option<i64> {
        self.resources.memory.swap.filter(|&swap| swap != 0)
    }

    /// v2 limits swap alone, so each of memory and the sum of both means something beside the other only.
    fn memory_beside(&self, whole: &Memory) -> Memory {
        let own = Memory { check_before_update: whole.check_before_update, ..self.resources.memory.clone() };
        match self.limit().or(self.swap()) {
            Some(_) => Memory { limit: whole.limit, swap: whole.swap, ..own },
            None => own,
        }
    }

    /// Not what [`memory_beside`](Self::memory_beside) added to reckon with.
    fn asks_for(&self, write: &Write) -> bool {
        match &*write.field {
            "linux.resources.memory.limit" => self.limit().is_some(),
            "linux.resources.memory.swap" if write.version == Version::V1 => {
                self.swap().is_some() || self.lifts_memory()
            }
            _ => true,
        }
    }
}

/// The limits that a container was created with, as JSON.
pub fn of_spec(spec: &Spec) -> Value {
    let resources = spec.linux().as_ref().and_then(|linux| linux.resources().as_ref());
    resources.and_then(|resources| serde_json::to_value(resources).ok()).unwrap_or_else(|| Map::new().into())
}

fn checked(name: &str, value: Value) -> Result<LinuxResources, LoadError> {
    let Shaped { typed, mut problems, .. } = Shaped::<LinuxResources>::of(name, value, &RESOURCES)?;
    let mut findings = Findings::new(&problems);
    resources::check(&typed, &At::Root, &mut findings);
    problems.extend(findings.problems);
    LoadError::unless_empty(name, problems).map(|()| typed)
}

fn drop_unset(value: &mut Value) {
    for (group, fields) in UNSET_BY_ZERO {
        if let Some(group) = value.get_mut(group).and_then(Value::as_object_mut) {
            group.retain(|name, value| !fields.contains(&name.as_str()) || *value != 0);
        }
    }
}

/// Objects field by field, lists entry by entry; all else is replaced.
fn lay_over(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_over(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(below), Value::Array(above)) => {
            below.retain(|old| !above.iter().any(|new| are_of_the_same(old, new)));
            below.extend(above.iter().cloned());
        }
        (below, above) => *below = above.clone(),
    }
}

fn are_of_the_same(old: &Value, new: &Value) -> bool {
    IDENTITY.iter().all(|key| old.get(key) == new.get(key))
}

/// Why there is no update.
#[derive(Debug)]
pub enum UpdateError {
    /// The limits are wrong.
    Limits(LoadError),
    /// This host does not have them.
    Cgroup(cgroup::Error),
}

impl std::error::Error for UpdateError {}

impl std::fmt::Display for UpdateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            UpdateError::Limits(error) => error.fmt(f),
            UpdateError::Cgroup(error) => error.fmt(f),
        }
    }
}

impl From<LoadError> for UpdateError {
    fn from(error: LoadError) -> UpdateError {
        UpdateError::Limits(error)
    }
}

impl From<cgroup::Error> for UpdateError {
    fn from(error: cgroup::Error) -> UpdateError {
        UpdateError::Cgroup(error)
    }
}

#[cfg(test)]
mod tests;
