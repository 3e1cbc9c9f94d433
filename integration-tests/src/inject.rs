//! Interferes with a call of the runtime at one of its system calls, by strace(1): kills it there, or has the system call
//! fail.

use crate::case::{Outcome, skip};
use crate::console::arg;
use crate::runtime::Output;
use crate::test::Test;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const STRACE: &str = "/usr/bin/strace";

/// Whether every point is tried, and not a spread of them.
static EVERY: AtomicBool = AtomicBool::new(false);

/// From now on every point is tried.
pub(crate) fn try_every_point() {
    EVERY.store(true, Ordering::Relaxed);
}

/// Whether every point is tried.
pub(crate) fn tries_every_point() -> bool {
    EVERY.load(Ordering::Relaxed)
}

/// Whose system calls are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of the process that was called.
    Own,
    /// Those of the processes that it makes, too, each counted for itself. Such a call lasts as long as they do.
    All,
}

/// A system call, by its name and how often there was one of this name before, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) call: String,
    nth: u32,
    /// Whether one process alone makes as many calls of this name: of several, each is hit.
    pub(crate) is_one: bool,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} number {}", self.call, self.nth)
    }
}

/// What happens at a point.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// The process is killed before it does the call.
    Kill,
    /// The call is not done, and fails with this errno.
    Errno(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Fault::Kill => "SIGKILL",
            Fault::Errno(name) => name,
        })
    }
}

/// The system calls that a call of the runtime makes when it is left alone, in their order, and what came of it.
pub(crate) fn observe(t: &Test, whose: Whose, words: &[&str]) -> Outcome<(Vec<Point>, Output)> {
    if !Path::new(STRACE).exists() {
        return skip("there is no strace");
    }
    let log = t.path("strace.log");
    let output = strace(t, whose, &["-o", arg(&log)], words)?;
    if output.stderr.contains("ptrace") {
        return skip(format!("strace cannot trace here: {}", output.stderr.trim()));
    }
    Ok((points(&t.read(&log)?), output))
}

/// Calls the runtime with a fault at a point.
pub(crate) fn inject(t: &Test, whose: Whose, point: &Point, fault: Fault, words: &[&str]) -> Outcome<Output> {
    let what = match fault {
        Fault::Kill => "signal=KILL".to_owned(),
        Fault::Errno(name) => format!("error={name}"),
    };
    let trace = format!("trace={}", point.call);
    let inject = format!("inject={}:{what}:when={}", point.call, point.nth);
    strace(t, whose, &["-o", "/dev/null", "-e", &trace, "-e", &inject], words)
}

fn strace(t: &Test, whose: Whose, flags: &[&str], words: &[&str]) -> Outcome<Output> {
    let follow: &[&str] = if whose == Whose::All { &["-f"] } else { &[] };
    t.through(&[&[STRACE, "-qq"], follow, flags].concat(), words)?.output()
}

/// As many of the points as a run has time for, over the whole length.
pub(crate) fn spread(points: Vec<Point>, most: usize) -> Vec<Point> {
    if tries_every_point() || points.len() <= most {
        return points;
    }
    (0..most).map(|index| points[index * points.len() / most].clone()).collect()
}

/// The points in the text of a log. Of several processes that make a call for the nth time, the first counts.
fn points(log: &str) -> Vec<Point> {
    let mut counts: HashMap<(&str, &str), u32> = HashMap::new();
    let mut found: Vec<Point> = Vec::new();
    let mut places: HashMap<(&str, u32), usize> = HashMap::new();
    for (process, call) in log.lines().filter_map(call_of) {
        let nth = counts.entry((process, call)).or_default();
        *nth += 1;
        match places.get(&(call, *nth)) {
            Some(&place) => found[place].is_one = false,
            None => {
                places.insert((call, *nth), found.len());
                found.push(Point { call: call.to_owned(), nth: *nth, is_one: true });
            }
        }
    }
    found
}

/// Process and call of a line: `openat(…`, with -f `17 openat(…`; nothing of one that ends a call.
fn call_of(line: &str) -> Option<(&str, &str)> {
    let (process, rest) = match line.split_once(' ') {
        Some((pid, rest)) if pid.bytes().all(|byte| byte.is_ascii_digit()) => (pid, rest.trim_start()),
        _ => ("", line),
    };
    let call = rest.split_once('(')?.0;
    let is_name = call.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (is_name && !call.is_empty()).then_some((process, call))
}

#[cfg(test)]
mod tests {
    use super::{Point, points};

    #[track_caller]
    fn check(log: &str, expected: &[(&str, u32, bool)]) {
        let point = |(call, nth, is_one): &(&str, u32, bool)| Point {
            call: (*call).into(),
            nth: *nth,
            is_one: *is_one,
        };
        assert_eq!(points(log), expected.iter().map(point).collect::<Vec<_>>());
    }

    #[test]
    fn calls_of_one_name_are_counted() {
        check(
            "close(3) = 0\nread(4, \"\", 9) = 0\nclose(4) = 0\n",
            &[("close", 1, true), ("read", 1, true), ("close", 2, true)],
        );
    }

    #[test]
    fn each_process_counts_for_itself() {
        check(
            "7  close(3) = 0\n8  close(3) = 0\n8  close(4) = 0\n",
            &[("close", 1, false), ("close", 2, true)],
        );
    }

    #[test]
    fn the_end_of_a_call_is_none() {
        check(
            "7  read(4 <unfinished ...>\n7  <... read resumed>, 9) = 0\n+++ exited with 0 +++\n",
            &[("read", 1, true)],
        );
    }
}
