//! Loads a scenario: from a file to a model that can run, in passes that each report all the faults they can:
//!
//! 1. syntax: the text becomes a tree in which every key and value knows its place;
//! 2. overlays: the tree is laid over those that it extends, and each `--set PATH=VALUE` is put into it;
//! 3. form: every key and kind is one that exists, none is missing;
//! 4. instants: dates become times since t = 0;
//! 5. decoding: every value gets its meaning, section by section and key by key;
//! 6. lowering: references, ranges, sense; defaults are filled in and reported as assumptions.
//!
//! A pass goes on where the one before found faults, so that one round of corrections is enough; only a fault of syntax
//! ends the work at once, because nothing after it can be trusted.

mod decode;
mod describe;
mod digests;
mod doubt;
mod extend;
mod files;
mod form;
mod include;
mod instants;
mod lower;
mod overlay;
mod own_catalogue;
mod parsed;
mod place;
mod placeholders;
mod schema;
mod shorthand;
mod source;
mod stated;
mod study;
mod syntax;
pub mod template;
mod tree;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use toml::de::DeTable;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity, Sink, Sources};
use crate::model::Model;
use crate::model::input::Input;
use crate::model::study::{Choice, Study, Sweep};

pub use describe::{describe, describe_study};
pub use digests::{Digests, Unreadable};
pub use parsed::Parsed;
pub use schema::json_schema;
pub use source::Source;

/// A scenario that can run.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub model: Model,
    /// The questions that the scenario asks beyond one design point.
    pub study: Study,
    pub warnings: Vec<Diagnostic>,
    /// The texts that the warnings point at.
    pub sources: Sources,
    /// The SHA-256 of the bytes of the file and of those that it extends, in hexadecimal.
    pub sha256: String,
    /// The file's name without its directory.
    pub file_name: String,
    /// The `--set` arguments in force, then each `--catalog FILE`.
    pub overrides: Vec<String>,
}

/// A scenario that cannot run, and why.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The texts that the findings point at.
    pub sources: Sources,
    pub findings: Vec<Diagnostic>,
}

impl Refused {
    /// Returns the rule that the first error names, in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.rule.clone()).next().unwrap_or_default()
    }
}

/// Loads a file, with `--set` arguments over it.
///
/// # Errors
/// The file cannot be read, or is no scenario that can run.
pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded, Refused> {
    Source::open(path, overrides)?.load(&[])
}

/// Loads a text. Paths in it are relative to `folder`.
///
/// # Errors
/// The text is no scenario that can run.
pub fn load_text(name: &str, text: &str, folder: &Path, overrides: &[String]) -> Result<Loaded, Refused> {
    Source::text(name, text, folder, overrides)?.load(&[])
}

/// A scenario that was read and not yet lowered.
struct Read<'p> {
    specs: decode::Specs,
    /// The offset of each file in the one range of positions that all spans refer to \[bytes\].
    starts: &'p [usize],
    asked: doubt::Asked,
    placeholders: Vec<placeholders::Placeholder>,
    sweep: Option<Sweep>,
    /// The second axis of a size.
    by: Vec<Choice>,
    stated: Vec<Input>,
}

fn passes(
    catalog: &LazyLock<Catalog>,
    (parsed, root): (&Parsed<'_>, DeTable<'_>),
    overrides: &[String],
    sources: &mut Sources,
    sink: &mut Sink,
) -> Option<Passed> {
    let Read { specs, starts, asked, placeholders, sweep, by, stated } = read((parsed, root), overrides, sources, sink);
    let files = lower::Files { source: parsed.source, starts };
    let own = own_catalogue::laid(&specs, files, sources, sink)?;
    let catalog =
        own.as_ref().map_or(own_catalogue::InForce::Embedded(catalog), |own| own_catalogue::InForce::Own(&own.catalog));
    let (mut model, study) = lower::lower(specs, (by, stated), catalog, files, sink)?;
    let doubt = doubt::unknowns(asked, &model, sink);
    placeholders::assume(placeholders, &mut model);
    Some(Passed { model, study: Study { sweep, doubt, ..study }, own })
}

/// Runs the passes that need nothing but the text, over a tree of the files that they use up.
fn read<'p>(
    (parsed, mut root): (&'p Parsed<'_>, DeTable<'_>),
    overrides: &[String],
    sources: &mut Sources,
    sink: &mut Sink,
) -> Read<'p> {
    let source = parsed.source;
    let overrides: Vec<Option<overlay::Override>> = overrides
        .iter()
        .enumerate()
        .map(|(i, argument)| {
            let name = if i < source.overrides.len() { "--set" } else { "setting" };
            let start = sources.add(name, argument.clone());
            overlay::Override::split(argument, start, sink)
        })
        .collect();
    for argument in overrides.iter().flatten() {
        argument.apply(&mut root, sink);
    }
    let placeholders = placeholders::taken(&mut root, sources, sink);
    let asked = doubt::asked(&mut root, sources, sink);
    let (sweep, by) = study::study(&mut root, sources, sink);
    let included: Vec<&str> = source.included.iter().map(|part| part.name.as_str()).collect();
    let mut faulty = form::check(&mut root, &included, sources, sink);
    let stated = stated::stated(&root, sources);
    instants::resolve(&mut root, &mut faulty, sink);
    let specs = decode::Specs { owners: parsed.owners.clone(), ..decode::decode(root, &faulty, sink) };
    Read { specs, starts: &parsed.starts, asked, placeholders, sweep, by, stated }
}

/// The results of all passes over a scenario.
struct Passed {
    model: Model,
    study: Study,
    /// The catalogues of the user's own, laid over that of bedload.
    own: Option<Arc<own_catalogue::OwnCatalogue>>,
}

#[cfg(test)]
mod tests;
