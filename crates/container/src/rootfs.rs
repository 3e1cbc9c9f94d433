//! The container's root file system: what is mounted, made, hidden and entered.
//!
//! Everything goes by the descriptor of [`Root`]; no path inside the container is ever resolved by the host's root.

mod bind;
mod classic;
pub(crate) mod console;
mod copy_up;
pub(crate) mod device;
mod layers;
mod link;
pub(crate) mod mask;
pub(crate) mod mount;
pub(crate) mod pivot;
pub(crate) mod propagation;
pub(crate) mod readonly;
mod resolve;
mod walk;

pub(crate) use resolve::Root;
