//! Keyed random streams and the laws that are drawn from them. Only this module makes generators.
mod law;
pub use law::{Draws, Law, Shape};
