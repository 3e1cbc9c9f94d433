//! Changes limits of a cgroup that is in use: all of them or none. systemd is told of what it knows, or it would one
//! day write the old limits again.

use sys::Described;

use crate::apply::knots;
use crate::cgroup::Cgroup;
use crate::limits::Write;
use crate::systemd::limit_properties;
use crate::{Error, control};

impl Cgroup {
    /// Carries out the writes as [`apply`](Self::apply) does; when one is refused, what the others changed is
    /// set back. Returns the writes that undo it all, for a caller who fails later.
    ///
    /// # Errors
    /// The first write that fails, with the field that asked for it; and what could not be set back.
    pub fn update(&self, writes: &[Write]) -> Result<Vec<Write>, Error> {
        // Before the look at what there is: a controller that is handed down only now has no files before.
        self.enable(writes)?;
        let present = self.snapshot(writes)?;
        match self.apply(writes).and_then(|()| self.tell_systemd(writes)) {
            Ok(()) => Ok(present),
            Err(error) => Err(match self.set_back(&present) {
                Ok(()) => error,
                Err(left) => and_left(error, &left),
            }),
        }
    }

    /// Carries out what [`update`](Self::update) returned, where something has changed. One that is refused does
    /// not keep the others.
    ///
    /// # Errors
    /// The first that was refused.
    pub fn set_back(&self, present: &[Write]) -> Result<(), Error> {
        // The kernel may refuse even what is there already, as the shares of a cgroup that is idle.
        let changed: Vec<Write> = present.iter().filter(|write| !self.holds(write)).cloned().collect();
        let tried: Vec<Result<(), Error>> = knots(&changed).map(|knot| self.apply(knot)).collect();
        tried.into_iter().collect::<Result<(), Error>>()?;
        self.tell_systemd(present)
    }

    fn tell_systemd(&self, writes: &[Write]) -> Result<(), Error> {
        let Some(unit) = self.unit() else { return Ok(()) };
        unit.set_properties(&limit_properties(writes))?;
        // systemd has written the same limits with a rounding of its own.
        self.apply(writes)
    }

    /// What the user should hear of before the writes: v2 takes a memory limit below the usage and ends processes
    /// that it cannot take the memory from, where v1 refuses.
    pub fn cautions(&self, writes: &[Write]) -> Vec<String> {
        writes.iter().filter_map(|write| self.caution(write)).collect()
    }

    fn caution(&self, write: &Write) -> Option<String> {
        if write.file != "memory.max" {
            return None;
        }
        let usage = control::read_short(&self.unified()?.file("memory.current")).ok()?;
        let (limit, usage): (u64, u64) = (write.value.parse().ok()?, usage.trim().parse().ok()?);
        let text = || format!("{}: {limit} is below the present usage, {usage}", write.field);
        (limit < usage).then(text)
    }
}

fn and_left(error: Error, left: &Error) -> Error {
    let reason = error.errno.map_or_else(String::new, |errno| format!(": {}", Described(errno)));
    let operation = format!("{}{reason}; and setting back: {left}", error.operation);
    Error { operation, errno: None, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::Errno;

    #[test]
    fn what_could_not_be_set_back_is_told_too() {
        let error = Error::kernel("write 1 to pids.max", Errno::EINVAL).of("linux.resources.pids.limit");
        let left = Error::kernel("write max to cpu.max", Errno::EIO);
        assert_eq!(
            and_left(error, &left).to_string(),
            "linux.resources.pids.limit: write 1 to pids.max: invalid argument (EINVAL); and setting back: \
             write max to cpu.max: I/O error (EIO)"
        );
    }
}
