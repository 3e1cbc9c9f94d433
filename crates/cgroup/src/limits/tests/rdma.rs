//! RDMA.

use super::*;

fn rdma(hca_handles: Option<u32>, hca_objects: Option<u32>) -> Resources {
    Resources {
        rdma: [("mlx5_1".to_string(), Rdma { hca_handles, hca_objects })].into(),
        ..Resources::default()
    }
}

#[test]
fn rdma_limits_are_one_line_for_each_device() {
    check(&rdma(Some(3), Some(10_000)), &v2(), &["rdma.max=mlx5_1 hca_handle=3 hca_object=10000"]);
    check(&rdma(None, Some(7)), &v1(), &["rdma.max=mlx5_1 hca_object=7"]);
}

#[test]
fn an_rdma_entry_needs_a_limit() {
    check_error(
        &rdma(None, None),
        &v2(),
        "linux.resources.rdma.mlx5_1: at least one of hcaHandles and hcaObjects must be set",
    );
}
