use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use cgroup::{Cgroup, Created};

use super::*;
use crate::status::{self, Status};

/// A store of its own for one test, removed with it.
struct Scratch(Store);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("ociruntime-store-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Scratch(Store { root: std::env::temp_dir().join(name), mode: 0o700, is_default: false })
    }

    fn create(&self, id: &str) -> Result<Entry> {
        self.0.create(&parsed(id))
    }

    fn find(&self, id: &str) -> Result<Entry> {
        self.0.find(&parsed(id))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Not every test makes the directory.
        let _ = fs::remove_dir_all(&self.0.root);
    }
}

fn parsed(id: &str) -> ContainerId {
    ContainerId::parse(id).unwrap()
}

fn record(init: Option<Init>) -> Record {
    Record {
        oci_version: "1.3.0".into(),
        id: "web".into(),
        bundle: "/bundles/web".into(),
        rootfs: "/bundles/web/rootfs".into(),
        created: "2026-09-01T12:00:00Z".into(),
        owner: 0,
        annotations: BTreeMap::from([("a".into(), "b".into())]),
        init,
        cgroup: Cgroup::Unmanaged,
        rdt: None,
        parents: Created::default(),
        namespaces: sys::namespace::NEWPID,
        joined: 0,
        late_hooks: false,
        agent: None,
        has_process: true,
        shares_cgroup: false,
        own_keyring: true,
        steps: vec![(0, "run the program".into())],
    }
}

fn this_process() -> Init {
    let pid = std::process::id() as i32;
    Init { pid, start_time: crate::process::start_time(pid).unwrap().unwrap() }
}

fn observed(entry: &Entry, init: Option<Init>) -> Status {
    status::observe(entry, &record(init)).unwrap()
}

#[test]
fn a_record_survives_its_file() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(Some(this_process()))).unwrap();
    assert_eq!(entry.read().unwrap(), record(Some(this_process())));
}

#[test]
fn a_record_longer_than_one_read_is_whole() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    let long = Record { bundle: "x".repeat(100_000), ..record(None) };
    entry.write(&long).unwrap();
    assert_eq!(entry.read().unwrap(), long);
}

#[test]
fn a_new_record_replaces_the_old_one() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(None)).unwrap();
    entry.write(&record(Some(this_process()))).unwrap();
    assert!(entry.read().unwrap().init.is_some());
}

#[test]
fn the_record_before_is_kept() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(None)).unwrap();
    assert!(matches!(entry.read_earlier(), Err(Error::DoesNotExist)));
    entry.write(&record(Some(this_process()))).unwrap();
    assert_eq!(entry.read_earlier().unwrap(), record(None));
}

#[test]
fn a_damaged_record_without_another_says_what_to_do() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    fs::write(entry.path().join("state.json"), "").unwrap();
    let args = crate::args::Delete { id: "web".into(), force: true };
    let error = crate::delete::delete(&scratch.0, &args).unwrap_err().to_string();
    assert!(error.ends_with(&format!("end them, and remove {}", entry.path().display())), "{error}");
}

#[test]
fn a_record_from_a_newer_version_may_have_more_fields() {
    let mut json = serde_json::to_value(record(None)).unwrap();
    json["later"] = true.into();
    assert!(serde_json::from_value::<Record>(json).is_ok());
}

#[test]
fn a_record_is_for_our_eyes_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(None)).unwrap();
    let mode = fs::metadata(entry.path().join("state.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_snapshot_is_what_was_written() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write_snapshot(b"{ }\n").unwrap();
    assert_eq!(entry.snapshot().unwrap(), b"{ }\n");
}

#[test]
fn an_id_is_taken_once() {
    let scratch = Scratch::new();
    let _entry = scratch.create("web").unwrap();
    assert!(matches!(scratch.create("web"), Err(Error::Exists)));
}

#[test]
fn an_unknown_id_is_not_found() {
    assert!(matches!(Scratch::new().find("web"), Err(Error::DoesNotExist)));
}

#[test]
fn a_symbolic_link_is_no_container() {
    let scratch = Scratch::new();
    scratch.create("web").unwrap();
    std::os::unix::fs::symlink("web", scratch.0.root.join("link")).unwrap();
    assert!(matches!(scratch.find("link"), Err(Error::DoesNotExist)));
}

#[test]
fn a_container_without_a_record_does_not_exist() {
    let scratch = Scratch::new();
    assert!(matches!(scratch.create("web").unwrap().read(), Err(Error::DoesNotExist)));
}

#[test]
fn a_broken_record_is_named() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    fs::write(entry.path().join("state.json"), "{").unwrap();
    assert!(entry.read().unwrap_err().to_string().contains("web/state.json"));
}

#[test]
fn a_created_entry_is_locked_for_others() {
    let scratch = Scratch::new();
    let _entry = scratch.create("web").unwrap();
    assert!(scratch.find("web").unwrap().is_locked().unwrap());
}

#[test]
fn a_dropped_entry_is_no_longer_locked() {
    let scratch = Scratch::new();
    drop(scratch.create("web").unwrap());
    assert!(!scratch.find("web").unwrap().is_locked().unwrap());
}

#[test]
fn ids_are_sorted() {
    let scratch = Scratch::new();
    for id in ["b", "c", "a"] {
        scratch.create(id).unwrap().write(&record(None)).unwrap();
    }
    assert_eq!(scratch.0.ids().unwrap(), ["a", "b", "c"].map(parsed));
}

#[test]
fn what_has_no_record_has_no_id() {
    let scratch = Scratch::new();
    scratch.create("web").unwrap().write(&record(None)).unwrap();
    scratch.create("unborn").unwrap();
    fs::write(scratch.0.root.join("file"), "").unwrap();
    assert_eq!(scratch.0.ids().unwrap(), [parsed("web")]);
}

#[test]
fn a_missing_root_that_was_asked_for_is_an_error() {
    assert!(Scratch::new().0.ids().is_err());
}

#[test]
fn a_missing_default_root_is_empty() {
    let mut scratch = Scratch::new();
    scratch.0.is_default = true;
    assert_eq!(scratch.0.ids().unwrap(), []);
}

#[test]
fn a_removed_container_leaves_nothing() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write_snapshot(b"{}").unwrap();
    entry.write(&record(None)).unwrap();
    fs::write(entry.path().join(entry.start_socket()), "").unwrap();
    entry.remove().unwrap();
    assert!(!entry.path().exists());
}

#[test]
fn an_unknown_file_does_not_keep_a_container_from_being_removed() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(None)).unwrap();
    fs::write(entry.path().join("later"), "").unwrap();
    entry.remove().unwrap();
    assert!(!entry.path().exists());
}

#[test]
fn an_unknown_directory_does_not_keep_a_container_from_being_removed() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.make_notify_directory().unwrap();
    fs::write(entry.notify_directory().join("notify.sock"), "").unwrap();
    entry.write(&record(None)).unwrap();
    entry.remove().unwrap();
    assert!(!entry.path().exists());
}

#[test]
fn a_container_is_removed_once() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    entry.write(&record(None)).unwrap();
    entry.remove().unwrap();
    assert!(matches!(entry.remove(), Err(Error::DoesNotExist)));
}

#[test]
fn a_container_without_init_is_creating_while_its_lock_is_held() {
    let scratch = Scratch::new();
    let _entry = scratch.create("web").unwrap();
    assert_eq!(observed(&scratch.find("web").unwrap(), None), Status::Creating);
}

#[test]
fn a_container_without_init_and_lock_is_stopped() {
    let scratch = Scratch::new();
    drop(scratch.create("web").unwrap());
    assert_eq!(observed(&scratch.find("web").unwrap(), None), Status::Stopped);
}

#[test]
fn a_container_with_a_start_socket_is_created() {
    let scratch = Scratch::new();
    let entry = scratch.create("web").unwrap();
    fs::write(entry.path().join(entry.start_socket()), "").unwrap();
    assert_eq!(observed(&entry, Some(this_process())), Status::Created);
}

#[test]
fn a_container_without_a_start_socket_is_running() {
    let scratch = Scratch::new();
    assert_eq!(observed(&scratch.create("web").unwrap(), Some(this_process())), Status::Running);
}

#[test]
fn a_pid_that_began_at_another_time_is_somebody_else() {
    let scratch = Scratch::new();
    let reused = Init { start_time: 1, ..this_process() };
    assert_eq!(observed(&scratch.create("web").unwrap(), Some(reused)), Status::Stopped);
}

#[test]
fn a_reused_pid_gets_no_signal() {
    let reused = Init { start_time: 1, ..this_process() };
    assert!(matches!(record(Some(reused)).open_init(), Err(Error::NotRunning)));
}

#[test]
fn a_container_without_init_gets_no_signal() {
    assert!(matches!(record(None).open_init(), Err(Error::NotRunning)));
}
