//! Control files: one open, one read or write, one close, and errors that name the file.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};

use sys::{Errno, errno_of};

use crate::Error;

/// A control file's value is at most a page (cgroup core passes one to its handlers).
const PAGE: usize = 4096;

/// Reads a control file that holds one short record: the kernel hands that out in a single read.
pub(crate) fn read_short(path: &str) -> Result<String, Errno> {
    let mut buffer = [0; PAGE];
    let length = File::open(path).and_then(|mut file| file.read(&mut buffer)).map_err(|e| errno_of(&e))?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// Reads a file of any length.
pub(crate) fn read_all(path: &str) -> Result<Vec<u8>, Errno> {
    File::open(path).map_err(|e| errno_of(&e)).and_then(read_to_end)
}

/// Reads to the end in large steps. (`std::fs::read` asks for the size first, which procfs and cgroupfs do
/// not know.)
pub(crate) fn read_to_end(mut file: File) -> Result<Vec<u8>, Errno> {
    let mut contents = Vec::with_capacity(2 * PAGE);
    loop {
        let start = contents.len();
        contents.resize(contents.capacity().max(start + PAGE), 0);
        let length = file.read(&mut contents[start..]).map_err(|e| errno_of(&e))?;
        contents.truncate(start + length);
        if length == 0 {
            return Ok(contents);
        }
    }
}

/// Opens a control file for writing; never creates or truncates, so that a wrong path cannot leave a file
/// behind.
pub(crate) fn open_to_write(path: &str) -> Result<File, Errno> {
    OpenOptions::new().write(true).open(path).map_err(|e| errno_of(&e))
}

/// Writes a value in one call: the kernel takes each call as a whole value.
pub(crate) fn write_value(file: &mut File, value: &str) -> Result<(), Errno> {
    // An empty value has to reach the kernel too, and a write of no bytes does not.
    let bytes = if value.is_empty() { b"\n" } else { value.as_bytes() };
    match file.write(bytes).map_err(|e| errno_of(&e))? {
        length if length == bytes.len() => Ok(()),
        _ => Err(Errno::EIO),
    }
}

/// Opens, writes and closes.
pub(crate) fn write(path: &str, value: &str) -> Result<(), Error> {
    open_to_write(path)
        .and_then(|mut file| write_value(&mut file, value))
        .map_err(|errno| Error::kernel(format!("write {value} to {path}"), errno))
}

/// Reads a short control file for a caller who needs it.
pub(crate) fn read(path: &str) -> Result<String, Error> {
    read_short(path).map_err(|errno| Error::kernel(format!("read {path}"), errno))
}

/// Reads a control file that not every host has.
pub(crate) fn read_if_there(path: &str) -> Result<Option<String>, Error> {
    match read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.errno == Some(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The number after `key` in a flat keyed file such as cgroup.events or memory.events.
pub(crate) fn keyed(contents: &str, key: &str) -> Option<u64> {
    contents.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_matched_as_a_whole_word() {
        let events = "oom 1\noom_kill 2\noom_group_kill 3\n";
        assert_eq!(keyed(events, "oom_kill"), Some(2));
        assert_eq!(keyed(events, "oo"), None);
    }

    #[test]
    fn a_long_file_is_read_whole() {
        let expected = std::fs::read("/proc/self/exe").unwrap();
        assert!(read_all("/proc/self/exe").unwrap() == expected);
    }

    #[test]
    fn writing_to_a_missing_file_does_not_make_it() {
        let path = format!("{}/cgroup-control-{}", std::env::temp_dir().display(), std::process::id());
        assert_eq!(write(&path, "1").unwrap_err().errno, Some(Errno::ENOENT));
        assert!(!std::path::Path::new(&path).exists());
    }
}
