//! Device rules of `linux.resources.devices`: a later rule overrides an earlier one, for each kind of access
//! on its own.

mod attach;
mod list;
mod program;

use std::fmt;

pub use attach::DeviceProgram;
pub(crate) use list::{List, writes};

pub(crate) const FIELD: &str = "linux.resources.devices";

/// One rule: who may do what with which device nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRule {
    /// Grants when true, takes away when false.
    pub allow: bool,
    /// `type`.
    pub kind: DeviceKind,
    /// `major`; `None` is every one.
    pub major: Option<u32>,
    /// `minor`; `None` is every one.
    pub minor: Option<u32>,
    /// `access`.
    pub access: Access,
}

/// A rule that says nothing: which of its fields is wrong. Prints as `type: found "u", allowed: a, b or c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRule {
    /// `type`, `major`, `minor` or `access`.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub allowed: &'static str,
}

impl std::error::Error for InvalidRule {}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, allowed: {}", self.field, self.found, self.allowed)
    }
}

/// `type` of a device rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// `a`: character and block devices.
    All,
    /// `c`
    Char,
    /// `b`
    Block,
}

/// A set of `r`, `w` and `m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access(u8);

impl Access {
    /// Making a node. The values are those of BPF_DEVCG_ACC_* in linux/bpf.h.
    pub const MKNOD: Access = Access(1);
    /// Opening for reading.
    pub const READ: Access = Access(2);
    /// Opening for writing.
    pub const WRITE: Access = Access(4);
    /// All three.
    pub const ALL: Access = Access(7);

    /// None of them.
    pub(crate) const NONE: Access = Access(0);

    /// The letters, each with its bit, in the order in which the kernel prints them.
    const LETTERS: [(char, Access); 3] = [('r', Access::READ), ('w', Access::WRITE), ('m', Access::MKNOD)];

    /// Reads letters such as `rwm`; `None` if there are others, or none.
    pub fn parse(letters: &str) -> Option<Access> {
        let bit =
            |letter| Self::LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, access)| access.0);
        let bits = letters.chars().try_fold(0, |bits, letter| Some(bits | bit(letter)?))?;
        (bits != 0).then_some(Access(bits))
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn with(self, other: Access) -> Access {
        Access(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Access) -> Access {
        Access(self.0 & !other.0)
    }

    pub(crate) fn common(self, other: Access) -> Access {
        Access(self.0 & other.0)
    }

    pub(crate) fn shares(self, other: Access) -> bool {
        !self.common(other).is_empty()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        Access::LETTERS
            .iter()
            .filter(|(_, bit)| self.shares(*bit))
            .try_for_each(|(letter, _)| f.write_char(*letter))
    }
}

impl DeviceRule {
    /// Reads the fields as they stand in config.json. A negative number is a wildcard, as the other runtimes
    /// take it.
    ///
    /// # Errors
    /// Names the wrong field. An empty `access` is wrong too: such a rule would say nothing, and runc refuses
    /// it.
    pub fn parse(
        allow: bool,
        kind: Option<&str>,
        major: Option<i64>,
        minor: Option<i64>,
        access: Option<&str>,
    ) -> Result<DeviceRule, InvalidRule> {
        let kind = match kind.unwrap_or_default() {
            "" | "a" => DeviceKind::All,
            "c" => DeviceKind::Char,
            "b" => DeviceKind::Block,
            other => return Err(invalid("type", format!("{other:?}"), "a, b or c")),
        };
        let access = access.unwrap_or_default();
        let parsed = Access::parse(access);
        let access = parsed
            .ok_or_else(|| invalid("access", format!("{access:?}"), "one or more letters of \"rwm\""))?;
        Ok(DeviceRule { allow, kind, major: number("major", major)?, minor: number("minor", minor)?, access })
    }

    /// Decides about every access to every device, so that nothing before it matters.
    pub(crate) fn decides_all(&self) -> bool {
        *self == DeviceRule { allow: self.allow, ..DeviceRule::all(false) }
    }

    /// The rule about everything.
    const fn all(allow: bool) -> DeviceRule {
        DeviceRule { allow, kind: DeviceKind::All, major: None, minor: None, access: Access::ALL }
    }

    /// Whether every device of `other` is one of this rule's.
    pub(crate) fn covers(&self, other: &DeviceRule) -> bool {
        (self.kind == DeviceKind::All || self.kind == other.kind)
            && (self.major.is_none() || self.major == other.major)
            && (self.minor.is_none() || self.minor == other.minor)
    }

    /// Whether some device is both of this rule's and of `other`'s.
    pub(crate) fn meets(&self, other: &DeviceRule) -> bool {
        let kinds = self.kind == DeviceKind::All || other.kind == DeviceKind::All || self.kind == other.kind;
        let majors = self.major.is_none() || other.major.is_none() || self.major == other.major;
        let minors = self.minor.is_none() || other.minor.is_none() || self.minor == other.minor;
        kinds && majors && minors
    }
}

/// As the kernel and devices(1) write a rule: `c 1:3 rwm`.
impl fmt::Display for DeviceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DeviceKind::All => 'a',
            DeviceKind::Char => 'c',
            DeviceKind::Block => 'b',
        };
        let number = |number: Option<u32>| number.map_or("*".to_string(), |n| n.to_string());
        write!(f, "{kind} {}:{} {}", number(self.major), number(self.minor), self.access)
    }
}

fn number(field: &'static str, value: Option<i64>) -> Result<Option<u32>, InvalidRule> {
    match value {
        None | Some(..0) => Ok(None),
        Some(value) => match u32::try_from(value) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(invalid(field, value.to_string(), "a device number, or -1 for all")),
        },
    }
}

fn invalid(field: &'static str, found: String, allowed: &'static str) -> InvalidRule {
    InvalidRule { field, found, allowed }
}

/// What every container may use besides its own rules: the devices that the specification says it has
/// (config-linux, "Default Devices") and the making, not the opening, of any node. /dev/console is a
/// pseudo-terminal in a container and so among the `136:*`; the machine's own console (5:1) is not allowed,
/// nor is /dev/net/tun.
pub fn default_device_rules() -> Vec<DeviceRule> {
    let node = |major, minor| DeviceRule {
        kind: DeviceKind::Char,
        major: Some(major),
        minor,
        ..DeviceRule::all(true)
    };
    let make = |kind| DeviceRule { kind, access: Access::MKNOD, ..DeviceRule::all(true) };
    vec![
        make(DeviceKind::Char),
        make(DeviceKind::Block),
        node(1, Some(3)), // null
        node(1, Some(5)), // zero
        node(1, Some(7)), // full
        node(1, Some(8)), // random
        node(1, Some(9)), // urandom
        node(5, Some(0)), // tty
        node(5, Some(2)), // ptmx
        node(136, None),  // pts/*
    ]
}

/// The rules of a new container: all is denied, then come the user's rules, then the
/// [defaults](default_device_rules), which as in runc cannot be taken away.
pub fn with_default_devices(rules: &[DeviceRule]) -> Vec<DeviceRule> {
    let mut all = vec![DeviceRule::all(false)];
    all.extend_from_slice(rules);
    all.extend(default_device_rules());
    all
}

#[cfg(test)]
pub(crate) mod tests;
