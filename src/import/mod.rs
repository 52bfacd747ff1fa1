//! Makes a scenario from a record of calls: the figures of the record, the scenario that replays it, and the nearest
//! that drawn traffic comes to it.
//!
//! - [`read`]: a file into profiles, in one pass and bounded memory;
//! - [`profile`]: the figures of one workload;
//! - [`fit`]: arrivals and token counts that are drawn, chosen by what their tapes do, and how far they are off;
//! - [`mod@write`]: the scenario's text;
//! - [`text`]: what the terminal shows.

pub mod fit;
pub mod profile;
pub mod read;
mod sample;
pub mod text;
mod windows;
mod words;
pub mod write;
