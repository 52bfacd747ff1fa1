//! The journal by itself.

use std::collections::BTreeMap;

use super::*;
use crate::results::{Scenario, Verdict, VerdictBasis};

fn head() -> JournalHead {
    let scenario =
        Scenario { title: "t".to_owned(), file: "f".to_owned(), sha256: "0".to_owned(), overrides: Vec::new() };
    let files = BTreeMap::from([("calls.csv".to_owned(), "1".to_owned()), ("s.toml".to_owned(), "2".to_owned())]);
    JournalHead { version: "1".to_owned(), scenario, files, seed: 1, points: 9 }
}

fn point(index: u64) -> Point {
    Point {
        index,
        parameters: BTreeMap::new(),
        replications: 1,
        verdict: Verdict::Carries,
        basis: VerdictBasis::default(),
        ended: None,
        metrics: BTreeMap::new(),
        takes: Vec::new(),
        bill: Vec::new(),
        commitments: Vec::new(),
        notes: Vec::new(),
        expectations: Vec::new(),
        detail: None,
    }
}

fn points(journal: &Journal) -> Vec<Point> {
    let mut found = Vec::new();
    let add = |point: Point| {
        found.push(point);
        Ok(())
    };
    journal.each(add).unwrap();
    found
}

fn indices(journal: &Journal) -> Vec<u64> {
    points(journal).iter().map(|point| point.index).collect()
}

/// Returns a folder with the journal of a sweep that has finished these points.
fn journal(finished: &[u64]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let journal = Journal::open(&path, &head(), false).unwrap();
    finished.iter().for_each(|index| journal.add(&point(*index)).unwrap());
    (folder, path)
}

fn open(path: &Path) -> Result<Journal, JournalError> {
    Journal::open(path, &head(), false)
}

/// Changes the lines of a file.
fn edit(path: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn points_come_back_in_order_and_a_cut_line_is_dropped_without_a_word() {
    let (_folder, path) = journal(&[5, 2, 7]);
    assert_eq!(indices(&open(&path).unwrap()), [2, 5, 7]);
    let length = std::fs::metadata(&path).unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(length - 3).unwrap();
    let journal = open(&path).unwrap();
    assert_eq!((journal.finished(), journal.dropped()), (vec![2, 5], &[][..]));
    journal.add(&point(1)).unwrap();
    assert_eq!(indices(&journal), [1, 2, 5]);
}

#[test]
fn every_flipped_bit_is_refused_or_costs_only_its_point() {
    let (folder, path) = journal(&[3, 8]);
    let whole = std::fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.jsonl");
    let (mut refused, mut rejected) = (0, 0);
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&damaged, bytes).unwrap();
        match open(&damaged) {
            Err(JournalError::Damaged | JournalError::Foreign) => refused += 1,
            Err(error) => panic!("bit {bit}: {error}"),
            Ok(journal) => {
                let kept = points(&journal);
                assert!(kept.len() < 2, "bit {bit} is not noticed");
                assert!(kept.iter().all(|kept| *kept == point(kept.index)), "bit {bit} changes a point");
                rejected += 1;
            }
        }
    }
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert_eq!((refused, rejected), (8 * first, 8 * (whole.len() - first)));
}

#[test]
fn rejected_lines_are_reported_once_and_their_points_are_not_finished() {
    let (_folder, path) = journal(&[0, 3, 8, 4]);
    let (other, foreign) = journal(&[]);
    let mut of_another = head();
    of_another.seed = 2;
    Journal::open(&foreign, &of_another, true).unwrap().add(&point(6)).unwrap();
    let foreign = std::fs::read_to_string(&foreign).unwrap().lines().nth(1).unwrap().to_owned();
    drop(other);
    edit(&path, |lines| {
        lines[1] = lines[1].replace("\"replications\":1", "\"replications\":3");
        lines.push(lines[2].clone());
        lines.push(foreign);
        lines.push("{\"index\":5}".to_owned());
        lines.push(String::new());
    });
    let journal = open(&path).unwrap();
    let damaged = |line| Dropped::Damaged { line };
    let expected = [damaged(2), Dropped::Doubled { line: 6, point: 3 }, damaged(7), damaged(8), damaged(9)];
    assert_eq!(journal.dropped(), expected);
    assert_eq!(indices(&journal), [4, 8]);
    journal.add(&point(3)).unwrap();
    drop(journal);
    let again = open(&path).unwrap();
    assert_eq!((indices(&again), again.dropped()), (vec![3, 4, 8], &[][..]));
}

#[test]
fn a_point_that_the_sweep_does_not_have_is_dropped() {
    let (_folder, path) = journal(&[2, 12]);
    let journal = open(&path).unwrap();
    assert_eq!(journal.dropped(), [Dropped::OutOfRange { line: 3, point: 12 }]);
    assert_eq!(journal.finished(), [2]);
}

#[test]
fn another_sweep_is_refused_unless_it_begins_anew() {
    let (_folder, path) = journal(&[3]);
    let changed = |change: fn(&mut JournalHead)| {
        let mut other = head();
        change(&mut other);
        Journal::open(&path, &other, false).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(changed(|h| h.version = "2".to_owned()), "it was written by another version of bedload");
    let file = |h: &mut JournalHead, name: &str, digest: &str| h.files.insert(name.to_owned(), digest.to_owned());
    let error = changed(|h| drop(h.files.insert("calls.csv".to_owned(), "3".to_owned())));
    assert_eq!(error, "`calls.csv`, which the scenario reads, has changed since");
    let error = changed(|h| drop(h.files.remove("calls.csv")));
    assert_eq!(error, "`calls.csv`, which the scenario read then, is not read any more");
    let mut more = head();
    file(&mut more, "more.csv", "4");
    let error = Journal::open(&path, &more, false).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "`more.csv`, which the scenario reads, was not read then");
    let error = changed(|h| "copy.toml".clone_into(&mut h.scenario.file));
    assert_eq!(error, "it is the journal of the scenario `f`, not of `copy.toml`");
    let error = changed(|h| h.seed = 2);
    assert_eq!(error, "the settings or the seed have changed");
    assert_eq!(Journal::open(&path, &head(), true).unwrap().finished(), Vec::<u64>::new());
}

#[test]
fn a_file_of_the_users_own_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    for own in
        ["monday: bought a horse\n", "{\"index\":0}\n", "{\"bedload", "{\"bedload_journal\": my own notes}\n", "\n"]
    {
        std::fs::write(&path, own).unwrap();
        for restart in [false, true] {
            assert!(matches!(Journal::open(&path, &head(), restart), Err(JournalError::Foreign)), "{own}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), own);
    }
}

#[test]
fn a_damaged_head_is_refused_and_restarted() {
    let (_folder, path) = journal(&[3]);
    edit(&path, |lines| lines[0] = lines[0].replace("\"seed\":1", "\"seed\":7"));
    assert!(matches!(open(&path), Err(JournalError::Damaged)));
    assert_eq!(Journal::open(&path, &head(), true).unwrap().finished(), Vec::<u64>::new());
}

#[test]
fn a_point_that_is_damaged_after_the_opening_is_not_handed_on() {
    let (_folder, path) = journal(&[3, 8]);
    let journal = open(&path).unwrap();
    edit(&path, |lines| lines[2] = lines[2].replace("\"replications\":1", "\"replications\":3"));
    let mut handed_on = Vec::new();
    let error = journal.each(|point| {
        handed_on.push(point.index);
        Ok(())
    });
    assert!(matches!(error, Err(PointsError::Unreadable(error)) if error.kind() == io::ErrorKind::InvalidData));
    assert_eq!(handed_on, [3]);
}

#[test]
fn what_is_written_is_read_and_what_is_too_long_to_be_read_is_not_written() {
    let read = |text: &[u8], most: u64| {
        let (mut reader, mut line, mut found) = (text, Vec::new(), Vec::new());
        while let Some(Line { length, is_whole }) = next_line(&mut reader, &mut line, most).unwrap() {
            found.push((length, is_whole, line.len()));
        }
        found
    };
    assert_eq!(read(b"12345678\n1\n", 9), [(9, true, 9), (2, true, 2)]);
    assert_eq!(read(b"123456789\n1\n", 9), [(10, true, 9), (2, true, 2)]);
    assert_eq!(read(b"123456789", 9), [(9, false, 9)]);
    assert!(lines::refuse_long(3, MOST).is_ok());
    let refused = lines::refuse_long(3, MOST + 1).unwrap_err().to_string();
    assert_eq!(refused, "the results of point 3 are larger than 256 MiB");
}

#[test]
fn a_journal_that_cannot_be_rewritten_keeps_its_points() {
    let (folder, path) = journal(&[0, 3, 8]);
    edit(&path, |lines| lines[1] = lines[1].replace("\"replications\":1", "\"replications\":3"));
    let damaged = std::fs::read(&path).unwrap();
    // A folder in which no file can be made is as good as a full disk; nobody may write through a path that is gone.
    let away = folder.path().join("none/journal.jsonl");
    let (inner, dropped) = Inner::read(File::options().read(true).open(&path).unwrap(), &head()).unwrap();
    assert_eq!((inner.points.len(), dropped.len()), (2, 1));
    assert!(inner.rewritten(&away).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
    assert_eq!(indices(&open(&path).unwrap()), [3, 8]);
}
