//! The form that a figure of a user's own catalogue must have: dates, sources, prices, paths.

use std::ops::Range;

use toml::de::DeValue;

use super::age::date;
use super::own::Item;
use super::resolve::{IN_REGION, PREFIXES};
use crate::units::meant;
use crate::units::parse::{amount, hourly_price, token_price};

/// The keys of prices by the token or by the call.
const OF_TOKENS: [&str; 13] = [
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "request",
    "batch_input",
    "batch_output",
    "priority_input",
    "priority_output",
    "flex_input",
    "flex_output",
    "training",
];
/// The catalogue keys whose value is a price by the hour, such as `"$55/h"`.
const OF_HOURS: [&str; 3] = ["no_commitment", "one_month", "six_months"];
/// The catalogue keys whose value is a plain amount of money, such as `"$1.95"`.
const AMOUNTS: [&str; 5] = [
    "per_unit_minute",
    "storage_per_month",
    "storage_per_unit_month",
    "input_per_1k_tpm_hour",
    "output_per_1k_tpm_hour",
];

/// Reports every text in an item that does not have the form that its key requires.
pub(super) fn check(item: &Item<'_>, report: &mut dyn FnMut(Range<usize>, String, String)) {
    match item.get_ref() {
        DeValue::Table(table) => {
            for (key, below) in table {
                if key.get_ref() == "overlaid" {
                    let help = "leave it out: bedload notes itself whose figure each is".to_owned();
                    report(key.span(), "unknown key `overlaid`".to_owned(), help);
                }
                if let Some((rule, help)) = below.get_ref().as_str().and_then(|text| fault(key.get_ref(), text)) {
                    report(below.span(), rule, help);
                }
                check(below, report);
            }
        }
        DeValue::Array(items) => items.iter().for_each(|below| check(below, report)),
        _ => {}
    }
}

fn fault(key: &str, text: &str) -> Option<(String, String)> {
    let price = |is_good: bool, meant: &[String], example: &str| {
        let meant = meant.first().map_or(example, String::as_str);
        (!is_good).then(|| (format!("`{text}` is no price for `{key}`"), format!("write {key} = \"{meant}\"")))
    };
    match key {
        "as_of" if date(text).is_none() => {
            Some((format!("`{text}` is no day"), "write as_of = \"2026-11-29\"".to_owned()))
        }
        "source" if text.trim().is_empty() => {
            let help = "write where the figure stands, such as source = \"Service Quotas of our account\"";
            Some(("a source is not empty".to_owned(), help.to_owned()))
        }
        "path" if text != IN_REGION && !PREFIXES.contains(&text) => {
            let help = format!("use {IN_REGION}, {}", PREFIXES.join(", "));
            Some((format!("there is no path `{text}`"), help))
        }
        _ if OF_TOKENS.contains(&key) => price(token_price(text).is_ok(), &meant::token_price(text), "$0.30/1M"),
        _ if OF_HOURS.contains(&key) => price(hourly_price(text).is_ok(), &meant::hourly_price(text), "$55/h"),
        _ if AMOUNTS.contains(&key) => price(amount(text).is_ok(), &meant::amount(text), "$1.95"),
        _ => None,
    }
}
