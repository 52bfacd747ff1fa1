//! Files of a folder that are put in place together: all are written before the first replaces an older one, so that a full
//! disk leaves those that were there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::OutputFolder;
use super::temporary::{Temporary, Waiting};

/// The files of a command, as far as they are written. Dropped before they are put in place, they are removed.
#[derive(Debug)]
pub struct Together<'f> {
    folder: &'f OutputFolder,
    waiting: Vec<(Waiting, PathBuf)>,
}

/// The reason why a file of the set was not put in place.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {why}", .file.display())]
pub struct NotPlaced {
    pub file: PathBuf,
    pub why: io::Error,
}

impl<'f> Together<'f> {
    pub(super) const fn new(folder: &'f OutputFolder) -> Self {
        Self { folder, waiting: Vec::new() }
    }

    /// Returns the path that a file of this name is going to have.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path(name)
    }

    /// Writes one file piece by piece.
    ///
    /// # Errors
    /// The file cannot be written, or `content` fails.
    pub fn write_with<E: From<io::Error>>(
        &mut self,
        name: impl AsRef<Path>,
        content: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut out = io::BufWriter::new(Temporary::in_folder(self.folder.folder())?);
        content(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?.closed()?;
        self.waiting.push((file, self.path(name)));
        Ok(())
    }

    /// Writes one file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, name: impl AsRef<Path>, content: &[u8]) -> io::Result<()> {
        self.write_with(name, |out| out.write_all(content))
    }

    /// Puts all files in place, in the order in which they were written; returns their paths.
    ///
    /// # Errors
    /// A file cannot be renamed; those before it are in place. A full disk is no such case: what is renamed takes no room.
    pub fn place(self) -> Result<Vec<PathBuf>, NotPlaced> {
        let put = |(file, target): (Waiting, PathBuf)| match file.replace(&target) {
            Ok(()) => Ok(target),
            Err(why) => Err(NotPlaced { file: target, why }),
        };
        self.waiting.into_iter().map(put).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_before_all_is_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(place.path(), &[]).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap_or_default();
        std::fs::write(folder.path("a"), "old").unwrap();
        let mut files = folder.together();
        files.write("a", b"new").unwrap();
        let fails = |_: &mut dyn Write| Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(files.write_with("b", fails).is_err());
        assert_eq!(read("a"), "old");
        drop(files);
        let count = || std::fs::read_dir(place.path()).unwrap().count();
        assert_eq!((read("a").as_str(), count()), ("old", 2), "the file and the lock");
        let mut files = folder.together();
        files.write("a", b"new").unwrap();
        files.write("b", b"too").unwrap();
        assert_eq!(files.place().unwrap(), [folder.path("a"), folder.path("b")]);
        assert_eq!((read("a").as_str(), read("b").as_str(), count()), ("new", "too", 3));
    }
}
