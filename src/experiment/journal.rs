//! The journal of a sweep: each finished point is a line, so that a sweep that was killed goes on where it stopped.
//!
//! The first line identifies the sweep and names the files that it read. Every line carries a checksum; that of a point
//! covers the head as well, so that a line is kept only if this sweep wrote it and nothing has changed it since.
//! Points lie in the order in which they were finished and are read back in the order of their numbers, one at a time.

mod head;
mod lines;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

pub use head::JournalHead;
use lines::{Line, MOST, next_line, seal, unseal};

use crate::folder::{self, Temporary};
use crate::results::Point;

/// The beginning of a journal's first line, before the checksum.
const HEAD: &str = "{\"bedload_journal\":1,";
/// The beginning of the line of a point, before the checksum.
const POINT: &str = "{";

/// The reason why a journal cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("it cannot be written: {0}")]
    Unwritable(io::Error),
    #[error("it is not a file that bedload wrote, or its beginning is damaged")]
    Foreign,
    #[error("{0}")]
    Another(String),
    #[error("its first line is damaged")]
    Damaged,
}

/// The reason why the points of a journal were not handed on.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    #[error("the journal cannot be read: {0}")]
    Unreadable(io::Error),
    #[error(transparent)]
    Receiver(#[from] io::Error),
}

/// A line of a journal that was rejected when the journal was opened, with its number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// The checksum of the line is wrong: it was changed, or another sweep wrote it.
    Damaged { line: u64 },
    /// The line has the same point as an earlier one. Neither is kept: which of them is right cannot be proved.
    Doubled { line: u64, point: u64 },
    /// The sweep has no such point.
    OutOfRange { line: u64, point: u64 },
}

/// An open journal. The process that opened it holds the lock of the folder, so that no other process writes to it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    dropped: Vec<Dropped>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    /// The checksum of the head, which is a part of the checksum of each point.
    key: String,
    /// The length of the head's line \[bytes\].
    head: u64,
    end: u64,
    /// The position of each finished point's line in the file: offset and length \[bytes\].
    points: BTreeMap<u64, (u64, u64)>,
}

impl Journal {
    /// Opens the journal of a sweep, or begins it. With `restart` the points of an earlier sweep are discarded. Lines
    /// that cannot be trusted are removed from the file, and [`Self::dropped`] returns them.
    ///
    /// # Errors
    /// The file cannot be read or written, is not a journal, is damaged in its first line, or belongs to another sweep.
    pub fn open(path: &Path, head: &JournalHead, restart: bool) -> Result<Self, JournalError> {
        let found = OpenOptions::new().read(true).write(true).open(path);
        let file = match found {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(JournalError::Unreadable(error)),
        };
        let known = match file {
            Some(file) if !is_empty(&file)? => {
                refuse_foreign(&file)?;
                if restart { None } else { Some(Inner::read(file, head)?) }
            }
            _ => None,
        };
        let (inner, dropped) = match known {
            None => (Inner::begin(path, head).map_err(JournalError::Unwritable)?, Vec::new()),
            Some((inner, dropped)) if dropped.is_empty() => {
                // A killed sweep may leave an incomplete last line: remove it.
                inner.file.set_len(inner.end).map_err(JournalError::Unwritable)?;
                (inner, dropped)
            }
            Some((inner, dropped)) => (inner.rewritten(path).map_err(JournalError::Unwritable)?, dropped),
        };
        Ok(Self { path: path.to_owned(), dropped, inner: Mutex::new(inner) })
    }

    /// The lines that were rejected when the journal was opened. Their points are not finished.
    #[must_use]
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// Returns the numbers of the points that are finished.
    pub fn finished(&self) -> Vec<u64> {
        self.inner().points.keys().copied().collect()
    }

    /// Adds a finished point.
    ///
    /// # Errors
    /// It cannot be written, or its line is longer than a sweep that goes on reads; then the journal is as it was.
    pub fn add(&self, point: &Point) -> io::Result<()> {
        let body = serde_json::to_vec(point).expect("points are plain data");
        let mut inner = self.inner();
        let line = seal(POINT, &inner.key, "point", &body);
        lines::refuse_long(point.index, line.len() as u64)?;
        inner.append(point.index, &line)
    }

    /// Hands out every finished point in the order of their numbers.
    ///
    /// # Errors
    /// The journal cannot be read, or `each` fails.
    pub fn each(&self, mut each: impl FnMut(Point) -> io::Result<()>) -> Result<(), PointsError> {
        let mut inner = self.inner();
        let numbers: Vec<u64> = inner.points.keys().copied().collect();
        for number in numbers {
            let point = inner.point(number).map_err(PointsError::Unreadable)?;
            each(point)?;
        }
        Ok(())
    }

    /// Removes the journal when the results have been written.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_empty(file: &File) -> Result<bool, JournalError> {
    Ok(file.metadata().map_err(JournalError::Unreadable)?.len() == 0)
}

fn refuse_foreign(mut file: &File) -> Result<(), JournalError> {
    let mut start = Vec::new();
    let mark = folder::JOURNAL.len() as u64;
    file.take(mark).read_to_end(&mut start).map_err(JournalError::Unreadable)?;
    file.rewind().map_err(JournalError::Unreadable)?;
    if start == folder::JOURNAL.as_bytes() { Ok(()) } else { Err(JournalError::Foreign) }
}

impl Inner {
    /// Creates a journal that holds only its head, replacing any file at the path.
    fn begin(path: &Path, head: &JournalHead) -> io::Result<Self> {
        let (line, key) = head.line();
        let mut file = Temporary::in_folder(folder_of(path))?;
        file.write_all(&line)?;
        let head = line.len() as u64;
        Ok(Self { file: file.replace(path)?, key, head, end: head, points: BTreeMap::new() })
    }

    /// Writes the head and the lines of all points into a new file, which then takes the place of the one at the path. Until
    /// the disk has all of them the old file stays, so that a full disk or a kill loses no point.
    fn rewritten(mut self, path: &Path) -> io::Result<Self> {
        let mut file = Temporary::in_folder(folder_of(path))?;
        let (mut points, mut end, mut line) = (BTreeMap::new(), self.head, Vec::new());
        self.line((0, self.head), &mut line)?;
        file.write_all(&line)?;
        for (number, place) in std::mem::take(&mut self.points) {
            self.line(place, &mut line)?;
            file.write_all(&line)?;
            points.insert(number, (end, place.1));
            end += place.1;
        }
        let file = file.synced()?.replace(path)?;
        Ok(Self { file, end, points, ..self })
    }

    /// Reads a journal and finds the line of each point; returns the rejected lines too. The journal must belong to the
    /// sweep that is described.
    fn read(file: File, sweep: &JournalHead) -> Result<(Self, Vec<Dropped>), JournalError> {
        let mut reader = BufReader::new(file);
        let mut text = Vec::new();
        let mut next = |text: &mut Vec<u8>| next_line(&mut reader, text, MOST).map_err(JournalError::Unreadable);
        let Some(Line { length, is_whole: true }) = next(&mut text)? else { return Err(JournalError::Damaged) };
        let key = JournalHead::of_line(&text)?.same_as(sweep)?;
        let (head, mut end, mut number) = (length, length, 1);
        let (mut points, mut dropped) = (BTreeMap::new(), Vec::new());
        let mut doubled = Vec::new();
        while let Some(Line { length, is_whole }) = next(&mut text)? {
            if !is_whole {
                break;
            }
            number += 1;
            match index_of(&text, &key) {
                None => dropped.push(Dropped::Damaged { line: number }),
                Some(point) if point >= sweep.points => dropped.push(Dropped::OutOfRange { line: number, point }),
                Some(point) if points.insert(point, (end, length)).is_some() => {
                    // Which of the two is right cannot be proved.
                    doubled.push(point);
                    dropped.push(Dropped::Doubled { line: number, point });
                }
                Some(_) => {}
            }
            end += length;
        }
        points.retain(|point, _| !doubled.contains(point));
        Ok((Self { file: reader.into_inner(), key, head, end, points }, dropped))
    }

    fn line(&mut self, (from, length): (u64, u64), line: &mut Vec<u8>) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(from))?;
        line.clear();
        (&self.file).take(length).read_to_end(line).map(|_| ())
    }

    fn point(&mut self, number: u64) -> io::Result<Point> {
        let mut line = Vec::new();
        let place = self.points.get(&number).copied().unwrap_or_default();
        self.line(place, &mut line)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("its line of point {number} is damaged"));
        let body = unseal(POINT, &self.key, "point", &line).ok_or_else(damaged)?;
        serde_json::from_slice(body).map_err(io::Error::from)
    }

    /// Adds a line, whole or not at all.
    fn append(&mut self, point: u64, line: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(line) {
            // A full disk leaves a part of the line, which the next one must not follow.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        let length = line.len() as u64;
        self.points.insert(point, (self.end, length));
        self.end += length;
        Ok(())
    }
}

/// Returns the number of the point of a line; `None`: the checksum is wrong.
fn index_of(line: &[u8], key: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        index: u64,
    }
    let body = unseal(POINT, key, "point", line)?;
    serde_json::from_slice(body).ok().map(|Numbered { index }| index)
}

#[cfg(test)]
mod tests;
