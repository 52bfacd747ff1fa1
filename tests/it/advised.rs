//! Fixes that are said in words about life cycles, purchases, accounts, teams and studies are accepted when they are followed.

use std::fs;
use std::path::Path;
use std::process::Command;

use bedload::catalog::Catalog;
use bedload::scenario::{load, load_text};

/// A scenario with a model of the catalogue.
const GOOD: &str = r#"[run]
duration = "1h"
warmup = "0s"

[models.m]
id = "amazon.nova-pro-v1:0"
time_to_first_token = "400ms"
output_tokens_per_second = 60

[workloads.chat]
model = "m"
route = "us"
arrivals.poisson.rate = "6/min"
input_tokens = 1000
output_tokens = 100
max_tokens = 500

[capacities.us.on_demand]
tpm = 1_000_000
rpm = 500
"#;

const ON_DEMAND: &str = "[capacities.us.on_demand]\ntpm = 1_000_000\nrpm = 500\n";
const ID: &str = "id = \"amazon.nova-pro-v1:0\"\n";
/// The begin of Model Units: what one of them carries.
const UNITS: &str = "[capacities.us.provisioned]\ninput_tpm_per_unit = 40_000\noutput_tpm_per_unit = 8_000\n";

/// The good scenario with a part in the place of another; what is wrong with it; what the help says; and the part as the help
/// says it.
fn advised() -> Vec<(&'static str, String, &'static str, String)> {
    let units = |more: &str| format!("{UNITS}{more}\n");
    let on_demand = |more: &str| format!("{ON_DEMAND}{more}\n");
    vec![
        // Model Units.
        (
            ON_DEMAND,
            "[capacities.us.provisioned]\nmodel_units = 1\noutput_tpm_per_unit = 8_000".to_owned(),
            "write input_tpm_per_unit = NUMBER",
            units("model_units = 1"),
        ),
        (ON_DEMAND, units(""), "write model_units = 3", units("model_units = 3")),
        (
            ON_DEMAND,
            units("model_units = 2\nmodel_units_quota = 1"),
            "write model_units_quota = 2 when it has granted them",
            units("model_units = 2\nmodel_units_quota = 2"),
        ),
        (ON_DEMAND, units("model_units = 0"), "write model_units = 1, or more", units("model_units = 1")),
        (
            ON_DEMAND,
            units("commitment = \"1-month\"\npurchases = [{ model_units = 2 }]"),
            "write it in each of `purchases`",
            units("purchases = [{ model_units = 2, commitment = \"1-month\" }]"),
        ),
        (
            ON_DEMAND,
            units("purchases = [{ model_units = 2, at = \"30m\", ends = \"20m\" }]"),
            "leave `ends` out to keep it",
            units("purchases = [{ model_units = 2, at = \"30m\" }]"),
        ),
        (
            ON_DEMAND,
            units("purchases = [{ model_units = 2, commitment = \"1-month\", ends = \"50m\" }]"),
            "or write commitment = \"none\"",
            units("purchases = [{ model_units = 2, commitment = \"none\", ends = \"50m\" }]"),
        ),
        (
            ON_DEMAND,
            units("purchases = [{ model_units = 2, at = \"1m\", since = \"9d\" }]"),
            "leave `at` out of one that was made before the run",
            units("purchases = [{ model_units = 2, since = \"9d\" }]"),
        ),
        (ON_DEMAND, units("model_units = 1\nvariant = \"9k\""), "it has 24k, 300k", units("model_units = 1\nvariant = \"24k\"")),
        // Batches and deployments.
        (
            ON_DEMAND,
            "[capacities.us.batch]\nqueue_delay = \"1h\"\ntokens_per_second = 1000".to_owned(),
            "write collect_every = \"1h\", or another value",
            "[capacities.us.batch]\nqueue_delay = \"1h\"\ntokens_per_second = 1000\ncollect_every = \"1h\"".to_owned(),
        ),
        (
            ON_DEMAND,
            "[capacities.us.custom_deployment]".to_owned(),
            "write [models.m.customization], or use on_demand",
            "[capacities.us.custom_deployment]\n[models.m.customization]\nmethod = \"fine_tuning\"\ntraining_tokens = 1_000_000"
                .to_owned(),
        ),
        // Prices of long prompts.
        (
            ID,
            "max_output_tokens = 4_096\nprices = { input = \"$3/1M\", output = \"$15/1M\", long_context = { input = \"$6/1M\", output = \"$22.50/1M\" } }\n".to_owned(),
            "write above = 200_000 beside them",
            "max_output_tokens = 4_096\nprices = { input = \"$3/1M\", output = \"$15/1M\", long_context = { above = 200_000, input = \"$6/1M\", output = \"$22.50/1M\" } }\n".to_owned(),
        ),
        // The account.
        (
            ON_DEMAND,
            on_demand("[account]\ntpd = 700_000_000\ntpd_counting = \"price-weighted\""),
            "did you mean `price_weighted`?",
            on_demand("[account]\ntpd = 700_000_000\ntpd_counting = \"price_weighted\""),
        ),
        (ON_DEMAND, on_demand("[account]\ntpd = \"700M\""), "write 700_000_000", on_demand("[account]\ntpd = 700_000_000")),
        (
            ON_DEMAND,
            on_demand("[account]\ntpd = \"unlimited\""),
            "\"none\" for no limit",
            on_demand("[account]\ntpd = \"none\""),
        ),
        // Owners and files of teams.
        ("[run]\n", "owner = \"Search Team\"\n[run]\n".to_owned(), "write owner = \"search-team\"", "owner = \"search-team\"\n[run]\n".to_owned()),
        ("[run]\n", "owner = 5\n[run]\n".to_owned(), "write owner = \"search\"", "owner = \"search\"\n[run]\n".to_owned()),
        (
            "[run]\n",
            "include = [{ file = \"search.toml\" }]\n[run]\n".to_owned(),
            "write include = [\"other.toml\"]",
            "include = [\"search.toml\"]\nowner = \"web\"\n[run]\n".to_owned(),
        ),
        ("[run]\n", "extends = 5\n[run]\n".to_owned(), "write extends = [\"other.toml\"]", "extends = [\"plain.toml\"]\n[run]\n".to_owned()),
        // Studies.
        (
            ON_DEMAND,
            on_demand("[size]\nvary = \"capacities.us.tpm\"\nfrom = 1_000_000\nto = 4_000_000"),
            "write step = 4",
            on_demand(
                "[size]\nvary = \"capacities.us.tpm\"\nfrom = 1_000_000\nto = 4_000_000\nstep = 4\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"",
            ),
        ),
        (
            ON_DEMAND,
            on_demand("[size]\nvary = \"capacities.us.tpm\"\nfrom = 100\nto = 40"),
            "write to = 100, or more",
            on_demand(
                "[size]\nvary = \"capacities.us.tpm\"\nfrom = 100\nto = 100\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"",
            ),
        ),
        (ON_DEMAND, on_demand("[size]\nvary = \"capacities.us.tpm\"\nto = 9"), "write from = NUMBER", on_demand("[size]\nvary = \"capacities.us.tpm\"\nfrom = 1_000_000\nto = 1_500_000\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"")),
        (
            ON_DEMAND,
            on_demand("[size]\nvary = \"capacities.us.tpm\"\nfrom = 1_000_000\nto = 1_500_000"),
            "write [[expect]] with a metric and a bound",
            on_demand("[size]\nvary = \"capacities.us.tpm\"\nfrom = 1_000_000\nto = 1_500_000\n[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\""),
        ),
        (
            ON_DEMAND,
            on_demand("[sweep]\nquota = [1, 2]"),
            "write a path such as \"capacities.us.tpm\"",
            on_demand("[sweep]\n\"capacities.us.tpm\" = [1_000_000, 2_000_000]"),
        ),
        (
            ON_DEMAND,
            on_demand("[doubt]\n\"capacities.us.tpm\" = []"),
            "name each value that it may have",
            on_demand("[doubt]\n\"capacities.us.tpm\" = [1_000_000, 2_000_000]"),
        ),
    ]
}

#[test]
fn advice_about_purchases_accounts_teams_and_studies_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("plain.toml"), GOOD).expect("a file");
    let team = "[models.n]\nid = \"amazon.nova-lite-v1:0\"\n[workloads.w]\nmodel = \"n\"\nroute = \"c\"\narrivals.poisson.rate = \"6/min\"\ninput_tokens = 100\noutput_tokens = 100\nmax_tokens = 500\n[capacities.c.on_demand]\ntpm = 1_000_000\nrpm = 500\n";
    fs::write(folder.path().join("search.toml"), team).expect("a file");
    let read = |text: &str| load_text("chat.toml", text, folder.path(), &[]);
    let mut wrong: Vec<String> = Vec::new();
    for (part, bad, help, good) in advised() {
        assert!(GOOD.contains(part), "{part}");
        match read(&GOOD.replace(part, &bad)) {
            Ok(_) => wrong.push(format!("{bad}: is accepted")),
            Err(refused) => {
                let said: Vec<&str> = refused.findings.iter().filter_map(|f| f.help.as_deref()).collect();
                if !said.iter().any(|said| said.contains(help)) {
                    wrong.push(format!("{bad}: the help says {said:?}, not `{help}`"));
                }
            }
        }
        if let Err(refused) = read(&GOOD.replace(part, &good)) {
            wrong.push(format!("{good}: {}", refused.reason()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A run of a model after its end of life.
fn after_the_end(id: &str) -> String {
    let text = GOOD.replace("duration = \"1h\"", "duration = \"1h\"\nstart = \"2029-01-01T00:00:00Z\"");
    text.replace("id = \"amazon.nova-pro-v1:0\"", &format!("id = \"{id}\""))
}

#[test]
fn each_successor_that_is_named_and_after_end_are_accepted() {
    let mut named = 0;
    for entry in Catalog::embedded().models.iter().filter(|entry| entry.lifecycle.is_some()) {
        let Some(path) = entry.paths.first() else { continue };
        let id = if path.path == bedload::catalog::IN_REGION {
            entry.id.clone()
        } else {
            format!("{}.{}", path.path, entry.id)
        };
        let text = after_the_end(&id);
        let Err(refused) = load_text("chat.toml", &text, Path::new("."), &[]) else { continue };
        let help = refused.findings.iter().filter_map(|f| f.help.as_deref()).find(|help| help.contains("after_end"));
        let help = help.unwrap_or_else(|| panic!("{id}: {}", refused.reason()));
        let played = text.replace("[models.m]", "[models.m]\nafter_end = \"play\"");
        load_text("chat.toml", &played, Path::new("."), &[])
            .unwrap_or_else(|refused| panic!("{id}: {}", refused.reason()));
        let Some(successor) = help.split("write id = \"").nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        named += 1;
        let text = after_the_end(successor).replace("2029-01-01", "2026-11-29");
        load_text("chat.toml", &text, Path::new("."), &[])
            .unwrap_or_else(|refused| panic!("{successor}, for {id}: {}", refused.reason()));
    }
    assert!(named > 5, "{named} models have a successor that is named");
}

#[test]
fn flags_of_size_and_sweep_are_accepted_as_they_are_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let goal = "[[expect]]\nmetric = \"failure_rate\"\nat_most = \"1%\"\n";
    let text = GOOD.replace("duration = \"1h\"", "duration = \"5m\"\nreplications = 2") + goal;
    fs::write(folder.path().join("chat.toml"), text).expect("a file");
    let said = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder.path()).output();
        let output = output.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let rate = ["size", "chat.toml", "--vary", "workloads.chat.arrivals.rate", "--find", "greatest"];
    for (wrong, help, right) in [
        (
            vec!["size", "chat.toml"],
            "--vary PATH --from A --to B",
            vec!["--vary", "capacities.us.tpm", "--from", "1000000", "--to", "1000100"],
        ),
        ([&rate[..], &["--from", "6", "--to", "8"]].concat(), "--unit /min", vec!["--unit", "/min"]),
        (
            [&rate[..], &["--from", "6/min", "--to", "8"]].concat(),
            "write 6 and --unit /min",
            vec!["--from", "6", "--to", "8", "--unit", "/min"],
        ),
    ] {
        let (code, told) = said(&wrong);
        assert!(code == Some(2) && told.contains(help), "{wrong:?}: {code:?}, {told}");
        let kept: Vec<&str> =
            wrong.iter().copied().take_while(|arg| *arg != "--from" || right[0] != "--from").collect();
        let (code, told) = said(&[&kept[..], &right[..], &["-q"]].concat());
        assert_ne!(code, Some(2), "{right:?}: {told}");
    }
    let (code, told) = said(&["sweep", "chat.toml"]);
    assert!(code == Some(2) && told.contains("[sweep] with \"capacities.us.tpm\" = [1_000_000, 2_000_000]"), "{told}");
    let swept = fs::read_to_string(folder.path().join("chat.toml")).expect("a file")
        + "[sweep]\n\"capacities.us.tpm\" = [1_000_000, 2_000_000]\n";
    fs::write(folder.path().join("swept.toml"), swept).expect("a file");
    assert!(load(&folder.path().join("swept.toml"), &[]).is_ok());
}
