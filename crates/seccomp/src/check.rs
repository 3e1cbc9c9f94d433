//! What is wrong with a profile, all of it at once.

use std::fmt;

use crate::{Action, Profile, Rule};

/// A fault in a profile and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place within the `seccomp` object, such as `syscalls[3].args[0].index`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Problem {}

/// The calls by which a process with the filter in place hands the listener over. To be judged by the
/// listener, they would wait for ever: it is not there yet. Others may be notified, as their answer comes
/// once the listener is.
pub const HAND_OVER: [&str; 2] = ["sendmsg", "write"];

/// How many conditions a profile may have. The filters of engines have some ten; and one that told as many
/// apart would have hardly any place in the 4096 instructions that the kernel takes. The bound keeps the
/// compiler from recursing without end.
const MOST_CONDITIONS: usize = 2048;

pub(crate) fn check(profile: &Profile) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    if profile.default_action == Action::Notify {
        let message = "SCMP_ACT_NOTIFY cannot be the default: the listener could not be handed over";
        problems.push(Problem::new("defaultAction", message));
    }
    for (index, rule) in profile.rules.iter().enumerate() {
        check_rule(&format_args!("syscalls[{index}]"), rule, &mut problems);
    }
    let conditions: usize = profile.rules.iter().map(|rule| rule.conditions.len()).sum();
    if conditions > MOST_CONDITIONS {
        let message = format!("{conditions} conditions on arguments; the limit is {MOST_CONDITIONS}");
        problems.push(Problem::new("syscalls", message));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn check_rule(path: &fmt::Arguments<'_>, rule: &Rule, problems: &mut Vec<Problem>) {
    if rule.names.is_empty() {
        problems.push(Problem::new(format!("{path}.names"), "no system call is named"));
    }
    for (index, name) in rule.names.iter().enumerate() {
        if name.is_empty() {
            problems.push(Problem::new(format!("{path}.names[{index}]"), "the name is empty"));
        }
        if rule.action == Action::Notify && HAND_OVER.contains(&name.as_str()) {
            let message =
                format!("SCMP_ACT_NOTIFY cannot be used for {name}, by which the listener is handed over");
            problems.push(Problem::new(format!("{path}.names[{index}]"), message));
        }
    }
    for (index, condition) in rule.conditions.iter().enumerate() {
        if condition.index > 5 {
            let message = format!("a system call has arguments 0 to 5, not {}", condition.index);
            problems.push(Problem::new(format!("{path}.args[{index}].index"), message));
        }
    }
}
