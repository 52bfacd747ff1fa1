//! The questions beyond one design point: `[sweep]`, and `by` of `[size]`, are read by themselves, because their keys
//! are paths.

use std::borrow::Cow;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::overlay::Override;
use super::schema::Node;
use super::tree::{Item, kind_of};
use crate::diagnostic::{Sink, Sources, Span, Spanned};
use crate::model::study::{Axis, Choice, Setting, Sweep, overlaps};

/// Takes what has paths for keys out of the tree: the sweep, and the second axis of a size. The path that a size varies is
/// looked up.
pub fn study(root: &mut DeTable<'_>, sources: &Sources, sink: &mut Sink) -> (Option<Sweep>, Vec<Choice>) {
    let sweep = root.remove_entry("sweep").and_then(|(key, item)| {
        let DeValue::Table(table) = item.into_inner() else {
            sink.error(key.span(), "`sweep` is a table of axes", "write \"PATH\" = [VALUES] below [sweep]".to_owned());
            return None;
        };
        Some(Reader { root, sources, sink }.sweep(table, &key.span()))
    });
    let by = match root.get_mut("size").map(Spanned::get_mut) {
        Some(DeValue::Table(size)) => size.remove_entry("by"),
        _ => None,
    };
    let mut reader = Reader { root, sources, sink };
    reader.vary();
    let by = by.map(|(key, item)| reader.by(&key.span(), item)).unwrap_or_default();
    (sweep, by)
}

/// The reader of keys that are paths.
pub(super) struct Reader<'r, 't> {
    pub root: &'r DeTable<'t>,
    pub sources: &'r Sources,
    pub sink: &'r mut Sink,
}

/// More values, of one axis or of all together, are a typing error.
const MOST_VALUES: f64 = 1e6;

impl Reader<'_, '_> {
    fn sweep(&mut self, mut table: DeTable<'_>, at: &Span) -> Sweep {
        let samples = table.remove_entry("samples").and_then(|(_, item)| {
            let n = integer(item.get_ref()).filter(|n| (2..=1_000_000).contains(n));
            if n.is_none() {
                self.sink.error(item.span(), "`samples` is a whole number from 2 to 1,000,000", None);
            }
            n.and_then(|n| u64::try_from(n).ok())
        });
        // Tables come sorted by key; axes vary in the order of the file.
        let mut entries: Vec<(Spanned<Cow<'_, str>>, Item<'_>)> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        if entries.is_empty() {
            self.sink.error(at.clone(), "`sweep` has no axis", "write \"PATH\" = [VALUES] below [sweep]".to_owned());
        }
        let mut axes: Vec<Axis> = Vec::new();
        let mut values = 0;
        for (key, item) in entries {
            let Some(axis) = self.axis(&key, item, samples.is_some()) else { continue };
            let is_known = |path: &&str| axes.iter().flat_map(Axis::paths).any(|known| overlaps(known, path));
            if let Some(path) = axis.paths().into_iter().find(is_known) {
                let help = "name it on one of them".to_owned();
                self.sink.error(key.span(), format!("`{path}` is set by two axes"), help);
            }
            values += axis.len().unwrap_or(0);
            if values as f64 > MOST_VALUES {
                let help = "take larger steps, or `samples` of the ranges without their steps".to_owned();
                self.sink.error(key.span(), "the axes of `sweep` have more than a million values together", help);
                break;
            }
            axes.push(axis);
        }
        Sweep { axes, samples }
    }

    fn axis(&mut self, key: &Spanned<Cow<'_, str>>, item: Item<'_>, is_sampled: bool) -> Option<Axis> {
        let name = key.get_ref().as_ref();
        if !name.contains('.') {
            return self.overlays(name, &key.span(), item);
        }
        let paths: Vec<&str> = name.split(',').map(str::trim).collect();
        let mut good = true;
        for path in &paths {
            good &= self.check_path(path, key);
        }
        let at = item.span();
        let axis = match item.into_inner() {
            DeValue::Array(items) if items.is_empty() => {
                self.sink.error(at, format!("the axis `{name}` has no values"), None);
                None
            }
            DeValue::Array(items) if items.len() as f64 > MOST_VALUES => {
                self.sink.error(at, format!("the axis `{name}` has more than a million values"), None);
                None
            }
            DeValue::Array(items) => {
                let choices: Option<Vec<Choice>> =
                    items.into_iter().map(|item| self.choice(&paths, item)).collect::<Vec<_>>().into_iter().collect();
                choices.map(Axis::Choices)
            }
            DeValue::Table(table) if paths.len() == 1 => self.range(paths[0], &table, &at, is_sampled),
            other => {
                let rule = format!("an axis is a list or a range, not {}", kind_of(&other));
                self.sink.error(at, rule, "write [1, 2, 4] or { from = 1, to = 8 }".to_owned());
                None
            }
        };
        axis.filter(|_| good)
    }

    /// Checks that a path which is a key leads somewhere, or refuses it at its place; returns whether it does.
    pub(super) fn check_path(&mut self, path: &str, key: &Spanned<Cow<'_, str>>) -> bool {
        let within = key.get_ref().find(path).unwrap_or(0);
        // A path has dots, so its key stands between quotes.
        self.leads_somewhere(path, key.span().start + 1 + within)
    }

    fn leads_somewhere(&mut self, path: &str, start: usize) -> bool {
        let before = self.sink.errors();
        let argument = format!("{path}=0");
        if let Some(argument) = Override::split(&argument, start, self.sink) {
            argument.apply(&mut self.root.clone(), self.sink);
        }
        self.sink.errors() == before
    }

    /// Checks that the path which a size varies leads somewhere, or refuses it at its place.
    fn vary(&mut self) {
        let Some(DeValue::Table(size)) = self.root.get("size").map(Spanned::get_ref) else { return };
        let Some(item) = size.get("vary") else { return };
        let Some(path) = item.get_ref().as_str().map(str::to_owned) else { return };
        // In an argument it may stand without quotes.
        let written = self.sources.locate(&item.span()).and_then(|(source, at)| source.text.get(at));
        let quoted = written.is_some_and(|text| text.starts_with(['"', '\'']));
        self.leads_somewhere(&path, item.span().start + usize::from(quoted));
    }

    /// Reads `by` of a size: one axis of a few values.
    fn by(&mut self, at: &Span, item: Item<'_>) -> Vec<Choice> {
        const MOST: u64 = 256;
        let (span, DeValue::Table(table)) = (item.span(), item.into_inner()) else {
            let help = "write by = { \"PATH\" = [VALUES] }".to_owned();
            self.sink.error(at.clone(), "`by` is one path with its values", help);
            return Vec::new();
        };
        let mut entries = table.into_iter();
        let (Some((key, item)), None) = (entries.next(), entries.next()) else {
            let help = "`[sweep]` takes as many axes as you like".to_owned();
            self.sink.error(span, "`by` is one path with its values", help);
            return Vec::new();
        };
        match self.axis(&key, item, false) {
            Some(axis) if axis.len().is_some_and(|n| n <= MOST) => {
                (0..axis.len().unwrap_or(0)).filter_map(|i| axis.choice(i).map(Cow::into_owned)).collect()
            }
            Some(_) => {
                self.sink.error(span, format!("`by` has at most {MOST} values"), None);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Returns a value of an axis; of an axis of several paths a list of as many.
    fn choice(&mut self, paths: &[&str], item: Item<'_>) -> Option<Choice> {
        if let [path] = paths {
            let (value, text) = value(&item, self.sources);
            let settings = vec![Setting { path: (*path).to_owned(), value: text }];
            return Some(Choice { parameters: vec![((*path).to_owned(), value)], settings });
        }
        let at = item.span();
        let values = match item.get_ref() {
            DeValue::Array(values) if values.len() == paths.len() => values,
            _ => {
                let rule = format!("an axis of {} paths has lists of {} values", paths.len(), paths.len());
                self.sink.error(at, rule, None);
                return None;
            }
        };
        let values: Vec<(Value, String)> = values.iter().map(|item| value(item, self.sources)).collect();
        let parameters = paths.iter().zip(&values).map(|(path, (value, _))| ((*path).to_owned(), value.clone()));
        let settings = paths
            .iter()
            .zip(&values)
            .map(|(path, (_, text))| Setting { path: (*path).to_owned(), value: text.clone() });
        Some(Choice { parameters: parameters.collect(), settings: settings.collect() })
    }

    /// Reads a range `{ from, to, step }` or `{ from, to, points, scale }`.
    fn range(&mut self, path: &str, table: &DeTable<'_>, at: &Span, is_sampled: bool) -> Option<Axis> {
        const KEYS: [&str; 5] = ["from", "to", "step", "points", "scale"];
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            let rule = format!("unknown key `{}` in a range", key.get_ref());
            let refusal = crate::model::spec::unknown(rule, key.get_ref(), KEYS);
            refusal.report(key.span(), self.sink);
            return None;
        }
        let mut number = |key: &str| {
            let item = table.get(key)?;
            let x = float(item.get_ref()).filter(|x| x.is_finite());
            if x.is_none() {
                let help = "a range is of numbers; write values with units as a list".to_owned();
                self.sink.error(item.span(), format!("`{key}` is a number"), help);
            }
            x.map(|x| (x, item.span()))
        };
        let (from, to, step, points) = (number("from"), number("to"), number("step"), number("points"));
        let scale = table.get("scale").map(|item| (item.get_ref().as_str().unwrap_or_default(), item.span()));
        let is_geometric = scale.as_ref().is_some_and(|(scale, _)| *scale == "geometric");
        let mut refuse = |at: &Span, rule: &str, help: &str| {
            self.sink.error(at.clone(), rule, (!help.is_empty()).then(|| help.to_owned()));
        };
        let (Some((from, _)), Some((to, to_at))) = (from, to) else {
            if table.get("from").is_none() || table.get("to").is_none() {
                refuse(at, "a range needs `from` and `to`", "");
            }
            return None;
        };
        if let Some((_, at)) = scale.filter(|(scale, _)| !["linear", "geometric"].contains(scale)) {
            refuse(&at, "`scale` is \"linear\" or \"geometric\"", "");
            return None;
        }
        if to < from {
            refuse(&to_at, "`to` of a range is at least its `from`", "");
            return None;
        }
        if is_geometric && from <= 0.0 {
            refuse(at, "a geometric range begins above zero", "");
            return None;
        }
        let whole = |x: f64| libm::floor(x) == x;
        let segments: Vec<&str> = path.split('.').collect();
        let is_whole = whole(from) && whole(to) && !Node::root().takes_fractions(&segments);
        if is_sampled && step.is_none() && points.is_none() {
            return Some(Axis::Between {
                path: path.to_owned(),
                low: from,
                high: to,
                is_whole,
                geometric: is_geometric,
            });
        }
        let values: Vec<f64> = match (step, points) {
            (Some((_, at)), Some(_)) => {
                refuse(&at, "a range has a `step` or a number of `points`, not both", "");
                return None;
            }
            (None, None) if is_geometric => {
                refuse(at, "a geometric range needs a number of `points`", "write points = 8");
                return None;
            }
            (_, Some((n, at))) => {
                if !whole(n) || !(2.0..=MOST_VALUES).contains(&n) {
                    refuse(&at, "a range has from 2 to 1,000,000 points", "");
                    return None;
                }
                let share = |i: f64| i / (n - 1.0);
                let at = |i: u64| match i as f64 {
                    0.0 => from,
                    i if i + 1.0 >= n => to,
                    i if is_geometric => from * libm::pow(to / from, share(i)),
                    i => from + (to - from) * share(i),
                };
                let mut values: Vec<f64> =
                    (0..n as u64).map(at).map(|x| if is_whole { libm::round(x) } else { x }).collect();
                values.dedup();
                values
            }
            (step, None) => {
                let (step, step_at) = step.unwrap_or((1.0, at.clone()));
                if step <= 0.0 || (to - from) / step > MOST_VALUES {
                    refuse(&step_at, "a step is above zero, and makes at most 1,000,000 values", "");
                    return None;
                }
                let steps = libm::floor((to - from) / step + 1e-9);
                let last = from + step * steps;
                if (to - last) > 1e-6 * step {
                    let help = format!("write to = {last}, or another `step`");
                    let rule = format!("the range ends at {last}: steps of {step} do not meet {to}");
                    self.sink.warning(Some(to_at), rule, help);
                }
                (0..=steps as u64).map(|i| from + step * i as f64).collect()
            }
        };
        Some(Axis::Numbers { path: path.to_owned(), values })
    }

    /// Returns an axis of named settings: `plan = { small = { "PATH" = VALUE }, large = { … } }`.
    fn overlays(&mut self, name: &str, at: &Span, item: Item<'_>) -> Option<Axis> {
        let item_at = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            let rule = format!("the axis `{name}` is no path, and has no named settings");
            let help = "write a path such as \"capacities.us.tpm\", or name = { one = { \"PATH\" = VALUE } }";
            self.sink.error(at.clone(), rule, help.to_owned());
            return None;
        };
        let before = self.sink.errors();
        let mut names: Vec<(Spanned<Cow<'_, str>>, Item<'_>)> = table.into_iter().collect();
        names.sort_by_key(|(key, _)| key.span().start);
        let mut choices = Vec::new();
        for (choice, item) in names {
            let at = item.span();
            let DeValue::Table(settings) = item.into_inner() else {
                let rule = format!("`{}` is a table of settings, \"PATH\" = VALUE", choice.get_ref());
                self.sink.error(at, rule, None);
                continue;
            };
            let mut made = Vec::new();
            for (path, item) in &settings {
                self.check_path(path.get_ref(), path);
                made.push(Setting { path: path.get_ref().to_string(), value: value(item, self.sources).1 });
            }
            let parameters = vec![(name.to_owned(), Value::from(choice.get_ref().as_ref()))];
            choices.push(Choice { parameters, settings: made });
        }
        if choices.is_empty() && self.sink.errors() == before {
            self.sink.error(item_at, format!("the axis `{name}` has no values"), None);
        }
        (self.sink.errors() == before).then_some(Axis::Choices(choices))
    }
}

/// Returns a value for the results, and as it is written.
pub(super) fn value(item: &Item<'_>, sources: &Sources) -> (Value, String) {
    let text = sources.locate(&item.span()).and_then(|(source, at)| source.text.get(at)).unwrap_or_default();
    let value = match item.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(b) => Value::from(*b),
        number => match (integer(number), number.as_float().and_then(|x| x.as_str().replace('_', "").parse().ok())) {
            (Some(n), _) => i64::try_from(n).map_or_else(|_| Value::from(text), Value::from),
            (_, Some(x)) => serde_json::Number::from_f64(x).map_or_else(|| Value::from(text), Value::Number),
            _ => Value::from(text),
        },
    };
    (value, text.to_owned())
}

pub(super) fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

pub(super) fn float(value: &DeValue<'_>) -> Option<f64> {
    integer(value).map(|n| n as f64).or_else(|| value.as_float()?.as_str().replace('_', "").parse().ok())
}
