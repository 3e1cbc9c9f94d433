//! `--l3-cache-schema` and `--mem-bw-schema`: a container's shares by Intel RDT.

use resctrl::Group;

use crate::args;
use crate::error::{Error, Result};

/// The lines to be written, each with the resource that it is about.
pub(super) type Shares<'a> = Vec<(&'static str, &'a str)>;

/// What the flags ask for. An error without a group: a container gets one by its config alone.
pub(super) fn wanted<'a>(group: Option<&Group>, args: &'a args::Update) -> Result<Shares<'a>> {
    let flags = [
        ("L3", &args.l3_cache_schema, "Intel RDT/CAT: l3 cache schema is not enabled"),
        ("MB", &args.mem_bw_schema, "Intel RDT/MBA: memory bandwidth schema is not enabled"),
    ];
    let mut shares = Vec::new();
    for (resource, flag, refusal) in flags {
        match flag {
            Some(_) if group.is_none() => return Err(Error::Other(refusal.into())),
            Some(line) => shares.push((resource, line.as_str())),
            None => {}
        }
    }
    Ok(shares)
}

/// Writes them, all or none. Answers the lines that were there.
pub(super) fn change(group: Option<&Group>, shares: &Shares<'_>) -> Result<Vec<String>> {
    let Some(group) = group else { return Ok(Vec::new()) };
    let mut before = Vec::new();
    for (resource, line) in shares {
        before.extend(group.share(resource));
        group.set(line).map_err(|error| {
            set_back(Some(group), &before);
            Error::other(error)
        })?;
    }
    Ok(before)
}

/// After a failure, which is the one to be told.
pub(super) fn set_back(group: Option<&Group>, before: &[String]) {
    for line in before {
        if let Some(Err(error)) = group.map(|group| group.set(line)) {
            tracing::warn!("set {line} back: {error}");
        }
    }
}
