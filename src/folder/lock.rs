//! A lock on a named path: a file that one process at a time holds, and that is removed when its holder ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first bytes of a lock file; the number of the process that holds it follows.
const MARK: &[u8] = b"bedload ";

/// A lock that this process holds. It ends when the value is dropped, or with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// The reason why a lock cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another bedload holds it")]
    Held {
        /// The number of the process that holds the lock; `None`: it is not known.
        process: Option<u32>,
    },
    #[error("`{}` is not a file that bedload wrote", .0.display())]
    Foreign(PathBuf),
    #[error("the file system does not support locks")]
    Unsupported,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Lock {
    /// Takes the lock at a path without waiting. A lock file that a killed process left behind is taken over.
    ///
    /// # Errors
    /// Another process holds the lock, a file of the user's own has its name, or the file cannot be made.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        // A command that only looks whether a lock is held has it for an instant.
        let mut looks = [Duration::from_millis(1); 3].into_iter();
        loop {
            refuse_foreign(path)?;
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if let Some(look) = looks.next() => {
                    std::thread::sleep(look);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::Held { process: holder(file) }),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Err(LockError::Unsupported);
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            // The previous holder deletes the file when it ends, so the file just opened may no longer have a name.
            if is_still(&file, path) {
                let mut lock = Self { file, path: path.to_owned() };
                lock.file.set_len(0)?;
                lock.file.write_all(&[MARK, std::process::id().to_string().as_bytes(), b"\n"].concat())?;
                return Ok(lock);
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The name goes while the lock is held; whoever waits with the old file open looks for the name again.
        if is_still(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn refuse_foreign(path: &Path) -> Result<(), LockError> {
    let foreign = || LockError::Foreign(path.to_owned());
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(found) if !found.is_file() => return Err(foreign()),
        Ok(_) => {}
    }
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(MARK.len() as u64).read_to_end(&mut start)) {
        // A process killed while it wrote the file may have left only a part of the mark.
        Ok(_) if MARK.starts_with(&start) => Ok(()),
        Ok(_) => Err(foreign()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Returns the holder of the lock at a path, by the number of its process, which may not be known; `None`: nobody holds it.
pub(super) fn holder_of(path: &Path) -> Option<Option<u32>> {
    // Most folders have no lock, and a file of the user's own is none.
    if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let file = File::open(path).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| holder(file))
}

/// Returns the number of the process that holds a lock file.
fn holder(mut file: File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(64).read_to_string(&mut text).ok()?;
    text.strip_prefix("bedload ")?.trim().parse().ok()
}

/// Returns whether a path still names the file that was opened.
pub(super) fn is_still(file: &File, path: &Path) -> bool {
    let (Ok(opened), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (opened.dev(), opened.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        opened.is_file() && named.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::take(&path).unwrap();
        let Err(LockError::Held { process }) = Lock::take(&path) else { panic!("a second one has it too") };
        assert_eq!(process, Some(std::process::id()));
        assert_eq!(holder_of(&path), Some(process));
        drop(lock);
        assert!(!path.exists());
        assert_eq!(holder_of(&path), None);
        drop(Lock::take(&path).unwrap());
    }

    #[test]
    fn the_file_of_a_killed_process_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        for left in ["", "bedl", "bedload 123456\n"] {
            std::fs::write(&path, left).unwrap();
            drop(Lock::take(&path).unwrap());
            assert!(!path.exists(), "{left}");
        }
    }

    #[test]
    fn a_file_of_the_users_own_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "my notes").unwrap();
        assert!(matches!(Lock::take(&path), Err(LockError::Foreign(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(Lock::take(&path), Err(LockError::Foreign(_))));
    }
}
