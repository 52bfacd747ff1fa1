//! Recorded traffic: readers of traces and logs. A file is read row by row, so that its size needs no memory.

mod bedrock;
mod blocks;
mod column;
mod files;
mod instant;
mod mooncake;
mod reader;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::reading::ReadError;

use blocks::MOST_BLOCKS;
pub use blocks::{BLOCK_TOKENS, Blocks, NO_BLOCK};
pub use column::{Column, ColumnError};
pub use files::files_at;
pub use reader::Reader;

/// A request of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The arrival since the start of the trace \[µs\].
    pub arrival: u64,
    /// The whole prompt, cached parts included \[tokens\].
    pub input: u32,
    /// The length of the answer \[tokens\].
    pub output: u32,
    /// The caller's cap; 0: the file has none \[tokens\].
    pub max_tokens: u32,
    /// The input that the cache read, and below the input that it wrote; 0 where the file does not state them
    /// \[tokens\].
    pub cache_read: u32,
    pub cache_write: u32,
    /// The last block of the prompt, in [`Blocks`].
    pub leaf: u32,
    /// The answer stopped at its cap: what was wanted was longer.
    pub cut: bool,
}

/// The least request: one input token and one output token, at t = 0.
impl Default for Row {
    fn default() -> Self {
        Self {
            arrival: 0,
            input: 1,
            output: 1,
            max_tokens: 0,
            cache_read: 0,
            cache_write: 0,
            leaf: NO_BLOCK,
            cut: false,
        }
    }
}

/// The layout of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `TIMESTAMP,ContextTokens,GeneratedTokens`, as the Azure LLM inference traces.
    Azure,
    /// `arrival_s,input_tokens,output_tokens`, and perhaps `max_tokens`, `cache_read_tokens`, `cache_write_tokens`; or the
    /// columns that are named.
    Csv,
    /// `Timestamp,Model,Request tokens,Response tokens,…`, as the BurstGPT traces.
    BurstGpt,
    /// JSON lines with `timestamp` \[ms\], `input_length`, `output_length`, `hash_ids`, as the Mooncake traces.
    Mooncake,
    /// Bedrock's model invocation logs: JSON lines.
    Bedrock,
}

impl Format {
    /// Every layout, by its name in scenarios.
    pub const NAMED: [(&str, Self); 5] = [
        ("azure", Self::Azure),
        ("csv", Self::Csv),
        ("burstgpt", Self::BurstGpt),
        ("mooncake", Self::Mooncake),
        ("bedrock", Self::Bedrock),
    ];
}

/// Names of a trace's columns; `None` for the usual name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnNames {
    pub arrival: Option<String>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub max_tokens: Option<String>,
    pub cache_read: Option<String>,
    pub cache_write: Option<String>,
}

/// Rows whose label is a certain text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Only {
    /// A column of a table; `modelId`, `identity` or `requestMetadata.KEY` of a log.
    pub label: String,
    pub is: String,
}

/// The part of a file that is read, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selection {
    /// The layout of the file; `None`: what the file itself shows.
    pub format: Option<Format>,
    pub columns: ColumnNames,
    pub only: Option<Only>,
    /// The first instant that is read, since the first row of the file; it becomes t = 0 \[µs\].
    pub from: u64,
    /// The end of the part that is read \[µs\]; `None`: the end of the file.
    pub to: Option<u64>,
    /// Lines that are no request, or come too late, are counted and left out.
    pub skip_bad_lines: bool,
}

/// The reason why a trace cannot be read.
#[derive(Debug, Error)]
pub enum TraceError {
    #[error("it cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("{file}: {error}")]
    Within { file: String, error: Box<TraceError> },
    #[error("it has no rows")]
    Empty,
    #[error("none of its rows has the label that is asked for")]
    NoneSelected,
    #[error("its header is `{found}`; expected {expected}")]
    Header { found: String, expected: String },
    #[error("its layout is not known: it is neither a table with a header nor JSON lines of a known kind")]
    Layout,
    #[error("it has no label `{label}`; {known}")]
    Label { label: String, known: &'static str },
    #[error("{}line {line}: {rule}", in_file(.file))]
    Line { file: Option<String>, line: u64, rule: String },
    /// A request out of order is no bad line: where it was left out, most of the traffic might be missing.
    #[error("{}line {line}: it is earlier than the request before", in_file(.file))]
    Unsorted { file: Option<String>, line: u64 },
}

/// The advice on [`TraceError::Unsorted`].
pub const SORT: &str = "sort the lines by arrival; the files of a folder follow each other in the order of their names";

impl TraceError {
    /// Names the file within the folder that is read, where the error does not name it yet.
    fn within(self, file: Option<&str>) -> Self {
        match (self, file) {
            (Self::Read(error), file) => Self::Read(error.within(file)),
            (error @ (Self::Header { .. } | Self::Layout | Self::Label { .. }), Some(file)) => {
                Self::Within { file: file.to_owned(), error: Box::new(error) }
            }
            (error, _) => error,
        }
    }

    /// Returns the error without the name of the file.
    #[must_use]
    pub fn plain(&self) -> &Self {
        match self {
            Self::Within { error, .. } => error.plain(),
            error => error,
        }
    }

    /// Returns whether the system is at fault, not the trace.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_system())
    }
}

fn in_file(file: &Option<String>) -> String {
    file.as_ref().map_or(String::new(), |name| format!("{name}, "))
}

/// A trace that has been read through once: every line of it is good, or left out.
#[derive(Debug, Clone)]
pub struct Trace {
    path: PathBuf,
    selection: Selection,
    /// The rows of the trace, when they are few.
    held: Option<Arc<[Row]>>,
    pub summary: Summary,
    /// The blocks of the prompts, where the file names them.
    pub blocks: Option<Blocks>,
}

/// The findings of the first reading of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows that were selected.
    pub rows: u64,
    /// Arrival of the last of them \[µs\].
    pub last: u64,
    /// Rows in the window, whatever their label, and the arrivals of the first and the last of those \[µs\].
    pub all_rows: u64,
    pub all_first: u64,
    pub all_last: u64,
    pub skipped_lines: u64,
    /// The file tells what the cache read and wrote.
    pub tells_cache: bool,
}

/// The greatest number of rows held in memory (64 MiB); more are read again from the file for each replay.
const MOST_HELD: usize = (64 << 20) / size_of::<Row>();

impl Trace {
    /// Reads a file, or a folder of them, through.
    ///
    /// # Errors
    /// It cannot be read, has no rows, is not sorted, or has a line that is no request.
    pub fn open(path: &Path, selection: Selection) -> Result<Self, TraceError> {
        let mut reader = Reader::open(path, selection.clone())?;
        let mut held = Some(Vec::new());
        let mut summary = Summary::default();
        while let Some(row) = reader.next_row()? {
            summary.rows += 1;
            summary.last = row.arrival;
            if held.as_ref().is_some_and(|rows| rows.len() == MOST_HELD) {
                held = None;
            }
            if let Some(rows) = &mut held {
                rows.push(row);
            }
        }
        let found = reader.found();
        if summary.rows == 0 {
            return Err(if found.all_rows > 0 { TraceError::NoneSelected } else { TraceError::Empty });
        }
        let summary = Summary { rows: summary.rows, last: summary.last, ..found };
        let blocks = reader.into_blocks();
        Ok(Self { path: path.to_owned(), selection, held: held.map(Arc::from), summary, blocks })
    }

    /// Returns whether all rows are in memory, so that the file is not read again.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Returns the rows in order. A file that has changed since it was opened may end early.
    #[must_use]
    pub fn rows(&self) -> Rows {
        match &self.held {
            Some(rows) => Rows::Held { rows: Arc::clone(rows), next: 0 },
            None => Rows::Read(Reader::open(&self.path, self.selection.clone()).ok().map(Box::new)),
        }
    }

    /// Returns the time from the first row to the start of the next repetition, one mean gap after the last row \[µs\].
    /// `None`: one row has no gap.
    #[must_use]
    pub fn period(&self) -> Option<u64> {
        let Summary { all_rows, all_first, all_last, .. } = self.summary;
        let gaps = all_rows.checked_sub(1).filter(|n| *n > 0)?;
        let gap = (all_last - all_first + gaps / 2) / gaps;
        // The next pass begins with its lead-in, so that its first row comes one gap after the last of this one.
        Some(all_last + gap - all_first).filter(|period| *period > 0)
    }
}

/// The rows of a trace, from memory or from the file.
#[derive(Debug)]
pub enum Rows {
    Held { rows: Arc<[Row]>, next: usize },
    Read(Option<Box<Reader>>),
}

impl Iterator for Rows {
    type Item = Row;
    fn next(&mut self) -> Option<Row> {
        match self {
            Self::Held { rows, next } => {
                let row = rows.get(*next).copied();
                *next += 1;
                row
            }
            // It was read through before: what fails now has changed meanwhile.
            Self::Read(reader) => reader.as_mut()?.next_row().ok().flatten(),
        }
    }
}

#[cfg(test)]
mod tests;
