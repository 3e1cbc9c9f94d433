//! Huge pages.

use super::*;

#[test]
fn huge_pages_are_limited_when_used_and_when_reserved() {
    let expected = ["hugetlb.2MB.limit_in_bytes=2097152", "hugetlb.2MB.rsvd.limit_in_bytes=2097152"];
    check(&hugepages("2MB"), &v1(), &expected);
    check(&hugepages("2MB"), &v2(), &["hugetlb.2MB.max=2097152", "hugetlb.2MB.rsvd.max=2097152"]);
}

#[test]
fn a_kernel_without_reservations_limits_the_use() {
    let writes = writes(&hugepages("2MB"), &v1()).unwrap();
    assert_eq!((&writes[0].absent, &writes[1].absent), (&Absent::Fails, &Absent::IsFine));
}

#[test]
fn a_hybrid_host_limits_by_the_version_that_has_the_controller() {
    let resources = Resources { pids: Some(5), ..hugepages("1GB") };
    let versions: Vec<_> = writes(&resources, &hybrid()).unwrap().iter().map(|write| write.version).collect();
    assert_eq!(versions, [Version::V2, Version::V2, Version::V1]);
}

#[test]
fn a_page_size_cannot_lead_elsewhere() {
    for size in ["", "MB", "2 MB", "../2MB", "2mb", "2MiB"] {
        assert!(writes(&hugepages(size), &v1()).is_err(), "{size}");
    }
}
