//! Stands in for the `regex` crate in our executable.
//!
//! oci-spec matches one pattern, the CPU lists of execCPUAffinity. The full engine would add half a megabyte to a
//! static runtime for it; the light one has the same interface.

pub use regex_lite::*;
