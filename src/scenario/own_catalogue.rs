//! Catalogues of the user's own, named by `run.catalog` or by `--catalog`, laid over the built-in catalogue.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::decode::Specs;
use super::lower::Files;
use crate::catalog::own::{self, File};
use crate::catalog::{self, Catalog, ModelEntry, Resolved};
use crate::diagnostic::{Sink, Sources, Span};
use crate::reading;

/// The catalogue that a scenario uses: the built-in one, or the built-in one with the user's own values over it.
#[derive(Clone, Copy)]
pub enum InForce<'c> {
    /// The built-in catalogue, loaded on first use; a scenario that states every fact, or names models by their ids, never
    /// loads it whole.
    Embedded(&'c LazyLock<Catalog>),
    Own(&'c Catalog),
}

impl<'c> InForce<'c> {
    pub fn get(self) -> &'c Catalog {
        match self {
            Self::Embedded(catalog) => catalog,
            Self::Own(catalog) => catalog,
        }
    }

    /// Returns whether this is the catalogue in the program, whose entries can be read one by one.
    fn is_of_the_program(self) -> bool {
        matches!(self, Self::Embedded(catalog) if std::ptr::eq(catalog, Catalog::embedded()))
    }

    /// Returns the model that an id names.
    ///
    /// # Errors
    /// As for [`Catalog::resolve`].
    pub fn resolve(self, id: &str) -> Result<Resolved<'c>, Option<String>> {
        let alone = if self.is_of_the_program() { catalog::resolve_embedded(id) } else { None };
        alone.map_or_else(|| self.get().resolve(id), Ok)
    }

    /// Returns the entry of a model, found by its bare id.
    pub fn entry(self, id: &str) -> Option<&'c ModelEntry> {
        if self.is_of_the_program() { catalog::entry_embedded(id) } else { self.get().entry(id) }
    }
}

/// Catalogues of the user's own over that of bedload.
#[derive(Debug)]
pub struct OwnCatalogue {
    pub catalog: Catalog,
    /// The bytes of the files, one after the other.
    pub text: String,
}

/// A catalogue that is named: the place of its name, and the path of its file.
struct Named {
    /// The place of the name in a file; `None`: the name is in an argument of the command line.
    at: Option<Span>,
    /// The name as it was written.
    name: String,
    path: PathBuf,
}

/// Returns the catalogues that a scenario names; `Some(None)` where it names none, `None` after a finding.
pub fn laid(
    specs: &Specs,
    files: Files<'_>,
    sources: &mut Sources,
    sink: &mut Sink,
) -> Option<Option<Arc<OwnCatalogue>>> {
    let written = specs.run.spec.as_ref().and_then(|run| run.catalog.as_ref());
    let in_file = written.into_iter().flat_map(|names| names.each()).map(|name| Named {
        at: Some(name.at.clone()),
        name: name.value.0.clone(),
        path: files.path(&name),
    });
    let by_argument = files.source.catalogs.iter().map(|path| Named {
        at: None,
        name: path.display().to_string(),
        path: path.clone(),
    });
    let named: Vec<Named> = in_file.chain(by_argument).collect();
    if named.is_empty() {
        return Some(None);
    }
    let paths: Vec<PathBuf> = named.iter().map(|n| n.path.clone()).collect();
    if let Some(known) = files.source.shelf.catalogue(&paths) {
        return Some(Some(known));
    }
    let before = sink.errors();
    let texts: Vec<File> = named.iter().filter_map(|named| read(named, sink)).collect();
    if sink.errors() > before {
        return None;
    }
    match own::lay(&texts) {
        Ok(catalog) => {
            let text = texts.iter().map(|file| file.text.as_str()).collect();
            Some(Some(files.source.shelf.keep_catalogue(paths, OwnCatalogue { catalog, text })))
        }
        Err(faults) => {
            let starts: Vec<usize> = texts.into_iter().map(|file| sources.add(file.name, file.text)).collect();
            for fault in faults {
                let start = starts[fault.file];
                sink.error(fault.at.start + start..fault.at.end + start, fault.rule, fault.help);
            }
            None
        }
    }
}

fn read(named: &Named, sink: &mut Sink) -> Option<File> {
    match reading::text(&named.path, reading::MOST_TOML) {
        Ok(text) => Some(File { name: named.path.display().to_string(), text }),
        Err(error) => {
            let rule = format!("the catalogue `{}` cannot be read: {error}", named.name);
            let relative = match named.at {
                Some(_) => "its path is relative to the scenario file",
                None => "its path is relative to the folder in which bedload runs",
            };
            let before = sink.findings.len();
            sink.report(named.at.clone(), rule, error.help.unwrap_or(relative).to_owned());
            if error.is_system() {
                sink.blame_system(before);
            }
            None
        }
    }
}
