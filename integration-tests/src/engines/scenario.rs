//! A scenario: one sentence about what an engine can do with a runtime, and the play that shows it.

use crate::case::{Outcome, Verdict};
use serde_json::{Value, json};
use std::time::Instant;

/// One scenario of the engine `E`. Its play returns what was seen, in words that do not depend on the runtime: the
/// table compares them.
pub(crate) struct Scenario<E: 'static> {
    name: &'static str,
    play: fn(&E) -> Outcome<String>,
    /// Why the reference may come to something else: that depends on the host.
    differs: Option<&'static str>,
}

/// A scenario named by a sentence.
pub(crate) const fn scenario<E>(name: &'static str, play: fn(&E) -> Outcome<String>) -> Scenario<E> {
    Scenario { name, play, differs: None }
}

impl<E> Scenario<E> {
    /// Declares that the reference comes to something else on some hosts.
    pub(crate) const fn wavers(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// It held, and this was seen.
    Ok(String),
    Failed(String),
    Skipped(String),
}

/// The result of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) seen: Seen,
    /// Why the reference may come to something else.
    pub(crate) differs: Option<String>,
    pub(crate) seconds: f64,
}

impl Row {
    /// A row about a failure.
    pub(crate) fn failed(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.into(), seen: Seen::Failed(reason.into()), differs: None, seconds: 0.0 }
    }

    /// Plays something that began just now.
    pub(crate) fn play(name: &str, play: impl FnOnce() -> Outcome<String>) -> Self {
        let began = Instant::now();
        let seen = match play() {
            Ok(text) => Seen::Ok(text),
            Err(Verdict::Failed(reason)) => Seen::Failed(reason),
            Err(Verdict::Skipped(reason)) => Seen::Skipped(reason),
        };
        Self { name: name.into(), seen, differs: None, seconds: began.elapsed().as_secs_f64() }
    }

    /// The rows that a pass has written.
    pub(crate) fn parse(text: &str) -> Option<Vec<Self>> {
        let value: Value = serde_json::from_str(text).ok()?;
        value.as_array()?.iter().map(Self::of).collect()
    }

    fn of(value: &Value) -> Option<Self> {
        let text = value["text"].as_str()?.to_owned();
        let seen = match value["word"].as_str()? {
            "ok" => Seen::Ok(text),
            "skipped" => Seen::Skipped(text),
            _ => Seen::Failed(text),
        };
        let differs = value["differs"].as_str().map(str::to_owned);
        Some(Self {
            name: value["name"].as_str()?.into(),
            seen,
            differs,
            seconds: value["seconds"].as_f64()?,
        })
    }

    /// The row as `parse` reads it.
    pub(crate) fn json(&self) -> Value {
        let (word, text) = match &self.seen {
            Seen::Ok(text) => ("ok", text),
            Seen::Failed(text) => ("failed", text),
            Seen::Skipped(text) => ("skipped", text),
        };
        json!({
            "name": self.name,
            "word": word,
            "text": text,
            "differs": self.differs,
            "seconds": self.seconds,
        })
    }
}

/// Plays the scenarios whose name contains all words of `filter`.
pub(crate) fn play<E>(engine: &E, scenarios: &[Scenario<E>], filter: &[String]) -> Vec<Row> {
    let chosen =
        scenarios.iter().filter(|scenario| filter.iter().all(|word| scenario.name.contains(word.as_str())));
    chosen
        .map(|scenario| Row {
            differs: scenario.differs.map(str::to_owned),
            ..Row::play(scenario.name, || (scenario.play)(engine))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Row, Seen};
    use serde_json::Value;

    #[test]
    fn a_row_survives_being_written() {
        let row = Row { differs: Some("why".into()), ..Row::play("name", || Ok("text".into())) };
        let text = Value::from(vec![row.json()]).to_string();
        assert_eq!(Row::parse(&text), Some(vec![row]));
    }

    #[test]
    fn a_failure_keeps_its_reason() {
        assert_eq!(Row::failed("name", "reason").seen, Seen::Failed("reason".into()));
    }
}
