//! The files of a trace: one, or all of a folder in the order of their paths, plain or gzip.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;

/// The files to read, the next first.
#[derive(Debug)]
pub(super) struct Files {
    left: VecDeque<PathBuf>,
    folder: Option<PathBuf>,
}

/// An open file, unpacked.
pub(super) struct Opened {
    pub input: Box<dyn BufRead + Send>,
    /// Its name within the folder; `None`: there is only one.
    pub name: Option<String>,
}

impl Files {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Ok(Self { left: VecDeque::from([path.to_owned()]), folder: None });
        }
        let mut left = Vec::new();
        collect(path, &mut left)?;
        left.sort();
        Ok(Self { left: left.into(), folder: Some(path.to_owned()) })
    }

    /// Opens the next file; `None` after the last.
    pub(super) fn open_next(&mut self) -> io::Result<Option<Opened>> {
        let Some(path) = self.left.pop_front() else { return Ok(None) };
        let mut file = BufReader::with_capacity(BUFFER, File::open(&path)?);
        let is_packed = file.fill_buf()?.starts_with(&[0x1F, 0x8B]);
        let input: Box<dyn BufRead + Send> = if is_packed {
            Box::new(BufReader::with_capacity(BUFFER, Unpacked(MultiGzDecoder::new(file))))
        } else {
            Box::new(file)
        };
        let name = self.folder.as_ref().map(|folder| path.strip_prefix(folder).unwrap_or(&path).display().to_string());
        Ok(Some(Opened { input, name }))
    }
}

/// All files below a folder. Bedrock puts large bodies into folders called `data`, which hold no records; hidden files are
/// nobody's records either.
fn collect(folder: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let (is_folder, path) = (entry.path().is_dir(), entry.path());
        if name.starts_with('.') || (is_folder && name == "data") {
            continue;
        }
        if is_folder { collect(&path, out)? } else { out.push(path) }
    }
    Ok(())
}

/// Says of a file that ends early what it is.
struct Unpacked<R>(R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), "the gzip file ends in the middle: it was not copied whole")
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                io::Error::new(error.kind(), "the gzip file is damaged: its contents do not fit its checksum")
            }
            _ => error,
        })
    }
}
