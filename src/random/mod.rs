//! Keyed random streams and the laws that are drawn from them. Only this module makes generators.
//!
//! # The sampling contract
//!
//! The bytes of every result rest on these rules. Later work may make them faster, not different.
//!
//! 1. A [`Stream`] is a key; its draw number `i` is `mix(key + (i + 1) x 0x9E3779B97F4A7C15)` (SplitMix64 by position),
//!    so that any draw can be made alone, in any order, on any thread.
//! 2. The uniform of a draw is `(bits >> 12 + 1/2) x 2⁻⁵²`: never 0, never 1.
//! 3. A draw from a [`Law`] uses one uniform and the law's quantile function, built from the polynomials in [`maths`];
//!    only gamma draws use more, from a Xoshiro256++ generator seeded with the draw's bits.
//! 4. No fused multiply-add, no platform mathematics: every operation is an IEEE 754 addition, multiplication, division
//!    or square root, so that every instruction set gives the same bits.
//! 5. A draw is clamped first, and then rounded half up where it becomes a whole number.

mod copula;
mod gamma;
mod law;
pub mod maths;
mod stream;

pub use copula::Copula;
pub use law::{Law, Part, Shape};
pub use stream::{Purpose, Stream};
