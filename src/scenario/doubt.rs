//! `[doubt]`, which is read by itself because its keys are paths; and what may be doubted without being named: ranges
//! that a quantity is written as, and what AWS does not publish.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

use super::study::{Reader, float, integer, value};
use super::tree::{Item, kind_of};
use crate::diagnostic::{Sink, Sources, Span, Spanned};
use crate::model::spec::unknown;
use crate::model::study::{Alternative, Alternatives, Unknown, is_same_key, overlaps};
use crate::model::{Assumption, Model};

/// The content of a scenario's `[doubt]`.
#[derive(Debug, Default)]
pub struct Asked {
    /// The place of `[doubt]`; `None`: the scenario has none.
    at: Option<Span>,
    /// True if every unpublished quantity that was left at a default is in doubt.
    takes_defaults: bool,
    written: Vec<Unknown>,
}

/// Takes `doubt` out of the tree.
pub fn asked(root: &mut DeTable<'_>, sources: &Sources, sink: &mut Sink) -> Asked {
    let Some((key, item)) = root.remove_entry("doubt") else { return Asked::default() };
    let mut asked = Asked { at: Some(key.span()), ..Asked::default() };
    let at = item.span();
    match item.into_inner() {
        DeValue::String(word) if word == "default" => asked.takes_defaults = true,
        DeValue::Table(table) => {
            let mut entries: Vec<(Spanned<Cow<'_, str>>, Item<'_>)> = table.into_iter().collect();
            entries.sort_by_key(|(key, _)| key.span().start);
            let mut reader = Reader { root, sources, sink };
            for (key, item) in entries {
                let Some(unknown) = doubted(&mut reader, &key, item) else { continue };
                if let Some(known) = asked.written.iter().find(|known| overlaps(&known.path, &unknown.path)) {
                    let rule = format!("`{}` and `{}` set the same key", known.path, unknown.path);
                    let help = "name it once, with every value that it may have".to_owned();
                    reader.sink.error(key.span(), rule, help);
                }
                asked.written.push(unknown);
            }
        }
        other => {
            let rule = format!("`doubt` is \"default\" or a table of paths, not {}", kind_of(&other));
            sink.error(at, rule, "write doubt = \"default\", or \"PATH\" = [VALUES] below [doubt]".to_owned());
        }
    }
    asked
}

/// One entry of the table.
fn doubted(reader: &mut Reader<'_, '_>, key: &Spanned<Cow<'_, str>>, item: Item<'_>) -> Option<Unknown> {
    let path = key.get_ref().as_ref();
    if !path.contains('.') {
        let rule = format!("`{path}` is no path");
        let help = "write paths between quotes, such as \"capacities.us.limiter\"";
        reader.sink.error(key.span(), rule, help.to_owned());
        return None;
    }
    let leads_somewhere = reader.check_path(path, key);
    let at = item.span();
    let span = match item.into_inner() {
        DeValue::Array(items) => match items.iter().map(|item| float(item.get_ref())).collect::<Vec<_>>()[..] {
            [Some(low), Some(high)] => {
                let is_whole = items.iter().all(|item| integer(item.get_ref()).is_some());
                range(low, high, is_whole, &at, reader.sink)
            }
            [] => {
                reader.sink.error(at, format!("`{path}` has no values"), "name each value that it may have".to_owned());
                None
            }
            _ => Some(Alternatives::Set(items.iter().map(|item| alternative(item, reader.sources)).collect())),
        },
        DeValue::Table(table) => limits(&table, &at, reader.sink),
        other => {
            let rule = format!("the values of `{path}` are a list or a range, not {}", kind_of(&other));
            reader.sink.error(at, rule, "write [VALUES], or { low = 1, high = 2 }".to_owned());
            None
        }
    };
    let base = standing(reader.root, path).map(|item| alternative(item, reader.sources));
    let ask = known(path).map_or_else(|| measure(path), |known| known.ask).to_owned();
    let is_unpublished = is_unpublished(path);
    span.filter(|_| leads_somewhere).map(|span| Unknown { path: path.to_owned(), base, span, is_unpublished, ask })
}

/// Reads a range `{ low, high }`.
fn limits(table: &DeTable<'_>, at: &Span, sink: &mut Sink) -> Option<Alternatives> {
    const KEYS: [&str; 2] = ["low", "high"];
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.get_ref().as_ref())) {
        let refusal = unknown(format!("unknown key `{}` in a range", key.get_ref()), key.get_ref(), KEYS);
        refusal.report(key.span(), sink);
        return None;
    }
    let ends = KEYS.map(|key| table.get(key));
    let [Some(low), Some(high)] = ends else {
        sink.error(at.clone(), "a range has a `low` and a `high`", "write { low = 40_000, high = 80_000 }".to_owned());
        return None;
    };
    let is_whole = [low, high].iter().all(|item| integer(item.get_ref()).is_some());
    match (float(low.get_ref()), float(high.get_ref())) {
        (Some(low), Some(high)) => range(low, high, is_whole, at, sink),
        _ => {
            let help = "write values with units as a list".to_owned();
            sink.error(at.clone(), "a range lies between two numbers", help);
            None
        }
    }
}

fn range(low: f64, high: f64, is_whole: bool, at: &Span, sink: &mut Sink) -> Option<Alternatives> {
    if low < high && low.is_finite() && high.is_finite() {
        return Some(Alternatives::Range { low, high, is_whole });
    }
    let help = "write the lower number first, and two that differ".to_owned();
    sink.error(at.clone(), format!("a range goes from a number to a higher one, {low} to {high} does not"), help);
    None
}

pub(super) fn alternative(item: &Item<'_>, sources: &Sources) -> Alternative {
    let (value, text) = value(item, sources);
    // An argument of the command line has its texts without quotes.
    let text = item.get_ref().as_str().map_or(text, |word| toml::Value::from(word).to_string());
    Alternative { value, text }
}

/// Returns the plain value that stands at a path, which may leave out the names of kinds.
pub(super) fn standing<'r, 't>(root: &'r DeTable<'t>, path: &str) -> Option<&'r Item<'t>> {
    let mut table = root;
    let mut segments = path.split('.').map(str::trim).peekable();
    while let Some(segment) = segments.next() {
        let item = table.get(segment).or_else(|| match table.values().next()?.get_ref() {
            // A kind is the one key of its table.
            DeValue::Table(kind) if table.len() == 1 => kind.get(segment),
            _ => None,
        })?;
        match (item.get_ref(), segments.peek()) {
            (DeValue::Table(below), Some(_)) => table = below,
            (DeValue::Table(_) | DeValue::Array(_), None) | (_, Some(_)) => return None,
            (_, None) => return Some(item),
        }
    }
    None
}

/// Returns all that is in doubt, sorted by path: what is written, and what the model left open.
pub fn unknowns(asked: Asked, model: &Model, sink: &mut Sink) -> Vec<Unknown> {
    if let Some(at) = asked.at.filter(|_| model.expectations.is_empty()) {
        let help = "write an [[expect]]: doubt shows under which readings it holds".to_owned();
        sink.warning(Some(at), "`doubt` has no effect in a scenario without a goal", help);
    }
    let mut unknowns = asked.written;
    for assumption in &model.assumptions {
        if let Some(unknown) = unknowns.iter_mut().find(|u| is_same_key(&u.path, &assumption.path)) {
            unknown.base.get_or_insert_with(|| in_force(assumption));
        } else if let Some(span) = open(assumption, asked.takes_defaults) {
            unknowns.push(Unknown {
                path: assumption.path.clone(),
                base: Some(in_force(assumption)),
                span,
                is_unpublished: is_unpublished(&assumption.path),
                ask: known(&assumption.path).map_or(&*assumption.why, |known| known.ask).to_owned(),
            });
        }
    }
    unknowns.sort_by(|a, b| a.path.cmp(&b.path));
    unknowns
}

/// Returns the alternatives of an assumption; `None`: it is not in doubt.
fn open(assumption: &Assumption, takes_defaults: bool) -> Option<Alternatives> {
    if let Some((low, high)) = assumption.between {
        let range = Alternatives::Range { low: low as f64, high: high as f64, is_whole: true };
        return (low < high).then_some(range);
    }
    let known = known(&assumption.path).filter(|known| takes_defaults && !known.values.is_empty())?;
    Some(Alternatives::Set(known.values.iter().map(|text| read(text)).collect()))
}

fn in_force(assumption: &Assumption) -> Alternative {
    read(&assumption.value)
}

/// Returns a value from how TOML writes it.
fn read(text: &str) -> Alternative {
    let table = toml::from_str::<toml::Table>(&format!("v = {text}")).ok();
    let value = table.and_then(|table| serde_json::to_value(&table["v"]).ok());
    Alternative { value: value.filter(|v| !v.is_object()).unwrap_or_else(|| text.into()), text: text.to_owned() }
}

/// A quantity that may be doubted by default, with its alternatives and the way to find it out.
struct Known {
    /// The end of the quantity's path.
    key: &'static str,
    /// The alternatives as TOML writes them; empty: there is no default set.
    values: &'static [&'static str],
    ask: &'static str,
}

/// Returns the advice for a quantity that nothing is known of.
fn measure(path: &str) -> &'static str {
    // Nobody at AWS knows what you will send.
    if path.starts_with("workloads.") || path.starts_with("run.") { "measure it" } else { "measure it, or ask AWS" }
}

const TIERS: &str = "send the same prompts in both tiers at your busiest hour";

/// The quantities that AWS does not publish. Values are the ends of what AWS's words and others' measurements allow.
const KNOWN: [Known; 21] = [
    // Three algorithms are in common use, and AWS names none.
    Known {
        key: "limiter",
        values: &["\"fixed_window\"", "\"sliding_window\"", "\"token_bucket\""],
        ask: "ask AWS support which algorithm enforces the limit, or send bursts to it in a lab",
    },
    // A bucket may hold a whole window, or the few seconds that gateways usually grant.
    Known {
        key: "burst",
        values: &["1", "0.1"],
        ask: "after a pause, count how many calls of a burst are served before the first 429",
    },
    Known {
        key: "count_refused_requests",
        values: &["false", "true"],
        ask: "ask AWS support whether refused calls count; until then back off as if they did",
    },
    Known {
        key: "reserve_cache_reads",
        values: &["false", "true"],
        ask: "ask AWS support whether cache reads are reserved; its pages disagree",
    },
    Known {
        key: "reserve_output_burndown",
        values: &["false", "true"],
        ask: "find the largest max_tokens that an idle minute admits: the limit itself, or the limit over the burndown",
    },
    Known {
        key: "tpd_counting",
        values: &["\"billed\"", "\"price_weighted\""],
        ask: "ask AWS support what counts towards the account's tokens per day; it is not published",
    },
    // AWS's pages of 2026 disagree on whether requests per minute are enforced.
    Known {
        key: "rpm",
        values: &["\"none\""],
        ask: "ask AWS support whether the limit on requests per minute is enforced for this model",
    },
    Known {
        key: "tpd_reset",
        values: &["\"utc_day\"", "\"rolling\""],
        ask: "note the time of day at which \"too many tokens per day\" ends",
    },
    // Most models have 1, Claude models 5 and more.
    Known {
        key: "output_burndown",
        values: &["1", "5"],
        ask: "look the model up in AWS's table of token burndown rates",
    },
    // From at once to a round trip with a busy front end.
    Known {
        key: "refusal_latency",
        values: &["\"0s\"", "\"200ms\""],
        ask: "read in your client's logs how long a 429 takes to come",
    },
    Known {
        key: "admission",
        values: &["\"reserve\"", "\"post_charge\""],
        ask: "ask your account team whether bought throughput reserves max_tokens",
    },
    Known {
        key: "no_room",
        values: &["\"unavailable\"", "\"throttled\""],
        ask: "read in your client's logs whether a full pool answers with 503 or 429",
    },
    // The ends of double-digit milliseconds.
    Known {
        key: "reroute_latency",
        values: &["\"10ms\"", "\"99ms\""],
        ask: "compare the latency of calls that CloudTrail's inferenceRegion shows elsewhere",
    },
    // Tens of seconds, up to a minute.
    Known {
        key: "cold_start",
        values: &["\"20s\"", "\"90s\""],
        ask: "call the model after ten idle minutes, several times",
    },
    Known { key: "flex.latency_factor", values: &["1", "2"], ask: TIERS },
    Known { key: "flex.unavailable_probability", values: &["0", "0.05"], ask: TIERS },
    // AWS speaks of output up to a quarter faster.
    Known { key: "priority.latency_factor", values: &["1", "0.8"], ask: TIERS },
    // Never taken by default: nothing bounds them.
    Known { key: "input_tpm_per_unit", values: &[], ask: "ask your account team for the input tokens of a Model Unit" },
    Known {
        key: "output_tpm_per_unit",
        values: &[],
        ask: "ask your account team for the output tokens of a Model Unit",
    },
    Known {
        key: "unavailable_probability",
        values: &[],
        ask: "divide CloudWatch's InvocationServerErrors by Invocations, on a bad day",
    },
    Known { key: "tpm", values: &[], ask: "look it up: aws service-quotas list-service-quotas --service-code bedrock" },
];

fn known(path: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| path.strip_suffix(known.key).is_some_and(|before| before.ends_with('.')))
}

/// Returns whether a path is of a rule that AWS does not publish. A size of a quota is published, or the user's own.
fn is_unpublished(path: &str) -> bool {
    known(path).is_some_and(|known| known.key != "tpm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_published_is_known_by_the_end_of_its_path() {
        assert_eq!(known("quotas.us.limiter").unwrap().values.len(), 3);
        assert_eq!(known("capacities.us.limiter.token_bucket.burst").unwrap().values, ["1", "0.1"]);
        assert!(known("capacities.us.my_limiter").is_none());
    }
}
