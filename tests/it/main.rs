//! Everything that is tested from outside, in one binary.

mod described;
mod docs;
mod mangled;
mod refusals;
mod schema;
