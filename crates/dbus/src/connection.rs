//! A connection to a bus, or straight to a service that speaks D-Bus without one.

use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use sys::socket;
use sys::{Errno, fd, poll, time};

use crate::message::{Call, Kind, Message};
use crate::{Error, Value};

/// How the other side is told who we are. In both cases the kernel says so, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Whoever the kernel says that we are. In a user namespace only the other side knows our number there.
    AsSeen,
    /// Root. systemd before 248 demands a number at its private socket.
    Root,
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    serial: u32,
    /// Bytes that came and are not used up.
    incoming: Vec<u8>,
    /// Whether the authentication has been answered.
    is_accepted: bool,
    /// Signals that came while an answer was waited for.
    signals: VecDeque<Message>,
}

/// How long a bus may let us wait that does not accept, or does not read.
const PATIENCE: Duration = Duration::from_secs(30);

/// The bus itself.
pub(crate) const BUS: &str = "org.freedesktop.DBus";

impl Connection {
    /// Connects and says who we are; the answer is read with the first message.
    ///
    /// # Errors
    /// [`Error::Socket`]: ENOENT or ECONNREFUSED if nobody listens there, ETIMEDOUT if nobody accepts in 30 seconds.
    pub fn open(path: &str, identity: Identity) -> Result<Connection, Error> {
        let path =
            CString::new(path).map_err(|_| sys::Error { call: sys::Call::Connect, errno: Errno::EINVAL })?;
        let connection = Connection {
            socket: socket::connect_within(&path, PATIENCE)?,
            serial: 0,
            incoming: Vec::new(),
            is_accepted: false,
            signals: VecDeque::new(),
        };
        connection.write(match identity {
            // An empty response stands for the credentials of the socket ("EXTERNAL authentication").
            Identity::AsSeen => b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n",
            Identity::Root => b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n",
        })?;
        Ok(connection)
    }

    /// Asks a bus for a name, which it demands of every caller before anything else.
    pub fn hello(&mut self) -> Result<u32, Error> {
        self.call_bus("Hello", &[])
    }

    /// Asks a bus for the signals that fit a match rule ("Match Rules").
    pub fn add_match(&mut self, rule: &str) -> Result<u32, Error> {
        self.call_bus("AddMatch", &[Value::str(rule)])
    }

    fn call_bus(&mut self, member: &str, arguments: &[Value]) -> Result<u32, Error> {
        self.send(&Call {
            destination: BUS,
            path: "/org/freedesktop/DBus",
            interface: BUS,
            member,
            arguments,
        })
    }

    /// Calls a method and does not wait; the answer will bear the serial.
    pub fn send(&mut self, call: &Call<'_>) -> Result<u32, Error> {
        self.serial += 1;
        self.write(&call.encode(self.serial))?;
        Ok(self.serial)
    }

    /// Waits for the answer to a call. Answers to other calls are dropped, unless they are refusals: what was asked
    /// for before was needed. Signals are kept.
    ///
    /// # Errors
    /// [`Error::Refused`] by the method, or [`Error::TimedOut`] at the deadline (on the clock of [`time::monotonic`]).
    pub fn answer(&mut self, serial: u32, deadline: Duration) -> Result<Message, Error> {
        loop {
            let message = self.receive(deadline)?;
            match &message.kind {
                Kind::Reply { to } if *to == serial => return Ok(message),
                Kind::Refusal { name, .. } => {
                    let text = message.text(0).unwrap_or("no reason given").to_owned();
                    return Err(Error::Refused { name: name.clone(), text });
                }
                Kind::Signal { .. } => self.signals.push_back(message),
                Kind::Reply { .. } | Kind::Other => {}
            }
        }
    }

    /// The next signal: one that was kept, or one to wait for.
    ///
    /// # Errors
    /// As for [`answer`](Self::answer), but for refusals, which nobody waits for any more.
    pub fn signal(&mut self, deadline: Duration) -> Result<Message, Error> {
        if let Some(kept) = self.signals.pop_front() {
            return Ok(kept);
        }
        loop {
            let message = self.receive(deadline)?;
            if matches!(message.kind, Kind::Signal { .. }) {
                return Ok(message);
            }
        }
    }

    fn receive(&mut self, deadline: Duration) -> Result<Message, Error> {
        while !self.is_accepted {
            match self.line()? {
                Some(line) => self.is_accepted = is_acceptance(&line)?,
                None => self.read(deadline)?,
            }
        }
        loop {
            match Message::length(&self.incoming)? {
                Some(length) if length <= self.incoming.len() => {
                    let rest = self.incoming.split_off(length);
                    let whole = std::mem::replace(&mut self.incoming, rest);
                    return Message::decode(&whole);
                }
                _ => self.read(deadline)?,
            }
        }
    }

    /// Takes a line of the authentication off what came.
    fn line(&mut self) -> Result<Option<String>, Error> {
        const LONGEST: usize = 16 * 1024;
        let Some(end) = self.incoming.windows(2).position(|bytes| bytes == b"\r\n") else {
            return if self.incoming.len() > LONGEST { Err(Error::Malformed) } else { Ok(None) };
        };
        let rest = self.incoming.split_off(end + 2);
        let line = std::mem::replace(&mut self.incoming, rest);
        Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        socket::send_bytes(&self.socket, bytes).map_err(|error| match error.is_of_a_gone_peer() {
            true => Error::Closed,
            false => Error::Socket(error),
        })
    }

    /// Waits for bytes.
    fn read(&mut self, deadline: Duration) -> Result<(), Error> {
        let left = deadline.saturating_sub(time::monotonic());
        let [is_ready] = poll::readable([self.socket.as_fd()], Some(left))?;
        if !is_ready {
            return Err(Error::TimedOut);
        }
        let mut buffer = [0; 4096];
        match fd::read(&self.socket, &mut buffer) {
            Ok(0) => Err(Error::Closed),
            Ok(length) => {
                self.incoming.extend(&buffer[..length]);
                Ok(())
            }
            Err(error) if error.errno == Errno::ECONNRESET => Err(Error::Closed),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a line of the authentication is its end. The bus prompts for the empty response before.
fn is_acceptance(line: &str) -> Result<bool, Error> {
    match line.split(' ').next() {
        Some("OK") => Ok(true),
        Some("DATA") => Ok(false),
        _ => Err(Error::Rejected(line.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_comes_before_the_acceptance() {
        assert_eq!(is_acceptance("DATA"), Ok(false));
        assert_eq!(is_acceptance("OK 1234deadbeef"), Ok(true));
    }

    #[test]
    fn a_rejection_is_told() {
        let expected = Err(Error::Rejected("REJECTED EXTERNAL".into()));
        assert_eq!(is_acceptance("REJECTED EXTERNAL"), expected);
    }

    #[test]
    fn nobody_at_the_socket_is_an_error_of_its_own() {
        let error = Connection::open("/nowhere/bus", Identity::AsSeen).unwrap_err();
        assert!(error.is_absent(), "{error}");
    }
}
