//! What `exec` runs: a process file, or the container's own process with other arguments and what the flags change.

use bundle::Spec;
use bundle::config::{LoadError, ProcessFile};
use bundle::plan;
use bundle::plan::exec::{Overrides, inherit, process};
use bundle::problem::Problem;

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
        Some(problem) => Err(by_flag(args, problem)),
        None => Ok(ProcessFile { process: wanted, warnings: Vec::new() }),
    }
}

/// Says where the process came from that there is no plan for: the file, or the flags.
pub(super) fn named(args: &args::Exec, error: plan::Error) -> Error {
    match (error, &args.process) {
        (plan::Error::Problems(mut problems), Some(file)) => {
            problems.iter_mut().for_each(|problem| problem.pointer = within_process(problem).to_owned());
            Error::other(LoadError::Problems { file: file.to_string_lossy().into_owned(), problems })
        }
        (plan::Error::Problems(problems), None) if !problems.is_empty() => by_flag(args, &problems[0]),
        (error, _) => Error::other(error),
    }
}

/// The container's own process was checked by `create`: what is wrong came by a flag.
fn by_flag(args: &args::Exec, problem: &Problem) -> Error {
    let place = within_process(problem);
    let flag = match place.split('/').nth(1).unwrap_or_default() {
        "apparmorProfile" if args.apparmor.is_some() => "--apparmor",
        "selinuxLabel" if args.process_label.is_some() => "--process-label",
        "cwd" if args.cwd.is_some() => "--cwd",
        "env" if !args.env.is_empty() => "--env",
        "user" if place.starts_with("/user/additionalGids") => "--additional-gids",
        "user" if args.user.is_some() => "--user",
        "args" => "COMMAND",
        _ => &problem.pointer,
    };
    Error::other(Problem { pointer: flag.to_owned(), ..problem.clone() })
}

/// The place in the process object.
fn within_process(problem: &Problem) -> &str {
    problem.pointer.strip_prefix("/process").unwrap_or(&problem.pointer)
}
