//! Where warnings and the one error go: standard error for people, `--log` for engines.
//!
//! Engines read the log file of a failed command as exactly one JSON object, so in JSON only errors are written
//! unless `--debug` asks for more. With a log file, an error goes to standard error too, as runc does it.
//! Nothing that a config may hold as a secret (arguments, environment, annotations) is ever given to the log.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::args::{Globals, LogFormat};
use crate::error::{Error, Result};
use crate::time;

/// Sends what `tracing` is told to where the global flags say, from here on.
pub(crate) fn start(globals: &Globals) -> Result<()> {
    let file = globals.log.as_deref().map(open).transpose()?;
    let level = level(globals.debug, globals.log_format);
    let log = Log { file, format: globals.log_format, level };
    tracing::subscriber::set_global_default(log).map_err(Error::other)
}

/// Prints an error that keeps the log from being opened.
pub(crate) fn complain(message: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = io::stderr().write_all(plain(Level::ERROR, message).as_bytes());
}

fn level(debug: bool, format: LogFormat) -> LevelFilter {
    match (debug, format) {
        (true, _) => LevelFilter::DEBUG,
        (false, LogFormat::Json) => LevelFilter::ERROR,
        (false, LogFormat::Text) => LevelFilter::WARN,
    }
}

/// Opens the log file to append to it.
///
/// A log that is a symbolic link is refused: where somebody else can write to its directory, following would append
/// to a file of their choice. Links in /dev and /proc are the host's own (`/dev/stderr` is one) and are followed.
fn open(path: &Path) -> Result<File> {
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return File::options().append(true).open(path).map_err(Error::io("open log", path));
    }
    sys::file::open_append(path, 0o644).map_err(Error::file("open log", path))
}

/// The receiver of all events. It has no spans.
struct Log {
    file: Option<File>,
    format: LogFormat,
    level: LevelFilter,
}

impl Log {
    /// Writes one line with one write, so that lines of several runtimes do not mix.
    /// A log that cannot be written to leaves nobody to tell.
    fn write(&self, level: Level, message: &str) {
        let is_text_for_people = self.file.is_none() && self.format == LogFormat::Text;
        let line = if is_text_for_people { plain(level, message) } else { self.line(level, message) };
        let _ = match &self.file {
            Some(file) => (&*file).write_all(line.as_bytes()),
            None => io::stderr().write_all(line.as_bytes()),
        };
        if self.file.is_some() && level == Level::ERROR {
            let _ = io::stderr().write_all(plain(level, message).as_bytes());
        }
    }

    fn line(&self, level: Level, message: &str) -> String {
        match self.format {
            LogFormat::Text => text(level, message, &time::now_in_seconds()),
            LogFormat::Json => json(level, message, &time::now_in_seconds()),
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.write(*event.metadata().level(), &message.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The text of an event: its message, then its fields as `name=value`.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

/// `ociruntime: create web: …`, for people.
fn plain(level: Level, message: &str) -> String {
    match level {
        Level::ERROR => format!("ociruntime: {message}\n"),
        level => format!("ociruntime: {}: {message}\n", name(level)),
    }
}

/// A line as logrus writes it to a file.
fn text(level: Level, message: &str, time: &str) -> String {
    format!("time={time:?} level={} msg={message:?}\n", name(level))
}

/// A line as go-runc, conmon and podman read it.
fn json(level: Level, message: &str, time: &str) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'a str,
        msg: &'a str,
        time: &'a str,
    }
    // A struct of three strings always has a JSON form.
    serde_json::to_string(&Line { level: name(level), msg: message, time }).unwrap_or_default() + "\n"
}

/// The level in logrus' words.
fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        _ => "debug",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-09-01T12:00:00Z";

    #[test]
    fn a_json_line_has_three_keys_in_the_order_of_logrus() {
        assert_eq!(
            json(Level::ERROR, "create web: no", TIME),
            "{\"level\":\"error\",\"msg\":\"create web: no\",\"time\":\"2026-09-01T12:00:00Z\"}\n"
        );
    }

    #[test]
    fn a_newline_in_a_message_stays_in_its_json_line() {
        assert_eq!(json(Level::ERROR, "a\nb", TIME).lines().count(), 1);
    }

    #[test]
    fn a_text_line_is_that_of_logrus() {
        assert_eq!(
            text(Level::WARN, "say \"hi\"", TIME),
            "time=\"2026-09-01T12:00:00Z\" level=warning msg=\"say \\\"hi\\\"\"\n"
        );
    }

    #[test]
    fn an_error_for_people_begins_with_the_program() {
        assert_eq!(plain(Level::ERROR, "create web: no"), "ociruntime: create web: no\n");
    }

    #[test]
    fn a_warning_for_people_says_that_it_is_one() {
        assert_eq!(plain(Level::WARN, "hm"), "ociruntime: warning: hm\n");
    }

    #[test]
    fn json_keeps_warnings_to_itself() {
        assert_eq!(level(false, LogFormat::Json), LevelFilter::ERROR);
    }

    #[test]
    fn text_shows_warnings() {
        assert_eq!(level(false, LogFormat::Text), LevelFilter::WARN);
    }

    #[test]
    fn debug_shows_more_in_json_too() {
        assert_eq!(level(true, LogFormat::Json), LevelFilter::DEBUG);
    }
}
