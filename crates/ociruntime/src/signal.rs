//! Signals by name or number, as `kill` takes them.

use std::str::FromStr;

/// A signal to send. A number is taken as it is: the kernel knows best which exist, and 0 only asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(pub(crate) i32);

impl Signal {
    /// Ends a process and cannot be caught.
    pub(crate) const KILL: Signal = Signal(9);
}

impl FromStr for Signal {
    type Err = String;

    /// `9`, `KILL`, `SIGKILL`, `sigkill`, `RTMIN+3`, `RTMAX-1`.
    fn from_str(text: &str) -> Result<Signal, String> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let number = decimal(text).or_else(|| named(name)).or_else(|| real_time(name));
        number.map(Signal).ok_or_else(|| format!("unknown signal {text:?}"))
    }
}

/// Plain digits: a sign would make `kill ID -9` look as if it had worked.
fn decimal(text: &str) -> Option<i32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn named(name: &str) -> Option<i32> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// Real-time signals have no names of their own; glibc keeps the first two to itself, so programs count from 34.
fn real_time(name: &str) -> Option<i32> {
    const FIRST: i32 = 34;
    const LAST: i32 = 64;
    let number = if let Some(offset) = name.strip_prefix("RTMIN") {
        FIRST + offset.strip_prefix('+').map_or_else(|| none_as_zero(offset), decimal)?
    } else {
        let offset = name.strip_prefix("RTMAX")?;
        LAST - offset.strip_prefix('-').map_or_else(|| none_as_zero(offset), decimal)?
    };
    (FIRST..=LAST).contains(&number).then_some(number)
}

fn none_as_zero(offset: &str) -> Option<i32> {
    offset.is_empty().then_some(0)
}

/// signal(7), the numbers that x86, ARM and most other architectures share.
const NAMES: &[(&str, i32)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("IOT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("POLL", 29),
    ("PWR", 30),
    ("SYS", 31),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, number: i32) {
        assert_eq!(text.parse(), Ok(Signal(number)), "{text}");
    }

    fn refuse(text: &str) {
        assert_eq!(text.parse::<Signal>(), Err(format!("unknown signal {text:?}")));
    }

    #[test]
    fn a_number_is_itself() {
        check("9", 9);
    }

    #[test]
    fn zero_only_asks() {
        check("0", 0);
    }

    #[test]
    fn a_name_needs_no_prefix() {
        check("KILL", 9);
    }

    #[test]
    fn a_name_may_have_the_prefix() {
        check("SIGTERM", 15);
    }

    #[test]
    fn case_does_not_matter() {
        check("sigHup", 1);
    }

    #[test]
    fn real_time_signals_count_up() {
        check("SIGRTMIN+3", 37);
    }

    #[test]
    fn real_time_signals_count_down() {
        check("RTMAX-1", 63);
    }

    #[test]
    fn the_first_real_time_signal_needs_no_offset() {
        check("RTMIN", 34);
    }

    #[test]
    fn a_real_time_signal_beyond_the_last_is_unknown() {
        refuse("RTMIN+31");
    }

    #[test]
    fn an_unknown_name_is_refused() {
        refuse("FOO");
    }

    #[test]
    fn a_negative_number_is_refused() {
        refuse("-9");
    }

    #[test]
    fn a_number_beyond_an_int_is_refused() {
        refuse("99999999999");
    }

    #[test]
    fn nothing_is_no_signal() {
        refuse("");
    }

    #[test]
    fn the_bare_prefix_is_no_signal() {
        refuse("SIG");
    }
}
