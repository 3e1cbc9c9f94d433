//! Command lines and what they mean.

use super::values::User;
use super::*;

mod amounts;
mod commands;
mod errors;
mod spelling;
mod values;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn parse(line: &str) -> Result<(Globals, Command), Stop> {
    let (globals, rest) = globals(&words(line))?;
    Ok((globals, command(&rest)?))
}

fn create(line: &str) -> Create {
    match parse(line) {
        Ok((_, Command::Create(create))) => create,
        other => panic!("{line}: {other:?}"),
    }
}

fn exec(line: &str) -> Exec {
    match parse(line) {
        Ok((_, Command::Exec(exec))) => exec,
        other => panic!("{line}: {other:?}"),
    }
}

fn signal_of(line: &str) -> i32 {
    match parse(line) {
        Ok((_, Command::Kill(kill))) => kill.signal.0,
        other => panic!("{line}: {other:?}"),
    }
}

fn complaint(line: &str) -> String {
    match parse(line) {
        Err(Stop::Usage { message, .. }) => message,
        other => panic!("{line}: {other:?}"),
    }
}

fn status(line: &str) -> u8 {
    match parse(line) {
        Err(Stop::Usage { status, .. }) => status,
        other => panic!("{line}: {other:?}"),
    }
}

fn helps(line: &str) -> bool {
    matches!(parse(line), Err(Stop::Help(_)))
}
