//! The programs against a plain reading of the profile, against libseccomp, and on the profiles that engines use.

mod agreement;
mod evaluator;
mod libseccomp;
mod machine;
mod random;
