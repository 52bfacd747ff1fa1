//! Files are written whole: into a temporary file beside the target, then renamed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Exit, Trouble, fault};

/// A folder for results that is known to take files.
#[derive(Debug)]
pub(super) struct OutputFolder {
    path: PathBuf,
}

impl OutputFolder {
    /// Makes the folder when it is missing and tries that a file can be made in it, so that a bad path is found before
    /// anything is simulated.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Self::existing(path)
    }

    /// As [`Self::open`], of a folder that is there.
    ///
    /// # Errors
    /// It is missing or cannot be written to.
    pub(super) fn existing(path: &Path) -> io::Result<Self> {
        tempfile::NamedTempFile::new_in(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where a file of it lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes one file piece by piece, whole or not at all; returns its path.
    ///
    /// # Errors
    /// The file cannot be written, or `content` fails; an older one of that name is then untouched.
    pub(super) fn write_with(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<PathBuf> {
        let target = self.path(name);
        let file = tempfile::Builder::new().permissions(readable()).tempfile_in(&self.path)?;
        let mut out = io::BufWriter::new(file);
        content(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|e| e.error)?;
        Ok(target)
    }

    /// Writes one file, whole or not at all; returns its path.
    ///
    /// # Errors
    /// The file cannot be written; an older one of that name is then untouched.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let target = self.path.join(name);
        write_whole(&target, content)?;
        Ok(target)
    }
}

/// A file that a verb makes is new: what a user wrote is never written over.
pub(super) fn refuse_existing(path: &Path) -> Result<(), Trouble> {
    if path.exists() {
        let help = "remove it first, or name another file with --out".to_owned();
        return Err(fault(Exit::Usage, format!("`{}` exists already", path.display()), help));
    }
    Ok(())
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// The file cannot be written; an older one of that name is then untouched.
pub(super) fn write_whole(target: &Path, content: &[u8]) -> io::Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A rename would put a file in the place of a device.
    if target.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it exists and is not a file"));
    }
    let mut file = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|e| e.error)?;
    Ok(())
}

/// Temporary files are private; results are for everybody to read.
fn readable() -> std::fs::Permissions {
    #[cfg(unix)]
    {
        std::os::unix::fs::PermissionsExt::from_mode(0o644)
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(".").map(|m| m.permissions()).unwrap_or_else(|_| unreachable!("the current folder exists"))
    }
}
