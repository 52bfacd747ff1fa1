//! The error of reading a file, which says what is wrong and whether the file or the system is at fault.

use std::fmt;
use std::io;
use std::path::Path;

/// The party at fault when a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no file at the path.
    Missing,
    /// The file is damaged, or not what it should be.
    Content,
    /// The file is larger than what is read.
    Large,
    /// The system refuses to read the file, or fails while it reads.
    System,
}

/// The reason why a file cannot be read.
#[derive(Debug)]
pub struct ReadError {
    pub cause: Cause,
    /// The name of the file within the folder that is read.
    pub file: Option<String>,
    /// The line at fault, from 1.
    pub line: Option<u64>,
    pub rule: String,
    /// The advice on how to correct the fault.
    pub help: Option<&'static str>,
}

impl ReadError {
    /// Makes an error of a file that is not what it should be.
    pub fn content(line: impl Into<Option<u64>>, rule: impl Into<String>) -> Self {
        Self { cause: Cause::Content, file: None, line: line.into(), rule: rule.into(), help: None }
    }

    /// Makes an error of a file that is larger than what is read.
    pub fn large(line: impl Into<Option<u64>>, rule: impl Into<String>) -> Self {
        Self { cause: Cause::Large, ..Self::content(line, rule) }
    }

    #[must_use]
    pub fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    /// Names the file within a folder, where it is not named yet.
    #[must_use]
    pub fn within(self, file: Option<&str>) -> Self {
        let file = self.file.or_else(|| file.map(str::to_owned));
        Self { file, ..self }
    }

    /// Names the line at which damage was found, where none is named yet.
    #[must_use]
    pub(super) fn at(self, line: u64) -> Self {
        let line = self.line.or((self.cause == Cause::Content).then_some(line));
        Self { line, ..self }
    }

    /// Returns whether the system is at fault, not the file.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.cause == Cause::System
    }

    /// Makes the error of a line that holds a NUL byte.
    pub(super) fn nul(line: u64) -> Self {
        Self::content(line, "it has a NUL byte, which no text has")
            .help("the file is damaged or no text: copy it again")
    }

    /// Makes an error of a path that cannot be opened.
    #[must_use]
    pub fn of_path(path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
        let leads_nowhere = || path.ancestors().any(|part| part.is_symlink() && !part.exists());
        let cause = match error.kind() {
            NotFound => Cause::Missing,
            NotADirectory | IsADirectory | InvalidInput | InvalidFilename => Cause::Content,
            kind if kind != PermissionDenied && leads_nowhere() => Cause::Content,
            _ => Cause::System,
        };
        Self { cause, file: None, line: None, rule: error.to_string(), help: None }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.rule)
    }
}

impl std::error::Error for ReadError {}

/// An error while a file is read is the system's, unless a reader of this module made it.
impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|error| Self {
            cause: Cause::System,
            file: None,
            line: None,
            rule: error.to_string(),
            help: None,
        })
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
