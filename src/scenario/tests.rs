//! Whole scenarios that load.

use super::*;
use crate::model::Bound;
use crate::model::capacity::Saturation;
use crate::model::capacity::limiter::LimiterSpec;
use crate::model::capacity::quota::LimitKind;
use crate::model::workload::arrivals::Arrivals;

/// A model without an id: nothing comes from the catalogue.
const OWN: &str = r#"
[run]
duration = "1h"
warmup = "0s"
[models.own]
max_output_tokens = 4_096
time_to_first_token = "400ms"
output_tokens_per_second = 60
[workloads.chat]
model = "own"
arrivals.poisson.rate = "60/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 512
[capacities.us.on_demand]
tpm = 100_000
"#;

fn load_own(more: &str, overrides: &[&str]) -> Result<Loaded, Refused> {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    load_text("s.toml", &format!("{OWN}{more}"), Path::new(""), &overrides)
}

fn good(result: Result<Loaded, Refused>) -> Loaded {
    result
        .unwrap_or_else(|refused| panic!("{}", crate::cli::render::render(&refused.sources, &refused.findings, false)))
}

#[test]
fn every_template_loads_without_a_word() {
    for (name, text) in template::TEMPLATES {
        let loaded = good(load_text(name, text, Path::new(""), &[]));
        assert_eq!(loaded.warnings, [], "{name}");
        assert!(!loaded.model.title.is_empty());
        let words = describe(&loaded.model);
        let widest = words.lines().map(|l| l.chars().count()).max().unwrap_or(0);
        assert!(widest < 80, "{words}");
    }
    assert!(template::template("quickstart").is_some());
}

#[test]
fn a_model_of_ones_own_assumes_only_what_aws_does_not_publish() {
    let model = good(load_own("", &[])).model;
    let paths: Vec<&str> = model.assumptions.iter().map(|a| a.path.as_str()).collect();
    assert_eq!(paths, ["capacities.us.limiter", "capacities.us.refusal_latency", "models.own.output_burndown"]);
    assert_eq!(model.quotas.len(), 1);
    assert_eq!(model.quotas[0].prefix, "capacities.us");
    assert!(model.quotas[0].limit(LimitKind::Rpm).is_none());
    assert_eq!(model.workloads[0].main().output_cap, 512);
    assert_eq!(model.run.start.unix_us % 86_400_000_000, 0);
    assert_eq!(model.catalog_as_of, None);
    assert_eq!((model.run.seed, model.run.replications.min, model.run.cooldown.0), (1, 10, 600_000_000));
}

#[test]
fn overrides_reach_every_kind_of_place() {
    let set = |path: &str| good(load_own("", &[path])).model;
    let Arrivals::Renewal { intensity, .. } = &set("workloads.chat.arrivals.rate=900/min").workloads[0].arrivals else {
        panic!()
    };
    assert!((intensity.base - 15e-6).abs() < 1e-12);
    assert_eq!(set("capacities.us.tpm=7_000").quotas[0].limit(LimitKind::Tpm).unwrap().amount, 7_000);
    assert_eq!(set("capacities.us.on_demand.tpm = 7_000").quotas[0].limit(LimitKind::Tpm).unwrap().amount, 7_000);
    assert!(set("capacities.us.tpm=none").quotas.is_empty());
    let bucket = set("capacities.us.limiter.token_bucket.burst=0.5").quotas[0].limit(LimitKind::Tpm).unwrap().limiter;
    assert!(matches!(bucket, LimiterSpec::TokenBucket { window: 60_000_000, burst: 50_000, .. }));
    assert!(matches!(
        set("capacities.us.limiter=sliding_window").quotas[0].limit(LimitKind::Tpm).unwrap().limiter,
        LimiterSpec::SlidingWindow { .. }
    ));
    assert_eq!(set("run.start=2026-12-07T13:00:00Z").run.start.unix_us, 1_796_648_400_000_000);
    assert_eq!(set("workloads.chat.client.retries=legacy").workloads[0].client.retries.max_attempts, 5);
    assert_eq!(set("title=two words").title, "two words");
    assert_eq!(set("run.replications={ max = 20 }").run.replications.max, 20);
    assert_eq!(set("workloads.chat.arrivals.gamma={ rate = \"1/s\", cv = 2 }").workloads.len(), 1);
}

#[test]
fn another_kind_replaces_the_kind() {
    let loaded = good(load_own(
        "",
        &["workloads.chat.input_tokens.lognormal={ median = 100, p95 = 200 }", "workloads.chat.input_tokens.p95=300"],
    ));
    assert!(describe(&loaded.model).contains("lognormal, median 100"));
    let loaded = good(load_own("", &["capacities.us.limiter=token_bucket", "capacities.us.limiter.burst=2s"]));
    let limiter = loaded.model.quotas[0].limit(LimitKind::Tpm).unwrap().limiter;
    assert!(matches!(limiter, LimiterSpec::TokenBucket { window: 60_000_000, burst: 3_333, .. }));
}

#[test]
fn named_quotas_come_before_private_ones() {
    let more = "quota = [\"b\", \"a\"]\non_saturation = \"queue\"\n[quotas.a]\nrpm = 10\n[quotas.b]\ntpd = 5_000_000\ntpd_reset = \"rolling\"\n";
    let model = good(load_own(more, &[])).model;
    let prefixes: Vec<&str> = model.quotas.iter().map(|q| q.prefix.as_str()).collect();
    assert_eq!(prefixes, ["quotas.a", "quotas.b", "capacities.us"]);
    assert_eq!(model.capacities[0].quotas, [1, 0, 2]);
    assert_eq!(
        model.quotas[1].limit(LimitKind::Tpd).unwrap().limiter,
        LimiterSpec::SlidingWindow { window: 86_400_000_000 }
    );
    assert_eq!(model.capacities[0].on_saturation, Saturation::Queue { max_wait: None, max_queue: 1_000_000 });
}

#[test]
fn expectations_keep_their_order_and_objectives_follow() {
    let more = "[[expect]]\nmetric = \"workloads.chat.e2e_p99\"\nat_most = \"20s\"\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = 0.001\n";
    let model = good(load_own(more, &["workloads.chat.slo={ e2e = \"9s\", objective = \"99%\" }"])).model;
    let found: Vec<(&str, Bound)> = model.expectations.iter().map(|e| (e.metric.as_str(), e.bound)).collect();
    assert_eq!(
        found,
        [
            ("workloads.chat.e2e_p99_ms", Bound::AtMost(20_000.0)),
            ("throttle_rate", Bound::AtMost(0.001)),
            ("workloads.chat.slo_attainment", Bound::AtLeast(0.99)),
        ]
    );
}

#[test]
fn a_trace_says_how_long_the_run_lasts() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.csv"), "arrival_s,input_tokens,output_tokens\n0,100,10\n61.5,200,20\n").unwrap();
    let text = OWN.replace("duration = \"1h\"\nwarmup = \"0s\"\n", "").replace(
        "arrivals.poisson.rate = \"60/min\"\ninput_tokens = 1000\noutput_tokens = 100\n",
        "arrivals.trace = { file = \"t.csv\" }\n",
    );
    let loaded = good(load_text("s.toml", &text, dir.path(), &[]));
    assert_eq!(loaded.model.run.duration.0, 62_000_000);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_scenario_of_nothing_is_refused_with_a_reason() {
    for text in ["", "[workloads]\n[models]\n[capacities]\n", "title = \"x\"\n[capacities]\n"] {
        assert!(!load_text("s.toml", text, Path::new(""), &[]).unwrap_err().findings.is_empty(), "{text}");
    }
}

#[test]
fn the_same_file_is_the_same_hash() {
    let loaded = good(load_own("", &["run.seed=7"]));
    assert_eq!(loaded.sha256.len(), 64);
    assert_eq!(loaded.sha256, good(load_own("", &[])).sha256);
    assert_eq!(loaded.overrides, ["run.seed=7"]);
}

mod with_a_catalogue {
    use super::*;

    /// A model as a file of the catalogue writes it.
    const BIG: &str = r#"
        id = "maker.big-v1:0"
        name = "Big"
        provider = "Maker"
        max_output_tokens = { value = 64_000, source = "a page", as_of = "2026-11-01" }
        output_burndown = { value = 5, source = "a page", as_of = "2026-11-01" }
        [latency]
        time_to_first_token_median_s = 1.0
        prefill_per_1k_tokens_s = 0.05
        output_tokens_per_second = 70
        remark = ""
        source = "m"
        as_of = "2026-08-01"
        [[paths]]
        path = "us"
        quota = { rpm = 200, tpm = 200_000, tpd = 144_000_000, source = "q", as_of = "2026-09-01" }
        prices = { input = "$3.00/1M", output = "$15.00/1M", source = "p", as_of = "2026-10-01" }
        [[paths]]
        path = "global"
        quota = { rpm = 300, tpm = 200_000, source = "q", as_of = "2026-09-01" }
        prices = { input = "$3.00/1M", output = "$15.00/1M", source = "p", as_of = "2026-10-01" }
    "#;

    fn catalogue() -> Catalog {
        Catalog { models: vec![toml::from_str(BIG).unwrap()] }
    }

    fn load_big(id: &str, more: &str) -> Result<Loaded, Refused> {
        let text = format!(
            "[run]\nduration = \"1h\"\nwarmup = \"0s\"\n[models.big]\nid = \"{id}\"\n[workloads.chat]\nmodel = \"big\"\n\
             arrivals.poisson.rate = \"60/min\"\ninput_tokens = 1000\noutput_tokens = 100\nmax_tokens = 1000\n\
             cache = {{ read_share = 0.5 }}\n{more}"
        );
        let own = LazyLock::new(catalogue as fn() -> Catalog);
        Source::text("s.toml", &text, Path::new(""), &[]).and_then(|source| source.load_with(&own, &[]))
    }

    #[test]
    fn omitted_limits_are_the_catalogues_and_are_said_to_be() {
        let model = good(load_big("us.maker.big-v1:0", "[capacities.us.on_demand]\ntpm = 500_000\n")).model;
        let quota = &model.quotas[0];
        assert_eq!(quota.limit(LimitKind::Rpm).unwrap().amount, 200);
        assert_eq!(quota.limit(LimitKind::Tpm).unwrap().amount, 500_000);
        assert_eq!(quota.limit(LimitKind::Tpd), None, "the account's daily quota stands in its place");
        assert_eq!(model.quotas[1].limit(LimitKind::AccountTpd).unwrap().amount, 700_000_000);
        assert_eq!(model.workloads[0].main().facts.burndown.of(10), 50);
        let paths: Vec<&str> = model.assumptions.iter().map(|a| a.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "account.tpd",
                "account.tpd_counting",
                "capacities.us.count_refused_requests",
                "capacities.us.limiter",
                "capacities.us.refusal_latency",
                "capacities.us.reserve_cache_reads",
                "capacities.us.reserve_output_burndown",
                "capacities.us.rpm",
                "models.big.output_tokens_per_second",
                "models.big.prefill_per_1k_tokens",
                "models.big.prices",
                "models.big.time_to_first_token",
                "run.start",
            ]
        );
        assert_eq!(model.catalog_as_of.as_deref(), Some("2026-08-01"));
        let latency = model.assumptions.iter().find(|a| a.path.ends_with("time_to_first_token"));
        assert_eq!(latency.unwrap().value, "{ median = \"1s\", p95 = \"2s\" }");
    }

    #[test]
    fn a_default_goes_to_the_first_named_quota_when_none_of_them_states_it() {
        let more = "[capacities.us.on_demand]\nquota = [\"b\", \"day\"]\n[quotas.b]\nrpm = 900\n[quotas.day]\ntpd = \"none\"\n";
        let model = good(load_big("us.maker.big-v1:0", more)).model;
        assert_eq!(model.quotas.len(), 3, "two that are named, and the account's");
        let (b, day) = (&model.quotas[0], &model.quotas[1]);
        assert_eq!(LimitKind::ALL.map(|k| b.limit(k).map(|l| l.amount))[..3], [Some(900), Some(200_000), None]);
        assert!(LimitKind::ALL.into_iter().all(|k| day.limit(k).is_none()));
    }

    #[test]
    fn the_way_to_a_model_decides_and_an_unknown_one_is_refused() {
        let capacity = "[capacities.us.on_demand]\n";
        assert_eq!(
            good(load_big("global.maker.big-v1:0", capacity)).model.quotas[0].limit(LimitKind::Rpm).unwrap().amount,
            300
        );
        let refused = load_big("maker.big-v1:0", capacity).unwrap_err();
        assert_eq!(refused.findings[0].rule, "`maker.big-v1:0` is not sold on demand in one region");
        assert_eq!(refused.findings[0].help.as_deref(), Some("use us.maker.big-v1:0 or global.maker.big-v1:0"));
        assert!(load_big("us.maker.bigg-v1:0", capacity).is_err());
    }
}
