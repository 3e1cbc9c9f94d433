//! Sorts arguments the way Go's `flag` package reads them, which is how engines write them.
//!
//! `-bundle b`, `--bundle=b` and `-b b` are the same flag; a boolean takes a value only after `=`; a flag may be
//! repeated and the last one counts; an empty value is as good as none. Which flags there are, and which take a
//! value, comes from clap's own description of the command. What leaves here is one form that clap cannot misread.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, ArgAction};

use super::Stop;

/// Where flags are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flags {
    /// Up to the first argument that is none: the rest belongs to somebody else.
    BeforePositionals,
    /// Everywhere; after the first positional, what is no known flag is one more positional (`kill web -9`).
    Anywhere,
}

/// The arguments of one command, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// `-h` or `--help` was among the flags.
    pub(super) help: bool,
    /// `--name` or `--name=value`, each single-valued flag once.
    pub(super) flags: Vec<OsString>,
    /// The rest, in order.
    pub(super) positionals: Vec<OsString>,
}

impl Sorted {
    /// The form for clap.
    pub(super) fn argv(self) -> Vec<OsString> {
        let separator = std::iter::once(OsString::from("--"));
        self.flags.into_iter().chain(separator).chain(self.positionals).collect()
    }
}

/// Sorts `args` by the flags that `command` defines.
pub(super) fn sort(command: &clap::Command, args: &[OsString], places: Flags) -> Result<Sorted, Stop> {
    let mut seen: Vec<(&Arg, OsString)> = Vec::new();
    let mut sorted = Sorted::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            sorted.positionals.extend(rest.cloned());
            break;
        }
        let known = match split(arg)? {
            None => None,
            Some((name, _)) if is_help(name) => {
                sorted.help = true;
                continue;
            }
            Some((name, value)) => find(command, name).map(|flag| (flag, value)),
        };
        match known {
            Some((flag, value)) => seen.extend(valued(flag, arg, value, || rest.next())?),
            None if is_dashed(arg) && sorted.positionals.is_empty() => return Err(undefined(arg)),
            None => {
                sorted.positionals.push(arg.clone());
                if places == Flags::BeforePositionals {
                    sorted.positionals.extend(rest.cloned());
                    break;
                }
            }
        }
    }
    sorted.flags = last_of_each(&seen);
    Ok(sorted)
}

/// Splits `-name`, `--name`, `-name=value`; `None` for a positional (`-` is one).
fn split(arg: &OsStr) -> Result<Option<(&OsStr, Option<&OsStr>)>, Stop> {
    if !is_dashed(arg) {
        return Ok(None);
    }
    let bytes = arg.as_bytes();
    let body = bytes.strip_prefix(b"--").unwrap_or(&bytes[1..]);
    if body.starts_with(b"-") || body.starts_with(b"=") {
        return Err(Stop::usage(format!("bad flag syntax: {}", shown(arg))));
    }
    let equals = body.iter().position(|byte| *byte == b'=');
    let name = &body[..equals.unwrap_or(body.len())];
    let value = equals.map(|at| OsStr::from_bytes(&body[at + 1..]));
    Ok(Some((OsStr::from_bytes(name), value)))
}

fn is_dashed(arg: &OsStr) -> bool {
    arg.len() > 1 && arg.as_bytes()[0] == b'-'
}

fn is_help(name: &OsStr) -> bool {
    name == "help" || name == "h"
}

fn find<'a>(command: &'a clap::Command, name: &OsStr) -> Option<&'a Arg> {
    let name = name.to_str()?;
    command.get_arguments().filter(|arg| !arg.is_positional()).find(|flag| {
        let is_short = flag.get_short().is_some_and(|short| short.encode_utf8(&mut [0; 4]) == name);
        is_short || flag.get_long() == Some(name)
    })
}

/// The flag with its value; `None` for a boolean set to false, which must still undo an earlier true.
fn valued<'a, 'b>(
    flag: &'a Arg,
    arg: &OsStr,
    value: Option<&OsStr>,
    next: impl FnOnce() -> Option<&'b OsString>,
) -> Result<Option<(&'a Arg, OsString)>, Stop> {
    if matches!(flag.get_action(), ArgAction::SetTrue) {
        let on = value.map_or(Ok(true), |value| boolean(arg, value))?;
        return Ok(Some((flag, OsString::from(if on { "true" } else { "" }))));
    }
    match value.or_else(|| next().map(OsString::as_os_str)) {
        Some(value) => Ok(Some((flag, value.to_owned()))),
        None => Err(Stop::usage(format!("flag needs an argument: {}", shown(arg)))),
    }
}

/// Go's strconv.ParseBool.
fn boolean(arg: &OsStr, value: &OsStr) -> Result<bool, Stop> {
    match value.to_str() {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        _ => Err(Stop::usage(format!("invalid boolean value: {}", shown(arg)))),
    }
}

fn undefined(arg: &OsStr) -> Stop {
    let text = shown(arg);
    let name = text.trim_start_matches('-').split('=').next().unwrap_or_default();
    Stop::usage(format!("flag provided but not defined: -{name}"))
}

/// Writes each flag in clap's form: a list whole, of the others the last, and nothing for an empty value.
fn last_of_each(seen: &[(&Arg, OsString)]) -> Vec<OsString> {
    let mut flags = Vec::with_capacity(seen.len());
    for (index, (flag, value)) in seen.iter().enumerate() {
        let is_list = matches!(flag.get_action(), ArgAction::Append);
        let is_last = seen[index + 1..].iter().all(|(later, _)| later.get_id() != flag.get_id());
        if is_list || (is_last && !value.is_empty()) {
            flags.push(written(flag, value));
        }
    }
    flags
}

fn written(flag: &Arg, value: &OsStr) -> OsString {
    let mut text = format!("--{}", flag.get_long().unwrap_or_default()).into_bytes();
    if !matches!(flag.get_action(), ArgAction::SetTrue) {
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
    OsString::from_vec(text)
}

/// An argument as it may be shown on a terminal.
fn shown(arg: &OsStr) -> String {
    arg.to_string_lossy().escape_debug().to_string()
}
