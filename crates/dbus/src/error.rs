//! What can go wrong on the way to a bus and back.

use std::fmt;

use sys::Described;

/// Why there is no answer, or what it says instead of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A system call failed on the socket.
    Socket(sys::Error),
    /// The bus does not believe who we are.
    Rejected(String),
    /// The bus closed the connection.
    Closed,
    /// What came is no message of D-Bus.
    Malformed,
    /// Nothing came in time.
    TimedOut,
    /// The method answered with an error.
    Refused {
        /// Such as `org.freedesktop.systemd1.NoSuchUnit`.
        name: String,
        /// For people.
        text: String,
    },
}

impl Error {
    /// Whether the method answered with the error of this name.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Error::Refused { name, .. } if name == wanted)
    }

    /// Whether nobody listens at the socket.
    pub fn is_absent(&self) -> bool {
        use sys::Errno::{ECONNREFUSED, ENOENT};
        matches!(self, Error::Socket(error) if matches!(error.errno, ENOENT | ECONNREFUSED))
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Error {
        Error::Socket(error)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Socket(error) => Described(error.errno).fmt(f),
            Error::Rejected(line) => write!(f, "the bus rejects us ({line})"),
            Error::Closed => f.write_str("the bus closed the connection"),
            Error::Malformed => f.write_str("the bus sent what is no message"),
            Error::TimedOut => f.write_str("no answer in time"),
            Error::Refused { name, text } => write!(f, "{text} ({name})"),
        }
    }
}
