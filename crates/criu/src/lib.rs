//! Speaks with CRIU, which freezes processes into files and brings them back: its RPC over a socket to a `criu swrk`
//! that is made for one task (<https://criu.org/RPC>).
//!
//! [`Session`] is the conversation, [`Setting`] what a task is carried out with, [`Notice`] what CRIU tells on the way.
//! The messages are protocol buffers (`wire`), of which this crate writes and reads the few fields that it needs; the
//! numbers are those of CRIU's rpc.proto.

mod answer;
mod error;
mod session;
mod setting;
mod wire;

pub use answer::Notice;
pub use error::{Error, Result};
pub use session::{Chamber, Session, Task};
pub use setting::{CgroupMode, Setting, Switch};
