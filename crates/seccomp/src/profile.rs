//! What a user may write: the `linux.seccomp` object of config.json, its words turned into values.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use crate::Arch;

/// A seccomp profile (config-linux.md, "Seccomp").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What happens to a call that no rule decides.
    pub default_action: Action,
    /// The architectures whose calls are judged. The native one is always part, named or not.
    pub architectures: Vec<Arch>,
    /// The flags for seccomp(2); `None` where the profile has no `flags` at all, which means
    /// [`Flags::SPEC_ALLOW`] as in runc and crun, while an empty list means none.
    pub flags: Option<Flags>,
    /// The `syscalls` in their order.
    pub rules: Vec<Rule>,
}

impl Profile {
    /// Whether a rule hands calls to a listener.
    pub fn needs_listener(&self) -> bool {
        self.rules.iter().any(|rule| rule.action == Action::Notify)
    }
}

/// An entry of `syscalls`: what to do with some calls, if their arguments meet some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names of system calls; unknown ones are skipped.
    pub names: Vec<String>,
    /// What happens to a call that meets the conditions.
    pub action: Action,
    /// All must hold. Where two of them test the same argument, each is a rule of its own, so that
    /// one is enough: libseccomp has no other way and runc and crun chose this one.
    pub conditions: Vec<Condition>,
}

/// An entry of `args`: a comparison of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which argument, 0 to 5.
    pub index: u32,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with; for [`Operator::MaskedEq`] the mask.
    pub value: u64,
    /// For [`Operator::MaskedEq`] what the masked argument is compared with; unused otherwise.
    pub value_two: u64,
}

/// What happens to a call (seccomp(2), "Filter return values").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// SIGSYS kills the whole process.
    KillProcess,
    /// SIGSYS kills the thread. `SCMP_ACT_KILL` is an older name for it.
    KillThread,
    /// The process gets a SIGSYS that it may handle.
    Trap,
    /// The call fails with this errno; the kernel takes what is above 4095 for 4095.
    Errno(u16),
    /// A tracer decides and reads this number as its event message; without a tracer the call fails with
    /// ENOSYS.
    Trace(u16),
    /// The call is carried out.
    Allow,
    /// The call is carried out and logged.
    Log,
    /// A listener in user space decides (seccomp_unotify(2)).
    Notify,
}

/// The actions by name, those that take an `errnoRet` with EPERM in its place.
const ACTIONS: &[(&str, Action)] = &[
    ("SCMP_ACT_ALLOW", Action::Allow),
    ("SCMP_ACT_ERRNO", Action::Errno(EPERM)),
    ("SCMP_ACT_KILL", Action::KillThread),
    ("SCMP_ACT_KILL_PROCESS", Action::KillProcess),
    ("SCMP_ACT_KILL_THREAD", Action::KillThread),
    ("SCMP_ACT_LOG", Action::Log),
    ("SCMP_ACT_NOTIFY", Action::Notify),
    ("SCMP_ACT_TRACE", Action::Trace(EPERM)),
    ("SCMP_ACT_TRAP", Action::Trap),
];

/// The `errnoRet` and `defaultErrnoRet` of a profile that names none.
const EPERM: u16 = 1;

impl Action {
    /// The names of all actions, sorted, for the features document.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ACTIONS.iter().map(|(name, _)| *name)
    }

    /// The action of a name such as `SCMP_ACT_ERRNO` with its `errnoRet`.
    ///
    /// # Errors
    /// An unknown name, an `errnoRet` for an action that has none (config-linux.md demands an error) and an
    /// `errnoRet` above 65535, which the kernel has no room for.
    pub fn from_name(name: &str, errno_ret: Option<u32>) -> Result<Self, ActionError> {
        let (_, action) = ACTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ActionError::Unknown(name.to_owned()))?;
        let Some(errno_ret) = errno_ret else { return Ok(*action) };
        let number = u16::try_from(errno_ret).map_err(|_| ActionError::TooLarge(errno_ret));
        match action {
            Self::Errno(_) => number.map(Self::Errno),
            Self::Trace(_) => number.map(Self::Trace),
            _ => Err(ActionError::TakesNoErrno(name.to_owned())),
        }
    }

    /// The name, such as `SCMP_ACT_ERRNO`.
    pub fn name(self) -> &'static str {
        match self {
            Self::KillProcess => "SCMP_ACT_KILL_PROCESS",
            Self::KillThread => "SCMP_ACT_KILL_THREAD",
            Self::Trap => "SCMP_ACT_TRAP",
            Self::Errno(_) => "SCMP_ACT_ERRNO",
            Self::Trace(_) => "SCMP_ACT_TRACE",
            Self::Allow => "SCMP_ACT_ALLOW",
            Self::Log => "SCMP_ACT_LOG",
            Self::Notify => "SCMP_ACT_NOTIFY",
        }
    }

    /// What the filter returns: `SECCOMP_RET_*` of linux/seccomp.h.
    pub fn return_value(self) -> u32 {
        match self {
            Self::KillProcess => 0x8000_0000,
            Self::KillThread => 0,
            Self::Trap => 0x0003_0000,
            Self::Errno(number) => 0x0005_0000 | u32::from(number),
            Self::Notify => 0x7fc0_0000,
            Self::Trace(number) => 0x7ff0_0000 | u32::from(number),
            Self::Log => 0x7ffc_0000,
            Self::Allow => 0x7fff_0000,
        }
    }

    /// The action of a return value; `None` for one that no profile leads to.
    pub(crate) fn from_return_value(value: u32) -> Option<Self> {
        let number = value as u16;
        let all = [
            Self::KillProcess,
            Self::KillThread,
            Self::Trap,
            Self::Errno(number),
            Self::Notify,
            Self::Trace(number),
            Self::Log,
            Self::Allow,
        ];
        all.into_iter().find(|action| action.return_value() == value)
    }

    /// Whether this keeps a process from more than `other` does, by the kernel's own order of the return
    /// values.
    pub(crate) fn is_stricter_than(self, other: Self) -> bool {
        // The kernel compares them as signed numbers, so that KILL_PROCESS comes first.
        let order = |action: Self| (action.return_value() & 0xffff_0000).cast_signed();
        order(self) < order(other)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errno(number) | Self::Trace(number) => write!(f, "{}({number})", self.name()),
            _ => f.write_str(self.name()),
        }
    }
}

/// Why a word and a number make no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// No action has this name.
    Unknown(String),
    /// The action returns no number.
    TakesNoErrno(String),
    /// The kernel has 16 bits for it.
    TooLarge(u32),
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "unknown seccomp action {name:?}"),
            Self::TakesNoErrno(name) => write!(f, "{name} takes no errnoRet"),
            Self::TooLarge(number) => write!(f, "errnoRet {number} is above 65535"),
        }
    }
}

impl std::error::Error for ActionError {}

/// How an argument is compared with a value, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of libseccomp's SCMP_CMP_*")]
pub enum Operator {
    Ne,
    Lt,
    Le,
    Eq,
    Ge,
    Gt,
    /// `argument & value == value_two & value`
    MaskedEq,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("SCMP_CMP_EQ", Operator::Eq),
    ("SCMP_CMP_GE", Operator::Ge),
    ("SCMP_CMP_GT", Operator::Gt),
    ("SCMP_CMP_LE", Operator::Le),
    ("SCMP_CMP_LT", Operator::Lt),
    ("SCMP_CMP_MASKED_EQ", Operator::MaskedEq),
    ("SCMP_CMP_NE", Operator::Ne),
];

impl Operator {
    /// The names of all operators, sorted, for the features document.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, _)| *name)
    }

    /// The operator of a name such as `SCMP_CMP_EQ`.
    pub fn from_name(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }
}

/// Flags of seccomp(2) that a profile can ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u32);

const FLAGS: &[(&str, Flags)] = &[
    ("SECCOMP_FILTER_FLAG_LOG", Flags::LOG),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", Flags::SPEC_ALLOW),
    ("SECCOMP_FILTER_FLAG_TSYNC", Flags::TSYNC),
    ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Flags::WAIT_KILLABLE_RECV),
];

impl Flags {
    /// All threads get the filter (3.17).
    pub const TSYNC: Self = Self(1 << 0);
    /// All actions but "allow" are logged (4.14).
    pub const LOG: Self = Self(1 << 1);
    /// No mitigation of speculative store bypass (4.17).
    pub const SPEC_ALLOW: Self = Self(1 << 2);
    /// A call that the listener has received waits for it, fatal signals aside (5.19).
    pub const WAIT_KILLABLE_RECV: Self = Self(1 << 5);
    /// seccomp(2) returns a listener (5.0). No word for a profile: set where a rule says [`Action::Notify`].
    pub const NEW_LISTENER: Self = Self(1 << 3);

    /// No flags.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// The names of all flags, sorted, for the features document.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FLAGS.iter().map(|(name, _)| *name)
    }

    /// All flags that have a name, one by one.
    pub fn all() -> impl Iterator<Item = Self> {
        FLAGS.iter().map(|(_, flag)| *flag)
    }

    /// The names of the flags that are set.
    pub fn set(self) -> impl Iterator<Item = &'static str> {
        FLAGS.iter().filter(move |(_, flag)| self.contains(*flag)).map(|(name, _)| *name)
    }

    /// The flag of a name such as `SECCOMP_FILTER_FLAG_LOG`.
    pub fn from_name(name: &str) -> Option<Self> {
        FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
    }

    /// The bits for seccomp(2).
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// These flags without some others.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether all of `others` are set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_name_is_known() {
        assert!(Action::names().all(|name| Action::from_name(name, None).is_ok()));
    }

    #[test]
    fn errno_defaults_to_eperm() {
        assert_eq!(Action::from_name("SCMP_ACT_ERRNO", None), Ok(Action::Errno(1)));
    }

    #[test]
    fn trace_takes_an_errno() {
        assert_eq!(Action::from_name("SCMP_ACT_TRACE", Some(7)), Ok(Action::Trace(7)));
    }

    #[test]
    fn kill_is_kill_thread() {
        assert_eq!(Action::from_name("SCMP_ACT_KILL", None), Ok(Action::KillThread));
    }

    #[test]
    fn allow_takes_no_errno() {
        let error = Action::from_name("SCMP_ACT_ALLOW", Some(1)).unwrap_err();
        assert_eq!(error.to_string(), "SCMP_ACT_ALLOW takes no errnoRet");
    }

    #[test]
    fn an_unknown_action_is_named_in_the_error() {
        let error = Action::from_name("SCMP_ACT_HUG", None).unwrap_err();
        assert_eq!(error.to_string(), "unknown seccomp action \"SCMP_ACT_HUG\"");
    }

    #[test]
    fn an_errno_of_17_bits_is_refused() {
        assert_eq!(Action::from_name("SCMP_ACT_ERRNO", Some(65536)), Err(ActionError::TooLarge(65536)));
    }

    #[test]
    fn a_return_value_leads_back_to_its_action() {
        let actions = [Action::KillThread, Action::Errno(13), Action::Trace(7), Action::Log, Action::Notify];
        assert!(
            actions.iter().all(|action| Action::from_return_value(action.return_value()) == Some(*action))
        );
    }

    #[test]
    fn kill_process_is_the_strictest() {
        assert!(Action::KillProcess.is_stricter_than(Action::KillThread));
    }

    #[test]
    fn allow_is_the_laxest() {
        assert!(Action::Log.is_stricter_than(Action::Allow));
    }

    #[test]
    fn one_errno_is_as_strict_as_another() {
        assert!(!Action::Errno(1).is_stricter_than(Action::Errno(22)));
    }

    #[test]
    fn every_operator_name_is_known() {
        assert!(Operator::names().all(|name| Operator::from_name(name).is_some()));
    }

    #[test]
    fn every_flag_name_is_known() {
        assert!(Flags::names().all(|name| Flags::from_name(name).is_some()));
    }

    #[test]
    fn an_unknown_flag_is_none() {
        assert_eq!(Flags::from_name("SECCOMP_FILTER_FLAG_MAGIC"), None);
    }
}
