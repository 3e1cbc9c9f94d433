//! Loads config.json, checks it, and plans the container: everything that is decided before anything is done.

pub mod annotations;
pub mod check;
pub mod config;
pub mod default;
pub mod plan;
pub mod problem;
mod shape;
pub mod update;

pub use oci_spec::runtime::{LinuxSeccomp as SeccompProfile, Process, Spec};

/// The version of the runtime specification that this runtime implements.
pub const OCI_VERSION: &str = "1.3.0";

/// The capabilities that a config may name, for the features document.
pub const CAPABILITIES: &[&str] = shape::CAPABILITIES;

/// The types of namespaces that a config may name, for the features document.
pub const NAMESPACES: &[&str] = shape::NAMESPACES;

/// The modes of `linux.memoryPolicy`, for the features document.
pub const MEMORY_POLICY_MODES: &[&str] = shape::MEMORY_MODES;

/// The flags of `linux.memoryPolicy`, for the features document.
pub const MEMORY_POLICY_FLAGS: &[&str] = shape::MEMORY_FLAGS;
