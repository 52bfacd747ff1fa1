//! How many tokens a request brings and wants.

use crate::random::Law;

/// Where the token counts of a workload's requests come from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// Drawn for each request \[tokens\]. A draw is clamped, rounded half up and at least 1.
    Drawn { input: Law, output: Law },
    /// The columns of the workload's trace.
    Trace,
}
