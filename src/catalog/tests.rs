//! The rules that every entry of the catalogue keeps; figures against their sources are in `figures.rs`.

mod figures;

use std::collections::BTreeSet;

use super::*;
use crate::units::parse::{hourly_price, token_price};

const TODAY: &str = "2026-11-29";
const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn shelf() -> &'static [ModelEntry] {
    &Catalog::embedded().models
}

fn model(id: &str) -> &'static ModelEntry {
    Catalog::embedded().resolve(id).unwrap().model
}

fn offer(id: &str) -> &'static Path {
    Catalog::embedded().resolve(id).unwrap().offer.unwrap()
}

/// Returns a bare amount, such as `$0.18`.
fn is_dollars(text: &str) -> bool {
    hourly_price(&format!("{text}/h")).is_ok()
}

fn price_entries(model: &ModelEntry) -> impl Iterator<Item = &PriceEntry> {
    let paths = model.paths.iter().filter_map(|p| p.prices.as_ref());
    let fast = model.latency_optimized.iter().filter_map(|f| f.prices.as_ref());
    let mantle = model.mantle.iter().filter_map(|m| m.prices.as_ref());
    paths.chain(mantle).chain(fast).chain(model.custom_deployment.iter().filter_map(|c| c.prices.as_ref()))
}

#[test]
fn ids_are_unique_and_sorted() {
    assert!(shelf().is_sorted_by(|a, b| a.id < b.id));
    let names: BTreeSet<&str> = shelf().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names.len(), shelf().len());
}

#[test]
fn every_path_is_known_stands_once_and_in_one_order() {
    let order: Vec<&str> = [IN_REGION].into_iter().chain(PREFIXES).collect();
    for model in shelf() {
        let places: Vec<usize> =
            model.paths.iter().map(|p| order.iter().position(|o| *o == p.path).expect(&p.path)).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "{}: {places:?}", model.id);
        let is_sold = !places.is_empty() || model.is_sold_provisioned() || model.mantle.is_some();
        assert!(is_sold, "{} is not sold", model.id);
        for path in &model.paths {
            assert!(std::ptr::eq(model.path(&path.path).unwrap(), path));
        }
        assert!(model.path("moon").is_none());
    }
}

#[test]
fn every_figure_has_a_source_and_a_date_and_makes_sense() {
    for model in shelf() {
        for (source, as_of) in model.sources() {
            assert!(age_days(as_of, TODAY).is_some_and(|age| age >= 0), "{}: {as_of}", model.id);
            assert!(!source.is_empty() && !source.contains("http") && !source.contains('\n'), "{}: {source}", model.id);
        }
        let writes = model.kind == ModelKind::Text;
        assert!(model.max_output_tokens.as_ref().is_none_or(|most| (most.value > 0) == writes), "{}", model.id);
        assert!(model.output_burndown.as_ref().is_none_or(|burndown| burndown.value >= 1.0), "{}", model.id);
        for latency in model.latency.iter().chain(model.latency_optimized.iter().filter_map(|f| f.latency.as_ref())) {
            assert!(latency.time_to_first_token_median_s > 0.0 && latency.output_tokens_per_second > 0.0);
            assert!(latency.time_to_first_token_p95_s.is_none_or(|p95| p95 > latency.time_to_first_token_median_s));
            assert!(latency.prefill_per_1k_tokens_s >= 0.0 && latency.remark.contains("assumption"), "{}", model.id);
        }
    }
    let account = &AccountEntry::embedded().cross_model_tpd;
    assert_eq!((account.value, account.source.is_empty()), (700_000_000, false));
    assert!(age_days(&account.as_of, TODAY).is_some_and(|age| age >= 0));
}

#[test]
fn every_price_parses() {
    for model in shelf() {
        let training = model.customization.iter().filter_map(|c| c.training.as_deref());
        for text in price_entries(model).flat_map(PriceEntry::of_tokens).chain(training) {
            assert!(token_price(text).is_ok_and(|p| p.0.0 > 0 || text == "$0.00/1M"), "{}: {text}", model.id);
        }
        for text in price_entries(model).filter_map(|p| p.request.as_deref()) {
            assert!(text.ends_with("/1K") && token_price(text).is_ok(), "{}: {text}", model.id);
        }
        for unit in &model.provisioned {
            for text in [&unit.no_commitment, &unit.one_month, &unit.six_months].into_iter().flatten() {
                assert!(hourly_price(text).is_ok(), "{}: {text}", model.id);
            }
        }
        let terms = model.paths.iter().filter_map(|p| p.reserved.as_ref()).flat_map(|r| &r.terms);
        let terms = terms.flat_map(|t| [&t.input_per_1k_tpm_hour, &t.output_per_1k_tpm_hour]);
        let import = model.custom_import.iter().flat_map(|i| [&i.per_unit_minute, &i.storage_per_unit_month]);
        let storage = model.customization.iter().map(|c| &c.storage_per_month);
        for text in terms.chain(import).chain(storage) {
            assert!(is_dollars(text), "{}: {text}", model.id);
        }
    }
}

#[test]
fn a_price_is_of_what_the_model_does() {
    for model in shelf() {
        for p in price_entries(model) {
            let has = (p.input.is_some(), p.output.is_some(), p.request.is_some());
            let expected = match model.kind {
                ModelKind::Text => (true, true, false),
                ModelKind::Embedding => (true, false, false),
                ModelKind::Rerank => (false, false, true),
            };
            assert_eq!(has, expected, "{}", model.id);
        }
    }
}

/// Half of a hundredth of a US dollar per million tokens, as prices are \[10⁻¹² USD/token\]: some price lists round to it.
const ROUNDING: i128 = 5_000;

#[test]
fn batch_and_flex_are_half_and_priority_is_1_75() {
    let pico = |text: &Option<String>| text.as_deref().map(|t| token_price(t).unwrap().0.0);
    for model in shelf() {
        for p in price_entries(model) {
            for (price, standard, quarters) in [
                (&p.batch_input, &p.input, 2),
                (&p.batch_output, &p.output, 2),
                (&p.flex_input, &p.input, 2),
                (&p.flex_output, &p.output, 2),
                (&p.priority_input, &p.input, 7),
                (&p.priority_output, &p.output, 7),
            ] {
                if let Some(price) = pico(price) {
                    let off = (price * 4 - pico(standard).unwrap() * quarters).abs();
                    // At bedrock-mantle LiteLLM has this model at $0.14, and its tiers as those of $0.15.
                    let is_known = model.id == "qwen.qwen3-next-80b-a3b" && p.input.as_deref() == Some("$0.14/1M");
                    assert!(off <= 4 * ROUNDING || is_known, "{}: off by {off}", model.id);
                }
            }
        }
    }
}

#[test]
fn a_tier_is_named_where_it_has_a_price() {
    for model in shelf() {
        for path in &model.paths {
            assert!(path.tiers.iter().all(|t| ["priority", "flex", "reserved"].contains(&t.as_str())), "{}", model.id);
            let has =
                |price: fn(&PriceEntry) -> &Option<String>| path.prices.as_ref().is_some_and(|p| price(p).is_some());
            assert!(!has(|p| &p.priority_input) || path.is_sold_in_tier("priority"), "{}", model.id);
            assert!(!has(|p| &p.flex_input) || path.is_sold_in_tier("flex"), "{}", model.id);
            assert_eq!(path.reserved.is_some(), path.is_sold_in_tier("reserved"), "{}", model.id);
            assert!(path.is_sold_in_tier("standard") && !path.is_sold_in_tier("gold"));
            for term in path.reserved.iter().flat_map(|r| &r.terms) {
                assert!(["1-month", "3-months"].contains(&term.commitment.as_str()), "{}", model.id);
            }
        }
    }
}

/// The User Guide's rule; of a profile it is the same figure as its daily quota, doubled.
#[test]
fn a_day_is_1440_minutes_of_tokens() {
    let mut given = 0;
    for model in shelf() {
        let fast = model.latency_optimized.iter().map(|f| &f.quota);
        for quota in model.paths.iter().flat_map(|p| &p.quota).chain(fast) {
            if let Some(tpd) = quota.tpd {
                assert_eq!(Some(tpd), quota.tpm.map(|tpm| tpm * 1_440), "{}", model.id);
                given += 1;
            }
            assert!(quota.rpm.is_some() || quota.tpm.is_some(), "{} has no limit at all", model.id);
        }
    }
    assert!(given > 40, "{given}");
}

#[test]
fn profiles_alone_have_destinations_and_every_source_has_one_set() {
    let is_region =
        |r: &String| r.split('-').count() == 3 && r.ends_with(|c: char| c.is_ascii_digit()) && !r.starts_with("us-gov");
    for model in shelf() {
        for path in &model.paths {
            assert!(path.path != IN_REGION || path.regions.is_empty(), "{}", model.id);
            let mut sources = BTreeSet::new();
            for entry in &path.regions {
                assert!(!entry.from.is_empty() && !entry.to.is_empty());
                assert!(entry.from.iter().chain(&entry.to).all(is_region), "{} {}", model.id, path.path);
                let to: BTreeSet<&String> = entry.to.iter().collect();
                assert_eq!(to.len(), entry.to.len(), "{} {}", model.id, path.path);
                for from in &entry.from {
                    assert!(sources.insert(from), "{} {}: {from} twice", model.id, path.path);
                    // The one profile that ListInferenceProfiles shows without the region that it was asked in.
                    let away = model.name == "Claude 3.5 Sonnet" && from == "us-east-2";
                    assert!(to.contains(from) != away, "{} {}: {from} is not served at home", model.id, path.path);
                }
            }
        }
    }
}

#[test]
fn destinations_depend_on_the_source() {
    let us = offer(&format!("us.{SONNET}"));
    assert_eq!(us.destinations("us-east-1").unwrap().to, ["us-east-1", "us-east-2", "us-west-2"]);
    assert_eq!(us.destinations("us-west-1").unwrap().to, ["us-east-1", "us-east-2", "us-west-1", "us-west-2"]);
    let sources = vec!["ca-central-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"];
    assert_eq!(us.destinations("eu-west-1").unwrap_err(), NoDestinations::NotASource(sources));
    let opus = offer("us.anthropic.claude-opus-5");
    assert_eq!(opus.destinations("us-east-1").unwrap_err(), NoDestinations::NotKnown);
    let global = offer(&format!("global.{SONNET}"));
    assert_eq!(global.destinations("sa-east-1").unwrap().to.len(), 33);
}

#[test]
fn a_life_cycle_runs_forward_and_its_successor_is_known_and_outlives_it() {
    for model in shelf() {
        let Some(life) = &model.lifecycle else { continue };
        let days: Vec<&str> = [&life.launched, &life.legacy_from, &life.extended_from, &life.ends]
            .into_iter()
            .flatten()
            .map(Day::as_str)
            .collect();
        assert!(!days.is_empty() && days.is_sorted_by(|a, b| a < b), "{}: {days:?}", model.id);
        let Some(next) = &life.successor else { continue };
        let next = shelf().iter().find(|m| m.id == *next).unwrap_or_else(|| panic!("{}: {next}", model.id));
        assert!(next.lifecycle.as_ref().is_none_or(|l| l.ends.is_none()), "{} is replaced by {}", model.id, next.id);
    }
}

#[test]
fn long_prompts_cost_more_on_every_path() {
    let pico = |text: &Option<String>| token_price(text.as_deref().unwrap()).unwrap().0.0;
    let mut found = 0;
    for model in shelf() {
        for path in &model.paths {
            let Some(long) = &path.long_context else { continue };
            let usual = path.prices.as_ref().unwrap();
            assert!([100_000, 200_000, 272_000].contains(&long.above), "{}", model.id);
            assert!(pico(&long.input) > pico(&usual.input) && pico(&long.output) > pico(&usual.output), "{}", model.id);
            found += 1;
        }
    }
    assert!(found >= 25, "{found}");
    let sonnet = offer(&format!("us.{SONNET}")).long_context.as_ref().unwrap();
    let found = (sonnet.above, sonnet.input.as_deref(), sonnet.output.as_deref());
    assert_eq!(found, (200_000, Some("$6.60/1M"), Some("$24.75/1M")));
}
