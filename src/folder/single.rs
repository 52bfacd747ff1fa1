//! Single files that a command writes where the user says: a report, a table for a review, a new scenario. They lie in folders
//! that belong to nobody, so that no lock is taken; one that another command has is respected.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::lock::holder_of;
use super::marks::is_document;
use super::temporary::{Temporary, remove_abandoned};
use super::{FolderError, LOCK};

/// The reason why a single file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SingleError {
    #[error("cannot write `{}`: {why}", .file.display())]
    Unwritable { file: PathBuf, why: io::Error },
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    #[error("`{}` has the name of a document of bedload, which another file must not have", .0.display())]
    Document(PathBuf),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Checks that a single file can be written: before anything is simulated, so that a bad path costs no time.
///
/// # Errors
/// The path has the name of a document of bedload, is no file, lies in a folder to which another command writes, or no file
/// can be made there.
pub fn try_single(target: &Path) -> Result<(), SingleError> {
    if target.file_name().is_some_and(|name| is_document(&name.to_string_lossy())) {
        return Err(SingleError::Document(target.to_owned()));
    }
    let unwritable = |why| SingleError::Unwritable { file: target.to_owned(), why };
    // A rename would put a file in the place of a device.
    if target.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(unwritable(io::Error::new(io::ErrorKind::AlreadyExists, "it exists and is not a file")));
    }
    let folder = folder_of(target);
    if let Some(process) = holder_of(&folder.join(LOCK)) {
        return Err(FolderError::InUse { folder: folder.to_owned(), process }.into());
    }
    Temporary::in_folder(folder).map(|_| ()).map_err(unwritable)
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// The file cannot be written, as by [`try_single`]; an older one of that name is then untouched.
pub fn write_whole(target: &Path, content: &[u8]) -> Result<(), SingleError> {
    let put = filled(target, content)?.replace(target).map(|_| ());
    put.map_err(|why| SingleError::Unwritable { file: target.to_owned(), why })
}

/// Writes a file of a name that no file has yet, whole or not at all.
///
/// # Errors
/// The file cannot be written, as by [`try_single`], or the name is taken; what has it is then untouched.
pub fn write_new(target: &Path, content: &[u8]) -> Result<(), SingleError> {
    if target.symlink_metadata().is_ok() {
        return Err(SingleError::Exists(target.to_owned()));
    }
    filled(target, content)?.create(target).map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => SingleError::Exists(target.to_owned()),
        _ => SingleError::Unwritable { file: target.to_owned(), why },
    })
}

/// Makes a temporary file with this content beside a target.
fn filled(target: &Path, content: &[u8]) -> Result<Temporary, SingleError> {
    try_single(target)?;
    let folder = folder_of(target);
    remove_abandoned(folder);
    let write = || {
        let mut file = Temporary::in_folder(folder)?;
        file.write_all(content)?;
        file.synced()
    };
    write().map_err(|why| SingleError::Unwritable { file: target.to_owned(), why })
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::super::OutputFolder;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_new_file_takes_no_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("s.toml");
        write_new(&target, b"first").unwrap();
        assert!(matches!(write_new(&target, b"second"), Err(SingleError::Exists(_))));
        assert_eq!(std::fs::read(&target).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["s.toml"], "a temporary file stays");
        write_whole(&target, b"third").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"third");
    }

    #[test]
    fn no_file_takes_the_name_of_a_document_or_joins_a_folder_that_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["journal.jsonl", "results.json", "points.csv", "points.jsonl", "differences.csv"] {
            let target = folder.path().join(name);
            assert!(matches!(write_whole(&target, b"x"), Err(SingleError::Document(_))), "{name}");
            assert!(matches!(write_new(&target, b"x"), Err(SingleError::Document(_))), "{name}");
        }
        let held = OutputFolder::open(folder.path(), &[]).unwrap();
        let target = folder.path().join("r.html");
        let Err(SingleError::Folder(FolderError::InUse { process, .. })) = write_whole(&target, b"x") else {
            panic!("it is written to");
        };
        assert_eq!(process, Some(std::process::id()));
        drop(held);
        write_whole(&target, b"x").unwrap();
        assert_eq!(names(folder.path()), ["r.html"]);
    }

    #[test]
    fn an_error_names_the_target_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("none/r.html");
        let said = write_whole(&target, b"x").unwrap_err().to_string();
        assert!(said.starts_with(&format!("cannot write `{}`: ", target.display())), "{said}");
        assert!(!said.contains(".bedload"), "{said}");
    }
}
