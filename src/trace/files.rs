//! The files of a trace: one, or all of a folder in the order of their paths.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use crate::reading::{ReadError, Records};

/// The files to read, the next first.
#[derive(Debug)]
pub(super) struct Files {
    left: VecDeque<PathBuf>,
    folder: Option<PathBuf>,
}

/// A file that is open.
pub(super) struct Opened {
    pub records: Records,
    /// The file's name within the folder; `None`: there is no folder.
    pub name: Option<String>,
}

impl Files {
    /// Lists a file, or all files of a folder.
    ///
    /// # Errors
    /// There is nothing at the path, or a folder cannot be listed or is reached twice.
    pub(super) fn new(path: &Path) -> Result<Self, ReadError> {
        let found = fs::metadata(path).map_err(|error| ReadError::of_path(path, &error))?;
        if !found.is_dir() {
            return Ok(Self { left: VecDeque::from([path.to_owned()]), folder: None });
        }
        let mut listing = Listing { root: path, folders: BTreeMap::new(), files: Vec::new() };
        listing.add(path)?;
        listing.files.sort();
        Ok(Self { left: listing.files.into(), folder: Some(path.to_owned()) })
    }

    /// Opens the next file; `None` after the last.
    ///
    /// # Errors
    /// The file cannot be opened, or is none that can hold records.
    pub(super) fn open_next(&mut self) -> Result<Option<Opened>, ReadError> {
        let Some(path) = self.left.pop_front() else { return Ok(None) };
        let name = self.folder.as_ref().map(|folder| within(folder, &path));
        match Records::open(&path) {
            Ok(records) => Ok(Some(Opened { records, name })),
            Err(error) => Err(error.within(name.as_deref())),
        }
    }
}

/// Returns the files of a trace: the one at the path, or all of a folder in the order of their paths.
///
/// # Errors
/// There is nothing at the path, or a folder cannot be listed.
pub fn files_at(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    Files::new(path).map(|files| files.left.into())
}

/// The files below a folder, as far as they are listed.
struct Listing<'p> {
    root: &'p Path,
    /// The folders that were listed, by their place on the disk without links, and how each was reached.
    folders: BTreeMap<PathBuf, PathBuf>,
    files: Vec<PathBuf>,
}

impl Listing<'_> {
    /// Adds a folder and the folders in it. Bedrock puts large bodies into folders called `data`, which hold no
    /// records; hidden files hold none either.
    fn add(&mut self, folder: &Path) -> Result<(), ReadError> {
        let fail = |error| ReadError::of_path(folder, &error).within(Some(&within(self.root, folder)));
        if let Some(other) = self.folders.insert(fs::canonicalize(folder).map_err(fail)?, folder.to_owned()) {
            let (this, other) = (within(self.root, folder), within(self.root, &other));
            let rule =
                format!("it is the same folder as `{other}`: a link leads there, and its files would count twice");
            return Err(ReadError::content(None, rule).within(Some(&this)).help("remove the link"));
        }
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let (is_folder, path) = (entry.path().is_dir(), entry.path());
            if name.starts_with('.') || (is_folder && name == "data") {
                continue;
            }
            if is_folder { self.add(&path)? } else { self.files.push(path) }
        }
        Ok(())
    }
}

/// Returns the name of a file or folder as it is seen from the folder that is read.
fn within(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(name) if !name.as_os_str().is_empty() => name.display().to_string(),
        _ => ".".to_owned(),
    }
}
