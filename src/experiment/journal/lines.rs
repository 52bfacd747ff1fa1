//! The lines of a journal, each with its checksum.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

/// The greatest length of a line of a journal \[bytes\]; a longer one is never written, and is damaged where it is read. It
/// leaves room for a point of 10,000 workloads, each with its metrics.
pub(super) const MOST: u64 = 256 << 20;
/// The digits of a checksum: 128 bits in hexadecimal.
const DIGITS: usize = 32;

/// Returns the checksum of a text under a key: the first half of a SHA-256, in hexadecimal.
pub(super) fn checksum(key: &str, body: &[u8]) -> String {
    let digest = Sha256::new().chain_update(key).chain_update(b"\n").chain_update(body).finalize();
    digest.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a line that carries its checksum: `{"check":"…","NAME":BODY}`.
pub(super) fn seal(start: &str, key: &str, name: &str, body: &[u8]) -> Vec<u8> {
    let check = checksum(key, body);
    [format!("{start}\"check\":\"{check}\",\"{name}\":").as_bytes(), body, b"}\n"].concat()
}

/// Refuses a line of a point that is longer than what is read.
pub(super) fn refuse_long(point: u64, length: u64) -> io::Result<()> {
    if length <= MOST {
        return Ok(());
    }
    let most = MOST >> 20;
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("the results of point {point} are larger than {most} MiB")))
}

/// Returns the body of a line; `None`: the line has another form, or its checksum is wrong.
pub(super) fn unseal<'l>(start: &str, key: &str, name: &str, line: &'l [u8]) -> Option<&'l [u8]> {
    let rest = line.strip_prefix(start.as_bytes())?.strip_prefix(b"\"check\":\"")?;
    let (check, rest) = rest.split_at_checked(DIGITS)?;
    let body = rest.strip_prefix(format!("\",\"{name}\":").as_bytes())?.strip_suffix(b"}\n")?;
    (check == checksum(key, body).as_bytes()).then_some(body)
}

/// A line of a file that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The length of the line with its line break \[bytes\].
    pub length: u64,
    /// True if the line ends in a line break; the last line of a file may be cut off.
    pub is_whole: bool,
}

/// Reads the next line; of a line longer than `most` bytes only the beginning is kept. `None`: the file has ended.
pub(super) fn next_line(reader: &mut impl BufRead, text: &mut Vec<u8>, most: u64) -> io::Result<Option<Line>> {
    text.clear();
    let mut length = reader.by_ref().take(most).read_until(b'\n', text)? as u64;
    let mut is_whole = text.ends_with(b"\n");
    while !is_whole && length >= most {
        let (skipped, found) = {
            let buffer = reader.fill_buf()?;
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), false),
            }
        };
        reader.consume(skipped);
        length += skipped as u64;
        is_whole = found;
        if skipped == 0 {
            break;
        }
    }
    Ok((length > 0).then_some(Line { length, is_whole }))
}
