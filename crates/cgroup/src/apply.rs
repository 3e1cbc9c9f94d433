//! Writes limits.

use std::fs::File;

use sys::Errno;

use crate::cgroup::Cgroup;
use crate::controllers::{Version, absent};
use crate::create::hand_down;
use crate::limits::{Absent, Rule, Write};
use crate::{Error, control};

impl Cgroup {
    /// Carries out the writes in their order. Writes that are bound to each other (memory and swap; quota,
    /// period and burst) are repeated until none is refused, since the kernel checks each against the old
    /// values of the others.
    ///
    /// # Errors
    /// The first that fails, with the config field that asked for it.
    pub fn apply(&self, writes: &[Write]) -> Result<(), Error> {
        let mut writer = Writer { cgroup: self, open: None };
        knots(writes).try_for_each(|knot| writer.untie(knot))
    }

    /// Has the controllers of all the writes handed down to the cgroup.
    pub(crate) fn enable(&self, writes: &[Write]) -> Result<(), Error> {
        let writer = Writer { cgroup: self, open: None };
        let enable = |write: &Write| writer.enable(write).map_err(|error| error.of(write.field.clone()));
        writes.iter().try_for_each(|write| enable(write).map(drop))
    }
}

/// The writes in their order; those that are bound to each other together.
pub(crate) fn knots(writes: &[Write]) -> impl Iterator<Item = &[Write]> {
    writes.chunk_by(Write::is_bound_to)
}

/// Keeps a file open from one write to the next: device rules and per-device limits are many writes to one
/// file.
struct Writer<'a> {
    cgroup: &'a Cgroup,
    open: Option<(String, File)>,
}

impl Writer<'_> {
    /// Each legal change can be made in some order: every round makes at least one of its writes.
    fn untie(&mut self, knot: &[Write]) -> Result<(), Error> {
        let mut pending: Vec<&Write> = knot.iter().collect();
        loop {
            let mut refused = Vec::new();
            let mut first_error = None;
            for &write in &pending {
                match self.write(write) {
                    Err(error) if error.errno == Some(Errno::EINVAL) => {
                        refused.push(write);
                        first_error = first_error.or(Some(error));
                    }
                    result => result?,
                }
            }
            match first_error {
                Some(error) if refused.len() == pending.len() => return Err(error),
                Some(_) => pending = refused,
                None => return Ok(()),
            }
        }
    }

    fn write(&mut self, write: &Write) -> Result<(), Error> {
        self.follow(write).map_err(|error| error.of(write.field.clone()))
    }

    /// Looks first where the rule says so, then writes.
    fn follow(&mut self, write: &Write) -> Result<(), Error> {
        match write.rule {
            Rule::Plain | Rule::Bound => self.put(write, &write.value),
            Rule::UnlessSo if self.present(write, &write.file)? == write.value => Ok(()),
            Rule::UnlessSo => self.put(write, &write.value),
            Rule::BehindQuota => {
                let present = self.present(write, &write.file)?;
                let quota = present.split(' ').next().unwrap_or("max");
                self.put(write, &format!("{quota} {}", write.value))
            }
            Rule::UnlessUsageAbove => {
                let usage = self.present(write, "memory.current")?;
                refuse_if_above(&usage, &write.value)?;
                self.put(write, &write.value)
            }
        }
    }

    /// The value of a file of the write's controller at present; nothing if the file is not there.
    fn present(&self, write: &Write, file: &str) -> Result<String, Error> {
        let path = self.path(write, file)?;
        Ok(control::read_if_there(&path)?.unwrap_or_default().trim().to_string())
    }

    fn put(&mut self, write: &Write, value: &str) -> Result<(), Error> {
        if self.open(write, &write.file)? {
            return self.put_into_open(&write.file, value);
        }
        match &write.absent {
            Absent::IsFine => Ok(()),
            Absent::Fails => Err(cannot(value, &write.file, Errno::ENOENT)),
            Absent::Instead { file, value } if self.open(write, file)? => self.put_into_open(file, value),
            Absent::Instead { file, .. } => {
                Err(Error::rule(format!("this host has neither {} nor {file}", write.file)))
            }
        }
    }

    fn put_into_open(&mut self, file: &str, value: &str) -> Result<(), Error> {
        let Some((path, open)) = &mut self.open else { return Err(cannot(value, file, Errno::EBADF)) };
        control::write_value(open, value).map_err(|errno| match errno {
            Errno::EBUSY if file == "memory.limit_in_bytes" => below_usage(value, file, path),
            errno => cannot(value, file, errno),
        })
    }

    /// Opens a file of the write's controller; `false` if the controller has no such file.
    fn open(&mut self, write: &Write, file: &str) -> Result<bool, Error> {
        let path = self.path(write, file)?;
        if self.open.as_ref().is_some_and(|(open, _)| *open == path) {
            return Ok(true);
        }
        let opened = match control::open_to_write(&path) {
            Err(Errno::ENOENT) if self.enable(write)? => control::open_to_write(&path),
            opened => opened,
        };
        match opened {
            Ok(opened) => self.open = Some((path, opened)),
            Err(Errno::ENOENT) => return Ok(false),
            Err(errno) => return Err(cannot(&write.value, file, errno)),
        }
        Ok(true)
    }

    /// Has the ancestors hand down the controller of a file of v2 that is missing; `false` if that is not
    /// why.
    fn enable(&self, write: &Write) -> Result<bool, Error> {
        let (Version::V2, Some(unified)) = (write.version, self.cgroup.unified()) else { return Ok(false) };
        let list = unified.file("cgroup.controllers");
        let enabled = || Ok(control::read(&list)?.split_whitespace().any(|name| name == write.controller));
        if write.controller == "cgroup" || enabled()? {
            return Ok(false);
        }
        hand_down(unified);
        match enabled()? {
            true => Ok(true),
            false => Err(Error::rule(format!(
                "the {} controller is not available in cgroup {}",
                write.controller, unified.path
            ))),
        }
    }

    fn path(&self, write: &Write, file: &str) -> Result<String, Error> {
        let directory = self.cgroup.directory(write.version, &write.controller);
        directory.map(|directory| format!("{directory}/{file}")).ok_or_else(|| absent(&write.controller))
    }
}

fn cannot(value: &str, file: &str, errno: Errno) -> Error {
    Error::kernel(format!("write {value} to {file}"), errno)
}

/// v1 refuses a limit that it cannot reach by reclaiming: then the usage is what the user wants to know.
fn below_usage(value: &str, file: &str, path: &str) -> Error {
    let usage = path
        .strip_suffix(file)
        .map(|directory| control::read_short(&format!("{directory}memory.usage_in_bytes")));
    match usage {
        Some(Ok(usage)) => cannot(value, &format!("{file} (in use: {})", usage.trim()), Errno::EBUSY),
        _ => cannot(value, file, Errno::EBUSY),
    }
}

/// `checkBeforeUpdate`: v2 would end processes where v1 refuses.
fn refuse_if_above(usage: &str, limit: &str) -> Result<(), Error> {
    match (usage.parse::<u64>(), limit.parse::<u64>()) {
        (Ok(usage), Ok(limit)) if usage > limit => {
            Err(Error::rule(format!("the limit, {limit}, is below the present usage, {usage}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
