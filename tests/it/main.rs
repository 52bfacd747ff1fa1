//! Everything that is tested from outside, in one binary.

mod mangled;
mod refusals;
mod schema;
