//! An output folder and who owns it: one command at a time writes there, files of the user's own stay, and what a killed
//! command left behind is removed.

mod lock;
mod marks;
mod single;
mod temporary;
mod together;

use std::io;
use std::path::{Path, PathBuf};

pub use lock::{Lock, LockError};
pub use marks::{JOURNAL, is_own, is_own_drawing, refuse_foreign};
pub use single::{SingleError, try_single, write_new, write_whole};
pub use temporary::{Temporary, remove_abandoned};
pub use together::{NotPlaced, Together};

/// The lock of a folder is a file of this name in it, as long as a command writes there.
const LOCK: &str = ".bedload.lock";

/// A folder for results that takes files and is locked against other commands.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// The lock on the folder; `None`: the file system does not support locks.
    lock: Option<Lock>,
}

/// The reason why a command cannot write to a folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("cannot write to the folder `{}`: {why}", .folder.display())]
    Unwritable { folder: PathBuf, why: io::Error },
    #[error("another bedload{} is writing to the folder `{}`", by_number(*.process), .folder.display())]
    InUse { folder: PathBuf, process: Option<u32> },
    #[error("`{}` is in the way: it is not a file that bedload wrote, or its beginning is damaged", .0.display())]
    Foreign(PathBuf),
}

fn by_number(id: Option<u32>) -> String {
    id.map(|id| format!(" (process {id})")).unwrap_or_default()
}

impl OutputFolder {
    /// Makes the folder when it is missing and takes it over, as [`Self::existing`] does.
    ///
    /// # Errors
    /// The folder cannot be made, or is refused as by [`Self::existing`].
    pub fn open(path: &Path, writes: &[&str]) -> Result<Self, FolderError> {
        std::fs::create_dir_all(path).map_err(|why| {
            let why = match why.kind() {
                kind @ io::ErrorKind::AlreadyExists if path.is_file() => io::Error::new(kind, "it is a file"),
                kind @ io::ErrorKind::AlreadyExists => io::Error::new(kind, "it exists and is not a folder"),
                _ => why,
            };
            FolderError::Unwritable { folder: path.to_owned(), why }
        })?;
        Self::existing(path, writes)
    }

    /// Takes over a folder that exists: locks it, removes the temporary files of killed commands, and checks that a
    /// file can be created in it. `writes` names the documents that the caller will write or remove. All is done before
    /// anything is simulated, so that a bad folder costs no time.
    ///
    /// # Errors
    /// The folder cannot be written to, another command writes to it, or a file of one of the names is not bedload's own.
    pub fn existing(path: &Path, writes: &[&str]) -> Result<Self, FolderError> {
        let unwritable = |why| FolderError::Unwritable { folder: path.to_owned(), why };
        refuse_foreign(path, writes)?;
        let lock = match Lock::take(&path.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(LockError::Unsupported) => None,
            Err(LockError::Held { process }) => return Err(FolderError::InUse { folder: path.to_owned(), process }),
            Err(LockError::Foreign(file)) => return Err(FolderError::Foreign(file)),
            Err(LockError::Io(why)) => return Err(unwritable(why)),
        };
        remove_abandoned(path);
        Temporary::in_folder(path).map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Returns whether other commands are kept away; a file system without locks cannot do that.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// Returns the path of the folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a file in the folder.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Begins a set of files that are put in place together.
    #[must_use]
    pub const fn together(&self) -> Together<'_> {
        Together::new(self)
    }
}
