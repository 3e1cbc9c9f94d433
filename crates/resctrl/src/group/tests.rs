//! On a tree that looks like resctrl: what the kernel does by itself there, the tests do by hand.

use super::*;

/// A directory that goes away after the test.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Tree {
        let root = std::env::temp_dir().join(format!("resctrl-{name}-{}", std::process::id()));
        fs::create_dir_all(root.join("mon_groups")).unwrap();
        fs::create_dir_all(root.join("info")).unwrap();
        let tree = Tree(root);
        tree.fill("", "L3:0=fff;1=fff\nMB:0=100;1=100\n");
        tree
    }

    /// What the kernel puts into a new group.
    fn fill(&self, group: &str, schemata: &str) {
        let directory = self.0.join(group);
        fs::create_dir_all(directory.join("mon_groups")).unwrap();
        fs::write(directory.join("schemata"), schemata).unwrap();
        fs::write(directory.join("tasks"), "").unwrap();
    }

    fn group(&self, class: Option<&str>) -> Group {
        Group::new(self.0.clone(), class, "web", false)
    }

    fn monitored(&self, class: Option<&str>) -> Group {
        Group::new(self.0.clone(), class, "web", true)
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn has(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn demanded(line: &str) -> Schemata {
    Schemata { demanded: vec![line.into()], set: Vec::new() }
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, words: &str) {
    let error = result.err().expect("an error").to_string();
    assert!(error.contains(words), "{error}");
}

#[test]
fn without_a_class_there_is_one_of_the_containers_own() {
    let tree = Tree::new("own");
    tree.group(None).create(&Schemata::default()).unwrap().keep();
    assert!(tree.has("web"));
}

#[test]
fn a_class_of_the_containers_own_goes_with_it() {
    let tree = Tree::new("goes");
    tree.group(None).create(&Schemata::default()).unwrap().keep();
    tree.group(None).remove().unwrap();
    assert!(!tree.has("web"));
}

#[test]
fn a_class_that_is_gone_already_is_removed() {
    let tree = Tree::new("gone");
    assert_eq!(tree.group(None).remove(), Ok(()));
}

#[test]
fn what_was_made_goes_unless_it_is_kept() {
    let tree = Tree::new("undone");
    drop(tree.group(None).make(&Schemata::default()).unwrap());
    assert!(!tree.has("web"));
}

#[test]
fn a_class_of_this_name_that_is_not_the_containers_is_an_error() {
    let tree = Tree::new("taken");
    tree.fill("web", "");
    refused(tree.group(None).check_free(), "web exists already");
    refused(tree.group(None).create(&Schemata::default()), "EEXIST");
    assert!(tree.has("web"));
}

#[test]
fn a_named_class_must_be_there_if_no_schemata_say_what_it_is() {
    let tree = Tree::new("named");
    refused(tree.group(Some("gold")).create(&Schemata::default()), "gold does not exist");
}

#[test]
fn a_named_class_is_made_with_schemata_and_stays() {
    let tree = Tree::new("made");
    let group = tree.group(Some("gold"));
    group.make(&demanded("L3:0=f")).unwrap().keep();
    group.remove().unwrap();
    assert!(tree.has("gold"));
}

#[test]
fn a_named_class_that_is_there_is_joined() {
    let tree = Tree::new("joined");
    tree.fill("gold", "L3:0=f\n");
    let group = tree.group(Some("gold"));
    group.create(&Schemata::default()).unwrap().keep();
    group.enter(7).unwrap();
    assert_eq!(tree.text("gold/tasks"), "7\n");
}

#[test]
fn a_named_class_must_have_what_is_demanded() {
    let tree = Tree::new("demanded");
    tree.fill("gold", "    L3:0=00f;1=0ff\n    MB:0=100;1=50\n");
    let group = tree.group(Some("gold"));
    assert!(group.create(&demanded("L3:0=f;1=ff")).is_ok());
}

#[test]
fn a_named_class_that_differs_is_an_error() {
    let tree = Tree::new("differs");
    tree.fill("gold", "    L3:0=00f;1=0ff\n");
    refused(tree.group(Some("gold")).create(&demanded("L3:0=1")), "does not have L3:0=1");
}

#[test]
fn the_default_class_is_joined() {
    let tree = Tree::new("default");
    let group = tree.group(Some("/"));
    group.create(&Schemata::default()).unwrap().keep();
    group.enter(7).unwrap();
    group.remove().unwrap();
    assert_eq!(tree.text("tasks"), "7\n");
}

#[test]
fn without_schemata_none_are_written() {
    let tree = Tree::new("unwritten");
    let before = tree.text("schemata");
    tree.group(Some("/")).create(&Schemata::default()).unwrap().keep();
    assert_eq!(tree.text("schemata"), before);
}

#[test]
fn schemata_are_written_line_by_line_in_order() {
    let lines = Schemata { demanded: vec!["L3:0=1".into(), "MB:0=10".into()], set: vec!["L2:0=f".into()] };
    assert_eq!(lines.lines().collect::<Vec<_>>(), ["L3:0=1", "MB:0=10", "L2:0=f"]);
}

#[test]
fn a_line_is_written_with_its_end() {
    let tree = Tree::new("line");
    tree.fill("gold", "");
    tree.group(Some("gold")).set("MB:0=20").unwrap();
    assert_eq!(tree.text("gold/schemata"), "MB:0=20\n");
}

#[test]
fn a_share_is_read_as_it_would_be_written() {
    let tree = Tree::new("share");
    tree.fill("gold", "    MB:0=100\n    L3:0=fff\n");
    assert_eq!(tree.group(Some("gold")).share("L3").as_deref(), Some("L3:0=fff"));
}

#[test]
fn a_monitoring_group_is_made_entered_and_removed() {
    let tree = Tree::new("monitored");
    let group = tree.monitored(Some("/"));
    group.create(&Schemata::default()).unwrap().keep();
    assert!(tree.has("mon_groups/web"));
    fs::write(tree.0.join("mon_groups/web/tasks"), "").unwrap();
    group.enter(7).unwrap();
    assert_eq!(tree.text("mon_groups/web/tasks"), "7\n");
    fs::remove_file(tree.0.join("mon_groups/web/tasks")).unwrap();
    group.remove().unwrap();
    assert!(!tree.has("mon_groups/web"));
}

#[test]
fn a_monitoring_group_of_somebody_else_is_an_error() {
    let tree = Tree::new("monitor-taken");
    fs::create_dir(tree.0.join("mon_groups/web")).unwrap();
    refused(tree.monitored(Some("/")).check_free(), "web exists already");
}

#[test]
fn a_class_that_was_removed_meanwhile_is_not_entered() {
    let tree = Tree::new("vanished");
    assert_eq!(tree.group(Some("gold")).enter(7), Ok(()));
}

#[test]
fn the_kernels_words_are_passed_on() {
    let tree = Tree::new("words");
    fs::write(tree.0.join("info/last_cmd_status"), "MB value 5 out of range\n").unwrap();
    refused(
        tree.group(Some("gold")).set("MB:0=5"),
        "write MB:0=5 to gold/schemata: no such file or directory (ENOENT): MB value 5 out of range",
    );
}

#[test]
fn a_group_survives_the_record() {
    let group = Group::new("/sys/fs/resctrl".into(), Some("gold"), "web", true);
    let text = serde_json::to_string(&group).unwrap();
    assert_eq!(serde_json::from_str::<Group>(&text).unwrap(), group);
}
