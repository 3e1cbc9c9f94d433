//! The real thing, on whatever cgroups the machine has: needs root, works below `/ociruntime-test-PID`,
//! cleans up. Without root, or without cgroups, each test says so and passes; so do those of another version
//! than the machine's.

mod devices;
mod lifecycle;
mod own;
mod processes;
mod usage;
mod v1;
mod v2;
