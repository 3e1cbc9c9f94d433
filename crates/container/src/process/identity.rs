//! Becomes the container's user with its capabilities.
//!
//! The order is forced by the kernel (capabilities(7)): the bounding set while CAP_SETPCAP is held, groups before
//! uid, permitted kept over the change of uid, then the sets, then ambient, which needs permitted and inheritable.

use sys::creds::{self, Mask, Sets};
use sys::{Errno, Result};

use crate::plan::{Capabilities, Groups, Identity};

/// Takes on the identity for good.
pub(crate) fn assume(identity: &Identity) -> Result<()> {
    let capabilities = &identity.capabilities;
    drop_bounding(capabilities.bounding)?;
    creds::keep_capabilities(true)?;
    become_user(identity)?;
    creds::keep_capabilities(false)?;
    let held = creds::capabilities()?.permitted;
    let granted = granted(capabilities, held);
    let kept = identity.until_execve & held;
    let (permitted, effective) = (granted.permitted | kept, granted.effective | kept);
    creds::set_capabilities(Sets { permitted, effective, ..granted })?;
    raise_ambient(capabilities.ambient & granted.permitted & granted.inheritable)
}

fn become_user(identity: &Identity) -> Result<()> {
    if let Groups::Set(groups) = &identity.groups {
        creds::set_groups(groups)?;
    }
    creds::set_gid(identity.gid)?;
    creds::set_uid(identity.uid)
}

/// Drops every capability of the kernel that is not in `kept`. The first number that the kernel does not know is the
/// end; whether one is in the set is not asked, since dropping it twice is cheaper.
fn drop_bounding(kept: Mask) -> Result<()> {
    for capability in (0..Mask::BITS).filter(|capability| kept & (1 << capability) == 0) {
        match creds::drop_bounding(capability) {
            Err(error) if error.errno == Errno::EINVAL => break,
            result => result?,
        }
    }
    Ok(())
}

/// The configured sets without what the caller does not hold: runtime-spec config.md says that a capability that
/// cannot be granted is no error (the planner has warned of it).
fn granted(capabilities: &Capabilities, held: Mask) -> Sets {
    let permitted = capabilities.sets.permitted & held;
    Sets {
        permitted,
        effective: capabilities.sets.effective & permitted,
        inheritable: capabilities.sets.inheritable & held & capabilities.bounding,
    }
}

fn raise_ambient(set: Mask) -> Result<()> {
    creds::clear_ambient()?;
    for capability in (0..Mask::BITS).filter(|capability| set & (1 << capability) != 0) {
        creds::raise_ambient(capability)?;
    }
    Ok(())
}
