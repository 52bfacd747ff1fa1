//! The contents of a file, checked while they are read: no line and no quoted field is too long, no byte is NUL, and
//! every quote is closed.

use std::io::{self, Chain, Cursor, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::{ReadError, line_of};

/// The greatest length of a line, or of a record whose quoted fields span lines \[bytes\].
pub const MOST_LINE: u64 = 64 << 20;
/// The greatest number of commas in a record of a table.
const MOST_COMMAS: u64 = 1_000_000;

/// The most that is unpacked to learn whether a packed file is damaged \[bytes\].
const MOST_UNPACKED: u64 = 1 << 30;

/// The rule by which a file is divided into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A record is a line.
    Lines,
    /// A record is a line of comma-separated values, and a quoted field may span lines.
    Table,
}

/// The place of a byte in a record of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// The place after a quote within a quoted field: the field ends, or another quote follows.
    Closing,
}

/// The contents of a file, checked while they are read.
pub struct Checked {
    inner: Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>,
    is_packed: bool,
    layout: Layout,
    place: Place,
    /// The number of the line that is read, from 1.
    line: u64,
    /// The number of the line in which the last quoted field begins.
    quoted_from: u64,
    /// The length of the record so far \[bytes\].
    length: u64,
    /// The number of commas in the record so far.
    commas: u64,
}

impl Checked {
    pub(super) fn new(start: Vec<u8>, rest: Box<dyn Read + Send>, layout: Layout, is_packed: bool) -> Self {
        let inner = Cursor::new(start).chain(rest);
        Self { inner, is_packed, layout, place: Place::FieldStart, line: 1, quoted_from: 1, length: 0, commas: 0 }
    }

    /// Returns the damage of a packed file whose contents are bad in some line: a changed byte of it changes what is unpacked,
    /// and is found by the checksum at the end. `None`: the rest can be unpacked, as far as 1 GiB of it.
    pub fn damage(&mut self, line: u64) -> Option<ReadError> {
        if !self.is_packed {
            return None;
        }
        let unpacked = io::copy(&mut self.inner.by_ref().take(MOST_UNPACKED), &mut io::sink());
        unpacked.err().map(|error| ReadError::from(error).at(line)).filter(|error| !error.is_system())
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        if let Some(at) = memchr(0, bytes) {
            return Err(ReadError::nul(self.line + line_of(bytes, at) - 1));
        }
        if self.layout == Layout::Table && (self.is_quoted() || memchr(b'"', bytes).is_some()) {
            return bytes.iter().try_for_each(|byte| self.step(*byte));
        }
        self.check_lines(bytes)
    }

    /// Checks bytes outside quotes.
    fn check_lines(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let (line, commas) = (self.line, self.layout == Layout::Table);
        self.line += memchr_iter(b'\n', bytes).count() as u64;
        if let Some(last) = memrchr(b'\n', bytes) {
            let first = memchr(b'\n', bytes).unwrap_or(last);
            self.length += first as u64;
            self.bound(line)?;
            (self.length, self.commas) = ((bytes.len() - last - 1) as u64, 0);
        } else {
            self.length += bytes.len() as u64;
            self.commas += if commas { memchr_iter(b',', bytes).count() as u64 } else { 0 };
        }
        self.place = match bytes.last() {
            Some(b',' | b'\n' | b'\r') => Place::FieldStart,
            _ => Place::Plain,
        };
        self.bound(self.line)
    }

    /// Checks one byte of a table with quotes.
    fn step(&mut self, byte: u8) -> Result<(), ReadError> {
        self.place = match (self.place, byte) {
            (Place::FieldStart, b'"') => {
                self.quoted_from = self.line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::Closing,
            (Place::Closing, b'"') | (Place::Quoted, _) => Place::Quoted,
            (_, b',' | b'\n' | b'\r') => Place::FieldStart,
            _ => Place::Plain,
        };
        self.length += 1;
        if self.place == Place::FieldStart {
            self.commas += 1;
            if byte != b',' {
                (self.length, self.commas) = (0, 0);
            }
        }
        self.line += u64::from(byte == b'\n');
        self.bound(self.line)
    }

    fn bound(&self, line: u64) -> Result<(), ReadError> {
        if self.length > MOST_LINE && self.is_quoted() {
            let rule = format!("the quote that opens here is not closed within {} MiB", MOST_LINE >> 20);
            return Err(ReadError::content(self.quoted_from, rule).help("close the quote"));
        }
        if self.length > MOST_LINE {
            let rule = format!("it is longer than {} MiB", MOST_LINE >> 20);
            return Err(ReadError::content(line, rule)
                .help("no record is that long: the file is damaged, or it is not the file you meant"));
        }
        if self.commas > MOST_COMMAS {
            let refused = ReadError::content(line, "it has more than a million fields");
            return Err(refused.help("no table is that wide: the file is damaged, or it is not the file you meant"));
        }
        Ok(())
    }

    fn is_quoted(&self) -> bool {
        matches!(self.place, Place::Quoted | Place::Closing)
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|error| ReadError::from(error).at(self.line))?;
        if n > 0 {
            self.check(&buffer[..n]).map_err(|error| match error.line {
                Some(line) => self.damage(line).unwrap_or(error),
                None => error,
            })?;
        } else if !buffer.is_empty() && self.place == Place::Quoted {
            let refused = ReadError::content(self.quoted_from, "the quote that opens here is never closed");
            return Err(refused.help("close the quote").into());
        }
        Ok(n)
    }
}
