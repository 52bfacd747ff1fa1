//! A catalogue of the user's own, laid over that of bedload.

use std::path::{Path, PathBuf};
use std::process::Command;

use bedload::catalog::own::{File, lay};
use bedload::cli::render::render;
use bedload::model::Model;
use bedload::model::capacity::quota::LimitKind;
use bedload::model::input::Input;
use bedload::scenario::{Loaded, Source};

use super::assumed;

/// One limit and one price of a model that bedload knows, and a model that it does not know.
const OURS: &str = r#"
[[models]]
id = "amazon.nova-pro-v1:0"

[[models.paths]]
path = "us"
quota = { tpm = 5_000_000, source = "Service Quotas of our account", as_of = "2026-11-20" }
prices = { input = "$0.70/1M", source = "our agreement", as_of = "2026-10-01" }

[[models]]
id = "acme.chat-v1:0"
name = "Acme Chat"
provider = "Acme"
output_burndown = { value = 5, source = "a page of Acme", as_of = "2026-11-01" }
max_output_tokens = { value = 8_000, source = "a page of Acme", as_of = "2026-11-01" }

[[models.paths]]
path = "in_region"
quota = { rpm = 100, tpm = 100_000, source = "a page of Acme", as_of = "2026-11-01" }
prices = { input = "$1/1M", output = "$2/1M", source = "a page of Acme", as_of = "2026-11-01" }
"#;

fn scenario(run: &str, model: &str) -> String {
    format!(
        "[run]\nduration = \"1h\"\nwarmup = \"0s\"\n{run}\n[models.m]\n{model}\n[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"6/min\"\ninput_tokens = 1000\noutput_tokens = 100\n[capacities.us.on_demand]\n"
    )
}

const NOVA: &str = "id = \"us.amazon.nova-pro-v1:0\"";
const ACME: &str = "id = \"acme.chat-v1:0\"\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 80";

/// A folder with the scenario in `scenarios/` and a catalogue beside that folder.
fn folder(catalogue: &str, scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("scenarios")).expect("it can be made");
    std::fs::write(folder.path().join("our-account.toml"), catalogue).expect("it can be written");
    std::fs::write(folder.path().join("scenarios/chat.toml"), scenario).expect("it can be written");
    folder
}

fn load_in(folder: &Path, catalogs: &[PathBuf]) -> Result<Loaded, String> {
    let source =
        Source::open(&folder.join("scenarios/chat.toml"), &[]).and_then(|s| s.with_catalogs(catalogs).load(&[]));
    source.map_err(|r| render(&r.sources, &r.findings, false))
}

fn named_in_the_file(catalogue: &str, model: &str) -> Result<Loaded, String> {
    let folder = folder(catalogue, &scenario("catalog = [\"../our-account.toml\"]", model));
    load_in(folder.path(), &[])
}

#[track_caller]
fn input<'m>(model: &'m Model, path: &str) -> &'m Input {
    model.inputs.iter().find(|i| i.path == path).unwrap_or_else(|| panic!("`{path}` is not told"))
}

#[test]
fn a_limit_and_a_price_come_with_their_own_source_and_the_rest_keeps_its_own() {
    let model = named_in_the_file(OURS, NOVA).unwrap().model;
    assert_eq!(model.quotas[0].limit(LimitKind::Tpm).unwrap().amount, 5_000_000);
    let tpm = input(&model, "capacities.us.tpm");
    assert_eq!((tpm.source.as_str(), tpm.as_of.as_deref()), ("Service Quotas of our account", Some("2026-11-20")));
    let price = input(&model, "capacities.us.prices.input");
    assert_eq!((price.value.as_str(), price.source.as_str()), ("\"$0.70/1M\"", "our agreement"));
    let output = input(&model, "capacities.us.prices.output");
    assert!(output.value == "\"$3.20/1M\"" && output.source.contains("LiteLLM"), "{output:?}");
    // What the account has is no assumption; what bedload's catalogue says is one.
    assert!(!model.assumptions.iter().any(|a| a.path == "capacities.us.tpm"));
    assert!(assumed(&model, "capacities.us.rpm").why.contains("your account may have less"));
}

#[test]
fn a_model_of_ones_own_is_known() {
    let model = named_in_the_file(OURS, ACME).unwrap().model;
    assert_eq!(model.quotas[0].limit(LimitKind::Rpm).unwrap().amount, 100);
    assert_eq!(model.workloads[0].main().facts.burndown.of(10), 50);
    assert_eq!(input(&model, "capacities.us.prices.output").source, "a page of Acme");
    let unknown = load_in(folder("", &scenario("", ACME)).path(), &[]).unwrap_err();
    assert!(unknown.contains("does not know `acme.chat-v1:0`"), "{unknown}");
}

#[test]
fn the_command_line_lays_a_catalogue_over_that_of_the_file() {
    let folder = folder(OURS, &scenario("catalog = \"../our-account.toml\"", NOVA));
    let later = folder.path().join("later.toml");
    let newer = "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 7_000_000, source = \"a raise\", as_of = \"2026-11-28\" }\n";
    std::fs::write(&later, newer).unwrap();
    let loaded = load_in(folder.path(), std::slice::from_ref(&later)).unwrap();
    assert_eq!(loaded.model.quotas[0].limit(LimitKind::Tpm).unwrap().amount, 7_000_000);
    assert_eq!(input(&loaded.model, "capacities.us.tpm").source, "a raise");
    assert_eq!(input(&loaded.model, "capacities.us.prices.input").source, "our agreement");
    assert_eq!(loaded.overrides, [format!("--catalog {}", later.display())]);
    // Other facts make another document.
    assert_ne!(loaded.sha256, load_in(folder.path(), &[]).unwrap().sha256);
}

#[test]
fn a_quota_of_some_regions_holds_there_alone() {
    let quota = |regions: &str| {
        format!(
            "[[models]]\nid = \"amazon.nova-micro-v1:0\"\n[[models.paths]]\npath = \"in_region\"\nquota = {{ {regions}tpm = 900_000, source = \"ours\", as_of = \"2026-11-20\" }}\n"
        )
    };
    let of = |catalogue: &str, region: &str| {
        let catalog = lay(&[File { name: "ours.toml".to_owned(), text: catalogue.to_owned() }]).unwrap();
        let path = catalog.resolve("amazon.nova-micro-v1:0").unwrap().offer.unwrap();
        let quota = path.quota_from(Some(region)).unwrap();
        (quota.rpm, quota.tpm, quota.fact("tpm").0.to_owned(), quota.fact("rpm").0 == "ours")
    };
    let there = quota("regions = [\"ap-southeast-2\"], ");
    assert_eq!(of(&there, "ap-southeast-2"), (Some(200), Some(900_000), "ours".to_owned(), false));
    assert_eq!(of(&there, "us-east-1").1, Some(4_000_000));
    for region in ["ap-southeast-2", "us-east-1"] {
        assert_eq!(of(&quota(""), region).1, Some(900_000), "{region}");
    }
}

#[test]
fn a_faulty_catalogue_is_refused_with_its_place_and_a_fix() {
    let nova = "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n";
    for (fault, catalogue, told, fix) in [
        ("not TOML", "[[models]\n".to_owned(), "our-account.toml:1:", None),
        ("no model", "\n".to_owned(), "the catalogue has no models", None),
        ("another section", "[quotas]\n".to_owned(), "a catalogue has `models`, and no `quotas`", None),
        ("no id", "[[models]]\nname = \"x\"\n".to_owned(), "has its `id`", None),
        (
            "a profile's id",
            "[[models]]\nid = \"us.amazon.nova-pro-v1:0\"\n".to_owned(),
            "write id = \"amazon.nova-pro-v1:0\", and path = \"us\"",
            None,
        ),
        (
            "no source",
            format!("{nova}[[models.paths]]\npath = \"us\"\nquota = {{ tpm = 1_000_000 }}\n"),
            "a figure of a catalogue has its source and its date",
            Some((
                "tpm = 1_000_000",
                "tpm = 1_000_000, source = \"Service Quotas of our account\", as_of = \"2026-11-29\"",
            )),
        ),
        (
            "a day that is none",
            format!(
                "{nova}[[models.paths]]\npath = \"us\"\nquota = {{ tpm = 1_000_000, source = \"s\", as_of = \"20.11.2026\" }}\n"
            ),
            "`20.11.2026` is no day",
            Some(("as_of = \"20.11.2026\"", "as_of = \"2026-11-29\"")),
        ),
        (
            "a price that is none",
            format!(
                "{nova}[[models.paths]]\npath = \"us\"\nprices = {{ input = \"0.7\", source = \"s\", as_of = \"2026-11-20\" }}\n"
            ),
            "`0.7` is no price for `input`",
            Some(("input = \"0.7\"", "input = \"$0.30/1M\"")),
        ),
        (
            "a path that is none",
            format!(
                "{nova}[[models.paths]]\npath = \"moon\"\nquota = {{ tpm = 1_000_000, source = \"s\", as_of = \"2026-11-20\" }}\n"
            ),
            "there is no path `moon`",
            Some(("\"moon\"", "\"global\"")),
        ),
        (
            "a key that is none",
            format!(
                "{nova}[[models.paths]]\npath = \"us\"\nquota = {{ tps = 1_000_000, source = \"s\", as_of = \"2026-11-20\" }}\n"
            ),
            "unknown field `tps`",
            Some(("tps", "tpm")),
        ),
        (
            "a new model that is not whole",
            "[[models]]\nid = \"acme.x\"\nname = \"X\"\n".to_owned(),
            "missing field `provider`",
            Some(("name = \"X\"", "name = \"X\"\nprovider = \"Acme\"")),
        ),
    ] {
        let refused = named_in_the_file(&catalogue, NOVA).expect_err(fault);
        assert!(refused.contains(told) && refused.contains("our-account.toml:"), "{fault}: {refused}");
        if let Some((wrong, right)) = fix {
            let mended = catalogue.replace(wrong, right);
            assert!(named_in_the_file(&mended, NOVA).is_ok(), "{fault}: {mended}");
        }
    }
}

#[test]
fn the_catalogue_is_shown_with_each_source() {
    let catalog = lay(&[File { name: "ours.toml".to_owned(), text: OURS.to_owned() }]).unwrap();
    let shown = bedload::catalog::show::show(catalog.resolve("amazon.nova-pro-v1:0").unwrap().model, None);
    assert!(
        shown.contains("5,000,000") && shown.contains("Service Quotas of our account. As of 2026-11-20."),
        "{shown}"
    );
    assert!(shown.contains("our agreement. As of 2026-10-01."), "{shown}");
    let quota = shown.lines().find(|l| l.starts_with("  us ") && l.contains("5,000,000")).expect(&shown);
    assert_eq!(quota.matches('[').count(), 2, "{quota}");
    let own = bedload::catalog::show::list(&catalog, None);
    assert!(own.contains("Acme Chat: in_region"), "{own}");
}

#[test]
fn a_catalogue_that_is_not_there_is_refused() {
    let folder = folder(OURS, &scenario("catalog = [\"our-account.toml\"]", NOVA));
    let refused = load_in(folder.path(), &[]).unwrap_err();
    assert!(refused.contains("the catalogue `our-account.toml` cannot be read"), "{refused}");
    assert!(refused.contains("its path is relative to the scenario file"), "{refused}");
}

#[test]
fn every_verb_that_loads_scenarios_takes_a_catalogue() {
    let more = "[[expect]]\nmetric = \"served\"\nat_least = 1\n";
    let text = scenario("replications = 2", NOVA).replace("1h", "1m").replace("6/min", "200/min") + more;
    let folder = folder(OURS, &text);
    std::fs::write(folder.path().join("sweep.toml"), format!("{text}[sweep]\n\"workloads.w.scale\" = [1, 2]\n"))
        .unwrap();
    let bedload = |args: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
        let output = command.args(args.split_whitespace()).current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    const OWN: &str = "--catalog our-account.toml";
    for verb in [
        "validate scenarios/chat.toml",
        "run scenarios/chat.toml --no-charts",
        "check scenarios/chat.toml",
        "compare scenarios/chat.toml --set workloads.w.scale=2 --no-charts",
        "sweep sweep.toml --no-charts",
        "size scenarios/chat.toml --vary workloads.w.scale --from 1 --to 2 --find greatest --no-charts",
        "catalog us.amazon.nova-pro-v1:0",
    ] {
        let (code, told) = bedload(&format!("{verb} {OWN}"));
        // What a size answers at the end of its range is another matter.
        assert!(!matches!(code, Some(2 | 3) | None), "{verb}: {told}");
        let (code, told) = bedload(&format!("{verb} --catalog none.toml"));
        assert!(code == Some(2) && told.contains("`none.toml` cannot be read"), "{verb}: {told}");
    }
    let written = std::fs::read_to_string(folder.path().join("output/chat/results.json")).unwrap();
    assert!(written.contains("Service Quotas of our account") && written.contains("--catalog our-account.toml"));
}
