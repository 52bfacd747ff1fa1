//! Small scenarios drawn at random, of all kinds of arrivals, clients, limits and capacities. Properties that hold of every run
//! are tested on them.

use std::path::{Path, PathBuf};

use bedload::cli::render::render;
use bedload::scenario::{Loaded, load_text};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub const NAMES: [&str; 3] = ["chat", "docs", "nightly"];

const MODEL: &str = r#"[models.own]
max_output_tokens = 400
output_burndown = 2
time_to_first_token.lognormal = { median = "500ms", p95 = "2s" }
output_tokens_per_second = 80
prices = { input = "$1/1M", output = "$4/1M", cache_read = "$0.10/1M" }
"#;

fn lines(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(choices)
}

/// The arrivals of a workload; `RATE` stands for a rate \[1/s\].
const ARRIVALS: [&str; 16] = [
    "arrivals.constant = { rate = \"RATE/s\" }",
    "arrivals.poisson = { rate = \"RATE/s\" }",
    "arrivals.poisson = { rate = \"RATE/s\" }",
    "arrivals.gamma = { rate = \"RATE/s\", cv = 2 }",
    "arrivals.weibull = { rate = \"RATE/s\", cv = 1.5 }",
    "arrivals.mmpp = { rate = \"RATE/s\", states = [{ factor = 5, mean_duration = \"2s\" }, { factor = 1, mean_duration = \"4s\" }] }",
    "arrivals.batches = { rate = \"RATE/s\", size = 3, spread = \"0s\", cv = 0 }",
    "arrivals.batches = { rate = \"RATE/s\", size.uniform = { low = 1, high = 6 }, spread = \"500ms\" }",
    "arrivals.job = { requests = 80, at = \"4s\", spread = \"2s\" }",
    "arrivals.poisson = { rate = \"RATE/s\" }\nshape = [{ at = \"0s\", factor = 0.4 }, { at = \"12s\", factor = 2 }]",
    "arrivals.gamma = { rate = \"RATE/s\", cv = 0.5 }\nbursts = [{ at = \"6s\", lasts = \"3s\", factor = 4 }]",
    "arrivals.users = { count = 9, think_time = \"300ms\", start = \"together\" }",
    "arrivals.users = { count = 20, think_time.exponential = { mean = \"2s\" } }",
    "arrivals.sessions = { rate = \"RATE/s\", turns = 3, think_time = \"500ms\", context = \"none\" }",
    "arrivals.sessions = { rate = \"RATE/s\", turns.gamma = { mean = 4, cv = 0.8 }, think_time = \"1s\" }\ncache = { prefix_tokens = 100, context = true }",
    "arrivals.trace = { file = \"logs/assistant.json.gz\", rate_scale = 0.7, repeat = true }",
];

const TOKENS: [&str; 4] = [
    "input_tokens = 300\noutput_tokens = 100\nmax_tokens = 100",
    "input_tokens.uniform = { low = 10, high = 500 }\noutput_tokens.exponential = { mean = 80 }",
    "input_tokens = 500\noutput_tokens.uniform = { low = 1, high = 300 }\nmax_tokens = 150",
    "input_tokens.lognormal = { median = 200, p95 = 900 }\noutput_tokens.lognormal = { median = 60, p95 = 250 }\ncorrelation = 0.5",
];

const CACHES: [&str; 5] = [
    "",
    "",
    "cache = { read_share = 0.5, write_share = 0.2 }",
    "cache = { prefix_tokens = 120, ttl = \"2s\", keys = 3 }",
    "cache = { prefix_tokens = 90, ttl = \"1h\" }",
];

const RETRIES: [&str; 9] = [
    "retries = \"none\"",
    "retries = \"standard\"",
    "retries = \"legacy\"",
    "retries = \"adaptive\"",
    "retries.exponential = { max_attempts = 4, base = \"500ms\", retry_quota = 40 }",
    "retries.exponential = { jitter = \"none\" }",
    "retries.exponential = { max_attempts = 9, base = \"200ms\", cap = \"1s\" }",
    "retries = \"standard_2025\", app_retries = { attempts = 2, delay = \"700ms\" }",
    "retries.sdk = { name = \"javascript\", version = \"3.500.0\" }",
];

const CLIENTS: [&str; 9] = [
    "",
    "",
    ", processes = 2",
    ", timeout = \"3s\", processes = 2",
    ", attempt_timeout = \"1500ms\"",
    ", attempt_timeout = \"1s\", timeout = \"4s\", processes = 3",
    ", max_connections = 4",
    ", max_connections = 2, processes = 2, timeout = \"5s\"",
    ", pace = { rpm = 120, burst = \"2s\" }, processes = 2",
];

const EXTRAS: [&str; 8] = [
    "",
    "",
    "",
    "failover = \"after_retries\"",
    "tier = \"priority\"",
    "tier.flex = { latency_factor = 1.5, unavailable_probability = \"5%\" }",
    "steps = [{ model = \"own\", input_tokens = 40, route = \"us\" }]",
    "steps = [{ model = \"own\", input_tokens.exponential = { mean = 80 }, output_tokens = 20, route = [\"eu\", \"us\"] }, { model = \"own\", input_tokens = 10, route = \"us\" }]",
];

const ROUTES: [&str; 4] = ["[\"us\"]", "[\"eu\"]", "[\"us\", \"eu\"]", "[\"eu\", \"us\"]"];

/// The keys of a workload, without its header.
fn workload() -> impl Strategy<Value = String> {
    let rates = select(&[1, 2, 3, 5, 8, 40][..]);
    let (arrivals, tokens, cache) = (select(&ARRIVALS[..]), select(&TOKENS[..]), select(&CACHES[..]));
    let client = (select(&RETRIES[..]), select(&CLIENTS[..]));
    (arrivals, rates, tokens, cache, client, select(&EXTRAS[..]), select(&ROUTES[..])).prop_map(
        |(arrivals, rate, tokens, cache, (retries, client), extra, route)| {
            let arrivals = arrivals.replace("RATE", &rate.to_string());
            // A trace says itself how long its requests are and what they cached; sessions come with a cache of their own.
            let tokens = if arrivals.contains("trace") { "max_tokens = 150" } else { tokens };
            let cache = if arrivals.contains("trace") || arrivals.contains("cache") { "" } else { cache };
            format!("model = \"own\"\n{arrivals}\n{tokens}\n{cache}\nclient = {{ {retries}{client} }}\n{extra}\nroute = {route}\n")
        },
    )
}

fn limits() -> impl Strategy<Value = String> {
    let rpm = lines(&["", "rpm = 60\n", "rpm = 200\n"]);
    let tpm = lines(&["", "tpm = 20_000\n", "tpm = 60_000\n"]);
    let tpd = lines(&["", "", "tpd = 50_000\ntpd_used_at_start = 20_000\n"]);
    let limiter = lines(&[
        "limiter = \"fixed_window\"",
        "limiter.fixed_window = { window = \"10s\", offset = \"3s\" }",
        "limiter = \"sliding_window\"",
        "limiter = \"token_bucket\"",
        "limiter.token_bucket = { burst = 0.2 }",
    ]);
    let doubts = lines(&["", "reserve_cache_reads = true\n", "count_refused_requests = true\n"]);
    (rpm, tpm, tpd, limiter, doubts)
        .prop_map(|(rpm, tpm, tpd, limiter, doubts)| format!("{rpm}{tpm}{tpd}{doubts}{limiter}\n"))
}

/// Returns a strategy for the keys that any capacity with immediate answers may have.
fn common() -> impl Strategy<Value = String> {
    let places = lines(&["", "concurrency = 2\n", "concurrency = 8\n"]);
    let saturation = lines(&[
        "",
        "on_saturation = \"queue\"\n",
        "on_saturation = \"queue\"\nmax_wait = \"2s\"\n",
        "on_saturation = \"queue\"\nmax_queue = 5\n",
    ]);
    let luck = lines(&["", "unavailable_probability = 0.1\n"]);
    let outages = lines(&[
        "",
        "outages = [{ at = \"8s\", lasts = \"4s\" }]\n",
        "outages = [{ at = \"5s\", lasts = \"9s\", factor = 0.5 }]\n",
    ]);
    let refusal = lines(&["", "", "refusal_latency = \"200ms\"\n"]);
    (places, saturation, luck, outages, refusal).prop_map(|parts| {
        let (places, saturation, luck, outages, refusal) = parts;
        format!("{places}{saturation}{luck}{outages}{refusal}")
    })
}

/// Keys of each kind beside the common ones; `LIMITS` stands for limits by requests and tokens.
const KINDS: [&str; 17] = [
    "on_demand]\nLIMITS",
    "on_demand]\nLIMITS\nquota = \"account\"",
    "on_demand]\nendpoint = \"mantle\"\nitpm = 20_000\notpm = 4_000",
    "on_demand]\nendpoint = \"mantle\"\nitpm = \"none\"\notpm = 900\nlimiter = \"token_bucket\"",
    "on_demand]\nLIMITS\ncontention.processor_sharing = { output_tokens_per_second = 300 }",
    "on_demand]\nLIMITS\nconcurrency = 9\ncontention.curve = { points = [{ utilization = 0.5, factor = 1.0 }, { utilization = 1.0, factor = 3.0 }] }",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nLIMITS",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nreroute_latency = \"20ms\"\ndestinations = [\"us-west-2\", { region = \"us-east-1\", concurrency = 2 }]\nLIMITS",
    "cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"\nselection = \"free_room\"\nno_room = \"throttled\"\ndestinations = [{ region = \"us-east-1\", tpm = 9_000, background = 0.3 }, { region = \"us-west-2\", concurrency = 3, round_trip = \"70ms\", outages = [{ at = \"6s\", lasts = \"7s\" }] }]\nLIMITS\nquota = \"account\"",
    "provisioned]\nmodel_units = 2\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 4_000\nprice_per_unit = \"$20/h\"",
    "provisioned]\nadmission = \"post_charge\"\nlimiter = \"token_bucket\"\ninput_tpm_per_unit = 10_000\noutput_tpm_per_unit = 4_000\nprice_per_unit = \"$20/h\"\npurchases = [{ model_units = 1 }, { model_units = 2, at = \"4s\", ready_after = \"3s\", ends = \"15s\" }]",
    "reserved]\ninput_tpm = 100_000\noutput_tpm = 10_000\nprice_per_1k_input_tpm_hour = \"$0.18/h\"\nprice_per_1k_output_tpm_hour = \"$0.90/h\"",
    "latency_optimized]\nrpm = 30\nprices = { input = \"$2/1M\", output = \"$2/1M\", cache_read = \"$1/1M\" }\ntime_to_first_token = \"100ms\"",
    "custom_deployment]\nLIMITS",
    "custom_import]\nmax_copies = 3\nconcurrency_per_copy = 2\nunits_per_copy = 2\nprice_per_unit_minute = \"$0.0785\"\ncold_start = \"2s\"",
    "batch]\ncollect_every = \"7s\"\nqueue_delay = \"1s\"\ntokens_per_second = 50_000",
    "batch]\ncollect_every = \"9s\"\nqueue_delay = \"1s\"\ntokens_per_second = 2_000\ndeadline = \"8s\"",
];

/// A whole section but for its name: one of each kind, with limits and luck.
fn capacity() -> impl Strategy<Value = String> {
    (select(&KINDS[..]), limits(), common()).prop_map(|(kind, limits, common)| {
        let common = if kind.starts_with("batch") { String::new() } else { common };
        // What a kind says itself is not said again.
        let common: String = (common.lines())
            .filter(|line| line.split(" =").next().is_none_or(|key| !kind.contains(&format!("\n{key} ="))))
            .filter(|line| !(kind.starts_with("custom_import") && line.starts_with("concurrency")))
            .fold(String::new(), |text, line| text + line + "\n");
        format!("{}\n{common}", kind.replace("LIMITS", limits.trim_end()))
    })
}

/// Returns a strategy for the sections of a small scenario that is valid.
pub fn sections() -> impl Strategy<Value = Vec<String>> {
    let workloads = proptest::collection::vec(workload(), 1..=NAMES.len());
    let account = (limits(), select(&["", "", "[account]\ntpd = 90_000\n"][..]));
    let run = (1..1_000_u32, lines(&["1s", "5s", "60s"]));
    let sections = (workloads, capacity(), capacity(), account, run).prop_map(
        |(workloads, us, eu, (quota, account), (seed, cooldown))| {
            // A job is of a hundred records at least.
            let many = [&us, &eu].iter().any(|kind| kind.starts_with("batch"));
            let rates = if many { "rate = \"2" } else { "rate = \"" };
            let workloads = workloads.iter().map(|keys| keys.replace("rate = \"", rates));
            let mut sections = vec![
                format!("[run]\nduration = \"20s\"\nwarmup = \"3s\"\ncooldown = \"{cooldown}\"\nseed = {seed}\nreplications = 1\n"),
                MODEL.to_owned(),
                "[windows.all]\nfrom = \"3s\"\nto = \"23s\"\n".to_owned(),
                format!("[capacities.us.{us}"),
                format!("[capacities.eu.{eu}"),
                format!("[quotas.account]\nrpm = 300\n{}", quota.replace("rpm = 60\n", "").replace("rpm = 200\n", "")),
                account.to_owned(),
            ];
            sections.extend(workloads.zip(NAMES).map(|(keys, name)| format!("[workloads.{name}]\n{keys}")));
            sections
        },
    );
    sections.prop_filter("a scenario that is refused", |sections| load(sections).is_ok())
}

/// Reads the sections as one scenario, or returns the findings.
pub fn load(sections: &[String]) -> Result<Loaded, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    load_text("small.toml", &sections.join("\n"), &folder, &[])
        .map_err(|refused| render(&refused.sources, &refused.findings, false))
}

/// Returns the scenario of this number, the same each time.
pub fn nth(number: u64) -> Vec<String> {
    let seed: [u8; 32] = std::array::from_fn(|i| number.to_le_bytes()[i % 8]);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let tree = sections().new_tree(&mut TestRunner::new_with_rng(Config::default(), rng));
    tree.expect("most scenarios are valid").current()
}

/// Writes scenarios as files, so that two programs can be compared on them: `BEDLOAD_CASES` of them into the existing folder
/// `BEDLOAD_SCENARIOS`. Without these, a few go into a folder that is removed again.
#[test]
fn scenarios_are_written() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("BEDLOAD_SCENARIOS").map_or(temporary.path().to_owned(), PathBuf::from);
    let cases = std::env::var("BEDLOAD_CASES").map_or(20, |n| n.parse().expect("BEDLOAD_CASES is a number"));
    for number in 0..cases {
        let text = nth(number).join("\n");
        assert_eq!(text, nth(number).join("\n"), "the same number is the same scenario");
        std::fs::write(folder.join(format!("mixture-{number:04}.toml")), text).unwrap();
    }
}
