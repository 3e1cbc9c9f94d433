//! The terminal of a container: handed to the engine, or relayed to our own while the container runs.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use sys::poll::Want;
use sys::{Errno, fd, tty};

use crate::descriptors;
use crate::error::{Error, Result};

/// Where the master of a terminal goes.
#[derive(Debug)]
pub(crate) enum Console {
    /// There is no terminal.
    None,
    /// To the engine that listens at `--console-socket`.
    Engine(OwnedFd),
    /// To us, for as long as the process runs.
    Own,
}

impl Console {
    /// Decides by what is asked for, with runc's sentences for what does not go together.
    pub(crate) fn choose(terminal: bool, detach: bool, socket: Option<&Path>) -> Result<Console> {
        match (terminal, detach, socket) {
            (true, true, None) => Err(Error::Other(
                "cannot allocate tty if ociruntime will detach without setting console socket".into(),
            )),
            (true, true, Some(socket)) => {
                Ok(Console::Engine(descriptors::connect(socket, "--console-socket")?))
            }
            (true, false, None) => Ok(Console::Own),
            (false, true, None) | (false, false, None) => Ok(Console::None),
            (_, _, Some(_)) => Err(Error::Other(
                "cannot use console socket if ociruntime will not detach or allocate tty".into(),
            )),
        }
    }

    /// Hands the master over; what stays with us is answered.
    pub(crate) fn deliver(&self, master: Option<OwnedFd>) -> Result<Option<OwnedFd>> {
        match (self, master) {
            (Console::Engine(socket), Some(master)) => {
                descriptors::send(socket, "/dev/ptmx", master.as_fd())?;
                Ok(None)
            }
            (_, master) => Ok(master),
        }
    }
}

/// Carries bytes between our standard streams and a container's terminal.
#[derive(Debug)]
pub(crate) struct Relay {
    master: OwnedFd,
    _raw: Option<tty::Raw<BorrowedFd<'static>>>,
    input_open: bool,
    output_open: bool,
    /// What was typed and the terminal has no room for yet.
    typed: Vec<u8>,
}

impl Relay {
    /// Takes over our own terminal, if standard input is one: raw, and its size is the container's.
    pub(crate) fn start(master: OwnedFd) -> Result<Relay> {
        // Our own terminal translates newlines already.
        tty::without_newline_translation(&master).map_err(Error::other)?;
        // A program that reads nothing must not hold us up.
        fd::never_wait(&master).map_err(Error::other)?;
        let relay = Relay { master, _raw: raw(), input_open: true, output_open: true, typed: Vec::new() };
        relay.resize();
        Ok(relay)
    }

    /// Gives the container's terminal the size of ours. Without one of ours there is no size to give.
    pub(crate) fn resize(&self) {
        if let Ok(size) = tty::get_size(fd::standard(0)) {
            // A terminal whose process has gone needs no size.
            let _ = tty::set_size(&self.master, &size);
        }
    }

    /// The descriptor to watch for output of the container; `None` once it has hung up.
    pub(crate) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output_open.then(|| self.master.as_fd())
    }

    /// What to wait for before [`carry_input`](Self::carry_input): room in the terminal for what is left of the input,
    /// or more of it; `None` once it has ended.
    pub(crate) fn input(&self) -> Option<(BorrowedFd<'_>, Want)> {
        match (self.typed.is_empty(), self.input_open) {
            (false, _) => self.output_open.then(|| (self.master.as_fd(), Want::Write)),
            (true, true) => Some((fd::standard(0), Want::Read)),
            (true, false) => None,
        }
    }

    /// Carries what the container wrote. Whatever becomes of our own output, the container's is taken from it.
    pub(crate) fn carry_output(&mut self) -> Result<()> {
        let mut buffer = [0; 16 * 1024];
        match fd::read(&self.master, &mut buffer) {
            Ok(0) => self.output_open = false,
            Ok(count) => show(&buffer[..count]),
            Err(error) if error.errno == Errno::EAGAIN => {}
            // The last slave was closed.
            Err(error) if error.errno == Errno::EIO => self.output_open = false,
            Err(error) => return Err(Error::other(error)),
        }
        Ok(())
    }

    /// Carries what was typed. The end of a file is typed as ^D, which ends what reads a terminal.
    pub(crate) fn carry_input(&mut self) -> Result<()> {
        const END: u8 = 4;
        if self.typed.is_empty() {
            let mut buffer = [0; 4096];
            match fd::read(fd::standard(0), &mut buffer) {
                Ok(0) => {
                    self.input_open = false;
                    self.typed.push(END);
                }
                Ok(count) => self.typed.extend_from_slice(&buffer[..count]),
                Err(error) if error.errno == Errno::EAGAIN => {}
                Err(_) => self.input_open = false,
            }
        }
        match fd::write_some(&self.master, &self.typed) {
            Ok(count) => drop(self.typed.drain(..count)),
            // Nobody is left to read it.
            Err(error) if error.errno == Errno::EIO => self.typed.clear(),
            Err(error) => return Err(Error::other(error)),
        }
        Ok(())
    }

    /// Carries what is left when the process has ended.
    pub(crate) fn drain(&mut self) -> Result<()> {
        while let Some(output) = self.output() {
            let nothing_waits = std::time::Duration::ZERO;
            let [ready] = sys::poll::readable([output], Some(nothing_waits)).map_err(Error::other)?;
            if !ready {
                break;
            }
            self.carry_output()?;
        }
        Ok(())
    }
}

/// Writes to our own output, waiting where it has no room. One that nobody reads any more takes nothing, and is no
/// reason to leave the container alone.
fn show(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match fd::write_some(fd::standard(1), bytes) {
            Ok(0) => {
                // Also an error of poll leaves nothing but to try again.
                let _ = sys::poll::ready([(fd::standard(1), Want::Write)], None);
            }
            Ok(count) => bytes = &bytes[count..],
            Err(_) => return,
        }
    }
}

/// Raw mode of the terminal on standard input; none if it is no terminal.
fn raw() -> Option<tty::Raw<BorrowedFd<'static>>> {
    tty::Raw::enter(fd::standard(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(terminal: bool, detach: bool, refusal: Option<&str>) {
        let chosen = Console::choose(terminal, detach, None).err().map(|error| error.to_string());
        assert_eq!(chosen.as_deref(), refusal);
    }

    #[test]
    fn a_detached_terminal_needs_a_socket() {
        check(
            true,
            true,
            Some("cannot allocate tty if ociruntime will detach without setting console socket"),
        );
    }

    #[test]
    fn a_terminal_in_the_foreground_is_relayed() {
        check(true, false, None);
    }

    #[test]
    fn no_terminal_needs_nothing() {
        check(false, true, None);
        check(false, false, None);
    }

    #[test]
    fn a_socket_without_a_terminal_is_refused() {
        let refused = Console::choose(false, true, Some(Path::new("/nowhere")));
        assert!(refused.is_err_and(|error| error.to_string().starts_with("cannot use console socket")));
    }
}
