//! What CRIU says (`criu_resp` of rpc.proto).

use std::os::fd::OwnedFd;

use crate::wire::fields;
use crate::{Error, Result};

/// A stage that CRIU has come to; it waits until it is told to go on.
#[derive(Debug)]
pub struct Notice {
    /// The stage: `setup-namespaces`, `post-restore`...
    pub stage: String,
    /// The first of the processes, where the stage is about it.
    pub pid: Option<i32>,
    /// What comes along: with `orphan-pts-master` the master of a terminal.
    pub descriptor: Option<OwnedFd>,
}

/// An answer, as far as anybody asks. What it answers is not: one thing is asked at a time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    /// Of a restore: the first process.
    pub(crate) pid: Option<i32>,
    /// Of a notice: stage and process.
    pub(crate) notice: Option<(String, Option<i32>)>,
    pub(crate) errno: i32,
    /// Whether changes of memory can be tracked, and memory be served lazily.
    pub(crate) abilities: (bool, bool),
    /// Major and minor number.
    pub(crate) version: (i64, i64),
}

impl Answer {
    /// Reads an answer; fields that are not known here are passed over.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Answer> {
        let mut answer = Answer::default();
        for (field, value) in fields(bytes)? {
            match field {
                2 => answer.success = value.number() != 0,
                4 => answer.pid = pid(value.bytes(), 1)?,
                5 => {
                    let stage =
                        fields(value.bytes())?.iter().find(|(field, _)| *field == 1).map(|(_, v)| v.text());
                    answer.notice = Some((stage.ok_or(Error::Garbled)?, pid(value.bytes(), 2)?));
                }
                7 => answer.errno = value.number() as i32,
                8 => {
                    let can = |wanted| number(value.bytes(), wanted).map(|found| found == Some(1));
                    answer.abilities = (can(1)?, can(2)?);
                }
                10 => {
                    let part = |wanted| number(value.bytes(), wanted).map(Option::unwrap_or_default);
                    answer.version = (part(1)?, part(2)?);
                }
                _ => {}
            }
        }
        Ok(answer)
    }
}

fn pid(message: &[u8], field: u32) -> Result<Option<i32>> {
    Ok(number(message, field)?.and_then(|number| i32::try_from(number).ok()).filter(|pid| *pid > 0))
}

fn number(message: &[u8], wanted: u32) -> Result<Option<i64>> {
    Ok(fields(message)?.into_iter().find(|(field, _)| *field == wanted).map(|(_, value)| value.number()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Writer;

    #[track_caller]
    fn check(message: Writer, expected: Answer) {
        assert_eq!(Answer::parse(&message.into_bytes()).unwrap(), expected);
    }

    fn answer(kind: i64) -> Writer {
        Writer::default().number(1, kind).number(2, 1)
    }

    #[test]
    fn a_restore_answers_with_a_pid() {
        let message = answer(2).message(4, Writer::default().number(1, 77));
        check(message, Answer { success: true, pid: Some(77), ..Answer::default() });
    }

    #[test]
    fn a_notice_names_its_stage() {
        let message = answer(6).message(5, Writer::default().bytes(1, "post-restore").number(2, 9));
        let notice = Some(("post-restore".into(), Some(9)));
        check(message, Answer { success: true, notice, ..Answer::default() });
    }

    #[test]
    fn a_failure_has_an_errno() {
        let message = Writer::default().number(1, 1).number(2, 0).number(7, 3).bytes(9, "Gone");
        check(message, Answer { errno: 3, ..Answer::default() });
    }

    #[test]
    fn a_version_is_two_numbers() {
        let message = answer(10).message(10, Writer::default().number(1, 3).number(2, 17).bytes(3, "git"));
        check(message, Answer { success: true, version: (3, 17), ..Answer::default() });
    }

    #[test]
    fn an_ability_that_is_not_named_is_absent() {
        let message = answer(9).message(8, Writer::default().number(1, 1));
        check(message, Answer { success: true, abilities: (true, false), ..Answer::default() });
    }

    #[test]
    fn a_notice_without_a_stage_is_none() {
        assert!(Answer::parse(&answer(6).message(5, Writer::default()).into_bytes()).is_err());
    }
}
