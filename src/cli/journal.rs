//! Opens the journal of a sweep, and reports why it cannot be continued or which lines were dropped.

use std::io;

use super::args::SweepArgs;
use super::files::unwritable;
use super::{Exit, Trouble, fault, remark};
use crate::experiment::{Dropped, Journal, JournalError, JournalHead, PointsError};
use crate::folder::OutputFolder;
use crate::results::{Results, Scenario};
use crate::scenario::{Source, Unreadable};

const NAME: &str = "journal.jsonl";

/// The advice on a journal that cannot be continued.
const ANEW: &str = "--restart discards the finished points and begins anew; another folder in --out keeps them";

/// The most lines of a damaged journal that are named one by one.
const NAMED: usize = 5;

/// Opens the journal of a sweep of `points` points, and warns of the lines that were dropped.
pub(super) fn open(
    folder: &OutputFolder,
    args: &SweepArgs,
    head: &Results,
    source: &Source,
    points: u64,
) -> Result<Journal, Trouble> {
    let head = JournalHead {
        version: head.tool.version.clone(),
        scenario: Scenario { overrides: source.placed(&head.scenario.overrides), ..head.scenario.clone() },
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

/// Returns the error about a file of the scenario that cannot be read any more.
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

/// Returns the error for points that could not be copied from the journal into a file.
pub(super) fn not_handed_on(folder: &OutputFolder, name: &str, error: &PointsError) -> Trouble {
    match error {
        PointsError::Unreadable(error) => unread(folder, error),
        PointsError::Receiver(error) => unwritable(&folder.path(name), error),
    }
}

/// Returns a warning that names the dropped lines and their faults; `None`: no line was dropped.
fn dropped(lines: &[Dropped], points: u64) -> Option<String> {
    let said = |line: &Dropped| match line {
        Dropped::Damaged { line } => format!("line {line} is damaged or was written by another sweep"),
        Dropped::Doubled { line, point } => {
            format!("line {line} has point {point} a second time, so that no line with this point was kept")
        }
        Dropped::OutOfRange { line, point } => {
            format!("line {line} has point {point}, which a sweep of {points} points does not have")
        }
    };
    let mut named: Vec<String> = lines.iter().take(NAMED).map(said).collect();
    if lines.len() > NAMED {
        named.push(format!("{} more", lines.len() - NAMED));
    }
    let what = match lines.len() {
        0 => return None,
        1 => "1 line that cannot be trusted and was removed".to_owned(),
        n => format!("{n} lines that cannot be trusted and were removed"),
    };
    let again = "Every point of the sweep that is then missing is simulated again.";
    Some(format!("has {what}: {}. {again}", named.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_lines_are_named_and_many_are_counted() {
        assert_eq!(dropped(&[], 9), None);
        let one = dropped(&[Dropped::OutOfRange { line: 4, point: 92 }], 20).unwrap();
        let again = "Every point of the sweep that is then missing is simulated again.";
        let fault = "line 4 has point 92, which a sweep of 20 points does not have";
        assert_eq!(one, format!("has 1 line that cannot be trusted and was removed: {fault}. {again}"));
        let doubled = dropped(&[Dropped::Doubled { line: 6, point: 3 }], 20).unwrap();
        let fault = "line 6 has point 3 a second time, so that no line with this point was kept";
        assert_eq!(doubled, format!("has 1 line that cannot be trusted and was removed: {fault}. {again}"));
        let many: Vec<Dropped> = (2..10).map(|line| Dropped::Damaged { line }).collect();
        let said = dropped(&many, 20).unwrap();
        assert!(said.starts_with("has 8 lines that cannot be trusted and were removed: line 2 is damaged"), "{said}");
        assert!(said.contains("line 6 is damaged or was written by another sweep; 3 more. Every"), "{said}");
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_not_told_as_a_file_that_cannot_be_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(place.path(), &[]).unwrap();
        let told = |error: PointsError| not_handed_on(&folder, "results.json", &error);
        let damaged = io::Error::new(io::ErrorKind::InvalidData, "its line of point 3 is damaged");
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
