//! A catalogue of the user's own: entries of the same form, laid over those that bedload has.
//!
//! A file holds `[[models]]`, each with an `id`. A model that bedload knows takes over the figures that are written, each
//! with the source and the date beside it, and keeps all others with theirs; another model is added and must be whole.
//! Ways of selling are matched by `path`, Model Units by `variant`.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::own_checks::check;
use super::{Catalog, ModelEntry, embedded};
use crate::escape;

/// A file of the user's own, in the order in which they are laid over each other.
#[derive(Debug, Clone)]
pub struct File {
    /// The name of the file in errors.
    pub name: String,
    pub text: String,
}

/// A fault of a catalogue file, with its place and the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The index of the file in the list of files.
    pub file: usize,
    /// The place of the fault, as a byte range of the file's text.
    pub at: Range<usize>,
    pub rule: String,
    pub help: Option<String>,
}

/// A value of a file with its place in the text.
pub(super) type Item<'t> = Spanned<DeValue<'t>>;

/// Blocks whose figures are replaced one by one, each with its own source.
const BY_FIGURE: [&str; 6] = ["quota", "prices", "long_context", "latency", "mantle", "provisioned"];
/// Blocks that contain blocks whose figures are replaced one by one.
const HOLDERS: [&str; 3] = ["custom_deployment", "latency_optimized", "mantle"];

const SOURCE: &str = "source";
const AS_OF: &str = "as_of";

/// Lays files over the embedded catalogue, one after the other.
///
/// # Errors
/// What is wrong with the first file that has a fault.
pub fn lay(files: &[File]) -> Result<Catalog, Vec<Fault>> {
    let mut layers = Layers { trees: Vec::new(), faults: Vec::new(), file: 0 };
    let mut own: Vec<ModelEntry> = Vec::new();
    for (i, file) in files.iter().enumerate() {
        layers.file = i;
        own = layers.lay(&file.text);
        if !layers.faults.is_empty() {
            return Err(layers.faults);
        }
    }
    let is_own = |model: &&ModelEntry| own.iter().any(|o| o.id == model.id);
    let mut models: Vec<ModelEntry> = Catalog::embedded().models.iter().filter(|m| !is_own(m)).cloned().collect();
    models.extend(own);
    models.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Catalog { models })
}

struct Layers<'t> {
    /// The models that any file speaks of, with all that was laid over them so far.
    trees: Vec<(String, Item<'t>)>,
    faults: Vec<Fault>,
    file: usize,
}

impl<'t> Layers<'t> {
    fn fault(&mut self, at: Range<usize>, rule: impl Into<String>, help: Option<&str>) {
        self.faults.push(Fault { file: self.file, at, rule: rule.into(), help: help.map(str::to_owned) });
    }

    /// Lays one file over the trees, and returns every model that a file speaks of.
    fn lay(&mut self, text: &'t str) -> Vec<ModelEntry> {
        let root = match DeTable::parse(text) {
            Ok(root) => root.into_inner(),
            Err(fault) => {
                let rule = format!("this is not TOML: {}", fault.message().lines().collect::<Vec<_>>().join(", "));
                self.fault(fault.span().unwrap_or(0..0), rule, None);
                return Vec::new();
            }
        };
        const WRITE_MODELS: &str =
            "write [[models]] and id = \"amazon.nova-pro-v1:0\", without the prefix of a profile";
        for (key, item) in root {
            match item.into_inner() {
                DeValue::Array(items) if key.get_ref() == "models" => {
                    items.into_iter().for_each(|item| self.model(item));
                }
                _ if key.get_ref() == "models" => {
                    self.fault(key.span(), "`models` is a list of tables", Some("write [[models]] above each model"));
                }
                _ => {
                    let rule = format!("a catalogue has `models`, and no `{}`", key.get_ref());
                    self.fault(key.span(), rule, Some("write [[models]] above each model"));
                }
            }
        }
        if self.trees.is_empty() && self.faults.is_empty() {
            self.fault(0..text.len(), "the catalogue has no models", Some(WRITE_MODELS));
        }
        let decoded: Vec<_> = self.trees.iter().map(|(_, tree)| decode(tree)).collect();
        let mut models = Vec::new();
        for model in decoded {
            match model {
                Ok(model) => models.push(model),
                Err((at, rule)) => self.fault(at, rule, None),
            }
        }
        models
    }

    /// Lays one model over what is known of it.
    fn model(&mut self, mut item: Item<'t>) {
        let at = item.span();
        make_visible(item.get_mut());
        check(&item, &mut |at, rule, help| {
            self.faults.push(Fault { file: self.file, at, rule, help: Some(help) });
        });
        let DeValue::Table(over) = item.into_inner() else {
            self.fault(at, "a model is a table", Some("write [[models]] above each model"));
            return;
        };
        let Some(id) = text_of(&over, "id") else {
            self.fault(at, "a model of a catalogue has its `id`", Some("write id = \"amazon.nova-pro-v1:0\""));
            return;
        };
        if let Some((prefix, bare)) = id.split_once('.').filter(|(prefix, _)| super::PREFIXES.contains(prefix)) {
            let help = format!("write id = \"{bare}\", and path = \"{prefix}\" in [[models.paths]]");
            self.fault(at, format!("`{id}` is the id of a profile, and an entry is of a model"), Some(&help));
            return;
        }
        let mut base = match self.trees.iter().position(|(known, _)| *known == id) {
            Some(i) => self.trees.remove(i).1,
            None => match embedded::text_of(&id).and_then(|text| DeTable::parse(text).ok()) {
                Some(table) => Spanned::new(at.clone(), DeValue::Table(table.into_inner())),
                None => {
                    let near = Catalog::embedded().resolve(&id).err().flatten().filter(|_| !over.contains_key("name"));
                    if let Some(near) = near {
                        let rule = format!("the catalogue of bedload has no model `{id}`");
                        self.fault(
                            at,
                            rule,
                            Some(&format!("write id = \"{near}\", or a name and all facts of a new model")),
                        );
                        return;
                    }
                    self.trees.push((id, Spanned::new(at, DeValue::Table(over))));
                    return;
                }
            },
        };
        if let DeValue::Table(table) = base.get_mut() {
            self.lay_model(table, over);
        }
        self.trees.push((id, Spanned::new(at, base.into_inner())));
    }

    fn lay_model(&mut self, base: &mut DeTable<'t>, over: DeTable<'t>) {
        for (key, item) in over {
            let name = key.get_ref().to_string();
            match (name.as_str(), base.get_mut(name.as_str()).map(Spanned::get_mut), item.get_ref()) {
                ("paths", Some(DeValue::Array(known)), DeValue::Array(_)) => {
                    self.lay_list(known, item, "path", Self::lay_path);
                }
                ("provisioned", Some(DeValue::Array(known)), DeValue::Array(_)) => {
                    self.lay_list(known, item, "variant", |this, base, over, at| {
                        this.lay_block(base, over, at, "provisioned");
                    });
                }
                (_, Some(DeValue::Table(known)), DeValue::Table(_))
                    if BY_FIGURE.contains(&name.as_str()) || HOLDERS.contains(&name.as_str()) =>
                {
                    self.lay_table(known, item, &name);
                }
                _ => put(base, key, item),
            }
        }
    }

    /// Lays the tables of a list over those of the same name, and adds the others.
    fn lay_list(
        &mut self,
        known: &mut DeArray<'t>,
        over: Item<'t>,
        key: &str,
        lay: impl Fn(&mut Self, &mut DeTable<'t>, DeTable<'t>, Range<usize>),
    ) {
        let DeValue::Array(items) = over.into_inner() else { return };
        for item in items {
            let at = item.span();
            let DeValue::Table(table) = item.into_inner() else { continue };
            let name = text_of(&table, key);
            let same = known.iter_mut().find_map(|known| match known.get_mut() {
                DeValue::Table(base) if text_of(base, key) == name => Some(base),
                _ => None,
            });
            match same {
                Some(base) => lay(self, base, table, at),
                None => known.push(Spanned::new(at, DeValue::Table(table))),
            }
        }
    }

    fn lay_path(&mut self, base: &mut DeTable<'t>, over: DeTable<'t>, _: Range<usize>) {
        for (key, item) in over {
            let name = key.get_ref().to_string();
            let holds_by_region = match item.get_ref() {
                DeValue::Table(table) => name == "quota" && table.contains_key("regions"),
                _ => false,
            };
            if holds_by_region {
                self.lay_regional_quota(base, item);
                continue;
            }
            match (name.as_str(), base.get_mut(name.as_str()).map(Spanned::get_mut), item.get_ref()) {
                ("quota_by_region" | "regions", Some(DeValue::Array(known)), DeValue::Array(_)) => {
                    if let DeValue::Array(items) = item.into_inner() {
                        prepend(known, items);
                    }
                }
                (_, Some(DeValue::Table(known)), DeValue::Table(_)) if BY_FIGURE.contains(&name.as_str()) => {
                    self.lay_table(known, item, &name);
                    if name == "quota" {
                        // A quota that names no regions is that of the account wherever it calls from.
                        base.remove("quota_by_region");
                        if let Some(DeValue::Table(quota)) = base.get_mut("quota").map(Spanned::get_mut) {
                            quota.remove("regions");
                        }
                    }
                }
                _ => put(base, key, item),
            }
        }
    }

    /// Lays a quota of some source regions: the limits that it does not state are those that held there before.
    fn lay_regional_quota(&mut self, base: &mut DeTable<'t>, item: Item<'t>) {
        let at = item.span();
        let DeValue::Table(over) = item.into_inner() else { return };
        let regions = over.get("regions").cloned();
        let before = regions.as_ref().and_then(|regions| quota_before(base, regions));
        let mut quota = before.unwrap_or_default();
        if quota.is_empty() {
            quota = over;
        } else {
            self.lay_block(&mut quota, over, at.clone(), "quota");
        }
        if let Some(regions) = regions {
            put(&mut quota, Spanned::new(at.clone(), "regions".into()), regions);
        }
        let entry = Spanned::new(at.clone(), DeValue::Table(quota));
        if let Some(DeValue::Array(known)) = base.get_mut("quota_by_region").map(Spanned::get_mut) {
            prepend(known, vec![entry]);
        } else {
            let mut list = DeArray::new();
            list.push(entry);
            put(base, Spanned::new(at.clone(), "quota_by_region".into()), Spanned::new(at, DeValue::Array(list)));
        }
    }

    fn lay_table(&mut self, base: &mut DeTable<'t>, over: Item<'t>, name: &str) {
        let at = over.span();
        if let DeValue::Table(over) = over.into_inner() {
            self.lay_block(base, over, at, name);
        }
    }

    /// Lays a block with a source over another: each figure takes its source along.
    fn lay_block(&mut self, base: &mut DeTable<'t>, mut over: DeTable<'t>, at: Range<usize>, name: &str) {
        let fact = [over.remove(SOURCE), over.remove(AS_OF)];
        let mut has_figures = false;
        for (key, item) in over {
            let below = key.get_ref().to_string();
            if let (Some(DeValue::Table(known)), DeValue::Table(_)) =
                (base.get_mut(below.as_str()).map(Spanned::get_mut), item.get_ref())
                && BY_FIGURE.contains(&below.as_str())
            {
                self.lay_table(known, item, &below);
                continue;
            }
            has_figures = true;
            if let [Some(source), Some(as_of)] = &fact
                && BY_FIGURE.contains(&name)
            {
                remember(base, &key, source, as_of);
            }
            put(base, key, item);
        }
        match fact {
            [Some(source), Some(as_of)] if !BY_FIGURE.contains(&name) => {
                put(base, Spanned::new(at.clone(), SOURCE.into()), source);
                put(base, Spanned::new(at, AS_OF.into()), as_of);
            }
            [Some(_), Some(_)] => {}
            _ if has_figures => {
                let help = "write source = \"Service Quotas of our account\" and as_of = \"2026-11-29\" beside it";
                self.fault(at, "a figure of a catalogue has its source and its date", Some(help));
            }
            _ => {}
        }
    }
}

/// Notes whose figure this is, beside the block.
fn remember<'t>(
    block: &mut DeTable<'t>,
    key: &Spanned<std::borrow::Cow<'t, str>>,
    source: &Item<'t>,
    as_of: &Item<'t>,
) {
    const OVERLAID: &str = "overlaid";
    let at = key.span();
    let mut fact = DeTable::new();
    put(&mut fact, Spanned::new(at.clone(), SOURCE.into()), source.clone());
    put(&mut fact, Spanned::new(at.clone(), AS_OF.into()), as_of.clone());
    let fact = Spanned::new(at.clone(), DeValue::Table(fact));
    match block.get_mut(OVERLAID).map(Spanned::get_mut) {
        Some(DeValue::Table(known)) => put(known, key.clone(), fact),
        _ => {
            let mut known = DeTable::new();
            put(&mut known, key.clone(), fact);
            put(block, Spanned::new(at.clone(), OVERLAID.into()), Spanned::new(at, DeValue::Table(known)));
        }
    }
}

/// Shows the harmful characters of every text: a text that is written over several lines becomes one.
fn make_visible(value: &mut DeValue<'_>) {
    match value {
        DeValue::String(text) if text.contains(escape::is_harmful) => {
            let line = text.split(['\n', '\r', '\t']).collect::<Vec<_>>().join(" ");
            *text = escape::visible(&line).into_owned().into();
        }
        DeValue::Array(items) => items.iter_mut().for_each(|item| make_visible(item.get_mut())),
        DeValue::Table(entries) => entries.iter_mut().for_each(|(_, item)| make_visible(item.get_mut())),
        _ => {}
    }
}

fn put<'t>(table: &mut DeTable<'t>, key: Spanned<std::borrow::Cow<'t, str>>, item: Item<'t>) {
    table.remove(key.get_ref().as_ref());
    table.insert(key, item);
}

/// Puts items before those that are known: the first that fits is in force.
fn prepend<'t>(known: &mut DeArray<'t>, new: impl IntoIterator<Item = Item<'t>>) {
    let old = std::mem::replace(known, DeArray::new());
    new.into_iter().chain(old).for_each(|item| known.push(item));
}

/// Returns the block that held for the first of some regions.
fn quota_before<'t>(path: &DeTable<'t>, regions: &Item<'t>) -> Option<DeTable<'t>> {
    let first = regions.get_ref().as_array()?.iter().next()?.get_ref().as_str()?;
    let names = |table: &DeTable<'_>| {
        let listed = table.get("regions").and_then(|r| r.get_ref().as_array());
        listed.is_some_and(|listed| listed.iter().any(|r| r.get_ref().as_str() == Some(first)))
    };
    let by_region = path.get("quota_by_region").and_then(|q| q.get_ref().as_array());
    let own = by_region.into_iter().flat_map(|list| list.iter()).filter_map(|q| q.get_ref().as_table());
    let own = own.into_iter().find(|table| names(table)).cloned();
    own.or_else(|| path.get("quota")?.get_ref().as_table().cloned())
}

fn text_of(table: &DeTable<'_>, key: &str) -> Option<String> {
    Some(table.get(key)?.get_ref().as_str()?.to_owned())
}

fn decode(tree: &Item<'_>) -> Result<ModelEntry, (Range<usize>, String)> {
    ModelEntry::deserialize(ValueDeserializer::from(tree.clone()))
        .map_err(|fault| (fault.span().unwrap_or_else(|| tree.span()), fault.message().replace('\n', ", ")))
}
