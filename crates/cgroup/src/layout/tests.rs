use super::*;

const V1_MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/memory rw,relatime shared:10 master:3 - cgroup cgroup rw,memory
34 31 0:31 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
";

const V1_MEMBERSHIP: &str = "4:name=systemd:/a\n3:pids:/\n2:memory:/a/b\n1:cpu,cpuacct:/\n";

fn layout(membership: &str, mounts: &str) -> Layout {
    Layout::from_tables(membership, mounts, "cpu memory\n")
}

fn mounted(controllers: &str, mount: &str, own: &str) -> Mounted {
    Mounted { controllers: controllers.into(), mount: mount.into(), own: own.into() }
}

#[test]
fn hierarchies_are_matched_with_their_mounts_and_unmounted_ones_left_out() {
    let expected = [
        mounted("name=systemd", "/sys/fs/cgroup/systemd", "/a"),
        mounted("memory", "/sys/fs/cgroup/memory", "/a/b"),
        mounted("cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/"),
    ];
    assert_eq!(layout(V1_MEMBERSHIP, V1_MOUNTS).v1, expected);
}

#[test]
fn hierarchies_alone_are_v1() {
    assert_eq!(layout(V1_MEMBERSHIP, V1_MOUNTS).mode(), Mode::V1);
}

#[test]
fn a_cgroup2_at_the_customary_place_is_v2_alone() {
    let mounts = "\
30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
32 31 0:29 / /mnt/cpu rw - cgroup cgroup rw,cpu
";
    let expected = Layout { v1: Vec::new(), v2: Some(mounted("cpu memory", "/sys/fs/cgroup", "/user")) };
    assert_eq!(layout("1:cpu:/\n0::/user\n", mounts), expected);
}

#[test]
fn a_cgroup2_beside_the_hierarchies_is_hybrid() {
    let mounts = [V1_MOUNTS, "35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"].concat();
    assert_eq!(layout("2:memory:/a/b\n0::/a\n", &mounts).mode(), Mode::Hybrid);
}

#[test]
fn a_cgroup2_for_somebodys_own_ends_leaves_v1() {
    let mounts = [V1_MOUNTS, "35 31 0:32 / /run/cilium/cgroupv2 rw - cgroup2 cgroup2 rw\n"].concat();
    assert_eq!(layout("2:memory:/a/b\n0::/a\n", &mounts).mode(), Mode::V1);
}

#[test]
fn no_cgroup_mount_is_no_mode() {
    assert_eq!(layout("0::/\n", "22 27 0:21 / /proc rw - proc proc rw\n").mode(), Mode::None);
}

#[test]
fn a_part_of_a_hierarchy_shows_the_path_below_the_part() {
    let mounts = "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    let own = |path: &str| layout(&format!("1:cpu:{path}\n"), mounts).v1[0].own.clone();
    assert_eq!(own("/docker/abc"), "/");
    assert_eq!(own("/docker/abc/sub"), "/sub");
    assert_eq!(own("/docker/abcdef"), "/");
    assert_eq!(own("/"), "/");
}

#[test]
fn a_caller_outside_its_cgroup_namespace_starts_at_the_mount_point() {
    let mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    assert_eq!(layout("1:cpu:/../..\n", mounts).v1[0].own, "/");
}

#[test]
fn the_customary_mount_point_wins_over_an_earlier_one() {
    let mounts = "\
31 31 0:29 / /var/lib/rootfs/sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
";
    assert_eq!(layout("1:cpu:/\n", mounts).v1[0].mount, "/sys/fs/cgroup/cpu");
}

#[test]
fn a_mount_point_may_hold_a_blank() {
    let mounts = "32 31 0:29 / /my\\040cgroups/cpu rw - cgroup cgroup rw,cpu\n";
    assert_eq!(layout("1:cpu:/\n", mounts).v1[0].mount, "/my cgroups/cpu");
}

#[test]
fn optional_fields_are_passed_over() {
    let line = b"33 31 0:30 / /m rw shared:10 master:3 - cgroup cgroup rw,memory";
    let mount = Mount::parse(line).unwrap();
    assert_eq!((mount.point, mount.options), (&b"/m"[..], &b"rw,memory"[..]));
}

#[test]
fn a_cut_off_line_is_no_mount() {
    assert!(Mount::parse(b"33 31 0:30 / /m rw - cgroup").is_none());
    assert!(Mount::parse(b"").is_none());
}

#[test]
fn escapes_that_are_none_stay() {
    assert_eq!(unescape(b"a\\040b\\"), "a b\\");
    assert_eq!(unescape(b"\\9xx"), "\\9xx");
}

#[test]
fn the_short_way_finds_what_the_mount_table_says() {
    let membership = read("/proc/self/cgroup").unwrap();
    let long = from_mount_table(&membership, &read("/proc/self/mountinfo").unwrap()).unwrap();
    assert!(customary::look(&membership).is_none_or(|short| short == long));
}
