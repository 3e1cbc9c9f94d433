//! `linux.resources.hugepageLimits`.

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Absent, Write};
use crate::resources::HugepageLimit;

const FIELD: &str = "linux.resources.hugepageLimits";

pub(super) fn writes(limits: &[HugepageLimit], controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let mut writes = Vec::new();
    for limit in limits {
        let version = controllers.find("hugetlb", "hugetlb", FIELD)?;
        check(&limit.page_size)?;
        writes.extend(both(version, limit));
    }
    Ok(writes)
}

/// Reservations where the kernel counts them (since Linux 5.7), and page faults everywhere, as the other
/// runtimes do: the second alone ends a process by SIGBUS, the first alone shows no limit to those who look
/// at the old file.
fn both(version: Version, limit: &HugepageLimit) -> [Write; 2] {
    let suffix = match version {
        Version::V1 => "limit_in_bytes",
        Version::V2 => "max",
    };
    let size = &limit.page_size;
    let write = |file| Write::new(version, "hugetlb", file, limit.limit, FIELD);
    [
        write(format!("hugetlb.{size}.{suffix}")),
        Write { absent: Absent::IsFine, ..write(format!("hugetlb.{size}.rsvd.{suffix}")) },
    ]
}

/// `<size><unit-prefix>B` (config-linux, "Huge page limits"); it becomes a part of a file name.
fn check(size: &str) -> Result<(), Error> {
    let digits = ["KB", "MB", "GB"].iter().find_map(|unit| size.strip_suffix(unit));
    match digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())) {
        true => Ok(()),
        false => Err(Error::rule(format!("\"{size}\" is no page size such as 64KB, 2MB or 1GB")).of(FIELD)),
    }
}
