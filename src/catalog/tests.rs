//! The shelf as a whole: what every entry keeps to, and figures against their sources.

use std::collections::BTreeSet;

use super::*;
use crate::units::parse::{hourly_price, token_price};

const TODAY: &str = "2026-11-23";
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

fn quota(id: &str) -> &'static QuotaEntry {
    offer(id).quota.as_ref().unwrap()
}

fn priced(id: &str) -> &'static PriceEntry {
    offer(id).prices.as_ref().unwrap()
}

/// A bare amount, such as `$0.18`.
fn is_dollars(text: &str) -> bool {
    hourly_price(&format!("{text}/h")).is_ok()
}

fn price_entries(model: &ModelEntry) -> impl Iterator<Item = &PriceEntry> {
    let paths = model.paths.iter().filter_map(|p| p.prices.as_ref());
    let fast = model.latency_optimized.iter().filter_map(|f| f.prices.as_ref());
    paths.chain(fast).chain(model.custom_deployment.iter().filter_map(|c| c.prices.as_ref()))
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
        assert!(!places.is_empty() || model.is_sold_provisioned(), "{} is not sold", model.id);
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

/// Of each price of a tier: what it is of the standard one \[1\].
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
                    assert_eq!(price * 4, pico(standard).unwrap() * quarters, "{}", model.id);
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
fn burndown_is_that_of_the_table() {
    for model in shelf() {
        let expected = match model.name.as_str() {
            "Claude Opus 4.8" => 15.0,
            "Claude Opus 5" | "Claude Sonnet 5" => 10.0,
            name if name.starts_with("GPT-5.6") => 10.0,
            _ if model.provider == "Anthropic" => 5.0,
            _ => 1.0,
        };
        assert_eq!(model.output_burndown.as_ref().map(|b| b.value), Some(expected), "{}", model.id);
    }
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
                    assert!(to.contains(from), "{} {}: {from} is not served at home", model.id, path.path);
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

/// Of the AWS table: requests and tokens per minute of each way.
#[test]
fn quotas_are_those_of_the_table() {
    for (id, rpm, tpm) in [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 200, 200_000),
        ("global.anthropic.claude-sonnet-4-20250514-v1:0", 200, 200_000),
        ("jp.anthropic.claude-sonnet-4-5-20250929-v1:0", 10_000, 5_000_000),
        ("anthropic.claude-sonnet-4-6", 5_000, 3_000_000),
        ("us.anthropic.claude-sonnet-4-6", 10_000, 6_000_000),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", 10_000, 5_000_000),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", 50, 500_000),
        ("eu.anthropic.claude-opus-4-5-20251101-v1:0", 10_000, 2_000_000),
        ("anthropic.claude-3-haiku-20240307-v1:0", 1_000, 2_000_000),
        ("us.anthropic.claude-3-haiku-20240307-v1:0", 2_000, 4_000_000),
        ("eu.anthropic.claude-3-haiku-20240307-v1:0", 800, 600_000),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", 1_000, 2_000_000),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", 2_000, 4_000_000),
        ("amazon.nova-micro-v1:0", 2_000, 4_000_000),
        ("us.amazon.nova-micro-v1:0", 4_000, 8_000_000),
        ("eu.amazon.nova-lite-v1:0", 400, 400_000),
        ("amazon.nova-pro-v1:0", 250, 1_000_000),
        ("us.amazon.nova-premier-v1:0", 500, 2_000_000),
        ("global.amazon.nova-2-lite-v1:0", 2_000, 8_000_000),
        ("meta.llama3-1-8b-instruct-v1:0", 800, 300_000),
        ("us.meta.llama3-1-70b-instruct-v1:0", 800, 600_000),
        ("meta.llama3-3-70b-instruct-v1:0", 400, 300_000),
        ("us.meta.llama4-scout-17b-instruct-v1:0", 800, 600_000),
        ("us.deepseek.r1-v1:0", 200, 200_000),
        ("deepseek.v3.2", 10_000, 100_000_000),
        ("openai.gpt-oss-120b-1:0", 10_000, 100_000_000),
        ("amazon.titan-embed-text-v2:0", 6_000, 300_000),
        ("amazon.titan-embed-text-v1", 2_000, 300_000),
        ("cohere.embed-v4:0", 1_000, 150_000),
        ("us.cohere.embed-v4:0", 2_000, 300_000),
    ] {
        let quota = quota(id);
        assert_eq!((quota.rpm, quota.tpm), (Some(rpm), Some(tpm)), "{id}");
    }
    for (id, tpm) in [
        ("us.anthropic.claude-sonnet-5", 6_000_000),
        ("global.anthropic.claude-opus-4-8", 30_000_000),
        ("eu.anthropic.claude-opus-5", 30_000_000),
        ("us.openai.gpt-5.6-sol", 10_000_000),
        ("us.openai.gpt-5.6-terra", 20_000_000),
        ("global.openai.gpt-5.6-luna", 20_000_000),
    ] {
        let quota = quota(id);
        assert_eq!((quota.rpm, quota.tpm, quota.tpd), (None, Some(tpm), None), "{id}");
    }
    for (id, rpm) in [("amazon.rerank-v1:0", 200), ("cohere.rerank-v3-5:0", 250)] {
        assert_eq!((quota(id).rpm, quota(id).tpm), (Some(rpm), None), "{id}");
    }
    assert_eq!(quota("us.amazon.nova-pro-v1:0").tpd, Some(2_880_000_000));
    assert_eq!(quota("global.amazon.nova-2-lite-v1:0").tpd, Some(11_520_000_000));
}

/// Of the price list: input, output, cache read, and batch \[USD per million tokens\].
#[test]
fn prices_are_those_of_the_sources() {
    for (id, input, output, cache_read, batch) in [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "3.00", "15.00", "0.30", "1.50"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.00", "15.00", "0.30", "1.50"),
        ("au.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.30", "16.50", "0.33", "1.65"),
        ("global.anthropic.claude-sonnet-5", "2.00", "10.00", "0.20", ""),
        ("us.anthropic.claude-sonnet-5", "2.20", "11.00", "0.22", ""),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "1.00", "5.00", "0.10", "0.50"),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", "15.00", "75.00", "1.50", ""),
        ("global.anthropic.claude-opus-5", "5.00", "25.00", "0.50", "2.50"),
        ("us.anthropic.claude-opus-4-8", "5.50", "27.50", "0.55", ""),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", "0.80", "4.00", "0.08", "0.40"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "0.25", "1.25", "", "0.125"),
        ("amazon.nova-micro-v1:0", "0.035", "0.14", "0.00875", "0.0175"),
        ("us.amazon.nova-lite-v1:0", "0.06", "0.24", "0.015", "0.03"),
        ("eu.amazon.nova-pro-v1:0", "1.05", "4.20", "0.2625", "0.525"),
        ("apac.amazon.nova-pro-v1:0", "0.84", "3.36", "0.21", "0.42"),
        ("us.amazon.nova-premier-v1:0", "2.50", "12.50", "0.625", "1.25"),
        ("global.amazon.nova-2-lite-v1:0", "0.30", "2.50", "0.075", "0.15"),
        ("us.meta.llama3-1-8b-instruct-v1:0", "0.22", "0.22", "", "0.11"),
        ("meta.llama3-3-70b-instruct-v1:0", "0.72", "0.72", "", "0.36"),
        ("us.meta.llama4-maverick-17b-instruct-v1:0", "0.24", "0.97", "", "0.12"),
        ("us.meta.llama4-scout-17b-instruct-v1:0", "0.17", "0.66", "", "0.085"),
        ("us.deepseek.r1-v1:0", "1.35", "5.40", "", ""),
        ("deepseek.v3.2", "0.62", "1.85", "", "0.31"),
        ("openai.gpt-oss-120b-1:0", "0.15", "0.60", "", "0.075"),
        ("us.openai.gpt-5.6-sol", "4.40", "22.00", "0.44", ""),
        ("global.openai.gpt-5.6-luna", "0.20", "1.20", "0.02", ""),
    ] {
        let p = priced(id);
        let price = |text: &str| (!text.is_empty()).then(|| format!("${text}/1M"));
        let found = (p.input.clone(), p.output.clone(), p.cache_read.clone(), p.batch_input.clone());
        assert_eq!(found, (price(input), price(output), price(cache_read), price(batch)), "{id}");
    }
    for (id, input) in [
        ("amazon.titan-embed-text-v2:0", "$0.02/1M"),
        ("amazon.titan-embed-text-v1", "$0.10/1M"),
        ("global.cohere.embed-v4:0", "$0.12/1M"),
    ] {
        assert_eq!(priced(id).input.as_deref(), Some(input), "{id}");
    }
    let written = priced(&format!("us.{SONNET}"));
    assert_eq!(written.cache_write_5m.as_deref(), Some("$4.125/1M"));
    assert_eq!(written.cache_write_1h.as_deref(), Some("$6.60/1M"));
    assert_eq!(priced("amazon.rerank-v1:0").request.as_deref(), Some("$1.00/1K"));
    assert_eq!(priced("cohere.rerank-v3-5:0").request.as_deref(), Some("$2.00/1K"));
    assert!(offer("anthropic.claude-sonnet-4-6").prices.is_none());
}

#[test]
fn the_other_ways_are_those_of_the_sources() {
    let lite = model("amazon.nova-2-lite-v1:0");
    let unit = &lite.provisioned[0];
    assert_eq!(
        (unit.variant.as_deref(), unit.no_commitment.as_deref(), unit.one_month.as_deref()),
        (Some("256k"), Some("$60.50/h"), Some("$55.00/h"))
    );
    assert_eq!(lite.customization.as_ref().unwrap().training.as_deref(), Some("$3.78/1M"));
    assert_eq!(lite.custom_deployment.as_ref().unwrap().regions, ["us-east-1"]);

    let llama = model("meta.llama3-1-70b-instruct-v1:0");
    assert_eq!(llama.provisioned[0].no_commitment.as_deref(), Some("$24.00/h"));
    let import = llama.custom_import.as_ref().unwrap();
    assert_eq!((import.units_per_copy, import.per_unit_minute.as_str()), (8, "$0.0785"));
    assert_eq!(model("meta.llama3-1-8b-instruct-v1:0").custom_import.as_ref().unwrap().units_per_copy, 2);

    for (id, rpm, input) in [
        ("amazon.nova-pro-v1:0", 10, "$1.00/1M"),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", 100, "$1.00/1M"),
        ("meta.llama3-1-70b-instruct-v1:0", 100, "$0.90/1M"),
    ] {
        let fast = model(id).latency_optimized.as_ref().unwrap();
        assert_eq!((fast.quota.rpm, fast.prices.as_ref().unwrap().input.as_deref()), (Some(rpm), Some(input)), "{id}");
    }

    let terms = |id: &str| &offer(id).reserved.as_ref().unwrap().terms;
    let global = &terms(&format!("global.{SONNET}"))[0];
    assert_eq!((global.commitment.as_str(), global.input_per_1k_tpm_hour.as_str()), ("1-month", "$0.18"));
    assert_eq!(terms(&format!("eu.{SONNET}"))[1].output_per_1k_tpm_hour, "$0.891");
    assert!(terms("us.anthropic.claude-haiku-4-5-20251001-v1:0").is_empty());

    // No Claude of the fourth generation or later is sold as Model Units.
    let sold: Vec<&str> = shelf().iter().filter(|m| m.is_sold_provisioned()).map(|m| m.name.as_str()).collect();
    assert_eq!(
        sold,
        [
            "Nova 2 Lite",
            "Nova Lite",
            "Nova Micro",
            "Nova Pro",
            "Titan Embeddings G1 - Text",
            "Claude 3 Haiku",
            "Llama 3.1 70B Instruct",
            "Llama 3.1 8B Instruct"
        ]
    );
}

#[test]
fn the_longest_answers_are_those_of_the_sources() {
    for (id, most) in [
        (SONNET, 64_000),
        ("anthropic.claude-sonnet-5", 128_000),
        ("anthropic.claude-opus-4-1-20250805-v1:0", 32_000),
        ("anthropic.claude-3-haiku-20240307-v1:0", 4_096),
        ("amazon.nova-pro-v1:0", 10_000),
        ("meta.llama4-maverick-17b-instruct-v1:0", 8_192),
        ("deepseek.v3.2", 8_000),
        ("openai.gpt-oss-120b-1:0", 16_384),
        ("openai.gpt-5.6-sol", 128_000),
        ("cohere.embed-v4:0", 0),
    ] {
        assert_eq!(model(id).max_output_tokens.as_ref().map(|m| m.value), Some(most), "{id}");
    }
}
