//! `include = ["teams/*.toml"]`: one account, many files.
//!
//! The parts of an included file are taken over under its name (`search.chat`), and what they refer to follows them. What
//! the account decides (its quotas, its clock, its money, what is asked of the answer) is not read there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::de::{DeArray, DeTable, DeValue};

use super::decode::Owner;
use super::form::is_good_name;
use super::place::Place;
use super::schema::{Node, Table};
use super::tree::Item;
use crate::diagnostic::{Sink, Span, Spanned};

/// The sections whose entries are added to the account under the name of their file.
pub const NAMED: [&str; 4] = ["capacities", "models", "windows", "workloads"];

/// The included files, as far as their parts have been added to the account.
pub struct Parts {
    /// The owner of every included file, and of the scenario itself where it names one.
    pub owners: Vec<Owner>,
    /// The place of `include` in the scenario.
    at: Span,
    /// The keys that are ignored, each with the files that have it.
    unread: BTreeMap<String, Vec<String>>,
}

impl Parts {
    /// Starts with the scenario's own owner.
    pub fn new(root: &mut DeTable<'_>, include_at: Option<Span>, sink: &mut Sink) -> Self {
        let mut parts = Self { owners: Vec::new(), at: include_at.unwrap_or(0..0), unread: BTreeMap::new() };
        if let Some(owner) = owner(root, sink) {
            parts.owners.push(Owner { file: String::new(), owner });
        }
        parts
    }

    /// Adds the parts of an included file to the scenario.
    pub fn take<'t>(&mut self, root: &mut DeTable<'t>, mut tree: DeTable<'t>, file: &str, sink: &mut Sink) {
        let owner = owner(&mut tree, sink).unwrap_or_else(|| file.to_owned());
        self.owners.push(Owner { file: file.to_owned(), owner });
        let rename = Rename { file };
        name_the_route(&mut tree);
        for section in NAMED {
            let Some((key, item)) = tree.remove_entry(section) else { continue };
            let DeValue::Table(mut table) = item.into_inner() else {
                let rule = format!("`{section}` is a table of names");
                sink.error(key.span(), rule, format!("write [{section}.NAME]"));
                continue;
            };
            table.iter_mut().for_each(|(_, item)| rename.references(section, item));
            if !matches!(root.get(section).map(Spanned::get_ref), Some(DeValue::Table(_))) {
                root.insert(key, Spanned::new(self.at.clone(), DeValue::Table(DeTable::new())));
            }
            let Some(DeValue::Table(into)) = root.get_mut(section).map(Spanned::get_mut) else { continue };
            for (name, item) in table {
                refuse_bad_name(&name, section, sink);
                into.insert(Spanned::new(name.span(), Cow::Owned(format!("{file}.{}", name.get_ref()))), item);
            }
        }
        if let Some((key, item)) = tree.remove_entry("expect") {
            rename.expectations(root, key, item, sink);
        }
        self.leave(&tree, file, sink);
    }

    /// Notes the keys of a file that are ignored, and refuses keys that no scenario has.
    fn leave(&mut self, tree: &DeTable<'_>, file: &str, sink: &mut Sink) {
        let Some(Table::Keys { keys, .. }) = Node::root().table() else { return };
        for key in tree.keys() {
            let name = key.get_ref().as_ref();
            match name {
                "title" => {}
                name if keys.contains_key(name) => {
                    self.unread.entry(name.to_owned()).or_default().push(file.to_owned());
                }
                name => {
                    let refusal = Place::default().unknown_key(name, keys.keys().map(String::as_str));
                    sink.error(key.span(), refusal.rule, refusal.help);
                }
            }
        }
    }

    /// Warns of the keys that were ignored.
    pub fn tell(&self, sink: &mut Sink) {
        if self.unread.is_empty() {
            return;
        }
        let of = |(key, files): (&String, &Vec<String>)| match files.as_slice() {
            few if few.len() <= 3 => format!("`{key}` of {}", few.join(", ")),
            many => format!("`{key}` of {} files", many.len()),
        };
        let keys: Vec<String> = self.unread.iter().map(of).collect();
        let rule = format!("these keys of the included files are ignored: {}", keys.join("; "));
        let help = "the including file sets these keys for the whole account: write the values that apply in it";
        sink.warning(Some(self.at.clone()), rule, help.to_owned());
    }
}

/// Takes the owner out of a file.
fn owner(tree: &mut DeTable<'_>, sink: &mut Sink) -> Option<String> {
    let item = tree.remove("owner")?;
    let owner = item.get_ref().as_str().filter(|name| is_good_name(name)).map(str::to_owned);
    if owner.is_none() {
        let rule = "the name of an owner has small letters, digits, _ and -";
        let written = item.get_ref().as_str().map(good_name).filter(|name| is_good_name(name));
        let name = written.unwrap_or_else(|| "search".to_owned());
        sink.error(item.span(), rule, format!("write owner = \"{name}\""));
    }
    owner
}

/// Returns the valid name that comes closest to a text: `web-team` of `Web team`.
fn good_name(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    lower.chars().map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '_' | '-') { c } else { '-' }).collect()
}

fn refuse_bad_name(name: &Spanned<Cow<'_, str>>, section: &str, sink: &mut Sink) {
    if name.get_ref().contains('.') {
        let rule = format!("`{}` in `{section}` is not a valid name", name.get_ref());
        let help = "a name starts with a small letter and goes on with small letters, digits, _ and -";
        sink.error(name.span(), rule, help.to_owned());
    }
}

/// Writes the only route of a workload that has none in its own file, because the account may have several.
fn name_the_route(tree: &mut DeTable<'_>) {
    let Some(DeValue::Table(capacities)) = tree.get("capacities").map(Spanned::get_ref) else { return };
    let mut names = capacities.keys().map(|name| name.get_ref().to_string());
    let (Some(only), None) = (names.next(), names.next()) else { return };
    let Some(DeValue::Table(workloads)) = tree.get_mut("workloads").map(Spanned::get_mut) else { return };
    for (name, item) in workloads.iter_mut() {
        let at = name.span();
        if let DeValue::Table(workload) = item.get_mut()
            && !workload.contains_key("route")
        {
            let route = Spanned::new(at.clone(), DeValue::String(Cow::Owned(only.clone())));
            workload.insert(Spanned::new(at, Cow::Borrowed("route")), route);
        }
    }
}

/// Puts the name of a file before the names of its parts, wherever something refers to them.
struct Rename<'f> {
    file: &'f str,
}

impl Rename<'_> {
    /// Renames the parts that an entry of a section refers to. Quotas are the account's and keep their names.
    fn references(&self, section: &str, item: &mut Item<'_>) {
        let DeValue::Table(table) = item.get_mut() else { return };
        if section != "workloads" {
            return;
        }
        self.keys(table, &["model", "route"]);
        if let Some(DeValue::Array(steps)) = table.get_mut("steps").map(Spanned::get_mut) {
            for step in steps.iter_mut() {
                if let DeValue::Table(step) = step.get_mut() {
                    self.keys(step, &["model", "route"]);
                }
            }
        }
        if let Some(DeValue::Table(retrieval)) = table.get_mut("retrieval").map(Spanned::get_mut) {
            self.keys(retrieval, &["embedding_model"]);
        }
    }

    fn keys(&self, table: &mut DeTable<'_>, keys: &[&str]) {
        for key in keys {
            match table.get_mut(*key).map(Spanned::get_mut) {
                Some(DeValue::String(name)) => self.name(name),
                Some(DeValue::Array(names)) => {
                    for name in names.iter_mut() {
                        if let DeValue::String(name) = name.get_mut() {
                            self.name(name);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn name(&self, name: &mut Cow<'_, str>) {
        *name = Cow::Owned(format!("{}.{name}", self.file));
    }

    /// Adds the goals of a file to those of the account.
    fn expectations<'t>(&self, root: &mut DeTable<'t>, key: Spanned<Cow<'t, str>>, item: Item<'t>, sink: &mut Sink) {
        let at = item.span();
        let DeValue::Array(items) = item.into_inner() else {
            sink.error(key.span(), "`expect` is a list", "write [[expect]]".to_owned());
            return;
        };
        if !root.contains_key("expect") {
            root.insert(key, Spanned::new(at, DeValue::Array(DeArray::new())));
        }
        let Some(DeValue::Array(into)) = root.get_mut("expect").map(Spanned::get_mut) else { return };
        for mut item in items {
            if let DeValue::Table(table) = item.get_mut()
                && let Some(DeValue::String(metric)) = table.get_mut("metric").map(Spanned::get_mut)
            {
                *metric = Cow::Owned(self.metric(metric));
            }
            into.push(item);
        }
    }

    /// Returns the metric of an included file by its name in the account: one without a part is of the file's workloads
    /// together.
    fn metric(&self, metric: &str) -> String {
        let file = self.file;
        if let Some((window, rest)) = metric.strip_prefix("windows.").and_then(|rest| rest.split_once('.')) {
            return format!("windows.{file}.{window}.{}", self.metric(rest));
        }
        match metric.split_once('.') {
            None => format!("files.{file}.{metric}"),
            Some((family @ ("workloads" | "capacities"), rest)) => format!("{family}.{file}.{rest}"),
            Some(_) => metric.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_an_included_file_is_of_that_file() {
        let rename = Rename { file: "search" };
        for (own, in_the_account) in [
            ("failure_rate", "files.search.failure_rate"),
            ("workloads.chat.e2e_p99", "workloads.search.chat.e2e_p99"),
            ("capacities.us.tpm.refused", "capacities.search.us.tpm.refused"),
            ("quotas.shared.tpm.refused", "quotas.shared.tpm.refused"),
            ("windows.nine.failure_rate", "windows.search.nine.files.search.failure_rate"),
            ("windows.nine.workloads.chat.served", "windows.search.nine.workloads.search.chat.served"),
        ] {
            assert_eq!(rename.metric(own), in_the_account);
        }
    }
}
