//! Where the state is kept when no flag says so.

use std::env;
use std::path::PathBuf;

/// The root to use without `--root`.
pub(super) struct Default {
    /// Its path.
    pub(super) path: PathBuf,
    /// The mode to make it with.
    pub(super) mode: u32,
}

/// `/run/ociruntime`, or a directory in `$XDG_RUNTIME_DIR` for those who cannot write to /run.
///
/// The latter gets the sticky bit: without it, the XDG base directory specification lets a clean-up job remove it.
pub(super) fn default() -> Default {
    match env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir)
            if wants_own(
                sys::process::effective_uid(),
                sys::namespace::in_user_namespace,
                env::var("USER").ok(),
            ) =>
        {
            Default { path: PathBuf::from(dir).join("ociruntime"), mode: 0o1700 }
        }
        _ => Default { path: "/run/ociruntime".into(), mode: 0o700 },
    }
}

/// Whether the caller has a runtime directory of its own: an ordinary user, or one who is root only in a user
/// namespace and has not taken root's name as well (as `sudo` inside one does).
fn wants_own(uid: u32, in_user_namespace: impl FnOnce() -> bool, user: Option<String>) -> bool {
    uid != 0 || (in_user_namespace() && user.as_deref() != Some("root"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_user_has_a_directory_of_its_own() {
        assert!(wants_own(1000, || false, None));
    }

    #[test]
    fn root_of_the_host_uses_run() {
        assert!(!wants_own(0, || false, None));
    }

    #[test]
    fn root_of_a_user_namespace_keeps_the_directory_of_the_user() {
        assert!(wants_own(0, || true, Some("me".into())));
    }

    #[test]
    fn root_of_a_user_namespace_with_its_name_uses_run() {
        assert!(!wants_own(0, || true, Some("root".into())));
    }
}
