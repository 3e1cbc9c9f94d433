//! Block devices.

use super::*;

#[test]
fn block_limits_are_a_file_each_on_v1() {
    let expected = [
        "blkio.weight=500",
        "blkio.weight_device=8:16 10",
        "blkio.throttle.read_bps_device=8:0 1",
        "blkio.throttle.write_bps_device=8:0 2",
        "blkio.throttle.read_iops_device=8:0 3",
        "blkio.throttle.write_iops_device=8:0 0",
    ];
    check(&block_io(), &v1(), &expected);
}

#[test]
fn block_limits_share_io_max_on_v2() {
    let expected = [
        "io.bfq.weight=default 500",
        "io.bfq.weight=8:16 10",
        "io.max=8:0 rbps=1",
        "io.max=8:0 wbps=2",
        "io.max=8:0 riops=3",
        "io.max=8:0 wiops=max",
    ];
    check(&block_io(), &v2(), &expected);
}

#[test]
fn without_bfq_the_weight_is_converted_on_v2() {
    let absent = writes(&block_io(), &v2()).unwrap()[0].absent.clone();
    assert_eq!(absent, Absent::Instead { file: "io.weight".into(), value: "default 4950".into() });
}

#[test]
fn with_bfq_the_files_of_v1_have_other_names() {
    let absent = writes(&block_io(), &v1()).unwrap()[1].absent.clone();
    assert_eq!(absent, Absent::Instead { file: "blkio.bfq.weight_device".into(), value: "8:16 10".into() });
}

#[test]
fn leaf_weights_are_of_v1() {
    let leaf = BlockIo { leaf_weight: Some(10), ..BlockIo::default() };
    let leaf = Resources { block_io: leaf, ..Resources::default() };
    check(&leaf, &v1(), &["blkio.leaf_weight=10"]);
    check_error(
        &leaf,
        &v2(),
        "linux.resources.blockIO.leafWeight: cgroup v2 has nothing that corresponds to it",
    );
}
