//! `list`: the containers of a root directory.

use crate::args::{self, TableFormat};
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::output;
use crate::state::State;
use crate::store::Store;
use crate::users::Users;

const HEADER: [&str; 6] = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];

/// Prints all containers. One that cannot be read is named on standard error and does not spoil the rest.
pub(crate) fn list(store: &Store, args: &args::List) -> Result<()> {
    let ids = store.ids()?;
    if args.quiet {
        return output::print(&ids.iter().map(|id| format!("{id}\n")).collect::<String>());
    }
    let users = Users::default();
    let states: Vec<State> = ids.iter().filter_map(|id| observe(store, id, &users)).collect();
    match args.format {
        TableFormat::Table => output::print(&table(&states)),
        // Go writes an empty list as null, and that is what engines are used to.
        TableFormat::Json if states.is_empty() => output::print("null\n"),
        TableFormat::Json => output::print_json(&states),
    }
}

fn observe(store: &Store, id: &ContainerId, users: &Users) -> Option<State> {
    match store.find(id).and_then(|entry| State::observe(&entry, users)) {
        Ok(state) => Some(state),
        Err(error) => {
            report(id, &error);
            None
        }
    }
}

/// Straight to standard error, as runc does it: the log of a command that succeeds stays empty.
fn report(id: &ContainerId, error: &Error) {
    use std::io::Write;
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "load container {id}: {error}");
}

/// Columns of at least 12 characters, three spaces apart, as Go's tabwriter lays out runc's list.
fn table(states: &[State]) -> String {
    let rows: Vec<[String; 6]> = states.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADER[column].len()]).max().map_or(0, |longest| (longest + 3).max(12))
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let header = line(HEADER, &widths);
    let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str), &widths));
    std::iter::once(header).chain(body).collect()
}

fn row(state: &State) -> [String; 6] {
    [
        state.id.clone(),
        state.pid.to_string(),
        state.status.to_string(),
        state.bundle.clone(),
        state.created.clone(),
        state.owner.clone(),
    ]
}

fn line(cells: [&str; 6], widths: &[usize; 5]) -> String {
    let [rest @ .., last] = cells;
    let padded = rest.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    padded.collect::<String>() + last + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::status::Status;

    fn web() -> State {
        State {
            oci_version: "1.3.0".into(),
            id: "web".into(),
            pid: 7,
            status: Status::Running,
            bundle: "/bundles/web".into(),
            rootfs: "/bundles/web/rootfs".into(),
            created: "2026-09-01T12:00:00Z".into(),
            annotations: BTreeMap::new(),
            owner: "root".into(),
        }
    }

    #[test]
    fn an_empty_table_is_its_header() {
        assert_eq!(table(&[]), "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
    }

    #[test]
    fn a_column_is_as_wide_as_its_longest_cell() {
        assert_eq!(
            table(&[web()]).lines().last(),
            Some("web         7           running     /bundles/web   2026-09-01T12:00:00Z   root")
        );
    }
}
