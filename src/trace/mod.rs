//! Recorded traffic: readers of traces.

mod azure;
mod blocks;
mod rows;

pub use blocks::{BLOCK_TOKENS, Blocks, NO_BLOCK};

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use thiserror::Error;

/// A recorded series of requests, sorted by arrival; t = 0 is the first row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    pub rows: Vec<Row>,
    /// The blocks of the prompts, where the file names them.
    pub blocks: Option<Blocks>,
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

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `TIMESTAMP,ContextTokens,GeneratedTokens`, as the Azure LLM inference traces.
    Azure,
    /// `arrival_s,input_tokens,output_tokens[,max_tokens]`.
    Csv,
}

/// Why a trace cannot be replayed.
#[derive(Debug, Error)]
pub enum TraceError {
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("it has no rows")]
    Empty,
    #[error("its header is `{found}`; expected {expected}")]
    Header { found: String, expected: &'static str },
    #[error("line {line}: {rule}")]
    Line { line: u64, rule: String },
}

/// Reads a trace; without a format, the header tells it.
///
/// # Errors
/// The file cannot be read, is empty, is not sorted, or has a line that is no request.
pub fn read(path: &Path, format: Option<Format>) -> Result<Trace, TraceError> {
    read_from(BufReader::new(File::open(path)?), format)
}

/// As [`read`], from anything that holds a file's bytes.
///
/// # Errors
/// As [`read`].
pub fn read_from(input: impl Read, format: Option<Format>) -> Result<Trace, TraceError> {
    let mut lines = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(input);
    let header = lines.headers().map_err(broken)?.clone();
    let columns = Columns::find(&header, format)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut first = None;
    let mut last = 0;
    let mut record = csv::StringRecord::new();
    while lines.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |rule: String| TraceError::Line { line, rule };
        let instant = columns.instant(&record).map_err(bad)?;
        let start = *first.get_or_insert(instant);
        if !rows.is_empty() && instant < last {
            return Err(bad(format!(
                "`{}` is earlier than the line before; sort the file by arrival",
                columns.written(&record)
            )));
        }
        last = instant;
        rows.push(Row {
            arrival: micros_since(start, instant).map_err(bad)?,
            input: columns.tokens(&record, 1).map_err(bad)?,
            output: columns.tokens(&record, 2).map_err(bad)?,
            max_tokens: columns.cap(&record).map_err(bad)?,
        });
    }
    if rows.is_empty() { Err(TraceError::Empty) } else { Ok(Trace { rows, blocks: None }) }
}

/// From nanoseconds, rounded half up; sorted stays sorted.
fn micros_since(start: i128, instant: i128) -> Result<u64, String> {
    u64::try_from((instant - start + 500) / 1_000)
        .ok()
        .filter(|us| *us <= crate::units::SimTime::LONGEST.0)
        .ok_or_else(|| "it comes more than 30 years after the first".to_owned())
}

fn broken(error: csv::Error) -> TraceError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => TraceError::Io(error),
        csv::ErrorKind::Utf8 { .. } => TraceError::Line { line, rule: "it is not UTF-8 text".to_owned() },
        _ => TraceError::Line { line, rule: "it is not a line of comma-separated values".to_owned() },
    }
}

/// Which column is which: the arrival, the input, the output, and the cap if there is one.
struct Columns {
    format: Format,
    places: [usize; 3],
    cap: Option<usize>,
}

const EXPECTED: &str = "`arrival_s,input_tokens,output_tokens` or `TIMESTAMP,ContextTokens,GeneratedTokens`";

impl Columns {
    fn find(header: &csv::StringRecord, format: Option<Format>) -> Result<Self, TraceError> {
        let place = |name: &str| header.iter().position(|h| h == name);
        let all = |names: [&str; 3]| Some([place(names[0])?, place(names[1])?, place(names[2])?]);
        let azure = all(azure::COLUMNS).filter(|_| format != Some(Format::Csv));
        if let Some(places) = azure {
            return Ok(Self { format: Format::Azure, places, cap: None });
        }
        let rows = all(rows::COLUMNS).filter(|_| format != Some(Format::Azure));
        if let Some(places) = rows {
            return Ok(Self { format: Format::Csv, places, cap: place(rows::CAP) });
        }
        let found = header.iter().collect::<Vec<_>>().join(",");
        if found.is_empty() {
            return Err(TraceError::Empty);
        }
        Err(TraceError::Header { found: found.chars().take(80).collect(), expected: EXPECTED })
    }

    fn written<'r>(&self, record: &'r csv::StringRecord) -> &'r str {
        record.get(self.places[0]).unwrap_or_default()
    }

    /// The arrival on some clock of the file's own \[ns\].
    fn instant(&self, record: &csv::StringRecord) -> Result<i128, String> {
        match self.format {
            Format::Azure => azure::instant(self.written(record)),
            Format::Csv => rows::instant(self.written(record)),
        }
    }

    fn tokens(&self, record: &csv::StringRecord, column: usize) -> Result<u32, String> {
        let names = match self.format {
            Format::Azure => azure::COLUMNS,
            Format::Csv => rows::COLUMNS,
        };
        count(record.get(self.places[column]).unwrap_or_default(), names[column])
    }

    fn cap(&self, record: &csv::StringRecord) -> Result<u32, String> {
        match self.cap.and_then(|place| record.get(place)).filter(|text| !text.is_empty()) {
            None => Ok(0),
            Some(text) => count(text, rows::CAP),
        }
    }
}

fn count(text: &str, name: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(n) if (1..=1_000_000_000).contains(&n) => Ok(n),
        _ => Err(format!("`{name}` is a whole number of at least 1, `{text}` is not")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Row>, String> {
        read_from(text.as_bytes(), None).map(|t| t.rows).map_err(|e| e.to_string())
    }

    fn row(arrival: u64, input: u32, output: u32, max_tokens: u32) -> Row {
        Row { arrival, input, output, max_tokens }
    }

    #[test]
    fn an_azure_trace_starts_at_its_first_row() {
        let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319606,3180,8\n";
        assert_eq!(rows(text), Ok(vec![row(0, 4_808, 10, 0), row(52_001, 3_180, 8, 0)]));
    }

    #[test]
    fn our_own_columns_may_hold_a_cap() {
        let text = "arrival_s,input_tokens,output_tokens,max_tokens\n1700000000.5,10,5,64\n1700000001.000001,20,6,\n";
        assert_eq!(rows(text), Ok(vec![row(0, 10, 5, 64), row(500_001, 20, 6, 0)]));
    }

    #[test]
    fn what_is_no_trace_says_where_and_what_was_expected() {
        let header = "arrival_s,input_tokens,output_tokens\n";
        for (text, error) in [
            (String::new(), "it has no rows".to_owned()),
            (header.to_owned(), "it has no rows".to_owned()),
            ("a,b\n1,2\n".to_owned(), format!("its header is `a,b`; expected {EXPECTED}")),
            (
                format!("{header}2,1,1\n1,1,1\n"),
                "line 3: `1` is earlier than the line before; sort the file by arrival".to_owned(),
            ),
            (
                format!("{header}2,0,1\n"),
                "line 2: `input_tokens` is a whole number of at least 1, `0` is not".to_owned(),
            ),
            (format!("{header}2,1\n"), "line 2: `output_tokens` is a whole number of at least 1, `` is not".to_owned()),
            (
                format!("{header}x,1,1\n"),
                "line 2: `arrival_s` is a number of seconds such as 12.5, `x` is not".to_owned(),
            ),
            (
                format!("{header}0,1,1\n946080001,1,1\n"),
                "line 3: it comes more than 30 years after the first".to_owned(),
            ),
        ] {
            assert_eq!(rows(&text), Err(error), "{text}");
        }
        assert!(read_from(&b"arrival_s,input_tokens,output_tokens\n1,\xff,2\n"[..], None).is_err());
        let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\nnoon,1,1\n";
        assert!(rows(azure).unwrap_err().contains("`noon`"));
        assert!(read_from(azure.as_bytes(), Some(Format::Csv)).is_err());
    }
}
