//! Every flag of every command, with its default, as runc has them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use seccomp::Arch;

use super::values::{
    self, Argument, CgroupManager, CgroupsMode, ExplainFormat, LogFormat, PageServer, Rootless, TableFormat,
    User,
};
use crate::signal::Signal;

/// A low-level OCI container runtime.
#[derive(Debug, Parser)]
#[command(name = "ociruntime", disable_version_flag = true, disable_help_subcommand = true)]
#[command(subcommand_value_name = "COMMAND")]
#[command(after_help = "These options stand before the command; its own: ociruntime help COMMAND")]
pub(crate) struct Globals {
    /// Log more: each step that is taken
    #[arg(long)]
    pub(crate) debug: bool,

    /// Append the log to this file instead of standard error; file:FILE is the same
    #[arg(long, value_name = "FILE", value_parser = values::log)]
    pub(crate) log: Option<PathBuf>,

    /// Format of the log: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// Directory that holds the state of the containers [default: /run/ociruntime, or
    /// $XDG_RUNTIME_DIR/ociruntime for an ordinary user]
    #[arg(long, value_name = "DIR", value_parser = values::root)]
    pub(crate) root: Option<PathBuf>,

    /// Make cgroups through systemd; cgroupsPath is then slice:prefix:name
    #[arg(long)]
    pub(crate) systemd_cgroup: bool,

    /// Who makes cgroups: cgroupfs (this runtime) or systemd, which is the same as --systemd-cgroup
    #[arg(long, value_name = "MANAGER")]
    pub(crate) cgroup_manager: Option<CgroupManager>,

    /// Ignore denied access to cgroups: true, false or auto
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) rootless: Rootless,

    /// Print the version
    #[arg(short, long)]
    pub(super) version: bool,
}

/// Create a container: everything is set up, the program waits for start.
#[derive(Debug, Parser)]
pub(crate) struct Create {
    /// Directory that holds config.json
    #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) bundle: PathBuf,

    /// Another file to take for config.json; paths in it still start at the bundle
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// AF_UNIX socket that is sent the master end of the container's terminal
    #[arg(long, value_name = "PATH")]
    pub(crate) console_socket: Option<PathBuf>,

    /// AF_UNIX socket that is sent a pidfd of the container's init
    #[arg(long, value_name = "PATH")]
    pub(crate) pidfd_socket: Option<PathBuf>,

    /// File to write the pid of the container's init to
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,

    /// Enter the root file system by moving the mount instead of pivot_root
    #[arg(long)]
    pub(crate) no_pivot: bool,

    /// Keep the caller's session keyring instead of a new one
    #[arg(long)]
    pub(crate) no_new_keyring: bool,

    /// Hand this many more file descriptors to the container (after standard error and $LISTEN_FDS)
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::preserve_fds)]
    pub(crate) preserve_fds: u32,

    /// Write a timeline of the steps to this file (Chrome trace JSON)
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Name for the container, unique on this host
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Run the program of a container that has been created.
#[derive(Debug, Parser)]
pub(crate) struct Start {
    /// Write a timeline of the steps to this file (Chrome trace JSON)
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Create a container, start it, and delete it when it ends.
#[derive(Debug, Parser)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) create: Create,

    /// Return as soon as the program runs
    #[arg(short, long)]
    pub(crate) detach: bool,

    /// Do not delete the container when it ends
    #[arg(long)]
    pub(crate) keep: bool,

    /// Do not adopt the orphans of the container's processes
    #[arg(long)]
    pub(crate) no_subreaper: bool,
}

/// Print the state of a container as JSON.
#[derive(Debug, Parser)]
pub(crate) struct State {
    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Send a signal to a container's init.
#[derive(Debug, Parser)]
pub(crate) struct Kill {
    /// No complaint if the container has stopped
    #[arg(short, long, hide = true)]
    pub(crate) all: bool,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,

    /// Number or name, with or without SIG
    #[arg(default_value = "SIGTERM")]
    pub(crate) signal: Signal,
}

/// Delete a container that has stopped.
#[derive(Debug, Parser)]
pub(crate) struct Delete {
    /// Kill the container if it still runs; no complaint if there is none
    #[arg(short, long)]
    pub(crate) force: bool,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Run one more process in a container.
#[derive(Debug, Parser)]
pub(crate) struct Exec {
    /// AF_UNIX socket that is sent the master end of the process's terminal
    #[arg(long, value_name = "PATH")]
    pub(crate) console_socket: Option<PathBuf>,

    /// AF_UNIX socket that is sent a pidfd of the process
    #[arg(long, value_name = "PATH")]
    pub(crate) pidfd_socket: Option<PathBuf>,

    /// Working directory in the container
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<String>,

    /// Set an environment variable (repeatable)
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,

    /// Give the process a terminal
    #[arg(short, long)]
    pub(crate) tty: bool,

    /// Numeric user, and group if given
    #[arg(short, long, value_name = "UID[:GID]")]
    pub(crate) user: Option<User>,

    /// One more group (repeatable)
    #[arg(short = 'g', long, value_name = "GID", value_parser = values::additional_gid)]
    pub(crate) additional_gids: Vec<u32>,

    /// File with the process as JSON, as in the process object of config.json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) process: Option<PathBuf>,

    /// Return as soon as the process runs
    #[arg(short, long)]
    pub(crate) detach: bool,

    /// File to write the pid of the process to
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,

    /// SELinux label of the process
    #[arg(long, value_name = "LABEL")]
    pub(crate) process_label: Option<String>,

    /// AppArmor profile of the process
    #[arg(long, value_name = "PROFILE")]
    pub(crate) apparmor: Option<String>,

    /// Set no_new_privs on the process
    #[arg(long)]
    pub(crate) no_new_privs: bool,

    /// Add a capability (repeatable)
    #[arg(short = 'c', long = "cap", value_name = "CAP")]
    pub(crate) caps: Vec<String>,

    /// Hand this many more file descriptors to the process (after standard error and $LISTEN_FDS)
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::preserve_fds)]
    pub(crate) preserve_fds: u32,

    /// Run in a cgroup below the container's: [CONTROLLER[,CONTROLLER]:]PATH (repeatable)
    #[arg(long, value_name = "CGROUP")]
    pub(crate) cgroup: Vec<String>,

    /// Do it even if the container is paused
    #[arg(long)]
    pub(crate) ignore_paused: bool,

    /// Write a timeline of the steps to this file (Chrome trace JSON)
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,

    /// The program and its arguments; not needed with --process
    #[arg(value_name = "COMMAND")]
    pub(crate) args: Vec<String>,
}

/// Stop all processes of a container where they are, until resume.
#[derive(Debug, Parser)]
pub(crate) struct Pause {
    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Let the processes of a paused container go on.
#[derive(Debug, Parser)]
pub(crate) struct Resume {
    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Change the limits of a container.
#[derive(Debug, Parser)]
pub(crate) struct Update {
    /// File with the limits as JSON, as in linux.resources of config.json, or - for standard input; the flags below then
    /// do not count
    #[arg(short, long, value_name = "FILE")]
    pub(crate) resources: Option<PathBuf>,

    /// Share of the block devices' time, from 10 to 1000
    #[arg(long, value_name = "WEIGHT", value_parser = values::number::<u16>("blkio-weight"))]
    pub(crate) blkio_weight: Option<u16>,

    /// Length of a scheduling period, in microseconds
    #[arg(long, value_name = "MICROSECONDS", value_parser = values::number::<u64>("cpu-period"))]
    pub(crate) cpu_period: Option<u64>,

    /// CPU time in a period, in microseconds; -1 for no limit
    #[arg(long, value_name = "MICROSECONDS", value_parser = values::number::<i64>("cpu-quota"))]
    pub(crate) cpu_quota: Option<i64>,

    /// CPU time that may be saved up beyond the quota, in microseconds
    #[arg(long, value_name = "MICROSECONDS", value_parser = values::number::<u64>("cpu-burst"))]
    pub(crate) cpu_burst: Option<u64>,

    /// Share of CPU time beside others, from 2 to 262144
    #[arg(long, value_name = "SHARES", value_parser = values::number::<u64>("cpu-share"))]
    pub(crate) cpu_share: Option<u64>,

    /// Length of a real-time period, in microseconds
    #[arg(long, value_name = "MICROSECONDS", value_parser = values::number::<u64>("cpu-rt-period"))]
    pub(crate) cpu_rt_period: Option<u64>,

    /// Real-time CPU time in a period, in microseconds
    #[arg(long, value_name = "MICROSECONDS", value_parser = values::number::<i64>("cpu-rt-runtime"))]
    pub(crate) cpu_rt_runtime: Option<i64>,

    /// CPUs to use, such as 0-3,7
    #[arg(long, value_name = "LIST")]
    pub(crate) cpuset_cpus: Option<String>,

    /// Memory nodes to use, such as 0-1
    #[arg(long, value_name = "LIST")]
    pub(crate) cpuset_mems: Option<String>,

    /// 1 to run only when nobody else wants to (SCHED_IDLE), 0 to take part as usual
    #[arg(long, value_name = "0|1", value_parser = values::number::<i64>("cpu-idle"))]
    pub(crate) cpu_idle: Option<i64>,

    /// Memory in bytes, with k, m or g; -1 for no limit
    #[arg(long, value_name = "BYTES", value_parser = values::amount("memory"))]
    pub(crate) memory: Option<i64>,

    /// Memory that is left to the container when memory is short, in bytes; -1 for no limit
    #[arg(long, value_name = "BYTES", value_parser = values::amount("memory-reservation"))]
    pub(crate) memory_reservation: Option<i64>,

    /// Memory and swap together, in bytes; -1 for no limit of swap
    #[arg(long, value_name = "BYTES", value_parser = values::amount("memory-swap"))]
    pub(crate) memory_swap: Option<i64>,

    /// Processes and threads; -1 for no limit
    #[arg(long, value_name = "N", value_parser = values::number::<i64>("pids-limit"))]
    pub(crate) pids_limit: Option<i64>,

    /// Intel RDT: the part of the L3 cache
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) l3_cache_schema: Option<String>,

    /// Intel RDT: the memory bandwidth
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) mem_bw_schema: Option<String>,

    /// Ignored: the kernel no longer limits this
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) kernel_memory: Option<String>,

    /// Ignored: the kernel no longer limits this
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) kernel_memory_tcp: Option<String>,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Print what a container uses, again and again, and when it runs out of memory.
#[derive(Debug, Parser)]
pub(crate) struct Events {
    /// Time between two prints, such as 500ms, 5s or 1m30s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = values::interval)]
    pub(crate) interval: Duration,

    /// Print what it uses once, and end
    #[arg(long)]
    pub(crate) stats: bool,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Freeze a container into files, from which restore brings it back.
#[derive(Debug, Parser)]
pub(crate) struct Checkpoint {
    #[command(flatten)]
    pub(crate) images: Images,

    /// Images of an earlier pre-dump, relative to those of this one
    #[arg(long, value_name = "DIR", value_parser = values::parent_path)]
    pub(crate) parent_path: Option<PathBuf>,

    /// Let the container run on
    #[arg(long)]
    pub(crate) leave_running: bool,

    /// Leave out TCP connections that are being made
    #[arg(long)]
    pub(crate) tcp_skip_in_flight: bool,

    /// Give open files that have no name one
    #[arg(long)]
    pub(crate) link_remap: bool,

    /// File descriptor that a zero byte is written to once pages can be served
    #[arg(long, value_name = "FD", value_parser = values::number::<i32>("status-fd"))]
    pub(crate) status_fd: Option<i32>,

    /// Send memory to the page server there instead of writing it
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) page_server: Option<PageServer>,

    /// Write the memory alone, while the container runs on
    #[arg(long)]
    pub(crate) pre_dump: bool,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,
}

/// Bring a container back from the files of a checkpoint.
#[derive(Debug, Parser)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) images: Images,

    /// AF_UNIX socket that is sent the master end of the container's terminal
    #[arg(long, value_name = "PATH")]
    pub(crate) console_socket: Option<PathBuf>,

    /// Directory that holds config.json
    #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) bundle: PathBuf,

    /// Return as soon as the processes run
    #[arg(short, long)]
    pub(crate) detach: bool,

    /// File to write the pid of the container's init to
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,

    /// Do not adopt the orphans of the container's processes
    #[arg(long)]
    pub(crate) no_subreaper: bool,

    /// Accepted and without effect: how the root file system is entered is CRIU's business
    #[arg(long)]
    pub(crate) no_pivot: bool,

    /// Let established TCP connections come back closed
    #[arg(long)]
    pub(crate) tcp_close: bool,

    /// Security label for the processes: apparmor:PROFILE or selinux:LABEL
    #[arg(long, value_name = "TYPE:LABEL")]
    pub(crate) lsm_profile: Option<String>,

    /// SELinux context for the mounts that had one
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) lsm_mount_context: Option<String>,

    /// Name for the container, unique on this host
    #[arg(required = true)]
    pub(crate) id: String,
}

impl Restore {
    /// The same as flags of `create`, for what is made in the same way.
    pub(crate) fn create(&self) -> Create {
        Create {
            bundle: self.bundle.clone(),
            config: None,
            console_socket: self.console_socket.clone(),
            pidfd_socket: None,
            pid_file: self.pid_file.clone(),
            no_pivot: self.no_pivot,
            no_new_keyring: false,
            preserve_fds: 0,
            trace: None,
            id: self.id.clone(),
        }
    }
}

/// The flags of `checkpoint` and `restore` alike.
#[derive(Debug, clap::Args)]
pub(crate) struct Images {
    /// Directory of the images
    #[arg(long, value_name = "DIR", default_value = "checkpoint")]
    pub(crate) image_path: PathBuf,

    /// Directory of the log [default: that of the images]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_path: Option<PathBuf>,

    /// Allow established TCP connections
    #[arg(long)]
    pub(crate) tcp_established: bool,

    /// Allow Unix sockets that are connected to the outside
    #[arg(long)]
    pub(crate) ext_unix_sk: bool,

    /// Allow processes of a session from outside, and its terminal
    #[arg(long)]
    pub(crate) shell_job: bool,

    /// Serve memory when it is needed, by a page server
    #[arg(long)]
    pub(crate) lazy_pages: bool,

    /// Allow file locks
    #[arg(long)]
    pub(crate) file_locks: bool,

    /// What becomes of cgroups: soft, full, strict or ignore [default: soft]
    #[arg(long, value_name = "MODE")]
    pub(crate) manage_cgroups_mode: Option<CgroupsMode>,

    /// A namespace whose content is left out: network (repeatable)
    #[arg(long, value_name = "NAMESPACE", value_parser = values::empty_namespace)]
    pub(crate) empty_ns: Vec<String>,

    /// Take memory that newer images have out of older ones
    #[arg(long)]
    pub(crate) auto_dedup: bool,
}

/// List the containers of a root directory.
#[derive(Debug, Parser)]
pub(crate) struct List {
    /// Format: table or json
    #[arg(short, long, default_value = "table")]
    pub(crate) format: TableFormat,

    /// Print the ids alone
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Print the processes of a container.
#[derive(Debug, Parser)]
pub(crate) struct Ps {
    /// Format: table or json
    #[arg(short, long, default_value = "table")]
    pub(crate) format: TableFormat,

    /// The container
    #[arg(required = true)]
    pub(crate) id: String,

    /// Options for ps(1), which makes the table [default: -ef]
    #[arg(value_name = "PS OPTION")]
    pub(crate) options: Vec<String>,
}

/// Write a config.json to start from.
#[derive(Debug, Parser)]
pub(crate) struct Spec {
    /// Directory to write config.json to
    #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) bundle: PathBuf,

    /// For an ordinary user, with a user namespace
    #[arg(long)]
    pub(crate) rootless: bool,
}

/// Print what this runtime can do, as JSON (runtime-spec, features.md).
#[derive(Debug, Parser)]
pub(crate) struct Features {}

/// Print what create would do, step by step, and do none of it.
#[derive(Debug, Parser)]
pub(crate) struct Explain {
    /// Directory that holds config.json
    #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) bundle: PathBuf,

    /// Another file to take for config.json
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Format: text or json
    #[arg(short, long, default_value = "text")]
    pub(crate) format: ExplainFormat,
}

/// Say what a seccomp profile does to a system call, and why.
#[derive(Debug, Parser)]
pub(crate) struct Seccomp {
    /// Directory that holds config.json, whose linux.seccomp is the profile
    #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    pub(crate) bundle: PathBuf,

    /// File with the profile as JSON, as in linux.seccomp of config.json
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,

    /// Architecture of the call, such as x86 [default: this machine's]
    #[arg(long, value_name = "ARCH", value_parser = crate::seccomp::architecture)]
    pub(crate) arch: Option<Arch>,

    /// Print the instructions of the program too
    #[arg(long)]
    pub(crate) program: bool,

    /// Name or number of the call
    pub(crate) call: Option<String>,

    /// Its arguments: those that are not given are 0
    #[arg(value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<Argument>,
}
