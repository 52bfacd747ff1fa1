//! The files that a verb writes, and what is said where it cannot.

use std::io;
use std::path::Path;

use super::{Exit, Trouble, fault, remark};
use crate::folder::{FolderError, OutputFolder};

/// The documents of a run or a size.
pub(super) const OF_A_RUN: &[&str] = &["results.json", "points.csv"];
/// The documents of a sweep.
pub(super) const OF_A_SWEEP: &[&str] = &["journal.jsonl", "results.json", "points.csv", "points.jsonl"];
/// The documents of a comparison.
pub(super) const OF_A_COMPARISON: &[&str] = &["results.json", "differences.csv"];

/// Takes over the folder for results, and makes it when it is missing. `writes` names the documents to come.
pub(super) fn open_folder(path: &Path, writes: &[&str]) -> Result<OutputFolder, Trouble> {
    told(OutputFolder::open(path, writes))
}

/// Takes over a folder that is there.
pub(super) fn existing_folder(path: &Path) -> Result<OutputFolder, Trouble> {
    told(OutputFolder::existing(path, &[]))
}

fn told(opened: Result<OutputFolder, FolderError>) -> Result<OutputFolder, Trouble> {
    let folder = opened.map_err(|error| {
        let rule = error.to_string();
        match error {
            FolderError::Unwritable { why, .. } => {
                fault(exit_of(&why), rule, "name a folder that can be written to with --out".to_owned())
            }
            FolderError::InUse { .. } => {
                fault(Exit::InputOutput, rule, "wait until it ends, or name another folder with --out".to_owned())
            }
            FolderError::Foreign(_) => {
                fault(Exit::Usage, rule, "move it away, or name another folder with --out".to_owned())
            }
        }
    })?;
    if !folder.is_locked() {
        let path = folder.folder().display();
        remark(&format!("warning: the folder `{path}` cannot be locked: let no other bedload write to it meanwhile"));
    }
    Ok(folder)
}

/// Returns the exit code of a failed write: a path that can be no folder is a wrong argument; all else is the system's.
fn exit_of(why: &io::Error) -> Exit {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, InvalidInput, NotADirectory};
    match why.kind() {
        AlreadyExists | InvalidFilename | InvalidInput | NotADirectory => Exit::Usage,
        _ => Exit::InputOutput,
    }
}

/// Refuses a file that exists: a file that a verb makes is new, and what a user wrote is never written over.
pub(super) fn refuse_existing(path: &Path) -> Result<(), Trouble> {
    if path.symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}

fn exists(path: &Path) -> Trouble {
    let help = "remove it first, or name another file with --out".to_owned();
    fault(Exit::Usage, format!("`{}` exists already", path.display()), help)
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(path: &Path, content: &str) -> Result<(), Trouble> {
    crate::folder::write_new(path, content.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => unwritable(path, &error),
    })
}

/// Writes a file, whole or not at all; an older one of that name is replaced.
pub(super) fn write_whole(path: &Path, content: &str) -> Result<(), Trouble> {
    crate::folder::write_whole(path, content.as_bytes()).map_err(|error| unwritable(path, &error))
}

/// Returns the error about a file that cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Trouble {
    fault(Exit::InputOutput, format!("cannot write `{}`: {error}", path.display()), None)
}
