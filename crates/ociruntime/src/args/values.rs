//! The words that flags take. Each refusal is a whole sentence, since it is all that the user gets to see.

use std::num::IntErrorKind;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for engines.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<LogFormat, String> {
        match word {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("invalid log-format: {}", word.escape_debug())),
        }
    }
}

/// `--log`: a file, which crun's command lines may call `file:FILE`.
pub(crate) fn log(text: &str) -> Result<PathBuf, String> {
    match text.split_once(':') {
        Some((backend @ ("journald" | "syslog"), _)) => {
            Err(format!("invalid log {text:?}: there is no {backend} here, want FILE or file:FILE"))
        }
        Some(("file", path)) => Ok(path.into()),
        _ => Ok(text.into()),
    }
}

/// `--cgroup-manager`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CgroupManager {
    /// This runtime, by the cgroup file system.
    Cgroupfs,
    /// systemd.
    Systemd,
}

impl FromStr for CgroupManager {
    type Err = String;

    fn from_str(word: &str) -> Result<CgroupManager, String> {
        match word {
            "cgroupfs" => Ok(CgroupManager::Cgroupfs),
            "systemd" => Ok(CgroupManager::Systemd),
            _ => Err(format!("invalid cgroup-manager {word:?}: want cgroupfs or systemd")),
        }
    }
}

/// `--rootless`: whether denied access to cgroups is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rootless {
    /// Decide by what we are.
    Auto,
    /// Ignore.
    True,
    /// Refuse.
    False,
}

impl FromStr for Rootless {
    type Err = String;

    fn from_str(word: &str) -> Result<Rootless, String> {
        match word {
            "auto" => Ok(Rootless::Auto),
            "true" | "1" | "t" | "T" | "TRUE" | "True" => Ok(Rootless::True),
            "false" | "0" | "f" | "F" | "FALSE" | "False" => Ok(Rootless::False),
            _ => Err(format!("invalid value {word:?} for flag --rootless: want true, false or auto")),
        }
    }
}

/// `--format` of `list` and `ps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableFormat {
    /// Columns for people.
    Table,
    /// JSON.
    Json,
}

impl FromStr for TableFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<TableFormat, String> {
        match word {
            "table" => Ok(TableFormat::Table),
            "json" => Ok(TableFormat::Json),
            _ => Err(format!("invalid format option {word:?}: want table or json")),
        }
    }
}

/// `--format` of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExplainFormat {
    /// Lines for people.
    Text,
    /// JSON.
    Json,
}

impl FromStr for ExplainFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<ExplainFormat, String> {
        match word {
            "text" => Ok(ExplainFormat::Text),
            "json" => Ok(ExplainFormat::Json),
            _ => Err(format!("invalid format option {word:?}: want text or json")),
        }
    }
}

/// `--manage-cgroups-mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CgroupsMode(pub(crate) criu::CgroupMode);

impl FromStr for CgroupsMode {
    type Err = String;

    fn from_str(word: &str) -> Result<CgroupsMode, String> {
        match word {
            "soft" => Ok(CgroupsMode(criu::CgroupMode::Soft)),
            "full" => Ok(CgroupsMode(criu::CgroupMode::Full)),
            "strict" => Ok(CgroupsMode(criu::CgroupMode::Strict)),
            "ignore" => Ok(CgroupsMode(criu::CgroupMode::Ignore)),
            _ => Err(format!("Invalid manage-cgroups-mode value: {}", word.escape_debug())),
        }
    }
}

/// `checkpoint --page-server ADDRESS:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageServer {
    /// Where it listens.
    pub(crate) address: String,
    /// And on which port.
    pub(crate) port: u16,
}

impl FromStr for PageServer {
    type Err = String;

    fn from_str(text: &str) -> Result<PageServer, String> {
        let server = text.rsplit_once(':').and_then(|(address, port)| {
            let address = address.trim_start_matches('[').trim_end_matches(']');
            let port = port.parse().ok().filter(|port| *port != 0)?;
            (!address.is_empty()).then(|| PageServer { address: address.into(), port })
        });
        server.ok_or_else(|| format!("Use --page-server ADDRESS:PORT to specify page server, not {text:?}"))
    }
}

/// `checkpoint --parent-path`: CRIU makes a link of it in the directory of the images.
pub(super) fn parent_path(text: &str) -> Result<PathBuf, String> {
    match Path::new(text) {
        path if path.is_absolute() => Err("--parent-path must be relative".into()),
        path => Ok(path.into()),
    }
}

/// `--empty-ns`: no other can be left out.
pub(super) fn empty_namespace(text: &str) -> Result<String, String> {
    match text {
        "network" => Ok(text.into()),
        _ => Err(format!("namespace {text:?} is not supported")),
    }
}

/// An argument of a system call: decimal, or hexadecimal after `0x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argument(pub(crate) u64);

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Argument, String> {
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number
            .map(Argument)
            .map_err(|_| format!("invalid argument {text:?}: want a number, such as 16 or 0x10"))
    }
}

/// `exec --user UID[:GID]`: numbers alone, since names belong to whoever reads the container's /etc/passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The user.
    pub(crate) uid: u32,
    /// The group; as in the container's config if absent.
    pub(crate) gid: Option<u32>,
}

impl FromStr for User {
    type Err = String;

    /// Strict: a lenient parse of `1` to user 0 was CVE-2026-30892.
    fn from_str(text: &str) -> Result<User, String> {
        let (uid, gid) = text.split_once(':').map_or((text, None), |(uid, gid)| (uid, Some(gid)));
        let refuse = || format!("invalid user {text:?}: want UID or UID:GID, each a number");
        let uid = numeric_id(uid).ok_or_else(refuse)?;
        let gid = gid.map(|gid| numeric_id(gid).ok_or_else(refuse)).transpose()?;
        Ok(User { uid, gid })
    }
}

/// `exec --additional-gids`.
pub(super) fn additional_gid(text: &str) -> Result<u32, String> {
    numeric_id(text).ok_or_else(|| refused(text, "additional-gids", "want a number"))
}

/// A uid or gid in decimal digits. The largest u32 means "no change" to the kernel, so nobody can have it.
fn numeric_id(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = if is_digits { text.parse().ok() } else { None };
    id.filter(|id| *id != u32::MAX)
}

/// `--preserve-fds`: there can be no more descriptors than an int counts.
pub(super) fn preserve_fds(text: &str) -> Result<u32, String> {
    let refuse = |reason| refused(text, "preserve-fds", reason);
    match text.parse::<u32>() {
        Ok(count) if count <= i32::MAX as u32 => Ok(count),
        Ok(_) => Err(refuse("too many")),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(refuse("too many")),
        Err(_) => Err(refuse("want a number")),
    }
}

/// A whole number; what it may be is checked with the limits that it belongs to.
pub(super) fn number<N: FromStr>(flag: &'static str) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| text.parse().map_err(|_| refused(text, flag, "want a whole number"))
}

/// An amount of memory in bytes, -1 for no limit.
pub(super) fn amount(flag: &'static str) -> impl Fn(&str) -> Result<i64, String> + Clone {
    move |text| match text {
        "-1" => Ok(-1),
        _ => bytes(text).ok_or_else(|| refused(text, flag, "want bytes such as 4096, 64m or 1.5g, or -1")),
    }
}

/// `4096`, `64k`, `1.5 GiB`: units are powers of 1024 in any spelling, as Docker's `go-units` has it.
fn bytes(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (number, unit) = lower.split_at(lower.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(lower.len()));
    let unit = unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(unit);
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|known| *known == unit)?;
    let number = number.trim_end();
    let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !number.is_empty();
    let value = if is_decimal { number.parse::<f64>().ok()? } else { return None };
    // Whole numbers do not go through the 53 bits of a fraction.
    match number.parse::<i64>() {
        Ok(whole) => whole.checked_mul(1 << (10 * power)),
        Err(_) => Some(value * f64::from(1 << 10).powi(power as i32))
            .filter(|v| *v < i64::MAX as f64)
            .map(|v| v as i64),
    }
}

/// A duration as Go writes it: `1h15m30.918s`, `300ms`, `-1s`; only one above zero makes an interval.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let seconds = seconds(rest.strip_prefix('+').unwrap_or(rest));
    let seconds =
        seconds.ok_or_else(|| refused(text, "interval", "want a duration such as 500ms, 5s or 1m30s"))?;
    let interval = Duration::try_from_secs_f64(sign * seconds).unwrap_or_default();
    if interval.is_zero() { Err("duration interval must be greater than 0".into()) } else { Ok(interval) }
}

/// The sum of the parts of a duration, each a number with a unit; 0 alone needs none.
fn seconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("\u{b5}s", 1e-6),
        ("\u{3bc}s", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let (mut rest, mut sum) = (text, 0.0);
    if text == "0" {
        return Some(0.0);
    }
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c))?);
        let (unit, next) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    (!text.is_empty()).then_some(sum)
}

fn refused(text: &str, flag: &str, reason: &str) -> String {
    format!("invalid value {text:?} for flag --{flag}: {reason}")
}

/// `--root`: absolute from here on; `/` is refused, since `delete` would work on the host's own directories.
pub(super) fn root(text: &str) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(text).map_err(|error| format!("--root {text}: {error}"))?;
    let root = without_dots(&absolute);
    if root == Path::new("/") {
        Err("Option --root argument should not be set to /".into())
    } else {
        Ok(root)
    }
}

/// Removes `.` and `..` by their letters alone, as Go's filepath.Abs does.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}
