//! `--version`, in the three lines that dockerd and go-runc take apart.

/// The version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, as build.rs found it.
pub(crate) const COMMIT: &str = env!("OCIRUNTIME_COMMIT");
/// Both: what tells this build from others.
pub(crate) const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("OCIRUNTIME_COMMIT"));
/// The newest runtime-spec that it follows.
pub(crate) const SPEC: &str = bundle::OCI_VERSION;

/// The text of `--version`.
pub(crate) fn text() -> String {
    format!("ociruntime version {VERSION}\ncommit: {COMMIT}\nspec: {SPEC}\n")
}
