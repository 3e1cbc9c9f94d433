use std::fs;
use std::path::PathBuf;

use super::*;
use crate::Resources;
use crate::cgroup::Unified;
use crate::limits::{Phase, writes};
use crate::resources::{Cpu, Memory};

/// A directory tree that looks like cgroup2: a root, and a cgroup `/web` in it with the given files.
struct Tree {
    root: PathBuf,
    cgroup: Cgroup,
}

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Tree {
        let root = std::env::temp_dir().join(format!("cgroup-apply-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("web")).unwrap();
        files.iter().for_each(|(file, contents)| fs::write(root.join("web").join(file), contents).unwrap());
        let mount = root.to_str().unwrap().to_string();
        let cgroup = Cgroup::V2(Unified { controllers: "cpu io memory".into(), mount, path: "/web".into() });
        Tree { root, cgroup }
    }

    fn set(&self, resources: &Resources) -> Result<(), Error> {
        self.cgroup.apply(&writes(resources, &self.cgroup.controllers())?)
    }

    fn value(&self, file: &str) -> String {
        fs::read_to_string(self.root.join("web").join(file)).unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

fn write(file: &'static str, value: &str) -> Write {
    Write { phase: Phase::Early, ..Write::new(Version::V2, "io", file, value, "linux.resources.test") }
}

fn limit(limit: i64, check_before_update: bool) -> Resources {
    Resources {
        memory: Memory { limit: Some(limit), check_before_update, ..Memory::default() },
        ..Resources::default()
    }
}

const CONTROLLERS: (&str, &str) = ("cgroup.controllers", "cpu io memory\n");

#[test]
fn values_reach_their_files() {
    let tree = Tree::new("values", &[("memory.max", ""), ("cpu.weight", "")]);
    let cpu = Cpu { shares: Some(1024), ..Cpu::default() };
    tree.set(&Resources { cpu, ..limit(4096, false) }).unwrap();
    assert_eq!((tree.value("memory.max"), tree.value("cpu.weight")), ("4096".to_string(), "100".to_string()));
}

#[test]
fn several_writes_to_one_file_follow_each_other() {
    let tree = Tree::new("lines", &[("io.max", "")]);
    tree.cgroup.apply(&[write("io.max", "a"), write("io.max", "b")]).unwrap();
    assert_eq!(tree.value("io.max"), "ab");
}

#[test]
fn a_period_goes_behind_the_present_quota() {
    let tree = Tree::new("period", &[("cpu.max", "20000 100000")]);
    let cpu = Cpu { period: Some(50_000), ..Cpu::default() };
    tree.set(&Resources { cpu, ..Resources::default() }).unwrap();
    assert_eq!(tree.value("cpu.max"), "20000 500000");
}

#[test]
fn a_limit_below_the_usage_is_refused_if_asked() {
    let tree = Tree::new("check", &[("memory.max", "max"), ("memory.current", "8192\n")]);
    let error = tree.set(&limit(4096, true)).unwrap_err();
    let expected = "linux.resources.memory.limit: the limit, 4096, is below the present usage, 8192";
    assert_eq!((error.to_string().as_str(), tree.value("memory.max").as_str()), (expected, "max"));
}

#[test]
fn a_limit_above_the_usage_is_set() {
    let tree = Tree::new("check-above", &[("memory.max", ""), ("memory.current", "8192\n")]);
    tree.set(&limit(16384, true)).unwrap();
    assert_eq!(tree.value("memory.max"), "16384");
}

#[test]
fn a_missing_file_may_have_another_name() {
    let tree = Tree::new("instead", &[CONTROLLERS, ("io.weight", "")]);
    let absent = Absent::Instead { file: "io.weight".into(), value: "default 7".into() };
    tree.cgroup.apply(&[Write { absent, ..write("io.bfq.weight", "default 70") }]).unwrap();
    assert_eq!(tree.value("io.weight"), "default 7");
}

#[test]
fn without_either_name_both_are_told() {
    let tree = Tree::new("neither", &[CONTROLLERS]);
    let absent = Absent::Instead { file: "io.weight".into(), value: "default 7".into() };
    let error = tree.cgroup.apply(&[Write { absent, ..write("io.bfq.weight", "default 70") }]).unwrap_err();
    assert_eq!(error.to_string(), "linux.resources.test: this host has neither io.bfq.weight nor io.weight");
}

#[test]
fn a_missing_file_is_fine_where_the_write_says_so() {
    let tree = Tree::new("fine", &[CONTROLLERS]);
    assert_eq!(tree.cgroup.apply(&[Write { absent: Absent::IsFine, ..write("io.other", "1") }]), Ok(()));
}

#[test]
fn a_missing_file_of_an_enabled_controller_is_told() {
    let tree = Tree::new("missing", &[CONTROLLERS]);
    let error = tree.cgroup.apply(&[write("io.other", "1")]).unwrap_err();
    let expected = "linux.resources.test: write 1 to io.other: no such file or directory (ENOENT)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_controller_that_is_not_handed_down_is_asked_for_and_told() {
    let tree = Tree::new("not-enabled", &[("cgroup.controllers", "cpu\n")]);
    fs::write(tree.root.join("cgroup.controllers"), "cpu io memory\n").unwrap();
    fs::write(tree.root.join("cgroup.subtree_control"), "cpu\n").unwrap();
    let error = tree.cgroup.apply(&[write("io.max", "1")]).unwrap_err();
    let expected = "linux.resources.test: the io controller is not available in cgroup /web";
    assert_eq!(error.to_string(), expected);
    assert_eq!(fs::read_to_string(tree.root.join("cgroup.subtree_control")).unwrap(), "+io +memory");
}

#[test]
fn limits_of_an_unmanaged_cgroup_are_an_error() {
    let error = Cgroup::Unmanaged.apply(&[write("io.max", "1")]).unwrap_err();
    assert_eq!(error.to_string(), "linux.resources.test: this host has no io cgroup controller");
}

#[test]
fn a_snapshot_sets_the_old_values_again() {
    let tree = Tree::new("snapshot", &[("memory.max", "max\n")]);
    let planned = writes(&limit(4096, true), &tree.cgroup.controllers()).unwrap();
    let before = tree.cgroup.snapshot(&planned).unwrap();
    let told: Vec<_> = before.iter().map(|write| (&*write.file, &*write.value, write.rule)).collect();
    assert_eq!(told, [("memory.max", "max", Rule::Plain)]);
}

#[test]
fn a_snapshot_leaves_out_what_is_not_there() {
    let tree = Tree::new("snapshot-missing", &[]);
    assert!(tree.cgroup.snapshot(&[write("io.max", "8:0 rbps=1")]).unwrap().is_empty());
}

#[test]
fn a_limit_below_the_usage_is_worth_a_word() {
    let tree = Tree::new("caution", &[("memory.max", "max"), ("memory.current", "8192\n")]);
    let plan = |bytes| writes(&limit(bytes, false), &tree.cgroup.controllers()).unwrap();
    let expected = "linux.resources.memory.limit: 4096 is below the present usage, 8192";
    assert_eq!(tree.cgroup.cautions(&plan(4096)), [expected]);
    assert!(tree.cgroup.cautions(&plan(16384)).is_empty() && tree.cgroup.cautions(&plan(-1)).is_empty());
}
