//! Rows of a trace, one after the other: what is bad is named or left out, what is early waits, what is not asked for is
//! passed over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;

use csv::ByteRecord;

use super::files::Files;
use super::instant::Clock;
use super::table::Columns;
use super::{Blocks, Format, MOST_BLOCKS, NO_BLOCK, Row, Selection, Summary, TraceError, bedrock, mooncake};
use crate::reading::{BUFFER, Checked, ReadError, Records, brief};

/// A line as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The instant on some clock of the file's own \[ns\].
    pub instant: i64,
    /// The number of the line among all.
    pub number: u64,
    pub input: u32,
    pub output: u32,
    pub max_tokens: u32,
    pub cache_read: u32,
    pub cache_write: u32,
    pub blocks: Vec<u64>,
    pub cut: bool,
    /// The text of the label; empty where none is read, or the line has none.
    pub label: String,
    /// The model that a log names.
    pub model: String,
}

/// Reads a trace row by row.
pub struct Reader {
    selection: Selection,
    /// The label that is read, if one is.
    label: Option<String>,
    files: Files,
    source: Option<Source>,
    name: Option<String>,
    line: u64,
    clock: Clock,
    /// Records of a log are written when calls end; these wait for those that began before them.
    early: BinaryHeap<Reverse<Entry>>,
    number: u64,
    /// The entry that was read last.
    entry: Entry,
    /// Instants of the first and of the last entry \[ns\].
    first: Option<i64>,
    last: i64,
    blocks: Option<Blocks>,
    found: Summary,
}

/// A file that is being read.
enum Source {
    Table { lines: Box<csv::Reader<Checked>>, columns: Columns, record: ByteRecord },
    Lines { input: BufReader<Checked>, format: Format, line: Vec<u8> },
}

/// Records of a log may come this much out of order.
const MOST_EARLY: usize = 1 << 16;
/// The greatest length of a label and of the name of a model \[bytes\]; that of an ARN.
const LONGEST_LABEL: usize = 2_048;

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("selection", &self.selection).field("line", &self.line).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file, or a folder of them.
    ///
    /// # Errors
    /// It cannot be read, or its layout is not known.
    pub fn open(path: &Path, selection: Selection) -> Result<Self, TraceError> {
        let label = selection.only.as_ref().map(|only| only.label.clone());
        Self::labelled(path, selection, label)
    }

    /// Opens a file, or a folder of them, so that [`Reader::label`] returns the text of this label for each row.
    ///
    /// # Errors
    /// The file cannot be read, its layout is not known, or its rows have no such label.
    pub fn labelled(path: &Path, selection: Selection, label: Option<String>) -> Result<Self, TraceError> {
        let mut reader = Self {
            selection,
            label,
            files: Files::new(path)?,
            source: None,
            name: None,
            line: 0,
            clock: Clock::default(),
            early: BinaryHeap::new(),
            number: 0,
            entry: Entry::default(),
            first: None,
            last: i64::MIN,
            blocks: None,
            found: Summary::default(),
        };
        reader.open_next()?;
        Ok(reader)
    }

    /// Returns the findings so far, without the counts of the rows that were given out.
    #[must_use]
    pub fn found(&self) -> Summary {
        self.found
    }

    /// Returns the text of the label in the last row; empty for a row without one.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.entry.label
    }

    /// The model of the last row, as a log names it; empty where the file names none.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.entry.model
    }

    /// Returns the blocks that were met so far; `None`: the file names none.
    #[must_use]
    pub fn blocks(&self) -> Option<&Blocks> {
        self.blocks.as_ref()
    }

    #[must_use]
    pub fn into_blocks(self) -> Option<Blocks> {
        self.blocks
    }

    /// Returns the next row that is asked for; `None` at the end.
    ///
    /// # Errors
    /// A line is no request, or comes before the last; the file cannot be read.
    pub fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        while self.next_in_order()? {
            let instant = self.entry.instant;
            let first = *self.first.get_or_insert(instant);
            if instant < self.last {
                let unsorted = TraceError::Unsorted { file: self.name.clone(), line: self.line };
                return Err(self.damage().unwrap_or(unsorted));
            }
            let Ok(since) = micros_since(first, instant) else {
                self.refuse("it comes more than 30 years after the first".to_owned())?;
                continue;
            };
            self.last = instant;
            if since < self.selection.from {
                continue;
            }
            if self.selection.to.is_some_and(|to| since >= to) {
                return Ok(None);
            }
            let arrival = since - self.selection.from;
            if self.found.all_rows == 0 {
                self.found.all_first = arrival;
            }
            self.found.all_rows += 1;
            self.found.all_last = arrival;
            let entry = &self.entry;
            let leaf = match &mut self.blocks {
                Some(blocks) => blocks.leaf(entry.blocks.iter().copied()),
                None => NO_BLOCK,
            };
            if self.blocks.as_ref().is_some_and(|blocks| blocks.len() > MOST_BLOCKS) {
                let rule = format!("the prompts up to here have more than {MOST_BLOCKS} different blocks");
                return Err(TraceError::Line { file: self.name.clone(), line: self.line, rule });
            }
            if self.selection.only.as_ref().is_none_or(|only| only.is == entry.label) {
                let Entry { input, output, max_tokens, cache_read, cache_write, cut, .. } = *entry;
                return Ok(Some(Row { arrival, input, output, max_tokens, cache_read, cache_write, leaf, cut }));
            }
        }
        Ok(None)
    }

    /// Reads the next entry, those of a log in the order of their instants; false at the end.
    fn next_in_order(&mut self) -> Result<bool, TraceError> {
        let is_log =
            matches!(self.source, Some(Source::Lines { format: Format::Bedrock, .. })) || !self.early.is_empty();
        if !is_log {
            return self.next_entry();
        }
        while self.early.len() < MOST_EARLY && self.next_entry()? {
            self.early.push(Reverse(std::mem::take(&mut self.entry)));
        }
        let Some(Reverse(first)) = self.early.pop() else { return Ok(false) };
        self.entry = first;
        Ok(true)
    }

    fn next_entry(&mut self) -> Result<bool, TraceError> {
        loop {
            let (entry, clock) = (&mut self.entry, &mut self.clock);
            entry.number = self.number;
            self.number += 1;
            let read = match &mut self.source {
                None => return Ok(false),
                Some(Source::Table { lines, columns, record }) => match lines.read_byte_record(record) {
                    Err(error) => match error.into_kind() {
                        csv::ErrorKind::Io(error) => return Err(unreadable(error, self.name.as_deref())),
                        _ => Some(Err("it is not a line of comma-separated values".to_owned())),
                    },
                    Ok(false) => None,
                    Ok(true) => {
                        self.line = record.position().map_or(0, csv::Position::line);
                        Some(columns.read(record, clock, entry))
                    }
                },
                Some(Source::Lines { input, format, line }) => {
                    line.clear();
                    let length = input.read_until(b'\n', line);
                    if length.map_err(|error| unreadable(error, self.name.as_deref()))? == 0 {
                        None
                    } else {
                        self.line += 1;
                        match line.trim_ascii() {
                            [] => continue,
                            text if *format == Format::Mooncake => Some(mooncake::read(text, entry)),
                            text => Some(bedrock::read(text, self.label.as_deref(), clock, entry)),
                        }
                    }
                }
            };
            match read {
                None => {
                    self.source = None;
                    self.open_next()?;
                }
                Some(Ok(())) if u64::from(entry.cache_read) + u64::from(entry.cache_write) > u64::from(entry.input) => {
                    let rule = "the cache read and wrote more than the whole input";
                    let rule = format!("{rule}: {} and {} of {}", entry.cache_read, entry.cache_write, entry.input);
                    self.refuse(rule)?;
                }
                Some(Ok(())) if entry.label.len().max(entry.model.len()) > LONGEST_LABEL => {
                    // Thousands of records wait for those that began before them.
                    self.refuse(format!("its label or the name of its model is longer than {LONGEST_LABEL} bytes"))?;
                }
                Some(Ok(())) => return Ok(true),
                Some(Err(rule)) => self.refuse(rule)?,
            }
        }
    }

    /// Refuses a bad line: an error, or a line that is counted and left out.
    fn refuse(&mut self, rule: String) -> Result<(), TraceError> {
        if self.selection.skip_bad_lines {
            self.found.skipped_lines += 1;
            return Ok(());
        }
        Err(self.damage().unwrap_or_else(|| TraceError::Line {
            file: self.name.clone(),
            line: self.line,
            rule: brief(rule),
        }))
    }

    /// Returns the damage of a packed file in which a line is bad, if that is why.
    fn damage(&mut self) -> Option<TraceError> {
        let damage = match self.source.as_mut()? {
            Source::Table { lines, .. } => lines.get_mut().damage(self.line),
            Source::Lines { input, .. } => input.get_mut().damage(self.line),
        };
        damage.map(|error| TraceError::Read(error.within(self.name.as_deref())))
    }

    /// Opens the next file, if there is one.
    fn open_next(&mut self) -> Result<(), TraceError> {
        let Some(opened) = self.files.open_next()? else { return Ok(()) };
        self.name = opened.name;
        self.begin(opened.records).map_err(|error| error.within(self.name.as_deref()))
    }

    /// Begins to read a file.
    fn begin(&mut self, records: Records) -> Result<(), TraceError> {
        self.line = 0;
        // What this layout does not tell was told by none.
        self.entry = Entry::default();
        let format = match self.selection.format {
            Some(format) => Some(format),
            None => of_json(records.start())?,
        };
        if let Some(format @ (Format::Mooncake | Format::Bedrock)) = format {
            if let Some(label) =
                self.label.as_ref().filter(|label| format == Format::Mooncake || !bedrock::tells(label))
            {
                let known = match format {
                    Format::Mooncake => "its rows have no labels",
                    _ => "a log has `modelId`, `identity` and `requestMetadata.KEY`",
                };
                return Err(TraceError::Label { label: label.clone(), known });
            }
            // Records of a log that wait for earlier ones are few; prompts with their blocks may be large.
            if format == Format::Mooncake && !self.early.is_empty() {
                return Err(TraceError::Layout);
            }
            self.found.tells_cache |= format == Format::Bedrock;
            if format == Format::Mooncake {
                self.blocks.get_or_insert_default();
            }
            self.source = Some(Source::Lines { input: records.lines(), format, line: Vec::new() });
            return Ok(());
        }
        let mut lines = csv::ReaderBuilder::new().flexible(true).buffer_capacity(BUFFER).from_reader(records.table());
        let header = lines.byte_headers().map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => unreadable(error, None),
            _ => TraceError::Layout,
        })?;
        let found = Columns::find(header, format, &self.selection.columns, self.label.as_deref());
        let columns = found.map_err(|error| lines.get_mut().damage(1).map_or(error, TraceError::Read))?;
        self.found.tells_cache |= columns.tells_cache();
        self.source = Some(Source::Table { lines: Box::new(lines), columns, record: ByteRecord::new() });
        Ok(())
    }
}

/// Makes the error of a file that cannot be read on.
fn unreadable(error: std::io::Error, file: Option<&str>) -> TraceError {
    TraceError::Read(ReadError::from(error).within(file))
}

/// Returns the layout of a file of JSON lines, by its first line; `None`: the file has no JSON lines.
fn of_json(start: &[u8]) -> Result<Option<Format>, TraceError> {
    if !start.trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    // A record may be longer than what was read of it; what tells its kind stands near its beginning.
    let start = String::from_utf8_lossy(start);
    let line = start.trim_start().lines().next().unwrap_or_default();
    if line.contains(mooncake::KEY) {
        Ok(Some(Format::Mooncake))
    } else if line.contains(bedrock::KEY) {
        Ok(Some(Format::Bedrock))
    } else {
        Err(TraceError::Layout)
    }
}

/// Returns the time since `start`, from nanoseconds and rounded half up, so that sorted instants stay sorted \[µs\].
fn micros_since(start: i64, instant: i64) -> Result<u64, ()> {
    let nanos = instant.checked_sub(start).and_then(|nanos| u64::try_from(nanos).ok()).ok_or(())?;
    Some((nanos + 500) / 1_000).filter(|us| *us <= crate::units::SimTime::LONGEST.0).ok_or(())
}
