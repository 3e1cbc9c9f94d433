//! Black-box tests of any OCI runtime: it is named by its path, and nothing of it is linked in.

mod agent;
mod args;
mod bundle;
mod case;
mod cases;
mod cgroup;
mod console;
mod container;
mod engines;
mod expect;
mod inject;
mod leak;
mod narrow;
mod patience;
mod procfs;
mod reaper;
mod report;
mod runner;
mod runtime;
mod schema;
mod test;
mod user;
mod worker;

use args::Mode;
use std::process::ExitCode;

fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)) {
        Ok(Mode::Help) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Mode::List(filter)) => report::list(&filter),
        Ok(Mode::Worker(job)) => worker::main(&job),
        Ok(Mode::Pass(pass)) => engines::pass::main(&pass),
        Ok(Mode::Run(_) | Mode::Engines(_)) if !nix::unistd::geteuid().is_root() => {
            eprintln!("integration-tests: containers, mounts and cgroups need root");
            ExitCode::from(2)
        }
        Ok(Mode::Engines(options)) => engines::main(&options),
        Ok(Mode::Run(options)) => runner::main(&options),
        Err(problem) => {
            eprintln!("integration-tests: {problem}\n{}", args::USAGE);
            ExitCode::from(2)
        }
    }
}
