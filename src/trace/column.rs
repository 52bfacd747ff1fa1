//! One column of a table, counted: how often each number of tokens comes. Memory grows with the values, not with the rows.

use std::collections::BTreeMap;
use std::path::Path;

use csv::ByteRecord;
use thiserror::Error;

use super::TraceError;
use super::files::{Files, Opened};
use super::instant::digits;
use super::table::{MOST_TOKENS, shown};
use crate::reading::{BUFFER, ReadError};
use crate::units::grouped;

/// The numbers of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Each value with the number of its rows, by value; at least one \[tokens, rows\].
    pub counts: Vec<(u32, u64)>,
}

/// The reason why a column cannot be read.
#[derive(Debug, Error)]
pub enum ColumnError {
    #[error(transparent)]
    File(#[from] TraceError),
    #[error("its header is `{}`", in_short(.header))]
    Missing { header: Vec<String> },
    #[error("it has more than {} different values", grouped(MOST_VALUES as u64))]
    TooMany,
}

/// The greatest number of different lengths, more than any model's context has; a column with more holds something
/// else.
const MOST_VALUES: usize = 1 << 20;
/// The greatest length of a column's name that is shown \[bytes\].
const LONGEST_NAME: usize = 200;

impl ColumnError {
    /// Returns whether the system is at fault, not the column.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self, Self::File(error) if error.is_system())
    }
}

impl Column {
    /// Reads a column of a file, or of all files of a folder, through.
    ///
    /// # Errors
    /// It cannot be read, there is no such column, it has no rows, or a value that is no number of tokens.
    pub fn read(path: &Path, name: &str) -> Result<Self, ColumnError> {
        let mut files = Files::new(path).map_err(TraceError::Read)?;
        let mut counts = BTreeMap::new();
        while let Some(file) = files.open_next().map_err(TraceError::Read)? {
            count(file, name, &mut counts)?;
        }
        if counts.is_empty() {
            return Err(TraceError::Empty.into());
        }
        Ok(Self { counts: counts.into_iter().collect() })
    }
}

fn count(file: Opened, column: &str, counts: &mut BTreeMap<u32, u64>) -> Result<(), ColumnError> {
    let Opened { records, name } = file;
    let fault = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => TraceError::Read(ReadError::from(error)).within(name.as_deref()),
        _ => TraceError::Layout.within(name.as_deref()),
    };
    let mut layout = csv::ReaderBuilder::new();
    layout.trim(csv::Trim::All).flexible(true).buffer_capacity(BUFFER);
    let mut lines = layout.from_reader(records.table());
    let header = lines.byte_headers().map_err(fault)?;
    if header.iter().all(<[u8]>::is_empty) {
        return Err(TraceError::Empty.into());
    }
    let Some(place) = header.iter().position(|name| name == column.as_bytes()) else {
        let names = header.iter().filter(|name| name.len() <= LONGEST_NAME);
        let header = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        return Err(ColumnError::Missing { header });
    };
    let mut record = ByteRecord::new();
    while lines.read_byte_record(&mut record).map_err(fault)? {
        let text = record.get(place).unwrap_or_default();
        let Some(tokens) = digits(text).filter(|n| (1..=MOST_TOKENS).contains(n)) else {
            let most = grouped(MOST_TOKENS);
            let rule = format!("`{column}` is a whole number from 1 to {most}, `{}` is not", shown(text));
            let line = record.position().map_or(0, csv::Position::line);
            if let Some(error) = lines.get_mut().damage(line) {
                return Err(TraceError::Read(error).within(name.as_deref()).into());
            }
            return Err(TraceError::Line { file: name, line, rule }.into());
        };
        *counts.entry(tokens as u32).or_default() += 1;
        if counts.len() > MOST_VALUES {
            return Err(ColumnError::TooMany);
        }
    }
    Ok(())
}

fn in_short(header: &[String]) -> String {
    header.join(",").chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn read(text: &[u8], name: &str) -> Result<Column, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lengths.csv");
        std::fs::write(&path, text).unwrap();
        Column::read(&path, name).map_err(|e| e.to_string())
    }

    #[test]
    fn values_are_counted_and_sorted() {
        let text = b"\xEF\xBB\xBFwhen, prompt \n1,30\n2,10\n\"3\",\"30\"\n\n4,  7\n";
        assert_eq!(read(text, "prompt").unwrap().counts, [(7, 1), (10, 1), (30, 2)]);
        assert_eq!(read(text, "when").unwrap().counts.len(), 4);
    }

    #[test]
    fn what_is_no_number_of_tokens_is_refused_with_its_line() {
        for (text, line) in [
            ("a\n1\n0\n", "line 3: `a` is a whole number from 1 to 1,000,000,000, `0` is not"),
            ("a,b\n\"x\ny\",1\n2,\n", "line 2: "),
            ("b,a\n1,2\n3\n", "line 3: "),
            ("a\n1.5\n", "`1.5` is not"),
            ("a\n-3\n", "`-3` is not"),
            ("a\n1000000001\n", "`1000000001` is not"),
        ] {
            let fault = read(text.as_bytes(), "a").unwrap_err();
            assert!(fault.contains(line), "{text:?}: {fault}");
        }
        assert_eq!(read(b"", "a").unwrap_err(), "it has no rows");
        assert_eq!(read(b"a\n", "a").unwrap_err(), "it has no rows");
        assert_eq!(read(b"b,c\n1,2\n", "a").unwrap_err(), "its header is `b,c`");
    }

    #[test]
    fn many_rows_are_few_counts_and_too_many_values_are_no_lengths() {
        let mut text = "a\n".to_owned();
        for i in 0..300_000 {
            writeln!(text, "{}", 1 + i % 3).unwrap();
        }
        assert_eq!(read(text.as_bytes(), "a").unwrap().counts, [(1, 100_000), (2, 100_000), (3, 100_000)]);
        text.truncate(2);
        for i in 1..=MOST_VALUES {
            writeln!(text, "{i}").unwrap();
        }
        assert_eq!(read(text.as_bytes(), "a").unwrap().counts.len(), MOST_VALUES);
        writeln!(text, "{}", MOST_VALUES + 1).unwrap();
        assert_eq!(read(text.as_bytes(), "a").unwrap_err(), "it has more than 1,048,576 different values");
    }

    #[test]
    fn a_folder_is_read_as_one() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("1.csv", "a\n5\n"), ("2.csv", "b,a\n9,5\n")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(Column::read(folder.path(), "a").unwrap().counts, [(5, 2)]);
    }
}
