//! Each fix that a message says in words is accepted when it is followed.

use std::fs;

use bedload::scenario::load_text;

use crate::offers::{edited, read};
use crate::refusals::GOOD;

/// The faulty text, in the place of a line of the good scenario; the words of the help; and the line as the help says
/// it.
const MENDED: [(&str, &str, &str, &str); 49] = [
    ("tpm = 100_000", "tpm = \"unlimited\"", "\"none\" for no limit", "tpm = \"none\"\nrpm = 5"),
    (
        "max_tokens = 512",
        "max_tokens = 512\nshape = 3",
        "[{ at = \"0s\", factor = 0.4 }, { at = \"8h\", factor = 1 }] or \"office_hours\"",
        "max_tokens = 512\nshape = [{ at = \"0s\", factor = 0.4 }, { at = \"8h\", factor = 1 }]",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\ncache.keys = 3",
        "write prefix_tokens beside it",
        "max_tokens = 512\ncache = { keys = 3, prefix_tokens = 100 }",
    ),
    (
        "arrivals.poisson = { rate = \"60/min\" }",
        "arrivals.users = { count = 3, think_time = \"0s\" }",
        "write think_time = \"1s\", or a distribution",
        "arrivals.users = { count = 3, think_time = \"1s\" }",
    ),
    (
        "arrivals.poisson = { rate = \"60/min\" }",
        "arrivals = { type = \"posson\", rate = \"60/min\" }",
        "write arrivals.poisson = { rate = \"60/min\" }",
        "arrivals.poisson = { rate = \"60/min\" }",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nbursts = [{ lasts = \"1m\", factor = 2 }]",
        "write at = \"2h\", or per_hour = 0.5",
        "max_tokens = 512\nbursts = [{ lasts = \"1m\", factor = 2, per_hour = 0.5 }]",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.pace = {}",
        "write pace = { rpm = 600 }, or { tpm = 200_000 }",
        "max_tokens = 512\nclient.pace = { tpm = 200_000 }",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries.sdk = { name = \"python\", version = 1.44 }",
        "version = \"1.44.0\"",
        "max_tokens = 512\nclient.retries.sdk = { name = \"python\", version = \"1.44.0\" }",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nclient.retries.sdk = { name = \"kotlin\", version = \"1.6.0\" }",
        "retries = \"standard_2025\" or retries = \"legacy\"",
        "max_tokens = 512\nclient.retries = \"standard_2025\"",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nslo = { objective = \"99%\" }",
        "write slo = { e2e = \"20s\", objective = \"99%\" }",
        "max_tokens = 512\nslo = { e2e = \"20s\", objective = \"99%\" }",
    ),
    (
        "input_tokens = 1000",
        "input_tokens.mixture.parts = [{ weight = 0, of = 5 }]",
        "write parts = [{ weight = 3, of = 200 }, { weight = 1, of = 4000 }]",
        "input_tokens.mixture.parts = [{ weight = 3, of = 200 }, { weight = 1, of = 4000 }]",
    ),
    (
        "input_tokens = 1000",
        "input_tokens.empirical = { column = \"prompt_tokens\" }",
        "write file = \"lengths.csv\" beside it",
        "input_tokens.empirical = { column = \"prompt_tokens\", file = \"lengths.csv\" }",
    ),
    (
        "input_tokens = 1000",
        "input_tokens.empirical = { max = 5 }",
        "write values = [120, 900]",
        "input_tokens.empirical = { max = 500, values = [120, 900] }",
    ),
    (
        "duration = \"1h\"",
        "duration = \"1h\"\nstart = 2026-12-07T08:00:00",
        "write \"2026-12-07T08:00:00[America/New_York]\" or \"2026-12-07T13:00:00Z\"",
        "duration = \"1h\"\nstart = \"2026-12-07T08:00:00[America/New_York]\"",
    ),
    (
        "limiter = \"fixed_window\"",
        "limiter = \"fixed_window\"\nmax_wait = \"5s\"",
        "write on_saturation = \"queue\" beside it",
        "limiter = \"fixed_window\"\nconcurrency = 40\nmax_wait = \"5s\"\non_saturation = \"queue\"",
    ),
    (
        "",
        "[[expect]]\nmetric = \"throttle_rate\"",
        "write at_most, at_least or between",
        "[[expect]]\nmetric = \"throttle_rate\"\nat_most = 0.5",
    ),
    (
        "",
        "[[expect]]\nmetric = \"throttle_rate\"\nbetween = [0.5, 0.1]",
        "write the smaller one first",
        "[[expect]]\nmetric = \"throttle_rate\"\nbetween = [0.1, 0.5]",
    ),
    (
        "",
        "[expect]\nmetric = \"throttle_rate\"\nat_most = 0.5\n[expect]\nmetric = \"failure_rate\"\nat_most = 0.5",
        "write [[expect]] above each entry",
        "[[expect]]\nmetric = \"throttle_rate\"\nat_most = 0.5\n[[expect]]\nmetric = \"failure_rate\"\nat_most = 0.5",
    ),
    (
        "",
        "[[expect]]\nmetric = \"cost_usd\"\nat_most = \"$5\"\n[models.spare]\nid = \"us.amazon.nova-pro-v1:0\"",
        "write prices = { input = \"$3.00/1M\", output = \"$15.00/1M\" }",
        "[models.own.prices]\ninput = \"$3.00/1M\"\noutput = \"$15.00/1M\"\n[[expect]]\nmetric = \"cost_usd\"\nat_most = \"$5\"",
    ),
    (
        "",
        "[sweep]\na = 1",
        "write a path such as \"capacities.us.tpm\"",
        "[sweep]\n\"capacities.us.tpm\" = [50_000, 60_000]",
    ),
    (
        "",
        "[sweep]\n\"capacities.us.tpm\" = 5",
        "write [1, 2, 4] or { from = 1, to = 8 }",
        "[sweep]\n\"capacities.us.tpm\" = { from = 50_000, to = 50_008 }",
    ),
    (
        "",
        "[doubt]\n\"capacities.us.tpm\" = 5",
        "write [VALUES], or { low = 1, high = 2 }",
        "[doubt]\n\"capacities.us.tpm\" = { low = 50_000, high = 60_000 }",
    ),
    (
        "",
        "[size]\nvary = \"capacities.us.tpm\"\nfrom = 50_000\nto = 60_000",
        "write [[expect]] with a metric and a bound",
        "[size]\nvary = \"capacities.us.tpm\"\nfrom = 50_000\nto = 60_000\n[[expect]]\nmetric = \"throttle_rate\"\nat_most = 0.5",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\ntimezone = \"Atlantis\"",
        "write \"Europe/Berlin\"",
        "max_tokens = 512\ntimezone = \"Europe/Berlin\"",
    ),
    (
        "max_tokens = 512",
        "max_tokens = 512\nshape.daily = [1, 2]",
        "write one for each hour",
        "max_tokens = 512\nshape.daily = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]",
    ),
    (
        "input_tokens = 1000",
        "input_tokens.lognormal = { mean = 1000, cv = 0 }",
        "for no variation at all write a constant",
        "input_tokens = 1000",
    ),
    (
        "time_to_first_token = \"400ms\"",
        "time_to_first_token.empirical = { file = \"lengths.csv\", column = \"prompt_tokens\" }",
        "write values, or quantiles",
        "time_to_first_token.empirical = { values = [\"300ms\", \"400ms\"] }",
    ),
    (
        "input_tokens = 1000",
        "input_tokens.empirical = { values = [120, 900], weights = [1] }",
        "write one weight for each value, or none at all",
        "input_tokens.empirical = { values = [120, 900], weights = [1, 2] }",
    ),
    (
        "limiter = \"fixed_window\"",
        "outages = [{ at = \"5m\", lasts = \"0s\" }]",
        "write how long it lasts, such as \"30m\"",
        "outages = [{ at = \"5m\", lasts = \"30m\" }]",
    ),
    (
        "limiter = \"fixed_window\"",
        "contention.curve.points = [{ utilization = 0.5, factor = 1 }]",
        "write concurrency = 40 beside it",
        "contention.curve.points = [{ utilization = 0.5, factor = 1 }]\nconcurrency = 40",
    ),
    ("input_tokens = 1000\n", "", "write input_tokens = 1800, or a distribution", "input_tokens = 1800\n"),
    ("duration = \"1h\"\n", "", "write duration = \"1h\" under [run]", "duration = \"1h\"\n"),
    (
        "max_tokens = 512",
        "max_tokens = 512\ncache.context = true",
        "prefix_tokens = 1_000 in place of context",
        "max_tokens = 512\ncache.prefix_tokens = 1_000",
    ),
    (
        "[capacities.us.on_demand]",
        "[capacities.eu.on_demand]\nrpm = 5\n\n[capacities.us.on_demand]",
        "write route = [\"eu\", \"us\"]",
        "route = [\"eu\", \"us\"]\n\n[capacities.eu.on_demand]\nrpm = 5\n\n[capacities.us.on_demand]",
    ),
    (
        "",
        "[windows.w]\nfrom = 2026-12-07T09:00:00\nto = \"2h\"",
        "write start = \"2026-12-07T00:00:00",
        "[windows.w]\nfrom = \"10m\"\nto = \"20m\"",
    ),
    (
        "",
        "[sweep]\n\"capacities.us.tpm\" = { from = 50_000, to = 60_000, scale = \"geometric\" }",
        "write points = 8",
        "[sweep]\n\"capacities.us.tpm\" = { from = 50_000, to = 60_000, scale = \"geometric\", points = 8 }",
    ),
    (
        "",
        "[sweep]\n\"workloads.chat.arrivals.rate\" = { from = \"5/min\", to = \"8/min\" }",
        "write values with units as a list",
        "[sweep]\n\"workloads.chat.arrivals.rate\" = [\"5/min\", \"8/min\"]",
    ),
    (
        "",
        "[doubt]\ncapacities.us.limiter = [\"token_bucket\"]",
        "write paths between quotes, such as \"capacities.us.limiter\"",
        "[doubt]\n\"capacities.us.limiter\" = [\"token_bucket\"]",
    ),
    (
        "",
        "[doubt]\n\"capacities.us.tpm\" = [60_000, 50_000]",
        "write the lower number first",
        "[doubt]\n\"capacities.us.tpm\" = [50_000, 60_000]",
    ),
    (
        "",
        "[doubt]\n\"capacities.us.refusal_latency\" = { low = \"0s\", high = \"1s\" }",
        "write values with units as a list",
        "[doubt]\n\"capacities.us.refusal_latency\" = [\"0s\", \"1s\"]",
    ),
    (
        "max_output_tokens = 4_096",
        "id = \"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc\"",
        "write the id of the model or profile that it was made from, such as id = \"us.amazon.nova-pro-v1:0\"",
        "id = \"us.amazon.nova-pro-v1:0\"",
    ),
    (
        "tpm = 100_000\nlimiter = \"fixed_window\"",
        "tpm = 999_999_999_999_989\nlimiter = \"token_bucket\"",
        "write a smaller burst, or \"none\" for no limit",
        "tpm = \"none\"\nrpm = 60\nlimiter = \"token_bucket\"",
    ),
    (
        "",
        "[[expect]]\nmetric = \"throttle_rate\"\nat_most = 0.1\nat_least = 0",
        "or between = [LEAST, GREATEST]",
        "[[expect]]\nmetric = \"throttle_rate\"\nbetween = [0, 0.1]",
    ),
    ("duration = \"1h\"", "duration =", "write duration = \"90s\", or another value", "duration = \"90s\""),
    ("duration = \"1h\"", "duration = \"1h\"\nduration = \"2h\"", "leave one of the two out", "duration = \"2h\""),
    ("", "quotas = 5", "write [quotas.NAME]", "[quotas.spare]\nrpm = 5"),
    ("max_tokens = 512", "max_tokens = none", "leave `max_tokens` out", ""),
    ("max_tokens = 512", "max_tokens = \"none\"", "leave the key out", ""),
    (
        "max_output_tokens = 4_096",
        "id = \"us.amazon.nova-giant-v9:0\"",
        "the nearest ids are `us.amazon.nova-",
        "id = \"us.amazon.nova-pro-v1:0\"",
    ),
];

#[test]
fn fixes_in_words_are_accepted_when_they_are_followed() {
    let mut wrong: Vec<String> = Vec::new();
    for (line, bad, help, good) in MENDED {
        let bad_text = if bad == "quotas = 5" { format!("{bad}\n{GOOD}") } else { edited(line, bad) };
        match read(&bad_text, &[]) {
            Ok(_) => wrong.push(format!("{bad}: is accepted")),
            Err(refused) => {
                let said: Vec<&str> = refused.findings.iter().filter_map(|f| f.help.as_deref()).collect();
                if !said.iter().any(|said| said.contains(help)) {
                    wrong.push(format!("{bad}: the help says {said:?}, not `{help}`"));
                }
            }
        }
        if let Err(refused) = read(&edited(line, good), &[]) {
            wrong.push(format!("{good}: {}", refused.reason()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A catalogue of a user's own with a fault; what the help says; and the catalogue as the help says it.
const CATALOGUES: [(&str, &str, &str); 9] = [
    (
        "[models]\nid = \"amazon.nova-pro-v1:0\"",
        "write [[models]] above each model",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"",
    ),
    (
        "[[models]]\n[[models.paths]]\npath = \"us\"",
        "write id = \"amazon.nova-pro-v1:0\"",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"",
    ),
    (
        "[[models]]\nid = \"us.amazon.nova-pro-v1:0\"",
        "write id = \"amazon.nova-pro-v1:0\", and path = \"us\" in [[models.paths]]",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"",
    ),
    (
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000 }",
        "write source = \"Service Quotas of our account\" and as_of = \"2026-11-29\" beside it",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000, source = \"Service Quotas of our account\", as_of = \"2026-11-29\" }",
    ),
    (
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000, source = \"us\", as_of = \"29 November\" }",
        "write as_of = \"2026-11-29\"",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000, source = \"us\", as_of = \"2026-11-29\" }",
    ),
    (
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nprices = { input = \"0.72\", source = \"us\", as_of = \"2026-11-29\" }",
        "write input = \"$0.72/1M\"",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nprices = { input = \"$0.72/1M\", source = \"us\", as_of = \"2026-11-29\" }",
    ),
    (
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000, source = \"\", as_of = \"2026-11-29\" }",
        "such as source = \"Service Quotas of our account\"",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\nquota = { tpm = 5_000_000, source = \"Service Quotas of our account\", as_of = \"2026-11-29\" }",
    ),
    (
        "[[models]]\nid = \"amazon.nova-pro\"\n[[models.paths]]\npath = \"us\"",
        "write id = \"amazon.nova-pro-v1:0\"",
        "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"",
    ),
    ("", "write [[models]] and id = ", "[[models]]\nid = \"amazon.nova-pro-v1:0\""),
];

#[test]
fn fixes_of_a_catalogue_are_accepted_when_they_are_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = edited("duration = \"1h\"", "duration = \"1h\"\ncatalog = \"own.toml\"");
    let mut wrong: Vec<String> = Vec::new();
    for (bad, help, good) in CATALOGUES {
        let laid = |catalogue: &str| {
            fs::write(folder.path().join("own.toml"), catalogue).expect("a file");
            load_text("chat.toml", &text, folder.path(), &[])
        };
        match laid(bad) {
            Ok(_) => wrong.push(format!("{bad}: is accepted")),
            Err(refused) => {
                let said: Vec<&str> = refused.findings.iter().filter_map(|f| f.help.as_deref()).collect();
                if !said.iter().any(|said| said.contains(help)) {
                    wrong.push(format!("{bad}: the help says {said:?}, not `{help}`"));
                }
            }
        }
        if let Err(refused) = laid(good) {
            wrong.push(format!("{good}: {}", refused.reason()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
