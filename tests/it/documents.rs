//! The output of `--format json` is one strict JSON document: no key twice, nothing before or after it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value that was read without a fault.
struct Strict;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict)
    }
    fn visit_f64<E: Error>(self, x: f64) -> Result<Strict, E> {
        if x.is_finite() { Ok(Strict) } else { Err(E::custom("a number is not finite")) }
    }
    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict)
    }
    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
        while seq.next_element::<Strict>()?.is_some() {}
        Ok(Strict)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, Strict)) = map.next_entry::<String, Strict>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key `{key}` comes twice")));
            }
        }
        Ok(Strict)
    }
}

fn is_strict(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Strict>(text).map(|_| ())
}

#[test]
fn a_document_that_is_not_strict_is_found() {
    for text in ["{}", "[1, -2.5, null, true, \"a\", {\"a\": {\"a\": []}}]\n"] {
        is_strict(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for text in ["", "{} {}", "x\n{}", "{\"a\": 1, \"a\": 2}", "[NaN]", "[1e999]", "{\"a\": [{\"b\": 1, \"b\": 1}]}"] {
        assert!(is_strict(text).is_err(), "{text}");
    }
}

fn scenario(run: &str, rate: &str, prices: &str, capacity: &str) -> String {
    format!(
        r#"title = "t"
run = {{ warmup = "0s", {run} }}
models.m = {{ max_output_tokens = 4096, time_to_first_token = "300ms", output_tokens_per_second = 100{prices} }}
[workloads.chat]
model = "m"
arrivals.constant = {{ rate = "{rate}" }}
input_tokens = 1000
output_tokens = 100
max_tokens = 512
[capacities.us.on_demand]
{capacity}
[[expect]]
metric = "e2e_p99"
at_most = "5s"
[size]
vary = "run.traffic_scale"
from = 1
to = 3
find = "greatest"
[sweep]
"run.traffic_scale" = [1, 2]
way = {{ "a\"b" = {{}}, c = {{ "run.seed" = 2 }} }}
"#
    )
}

/// Situations in which figures are not known, endless or missing.
fn situations() -> Vec<(&'static str, String)> {
    let (two, limits) = ("duration = \"1m\", replications = 2", "rpm = 600\ntpm = 1_000_000");
    let prices = ", prices = { input = \"$1/1M\", output = \"$4/1M\" }";
    let free = ", prices = { input = \"$0/1M\", output = \"$0/1M\" }";
    let open = "concurrency = 1\nrpm = \"none\"\ntpm = \"none\"\ntpd = \"none\"";
    let outage = "rpm = 600\ntpm = 1_000_000\noutages = [{ at = \"0s\", lasts = \"3m\" }]";
    vec![
        ("nothing arrives", scenario(two, "0/min", prices, limits)),
        ("overloaded", scenario("duration = \"2s\", replications = 1", "20_000/s", prices, open)),
        ("free", scenario(two, "60/min", free, limits)),
        ("unpriced", scenario(two, "60/min", "", limits)),
        ("short", scenario("duration = \"1us\", replications = 2", "60/min", prices, limits)),
        ("one replication", scenario("duration = \"1m\", replications = 1", "60/min", prices, limits)),
        ("an outage", scenario(two, "60/min", prices, outage)),
    ]
}

fn stdout(folder: &Path, args: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn every_verb_prints_one_strict_document() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, text) in situations() {
        std::fs::write(folder.path().join("s.toml"), text).expect("it can be written");
        let verbs: [&[&str]; 5] = [
            &["run", "s.toml", "--no-charts"],
            &["sweep", "s.toml", "--no-charts"],
            &["size", "s.toml", "--no-charts"],
            &["compare", "s.toml", "--set", "run.traffic_scale=2", "--no-charts"],
            &["sweep", "s.toml", "--list"],
        ];
        for verb in verbs {
            let (document, error) = stdout(folder.path(), &[verb, &["--format", "json"]].concat());
            is_strict(&document).unwrap_or_else(|fault| panic!("{name}, {verb:?}: {fault}\n{document}\n{error}"));
        }
    }
}

#[test]
fn the_list_of_a_sweep_is_json_when_json_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (_, text) = situations().remove(2);
    std::fs::write(folder.path().join("s.toml"), text).expect("it can be written");
    let (list, _) = stdout(folder.path(), &["sweep", "s.toml", "--list", "--format", "json"]);
    let points: serde_json::Value = serde_json::from_str(&list).expect("it is JSON");
    let point = |n: u64, scale: u64, way: &str| serde_json::json!({ "point": n, "parameters": { "run.traffic_scale": scale, "way": way } });
    assert_eq!(
        points,
        serde_json::json!([point(0, 1, "a\"b"), point(1, 1, "c"), point(2, 2, "a\"b"), point(3, 2, "c")])
    );
    let (nothing, error) = stdout(folder.path(), &["sweep", "s.toml", "--list", "--format", "markdown"]);
    assert!(nothing.is_empty() && error.contains("write --format json"), "{nothing}{error}");
}
