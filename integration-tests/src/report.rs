//! What the harness prints: a line per case, a table beside a reference, and the counts.

use crate::case::Case;
use crate::cases;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;

/// How a case went.
#[derive(Clone)]
pub(crate) enum Result {
    Passed,
    Failed(String),
    Skipped(String),
}

impl Result {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed(_) => "FAIL",
            Self::Skipped(_) => "skip",
        }
    }
}

/// The results for one runtime.
pub(crate) struct Report {
    engine: String,
    /// Whether a table will tell the results; the lines are left out then.
    quiet: bool,
    results: Mutex<BTreeMap<usize, Result>>,
}

impl Report {
    pub(crate) fn new(engine: &str, quiet: bool) -> Self {
        Self { engine: engine.to_owned(), quiet, results: Mutex::default() }
    }

    /// Notes, and tells, the result of a case. A failure that is known of this engine counts as skipped.
    pub(crate) fn add(&self, index: usize, result: Result) {
        let (topic, case) = named(index);
        let result = match (result, case.known(&self.engine)) {
            (Result::Failed(_), Some(known)) => {
                Result::Skipped(format!("known of {}: {}", self.engine, known.why))
            }
            (Result::Passed, Some(known)) if known.always => {
                Result::Failed(format!("passes, but is declared to fail: {}", known.why))
            }
            (result, _) => result,
        };
        let mut results = self.results.lock().expect("no printing thread has panicked");
        if !self.quiet {
            tell(topic, case, &result);
        }
        results.insert(index, result);
    }

    /// Prints the counts.
    pub(crate) fn finish(self) -> ExitCode {
        let results = self.results.into_inner().expect("no printing thread has panicked");
        let count = |word| results.values().filter(|result| result.word() == word).count();
        println!("{} passed, {} failed, {} skipped", count("ok"), count("FAIL"), count("skip"));
        if count("FAIL") == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Prints the table of both, the failures of this one with their reasons, and its counts.
    pub(crate) fn finish_beside(self, reference: &Self) -> ExitCode {
        let results = self.results.lock().expect("no printing thread has panicked").clone();
        let beside = reference.results.lock().expect("no printing thread has panicked").clone();
        println!("{:10} {:10} case", self.engine, reference.engine);
        for (index, result) in &results {
            let (topic, case) = named(*index);
            let other = beside.get(index).map_or("-", Result::word);
            println!("{:10} {other:10} {topic}: {}", result.word(), case.name);
        }
        for (index, result) in &results {
            let (topic, case) = named(*index);
            if !matches!(result, Result::Passed) {
                tell(topic, case, result);
            }
        }
        for (index, result) in &beside {
            let (topic, case) = named(*index);
            if !matches!(result, Result::Passed) {
                print!("{}: ", reference.engine);
                tell(topic, case, result);
            }
        }
        self.finish()
    }
}

fn named(index: usize) -> (&'static str, &'static Case) {
    cases::all().nth(index).expect("the results are of listed cases")
}

fn tell(topic: &str, case: &Case, result: &Result) {
    let name = format!("{topic}: {}", case.name);
    match result {
        Result::Passed => println!("ok {name}"),
        Result::Failed(reason) => println!("FAIL {name}: {} [{}]", one_line(reason), case.section),
        Result::Skipped(reason) => println!("skip {name}: {}", one_line(reason)),
    }
}

fn one_line(text: &str) -> String {
    let text: String = text.trim().lines().map(str::trim).collect::<Vec<_>>().join(" | ");
    text.chars().take(1000).collect()
}

/// Names the cases.
pub(crate) fn list(filter: &[String]) -> ExitCode {
    for index in cases::chosen(filter) {
        let (topic, case) = named(index);
        println!("{topic}: {} [{}]", case.name, case.section);
    }
    ExitCode::SUCCESS
}
