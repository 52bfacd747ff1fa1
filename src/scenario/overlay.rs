//! `--set PATH=VALUE`: each argument is one more piece of text, so that its faults have a place too.
//!
//! A path may leave out the name of a kind (`capacities.us.tpm` for `capacities.us.on_demand.tpm`). Naming another kind
//! replaces the kind. A value that is not TOML is a bare text, so that a shell needs no second quotes.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

use super::place::{Place, found_below};
use super::schema::{Node, Table, under};
use super::syntax;
use super::tree::{Item, put, shift, syntax_rule};
use crate::diagnostic::{Sink, Span, Spanned};
use crate::model::spec::{Refusal, unknown};

/// One argument, taken apart.
pub struct Override {
    /// The argument as it was given.
    text: String,
    /// The offset of the argument in the one range of positions that all spans refer to \[bytes\].
    start: usize,
    /// The assignment `v=VALUE`, which is TOML when the value is.
    assignment: String,
    value_from: usize,
}

/// The beginning of an assignment, before its value.
const LEFT_SIDE: &str = "v=";

impl Override {
    /// Splits an argument into path and value. `start` is its offset in the range of all positions \[bytes\].
    pub fn split(text: &str, start: usize, sink: &mut Sink) -> Option<Self> {
        let all = start..start + text.len();
        let Some((path, value)) = text.split_once('=') else {
            sink.error(
                all,
                format!("`{text}` sets nothing"),
                "write --set PATH=VALUE, such as --set run.seed=7".to_owned(),
            );
            return None;
        };
        if value.trim().is_empty() {
            sink.error(
                all,
                format!("`{path}` is set to nothing"),
                "write --set PATH=VALUE, such as --set run.seed=7".to_owned(),
            );
            return None;
        }
        let assignment = format!("{LEFT_SIDE}{value}");
        Some(Self { text: text.to_owned(), start, assignment, value_from: path.len() + 1 })
    }

    /// Puts the value where the path says. Files that are included share default quotas that no file writes: of these a
    /// `key` may be set all the same.
    pub fn apply<'t>(&'t self, root: &mut DeTable<'t>, sink: &mut Sink) {
        let Some(value) = self.value(sink) else { return };
        if has_included_parts(root) {
            self.open_quota(root);
        }
        let path = self.path_in(root);
        let mut walk = Walk { value: Some(value) };
        if let Err((at, refusal)) = walk.table(root, Node::root(), &path, &Place::default()) {
            refusal.report(at, sink);
        }
    }

    /// Makes room for a quota that the path names and that stands in no file; one that no capacity asks is refused later.
    fn open_quota<'t>(&'t self, root: &mut DeTable<'t>) {
        let path = self.path();
        let [("quotas", of), (name, at), (_, _)] = path.as_slice() else { return };
        let empty = |at: &Span| Spanned::new(at.clone(), DeValue::Table(DeTable::new()));
        if root.get("quotas").is_none() {
            put(root, "quotas", of.clone(), empty(of));
        }
        if let Some(DeValue::Table(quotas)) = root.get_mut("quotas").map(Spanned::get_mut)
            && quotas.get(*name).is_none()
        {
            put(quotas, name, at.clone(), empty(at));
        }
    }

    fn path(&self) -> Vec<(&str, Span)> {
        let mut from = self.start;
        self.text[..self.value_from - 1]
            .split('.')
            .map(|segment| {
                let name = segment.trim();
                let start = from + (segment.len() - segment.trim_start().len());
                from += segment.len() + 1;
                (name, start..start + name.len())
            })
            .collect()
    }

    /// The path with the names of included files and their parts joined, as in `workloads.search.chat.scale`.
    fn path_in(&self, root: &DeTable<'_>) -> Vec<(&str, Span)> {
        let mut path = self.path();
        if let [(section, _), (file, from), (_, to), ..] = path.as_slice() {
            let name = from.start - self.start..to.end - self.start;
            let joined = self.text.get(name).unwrap_or(file);
            let names = root.get(*section).and_then(|item| item.get_ref().as_table());
            if names.is_some_and(|names| names.contains_key(joined) && !names.contains_key(*file)) {
                let at = from.start..to.end;
                path.splice(1..3, [(joined, at)]);
            }
        }
        path
    }

    fn value(&self, sink: &mut Sink) -> Option<Item<'_>> {
        let text = self.assignment[LEFT_SIDE.len()..].trim();
        // May be below zero for an empty path, which is refused later.
        let by = (self.start + self.value_from).saturating_sub(LEFT_SIDE.len());
        match DeTable::parse(&self.assignment) {
            // What begins like a number is taken for one before it is read: `36_000/h` turns out a text here.
            Ok(table) if table.get_ref().len() == 1 && toml::from_str::<toml::Table>(&self.assignment).is_ok() => {
                let mut table = table.into_inner();
                shift(&mut table, by);
                table.remove(&LEFT_SIDE[..1]).map(|value| self.text_if_only(value, text))
            }
            Err(fault) if text.starts_with(['{', '[', '"', '\'']) => {
                let path: Vec<&str> = self.path().into_iter().map(|(name, _)| name).collect();
                match syntax::meant_value(text, &path) {
                    Some(meant) => {
                        let from = self.start + self.text.len() - self.text[self.value_from..].trim_start().len();
                        syntax::not_toml(text, meant).report(from..from + text.len(), sink);
                    }
                    None => {
                        let at = fault.span().unwrap_or(0..0);
                        sink.error(at.start + by..at.end + by, syntax_rule(fault.message()), None);
                    }
                }
                None
            }
            _ => {
                let from = self.start + self.value_from;
                let at = from..from + self.assignment.len() - LEFT_SIDE.len();
                Some(Spanned::new(at, DeValue::String(Cow::Borrowed(text))))
            }
        }
    }
}

impl Override {
    /// Returns a number as the text that was written where a key takes texts alone: a version 1.40 is not the number 1.4.
    fn text_if_only<'t>(&self, value: Item<'t>, text: &'t str) -> Item<'t> {
        let path: Vec<&str> = self.path().into_iter().map(|(name, _)| name).collect();
        let takes = |json_type| Node::root().reached(&path).is_some_and(|node| node.takes(json_type));
        let is_plain = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_));
        if is_plain && takes("string") && !takes("number") && !takes("integer") {
            return Spanned::new(value.span(), DeValue::String(Cow::Borrowed(text)));
        }
        value
    }
}

/// Returns whether parts of other files were taken over: their names have a dot in them, as in `search.chat`.
fn has_included_parts(root: &DeTable<'_>) -> bool {
    let workloads = root.get("workloads").and_then(|item| item.get_ref().as_table());
    workloads.is_some_and(|names| names.keys().any(|name| name.get_ref().contains('.')))
}

type Path<'p, 't> = &'p [(&'t str, Span)];
type Outcome = Result<(), (Span, Refusal)>;

/// The way down to where the value belongs.
struct Walk<'t> {
    value: Option<Item<'t>>,
}

impl<'t> Walk<'t> {
    fn table(&mut self, table: &mut DeTable<'t>, node: Node, path: Path<'_, 't>, place: &Place) -> Outcome {
        let Some((key, at)) = path.first() else { return Ok(()) };
        match node.table() {
            Some(Table::Keys { keys, .. }) => match under(keys, key) {
                Some(node) => self.below(table, node, path, &place.key(key)),
                None => Err((
                    at.clone(),
                    match found_below(keys, table, key) {
                        Some(path) => Refusal { offers: vec![path.clone()], ..place.key_of_below(key, &path) },
                        None => place.unknown_key(key, keys.keys().map(String::as_str)),
                    },
                )),
            },
            Some(Table::Names(node)) if table.get(*key).is_some() => self.below(table, node, path, &place.key(key)),
            Some(Table::Names(_)) => {
                let known: Vec<String> = table.keys().map(|k| k.get_ref().to_string()).collect();
                let rule = format!("there is no `{key}` in `{}`", place.path);
                Err((at.clone(), unknown(rule, key, known.iter().map(String::as_str))))
            }
            Some(Table::Kinds(kinds)) => self.kinds(table, kinds, path, place),
            None => Err((at.clone(), Refusal::new(format!("`{}` has no keys", place.path)))),
        }
    }

    fn kinds(
        &mut self,
        table: &mut DeTable<'t>,
        kinds: &'static serde_json::Map<String, serde_json::Value>,
        path: Path<'_, 't>,
        place: &Place,
    ) -> Outcome {
        let Some((key, at)) = path.first() else { return Ok(()) };
        if let Some(node) = under(kinds, key) {
            let others: Vec<String> = table.keys().map(|k| k.get_ref().to_string()).filter(|k| k != key).collect();
            for other in others {
                table.remove(other.as_str());
            }
            return self.below(table, node, path, &place.key(key));
        }
        let current = table.keys().map(|k| k.get_ref().to_string()).find(|k| kinds.contains_key(k));
        let Some((current, node)) = current.and_then(|c| under(kinds, &c).map(|node| (c, node))) else {
            return Err((at.clone(), place.unknown_kind(key, kinds.keys().map(String::as_str))));
        };
        match (table.get_mut(current.as_str()).map(Spanned::get_mut), node.table()) {
            (Some(DeValue::Table(inner)), Some(Table::Keys { keys, .. })) if keys.contains_key(*key) => {
                self.table(inner, node, path, &place.key(&current))
            }
            (Some(DeValue::Table(_)), Some(Table::Keys { keys, .. })) => {
                let known = keys.keys().chain(kinds.keys()).map(String::as_str);
                Err((at.clone(), place.kind(&current, kinds).unknown_key(key, known)))
            }
            // The file is broken there, and says so itself.
            _ => Ok(()),
        }
    }

    /// The first of `path` names what `node` describes.
    fn below(&mut self, table: &mut DeTable<'t>, node: Node, path: Path<'_, 't>, place: &Place) -> Outcome {
        let Some(((key, at), rest)) = path.split_first() else { return Ok(()) };
        let Some((next, next_at)) = rest.first() else {
            if let Some(value) = self.value.take() {
                put(table, key, at.clone(), value);
            }
            return Ok(());
        };
        let Some(form) = node.table() else {
            let rule = match node.items() {
                Some(_) => format!("`{}` is a list, and --set does not reach into lists", place.path),
                None => format!("`{}` is a plain value, it has no `{next}`", place.path),
            };
            return Err((next_at.clone(), Refusal::new(rule).help(format!("set `{}` as a whole", place.path))));
        };
        let stands = table.get(*key).map(Spanned::get_ref);
        let replacement = match (stands, form) {
            (Some(DeValue::Table(_)), _) => None,
            (None, _) => Some(DeTable::new()),
            // A bare name of a kind, and a key of that kind.
            (Some(DeValue::String(kind)), Table::Kinds(kinds)) if kinds.contains_key(kind.as_ref()) => {
                let mut named = DeTable::new();
                named.insert(
                    Spanned::new(at.clone(), kind.clone()),
                    Spanned::new(at.clone(), DeValue::Table(DeTable::new())),
                );
                Some(named)
            }
            (Some(_), Table::Kinds(kinds)) if kinds.contains_key(*next) => Some(DeTable::new()),
            (Some(_), Table::Kinds(kinds)) => {
                let rule = format!("`{}` is written as a plain value, it has no `{next}`", place.path);
                let known: Vec<&str> = kinds.keys().map(String::as_str).collect();
                return Err((
                    next_at.clone(),
                    Refusal::new(rule).help(format!("name a kind first: {}", known.join(", "))),
                ));
            }
            (Some(_), _) if node.only().is_none() => Some(DeTable::new()),
            // The file is broken there, and says so itself.
            (Some(_), _) => return Ok(()),
        };
        if let Some(replacement) = replacement {
            put(table, key, at.clone(), Spanned::new(at.clone(), DeValue::Table(replacement)));
        }
        match table.get_mut(*key).map(Spanned::get_mut) {
            Some(DeValue::Table(inner)) => self.table(inner, node, rest, place),
            _ => Ok(()),
        }
    }
}
