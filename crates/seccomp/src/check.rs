//! What is wrong with a profile, all of it at once.

use std::fmt;

use crate::explain::explain;
use crate::{Action, Arch, Call, Profile, Reason, Rule};

/// A fault in a profile and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place within the `seccomp` object, such as `syscalls[3].args[0].index`.
    pub path: String,
    /// What stands there.
    pub found: String,
    /// What may stand there, or why this may not.
    pub allowed: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, found: impl ToString, allowed: impl Into<String>) -> Self {
        Self { path: path.into(), found: found.to_string(), allowed: allowed.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, allowed: {}", self.path, self.found, self.allowed)
    }
}

impl std::error::Error for Problem {}

/// The calls that may not be put to the listener. By sendmsg a process with the filter in place hands it over, and
/// would wait for ever if the listener had to decide about that. Others may be notified, as their answer comes once
/// the listener is where it belongs. `write` does the same in runc, which refuses it: a profile should not depend on
/// the runtime.
pub const HAND_OVER: [&str; 2] = ["sendmsg", "write"];

/// What a process does between the filter and its program if there is a listener: sends it, and hears that it has
/// arrived.
const WITH_LISTENER: [&str; 2] = ["sendmsg", "read"];

/// How many conditions a profile may have. The filters of engines have some ten; and one that told as many
/// apart would have hardly any place in the 4096 instructions that the kernel takes. The bound keeps the
/// compiler from recursing without end.
const MOST_CONDITIONS: usize = 2048;

pub(crate) fn check(profile: &Profile) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    if profile.default_action == Action::Notify {
        let allowed = "other actions: SCMP_ACT_NOTIFY cannot be used as default action, since the listener could not \
                       be handed over";
        problems.push(Problem::new("defaultAction", "SCMP_ACT_NOTIFY", allowed));
    }
    for (index, rule) in profile.rules.iter().enumerate() {
        check_rule(&format_args!("syscalls[{index}]"), rule, &mut problems);
    }
    let conditions: usize = profile.rules.iter().map(|rule| rule.conditions.len()).sum();
    if conditions > MOST_CONDITIONS {
        let found = format!("{conditions} conditions on arguments");
        problems.push(Problem::new("syscalls", found, format!("at most {MOST_CONDITIONS}")));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn check_rule(path: &fmt::Arguments<'_>, rule: &Rule, problems: &mut Vec<Problem>) {
    if rule.names.is_empty() {
        problems.push(Problem::new(format!("{path}.names"), "nothing", "at least one system call"));
    }
    for (index, name) in rule.names.iter().enumerate() {
        if name.is_empty() {
            let place = format!("{path}.names[{index}]");
            problems.push(Problem::new(place, "an empty name", "the name of a system call"));
        }
        if rule.action == Action::Notify && HAND_OVER.contains(&name.as_str()) {
            let allowed = format!(
                "other calls: SCMP_ACT_NOTIFY cannot be used for the {name} syscall, by which the listener is \
                 handed over"
            );
            problems.push(Problem::new(format!("{path}.names[{index}]"), format!("{name:?}"), allowed));
        }
    }
    for (index, condition) in rule.conditions.iter().enumerate() {
        if condition.index > 5 {
            let place = format!("{path}.args[{index}].index");
            problems.push(Problem::new(place, condition.index, "a whole number from 0 to 5"));
        }
    }
}

/// Checks that a process under the filter may hand its listener over, if it has one. Which arguments that will have
/// nobody can know yet: conditions are tried on zeroes.
///
/// # Errors
/// What forbids it; or all that is wrong with the profile, as for [`crate::compile`].
pub fn check_hand_over(profile: &Profile, native: Arch) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    if !profile.needs_listener() {
        return Ok(());
    }
    for name in WITH_LISTENER {
        let explanation = explain(profile, native, native, Call::Name(name), [0; 6])?;
        if matches!(explanation.action, Action::Allow | Action::Log | Action::Notify) {
            continue;
        }
        let path = match explanation.reason {
            Reason::Rule(rule) => format!("syscalls[{rule}].action"),
            _ => "defaultAction".to_owned(),
        };
        let allowed = format!("what lets {name} through, by which the listener is handed over");
        problems.push(Problem::new(path, format!("{} for {name}", explanation.action), allowed));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
