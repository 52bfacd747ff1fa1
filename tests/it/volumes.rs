//! Sweeps over the volume: what a month's requests are, and the break-evens that the shipped scenarios promise.

use std::path::Path;
use std::process::{Command, Output};

use bedload::results::Results;

use crate::fates::{assert_tells, told};
use crate::playing::value;

fn bedload(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedload")).args(args).current_dir(folder).output().unwrap()
}

/// The chart of the costs by volume, and the document it is drawn from.
fn drawn(scenario: &str) -> (String, Results) {
    let folder = tempfile::tempdir().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    let run = bedload(folder.path(), &["sweep", path.to_str().unwrap(), "--out", "o", "--quiet"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let svg = std::fs::read_to_string(folder.path().join("o/cost_by_volume.svg")).unwrap().replace('\u{a0}', " ");
    (svg, serde_json::from_slice(&std::fs::read(folder.path().join("o/results.json")).unwrap()).unwrap())
}

#[test]
fn retrieval_breaks_even_with_the_deployment_where_arithmetic_says() {
    let (svg, results) = drawn("three-ways-by-volume.toml");
    let costs = |way: &str| -> Vec<[f64; 2]> {
        let own = results.points.iter().filter(|point| point.parameters["way"] == way);
        own.map(|point| ["requests_per_month", "cost_per_month_usd"].map(|name| value(point, name))).collect()
    };
    // 40 a minute are the first volume at which the deployment costs less; costs are straight lines of the volume.
    let ([low, high], [below, above]) = ([1, 2].map(|i| costs("retrieval")[i]), [1, 2].map(|i| costs("deployed")[i]));
    let (gap_before, gap_after) = (below[1] - low[1], high[1] - above[1]);
    assert!(gap_before > 0.0 && gap_after > 0.0, "{gap_before} {gap_after}");
    let meets = low[0] + (high[0] - low[0]) * gap_before / (gap_before + gap_after);
    assert_eq!(meets.round(), 1_636_218.0);
    assert!(svg.contains("retrieval and deployed cost the same at 1.64 M requests per month: $6,893"));
    assert!(
        svg.contains("<desc>Up to 1.64 M requests per month, retrieval is the cheapest; above that, deployed.</desc>")
    );
}

#[test]
fn each_commitment_breaks_even_where_arithmetic_says() {
    let (svg, _) = drawn("commitments-by-volume.toml");
    let caption = "Up to 10.5 M requests per month, on demand is the cheapest; above that, 6 months; at 23.7 M, on demand (6 \
                   months fails). Break-even with on demand: 1 month at 19.1 M, no commitment at 21 M.";
    assert!(svg.contains(caption), "{:?}", svg.split("<desc>").nth(1).and_then(|rest| rest.split("</desc>").next()));
}

#[test]
fn a_document_without_an_axis_of_volumes_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let set = ["--set", "run.duration=1m", "--set", "run.warmup=0s", "--set", "run.replications=1"];
    let run = [&["run", path.to_str().unwrap(), "--out", "o", "--quiet", "--no-charts"][..], &set].concat();
    bedload(folder.path(), &run);
    let chart = bedload(folder.path(), &["chart", "o", "--only", "cost_by_volume"]);
    let said = String::from_utf8_lossy(&chart.stderr).into_owned();
    assert!(said.contains("`cost_by_volume` is not drawn: the results lack the data for it"), "{said}");
}

#[test]
fn the_requests_of_a_month_are_those_that_its_bill_is_of() {
    let of = |money: &str| {
        told(
            &[("a", "0,900,100 1,900,100 2,900,100", "route = \"us\""), ("b", "5,100,100", "route = \"us\"")],
            &format!(
                "[run]\nduration = \"1h\"\nwarmup = \"0s\"\nreplications = 1\n[money]\n{money}\n[capacities.us.on_demand]"
            ),
        )
    };
    let asked = [
        ("requests_per_month", 8_000.0),
        ("workloads.a.requests_per_month", 6_000.0),
        ("workloads.b.requests_per_month", 2_000.0),
    ];
    assert_tells(&of("requests_per_month = 8_000"), &asked);
}
