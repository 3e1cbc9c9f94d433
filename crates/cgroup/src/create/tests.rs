use std::path::PathBuf;

use super::*;

/// A directory tree that looks like cgroup2, with the cgroup `/a/web` in it.
struct Tree {
    root: PathBuf,
    unified: Unified,
}

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Tree {
        let root = std::env::temp_dir().join(format!("cgroup-create-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("a/web")).unwrap();
        let quiet = [("a/web/cgroup.events", "populated 0\nfrozen 0\n"), ("a/web/cgroup.type", "domain\n")];
        for (file, contents) in quiet.iter().chain(files) {
            fs::write(root.join(file), contents).unwrap();
        }
        let mount = root.to_str().unwrap().to_string();
        Tree { root, unified: Unified { controllers: "cpu memory".into(), mount, path: "/a/web".into() } }
    }

    fn create(&self) -> Result<Created, Error> {
        Cgroup::V2(self.unified.clone()).create()
    }

    fn value(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file)).unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

const COMPLETE: (&str, &str) = ("a/web/cgroup.controllers", "cpu memory\n");

const LACKING: [(&str, &str); 5] = [
    ("cgroup.controllers", "cpu memory\n"),
    ("cgroup.subtree_control", "cpu\n"),
    ("a/cgroup.controllers", "cpu memory\n"),
    ("a/cgroup.subtree_control", "\n"),
    ("a/web/cgroup.controllers", "\n"),
];

#[test]
fn a_quiet_cgroup_that_was_there_is_taken() {
    assert_eq!(Tree::new("quiet", &[COMPLETE]).create(), Ok(Created::default()));
}

#[test]
fn ancestors_hand_down_what_they_do_not_yet() {
    let tree = Tree::new("lacking", &LACKING);
    tree.create().unwrap();
    assert!(tree.value("cgroup.subtree_control").starts_with("+memory"));
    assert_eq!(tree.value("a/cgroup.subtree_control"), "+cpu +memory");
}

#[test]
fn a_cgroup_below_a_threaded_one_becomes_threaded() {
    let tree = Tree::new("threaded", &LACKING);
    fs::write(tree.root.join("a/web/cgroup.type"), "domain invalid\n").unwrap();
    tree.create().unwrap();
    assert!(tree.value("a/web/cgroup.type").starts_with("threaded"));
}

#[track_caller]
fn check_refusal(name: &str, files: &[(&str, &str)], expected: &str) {
    let error = Tree::new(name, &[&[COMPLETE], files].concat()).create().unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_frozen_cgroup_is_refused() {
    let events = ("a/web/cgroup.events", "populated 0\nfrozen 1\n");
    check_refusal("frozen", &[events], "container's cgroup unexpectedly frozen");
}

#[test]
fn a_populated_cgroup_is_refused() {
    let files = [("a/web/cgroup.events", "populated 1\nfrozen 0\n"), ("a/web/cgroup.procs", "7\n8\n")];
    check_refusal("populated", &files, "container's cgroup is not empty: 2 process(es) found");
}

#[test]
fn what_was_made_survives_the_state_file() {
    let created = Created { directories: vec!["/c/a".into(), "/c/a/web".into()] };
    let json = serde_json::to_string(&created).unwrap();
    assert_eq!(serde_json::from_str::<Created>(&json).unwrap(), created);
}

#[test]
fn the_parents_are_known_before_they_are_made() {
    let tree = Tree::new("parents", &[]);
    let unified = Unified { path: "/a/b/c/d".into(), ..tree.unified.clone() };
    let mount = tree.unified.mount.as_str();
    let expected = ["/a/b", "/a/b/c"].map(|path| format!("{mount}{path}"));
    assert_eq!(Cgroup::V2(unified).missing_parents().directories, expected);
}

#[test]
fn the_cgroup_itself_is_not_above_it() {
    let tree = Tree::new("above", &[]);
    let [parent, own] = ["/a", "/a/web"].map(|path| format!("{}{path}", tree.unified.mount));
    let created = Created { directories: vec![parent.clone(), own] };
    assert_eq!(created.above(&Cgroup::V2(tree.unified.clone())).directories, [parent]);
}

#[test]
fn an_unmanaged_cgroup_is_made_of_nothing() {
    assert_eq!(Cgroup::Unmanaged.create(), Ok(Created::default()));
}
