//! What `checkpoint` and `restore` have in common: the directories of CRIU's files, and the settings of both.

pub(crate) mod namespaces;
pub(crate) mod streams;

use std::fs::{DirBuilder, Permissions, set_permissions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use bundle::annotations::CRIU_CONFIG;
use criu::{Setting, Switch};

use crate::args;
use crate::error::{Error, Result};
use crate::store::Record;

/// The name in images of what hides a file, and where it is on every host.
pub(crate) const NOTHING: &str = "/dev/null";

/// The directories, open: CRIU is told of them by descriptor.
#[derive(Debug)]
pub(crate) struct Directories {
    /// That of the images.
    pub(crate) images: OwnedFd,
    work: OwnedFd,
    images_path: PathBuf,
    work_path: PathBuf,
    log: &'static str,
}

impl Directories {
    /// Opens both; that of the log is made where it is missing.
    pub(crate) fn open(args: &args::Images, log: &'static str) -> Result<Directories> {
        let work_path = args.work_path.as_deref().filter(|path| !path.as_os_str().is_empty());
        work_path.map_or(Ok(()), make)?;
        let work_path = work_path.unwrap_or(&args.image_path);
        Ok(Directories {
            images: open(&args.image_path)?,
            work: open(work_path)?,
            images_path: args.image_path.clone(),
            work_path: work_path.into(),
            log,
        })
    }

    /// Where they are.
    pub(crate) fn paths(&self) -> [&Path; 2] {
        [&self.images_path, &self.work_path]
    }

    /// The same as [`paths`](Self::paths), opened by somebody else.
    pub(crate) fn opened(&self, descriptors: Vec<OwnedFd>) -> Result<Directories> {
        let [images, work] = <[OwnedFd; 2]>::try_from(descriptors)
            .map_err(|_| Error::Other("criu's directories were not opened".into()))?;
        let (images_path, work_path) = (self.images_path.clone(), self.work_path.clone());
        Ok(Directories { images, work, images_path, work_path, log: self.log })
    }

    /// What both tasks are done with.
    pub(crate) fn settings<'s>(&'s self, args: &args::Images, record: &'s Record) -> Vec<Setting<'s>> {
        let mut settings = vec![
            Setting::Images(self.images.as_fd()),
            Setting::Work(self.work.as_fd()),
            Setting::Log(self.log),
        ];
        settings.extend([Switch::Notices, Switch::Cgroups, Switch::OrphanPtsMaster].map(Setting::On));
        settings.extend(switches(&[
            (args.tcp_established, Switch::TcpEstablished),
            (args.ext_unix_sk, Switch::ExternalUnixSockets),
            (args.shell_job, Switch::ShellJob),
            (args.lazy_pages, Switch::LazyPages),
            (args.file_locks, Switch::FileLocks),
            (args.auto_dedup, Switch::AutoDedup),
        ]));
        settings.extend(args.manage_cgroups_mode.map(|mode| Setting::Cgroups(mode.0)));
        if !args.empty_ns.is_empty() {
            settings.push(Setting::EmptyNamespaces(sys::namespace::NEWNET as u32));
        }
        settings.extend(config_file(record).map(Setting::ConfigFile));
        settings
    }

    /// The one line about a failure: what CRIU's log gives as its cause, and where more is said.
    pub(crate) fn tell(&self, error: criu::Error) -> Error {
        let path = self.work_path.join(self.log);
        let log = match &error {
            criu::Error::Failed { .. } | criu::Error::Ended(_) => std::fs::read(&path),
            _ => return Error::other(error),
        };
        let Ok(log) = log else { return Error::other(error) };
        let log = String::from_utf8_lossy(&log);
        let cause = cause(&log).map(|cause| format!(": {cause}")).unwrap_or_default();
        Error::Other(format!("{error}{cause} (log file: {})", path.display()))
    }
}

/// The first error in a log of CRIU's: the others follow from it. How a program ended is no cause; what it said before is.
fn cause(log: &str) -> Option<&str> {
    let errors = log.lines().filter_map(|line| line.split_once("Error (")?.1.split_once("): "));
    errors.map(|(_, text)| text.trim()).find(|text| !text.starts_with("exited, status="))
}

/// Those that are wanted.
pub(crate) fn switches<'s>(all: &[(bool, Switch)]) -> Vec<Setting<'s>> {
    all.iter().filter(|(wanted, _)| *wanted).map(|(_, switch)| Setting::On(*switch)).collect()
}

/// Makes a directory for images or logs, which nobody else may enter: CRIU's files hold the container's memory, and all may
/// read them.
pub(crate) fn make(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io("create", path))
}

/// The same for the images of a container: the root of a user namespace has to get there when it comes back.
pub(crate) fn make_for(path: &Path, init: i32) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    make(path)?;
    let owner = mapped_root(&std::fs::read_to_string(format!("/proc/{init}/uid_map")).unwrap_or_default());
    // Before it is root there it is root of the host without any rights, of whom the group is left.
    let Some(owner) = owner.filter(|owner| *owner != 0) else { return Ok(()) };
    chown(path, Some(owner), None)
        .and_then(|()| set_permissions(path, Permissions::from_mode(0o710)))
        .map_err(Error::io("give away", path))
}

/// The host's number of uid 0, by /proc/PID/uid_map (user_namespaces(7)).
fn mapped_root(map: &str) -> Option<u32> {
    let mut lines = map.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == "0").then(|| words.next()?.parse().ok())?)
}

fn open(path: &Path) -> Result<OwnedFd> {
    sys::file::open_dir(path).map_err(Error::file("open", path))
}

/// CRIU's settings by file go before those of a request. The container's annotation names the file, or says that there
/// is none; one that does not exist is no error to CRIU.
fn config_file(record: &Record) -> Option<&str> {
    const DEFAULT: &str = "/etc/criu/ociruntime.conf";
    let named = record.annotations.get(CRIU_CONFIG).map_or(DEFAULT, String::as_str);
    Some(named).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_a_user_namespace_has_another_number() {
        assert_eq!(mapped_root("         5     7    1\n         0     100000      65536\n"), Some(100_000));
        assert_eq!(mapped_root("1 5 1\n"), None);
    }

    #[test]
    fn the_cause_is_the_first_error() {
        let log = "(00.1) Warn  (criu/a.c:1): old\n(00.2) Error (criu/b.c:7): no file\n(00.3) Error (criu/c.c:9): FAILED.\n";
        assert_eq!(cause(log), Some("no file"));
    }

    #[test]
    fn how_a_program_ended_is_no_cause() {
        let log =
            "(00.1) Error (criu/util.c:642): exited, status=1\nError (criu/util.c:627): execvp failed\n";
        assert_eq!(cause(log), Some("execvp failed"));
    }

    #[test]
    fn a_log_without_errors_has_no_cause() {
        assert_eq!(cause("(00.1) Dumping finished\n"), None);
    }
}
