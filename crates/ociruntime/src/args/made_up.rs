//! Command lines by the thousand, made up of words that mean something and of none: parsing never panics, and what it
//! refuses it refuses in one line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use fuzzed::Dice;

use super::{Stop, VERBS, command, globals};

/// What may follow a flag, or stand alone.
const WORDS: &[&[u8]] = &[
    b"",
    b"-",
    b"--",
    b"---",
    b"=",
    b"-=",
    b"--=x",
    b"web",
    b"/",
    b"..",
    b"9",
    b"-9",
    b"-1",
    b"KILL",
    b"SIGRTMIN+99",
    b"RTMAX-",
    b"RTMIN+99999999999",
    b"1000:1000",
    b"1:2:3",
    b":",
    b"4294967295",
    b"99999999999999999999",
    b"0x10",
    b"+1",
    b" 1",
    b"true",
    b"json",
    b"table",
    b"\xff\xfe",
    b"a\nb",
    "\u{e9}=\u{1b}[31m".as_bytes(),
    b"help",
    b"-h",
];

/// One word: a flag of the command in one of its spellings, with a value or without, or something else.
fn word(dice: &mut Dice, flags: &[String]) -> OsString {
    let other = WORDS[dice.roll(WORDS.len())];
    let mut word = match dice.roll(3) {
        0 => return OsString::from_vec(other.to_vec()),
        dashes => "-".repeat(dashes).into_bytes(),
    };
    word.extend_from_slice(flags[dice.roll(flags.len())].as_bytes());
    if dice.roll(2) == 0 {
        word.push(b'=');
        word.extend_from_slice(other);
    }
    OsString::from_vec(word)
}

fn names(flags: &clap::Command) -> Vec<String> {
    let long = flags.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned));
    let short = flags.get_arguments().filter_map(|arg| arg.get_short().map(String::from));
    long.chain(short).chain(["nonsense".to_owned()]).collect()
}

#[track_caller]
fn examine<T>(result: Result<T, Stop>, args: &[OsString]) {
    if let Err(Stop::Usage { message, .. }) = result {
        assert!(!message.is_empty() && !message.contains(['\n', '\x1b']), "{message:?} of {args:?}");
    }
}

#[test]
fn a_made_up_command_line_is_read_or_refused_in_one_line() {
    let mut dice = Dice(0xA165);
    for verb in VERBS {
        let flags = names(&(verb.flags)());
        for _ in 0..1500 {
            let mut args = vec![OsString::from(verb.name)];
            args.extend((0..dice.roll(6)).map(|_| word(&mut dice, &flags)));
            examine(command(&args), &args);
        }
    }
}

#[test]
fn made_up_global_flags_are_read_or_refused_in_one_line() {
    let mut dice = Dice(0x91_0BA1);
    let flags = names(&<super::Globals as clap::CommandFactory>::command());
    for _ in 0..5000 {
        let args: Vec<OsString> = (0..dice.roll(6)).map(|_| word(&mut dice, &flags)).collect();
        examine(globals(&args), &args);
    }
}
