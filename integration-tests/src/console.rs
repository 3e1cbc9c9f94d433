//! Terminals: the socket on which a runtime hands one over, and the pty on which it runs in the foreground.

use crate::case::{Doing, Outcome, fail};
use crate::expect::until;
use crate::procfs::status_of;
use rustix::io::ioctl_fionbio;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketAddrUnix, SocketFlags,
    SocketType, bind, listen, recvmsg, socket_with,
};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::cell::RefCell;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A `--console-socket` that waits for a runtime.
pub(crate) struct ConsoleSocket {
    pub(crate) path: PathBuf,
    listener: UnixListener,
}

impl ConsoleSocket {
    pub(crate) fn listen(path: PathBuf) -> Outcome<Self> {
        let listener = UnixListener::bind(&path).doing("listen on the console socket")?;
        // Whoever calls the runtime may connect.
        fs::set_permissions(&path, Permissions::from_mode(0o777)).doing("chmod the console socket")?;
        listener.set_nonblocking(true).doing("make the console socket non-blocking")?;
        Ok(Self { path, listener })
    }

    /// One whose queue is full, and nobody takes anything from it.
    pub(crate) fn full(path: PathBuf) -> Outcome<(Self, UnixStream)> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let socket = socket.doing("make a console socket")?;
        let address = SocketAddrUnix::new(&path).doing("name a console socket")?;
        bind(&socket, &address).and_then(|()| listen(&socket, 0)).doing("listen on the console socket")?;
        let first = UnixStream::connect(&path).doing("fill the queue of a console socket")?;
        Ok((Self { path, listener: socket.into() }, first))
    }

    /// The path as an argument.
    pub(crate) fn arg(&self) -> &str {
        self.path.to_str().expect("the scratch directory has a plain name")
    }

    /// Takes the descriptor that the runtime has sent, and the message it came with.
    pub(crate) fn receive(&self) -> Outcome<(OwnedFd, String)> {
        descriptor(&self.accept()?)
    }

    /// Takes the runtime's connection, and reads nothing yet.
    pub(crate) fn accept(&self) -> Outcome<UnixStream> {
        let stream = until("the runtime connects to the socket", || self.listener.accept().ok())?.0;
        stream.set_nonblocking(false).doing("make the connection blocking")?;
        Ok(stream)
    }

    /// Takes the master of the container's terminal.
    pub(crate) fn terminal(&self) -> Outcome<Terminal> {
        Terminal::of(self.receive()?.0)
    }
}

/// Reads one message with one descriptor (unix(7), SCM_RIGHTS).
fn descriptor(stream: &UnixStream) -> Outcome<(OwnedFd, String)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [0; 4096];
    let received =
        recvmsg(stream, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC);
    let length = received.doing("receive from the runtime")?.bytes;
    let mut fds: Vec<OwnedFd> = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
    match fds.len() {
        1 => Ok((fds.remove(0), message)),
        count => fail(format!("{count} descriptors came over the socket instead of one")),
    }
}

/// The master side of a pty, and everything that has been read from it.
pub(crate) struct Terminal {
    pub(crate) master: File,
    text: RefCell<String>,
}

impl Terminal {
    fn of(master: OwnedFd) -> Outcome<Self> {
        ioctl_fionbio(&master, true).doing("make the terminal non-blocking")?;
        Ok(Self { master: File::from(master), text: RefCell::default() })
    }

    /// A new pty, with its slave.
    pub(crate) fn open() -> Outcome<(Self, OwnedFd)> {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).doing("open a pty")?;
        grantpt(&master).doing("grantpt")?;
        unlockpt(&master).doing("unlockpt")?;
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let slave = ioctl_tiocgptpeer(&master, flags).doing("open the slave")?;
        Ok((Self::of(master)?, slave))
    }

    /// Types something.
    pub(crate) fn write(&self, text: &str) -> Outcome {
        (&self.master).write_all(text.as_bytes()).doing("write to the terminal")
    }

    /// Changes the window's size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) -> Outcome {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).doing("resize the terminal")
    }

    /// Everything that was printed so far, without carriage returns: what a runtime prints before it has made its
    /// terminal raw has more of them.
    pub(crate) fn text(&self) -> String {
        self.pump();
        self.text.borrow().replace('\r', "")
    }

    /// Waits until `part` has been printed.
    pub(crate) fn says(&self, part: &str) -> Outcome {
        self.says_after(part, || Ok(()))
    }

    /// The same of somebody who may not be listening yet, and so is prompted at every hundredth look.
    pub(crate) fn says_after(&self, part: &str, prompt: impl Fn() -> Outcome) -> Outcome {
        let mut looks = 0..;
        let look = || {
            if looks.next().is_some_and(|count: u32| count.is_multiple_of(100)) {
                prompt().ok()?;
            }
            self.text().contains(part).then_some(())
        };
        match until("", look) {
            Err(_) => fail(format!("no {part:?} on the terminal: {:?}", self.text())),
            found => found,
        }
    }

    /// Waits until the other side is closed and returns all that was printed.
    pub(crate) fn rest(&self) -> Outcome<String> {
        until("the terminal is closed", || self.pump().then_some(()))?;
        Ok(self.text())
    }

    /// Reads what is there; true at the end, which a pty tells by EIO.
    fn pump(&self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match (&self.master).read(&mut bytes) {
                Ok(0) => return true,
                Ok(length) => self.text.borrow_mut().push_str(&String::from_utf8_lossy(&bytes[..length])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

/// The pid that a pidfd stands for (pidfd_open(2), /proc/self/fdinfo).
pub(crate) fn pid_of(pidfd: &OwnedFd) -> Outcome<String> {
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd());
    let text = fs::read_to_string(path).doing("read the descriptor's info")?;
    Ok(status_of(&text, "Pid").unwrap_or("no pidfd").to_owned())
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("the scratch directory has a plain name")
}
