//! Opens every file that bedload reads, accepts only regular files, and limits their size and line length.
//!
//! [`text()`] reads a whole file of a greatest size. [`Records`] reads a file of any size line by line, in memory that does
//! not grow with it. What is wrong with a file is a [`ReadError`], which knows whether the file or the system is at fault.

mod checked;
mod error;
mod json;
mod records;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

pub use checked::{Checked, MOST_LINE};
pub use error::{Cause, ReadError};
pub use json::json;
pub use records::{BUFFER, Records};

/// The greatest size of a scenario with all files that it extends and includes, and of a catalogue \[bytes\].
pub const MOST_TOML: u64 = 4 << 20;
/// The greatest size of a results document, of the points beside it, and of a baseline \[bytes\].
pub const MOST_DOCUMENT: u64 = 256 << 20;

/// Opens a file. A folder, a pipe, a device or a socket is refused before it is opened: a pipe would wait for a writer.
///
/// # Errors
/// There is no such file, it is no regular file, or the system does not let it be opened.
pub fn open(path: &Path) -> Result<File, ReadError> {
    let found = fs::metadata(path).map_err(|error| ReadError::of_path(path, &error))?;
    if found.is_dir() {
        return Err(ReadError::content(None, "it is a folder, not a file"));
    }
    if !found.is_file() {
        let refused = ReadError::content(None, "it is a pipe, a device or a socket, not a file");
        return Err(refused.help("save its output to a file and name that file"));
    }
    File::open(path).map_err(|error| ReadError::of_path(path, &error))
}

/// Reads a whole file of at most `most` bytes as text.
///
/// # Errors
/// It cannot be opened or read, is larger, or is no UTF-8 text.
pub fn text(path: &Path, most: u64) -> Result<String, ReadError> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(ReadError::large(None, format!("it is larger than {} MiB", most >> 20)));
    }
    refuse_utf_16(&bytes)?;
    if let Some(at) = memchr::memchr(0, &bytes) {
        return Err(ReadError::nul(line_of(&bytes, at)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let (from, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        ReadError::content(line_of(bytes, from), format!("it is not UTF-8 text from byte {from} on"))
            .help("save it as UTF-8")
    })
}

/// Cuts a message that may quote a long text.
#[must_use]
pub fn brief(mut message: String) -> String {
    const MOST_SHOWN: usize = 1_000;
    if let Some((at, _)) = message.char_indices().nth(MOST_SHOWN) {
        message.truncate(at);
        message.push('…');
    }
    message
}

/// Returns the number of the line that holds a byte, from 1.
fn line_of(bytes: &[u8], at: usize) -> u64 {
    memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1
}

/// Refuses text in UTF-16: it begins with a mark, or one of the first two bytes is zero.
fn refuse_utf_16(start: &[u8]) -> Result<(), ReadError> {
    let [first, second, ..] = start else { return Ok(()) };
    if matches!((first, second), (0xFF, 0xFE) | (0xFE, 0xFF)) || (*first == 0) != (*second == 0) {
        let refused = ReadError::content(1, "it is text in UTF-16");
        return Err(refused.help("save it as UTF-8, such as with `iconv -f UTF-16 -t UTF-8`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
