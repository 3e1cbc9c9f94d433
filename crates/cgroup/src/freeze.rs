//! Stops all processes of a cgroup, and lets them go on.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::events::{Event, wait_in};
use crate::{Error, control, tree};

/// How long all tasks may take to come to rest: a task in an uninterruptible sleep is frozen after it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first pause between two looks at a v1 freezer, which reports nothing; doubled up to a limit.
const FIRST_PAUSE: Duration = Duration::from_micros(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// The one that freezes.
enum Freezer<'a> {
    V1(&'a Hierarchy),
    V2(&'a Unified),
}

impl Cgroup {
    /// Stops all processes of the subtree, and returns when they have stopped.
    ///
    /// # Errors
    /// If the host has no freezer, or not every task came to rest in two seconds; they are let go then.
    pub fn freeze(&self) -> Result<(), Error> {
        let frozen = match self.freezer()? {
            Freezer::V1(hierarchy) => freeze_v1(hierarchy),
            Freezer::V2(unified) => freeze_v2(unified),
        };
        frozen.inspect_err(|_| {
            // The error that matters is that of the freeze.
            let _ = self.thaw();
        })
    }

    /// Lets the processes go on.
    ///
    /// # Errors
    /// If the host has no freezer or the kernel refuses.
    pub fn thaw(&self) -> Result<(), Error> {
        match self.freezer()? {
            Freezer::V1(hierarchy) => control::write(&hierarchy.file("freezer.state"), "THAWED"),
            Freezer::V2(unified) => control::write(&unified.file("cgroup.freeze"), "0"),
        }
    }

    /// Whether the cgroup is frozen or about to be. A host without a freezer has nothing frozen.
    ///
    /// # Errors
    /// If the state cannot be read, as when the cgroup is gone.
    pub fn is_frozen(&self) -> Result<bool, Error> {
        match self.freezer() {
            Ok(Freezer::V1(hierarchy)) => Ok(state(hierarchy)? != State::Thawed),
            Ok(Freezer::V2(unified)) => Ok(control::read(&unified.file("cgroup.freeze"))?.trim() == "1"),
            Err(_) => Ok(false),
        }
    }

    fn freezer(&self) -> Result<Freezer<'_>, Error> {
        let v1 = self.hierarchy("freezer").map(Freezer::V1);
        let found = v1.or_else(|| self.unified().map(Freezer::V2));
        found.ok_or_else(|| Error::rule("this host has no freezer for the container's cgroup"))
    }
}

/// freezer.state (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst).
#[derive(PartialEq, Eq)]
pub(crate) enum State {
    Thawed,
    Freezing,
    Frozen,
}

pub(crate) fn state(hierarchy: &Hierarchy) -> Result<State, Error> {
    Ok(match control::read(&hierarchy.file("freezer.state"))?.trim() {
        "THAWED" => State::Thawed,
        "FROZEN" => State::Frozen,
        _ => State::Freezing,
    })
}

/// v1 has no event for this; the first looks come quickly, since most freezes take microseconds.
fn freeze_v1(hierarchy: &Hierarchy) -> Result<(), Error> {
    let file = hierarchy.file("freezer.state");
    let deadline = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    control::write(&file, "FROZEN")?;
    while state(hierarchy)? != State::Frozen {
        if Instant::now() > deadline {
            return Err(restless());
        }
        sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
        // Again, for the tasks that were forked in between (a known weakness of the v1 freezer).
        control::write(&file, "FROZEN")?;
    }
    Ok(())
}

/// The kernel says that a cgroup is frozen as soon as its own tasks are; those below it may take a moment longer.
fn freeze_v2(unified: &Unified) -> Result<(), Error> {
    control::write(&unified.file("cgroup.freeze"), "1")?;
    let deadline = Instant::now() + PATIENCE;
    let mut is_frozen = true;
    let top = unified.directory();
    let waited = tree::visit(&top, |cgroup| {
        is_frozen &= wait_in(cgroup, Event::Frozen, deadline)?;
        Ok(())
    });
    waited.map_err(|errno| Error::kernel(format!("wait for {top} to freeze"), errno))?;
    if is_frozen { Ok(()) } else { Err(restless()) }
}

fn restless() -> Error {
    Error::rule(format!(
        "freeze the container's cgroup: a process did not stop within {} s",
        PATIENCE.as_secs()
    ))
}
