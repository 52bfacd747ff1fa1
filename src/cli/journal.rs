//! The journal of a sweep: opened, and what is said of one that is not believed.

use std::io;

use super::args::SweepArgs;
use super::files::unwritable;
use super::{Exit, Trouble, fault, remark};
use crate::experiment::{Dropped, Journal, JournalError, JournalHead, PointsError};
use crate::folder::OutputFolder;
use crate::results::Results;
use crate::scenario::{Source, Unreadable};

const NAME: &str = "journal.jsonl";

/// The advice on a journal that cannot be continued.
const ANEW: &str = "--restart begins anew and drops its points; --out keeps them and writes elsewhere";

/// The most lines of a damaged journal that are named one by one.
const NAMED: usize = 5;

/// Opens the journal of a sweep, and says which lines of it are not believed. `points` is the number of points.
pub(super) fn open(
    folder: &OutputFolder,
    args: &SweepArgs,
    head: &Results,
    source: &Source,
    points: u64,
) -> Result<Journal, Trouble> {
    let head = JournalHead {
        version: head.tool.version.clone(),
        scenario: head.scenario.clone(),
        files: source.digests().map_err(|error| gone(&error))?,
        seed: head.seed,
        points,
    };
    let path = folder.path(NAME);
    let journal = Journal::open(&path, &head, args.restart).map_err(|error| match error {
        JournalError::Unwritable(error) => unwritable(&path, &error),
        JournalError::Unreadable(error) => unread(folder, &error),
        JournalError::Another(_) | JournalError::Damaged => {
            let rule = format!("the journal `{}` cannot be continued: {error}", path.display());
            fault(Exit::Usage, rule, ANEW.to_owned())
        }
        JournalError::Foreign => {
            let help = "move it away, or name another folder with --out".to_owned();
            fault(Exit::Usage, format!("`{}` is in the way: {error}", path.display()), help)
        }
    })?;
    if let Some(said) = dropped(journal.dropped(), points) {
        remark(&format!("warning: the journal `{}` {said}", path.display()));
    }
    Ok(journal)
}

/// Tells of a file of the scenario that cannot be read any more.
pub(super) fn gone(error: &Unreadable) -> Trouble {
    let exit = if error.why.is_system() { Exit::InputOutput } else { Exit::Usage };
    fault(exit, error.to_string(), None)
}

/// Returns the error about a journal that cannot be read.
fn unread(folder: &OutputFolder, error: &io::Error) -> Trouble {
    let rule = format!("the journal `{}` cannot be read: {error}", folder.path(NAME).display());
    match error.kind() {
        io::ErrorKind::InvalidData => fault(Exit::Usage, rule, "run the same command again".to_owned()),
        _ => fault(Exit::InputOutput, rule, None),
    }
}

/// Returns the error that points did not get from the journal into a file.
pub(super) fn not_handed_on(folder: &OutputFolder, name: &str, error: &PointsError) -> Trouble {
    match error {
        PointsError::Unreadable(error) => unread(folder, error),
        PointsError::Receiver(error) => unwritable(&folder.path(name), error),
    }
}

/// Says which lines are dropped; `None`: none is.
fn dropped(lines: &[Dropped], points: u64) -> Option<String> {
    let said = |line: &Dropped| match line {
        Dropped::Damaged { line } => format!("line {line} is damaged or of another sweep"),
        Dropped::Doubled { line, point } => format!("line {line} has point {point} a second time"),
        Dropped::OutOfRange { line, point } => format!("line {line} has point {point} of a sweep of {points}"),
    };
    let mut named: Vec<String> = lines.iter().take(NAMED).map(said).collect();
    if lines.len() > NAMED {
        named.push(format!("{} more", lines.len() - NAMED));
    }
    let what = match lines.len() {
        0 => return None,
        1 => "a line that is not believed; it is dropped and its point is simulated again".to_owned(),
        n => format!("{n} lines that are not believed; they are dropped and their points are simulated again"),
    };
    Some(format!("has {what}: {}", named.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_lines_are_named_and_many_are_counted() {
        assert_eq!(dropped(&[], 9), None);
        let one = dropped(&[Dropped::OutOfRange { line: 4, point: 92 }], 20).unwrap();
        let expected = "has a line that is not believed; it is dropped and its point is simulated again: line 4 has point 92 of a sweep of 20";
        assert_eq!(one, expected);
        let many: Vec<Dropped> = (2..10).map(|line| Dropped::Damaged { line }).collect();
        let said = dropped(&many, 20).unwrap();
        assert!(said.starts_with("has 8 lines that are not believed; they are dropped"), "{said}");
        assert!(said.ends_with("line 6 is damaged or of another sweep; 3 more"), "{said}");
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_not_told_as_a_file_that_cannot_be_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(place.path(), &[]).unwrap();
        let told = |error: PointsError| not_handed_on(&folder, "results.json", &error);
        let damaged = io::Error::new(io::ErrorKind::InvalidData, "point 3 of it is damaged");
        let failing = io::Error::other("the disk fails");
        for (error, exit) in [(damaged, Exit::Usage), (failing, Exit::InputOutput)] {
            let trouble = told(PointsError::Unreadable(error));
            assert_eq!(trouble.exit, exit);
            assert!(trouble.message.contains("journal.jsonl` cannot be read: "), "{}", trouble.message);
            assert!(!trouble.message.contains("results.json"), "{}", trouble.message);
        }
        let full = told(PointsError::Receiver(io::Error::from(io::ErrorKind::StorageFull)));
        assert_eq!(full.exit, Exit::InputOutput);
        assert!(full.message.contains("cannot write `") && full.message.contains("results.json"), "{}", full.message);
    }
}
