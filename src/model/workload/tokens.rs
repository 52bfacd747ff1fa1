//! The numbers of input and output tokens of requests.

use crate::random::Law;

/// The source of the token counts of a workload's requests.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSource {
    pub of: TokensOf,
    /// The tokens that are added to every input \[tokens\].
    pub extra_input: u32,
    /// True if the main model writes an answer. Embedding and reranking models do not, and then no output is wanted.
    pub writes: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TokensOf {
    /// Counts that are drawn for each request \[tokens\]. A draw is clamped, rounded half up and at least 1.
    Laws {
        input: Law,
        output: Law,
        /// The parameter of the Gaussian copula that ties input and output, in \[-1, 1\]; 0: they are independent.
        correlation: f64,
    },
    /// The columns of the workload's trace.
    Trace,
}
