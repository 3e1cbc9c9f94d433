//! The container's own process with what the flags of `exec` change.

use oci_spec::runtime::{Capabilities, Capability, LinuxCapabilities, Process};

use crate::problem::Problem;

/// What the flags of `exec` say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'o> {
    /// The program and its arguments.
    pub args: &'o [String],
    /// `--cwd`.
    pub cwd: Option<&'o str>,
    /// `--env`, each added at the end.
    pub env: &'o [String],
    /// `--tty`; the container's own setting does not count.
    pub terminal: bool,
    /// `--user`: uid, and gid if it was given.
    pub user: Option<(u32, Option<u32>)>,
    /// `--additional-gids`, added to the container's.
    pub additional_gids: &'o [u32],
    /// `--apparmor`.
    pub apparmor: Option<&'o str>,
    /// `--process-label`.
    pub process_label: Option<&'o str>,
    /// `--no-new-privs`.
    pub no_new_privileges: bool,
    /// `--cap`, each added to bounding, effective and permitted.
    pub capabilities: &'o [String],
}

/// The process to run.
pub fn process(own: &Process, overrides: &Overrides<'_>) -> Result<Process, Problem> {
    let mut process = own.clone();
    process.set_args(Some(overrides.args.to_vec()));
    process.set_terminal(Some(overrides.terminal));
    process.set_console_size(None);
    if let Some(cwd) = overrides.cwd {
        process.set_cwd(cwd.into());
    }
    process.env_mut().get_or_insert_default().extend_from_slice(overrides.env);
    set_user(&mut process, overrides);
    if let Some(profile) = overrides.apparmor {
        process.set_apparmor_profile(Some(profile.into()));
    }
    if let Some(label) = overrides.process_label {
        process.set_selinux_label(Some(label.into()));
    }
    if overrides.no_new_privileges {
        process.set_no_new_privileges(Some(true));
    }
    // The runtime itself does not pass file capabilities on (CVE-2022-29162), unless the config does.
    add_capabilities(&mut process, overrides.capabilities)?;
    Ok(process)
}

/// Takes over what a process file leaves open and the container decides: rights, confinement, and how soon the
/// kernel kills it for memory. Without, a process could be less confined than the container that it enters.
pub fn inherit(process: &mut Process, own: &Process) {
    if process.capabilities().is_none() {
        process.set_capabilities(own.capabilities().clone());
    }
    if process.apparmor_profile().is_none() {
        process.set_apparmor_profile(own.apparmor_profile().clone());
    }
    if process.selinux_label().is_none() {
        process.set_selinux_label(own.selinux_label().clone());
    }
    if process.oom_score_adj().is_none() {
        process.set_oom_score_adj(own.oom_score_adj());
    }
    if process.exec_cpu_affinity().is_none() {
        process.set_exec_cpu_affinity(own.exec_cpu_affinity().clone());
    }
}

fn set_user(process: &mut Process, overrides: &Overrides<'_>) {
    let user = process.user_mut();
    if let Some((uid, gid)) = overrides.user {
        user.set_uid(uid);
        if let Some(gid) = gid {
            user.set_gid(gid);
        }
    }
    if !overrides.additional_gids.is_empty() {
        user.additional_gids_mut().get_or_insert_default().extend_from_slice(overrides.additional_gids);
    }
}

fn add_capabilities(process: &mut Process, names: &[String]) -> Result<(), Problem> {
    if names.is_empty() {
        return Ok(());
    }
    let added: Capabilities = names.iter().map(|name| parse(name)).collect::<Result<_, _>>()?;
    let own = process.capabilities().clone();
    let with = |set: Option<&Option<Capabilities>>| {
        let mut set = set.cloned().flatten().unwrap_or_default();
        set.extend(&added);
        Some(set)
    };
    let mut sets = own.clone().unwrap_or_default();
    let own = own.as_ref();
    sets.set_bounding(with(own.map(LinuxCapabilities::bounding)));
    sets.set_effective(with(own.map(LinuxCapabilities::effective)));
    sets.set_permitted(with(own.map(LinuxCapabilities::permitted)));
    sets.set_inheritable(own.and_then(|own| own.inheritable().clone()));
    sets.set_ambient(own.and_then(|own| own.ambient().clone()));
    process.set_capabilities(Some(sets));
    Ok(())
}

fn parse(name: &str) -> Result<Capability, Problem> {
    let upper = name.to_uppercase();
    let short = upper.strip_prefix("CAP_").unwrap_or(&upper);
    short.parse().map_err(|_| Problem {
        pointer: "--cap".into(),
        found: format!("{name:?}"),
        allowed: "the name of a capability, as CAP_NET_ADMIN".into(),
    })
}
