//! What is printed: a line per scenario with both runtimes, the reasons of what failed, and the counts.

use crate::engines::scenario::{Row, Seen};
use std::process::ExitCode;

/// The results so far.
pub(crate) struct Table {
    beside: bool,
    passed: usize,
    failed: usize,
    skipped: usize,
    notes: Vec<String>,
}

impl Table {
    /// An empty table, with or without a column for a reference.
    pub(crate) fn new(beside: bool) -> Self {
        Self { beside, passed: 0, failed: 0, skipped: 0, notes: Vec::new() }
    }

    /// Adds and prints the rows of an engine.
    pub(crate) fn add(&mut self, engine: &str, ours: Vec<Row>, beside: Option<Vec<Row>>) {
        let seconds: f64 = ours.iter().map(|row| row.seconds).sum();
        println!("{engine} ({seconds:.0} s)");
        for row in &ours {
            let other = beside.as_ref().and_then(|rows| rows.iter().find(|other| other.name == row.name));
            self.line(engine, row, other);
        }
        // A reference whose run died has one row, which no row of ours stands beside.
        for other in beside.iter().flatten().filter(|other| !ours.iter().any(|row| row.name == other.name)) {
            self.count(Seen::Failed(format!("reference: {}", words(&other.seen))), engine, &other.name);
        }
    }

    fn line(&mut self, engine: &str, row: &Row, other: Option<&Row>) {
        let seen = if self.beside { judge(row, other) } else { row.seen.clone() };
        let reference = other.map_or("", |other| word(&other.seen));
        println!("  {:8}{reference:8}{}", word(&seen), row.name);
        let same = other.is_some_and(|other| other.seen == row.seen);
        if let (Some(why), Seen::Ok(_), false) = (&row.differs, &seen, same) {
            println!("  {:16}  the reference differs: {why}", "");
        }
        self.count(seen, engine, &row.name);
    }

    fn count(&mut self, seen: Seen, engine: &str, name: &str) {
        match seen {
            Seen::Ok(_) => self.passed += 1,
            Seen::Failed(reason) => {
                self.failed += 1;
                self.notes.push(format!("FAIL {engine}: {name}: {}", reason.trim()));
            }
            Seen::Skipped(reason) => {
                self.skipped += 1;
                self.notes.push(format!("skip {engine}: {name}: {}", reason.trim()));
            }
        }
    }

    /// Prints the reasons and the counts.
    pub(crate) fn finish(self) -> ExitCode {
        for note in &self.notes {
            println!("{note}");
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// What our row comes to beside the reference's: the same, or a difference that is declared.
fn judge(ours: &Row, other: Option<&Row>) -> Seen {
    let Seen::Ok(text) = &ours.seen else { return ours.seen.clone() };
    let Some(other) = other else { return Seen::Failed("the reference did not get that far".into()) };
    if other.seen == ours.seen || ours.differs.is_some() {
        return Seen::Ok(text.clone());
    }
    Seen::Failed(format!("{text:?}; the reference: {}", words(&other.seen)))
}

fn word(seen: &Seen) -> &'static str {
    match seen {
        Seen::Ok(_) => "ok",
        Seen::Failed(_) => "FAIL",
        Seen::Skipped(_) => "skip",
    }
}

fn words(seen: &Seen) -> String {
    match seen {
        Seen::Ok(text) => format!("{text:?}"),
        Seen::Failed(reason) | Seen::Skipped(reason) => format!("{}: {}", word(seen), reason.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::engines::scenario::{Row, Seen};

    fn row(text: &str, differs: Option<&str>) -> Row {
        Row { differs: differs.map(str::to_owned), ..Row::play("name", || Ok(text.to_owned())) }
    }

    #[track_caller]
    fn check(ours: Row, other: Row, expected: bool) {
        assert_eq!(matches!(judge(&ours, Some(&other)), Seen::Ok(_)), expected);
    }

    #[test]
    fn the_same_is_right() {
        check(row("a", None), row("a", None), true);
    }

    #[test]
    fn something_else_is_wrong() {
        check(row("a", None), row("b", None), false);
    }

    #[test]
    fn a_declared_difference_is_right() {
        check(row("a", Some("why")), row("b", None), true);
    }

    #[test]
    fn a_failure_is_wrong_whatever_the_reference_does() {
        check(Row::failed("name", "reason"), Row::failed("name", "reason"), false);
    }
}
