//! Figures of the catalogue against the tables of their sources, copied here by hand.

use std::collections::BTreeSet;

use super::*;

fn quota(id: &str) -> &'static QuotaEntry {
    offer(id).quota.as_ref().unwrap()
}

fn priced(id: &str) -> &'static PriceEntry {
    offer(id).prices.as_ref().unwrap()
}

#[test]
fn burndown_is_that_of_the_table() {
    for model in shelf() {
        let expected = match model.name.as_str() {
            "Claude Opus 4.8" => Some(15.0),
            "Claude Opus 5" | "Claude Opus 5.5" | "Claude Sonnet 5" | "Claude Fable 5.1" => Some(10.0),
            "GPT-5.6 Sol" | "GPT-5.6 Terra" | "GPT-5.6 Luna" | "GPT-6 Astra" | "GPT-6.1 Sol" => Some(10.0),
            // No page of AWS names these, and their relatives have another rate than 1.
            "Claude Sonnet 5.5" | "Claude Haiku 5.5" | "Claude Fable 5" | "GPT-5.4" | "GPT-5.5" | "GPT-6 Sol"
            | "GPT-6 Luna" | "GPT-6.1 Terra" => None,
            name if name.starts_with("Claude Mythos") => None,
            // The bedrock-mantle endpoint, where these alone are sold, knows no burndown.
            _ if model.paths.is_empty() => None,
            _ if model.provider == "Anthropic" => Some(5.0),
            _ => Some(1.0),
        };
        let listed = model.output_burndown.as_ref().map(|b| b.value);
        if model.kind == ModelKind::Text || listed.is_some() {
            assert_eq!(listed, expected, "{}", model.id);
        }
    }
}

/// The quotas of the AWS table: requests and tokens per minute of each way.
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

/// The prices of the price list: input, output, cache read, and batch \[USD per million tokens\].
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

    // No Claude after 3.5 is sold as Model Units.
    let sold: Vec<&str> = shelf().iter().filter(|m| m.is_sold_provisioned()).map(|m| m.name.as_str()).collect();
    assert!(sold.contains(&"Nova Pro") && sold.contains(&"Llama 3.1 70B Instruct"), "{sold:?}");
    let claude: Vec<&&str> = sold.iter().filter(|name| name.starts_with("Claude")).collect();
    assert_eq!(claude, [&"Claude 3.5 Sonnet", &"Claude 3.5 Sonnet v2", &"Claude 3 Haiku"]);
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

#[test]
fn every_family_that_bedrock_prices_is_there() {
    assert!(shelf().len() >= 70, "{}", shelf().len());
    for name in [
        "Claude 3.5 Sonnet",
        "Claude 3.5 Sonnet v2",
        "Claude 3.5 Haiku",
        "Claude 3.7 Sonnet",
        "Claude Sonnet 4",
        "Claude Opus 4",
        "Claude Opus 4.1",
        "Claude Sonnet 4.5",
        "Claude Haiku 4.5",
        "Claude Opus 4.5",
        "Claude Sonnet 4.6",
        "Claude Opus 4.6",
        "Claude Opus 4.7",
        "Claude Opus 4.8",
        "Claude Sonnet 5",
        "Claude Opus 5",
        "Claude Fable 5",
        "Claude Fable 5.1",
        "Claude Sonnet 5.5",
        "Claude Opus 5.5",
        "Claude Haiku 5.5",
        "Nova Micro",
        "Nova 2 Lite",
        "Nova Multimodal Embeddings",
        "Llama 3.1 405B Instruct",
        "Llama 3.2 90B Instruct",
        "Llama 4 Scout",
        "DeepSeek-R1",
        "DeepSeek V3.1",
        "DeepSeek V3.2",
        "gpt-oss-20b",
        "gpt-oss-120b",
        "GPT-5.4",
        "GPT-5.5",
        "GPT-5.6 Sol",
        "GPT-6 Astra",
        "Qwen3 32B",
        "Kimi K2.5",
        "Kimi K3",
        "MiniMax M2.5",
        "GLM 5",
        "Grok 4.6",
        "Mistral Large 3",
        "Gemma 3 27B IT",
        "Nemotron 3 Super 120B",
        "Titan Text Embeddings V2",
        "Embed v4",
        "Rerank 3.5",
        "Amazon Rerank 1.0",
        "Jamba 1.5 Large",
    ] {
        assert!(shelf().iter().any(|m| m.name.starts_with(name)), "{name}");
    }
}

/// The dates of the lifecycle page and of the price list.
#[test]
fn ends_of_life_are_those_of_the_sources() {
    for (id, ends) in [
        ("anthropic.claude-3-haiku-20240307-v1:0", "2026-09-10"),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", "2026-06-19"),
        ("anthropic.claude-sonnet-4-20250514-v1:0", "2026-10-14"),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "2027-01-08"),
        (SONNET, "2027-04-08"),
        ("meta.llama3-1-8b-instruct-v1:0", "2027-03-30"),
        ("meta.llama3-3-70b-instruct-v1:0", "2027-03-30"),
        ("meta.llama4-maverick-17b-instruct-v1:0", "2027-03-30"),
        ("deepseek.r1-v1:0", "2027-03-30"),
        ("ai21.jamba-1-5-mini-v1:0", "2026-11-26"),
    ] {
        let life = model(id).lifecycle.as_ref().unwrap();
        assert_eq!(life.ends.as_ref().map(Day::as_str), Some(ends), "{id}");
    }
}

/// The AWS table of the bedrock-mantle endpoint: input and output tokens a minute.
#[test]
fn quotas_of_the_mantle_endpoint_are_those_of_the_table() {
    for (id, input, output) in [
        ("anthropic.claude-opus-4-7", 20_000_000, 2_000_000),
        ("anthropic.claude-opus-4-8", 20_000_000, 2_000_000),
        ("anthropic.claude-opus-5", 20_000_000, 2_000_000),
        ("anthropic.claude-sonnet-5", 3_000_000, 300_000),
        ("anthropic.claude-fable-5", 2_000_000, 200_000),
        ("anthropic.claude-fable-5-1", 5_000_000, 500_000),
        ("openai.gpt-5.4", 20_000_000, 2_000_000),
        ("openai.gpt-5.5", 10_000_000, 1_000_000),
        ("openai.gpt-5.6-sol", 10_000_000, 1_000_000),
        ("openai.gpt-5.6-terra", 20_000_000, 2_000_000),
        ("openai.gpt-5.6-luna", 20_000_000, 2_000_000),
        ("openai.gpt-6-astra", 1_000_000, 100_000),
    ] {
        let mantle = model(id).mantle.as_ref().unwrap();
        assert_eq!((mantle.itpm, mantle.otpm), (Some(input), Some(output)), "{id}");
    }
}

/// The AWS table of custom model deployments: requests and tokens a minute, tokens a day.
#[test]
fn quotas_of_custom_deployments_are_those_of_the_table() {
    for (id, rpm, tpm, tpd) in [
        ("amazon.nova-pro-v1:0", 200, 800_000, 1_152_000_000),
        ("amazon.nova-micro-v1:0", 2_000, 4_000_000, 5_760_000_000),
        ("amazon.nova-lite-v1:0", 2_000, 4_000_000, 5_760_000_000),
        ("amazon.nova-2-lite-v1:0", 2_000, 4_000_000, 5_760_000_000),
        ("meta.llama3-3-70b-instruct-v1:0", 400, 300_000, 432_000_000),
    ] {
        let quota = model(id).custom_deployment.as_ref().unwrap().quota.as_ref().unwrap();
        assert_eq!((quota.rpm, quota.tpm, quota.tpd), (Some(rpm), Some(tpm), Some(tpd)), "{id}");
    }
}

/// Each source region has one quota, and those of the AWS table.
#[test]
fn quotas_by_region_are_those_of_the_table() {
    for model in shelf() {
        for path in &model.paths {
            let mut seen = BTreeSet::new();
            for quota in path.quota.iter().chain(&path.quota_by_region) {
                assert!(quota.regions.iter().all(|r| seen.insert(r)), "{} {}", model.id, path.path);
            }
            assert!(path.quota_by_region.iter().all(|quota| !quota.regions.is_empty()), "{}", model.id);
        }
    }
    for (id, region, rpm, tpm) in [
        ("amazon.nova-micro-v1:0", "ap-southeast-2", 200, 200_000),
        ("amazon.nova-lite-v1:0", "us-west-2", 200, 200_000),
        ("us.amazon.nova-micro-v1:0", "us-west-1", 400, 400_000),
        ("anthropic.claude-3-haiku-20240307-v1:0", "eu-west-1", 400, 300_000),
        ("anthropic.claude-3-haiku-20240307-v1:0", "ap-northeast-1", 200, 200_000),
        ("us.anthropic.claude-3-haiku-20240307-v1:0", "us-east-2", 800, 600_000),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "ap-southeast-1", 20, 200_000),
        ("eu.anthropic.claude-3-7-sonnet-20250219-v1:0", "eu-central-1", 50, 50_000),
    ] {
        let there = offer(id).quota_by_region.iter().find(|q| q.regions.iter().any(|r| r == region)).unwrap();
        assert_eq!((there.rpm, there.tpm), (Some(rpm), Some(tpm)), "{id} from {region}");
    }
}
