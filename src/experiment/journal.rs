//! The journal of a sweep: each finished point is a line, so that a sweep that was killed goes on where it stopped.
//!
//! The first line says which sweep it is of. A last line that was cut off in the middle is dropped. Points lie in the order
//! in which they were finished and are read back in the order of their numbers, one at a time.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::results::{Point, Scenario};

/// Which sweep a journal is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    pub version: String,
    pub scenario: Scenario,
    pub seed: u64,
    pub points: u64,
}

/// Why a journal cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("another bedload is writing to it")]
    Locked,
    #[error("it is of another {0}")]
    Another(&'static str),
    #[error("line {0} of it is damaged")]
    Damaged(u64),
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    end: u64,
    /// Where each finished point lies: from, and how long \[bytes\].
    lines: BTreeMap<u64, (u64, u64)>,
}

impl Journal {
    /// Opens the journal of a sweep, or begins it. With `restart` what is there already is thrown away.
    ///
    /// # Errors
    /// It cannot be written, another program writes to it, or it is of another sweep or damaged.
    pub fn open(path: &Path, head: &JournalHead, restart: bool) -> Result<Self, JournalError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::Locked),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut inner = Inner { file, end: 0, lines: BTreeMap::new() };
        if !restart {
            inner.read(head)?;
        }
        // What lies after the last whole line was cut off.
        inner.file.set_len(inner.end)?;
        if inner.end == 0 {
            inner.append(&json(head))?;
        }
        Ok(Self { path: path.to_owned(), inner: Mutex::new(inner) })
    }

    /// Returns the numbers of the points that are finished.
    pub fn finished(&self) -> Vec<u64> {
        self.inner().lines.keys().copied().collect()
    }

    /// Adds a finished point.
    ///
    /// # Errors
    /// It cannot be written; then the journal is as it was.
    pub fn add(&self, point: &Point) -> io::Result<()> {
        let line = json(point);
        let mut inner = self.inner();
        let from = inner.end;
        inner.append(&line)?;
        let end = inner.end;
        inner.lines.insert(point.index, (from, end - from));
        Ok(())
    }

    /// Hands out every finished point in the order of their numbers.
    ///
    /// # Errors
    /// The journal cannot be read, or `each` fails.
    pub fn each(&self, mut each: impl FnMut(Point) -> io::Result<()>) -> io::Result<()> {
        let mut inner = self.inner();
        let lines: Vec<(u64, u64)> = inner.lines.values().copied().collect();
        let mut text = Vec::new();
        for (from, length) in lines {
            inner.file.seek(SeekFrom::Start(from))?;
            text.clear();
            (&inner.file).take(length).read_to_end(&mut text)?;
            each(serde_json::from_slice(&text).map_err(io::Error::from)?)?;
        }
        Ok(())
    }

    /// Removes it: the results are written.
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

impl Inner {
    /// Reads the lines that are whole.
    fn read(&mut self, head: &JournalHead) -> Result<(), JournalError> {
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        let (mut end, mut number) = (0, 0);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if length == 0 || !line.ends_with(b"\n") {
                break;
            }
            number += 1;
            if number == 1 {
                let found: JournalHead = serde_json::from_slice(&line).map_err(|_| JournalError::Damaged(1))?;
                found.same_as(head)?;
            } else {
                #[derive(Deserialize)]
                struct Numbered {
                    index: u64,
                }
                let point: Numbered = serde_json::from_slice(&line).map_err(|_| JournalError::Damaged(number))?;
                self.lines.insert(point.index, (end, length));
            }
            end += length;
        }
        self.end = end;
        Ok(())
    }

    /// A line, whole or not at all.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(line) {
            // A full disk leaves a part of the line, which the next one must not follow.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += line.len() as u64;
        Ok(())
    }
}

impl JournalHead {
    fn same_as(&self, other: &Self) -> Result<(), JournalError> {
        let differs = [
            (self.version != other.version, "version of bedload"),
            (self.scenario.sha256 != other.scenario.sha256, "scenario: the file has changed"),
            (self.scenario != other.scenario || self.seed != other.seed, "scenario: the settings have changed"),
            (self.points != other.points, "number of points"),
        ];
        match differs.into_iter().find(|(differs, _)| *differs) {
            Some((_, what)) => Err(JournalError::Another(what)),
            None => Ok(()),
        }
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("points are plain data");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Verdict, VerdictBasis};

    fn head() -> JournalHead {
        let scenario =
            Scenario { title: "t".to_owned(), file: "f".to_owned(), sha256: "0".to_owned(), overrides: Vec::new() };
        JournalHead { version: "1".to_owned(), scenario, seed: 1, points: 9 }
    }

    fn point(index: u64) -> Point {
        Point {
            index,
            parameters: BTreeMap::new(),
            replications: 1,
            verdict: Verdict::Carries,
            basis: VerdictBasis::default(),
            metrics: BTreeMap::new(),
            bill: Vec::new(),
            takes: Vec::new(),
            commitments: Vec::new(),
            notes: Vec::new(),
            expectations: Vec::new(),
            detail: None,
        }
    }

    fn indices(journal: &Journal) -> Vec<u64> {
        let mut found = Vec::new();
        let add = |point: Point| {
            found.push(point.index);
            Ok(())
        };
        journal.each(add).unwrap();
        found
    }

    #[test]
    fn points_come_back_in_order_and_a_cut_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, &head(), false).unwrap();
        [5, 2, 7].iter().for_each(|i| journal.add(&point(*i)).unwrap());
        assert_eq!(indices(&journal), [2, 5, 7]);
        assert!(matches!(Journal::open(&path, &head(), false), Err(JournalError::Locked)));
        drop(journal);
        let length = std::fs::metadata(&path).unwrap().len();
        File::options().write(true).open(&path).unwrap().set_len(length - 3).unwrap();
        let journal = Journal::open(&path, &head(), false).unwrap();
        assert_eq!(journal.finished(), [2, 5]);
        journal.add(&point(1)).unwrap();
        assert_eq!(indices(&journal), [1, 2, 5]);
    }

    #[test]
    fn another_sweep_is_refused_unless_it_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        Journal::open(&path, &head(), false).unwrap().add(&point(3)).unwrap();
        let changed = |change: fn(&mut JournalHead)| {
            let mut other = head();
            change(&mut other);
            Journal::open(&path, &other, false).map(|_| ()).unwrap_err().to_string()
        };
        assert_eq!(changed(|h| h.version = "2".to_owned()), "it is of another version of bedload");
        let error = changed(|h| h.scenario.sha256 = "1".to_owned());
        assert_eq!(error, "it is of another scenario: the file has changed");
        let error = changed(|h| h.seed = 2);
        assert_eq!(error, "it is of another scenario: the settings have changed");
        assert_eq!(Journal::open(&path, &head(), true).unwrap().finished(), Vec::<u64>::new());
    }

    #[test]
    fn damage_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        drop(Journal::open(&path, &head(), false).unwrap());
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"nonsense\n").unwrap();
        assert!(matches!(Journal::open(&path, &head(), false), Err(JournalError::Damaged(2))));
    }
}
