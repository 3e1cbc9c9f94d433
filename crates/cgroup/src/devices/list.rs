//! Device rules as writes to devices.deny and devices.allow of v1
//! (Documentation/admin-guide/cgroup-v1/devices.rst).
//!
//! The kernel holds a default and a list of exceptions to it, and can take back only an exception that it was
//! given word by word. So the rules are first folded into such a list, and the list is written: few writes,
//! and none that a later one undoes.

use crate::Error;
use crate::controllers::Version;
use crate::devices::{DeviceKind, DeviceRule, FIELD};
use crate::limits::{Phase, Write};

/// The writes that make v1 decide as the rules do. No rules, no writes.
pub(crate) fn writes(rules: &[DeviceRule]) -> Result<Vec<Write>, Error> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let list = List::fold(rules)?;
    let (reset, except) = match list.default_allow {
        true => ("devices.allow", "devices.deny"),
        false => ("devices.deny", "devices.allow"),
    };
    let first = write(reset, "a".to_string());
    Ok(std::iter::once(first)
        .chain(list.exceptions.iter().map(|rule| write(except, rule.to_string())))
        .collect())
}

fn write(file: &'static str, value: String) -> Write {
    Write { phase: Phase::Late, ..Write::new(Version::V1, "devices", file, value, FIELD) }
}

/// What the kernel keeps. All exceptions have `allow` opposite to the default, and a definite kind.
pub(crate) struct List {
    pub(crate) default_allow: bool,
    pub(crate) exceptions: Vec<DeviceRule>,
}

impl List {
    /// What rules amount to.
    pub(crate) fn fold(rules: &[DeviceRule]) -> Result<List, Error> {
        let mut list = List { default_allow: false, exceptions: Vec::new() };
        for rule in rules {
            match (rule.decides_all(), rule.kind) {
                (true, _) => list = List { default_allow: rule.allow, exceptions: Vec::new() },
                (false, DeviceKind::All) => {
                    list.follow(DeviceRule { kind: DeviceKind::Char, ..*rule })?;
                    list.follow(DeviceRule { kind: DeviceKind::Block, ..*rule })?;
                }
                (false, _) => list.follow(*rule)?,
            }
        }
        Ok(list)
    }

    fn follow(&mut self, rule: DeviceRule) -> Result<(), Error> {
        match rule.allow == self.default_allow {
            true => self.take_back(&rule),
            false => {
                self.except(rule);
                Ok(())
            }
        }
    }

    /// The kernel grants what one exception grants in full: so each exception carries what wider ones add to
    /// it, or read from one and write from another would not make read and write together.
    fn except(&mut self, mut rule: DeviceRule) {
        for known in &mut self.exceptions {
            if rule.covers(known) {
                known.access = known.access.with(rule.access);
            } else if known.covers(&rule) {
                rule.access = rule.access.with(known.access);
            }
        }
        match self.exceptions.iter().any(|known| known.covers(&rule) && rule.covers(known)) {
            true => {}
            false => self.exceptions.push(rule),
        }
    }

    fn take_back(&mut self, rule: &DeviceRule) -> Result<(), Error> {
        for known in
            self.exceptions.iter_mut().filter(|known| known.meets(rule) && known.access.shares(rule.access))
        {
            if !rule.covers(known) {
                return Err(hole(rule, known));
            }
            known.access = known.access.without(rule.access);
        }
        self.exceptions.retain(|known| !known.access.is_empty());
        Ok(())
    }
}

fn hole(rule: &DeviceRule, known: &DeviceRule) -> Error {
    let verb = |allow| if allow { "allow" } else { "deny" };
    let (later, earlier) = (verb(rule.allow), verb(known.allow));
    let shared = DeviceRule { access: rule.access.common(known.access), ..*rule };
    Error::rule(format!("cgroup v1 cannot {later} {shared} out of {earlier} {known}")).of(FIELD)
}
