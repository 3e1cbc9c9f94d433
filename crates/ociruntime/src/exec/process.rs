//! What `exec` runs: a process file, or the container's own process with other arguments and what the flags change.

use bundle::Spec;
use bundle::config::ProcessFile;
use bundle::plan::exec::{Overrides, inherit, process};

use crate::args;
use crate::error::{Error, Result};

/// The process that the command line asks for, checked, and what the user should hear of it.
pub(super) fn wanted(args: &args::Exec, spec: &Spec) -> Result<ProcessFile> {
    if let Some(file) = &args.process {
        let text = std::fs::read(file).map_err(Error::io("read process file", file))?;
        let mut parsed = ProcessFile::parse(&file.to_string_lossy(), &text).map_err(Error::other)?;
        if let Some(own) = spec.process() {
            inherit(&mut parsed.process, own);
        }
        return Ok(parsed);
    }
    let Some(own) = spec.process() else {
        return Err(Error::Other("the container has no process to take after: use --process".into()));
    };
    if args.args.is_empty() {
        return Err(Error::Other("process args cannot be empty".into()));
    }
    let overrides = Overrides {
        args: &args.args,
        cwd: args.cwd.as_deref(),
        env: &args.env,
        terminal: args.tty,
        user: args.user.as_ref().map(|user| (user.uid, user.gid)),
        additional_gids: &args.additional_gids,
        apparmor: args.apparmor.as_deref(),
        process_label: args.process_label.as_deref(),
        no_new_privileges: args.no_new_privs,
        capabilities: &args.caps,
    };
    let wanted = process(own, &overrides).map_err(Error::other)?;
    match bundle::check::check_process(&wanted).first() {
        Some(problem) => Err(Error::Other(problem.to_string())),
        None => Ok(ProcessFile { process: wanted, warnings: Vec::new() }),
    }
}
