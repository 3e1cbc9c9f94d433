//! What the words of a step do not say.

use container::plan::{Action, Device, Groups, IdMaps, Plan};
use sys::namespace::{NEWNS, NEWPID, NEWUSER};

use crate::cases;

/// What `look` finds in the steps of a case.
fn found<T>(name: &str, look: impl Fn(&Action) -> Option<T>) -> Vec<T> {
    let Plan { steps, .. } = cases::one(name).plan.expect("a plan");
    steps.iter().filter_map(|step| look(&step.action)).collect()
}

fn maps(name: &str) -> IdMaps {
    let maps = |action: &Action| if let Action::MapIds(maps) = action { Some(maps.clone()) } else { None };
    found(name, maps).pop().expect("id maps")
}

fn clears_groups(name: &str) -> Vec<bool> {
    found(
        name,
        |action| if let Action::BecomeRoot { clear_groups } = action { Some(*clear_groups) } else { None },
    )
}

/// Supplementary groups of the process.
fn groups(name: &str) -> Groups {
    let groups =
        |action: &Action| if let Action::Identity(id) = action { Some(id.groups.clone()) } else { None };
    found(name, groups).pop().expect("an identity")
}

/// Rows and columns, and whether it shows as /dev/console.
fn consoles(name: &str) -> Vec<(Option<(u16, u16)>, bool)> {
    found(name, |action| match action {
        Action::Console(console) => {
            Some((console.size.map(|size| (size.ws_row, size.ws_col)), console.mount))
        }
        _ => None,
    })
}

/// All nodes that are to be made: the default ones and those of linux.devices.
fn nodes(name: &str) -> Vec<Device> {
    let nodes = found(name, |action| match action {
        Action::Dev(dev) => Some(dev.nodes.clone()),
        Action::Device(device) => Some(vec![device.clone()]),
        _ => None,
    });
    nodes.concat()
}

fn preserved(name: &str) -> Vec<u32> {
    found(
        name,
        |action| if let Action::CloseDescriptors { preserved } = action { Some(*preserved) } else { None },
    )
}

fn candidates(name: &str) -> Vec<String> {
    let candidates = |action: &Action| match action {
        Action::FindProgram(program) => Some(program.candidates.clone()),
        _ => None,
    };
    found(name, candidates).concat().iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

#[test]
fn root_writes_any_map_and_clears_its_groups() {
    let maps = maps("user_namespace");
    assert_eq!((maps.deny_setgroups, maps.by_helpers), (false, false));
    assert_eq!(clears_groups("user_namespace"), [true]);
}

#[test]
fn groups_that_are_kept_are_never_set_nor_cleared() {
    let cases = ["in_user_namespace", "in_joined_user_namespace", "rootless"];
    for name in cases.map(|case| format!("groups_kept_{case}")) {
        assert_eq!(clears_groups(&name), [false], "{name}");
        assert_eq!(groups(&name), Groups::Kept, "{name}");
    }
    assert_eq!(groups("groups_kept"), Groups::Kept);
    assert_eq!(clears_groups("exec_that_keeps_groups"), [false]);
    assert_eq!(groups("exec_that_keeps_groups"), Groups::Kept);
}

#[test]
fn an_ordinary_user_maps_its_own_id_by_itself_and_denies_setgroups() {
    let maps = maps("rootless_with_one_id");
    assert_eq!((maps.deny_setgroups, maps.by_helpers), (true, false));
}

#[test]
fn where_setgroups_is_denied_groups_stay() {
    assert_eq!(clears_groups("rootless_with_one_id"), [false]);
    assert_eq!(groups("rootless_with_one_id"), Groups::Denied);
}

#[test]
fn where_an_outer_user_namespace_denies_setgroups_groups_stay_too() {
    assert!(maps("nested_without_groups").deny_setgroups);
    assert_eq!(clears_groups("nested_without_groups"), [false]);
    assert_eq!(groups("nested_without_groups"), Groups::Denied);
}

#[test]
fn an_exec_leaves_groups_where_setgroups_is_denied() {
    assert_eq!(clears_groups("exec_rootless"), [false]);
    assert_eq!(groups("exec_rootless"), Groups::Denied);
}

#[test]
fn more_ids_are_mapped_by_helpers_and_setgroups_is_allowed() {
    let maps = maps("rootless_by_helpers");
    assert_eq!((maps.deny_setgroups, maps.by_helpers), (false, true));
    assert_eq!(clears_groups("rootless_by_helpers"), [true]);
}

#[test]
fn the_second_process_makes_the_namespaces_of_a_joined_user_namespace() {
    let forks =
        |action: &Action| if let Action::Fork { namespaces } = action { Some(*namespaces) } else { None };
    assert_eq!(found("joined_user_and_pid_namespaces", forks), [NEWNS]);
    assert_eq!(found("exec_in_user_namespace", forks), [0]);
}

#[test]
fn an_exec_joins_the_pid_namespace_of_a_user_namespace_with_it() {
    let joined =
        |action: &Action| if let Action::JoinInit { namespaces } = action { Some(*namespaces) } else { None };
    let found = found("exec_in_user_namespace", joined);
    assert!(found.len() == 1 && found[0] & (NEWUSER | NEWPID) == NEWUSER | NEWPID);
}

#[test]
fn a_terminal_has_the_size_of_the_config_and_shows_as_the_console() {
    assert_eq!(consoles("terminal"), [(Some((24, 80)), true)]);
}

#[test]
fn the_terminal_of_an_exec_does_not_show_as_the_console() {
    assert_eq!(consoles("exec_with_terminal"), [(None, false)]);
}

#[test]
fn root_of_the_host_makes_device_nodes() {
    assert!(nodes("devices").iter().all(|device| !device.bind));
}

#[test]
fn a_user_namespace_binds_the_hosts_device_nodes_but_makes_pipes() {
    let made: Vec<Device> =
        nodes("devices_in_user_namespace").into_iter().filter(|node| !node.bind).collect();
    assert_eq!(made.iter().map(|node| node.path.as_c_str()).collect::<Vec<_>>(), [c"run/pipe"]);
}

#[test]
fn a_runtime_in_a_user_namespace_binds_the_hosts_device_nodes() {
    assert!(nodes("default_nested").iter().all(|device| device.bind));
}

#[test]
fn the_callers_sockets_stay_open() {
    assert_eq!(preserved("listening"), [2]);
}

#[test]
fn a_program_with_a_slash_is_a_path() {
    assert_eq!(candidates("small"), ["/bin/true"]);
}

#[test]
fn a_program_without_is_looked_for_in_the_path_of_the_config() {
    assert_eq!(candidates("user"), ["/opt/bin/server", "/bin/server"]);
}
