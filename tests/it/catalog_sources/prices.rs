//! Prices against LiteLLM's list, in US dollars per million tokens.

use std::collections::{BTreeMap, BTreeSet};

use bedload::catalog::{Catalog, IN_REGION, ModelEntry, PriceEntry};
use bedload::units::parse::token_price;

use super::Compared;

/// A row of the list by the names of its columns.
type Row = BTreeMap<String, String>;

/// A price of the catalogue, its name, and the column of the list that has it.
type Column = (&'static str, &'static str, fn(&PriceEntry) -> Option<&str>);

const COLUMNS: [Column; 11] = [
    ("input", "usd_per_Mtok_input", |p| p.input.as_deref()),
    ("output", "usd_per_Mtok_output", |p| p.output.as_deref()),
    ("cache_read", "usd_per_Mtok_cache_read", |p| p.cache_read.as_deref()),
    ("cache_write_5m", "usd_per_Mtok_cache_creation", |p| p.cache_write_5m.as_deref()),
    ("cache_write_1h", "usd_per_Mtok_cache_creation_above_1hr", |p| p.cache_write_1h.as_deref()),
    ("batch_input", "usd_per_Mtok_input_batches", |p| p.batch_input.as_deref()),
    ("batch_output", "usd_per_Mtok_output_batches", |p| p.batch_output.as_deref()),
    ("flex_input", "usd_per_Mtok_input_flex", |p| p.flex_input.as_deref()),
    ("flex_output", "usd_per_Mtok_output_flex", |p| p.flex_output.as_deref()),
    ("priority_input", "usd_per_Mtok_input_priority", |p| p.priority_input.as_deref()),
    ("priority_output", "usd_per_Mtok_output_priority", |p| p.priority_output.as_deref()),
];

fn rows(list: &str) -> BTreeMap<String, Row> {
    let mut reader = csv::Reader::from_reader(list.as_bytes());
    let rows = reader.deserialize::<Row>().map(|row| row.expect("the list is a table"));
    rows.map(|row| (row["key"].clone(), row)).collect()
}

/// Returns the ids of all models that the list has.
pub fn ids(list: &str) -> BTreeSet<String> {
    rows(list).into_values().map(|row| row["model_id"].clone()).collect()
}

/// Returns a cell in 10⁻¹² US dollars a token; `None` where it is empty or 0, as of the output of an embedding.
fn cell(row: &Row, column: &str) -> Option<i128> {
    let text = row.get(column).filter(|text| !text.is_empty())?;
    Some(token_price(&format!("${text}/1M")).unwrap_or_else(|_| panic!("{column}: {text}")).0.0)
        .filter(|pico| *pico > 0)
}

fn pico(price: &str) -> i128 {
    token_price(price).expect("a price of the catalogue parses").0.0
}

/// Returns whether a price that the list lacks has another source, which the entry names, and agrees with that source.
fn has_another_source(prices: &PriceEntry, column: &str) -> bool {
    let half = |batch: &Option<String>, standard: &Option<String>| {
        let of = |text: &Option<String>| text.as_deref().map(pico);
        of(batch).map(|pico| 2 * pico) == of(standard)
    };
    let says = |words: &str| prices.source.contains(words);
    match column {
        "batch_input" => says("batch at half of on-demand") && half(&prices.batch_input, &prices.input),
        "batch_output" => says("batch at half of on-demand") && half(&prices.batch_output, &prices.output),
        "cache_write_5m" => says("cache writes at $0") && prices.cache_write_5m.as_deref().map(pico) == Some(0),
        _ => false,
    }
}

fn entry(compared: &mut Compared, name: &str, prices: &PriceEntry, row: &Row) {
    for (key, column, price) in COLUMNS {
        let (ours, theirs) = (price(prices).map(pico), cell(row, column));
        if (ours.is_some() || theirs.is_some()) && !(theirs.is_none() && has_another_source(prices, key)) {
            compared.figure(format!("{name} {key}"), ours, theirs);
        }
    }
}

fn model(compared: &mut Compared, model: &ModelEntry, rows: &BTreeMap<String, Row>) {
    for path in &model.paths {
        let name = if path.path == IN_REGION { model.id.clone() } else { format!("{}.{}", path.path, model.id) };
        let (Some(prices), Some(row)) = (&path.prices, rows.get(&name)) else {
            compared.figure(format!("{name} is priced"), path.prices.is_some(), rows.contains_key(&name));
            continue;
        };
        entry(compared, &name, prices, row);
        let long = path.long_context.as_ref().filter(|long| long.above == 200_000);
        for (key, ours) in [("input", long.map(|l| &l.input)), ("output", long.map(|l| &l.output))] {
            let ours = ours.and_then(|text| text.as_deref()).map(pico);
            let theirs = cell(row, &format!("usd_per_Mtok_{key}_above_200k_tokens"));
            if ours.is_some() || theirs.is_some() {
                compared.figure(format!("{name} {key} above 200,000"), ours, theirs);
            }
        }
    }
    let Some(mantle) = &model.mantle else { return };
    let name = format!("bedrock_mantle/{}", mantle.id.as_ref().unwrap_or(&model.id));
    match (&mantle.prices, rows.get(&name)) {
        (Some(prices), Some(row)) => entry(compared, &name, prices, row),
        (None, None) => {}
        (ours, theirs) => compared.figure(format!("{name} is priced"), ours.is_some(), theirs.is_some()),
    }
}

/// Compares every price of every model, path and tier.
pub fn compare(catalog: &Catalog, list: &str) -> Compared {
    let rows = rows(list);
    let mut compared = Compared::default();
    for entry in &catalog.models {
        model(&mut compared, entry, &rows);
    }
    compared
}
