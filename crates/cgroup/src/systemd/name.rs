//! Names of units, and the cgroups that systemd makes of them: decisions on strings alone.

use crate::Error;

const FIELD: &str = "linux.cgroupsPath";

/// The prefix of a scope whose config names none.
const DEFAULT_PREFIX: &str = "ociruntime";

/// systemd's `UNIT_NAME_MAX`, which counts a byte at the end.
const LONGEST: usize = 255;

/// A unit by name, and the slice it is in unless it is a slice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) unit: String,
    pub(crate) slice: Option<String>,
}

/// The unit that a config asks for: `slice:prefix:name`, of which slice and prefix may be empty; without a path, a
/// scope named after the container. A name that ends in `.slice` is a slice of its own.
pub(crate) fn of(cgroups_path: Option<&str>, id: &str, default_slice: &str) -> Result<Named, Error> {
    let path = cgroups_path.unwrap_or_default();
    let (slice, prefix, name) = match path.split(':').collect::<Vec<_>>()[..] {
        [""] => ("", DEFAULT_PREFIX, id),
        [slice, prefix, name] if !name.is_empty() => (slice, prefix, name),
        _ => return Err(wrong(format!("expected \"slice:prefix:name\" for systemd, found {path:?}"))),
    };
    let slice = if slice.is_empty() { default_slice } else { slice };
    expand(slice)?;
    let named = match name.ends_with(SLICE) {
        true => {
            expand(name)?;
            Named { unit: name.into(), slice: None }
        }
        false => Named { unit: scope(prefix, name), slice: Some(slice.into()) },
    };
    match named.unit.len() {
        ..=LONGEST => Ok(named),
        length => {
            Err(wrong(format!("the name of a unit has at most {LONGEST} bytes, this one has {length}")))
        }
    }
}

fn scope(prefix: &str, name: &str) -> String {
    let dash = if prefix.is_empty() { "" } else { "-" };
    escape(&format!("{prefix}{dash}{name}.scope"))
}

/// Bytes that no unit's name may hold become `\x2b`, as systemd-escape(1) does it. A leading dot would hide it.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        match byte {
            b'.' if index == 0 => escaped.push_str("\\x2e"),
            b':' | b'-' | b'_' | b'.' | b'\\' => escaped.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("\\x{byte:02x}")),
        }
    }
    escaped
}

const SLICE: &str = ".slice";

/// The path of a slice: `a-b.slice` is in `a.slice` (systemd.slice(5)), `-.slice` is the root.
pub(crate) fn expand(slice: &str) -> Result<String, Error> {
    let refuse = || wrong(format!("{slice:?} is not the name of a slice, such as system.slice or a-b.slice"));
    let name = slice.strip_suffix(SLICE).ok_or_else(refuse)?;
    if name == "-" {
        return Ok(String::new());
    }
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\".contains(&byte);
    if !name.bytes().all(is_valid) || name.split('-').any(str::is_empty) || slice.len() > LONGEST {
        return Err(refuse());
    }
    let mut path = String::new();
    for (end, _) in name.match_indices('-').chain([(name.len(), "")]) {
        path.push('/');
        path.push_str(&directory(&format!("{}{SLICE}", &name[..end])));
    }
    Ok(path)
}

/// The directory of a unit in its slice: names that could be taken for files of the kernel get a `_` before them.
pub(crate) fn directory(unit: &str) -> String {
    const FILES: &[&str] = &["notify_on_release", "release_agent", "tasks"];
    const CONTROLLERS: &[&str] =
        &["cgroup", "cpu", "cpuacct", "cpuset", "io", "blkio", "memory", "devices", "pids"];
    let is_file = FILES.contains(&unit) || unit.starts_with(['_', '.']);
    let is_files = unit.split_once('.').is_some_and(|(first, _)| CONTROLLERS.contains(&first));
    if is_file || is_files { format!("_{unit}") } else { unit.to_owned() }
}

fn wrong(words: String) -> Error {
    Error::rule(words).of(FIELD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cgroups_path: &str, unit: &str, slice: Option<&str>) {
        let expected = Named { unit: unit.into(), slice: slice.map(str::to_owned) };
        assert_eq!(of(Some(cgroups_path), "web", "system.slice"), Ok(expected));
    }

    #[test]
    fn a_path_has_slice_prefix_and_name() {
        check("machine.slice:libpod:0123", "libpod-0123.scope", Some("machine.slice"));
        check("a-b-c.slice:cri-containerd:x", "cri-containerd-x.scope", Some("a-b-c.slice"));
    }

    #[test]
    fn an_empty_slice_is_the_default() {
        check(":docker:0123", "docker-0123.scope", Some("system.slice"));
    }

    #[test]
    fn a_scope_without_prefix_has_no_dash() {
        check("::web", "web.scope", Some("system.slice"));
    }

    #[test]
    fn without_a_path_the_scope_is_named_after_the_container() {
        check("", "ociruntime-web.scope", Some("system.slice"));
        assert_eq!(of(None, "web", "user.slice").unwrap().slice.as_deref(), Some("user.slice"));
    }

    #[test]
    fn a_name_that_ends_so_is_a_slice() {
        check("a.slice:prefix:b-c.slice", "b-c.slice", None);
    }

    #[test]
    fn odd_bytes_of_a_name_are_escaped() {
        check("::a+b@c", "a\\x2bb\\x40c.scope", Some("system.slice"));
        check("::.web", "\\x2eweb.scope", Some("system.slice"));
    }

    #[track_caller]
    fn check_error(cgroups_path: &str, expected: &str) {
        let error = of(Some(cgroups_path), "web", "system.slice").unwrap_err();
        assert_eq!(error.to_string(), format!("linux.cgroupsPath: {expected}"));
    }

    #[test]
    fn other_forms_are_refused() {
        check_error("/a/b", "expected \"slice:prefix:name\" for systemd, found \"/a/b\"");
        check_error("a.slice:b", "expected \"slice:prefix:name\" for systemd, found \"a.slice:b\"");
        check_error("a.slice:b:", "expected \"slice:prefix:name\" for systemd, found \"a.slice:b:\"");
        check_error("a:b:c", "\"a\" is not the name of a slice, such as system.slice or a-b.slice");
        check_error(
            "a--b.slice:b:c",
            "\"a--b.slice\" is not the name of a slice, such as system.slice or a-b.slice",
        );
        check_error(
            "../x.slice:b:c",
            "\"../x.slice\" is not the name of a slice, such as system.slice or a-b.slice",
        );
        let long = "x".repeat(300);
        check_error(&format!("::{long}"), "the name of a unit has at most 255 bytes, this one has 306");
    }

    #[track_caller]
    fn check_expanded(slice: &str, expected: &str) {
        assert_eq!(expand(slice).as_deref(), Ok(expected));
    }

    #[test]
    fn a_dash_in_a_slice_is_a_level() {
        check_expanded("system.slice", "/system.slice");
        check_expanded("a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice");
        check_expanded("-.slice", "");
    }

    #[test]
    fn a_directory_is_not_mistaken_for_a_file() {
        assert_eq!(directory("memory.scope"), "_memory.scope");
        assert_eq!(directory("_x.scope"), "__x.scope");
        assert_eq!(directory("docker-0123.scope"), "docker-0123.scope");
        check_expanded("io.slice", "/_io.slice");
    }
}
