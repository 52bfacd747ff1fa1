//! Recorded traffic: readers of traces.

/// A recorded series of requests, sorted by arrival; t = 0 is the first row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Since the first row \[µs\].
    pub arrival: u64,
    /// \[tokens\]
    pub input: u32,
    /// \[tokens\]
    pub output: u32,
    /// The caller's cap; 0: the file has none \[tokens\].
    pub max_tokens: u32,
}
