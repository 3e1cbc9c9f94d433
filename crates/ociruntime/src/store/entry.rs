//! One container's directory, opened once: everything is done through the descriptor, so that no other directory
//! that takes its name is touched by mistake.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sys::{Call, Errno, Named};

use super::Record;
use crate::error::{Error, Result};

const RECORD: &str = "state.json";
/// The record before this one, or the one that is being written.
const OTHER_RECORD: &str = ".state.json";
const SNAPSHOT: &str = "config.json";
const LIMITS: &str = "limits.json";
const NEW_LIMITS: &str = ".limits.json";
const START_SOCKET: &str = "start.sock";
const FILTER: &str = "seccomp.bpf";

/// Whether there is a record in a directory of the store.
pub(super) fn has_record(path: &Path) -> bool {
    path.join(RECORD).exists()
}

/// An open ROOT/ID.
#[derive(Debug)]
pub(crate) struct Entry {
    dir: OwnedFd,
    path: PathBuf,
}

impl AsFd for Entry {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

impl Entry {
    /// The directory that a container sees which tells of its readiness.
    pub(crate) const NOTIFY: &'static str = "notify/socket";
    /// What keeps all others of the host from it, however its root may be reached.
    const NOTIFY_FENCE: &'static str = "notify";

    pub(super) fn open(path: PathBuf) -> Result<Entry> {
        match sys::file::open_dir(&path) {
            Ok(dir) => Ok(Entry { dir, path }),
            Err(error) if matches!(error.errno, Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => {
                Err(Error::DoesNotExist)
            }
            Err(error) => Err(Error::file("open", path)(error)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the lock that the commands hold which change the container. It is released when the entry is
    /// dropped, unless a cloned child still has the descriptor. Observers and `kill` never wait for it.
    pub(crate) fn lock(&self) -> Result<()> {
        sys::file::lock(&self.dir).map_err(Error::file("lock", &self.path))
    }

    /// Whether a command that changes the container is at work.
    pub(crate) fn is_locked(&self) -> Result<bool> {
        sys::file::is_locked(&self.dir).map_err(Error::file("lock", &self.path))
    }

    /// Reads the record; `DoesNotExist` if it was never written (or just removed).
    pub(crate) fn read(&self) -> Result<Record> {
        self.record(RECORD)
    }

    /// Reads the record before the present one, which knows of no init, but of all else that was made.
    pub(crate) fn read_earlier(&self) -> Result<Record> {
        self.record(OTHER_RECORD)
    }

    fn record(&self, name: &str) -> Result<Record> {
        let bytes = match self.bytes(name) {
            Err(error) if error.errno == Errno::ENOENT => return Err(Error::DoesNotExist),
            result => result.map_err(Error::file("read", self.path.join(name)))?,
        };
        let broken = |error| Error::Other(format!("parse {}: {error}", self.path.join(name).display()));
        serde_json::from_slice(&bytes).map_err(broken)
    }

    /// Writes the record, whole or not at all, and keeps the one before.
    pub(crate) fn write(&self, record: &Record) -> Result<()> {
        let bytes = serde_json::to_vec(record).map_err(Error::other)?;
        let (record, other) = (RECORD.as_ref(), OTHER_RECORD.as_ref());
        let written = self.put(OTHER_RECORD, &bytes).and_then(|()| {
            match sys::file::exchange_at(&self.dir, other, record) {
                // It is the first one, or the file system cannot do that.
                Err(error) if matches!(error.errno, Errno::ENOENT | Errno::EINVAL | Errno::ENOSYS) => {
                    sys::file::rename_at(&self.dir, other, record)
                }
                result => result,
            }
        });
        written.map_err(Error::file("write", self.path.join(RECORD)))
    }

    /// The config that the container was created from, as its author wrote it.
    pub(crate) fn snapshot(&self) -> Result<Vec<u8>> {
        self.bytes(SNAPSHOT).map_err(Error::file("read", self.path.join(SNAPSHOT)))
    }

    /// Keeps the config. To be called before the record is first written, which vouches for it.
    pub(crate) fn write_snapshot(&self, config: &[u8]) -> Result<()> {
        self.put(SNAPSHOT, config).map_err(Error::file("write", self.path.join(SNAPSHOT)))
    }

    /// The limits after the last `update`; `None` if they are those of the config.
    pub(crate) fn limits(&self) -> Result<Option<Vec<u8>>> {
        match self.bytes(LIMITS) {
            Err(error) if error.errno == Errno::ENOENT => Ok(None),
            result => result.map(Some).map_err(Error::file("read", self.path.join(LIMITS))),
        }
    }

    /// Keeps the limits, whole or not at all.
    pub(crate) fn write_limits(&self, limits: &[u8]) -> Result<()> {
        self.replace(LIMITS, NEW_LIMITS, limits)
    }

    /// Keeps another `update` away until the file is closed. This is a lock of its own, on the snapshot, which never
    /// changes: a hook may well call `update`, and `start` holds the other one meanwhile.
    pub(crate) fn lock_limits(&self) -> Result<File> {
        sys::file::open_at(&self.dir, SNAPSHOT.as_ref())
            .and_then(|file| sys::file::lock(&file).map(|()| file))
            .map_err(Error::file("lock", self.path.join(SNAPSHOT)))
    }

    /// The seccomp filter as it was kept, if it was.
    pub(crate) fn filter(&self) -> Option<Vec<u8>> {
        self.bytes(FILTER).ok()
    }

    /// Keeps the seccomp filter, for `exec`.
    pub(crate) fn write_filter(&self, filter: &[u8]) -> Result<()> {
        self.put(FILTER, filter).map_err(Error::file("write", self.path.join(FILTER)))
    }

    /// The name that init's start socket is to have in the directory: it is there while init waits for `start`.
    pub(crate) fn start_socket(&self) -> &'static Path {
        Path::new(START_SOCKET)
    }

    /// Where the container's messages of its readiness arrive, if it sends any.
    pub(crate) fn notify_directory(&self) -> PathBuf {
        self.path.join(Entry::NOTIFY)
    }

    /// Makes that directory.
    pub(crate) fn make_notify_directory(&self) -> Result<()> {
        let make = |name, mode| {
            let path = self.path.join(name);
            fs::DirBuilder::new().mode(mode).create(&path).map_err(Error::io("create", &path))
        };
        make(Entry::NOTIFY_FENCE, 0o700).and_then(|()| make(Entry::NOTIFY, 0o755))
    }

    /// Whether init has not been told to go on.
    pub(crate) fn awaits_start(&self) -> Result<bool> {
        sys::file::exists_at(&self.dir, START_SOCKET.as_ref()).map_err(Error::file("stat", &self.path))
    }

    /// Marks init as told to go on.
    pub(crate) fn forget_start_socket(&self) -> Result<()> {
        sys::file::unlink_at(&self.dir, START_SOCKET.as_ref())
            .map_err(Error::file("remove", self.path.join(START_SOCKET)))
    }

    /// Gives the lock back before the entry is dropped: the container is there, and lives without us.
    pub(crate) fn unlock(&self) -> Result<()> {
        sys::file::unlock(&self.dir).map_err(Error::file("unlock", &self.path))
    }

    /// Removes the container's record, then its directory. Of several commands that try, one succeeds; the others
    /// are told `DoesNotExist`, so that what follows a removal is done once.
    pub(crate) fn remove(&self) -> Result<()> {
        match sys::file::unlink_at(&self.dir, RECORD.as_ref()) {
            Err(error) if error.errno == Errno::ENOENT => return Err(Error::DoesNotExist),
            result => result.map_err(Error::file("remove", self.path.join(RECORD)))?,
        }
        self.clear()
    }

    /// Whether the directory is still the one of its name: once removed, the name may be another container's. It is
    /// taken for it if the kernel does not tell, or what failed to be removed would be forgotten.
    pub(crate) fn is_current(&self) -> bool {
        sys::fs::stat(&self.dir).map_or(true, |stat| stat.st_nlink > 0)
    }

    /// Removes a directory that has no record.
    pub(crate) fn clear(&self) -> Result<()> {
        if !self.is_current() {
            return Ok(());
        }
        for name in [OTHER_RECORD, SNAPSHOT, FILTER] {
            // It may be missing, and what cannot be removed makes the removal of the directory fail.
            let _ = sys::file::unlink_at(&self.dir, name.as_ref());
        }
        match fs::remove_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                self.empty().and_then(|()| fs::remove_dir(&self.path))
            }
            result => result,
        }
        .map_err(Error::io("remove", &self.path))
    }

    /// Removes what rarely is in the directory; not by its path, which may be that of the next container by now.
    fn empty(&self) -> io::Result<()> {
        let path = sys::fd::ProcPath::new(self);
        for entry in fs::read_dir(OsStr::from_bytes(path.as_c_str().to_bytes()))? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }

    /// A whole file of the directory, most often with one read: the files are small and a short read is the end.
    fn bytes(&self, name: &str) -> sys::Result<Vec<u8>> {
        const FIRST: usize = 16 * 1024;
        let file = sys::file::open_at(&self.dir, name.as_ref())?;
        let (mut bytes, mut filled) = (vec![0; FIRST], 0);
        loop {
            let count = sys::fd::read(&file, &mut bytes[filled..])?;
            filled += count;
            if filled < bytes.len() {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            bytes.resize(2 * filled, 0);
        }
    }

    /// Writes a file beside the old one and then takes its place.
    fn replace(&self, name: &str, new: &str, bytes: &[u8]) -> Result<()> {
        self.put(new, bytes)
            .and_then(|()| sys::file::rename_at(&self.dir, new.as_ref(), name.as_ref()))
            .map_err(Error::file("write", self.path.join(name)))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> sys::Result<()> {
        sys::file::create_at(&self.dir, name.as_ref(), 0o600)?.write_all(bytes).named(Call::Write)
    }
}
