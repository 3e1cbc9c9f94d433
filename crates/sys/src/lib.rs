//! Safe wrappers for the system calls that a container runtime needs.
//!
//! One call, one wrapper, one meaning. The only crate of the workspace that may say `unsafe`.

mod error;

pub use error::{Call, Described, Errno, Error, Named, Result, errno_of};
