//! A scenario whose files are parsed and merged once, and loaded again with the settings of each design point.

use toml::de::DeTable;

use super::decode::Owner;
use super::{Loaded, Refused, Source, extend, include, tree};
use crate::diagnostic::{Sink, Sources};

/// The files of a scenario as one tree, before any setting.
#[derive(Debug)]
pub struct Parsed<'s> {
    pub(super) source: &'s Source,
    pub(super) root: DeTable<'s>,
    /// The owners of the files.
    pub(super) owners: Vec<Owner>,
    /// The offset of each file in the one range of positions that all spans refer to \[bytes\].
    pub(super) starts: Vec<usize>,
    /// The texts of the files.
    pub(super) sources: Sources,
    /// The findings about the files so far.
    pub(super) sink: Sink,
}

impl<'s> Parsed<'s> {
    /// Parses the files of a scenario.
    ///
    /// # Errors
    /// One of them is not TOML.
    pub fn of(source: &'s Source) -> Result<Self, Refused> {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let starts: Vec<usize> = source.files().map(|f| sources.add(f.name.clone(), f.text.clone())).collect();
        let mut trees = Vec::new();
        for (file, start) in source.files().zip(&starts) {
            match tree::parse(&file.text, *start, &mut sink) {
                Some(tree) => trees.push(tree),
                None => return Err(Refused { sources, findings: sink.findings }),
            }
        }
        let mut trees = trees.into_iter();
        let mut root = extend::fold(trees.by_ref().take(source.layers.len()).collect());
        let include_at = root.remove("include").map(|item| item.span());
        let mut parts = include::Parts::new(&mut root, include_at, &mut sink);
        for part in &source.included {
            let tree = extend::fold(trees.by_ref().take(part.layers.len()).collect());
            parts.take(&mut root, tree, &part.name, &mut sink);
        }
        parts.tell(&mut sink);
        Ok(Self { source, root, owners: parts.owners, starts, sources, sink })
    }

    /// Parses the files of a scenario for its design points, which need no `[sweep]`: its lists may be long.
    ///
    /// # Errors
    /// One of the files is not TOML.
    pub fn without_sweep(source: &'s Source) -> Result<Self, Refused> {
        let mut parsed = Self::of(source)?;
        // A setting may reach into the sweep, and is refused where there is none.
        if !source.overrides.iter().any(|set| set.trim_start().starts_with("sweep")) {
            parsed.root.remove("sweep");
        }
        Ok(parsed)
    }

    /// Loads the scenario with more settings, each `PATH=VALUE`, over those of the user.
    ///
    /// # Errors
    /// It is no scenario that can run.
    pub fn load(&self, settings: &[String]) -> Result<Loaded, Refused> {
        self.source.load_tree(crate::catalog::Catalog::embedded(), (self, self.root.clone()), settings)
    }
}
