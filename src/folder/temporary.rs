//! Files that are written whole: under a temporary name beside the target, then renamed. A temporary file is locked as
//! long as somebody writes to it; one that nobody locks was left by a command that was killed, and is removed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

use super::lock::is_still;

const PREFIX: &str = ".bedload-";
const SUFFIX: &str = ".tmp";
/// The number of letters and digits between the prefix and the suffix.
const RANDOM: usize = 6;

/// A file that is being written. Dropped, it is removed.
#[derive(Debug)]
pub struct Temporary(NamedTempFile);

/// A file that is written and waits for its place. Dropped, it is removed. It is not open, so that many can wait; it is not
/// locked either, so that whoever makes it holds the lock of the folder.
#[derive(Debug)]
pub(super) struct Waiting(TempPath);

impl Waiting {
    /// Puts the file in the place of another, which it replaces.
    pub(super) fn replace(self, target: &Path) -> io::Result<()> {
        self.0.persist(target).map_err(|error| error.error)
    }
}

impl Temporary {
    /// Makes a temporary file in a folder.
    ///
    /// # Errors
    /// No file can be made there.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        loop {
            let builder = &mut tempfile::Builder::new();
            // An error of `tempfile_in` would show the temporary name, which nobody asked for.
            let file = builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM).make_in(folder, created)?;
            // Before the lock is taken, another command may delete the new file as abandoned. Where the file system has
            // no locks this cannot happen: a file that cannot be locked is never deleted.
            let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
            if !is_taken && is_still(file.as_file(), file.path()) {
                return Ok(Self(file));
            }
        }
    }

    /// Waits until the disk has the file, so that it outlives a power failure.
    ///
    /// # Errors
    /// The file cannot be written to the disk.
    pub fn synced(self) -> io::Result<Self> {
        self.0.as_file().sync_all()?;
        Ok(self)
    }

    /// Waits until the disk has the file, and closes it.
    ///
    /// # Errors
    /// The file cannot be written to the disk.
    pub(super) fn closed(self) -> io::Result<Waiting> {
        Ok(Waiting(self.synced()?.0.into_temp_path()))
    }

    /// Puts the file in the place of another, which it replaces.
    ///
    /// # Errors
    /// The file cannot be renamed; the other one is then untouched.
    pub fn replace(self, target: &Path) -> io::Result<File> {
        self.0.persist(target).map_err(|error| error.error)
    }

    /// Gives the file a name that no file has yet.
    ///
    /// # Errors
    /// The name is taken, or the file cannot be renamed; what has the name is then untouched.
    pub fn create(self, target: &Path) -> io::Result<()> {
        self.0.persist_noclobber(target).map(|_| ()).map_err(|error| error.error)
    }
}

/// Writes to the file itself: an error of the named one would show the temporary name.
impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_file_mut().flush()
    }
}

/// Removes the temporary files that killed commands left in a folder. What somebody writes to stays, and what cannot be
/// removed stays too.
pub fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(is_temporary) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        let Ok(file) = File::options().read(true).write(true).open(&path) else { continue };
        if file.try_lock().is_ok() && is_still(&file, &path) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// Creates a file of results, which are for everybody to read.
fn created(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.read(true).write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_behind_goes_and_what_is_written_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        write(".bedload-a1B2c3.tmp");
        let own =
            [".bedload-a1B2c.tmp", ".bedload-a1B2c34.tmp", ".bedload-a1-2c3.tmp", ".tmpRCzyO8", "bedload-a1B2c3.tmp"];
        own.into_iter().for_each(write);
        std::fs::create_dir(folder.path().join(".bedload-folder.tmp")).unwrap();
        let mut open = Temporary::in_folder(folder.path()).unwrap();
        open.write_all(b"half").unwrap();
        remove_abandoned(folder.path());
        assert!(!folder.path().join(".bedload-a1B2c3.tmp").exists());
        assert!(own.iter().all(|name| folder.path().join(name).exists()));
        assert!(folder.path().join(".bedload-folder.tmp").exists());
        open.replace(&folder.path().join("done")).unwrap();
        assert_eq!(std::fs::read(folder.path().join("done")).unwrap(), b"half");
    }
}
