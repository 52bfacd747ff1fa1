//! From a file to a model that can run, in passes that each report all they can:
//!
//! 1. syntax: the text becomes a tree in which every key and value knows its place;
//! 2. overlays: each `--set PATH=VALUE` is put into the tree;
//! 3. form: every key and kind is one that exists, none is missing;
//! 4. decoding: every value gets its meaning, section by section and key by key;
//! 5. lowering: references, ranges, sense; defaults are filled in and reported as assumptions.
//!
//! A pass goes on where the one before found faults, so that one round of mending is enough; only a fault of syntax
//! ends the work at once, because nothing after it can be trusted.

mod decode;
mod describe;
mod form;
mod lower;
mod overlay;
mod place;
mod schema;
pub mod template;
mod tree;

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity, Sink, Sources};
use crate::model::Model;

pub use describe::describe;
pub use schema::json_schema;

/// A scenario that can run.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub model: Model,
    pub warnings: Vec<Diagnostic>,
    /// What the warnings point at.
    pub sources: Sources,
    /// Of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// The file's name without its directory.
    pub file_name: String,
    /// The `--set` arguments in force.
    pub overrides: Vec<String>,
}

/// A scenario that cannot run, and why.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What the findings point at.
    pub sources: Sources,
    pub findings: Vec<Diagnostic>,
}

/// Loads a file, with `--set` arguments over it.
///
/// # Errors
/// The file cannot be read, or is no scenario that can run.
pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded, Refused> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| {
        String::from_utf8(bytes)
            .map_err(|error| format!("it is not UTF-8 text from byte {} on", error.utf8_error().valid_up_to()))
    });
    match text {
        Ok(text) => {
            let base_dir = path.parent().unwrap_or(Path::new(""));
            let mut loaded = load_text(&name, &text, base_dir, overrides)?;
            if let Some(file_name) = path.file_name() {
                loaded.file_name = file_name.to_string_lossy().into_owned();
            }
            Ok(loaded)
        }
        Err(error) => Err(Refused {
            sources: Sources::default(),
            findings: vec![Diagnostic {
                severity: Severity::Error,
                rule: format!("the scenario `{name}` cannot be read: {error}"),
                at: None,
                help: Some("`bedload init` writes a scenario to start from".to_owned()),
            }],
        }),
    }
}

/// Loads a text. Paths in it are relative to `base_dir`.
///
/// # Errors
/// The text is no scenario that can run.
pub fn load_text(name: &str, text: &str, base_dir: &Path, overrides: &[String]) -> Result<Loaded, Refused> {
    load_with(Catalog::embedded(), name, text, base_dir, overrides)
}

fn load_with(
    catalog: &Catalog,
    name: &str,
    text: &str,
    base_dir: &Path,
    overrides: &[String],
) -> Result<Loaded, Refused> {
    let mut sources = Sources::default();
    let mut sink = Sink::default();
    let model = passes(catalog, name, text, base_dir, overrides, &mut sources, &mut sink);
    match model {
        Some(model) if !sink.has_errors() => Ok(Loaded {
            model,
            warnings: sink.findings,
            sources,
            sha256: Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
            file_name: name.to_owned(),
            overrides: overrides.to_vec(),
        }),
        _ => Err(Refused { sources, findings: sink.findings }),
    }
}

fn passes(
    catalog: &Catalog,
    name: &str,
    text: &str,
    base_dir: &Path,
    overrides: &[String],
    sources: &mut Sources,
    sink: &mut Sink,
) -> Option<Model> {
    let start = sources.add(name, text);
    let overrides: Vec<Option<overlay::Override>> = overrides
        .iter()
        .map(|argument| {
            let start = sources.add("--set", argument.clone());
            overlay::Override::split(argument, start, sink)
        })
        .collect();
    let mut root = tree::parse(text, start, sink)?;
    for argument in overrides.iter().flatten() {
        argument.apply(&mut root, sink);
    }
    let faulty = form::check(&mut root, sources, sink);
    let specs = decode::decode(root, &faulty, sink);
    lower::lower(specs, catalog, base_dir, sink)
}

#[cfg(test)]
mod tests;
