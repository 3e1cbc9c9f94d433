//! A case: one sentence about a runtime, where it is written, and the check that it holds.

use crate::test::Test;
use std::fmt::Display;
use std::time::Duration;

/// Why a case did not pass.
#[derive(Debug)]
pub(crate) enum Verdict {
    Failed(String),
    /// The host cannot show what the case asks for.
    Skipped(String),
}

/// What a case, or a step of one, comes to.
pub(crate) type Outcome<T = ()> = Result<T, Verdict>;

/// Fails the case.
pub(crate) fn fail<T>(reason: impl Into<String>) -> Outcome<T> {
    Err(Verdict::Failed(reason.into()))
}

/// Skips the case.
pub(crate) fn skip<T>(reason: impl Into<String>) -> Outcome<T> {
    Err(Verdict::Skipped(reason.into()))
}

/// Says what the harness was doing when an operation of its own failed.
pub(crate) trait Doing<T> {
    /// Fails the case with `what: error`.
    fn doing(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Outcome<T> {
        self.map_err(|error| Verdict::Failed(format!("{what}: {error}")))
    }
}

/// One case. `known` names the engines that fail it, and why the case is right all the same.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) section: &'static str,
    pub(crate) check: fn(&Test) -> Outcome,
    pub(crate) deadline: Duration,
    known: [Option<Known>; 2],
    /// Why an ordinary user cannot have it.
    pub(crate) needs_root: Option<&'static str>,
}

/// A failure that is known of an engine.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    engine: &'static str,
    pub(crate) why: &'static str,
    /// Whether it fails each time, so that a success means that this entry is out of date.
    pub(crate) always: bool,
}

/// A case named by a sentence; `section` says where the rule is written.
pub(crate) const fn case(name: &'static str, section: &'static str, check: fn(&Test) -> Outcome) -> Case {
    Case { name, section, check, deadline: Duration::from_secs(60), known: [None, None], needs_root: None }
}

impl Case {
    /// Declares that `engine` (the first word of its `--version`) is known to fail.
    pub(crate) const fn differs(self, engine: &'static str, why: &'static str) -> Self {
        self.note(Known { engine, why, always: true })
    }

    /// Declares that `engine` is known to fail some of the time.
    pub(crate) const fn wavers(self, engine: &'static str, why: &'static str) -> Self {
        self.note(Known { engine, why, always: false })
    }

    const fn note(mut self, known: Known) -> Self {
        let slot = if self.known[0].is_none() { 0 } else { 1 };
        self.known[slot] = Some(known);
        self
    }

    /// Declares that no ordinary user can have what the case asks for.
    pub(crate) const fn needs_root(mut self, why: &'static str) -> Self {
        self.needs_root = Some(why);
        self
    }

    /// Allows for a case of many rounds.
    pub(crate) const fn minutes(mut self, minutes: u64) -> Self {
        self.deadline = Duration::from_secs(60 * minutes);
        self
    }

    /// What is known of `engine` failing this case.
    pub(crate) fn known(&self, engine: &str) -> Option<&Known> {
        self.known.iter().flatten().find(|known| known.engine == engine)
    }
}
