//! The tape: arrivals, inputs and wanted outputs of requests that do not depend on how the system responds.
//!
//! A [`Tape`] merges the requests of all workloads in the order (arrival, workload, request). It hands them out as
//! [`Stretch`]es: runs of requests of one workload, straight from the arrays in which batch samplers made them. The tape
//! knows nothing of routes, quotas or models, so every point of a sweep can meet the same one. A request's luck with the
//! model (its first token, its decoding) is no column of the tape: it is drawn by the request's key wherever it is needed.

mod arrivals;
mod batches;
mod bursts;
mod drawn;
mod heads;
mod jobs;
mod rates;
mod recording;
mod replay;
mod tape;
mod tokens;

pub use bursts::bursts;
pub use recording::Recording;
pub use tape::{BLOCK, Block, Stretch, Tape, whole};
pub use tokens::TokenDraws;
