//! Default quotas against those of one account in us-east-1, as `aws service-quotas list-service-quotas` has them.

use std::collections::{BTreeMap, BTreeSet};

use bedload::catalog::{Catalog, IN_REGION, ModelEntry, Path, QuotaEntry};

use super::Compared;

/// The names by which quotas call a model, in lower case.
const NAMES: [(&str, &[&str]); 62] = [
    ("ai21.jamba-1-5-large-v1:0", &["ai21 labs jamba 1.5 large"]),
    ("ai21.jamba-1-5-mini-v1:0", &["ai21 labs jamba 1.5 mini"]),
    ("amazon.nova-2-lite-v1:0", &["amazon nova 2 lite"]),
    ("amazon.nova-2-multimodal-embeddings-v1:0", &["amazon nova 2 multimodal embeddings v1"]),
    ("amazon.nova-2-pro-preview-20251202-v1:0", &["amazon nova 2 pro preview"]),
    ("amazon.nova-lite-v1:0", &["amazon nova lite"]),
    ("amazon.nova-micro-v1:0", &["amazon nova micro"]),
    ("amazon.nova-premier-v1:0", &["amazon nova premier v1"]),
    ("amazon.nova-pro-v1:0", &["amazon nova pro", "amazon nova pro v1"]),
    ("amazon.rerank-v1:0", &["amazon rerank 1.0"]),
    ("amazon.titan-embed-image-v1", &["amazon titan multimodal embeddings g1"]),
    ("amazon.titan-embed-text-v1", &["amazon titan text embeddings"]),
    ("amazon.titan-embed-text-v2:0", &["amazon titan text embeddings v2"]),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", &["anthropic claude 3.5 haiku"]),
    ("anthropic.claude-3-5-sonnet-20240620-v1:0", &["anthropic claude 3.5 sonnet"]),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", &["anthropic claude 3.5 sonnet v2"]),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", &["anthropic claude 3.7 sonnet v1"]),
    ("anthropic.claude-3-haiku-20240307-v1:0", &["anthropic claude 3 haiku"]),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", &["anthropic claude haiku 4.5"]),
    ("anthropic.claude-opus-4-1-20250805-v1:0", &["anthropic claude opus 4.1"]),
    ("anthropic.claude-opus-4-20250514-v1:0", &["anthropic claude opus 4 v1"]),
    ("anthropic.claude-opus-4-5-20251101-v1:0", &["anthropic claude opus 4.5"]),
    ("anthropic.claude-sonnet-4-20250514-v1:0", &["anthropic claude sonnet 4 v1"]),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", &["anthropic claude sonnet 4.5 v1"]),
    ("cohere.embed-english-v3", &["cohere embed english"]),
    ("cohere.embed-multilingual-v3", &["cohere embed multilingual"]),
    ("cohere.embed-v4:0", &["cohere embed v4"]),
    ("cohere.rerank-v3-5:0", &["cohere rerank 3.5"]),
    ("deepseek.r1-v1:0", &["deepseek r1 v1"]),
    ("google.gemma-3-12b-it", &["gemma 3 12b"]),
    ("google.gemma-3-27b-it", &["gemma 3 27b"]),
    ("google.gemma-3-4b-it", &["gemma 3 4b"]),
    ("meta.llama3-1-70b-instruct-v1:0", &["meta llama 3.1 70b instruct"]),
    ("meta.llama3-1-8b-instruct-v1:0", &["meta llama 3.1 8b instruct"]),
    ("meta.llama3-2-11b-instruct-v1:0", &["meta llama 3.2 11b instruct"]),
    ("meta.llama3-2-1b-instruct-v1:0", &["meta llama 3.2 1b instruct"]),
    ("meta.llama3-2-3b-instruct-v1:0", &["meta llama 3.2 3b instruct"]),
    ("meta.llama3-2-90b-instruct-v1:0", &["meta llama 3.2 90b instruct"]),
    ("meta.llama3-3-70b-instruct-v1:0", &["meta llama 3.3 70b instruct"]),
    ("meta.llama3-70b-instruct-v1:0", &["meta llama 3 70b instruct"]),
    ("meta.llama3-8b-instruct-v1:0", &["meta llama 3 8b instruct"]),
    ("meta.llama4-maverick-17b-instruct-v1:0", &["meta llama 4 maverick v1"]),
    ("meta.llama4-scout-17b-instruct-v1:0", &["meta llama 4 scout v1"]),
    ("minimax.minimax-m2", &["minimax m2"]),
    ("mistral.magistral-small-2509", &["magistral small 1.2"]),
    ("mistral.ministral-3-14b-instruct", &["ministral 14b 3.0"]),
    ("mistral.ministral-3-3b-instruct", &["ministral 3b 3.0"]),
    ("mistral.ministral-3-8b-instruct", &["ministral 8b 3.0"]),
    ("mistral.mistral-7b-instruct-v0:2", &["mistral 7b instruct", "mistral ai mistral 7b instruct"]),
    ("mistral.mistral-large-2402-v1:0", &["mistral large", "mistral ai mistral large"]),
    ("mistral.mistral-large-3-675b-instruct", &["mistral large 3"]),
    ("mistral.mistral-small-2402-v1:0", &["mistral ai mistral small"]),
    ("mistral.mixtral-8x7b-instruct-v0:1", &["mistral mixtral 8x7b instruct", "mistral ai mixtral 8x7bb instruct"]),
    ("mistral.pixtral-large-2502-v1:0", &["mistral pixtral large 25.02 v1"]),
    ("mistral.voxtral-mini-3b-2507", &["voxtral mini 1.0"]),
    ("mistral.voxtral-small-24b-2507", &["voxtral small 1.0"]),
    ("moonshot.kimi-k2-thinking", &["kimi k2 thinking"]),
    ("nvidia.nemotron-nano-12b-v2", &["nvidia nemotron nano 2 vl"]),
    ("nvidia.nemotron-nano-3-30b", &["nemotron nano 3 30b"]),
    ("nvidia.nemotron-nano-9b-v2", &["nvidia nemotron nano 2"]),
    ("openai.gpt-oss-120b-1:0", &["openai gpt oss 120b"]),
    ("openai.gpt-oss-20b-1:0", &["openai gpt oss 20b"]),
];

/// More of the names, of models whose ids and quotas are written alike.
const MORE_NAMES: [(&str, &[&str]); 6] = [
    ("openai.gpt-oss-safeguard-120b", &["gpt oss safeguard 120b"]),
    ("openai.gpt-oss-safeguard-20b", &["gpt oss safeguard 20b"]),
    ("qwen.qwen3-32b-v1:0", &["qwen3 32b v1"]),
    ("qwen.qwen3-coder-30b-a3b-v1:0", &["qwen3 coder 30b a3b v1"]),
    ("qwen.qwen3-next-80b-a3b", &["qwen3 next 80b a3b"]),
    ("qwen.qwen3-vl-235b-a22b", &["qwen3 vl 235b a22b"]),
];

/// The beginnings of names of models that the catalogue leaves out: images, speech, video, and what has long ended.
const LEFT_OUT: [&str; 20] = [
    "ai21 labs jamba instruct",
    "ai21 labs jurassic",
    "amazon nova 2 omni",
    "amazon nova canvas",
    "amazon titan image",
    "amazon titan text express",
    "amazon titan text lite",
    "amazon titan text premier",
    "anthropic claude 3 opus",
    "anthropic claude 3 sonnet",
    "anthropic claude instant",
    "anthropic claude v2",
    "anthropic claude sonnet 4 v1 1m context length",
    "anthropic claude sonnet 4.5 v1 1m context length",
    "cohere command",
    "meta llama 2",
    "stability.ai",
    "stable image",
    "twelve labs",
    "twelvelabs",
];

const ON_DEMAND: &str = "on-demand model inference ";
const GEOGRAPHIC: &str = "cross-region model inference ";
const GLOBAL: &str = "global cross-region model inference ";
const CUSTOM: &str = "(model customization) sum of on demand custom model deployment ";

/// Quotas by name, and the names that a model was found for.
struct Listed {
    quotas: BTreeMap<String, u64>,
    used: BTreeSet<String>,
}

/// Evens out what the names of quotas are written like: case, blanks, a full stop at the end.
fn normal(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

impl Listed {
    fn read(list: &str) -> Self {
        let list: serde_json::Value = serde_json::from_str(list).expect("the list is JSON");
        let rows = list["Quotas"].as_array().expect("the list has quotas").iter();
        let quotas = rows.map(|row| {
            let name = normal(row["QuotaName"].as_str().expect("a quota has a name"));
            (name, row["Value"].as_f64().expect("a quota has a value") as u64)
        });
        Self { quotas: quotas.collect(), used: BTreeSet::new() }
    }

    /// Finds the quota of a model under any of its names.
    fn get(&mut self, before: &str, model: &[&str], after: &str) -> Option<u64> {
        model.iter().find_map(|name| {
            let name = format!("{before}{name}{after}");
            let value = *self.quotas.get(&name)?;
            self.used.insert(name);
            Some(value)
        })
    }
}

/// Returns the quota of calls from us-east-1.
fn at_home(path: &Path) -> Option<&QuotaEntry> {
    let here = |quota: &&QuotaEntry| quota.regions.iter().any(|region| region == "us-east-1");
    path.quota_by_region.iter().find(here).or(path.quota.as_ref())
}

fn path(compared: &mut Compared, listed: &mut Listed, (id, names): (&str, &[&str]), path: &Path) {
    let (before, name) = match path.path.as_str() {
        IN_REGION => (ON_DEMAND, id.to_owned()),
        "us" => (GEOGRAPHIC, format!("us.{id}")),
        "global" => (GLOBAL, format!("global.{id}")),
        _ => return,
    };
    let quota = at_home(path);
    for (key, kind, ours) in [("rpm", "requests", quota.map(|q| q.rpm)), ("tpm", "tokens", quota.map(|q| q.tpm))] {
        if let Some(theirs) = listed.get(&format!("{before}{kind} per minute for "), names, "") {
            compared.figure(format!("{name} {key}"), ours.flatten(), Some(theirs));
        }
    }
    let of_model = listed.get("model invocation max tokens per day for ", names, " (doubled for cross-region calls)");
    let theirs = match before {
        GLOBAL => listed.get("global cross-region model inference tokens per day for ", names, ""),
        GEOGRAPHIC => of_model.map(|tokens| 2 * tokens),
        _ => of_model,
    };
    // The row of a day is in the catalogue where it is known to be published.
    if let (Some(ours), Some(theirs)) = (quota.and_then(|q| q.tpd), theirs) {
        compared.figure(format!("{name} tpd"), ours, theirs);
    }
}

/// Compares the quotas of custom model deployments and of latency-optimized inference.
fn others(compared: &mut Compared, listed: &mut Listed, model: &ModelEntry, names: &[&str]) {
    let custom = model.custom_deployment.as_ref().and_then(|custom| custom.quota.as_ref());
    let fast = model.latency_optimized.as_ref().map(|fast| &fast.quota);
    let kinds = ["requests per minute for ", "tokens per minute for "];
    for (what, quota, starts) in [
        ("custom", custom, [CUSTOM, CUSTOM]),
        (
            "fast",
            fast,
            ["on-demand, latency-optimized model inference ", "on-demand latency-optimized model inference "],
        ),
    ] {
        for (key, kind, ours) in [("rpm", kinds[0], quota.map(|q| q.rpm)), ("tpm", kinds[1], quota.map(|q| q.tpm))] {
            let theirs = starts.iter().find_map(|start| listed.get(&format!("{start}{kind}"), names, ""));
            if theirs.is_some() {
                compared.figure(format!("{} {what} {key}", model.id), ours.flatten(), theirs);
            }
        }
    }
    if let Some(theirs) = listed.get(&format!("{CUSTOM}tokens per day for "), names, "") {
        compared.figure(format!("{} custom tpd", model.id), custom.and_then(|q| q.tpd), Some(theirs));
    }
}

/// Compares the quotas of every model that the list names.
///
/// # Panics
/// The list has a quota of inference of a model that is neither in the catalogue nor left out on purpose.
pub fn compare(catalog: &Catalog, list: &str) -> Compared {
    let (mut compared, mut listed) = (Compared::default(), Listed::read(list));
    for (id, names) in NAMES.into_iter().chain(MORE_NAMES) {
        let model = catalog.models.iter().find(|model| model.id == id).unwrap_or_else(|| panic!("{id} is not there"));
        for entry in &model.paths {
            path(&mut compared, &mut listed, (id, names), entry);
        }
        others(&mut compared, &mut listed, model, names);
    }
    for name in listed.quotas.keys().filter(|name| !listed.used.contains(*name)) {
        let kinds = [ON_DEMAND, GEOGRAPHIC, GLOBAL];
        let of = kinds.iter().find_map(|kind| name.strip_prefix(kind)?.split_once(" for "));
        if let Some((_, model)) = of {
            assert!(LEFT_OUT.iter().any(|start| model.starts_with(start)), "no model for the quota `{name}`");
        }
    }
    compared
}
