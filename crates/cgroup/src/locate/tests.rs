use super::*;

fn mounted(controllers: &str, mount: &str, own: &str) -> Mounted {
    Mounted { controllers: controllers.into(), mount: mount.into(), own: own.into() }
}

fn v1() -> Layout {
    let v1 = vec![mounted("cpu,cpuacct", "/c/cpu,cpuacct", "/"), mounted("memory", "/c/memory", "/user/me")];
    Layout { v1, v2: None }
}

fn hybrid() -> Layout {
    Layout { v2: Some(mounted("hugetlb", "/c/unified", "/user/me")), ..v1() }
}

fn v2(own: &str) -> Layout {
    Layout { v1: Vec::new(), v2: Some(mounted("cpu memory", "/c", own)) }
}

fn directories(layout: &Layout, path: Option<&str>) -> Vec<String> {
    let cgroup = Cgroup::locate(layout, path, "web").unwrap();
    cgroup.paths().into_iter().map(|(_, path)| path).collect()
}

#[track_caller]
fn check_v2(own: &str, path: Option<&str>, expected: &str) {
    assert_eq!(directories(&v2(own), path), [expected]);
}

#[test]
fn an_absolute_path_counts_from_the_mount_points() {
    assert_eq!(
        directories(&v1(), Some("/docker/web")),
        ["/c/cpu,cpuacct/docker/web", "/c/memory/docker/web"]
    );
    check_v2("/user/me", Some("/docker/web"), "/c/docker/web");
}

#[test]
fn a_relative_path_is_below_the_callers_own_cgroup_on_v1() {
    assert_eq!(directories(&v1(), Some("a/b")), ["/c/cpu,cpuacct/a/b", "/c/memory/user/me/a/b"]);
}

#[test]
fn a_relative_path_is_beside_the_callers_own_cgroup_on_v2() {
    check_v2("/user/me", Some("a/b"), "/c/user/a/b");
    check_v2("/me", Some("a/b"), "/c/a/b");
    check_v2("/", Some("a/b"), "/c/a/b");
}

#[test]
fn without_a_path_the_id_is_one() {
    check_v2("/user/me", None, "/c/user/web");
    check_v2("/user/me", Some(""), "/c/user/web");
    assert_eq!(directories(&v1(), None), ["/c/cpu,cpuacct/web", "/c/memory/user/me/web"]);
}

#[test]
fn all_hierarchies_of_a_hybrid_host_follow_v1() {
    assert_eq!(directories(&hybrid(), Some("a")).last().unwrap(), "/c/unified/user/me/a");
    assert_eq!(directories(&hybrid(), Some("/a")).last().unwrap(), "/c/unified/a");
}

#[test]
fn dots_never_lead_above_the_start() {
    check_v2("/user/me", Some("/../../etc"), "/c/etc");
    check_v2("/user/me", Some("../../etc"), "/c/user/etc");
    check_v2("/user/me", Some("/a/../../../b/./c//d/"), "/c/b/c/d");
}

#[test]
fn a_path_that_names_no_cgroup_is_refused() {
    for path in ["/", ".", "..", "//", "a/.."] {
        let error = Cgroup::locate(&v2("/"), Some(path), "web").unwrap_err();
        assert_eq!(error.to_string(), format!("linux.cgroupsPath: {path} is not a cgroup of its own"));
    }
}

#[test]
fn a_control_character_is_refused() {
    assert!(Cgroup::locate(&v2("/"), Some("/a\nb"), "web").is_err());
}

#[test]
fn a_host_without_cgroups_is_unmanaged() {
    assert_eq!(Cgroup::locate(&Layout::default(), Some("/a"), "web"), Ok(Cgroup::Unmanaged));
}

#[test]
fn the_same_path_gives_the_same_place() {
    assert_eq!(Cgroup::locate(&hybrid(), Some("/a"), "x"), Cgroup::locate(&hybrid(), Some("/a"), "y"));
}

#[test]
fn a_cgroup_has_the_controllers_of_its_host() {
    let cgroup = Cgroup::locate(&hybrid(), None, "web").unwrap();
    assert_eq!(cgroup.controllers(), hybrid().controllers());
}
