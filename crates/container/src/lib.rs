//! Carries out a [`Plan`](plan::Plan): clones the container's init and walks the plan's steps with it.
//!
//! [`launch`] is the parent's side, `child` the other; they speak in [`packet`]s. What a step does is in the module of
//! its subject: `rootfs`, `process`, [`hooks`], `idmap`, `lend`, `procfs`. [`tree`] is for those who do without.

mod child;
mod describe;
mod error;
pub mod hooks;
mod idmap;
pub mod launch;
mod lend;
mod net_device;
pub mod packet;
pub mod plan;
mod process;
mod procfs;
mod rootfs;
mod trace;
pub mod tree;

pub use describe::namespaces as namespace_names;
pub use error::{Error, Result};
pub use trace::{Span, Trace};
