//! The programs against a plain reading of the profile, against libseccomp, and on the profiles that engines
//! use.

mod agreement;
mod default_profiles;
mod engine_profile;
mod evaluator;
mod libseccomp;
mod limits;
mod machine;
mod problems;
mod random;
