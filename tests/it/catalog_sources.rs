//! The catalogue against the files that its figures were copied from.
//!
//! The files are not part of the project: BEDLOAD_REFERENCE_DATA names their folder, and without it the comparison is
//! skipped aloud. What disagrees stands in `known.rs` with a reason, and an entry that no longer disagrees fails.

mod known;
mod prices;
mod quotas;
mod reserved;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bedload::catalog::Catalog;

/// The number of figures that were compared, and the figures that differ, each with both values.
#[derive(Default)]
struct Compared {
    figures: usize,
    differ: BTreeMap<String, String>,
}

impl Compared {
    /// Compares a figure of the catalogue with that of a source; a source that lacks it differs.
    fn figure<T: PartialEq + std::fmt::Debug>(&mut self, name: String, ours: T, theirs: T) {
        self.figures += 1;
        if ours != theirs {
            self.differ.insert(name, format!("the catalogue has {ours:?}, the source {theirs:?}"));
        }
    }

    /// Fails on what differs without a reason, and on reasons for what agrees.
    fn judge(&self, known: &[(&str, &str)]) -> Result<(), String> {
        let reasons: BTreeSet<&str> = known.iter().map(|(name, _)| *name).collect();
        let unknown = self.differ.iter().filter(|(name, _)| !reasons.contains(name.as_str()));
        let mut faults: Vec<String> = unknown.map(|(name, what)| format!("{name}: {what}")).collect();
        let stale = reasons.iter().filter(|name| !self.differ.contains_key(**name));
        faults.extend(stale.map(|name| format!("{name}: no longer disagrees, so its reason is to be removed")));
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }
}

/// Returns the text of a file of the sources; `None`, said aloud, where they are not at hand.
fn source(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("BEDLOAD_REFERENCE_DATA") else {
        eprintln!("skipped: BEDLOAD_REFERENCE_DATA does not name the folder of {file}");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn judged(compared: &Compared, known: &[(&str, &str)], least: usize) {
    compared.judge(known).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(compared.figures >= least, "only {} figures were compared", compared.figures);
    eprintln!("{} figures compared, {} disagree for a known reason", compared.figures, known.len());
}

#[test]
fn prices_agree_with_the_price_list() {
    let Some(text) = source("prices/bedrock_prices_litellm.csv") else { return };
    judged(&prices::compare(Catalog::embedded(), &text), known::PRICES, 900);
}

#[test]
fn quotas_agree_with_an_account() {
    let Some(text) = source("quotas/list-service-quotas-us-east-1.json") else { return };
    judged(&quotas::compare(Catalog::embedded(), &text), known::QUOTAS, 150);
}

#[test]
fn reserved_prices_agree_with_the_price_list() {
    let Some(text) = source("prices/bedrock_reserved_tier_pricelist_2025-12-29.csv") else { return };
    judged(&reserved::compare(Catalog::embedded(), &text), known::RESERVED, 15);
}

#[test]
fn at_least_seventy_models_are_priced_by_the_price_list() {
    let Some(text) = source("prices/bedrock_prices_litellm.csv") else { return };
    let listed = prices::ids(&text);
    let covered = Catalog::embedded().models.iter().filter(|model| listed.contains(&model.id)).count();
    assert!(covered >= 70, "{covered} models");
}

const LIST: &str = "key,usd_per_Mtok_input,usd_per_Mtok_output,usd_per_Mtok_input_above_200k_tokens\n\
    us.anthropic.claude-opus-4-1-20250805-v1:0,15,75,\n";

#[test]
fn a_price_that_differs_is_found_and_a_stale_reason_too() {
    let mut catalog = Catalog::clone(Catalog::embedded());
    catalog.models.retain(|model| model.id == "anthropic.claude-opus-4-1-20250805-v1:0");
    let prices = catalog.models[0].paths[0].prices.as_mut().unwrap();
    (prices.cache_read, prices.cache_write_5m) = (None, None);
    assert!(prices::compare(&catalog, LIST).judge(&[]).is_ok());

    catalog.models[0].paths[0].prices.as_mut().unwrap().output = Some("$75.01/1M".to_owned());
    let compared = prices::compare(&catalog, LIST);
    let fault = compared.judge(&[]).unwrap_err();
    assert!(fault.starts_with("us.anthropic.claude-opus-4-1-20250805-v1:0 output: the catalogue has "), "{fault}");
    let reason = [("us.anthropic.claude-opus-4-1-20250805-v1:0 output", "tried")];
    assert!(compared.judge(&reason).is_ok());
    let stale = [reason[0], ("us.anthropic.claude-opus-4-1-20250805-v1:0 input", "stale")];
    assert!(compared.judge(&stale).unwrap_err().contains("no longer disagrees"));
}

#[test]
fn a_quota_that_differs_is_found() {
    let list = r#"{ "Quotas": [
        { "QuotaName": "Cross-Region model inference  requests per minute for Amazon Nova Pro ", "Value": 500.0 },
        { "QuotaName": "Cross-region model inference tokens per minute for Amazon Nova Pro.", "Value": 1.0 }
    ] }"#;
    let compared = quotas::compare(Catalog::embedded(), list);
    assert_eq!(compared.figures, 2);
    assert!(compared.differ.contains_key("us.amazon.nova-pro-v1:0 tpm"), "{:?}", compared.differ);
}
