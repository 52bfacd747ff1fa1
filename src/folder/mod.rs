//! An output folder and who owns it: one command at a time writes there, files of the user's own stay, and what a killed
//! command left behind is removed.

mod lock;
mod marks;
mod temporary;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use lock::{Lock, LockError};
pub use marks::{JOURNAL, is_own, is_own_drawing, refuse_foreign};
pub use temporary::{Temporary, remove_abandoned, write_new, write_whole};

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
        std::fs::create_dir_all(path).map_err(|why| FolderError::Unwritable { folder: path.to_owned(), why })?;
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
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes one file piece by piece, whole or not at all; returns its path.
    ///
    /// # Errors
    /// The file cannot be written, or `content` fails; an older one of that name is then untouched.
    pub fn write_with<E: From<io::Error>>(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let target = self.path(name);
        let mut out = io::BufWriter::new(Temporary::in_folder(&self.path)?);
        content(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.synced()?.replace(&target)?;
        Ok(target)
    }

    /// Writes one file, whole or not at all; returns its path.
    ///
    /// # Errors
    /// The file cannot be written; an older one of that name is then untouched.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        self.write_with(name, |out| out.write_all(content))
    }
}
