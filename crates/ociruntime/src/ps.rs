//! `ps`: the processes of a container, as pids or as the host's ps(1) describes them.

use std::process::Command;

use crate::args::{self, TableFormat};
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::members;
use crate::output;
use crate::store::Store;

/// Prints the processes of the container.
pub(crate) fn ps(store: &Store, args: &args::Ps) -> Result<()> {
    let record = store.find(&ContainerId::parse(&args.id)?)?.read()?;
    let pids = members::of(&record)?;
    match args.format {
        // As in `list`: an empty list is null in Go.
        TableFormat::Json if pids.is_empty() => output::print("null\n"),
        TableFormat::Json => output::print_json(&pids),
        TableFormat::Table => output::print(&rows_of(&host_ps(&args.options)?, &pids)?),
    }
}

/// What ps(1) says of all processes of the host.
fn host_ps(options: &[String]) -> Result<String> {
    let default = ["-ef".to_owned()];
    let options = if options.is_empty() { &default } else { options };
    let failed = |reason: String| Error::Other(format!("ps {}: {reason}", options.join(" ")));
    let result = Command::new("ps").args(options).output().map_err(|error| failed(error.to_string()))?;
    if result.status.success() {
        Ok(String::from_utf8_lossy(&result.stdout).into_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&result.stderr).lines().next().unwrap_or("failed").to_owned()))
    }
}

/// The header and the lines whose PID column has one of `pids`.
fn rows_of(table: &str, pids: &[i32]) -> Result<String> {
    let header = table.lines().next().unwrap_or_default();
    let column = header.split_ascii_whitespace().position(|title| title == "PID");
    let column = column.ok_or_else(|| Error::Other("couldn't find PID field in ps output".into()))?;
    let is_ours = |line: &&str| {
        let cell = line.split_ascii_whitespace().nth(column);
        cell.and_then(|cell| cell.parse().ok()).is_some_and(|pid| pids.contains(&pid))
    };
    let rows = table.lines().skip(1).filter(is_ours);
    Ok(std::iter::once(header).chain(rows).map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "UID  PID PPID CMD\nroot 1   0    init\nroot 17  1    sleep 7\n";

    #[test]
    fn only_lines_of_the_container_are_left() {
        assert_eq!(rows_of(TABLE, &[17]).ok().as_deref(), Some("UID  PID PPID CMD\nroot 17  1    sleep 7\n"));
    }

    #[test]
    fn a_number_in_another_column_is_no_pid() {
        assert_eq!(rows_of(TABLE, &[7]).ok().as_deref(), Some("UID  PID PPID CMD\n"));
    }

    #[test]
    fn a_table_without_pids_is_refused() {
        assert!(rows_of("CMD\ninit\n", &[1]).is_err());
    }
}
