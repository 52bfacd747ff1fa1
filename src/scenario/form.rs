//! The second pass: every key and kind is one that exists, and none is missing. What is wrong is reported and taken
//! out of the tree, so that the next pass finds the faults of values and not these again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use toml::de::{DeArray, DeTable, DeValue};

use super::place::{Place, found_below};
use super::schema::{Node, Table, under};
use super::shorthand;
use super::tree::{Item, kind_of};
use crate::diagnostic::{Sink, Sources, Span};
use crate::model::spec::{Refusal, unknown};
use crate::terms;

/// Paths under which something was refused, such as `workloads.chat`.
pub type Faulty = BTreeSet<String>;

/// Checks a whole scenario, and takes out of it what cannot be used.
/// `included` are the names of the files that it includes.
pub fn check(root: &mut DeTable<'_>, included: &[&str], sources: &Sources, sink: &mut Sink) -> Faulty {
    let mut form = Form { included, sources, sink, faulty: Faulty::new() };
    form.table(root, &(0..0), Node::root(), &Place::default());
    form.faulty
}

/// The data that every step of the pass needs.
struct Form<'s> {
    included: &'s [&'s str],
    sources: &'s Sources,
    sink: &'s mut Sink,
    faulty: Faulty,
}

impl Form<'_> {
    /// Checks a table. `at` is where its missing keys are reported. False: nothing of it can be used.
    fn table(&mut self, table: &mut DeTable<'_>, at: &Span, node: Node, place: &Place) -> bool {
        match node.table() {
            Some(Table::Keys { keys, required }) => {
                let mut missing: Vec<&str> =
                    required.iter().filter_map(|k| k.as_str()).filter(|k| is_missing(table, k)).collect();
                let strangers = table.keys().map(|key| key.get_ref()).filter(|key| !keys.contains_key(key.as_ref()));
                let homes: Vec<(String, String)> =
                    strangers.filter_map(|key| Some((key.to_string(), found_below(keys, table, key)?))).collect();
                self.each(table, |form, key, key_at, item| {
                    let Some(node) = under(keys, key) else {
                        let refusal = match homes.iter().find(|(stranger, _)| stranger == key) {
                            Some((_, home)) => place.key_of_below(key, home),
                            None => place.unknown_key(key, keys.keys().map(String::as_str)),
                        };
                        // The missing key is there, misspelt.
                        missing.retain(|m| refusal.help.as_deref() != Some(format!("did you mean `{m}`?").as_str()));
                        form.refuse(key_at, refusal);
                        return false;
                    };
                    form.item(item, key_at, node, &place.key(key))
                });
                for key in missing {
                    self.refuse(at, lacks(place, key, under(keys, key)));
                }
                true
            }
            Some(Table::Names(node)) => {
                self.each(table, |form, name, name_at, item| {
                    form.name(name, name_at) && form.item(item, name_at, node, &place.key(name))
                });
                true
            }
            Some(Table::Kinds(kinds)) => self.kinds(table, at, kinds, place),
            None => true,
        }
    }

    /// Checks each entry and drops what cannot be used.
    fn each(&mut self, table: &mut DeTable<'_>, mut check: impl FnMut(&mut Self, &str, &Span, &mut Item<'_>) -> bool) {
        let keys: Vec<(String, Span)> = table.keys().map(|k| (k.get_ref().to_string(), k.span())).collect();
        for (key, at) in keys {
            let keep = table.get_mut(key.as_str()).is_none_or(|item| check(self, &key, &at, item));
            if !keep {
                table.remove(key.as_str());
            }
        }
    }

    /// Checks what stands under a key. False: it cannot be used.
    fn item(&mut self, item: &mut Item<'_>, key_at: &Span, node: Node, place: &Place) -> bool {
        let before = self.sink.errors();
        let keep = self.value(item, key_at, node, place);
        if self.sink.errors() > before {
            self.faulty.insert(place.path.clone());
        }
        keep
    }

    fn value(&mut self, item: &mut Item<'_>, key_at: &Span, node: Node, place: &Place) -> bool {
        let at = item.span();
        let value = item.get_mut();
        if let DeValue::Datetime(date) = value {
            // A date without quotes is taken as its text: one way to read instants is enough.
            *value = DeValue::String(Cow::Owned(date.to_string()));
        }
        match (value, node.only()) {
            (DeValue::Table(table), _) if node.table().is_some() => self.table(table, key_at, node, place),
            (DeValue::Array(items), _) if node.items().is_some() => {
                let Some(of) = node.items() else { return true };
                let mut kept = DeArray::new();
                for mut item in std::mem::replace(items, DeArray::new()) {
                    let item_at = item.span();
                    if self.item(&mut item, &item_at, of, place) {
                        kept.push(item);
                    }
                }
                *items = kept;
                true
            }
            (value, Some(only)) => {
                let kind = kind_of(value);
                let text = self.sources.locate(&at).and_then(|(source, at)| source.text.get(at)).unwrap_or("…");
                let refusal = shorthand::refuse(&place.path, node, only, (item, text, kind));
                self.refuse(&at, refusal);
                false
            }
            (_, None) => true,
        }
    }

    fn name(&mut self, name: &str, at: &Span) -> bool {
        // The name of an included file leads the names of its parts.
        let (file, own) = name.split_once('.').unwrap_or(("", name));
        let is_included = file.is_empty() || self.included.contains(&file);
        let good = is_included && is_good_name(own);
        if !good {
            let rule = format!("`{name}` is not a valid name");
            self.refuse(
                at,
                Refusal::new(rule)
                    .help("a name starts with a small letter and goes on with small letters, digits, _ and -"),
            );
        }
        good
    }

    fn kinds(
        &mut self,
        table: &mut DeTable<'_>,
        at: &Span,
        kinds: &'static serde_json::Map<String, serde_json::Value>,
        place: &Place,
    ) -> bool {
        if let Some((key_at, refusal)) = self.kind_as_a_value(table, kinds, place) {
            self.refuse(&key_at, refusal);
            return false;
        }
        let before = self.sink.errors();
        let mut first: Option<String> = None;
        let mut in_order: Vec<(Span, String)> = table.keys().map(|k| (k.span(), k.get_ref().to_string())).collect();
        in_order.sort_by_key(|(at, _)| at.start);
        for (key_at, key) in in_order {
            let Some(node) = under(kinds, &key) else {
                self.refuse(&key_at, place.unknown_kind(&key, kinds.keys().map(String::as_str)));
                continue;
            };
            if let Some(first) = &first {
                let rule = format!("`{}` has one kind, `{key}` is a second beside `{first}`", place.path);
                self.refuse(&key_at, Refusal::new(rule).help("keep one of them"));
                continue;
            }
            if let Some(item) = table.get_mut(key.as_str()) {
                // A kind always has a table of keys.
                self.item(item, &key_at, node, &place.kind(&key, kinds));
            }
            first = Some(key);
        }
        if first.is_none() && self.sink.errors() == before {
            let known: Vec<&str> = kinds.keys().map(String::as_str).collect();
            self.refuse(
                at,
                Refusal::new(format!("`{}` names no kind", place.path))
                    .help(format!("use one of {}", known.join(", "))),
            );
        }
        self.sink.errors() == before
    }

    /// Someone wrote `{ type = "lognormal", … }`: shows the line rewritten.
    fn kind_as_a_value(
        &self,
        table: &DeTable<'_>,
        kinds: &'static serde_json::Map<String, serde_json::Value>,
        place: &Place,
    ) -> Option<(Span, Refusal)> {
        const WORDS: [&str; 8] = ["type", "kind", "distribution", "dist", "process", "algorithm", "mode", "policy"];
        let (key, kind) = table.iter().find_map(|(key, item)| {
            let text = item.get_ref().as_str()?;
            let meant = WORDS.contains(&key.get_ref().as_ref()) || kinds.contains_key(text);
            (meant && !kinds.contains_key(key.get_ref().as_ref())).then_some((key, text))
        })?;
        let rule = format!("a kind is the name of a table, not a `{}` in it", key.get_ref());
        let known = || kinds.keys().map(String::as_str);
        let Some(kind) = known().find(|known| *known == kind).or_else(|| terms::nearest(kind, known())) else {
            let help = unknown(String::new(), kind, known()).help;
            return Some((key.span(), Refusal { help, ..Refusal::new(rule) }));
        };
        let rest: Vec<String> = table
            .iter()
            .filter(|(other, _)| other.span() != key.span())
            .map(|(other, item)| format!("{} = {}", other.get_ref(), self.written(item)))
            .collect();
        let last = place.path.rsplit('.').next().unwrap_or(&place.path);
        let keys = if rest.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", rest.join(", ")) };
        Some((key.span(), Refusal::new(rule).help(format!("write {last}.{kind} = {keys}"))))
    }

    /// Returns a value as it stands in the text.
    fn written(&self, item: &Item<'_>) -> String {
        let text = self.sources.locate(&item.span()).and_then(|(source, at)| source.text.get(at));
        match text {
            Some(text) if !item.get_ref().is_table() && !text.contains('\n') => text.to_owned(),
            _ => "…".to_owned(),
        }
    }

    fn refuse(&mut self, at: &Span, refusal: Refusal) {
        refusal.report(at.clone(), self.sink);
    }
}

/// Returns whether a user may call a part so.
pub fn is_good_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// Returns whether a table lacks a key; an empty table of names counts as missing.
fn is_missing(table: &DeTable<'_>, key: &str) -> bool {
    table.get(key).is_none_or(|item| item.get_ref().as_table().is_some_and(DeTable::is_empty))
}

/// Refuses a table without a key that it must have, and shows how the key is written.
fn lacks(place: &Place, key: &str, node: Option<Node>) -> Refusal {
    match place.path.as_str() {
        "" => Refusal::new(format!("the scenario lacks `[{key}.NAME]`"))
            .help("`bedload init` writes a scenario to start from"),
        path => {
            let takes = |forms: &[&str]| node.is_some_and(|node| forms.iter().any(|form| node.takes(form)));
            let help = match node.and_then(Node::example) {
                Some(example) => Some(format!("write {key} = {example}, or another value")),
                None if takes(&["integer", "number"]) => Some(format!("write {key} = NUMBER")),
                None if takes(&["string"]) => Some(format!("write {key} = \"NAME\"")),
                None => None,
            };
            Refusal { help, ..Refusal::new(format!("`{path}` lacks `{key}`")) }
        }
    }
}
