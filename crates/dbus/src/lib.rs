//! A small synchronous D-Bus client: values, messages, and a connection over a Unix socket.
//!
//! It follows the D-Bus Specification 0.43 as far as a caller of methods needs it: no thread, no main loop, no
//! descriptors, no services of its own. Messages are sent without waiting for answers, so that several cost one way to
//! the bus and back; who waits names a deadline.

mod address;
mod connection;
mod error;
mod message;
mod text;
mod value;
mod wire;

pub use address::socket_path;
pub use connection::{Connection, Identity};
pub use error::Error;
pub use message::{Call, Kind, Message};
pub use value::Value;
