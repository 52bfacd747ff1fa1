//! Files of records: plain or gzip, read line by line.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::checked::{Checked, Layout};
use super::{ReadError, line_of, open, refuse_utf_16};

/// The bytes that are read at a time.
pub const BUFFER: usize = 1 << 18;

/// An open file of records, unpacked where it is packed.
pub struct Records {
    /// The beginning of the file, without a byte-order mark.
    start: Vec<u8>,
    rest: Box<dyn Read + Send>,
    is_packed: bool,
}

impl Records {
    /// Opens a file and reads its beginning.
    ///
    /// # Errors
    /// It cannot be opened or read, its beginning cannot be unpacked, or it is text in UTF-16.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let mut file = open(path)?;
        let start = beginning(&mut file)?;
        let is_packed = start.starts_with(&GZIP);
        let (mut start, rest) = if is_packed {
            let packed = BufReader::with_capacity(BUFFER, Cursor::new(start).chain(file));
            let mut unpacked = Unpacked { member: Some(GzDecoder::new(packed)) };
            (beginning(&mut unpacked)?, Box::new(unpacked) as Box<dyn Read + Send>)
        } else {
            (start, Box::new(file) as Box<dyn Read + Send>)
        };
        refuse_utf_16(&start)?;
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if start.starts_with(MARK) {
            start.drain(..MARK.len());
        }
        Ok(Self { start, rest, is_packed })
    }

    /// Returns the first bytes of the file, at most 256 KiB.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Returns the contents of a table of comma-separated values. The caller buffers them.
    #[must_use]
    pub fn table(self) -> Checked {
        self.checked(Layout::Table)
    }

    /// Returns the contents of lines that no quote continues, buffered.
    #[must_use]
    pub fn lines(self) -> BufReader<Checked> {
        BufReader::with_capacity(BUFFER, self.checked(Layout::Lines))
    }

    fn checked(self, layout: Layout) -> Checked {
        Checked::new(self.start, self.rest, layout, self.is_packed)
    }
}

/// Reads the first bytes of a file; an error names the line that was reached.
fn beginning(file: &mut (impl Read + ?Sized)) -> Result<Vec<u8>, ReadError> {
    let mut start = Vec::new();
    match file.take(BUFFER as u64).read_to_end(&mut start) {
        Ok(_) => Ok(start),
        Err(error) => Err(ReadError::from(error).at(line_of(&start, start.len()))),
    }
}

/// The first bytes of a gzip file, and of each of its members.
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A packed file of one member or of several, one after the other; its errors say what damaged it.
struct Unpacked<R> {
    /// The member that is read; `None` at the end of the file.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let n = member.read(buffer).map_err(damage)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            match rest.fill_buf()? {
                [] => break,
                // Only the first byte may have been read yet.
                [first] if *first == GZIP[0] => {}
                next if next.starts_with(&GZIP) => {}
                _ => {
                    let refused = ReadError::content(None, "bytes that are no gzip follow the end of the gzip data");
                    return Err(refused.help("copy the file again, or remove what follows").into());
                }
            }
            self.member = Some(GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// Makes the error of data that cannot be unpacked.
fn damage(error: io::Error) -> io::Error {
    let rule = match error.kind() {
        // An error of the system has a number, one of the decoder has none.
        _ if error.raw_os_error().is_some() => return error,
        io::ErrorKind::UnexpectedEof => "the gzip file ends in the middle: it was not copied whole",
        _ => "the gzip file is damaged: it cannot be decompressed",
    };
    ReadError::content(None, rule).help("copy the file again").into()
}
