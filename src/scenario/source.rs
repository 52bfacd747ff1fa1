//! A scenario's text, with the files that it extends, loaded as often as design points ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::digests::written;
use super::files::{self, File, Included};
use super::own_catalogue::OwnCatalogue;
use super::{Loaded, Parsed, Passed, Refused, passes, read as read_text};
use crate::catalog::Catalog;
use crate::diagnostic::Sink;
use crate::model::study::{Size, sweep};
use crate::trace::{Column, ColumnError, Selection, Trace, TraceError};

/// A scenario as it was written.
#[derive(Debug)]
pub struct Source {
    /// The file itself and those that it extends, in the order in which they count: the first that states a key has it.
    pub(super) layers: Vec<File>,
    /// The files that it includes, by name.
    pub(super) included: Vec<Included>,
    /// The `--set` arguments of the user.
    pub(super) overrides: Vec<String>,
    /// Catalogues of the user's own that the command line names, over those of `run.catalog`.
    pub(super) catalogs: Vec<PathBuf>,
    /// The name of the file without its folder.
    file_name: String,
    /// Files of traffic are read once, however often the scenario is loaded.
    pub(super) shelf: Shelf,
}

impl Source {
    /// Reads a file and what it extends.
    ///
    /// # Errors
    /// One of them cannot be read, or they extend each other in a circle.
    pub fn open(path: &Path, overrides: &[String]) -> Result<Self, Refused> {
        let first = files::read(path).map_err(|error| {
            let rule = format!("the scenario `{}` cannot be read: {error}", path.display());
            let help = error.help.unwrap_or("`bedload init` writes a scenario to start from");
            files::offer(files::refused(None, rule, help), &error, Path::new(""), &path.to_string_lossy())
        })?;
        let mut source = Self::of(first, overrides)?;
        if let Some(file_name) = path.file_name() {
            source.file_name = file_name.to_string_lossy().into_owned();
        }
        Ok(source)
    }

    /// Returns a scenario that is no file. Paths in it are relative to `folder`.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn text(name: &str, text: &str, folder: &Path, overrides: &[String]) -> Result<Self, Refused> {
        Self::of(File { name: name.to_owned(), text: text.to_owned(), folder: folder.to_owned() }, overrides)
    }

    fn of(first: File, overrides: &[String]) -> Result<Self, Refused> {
        let file_name = first.name.clone();
        let layers = files::layers(first)?;
        let included = files::included(&layers)?;
        Ok(Self {
            layers,
            included,
            overrides: overrides.to_vec(),
            catalogs: Vec::new(),
            file_name,
            shelf: Shelf::default(),
        })
    }

    /// Returns whether this scenario includes the other one's file.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        let Some(file) = other.layers.first() else { return false };
        self.included.iter().filter_map(|part| part.layers.first()).any(|included| included.is(file))
    }

    /// Returns all files, each part's together.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.layers.iter().chain(self.included.iter().flat_map(|part| &part.layers))
    }

    /// Returns the scenario with more settings, each `PATH=VALUE`, over those of the user.
    ///
    /// # Errors
    /// It is no scenario that can run.
    pub fn load(&self, settings: &[String]) -> Result<Loaded, Refused> {
        self.load_with(Catalog::embedded(), settings)
    }

    pub(super) fn load_with(&self, catalog: &LazyLock<Catalog>, settings: &[String]) -> Result<Loaded, Refused> {
        // The tree of a large scenario is its largest part, and one design point needs it once.
        let mut parsed = Parsed::of(self)?;
        let root = std::mem::take(&mut parsed.root);
        self.load_tree(catalog, (&parsed, root), settings)
    }

    /// Loads a scenario from a tree of its files, which is used up.
    pub(super) fn load_tree(
        &self,
        catalog: &LazyLock<Catalog>,
        (parsed, root): (&Parsed<'_>, DeTable<'_>),
        settings: &[String],
    ) -> Result<Loaded, Refused> {
        let (mut sources, mut sink) = (parsed.sources.clone(), parsed.sink.clone());
        let overrides: Vec<String> = self.overrides.iter().chain(settings).cloned().collect();
        match passes(catalog, (parsed, root), &overrides, &mut sources, &mut sink) {
            Some(Passed { model, study, own }) if !sink.has_errors() => Ok(Loaded {
                model,
                study,
                warnings: sink.findings,
                sources,
                sha256: self.sha256(own.as_ref().map_or("", |own| &own.text)),
                file_name: self.file_name.clone(),
                overrides: overrides.into_iter().chain(self.catalog_arguments()).collect(),
            }),
            _ => Err(Refused { sources, findings: sink.findings }),
        }
    }

    /// Returns the scenario with catalogues of the user's own, which lie over those of `run.catalog`.
    #[must_use]
    pub fn with_catalogs(mut self, catalogs: &[PathBuf]) -> Self {
        self.catalogs = catalogs.to_vec();
        self
    }

    /// Returns the command line's arguments about catalogues, as they are typed.
    pub(super) fn catalog_arguments(&self) -> impl Iterator<Item = String> {
        self.catalogs.iter().map(|path| format!("--catalog {}", path.display()))
    }

    /// Loads the scenario that a size starts from: as it is written, else with a value of the range, because what the
    /// file says of a key does not matter when the key is varied. Returns the setting that was needed, if any.
    ///
    /// # Errors
    /// The scenario is none that can run, whatever the value.
    pub fn load_to_size(&self) -> Result<(Loaded, Vec<String>), Refused> {
        let refused = match self.load(&[]) {
            Ok(loaded) => return Ok((loaded, Vec::new())),
            Err(refused) => refused,
        };
        let settings = |size: &Size, value: u64| sweep::settings(&[size.choice(value)]);
        let Some(size) = self.sought() else { return Err(refused) };
        let loads = |value: &u64| self.load(&settings(&size, *value)).is_ok();
        let Some(value) = size.probes().into_iter().find(loads) else { return Err(refused) };
        let needed = settings(&size, value);
        let mut loaded = self.load(&needed)?;
        // The document is about the file as it is written.
        loaded.overrides.retain(|set| !needed.contains(set));
        Ok((loaded, needed))
    }

    /// Returns the size that the scenario asks for, whether or not the rest of it can run; `None`: none that can be
    /// understood.
    fn sought(&self) -> Option<Size> {
        let mut parsed = Parsed::of(self).ok()?;
        let (mut sources, mut sink) = (parsed.sources.clone(), Sink::default());
        let root = std::mem::take(&mut parsed.root);
        let read = read_text((&parsed, root), &self.overrides, &mut sources, &mut sink);
        let size = read.specs.size.spec?.sought(read.by);
        (size.step > 0 && size.to >= size.from).then_some(size)
    }

    /// Returns whether results with this digest are of these files; they may be of catalogues of the user's own, too.
    #[must_use]
    pub fn is_text_of(&self, sha256: &str) -> bool {
        self.sha256("") == sha256 || self.load(&[]).is_ok_and(|loaded| loaded.sha256 == sha256)
    }

    /// Returns the text of the scenario; of several files one after the other, each under its path.
    #[must_use]
    pub fn written(&self) -> String {
        let files: Vec<&File> = self.files().collect();
        match files.as_slice() {
            [only] => only.text.clone(),
            many => {
                let name = |file: &File| {
                    Path::new(&file.name).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
                };
                many.iter()
                    .map(|file| format!("# {}\n\n{}\n", name(file), file.text.trim_end()))
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        }
    }

    /// Returns the SHA-256 of the bytes of the scenario's files and of the user's own catalogues, in hexadecimal.
    fn sha256(&self, catalogues: &str) -> String {
        let mut digest = Sha256::new();
        self.files().for_each(|file| digest.update(file.text.as_bytes()));
        digest.update(catalogues.as_bytes());
        written(digest)
    }
}

/// Recorded traffic that was read.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    traces: Mutex<BTreeMap<(PathBuf, Selection), Arc<Trace>>>,
    /// The columns that were read, by file and name.
    columns: Mutex<BTreeMap<(PathBuf, String), Arc<Column>>>,
    /// Catalogues of the user's own, by the files that lie over each other.
    catalogues: Mutex<BTreeMap<Vec<PathBuf>, Arc<OwnCatalogue>>>,
}

impl Shelf {
    /// Returns the files and folders that were read: traces, columns and catalogues.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let traces = locked(&self.traces).keys().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        let columns = locked(&self.columns).keys().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        let catalogues = locked(&self.catalogues).keys().flatten().cloned().collect::<Vec<_>>();
        [traces, columns, catalogues].concat()
    }

    /// Returns the traces that are too long to be held in memory.
    pub(super) fn long_traces(&self) -> Vec<PathBuf> {
        let traces = locked(&self.traces);
        traces.iter().filter(|(_, trace)| !trace.is_held()).map(|((path, _), _)| path.clone()).collect()
    }

    /// # Errors
    /// As for [`Trace::open`].
    pub(super) fn trace(&self, path: PathBuf, selection: Selection) -> Result<Arc<Trace>, TraceError> {
        once(&self.traces, &(path, selection), |(path, selection)| Trace::open(path, selection.clone()))
    }

    /// Returns the catalogue that these files make, where it was laid before.
    pub(super) fn catalogue(&self, files: &[PathBuf]) -> Option<Arc<OwnCatalogue>> {
        locked(&self.catalogues).get(files).map(Arc::clone)
    }

    /// Keeps a catalogue for the next time that the scenario is loaded.
    pub(super) fn keep_catalogue(&self, files: Vec<PathBuf>, catalogue: OwnCatalogue) -> Arc<OwnCatalogue> {
        Arc::clone(locked(&self.catalogues).entry(files).or_insert_with(|| Arc::new(catalogue)))
    }

    /// # Errors
    /// As for [`Column::read`].
    pub(super) fn column(&self, key: &(PathBuf, String)) -> Result<Arc<Column>, ColumnError> {
        once(&self.columns, key, |(path, name)| Column::read(path, name))
    }
}

fn locked<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    shelf.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Returns what lies under a key, made when it is asked for first.
fn once<K: Ord + Clone, V, E>(
    shelf: &Mutex<BTreeMap<K, Arc<V>>>,
    key: &K,
    make: impl Fn(&K) -> Result<V, E>,
) -> Result<Arc<V>, E> {
    let mut shelf = locked(shelf);
    if let Some(known) = shelf.get(key) {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(make(key)?);
    shelf.insert(key.clone(), Arc::clone(&made));
    Ok(made)
}
