//! Who a pid belongs to, by /proc/PID/stat (proc_pid_stat(5)).

use std::fs::File;
use std::io::{ErrorKind, Read};

use crate::error::{Error, Result};

/// What the kernel says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When it began, in clock ticks since boot.
    pub(crate) start_time: u64,
    /// Whether its main thread has ended.
    pub(crate) is_zombie: bool,
}

/// When the process of this pid began, in clock ticks since boot; `None` if there is none or it is a zombie.
pub(crate) fn start_time(pid: i32) -> Result<Option<u64>> {
    Ok(look(pid)?.filter(|seen| !seen.is_zombie).map(|seen| seen.start_time))
}

/// Looks at the process of this pid; `None` if there is none.
pub(crate) fn look(pid: i32) -> Result<Option<Seen>> {
    let path = format!("/proc/{pid}/stat");
    // The line begins with at most 22 numbers and a name of 64 bytes; what follows them is not needed.
    let mut line = [0; 1024];
    let count = match File::open(&path).and_then(|mut file| file.read(&mut line)) {
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // The process ended between open and read.
        Err(error) if sys::errno_of(&error) == sys::Errno::ESRCH => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let seen = parse(&line[..count]);
    seen.map(Some).ok_or_else(|| Error::Other(format!("{path} is not as proc_pid_stat(5) has it")))
}

/// State (field 3) and start time (field 22) of a line of /proc/PID/stat; `None` for no such line.
fn parse(line: &[u8]) -> Option<Seen> {
    // The name stands in parentheses and may itself have spaces and parentheses.
    let name_end = line.iter().rposition(|byte| *byte == b')')?;
    let mut fields = line[name_end + 1..].split(|byte| *byte == b' ').skip(1);
    let state = fields.next()?;
    let start_time = std::str::from_utf8(fields.nth(18)?).ok()?.parse().ok()?;
    Some(Seen { start_time, is_zombie: matches!(state, b"Z" | b"X" | b"x") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, state: &str) -> Vec<u8> {
        format!("7 ({name}) {state} 1 7 7 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 1 0 5544 1000 9 1844\n")
            .into_bytes()
    }

    fn check(line: &[u8], start_time: Option<u64>) {
        let alive = parse(line).filter(|seen| !seen.is_zombie);
        assert_eq!(alive.map(|seen| seen.start_time), start_time);
    }

    #[test]
    fn the_start_time_is_field_22() {
        check(&line("sh", "S"), Some(5544));
    }

    #[test]
    fn a_name_may_have_spaces() {
        check(&line("tmux: server", "S"), Some(5544));
    }

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        check(&line(") Z 1 (", "R"), Some(5544));
    }

    #[test]
    fn a_zombie_is_dead() {
        check(&line("sh", "Z"), None);
    }

    #[test]
    fn a_short_line_is_no_answer() {
        assert_eq!(parse(b"7 (sh) S 1 7"), None);
    }

    #[test]
    fn a_stopped_process_lives() {
        check(&line("sh", "T"), Some(5544));
    }

    #[test]
    fn this_process_lives() {
        assert!(start_time(std::process::id() as i32).is_ok_and(|time| time.is_some()));
    }

    #[test]
    fn a_pid_beyond_the_last_has_no_process() {
        assert!(start_time(i32::MAX).is_ok_and(|time| time.is_none()));
    }
}
