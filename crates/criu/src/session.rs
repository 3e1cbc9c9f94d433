//! A conversation with a `criu swrk` of our own: one task, and what CRIU tells on the way to its end.

use std::env;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use sys::clone::{Child, How, Side, clone};
use sys::mount::{self, MS_BIND, MS_REC, MS_SLAVE};
use sys::process::{self, Strings};
use sys::{fd, file, fs, namespace, pidfd, signal, socket};

use crate::answer::Answer;
use crate::wire::Writer;
use crate::{Error, Notice, Result, Setting};

/// The oldest version that does: it has `lsm_profile`, external pid namespaces and the notice `status-ready`. An older
/// one passes over a setting that it does not know.
pub(crate) const LEAST: (i64, i64) = (3, 16);

/// `criu_req_type`.
const NOTIFY: i64 = 6;
const FEATURE_CHECK: i64 = 9;
const VERSION: i64 = 10;

/// What CRIU is asked to do. The values are those of `criu_req_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Freeze processes into images.
    Dump = 1,
    /// Bring processes back.
    Restore = 2,
    /// Write the memory of processes that go on.
    PreDump = 4,
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Task::Dump => "dump",
            Task::Restore => "restore",
            Task::PreDump => "pre-dump",
        }
    }
}

/// A CRIU that waits for its task, or is at it. It is waited for when this is dropped.
#[derive(Debug)]
pub struct Session {
    /// Gone once there is nothing more to say.
    socket: Option<OwnedFd>,
    child: Child,
}

/// A mount namespace for a CRIU that brings processes back: CRIU wants their root to be a mount with nothing over it, and
/// nobody else is to see that.
#[derive(Clone, Copy, Debug)]
pub struct Chamber<'c> {
    /// The root directory of the processes.
    pub root: &'c Path,
    /// The directory that it is mounted on.
    pub place: &'c Path,
    /// Directories in which CRIU is to work: it can mount nothing in one that was opened in another namespace.
    pub directories: &'c [&'c Path],
}

impl Session {
    /// Starts a CRIU, which has our standard streams.
    ///
    /// # Errors
    /// If there is no CRIU, or it is too old.
    pub fn start() -> Result<Session> {
        let session = Session::spawn(None, &[])?;
        session.check_version()?;
        Ok(session)
    }

    /// The same in a mount namespace of its own, with further descriptors, by the same numbers. Answers the directories
    /// of the chamber, open, as well.
    ///
    /// # Errors
    /// Also if the chamber cannot be made.
    pub fn start_in(chamber: Chamber<'_>, inherited: &[BorrowedFd<'_>]) -> Result<(Session, Vec<OwnedFd>)> {
        let session = Session::spawn(Some(chamber), inherited)?;
        let (answer, directories) = session.receive()?;
        succeeded("start", answer)?;
        session.check_version()?;
        Ok((session, directories))
    }

    fn spawn(chamber: Option<Chamber<'_>>, inherited: &[BorrowedFd<'_>]) -> Result<Session> {
        let program = find()?;
        let (ours, theirs) = socket::pair().map_err(Error::doing("make a socket pair for criu"))?;
        let flags = chamber.map_or(0, |_| namespace::NEWNS);
        let child = match clone(How { flags, cgroup: None }).map_err(Error::doing("start criu"))? {
            Side::Child => become_criu(&program, chamber, &theirs, inherited),
            Side::Parent(child) => child,
        };
        Ok(Session { socket: Some(ours), child })
    }

    /// CRIU's own pid.
    pub fn pid(&self) -> i32 {
        self.child.pid
    }

    fn check_version(&self) -> Result<()> {
        let found = self.ask("start", Writer::default().number(1, VERSION).number(4, 1))?.version;
        if found < LEAST { Err(Error::TooOld { found }) } else { Ok(()) }
    }

    /// Makes sure that what has changed in memory can be told from what has not.
    ///
    /// # Errors
    /// [`Error::Unable`] if not.
    pub fn require_memory_tracking(&self) -> Result<()> {
        let (can, _) = self.abilities()?;
        if can { Ok(()) } else { Err(Error::Unable("tracking of memory changes")) }
    }

    /// Makes sure that memory can be served when it is needed.
    ///
    /// # Errors
    /// [`Error::Unable`] if not.
    pub fn require_lazy_pages(&self) -> Result<()> {
        let (_, can) = self.abilities()?;
        if can { Ok(()) } else { Err(Error::Unable("lazy pages")) }
    }

    fn abilities(&self) -> Result<(bool, bool)> {
        let both = Writer::default().number(1, 1).number(2, 1);
        let request = Writer::default().number(1, FEATURE_CHECK).number(4, 1).message(5, both);
        Ok(self.ask("feature check", request)?.abilities)
    }

    fn ask(&self, task: &'static str, request: Writer) -> Result<Answer> {
        self.send(request)?;
        succeeded(task, self.receive()?.0)
    }

    /// Has the task done, and hands each notice to `notice`, whose error ends it. Answers the first of the processes that
    /// a restore has brought back.
    ///
    /// # Errors
    /// If CRIU fails; [`Error::Step`] with the text of a notice that did.
    pub fn carry_out(
        mut self,
        task: Task,
        settings: &[Setting<'_>],
        notice: &mut dyn FnMut(Notice) -> Result<(), String>,
    ) -> Result<Option<i32>> {
        let options = settings.iter().fold(Writer::default(), |options, setting| setting.write(options));
        self.send(Writer::default().number(1, task as i64).message(2, options))?;
        let mut refused = None;
        let answer = loop {
            let (answer, descriptors) = self.receive()?;
            let Some((stage, pid)) = answer.notice else { break answer };
            let descriptor = descriptors.into_iter().next();
            let done = notice(Notice { stage, pid, descriptor });
            self.send(Writer::default().number(1, NOTIFY).number(3, done.is_ok().into()))?;
            refused = refused.or(done.err());
        };
        if let Some(text) = refused {
            return Err(Error::Step(text));
        }
        let pid = succeeded(task.name(), answer)?.pid;
        // After a pre-dump CRIU waits for the next one.
        self.socket = None;
        Ok(pid)
    }

    fn send(&self, message: Writer) -> Result<()> {
        let Some(socket) = &self.socket else { return Err(Error::Garbled) };
        match socket::send(socket, &message.into_bytes(), None) {
            // It has ended; that is told by who waits for an answer.
            Err(error) if error.errno == sys::Errno::EPIPE => Ok(()),
            result => result.map_err(Error::doing("speak with criu")),
        }
    }

    fn receive(&self) -> Result<(Answer, Vec<OwnedFd>)> {
        const LONGEST: usize = 64 * 1024;
        let Some(socket) = &self.socket else { return Err(Error::Garbled) };
        let mut buffer = vec![0; LONGEST];
        let (length, descriptors) =
            socket::receive_all(socket, &mut buffer).map_err(Error::doing("hear from criu"))?;
        if length == 0 {
            let exit = pidfd::peek(&self.child.pidfd).map_err(Error::doing("wait for criu"))?;
            return Err(Error::Ended(exit));
        }
        Ok((Answer::parse(&buffer[..length])?, descriptors))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        // The end of the conversation is the end of CRIU.
        self.socket = None;
        if !matches!(pidfd::wait(&self.child.pidfd, Some(PATIENCE)), Ok(true)) {
            // It can only fail because CRIU has ended, which is what is wanted.
            let _ = pidfd::kill(&self.child.pidfd);
        }
        // Nobody else reaps it; its exit status says no more than its answer.
        let _ = pidfd::reap(&self.child.pidfd);
    }
}

fn succeeded(task: &'static str, answer: Answer) -> Result<Answer> {
    if answer.success {
        return Ok(answer);
    }
    Err(Error::Failed { task, errno: answer.errno })
}

/// The first executable of the name in `$PATH`.
fn find() -> Result<CString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let candidates = env::split_paths(&path).map(|directory| directory.join("criu"));
    let mut candidates = candidates.filter_map(|path| CString::new(path.into_os_string().into_vec()).ok());
    candidates.find(|path| fs::may_execute(fd::cwd(), path).is_ok()).ok_or(Error::Missing)
}

/// In the child. What cannot be done is told as CRIU would tell it.
fn become_criu(
    program: &CStr,
    chamber: Option<Chamber<'_>>,
    socket: &OwnedFd,
    inherited: &[BorrowedFd<'_>],
) -> ! {
    signal::reset_all();
    let number = CString::new(socket.as_raw_fd().to_string()).unwrap_or_default();
    let arguments = Strings::new(vec![c"criu".into(), c"swrk".into(), number]);
    let entered = chamber.map_or(Ok(()), |chamber| chamber.enter(socket));
    let error = match entered.and_then(|()| keep(socket, inherited)) {
        Ok(()) => process::execute(program, &arguments, &environment()),
        Err(error) => error,
    };
    let failed = Writer::default().number(1, 0).number(2, 0).number(7, error.errno as i64);
    // If nobody is there to be told, nobody is there who waits.
    let _ = socket::send(socket, &failed.into_bytes(), None);
    process::exit_now(1)
}

impl Chamber<'_> {
    /// Mounts the root, and sends the directories.
    fn enter(self, socket: &OwnedFd) -> sys::Result<()> {
        let root = file::c_path(self.root, sys::Call::Mount)?;
        let place = file::c_path(self.place, sys::Call::Mount)?;
        mount::mount(None, c"/", None, MS_SLAVE | MS_REC, None)?;
        mount::mount(Some(&root), &place, None, MS_BIND | MS_REC, None)?;
        let open: Vec<OwnedFd> =
            self.directories.iter().map(|path| file::open_dir(path)).collect::<sys::Result<_>>()?;
        let open: Vec<BorrowedFd<'_>> = open.iter().map(AsFd::as_fd).collect();
        socket::send_all(socket, &Writer::default().number(1, 0).number(2, 1).into_bytes(), &open)
    }
}

fn keep(socket: &OwnedFd, inherited: &[BorrowedFd<'_>]) -> sys::Result<()> {
    fd::close_on_exec_from(3)?;
    inherited.iter().chain([&socket.as_fd()]).try_for_each(|fd| fd::keep_on_exec(fd.as_raw_fd()))
}

/// Our own: CRIU looks for its helpers, and its helpers for what they need.
fn environment() -> Strings {
    let variables = env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    Strings::new(variables.filter_map(|variable| CString::new(variable).ok()).collect())
}
