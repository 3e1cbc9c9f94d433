//! The container's process: who it is, where it stands, what it runs.

pub(crate) mod directory;
pub(crate) mod home;
pub(crate) mod identity;
pub(crate) mod label;
pub(crate) mod program;
