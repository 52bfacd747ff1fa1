//! The files that a verb writes, and what is said where it cannot.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Exit, Trouble, fault, remark, shown};
use crate::folder::{FolderError, OutputFolder, SingleError, Together, try_single};

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
    let folder = opened.map_err(|error| refused(&error))?;
    if !folder.is_locked() {
        let path = folder.folder().display();
        remark(&format!("warning: the folder `{path}` cannot be locked: let no other bedload write to it meanwhile"));
    }
    Ok(folder)
}

fn refused(error: &FolderError) -> Trouble {
    let (exit, help) = match error {
        FolderError::Unwritable { why, .. } => (exit_of(why), "name a folder that can be written to with --out"),
        FolderError::InUse { .. } => (Exit::InputOutput, "wait until it ends, or name another folder with --out"),
        FolderError::Foreign(_) => (Exit::Usage, "move it away, or name another folder with --out"),
    };
    fault(exit, error.to_string(), help.to_owned())
}

/// Returns the exit code of a failed write: a path that can be no folder is a wrong argument; all else is the system's.
fn exit_of(why: &io::Error) -> Exit {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, InvalidInput, NotADirectory};
    match why.kind() {
        AlreadyExists | InvalidFilename | InvalidInput | NotADirectory => Exit::Usage,
        _ => Exit::InputOutput,
    }
}

/// Tries a new file before the work of it is done. A file that a verb makes is new: what a user wrote is never written over.
pub(super) fn try_new(path: &Path) -> Result<(), Trouble> {
    if path.symlink_metadata().is_ok() {
        return Err(single(&SingleError::Exists(path.to_owned())));
    }
    try_single(path).map_err(|error| single(&error))
}

/// Tries files that a command writes, each under the name of its option, before anything is done: none of them is a file that
/// the command reads, or another of them, and each can be written.
pub(super) fn try_files(written: &[(&str, &Path)], read: &[&Path]) -> Result<(), Trouble> {
    for (i, (option, path)) in written.iter().enumerate() {
        if let Some((other, _)) = written.iter().take(i).find(|(_, other)| is_same(path, other)) {
            let rule = format!("{other} and {option} name the same file, `{}`", shown(path));
            return Err(fault(Exit::Usage, rule, "name a file of its own for each".to_owned()));
        }
        refuse_read(option, path, read)?;
        try_single(path).map_err(|error| single(&error))?;
    }
    Ok(())
}

/// Refuses a file to write that a command reads, or that lies in a folder of traces that it reads.
pub(super) fn refuse_read(option: &str, path: &Path, read: &[&Path]) -> Result<(), Trouble> {
    let is_in = |folder: &Path| match (folder.is_dir(), folder.canonicalize(), path.canonicalize()) {
        (true, Ok(folder), Ok(path)) => path.starts_with(folder),
        _ => false,
    };
    if !read.iter().any(|read| is_same(path, read) || is_in(read)) {
        return Ok(());
    }
    let rule = format!("the command reads `{}`, which {option} would overwrite", shown(path));
    Err(fault(Exit::Usage, rule, "name another file".to_owned()))
}

/// Returns whether two paths lead to the same file, or would once it is written.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| -> Option<PathBuf> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    let target = |path: &Path| path.canonicalize().ok();
    one == other
        || place(one).is_some_and(|one| Some(one) == place(other))
        || target(one).is_some_and(|one| Some(one) == target(other))
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(path: &Path, content: &str) -> Result<(), Trouble> {
    crate::folder::write_new(path, content.as_bytes()).map_err(|error| single(&error))
}

/// Writes a file, whole or not at all; an older one of that name is replaced.
pub(super) fn write_whole(path: &Path, content: &str) -> Result<(), Trouble> {
    crate::folder::write_whole(path, content.as_bytes()).map_err(|error| single(&error))
}

/// Returns the error about a single file that cannot be written.
fn single(error: &SingleError) -> Trouble {
    let (exit, help) = match error {
        SingleError::Unwritable { file, why } => return unwritable(file, why),
        SingleError::Exists(_) => (Exit::Usage, "remove it first, or name another file with --out"),
        SingleError::Document(_) => (Exit::Usage, "name another file"),
        SingleError::Folder(FolderError::InUse { .. }) => {
            (Exit::InputOutput, "wait until it ends, or name a file in another folder")
        }
        SingleError::Folder(error) => return refused(error),
    };
    fault(exit, error.to_string(), help.to_owned())
}

/// Writes one file of a set.
pub(super) fn save(files: &mut Together<'_>, name: impl AsRef<Path>, content: &[u8]) -> Result<(), Trouble> {
    stream(files, name, |out| out.write_all(content))
}

/// Writes one file of a set piece by piece.
pub(super) fn stream(
    files: &mut Together<'_>,
    name: impl AsRef<Path>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Trouble> {
    let path = files.path(&name);
    files.write_with(name, content).map_err(|error: io::Error| unwritable(&path, &error))
}

/// Puts the files of a set in place; returns their paths.
pub(super) fn place(files: Together<'_>) -> Result<Vec<PathBuf>, Trouble> {
    files.place().map_err(|error| unwritable(&error.file, &error.why))
}

/// Returns the error about a file that cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Trouble {
    fault(exit_of(error), format!("cannot write `{}`: {error}", path.display()), None)
}
