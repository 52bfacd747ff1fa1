//! One account, many files: what a scenario extends and includes, whose requests fail, and what a gate says of it.

use std::path::Path;
use std::process::{Command, Output};

fn bedload(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedload"));
    command.current_dir(folder).args(arguments).env_remove("GITHUB_ACTIONS").output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A team's file: 40 requests a minute of 1,200 tokens, on a quota of 400,000 tokens a minute.
const TEAM: &str = r#"
owner = "OWNER"
title = "A team"
[run]
duration = "30m"
warmup = "1m"
replications = 5
[models.own]
max_output_tokens = 4_096
time_to_first_token = "400ms"
output_tokens_per_second = 100
[workloads.chat]
model = "own"
arrivals.poisson = { rate = "40/min" }
input_tokens = 1_000
output_tokens = 200
max_tokens = 200
client = { retries = "none" }
[capacities.us.on_demand]
quota = "shared"
[quotas.shared]
tpm = 400_000
limiter = "fixed_window"
[[expect]]
metric = "failure_rate"
at_most = "5%"
"#;

const ACCOUNT: &str = r#"
title = "The account"
include = ["teams/*.toml"]
[run]
duration = "30m"
warmup = "1m"
replications = 5
[quotas.shared]
tpm = 400_000
limiter = "fixed_window"
"#;

fn account(teams: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("it can be made");
    std::fs::create_dir(folder.path().join("teams")).expect("it can be made");
    for team in teams {
        std::fs::write(folder.path().join(format!("teams/{team}.toml")), TEAM.replace("OWNER", team))
            .expect("it can be written");
    }
    std::fs::write(folder.path().join("account.toml"), ACCOUNT).expect("it can be written");
    folder
}

fn write(folder: &tempfile::TempDir, file: &str, content: &str) {
    std::fs::write(folder.path().join(file), content).expect("it can be written");
}

fn results(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("o/results.json")).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn metric(results: &serde_json::Value, name: &str) -> f64 {
    results["points"][0]["metrics"][name]["estimate"].as_f64().unwrap_or_else(|| panic!("{name}"))
}

const TWELVE: [&str; 12] =
    ["ads", "billing", "chat", "docs", "email", "fraud", "growth", "help", "infra", "jobs", "kpi", "legal"];

#[test]
fn twelve_teams_that_each_pass_alone_fail_together_on_the_quota_that_they_share() {
    let folder = account(&TWELVE);
    let alone = bedload(folder.path(), &["check", "teams/ads.toml", "teams/legal.toml"]);
    assert!(alone.status.success(), "{}{}", text(&alone.stdout), text(&alone.stderr));
    let together = bedload(folder.path(), &["run", "account.toml", "--no-charts", "--out", "o"]);
    assert_eq!(together.status.code(), Some(1), "{}", text(&together.stderr));
    let results = results(folder.path());
    // 480 requests of 1,200 tokens ask for 576,000 of 400,000 tokens a minute: 1 - 400 / 576 = 30.6 % find none.
    let failing = metric(&results, "failure_rate");
    assert!((0.28..0.33).contains(&failing), "{failing}");
    for team in TWELVE {
        assert!(metric(&results, &format!("owners.{team}.failure_rate")) > 0.2, "{team}");
        let broken = format!("files.{team}.failure_rate");
        let expectations = results["expectations"].as_array().expect("a list");
        assert!(expectations.iter().any(|e| e["metric"] == broken.as_str() && e["verdict"] == "failed"), "{broken}");
    }
    let takes = results["points"][0]["takes"].as_array().expect("a list");
    let shares: f64 =
        takes.iter().filter(|t| t["limit"] == "quotas.shared.tpm").filter_map(|t| t["share"].as_f64()).sum();
    assert!((0.9..=1.0).contains(&shares), "{shares}");
    let told = text(&together.stdout);
    assert!(told.contains("Owners") && told.contains("ads"), "{told}");
}

#[test]
fn the_order_in_which_files_are_named_changes_nothing() {
    let folder = account(&["ads", "web"]);
    let run = |include: &str| {
        write(&folder, "account.toml", &ACCOUNT.replace("[\"teams/*.toml\"]", include));
        bedload(folder.path(), &["run", "account.toml", "--no-charts", "--quiet", "--out", "o"]);
        results(folder.path())["points"].to_string()
    };
    assert_eq!(run("[\"teams/web.toml\", \"teams/ads.toml\"]"), run("\"teams/*.toml\""));
}

#[test]
fn a_part_of_an_included_file_is_set_by_its_full_name_and_what_is_not_read_is_said() {
    let folder = account(&["ads", "web"]);
    let told = bedload(folder.path(), &["validate", "account.toml", "--set", "workloads.ads.chat.max_tokens=123"]);
    let (shown, said) = (text(&told.stdout), text(&told.stderr));
    assert!(shown.contains("workload ads.chat") && shown.contains("at most 123"), "{shown}{said}");
    assert!(
        said.contains("these keys of the included files are ignored: `quotas` of ads, web; `run` of ads, web"),
        "{said}"
    );
}

#[test]
fn faults_of_an_included_file_are_shown_in_that_file() {
    let folder = account(&["ads", "web"]);
    write(
        &folder,
        "teams/web.toml",
        &TEAM.replace("OWNER", "web").replace("max_tokens = 200", "max_tokens = 200\nmax_tokns = 1"),
    );
    let said = text(&bedload(folder.path(), &["validate", "account.toml"]).stderr);
    assert!(said.contains("unknown key `max_tokns` in `workloads.web.chat`"), "{said}");
    assert!(said.contains("teams/web.toml:18:1") && said.contains("did you mean `max_tokens`?"), "{said}");
}

#[test]
fn what_cannot_be_included_is_refused_where_it_is_named() {
    let folder = account(&["ads", "web"]);
    let said = |file: &str| text(&bedload(folder.path(), &["validate", file]).stderr);
    write(&folder, "none.toml", &ACCOUNT.replace("teams/*.toml", "team/*.toml"));
    let none = said("none.toml");
    assert!(none.contains("`team/*.toml` matches no file to include") && none.contains("none.toml:3:12"), "{none}");
    write(&folder, "teams/Big Team.toml", &TEAM.replace("OWNER", "web"));
    assert!(said("account.toml").contains("`Big Team` is not a valid name"));
    std::fs::remove_file(folder.path().join("teams/Big Team.toml")).expect("it is there");
    std::fs::create_dir(folder.path().join("more")).expect("it can be made");
    write(&folder, "more/ads.toml", &TEAM.replace("OWNER", "ads"));
    write(&folder, "twice.toml", &ACCOUNT.replace("\"teams/*.toml\"", "\"teams/*.toml\", \"more/*.toml\""));
    assert!(said("twice.toml").contains("are both named `ads`"));
    write(&folder, "teams/web.toml", "include = [\"ads.toml\"]\n");
    let nested = said("account.toml");
    assert!(nested.contains("an included file cannot include others") && nested.contains("web.toml:1:12"), "{nested}");
    write(&folder, "teams/web.toml", &TEAM.replace("OWNER", "web").replace("quota = \"shared\"", "quota = \"other\""));
    assert!(said("account.toml").contains("there is no quota `other`"));
}

/// A team's file that takes the default quota of a model.
fn by_default(rate: &str) -> String {
    let own =
        "[models.own]\nmax_output_tokens = 4_096\ntime_to_first_token = \"400ms\"\noutput_tokens_per_second = 100";
    let text =
        TEAM.replace("owner = \"OWNER\"", "").replace(own, "[models.own]\nid = \"us.anthropic.claude-sonnet-4-6\"");
    let text = text.replace("[quotas.shared]\ntpm = 400_000\nlimiter = \"fixed_window\"", "");
    let pool = "[capacities.us.cross_region]\nprofile = \"us\"\nsource_region = \"us-east-1\"";
    text.replace("[capacities.us.on_demand]\nquota = \"shared\"", pool).replace("40/min", rate)
}

#[test]
fn files_of_one_account_share_a_default_quota_and_files_that_are_checked_apart_are_told() {
    let folder = account(&[]);
    write(&folder, "teams/ads.toml", &by_default("40/min"));
    write(&folder, "teams/web.toml", &by_default("20/min"));
    write(&folder, "account.toml", &ACCOUNT.replace("[quotas.shared]\ntpm = 400_000\nlimiter = \"fixed_window\"", ""));
    let shown = text(&bedload(folder.path(), &["validate", "account.toml"]).stdout);
    assert_eq!(shown.matches("limits    quotas.us-anthropic-claude-sonnet-4-6").count(), 2, "{shown}");
    assert_eq!(shown.matches("limits of quotas.us-anthropic-claude-sonnet-4-6").count(), 1, "{shown}");
    let apart = bedload(folder.path(), &["check", "teams/ads.toml", "teams/web.toml"]);
    let told = text(&apart.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is judged as if this file alone used it; teams/web.toml use it too"), "{told}");
    // What the account includes already is not to be included once more.
    let together = bedload(folder.path(), &["check", "account.toml", "teams/ads.toml", "teams/web.toml"]);
    assert!(!text(&together.stdout).contains("as if this file alone used it"), "{}", text(&together.stdout));
    write(&folder, "other.toml", &by_default("10/min"));
    let beside = bedload(folder.path(), &["check", "account.toml", "teams/ads.toml", "other.toml"]);
    let told = text(&beside.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("alone used it; account.toml, teams/ads.toml use it too"), "{told}");
    assert!(told.contains("alone used it; other.toml use it too"), "{told}");
}

#[test]
fn a_default_quota_that_included_files_share_is_a_key_and_what_would_carry_is_found() {
    let folder = account(&[]);
    // Two regions, so that each has a quota of its own: 6,000 calls a minute of 2,000 tokens against 6 M.
    write(&folder, "teams/ads.toml", &by_default("6000/min"));
    write(&folder, "teams/web.toml", &by_default("20/min").replace("us-east-1", "us-west-2"));
    let short = "[run]\nduration = \"2m\"\nwarmup = \"1m\"\nreplications = 1";
    write(&folder, "account.toml", &format!("include = [\"teams/*.toml\"]\n{short}\n"));
    let quota = "quotas.us-anthropic-claude-sonnet-4-6-us-east-1.tpm";
    let set = text(&bedload(folder.path(), &["validate", "account.toml", "--set", &format!("{quota}=7000000")]).stdout);
    assert!(set.contains("tpm       7,000,000"), "{set}");
    let unknown = bedload(folder.path(), &["validate", "account.toml", "--set", "quotas.shard.tpm=1"]);
    assert!(text(&unknown.stderr).contains("there is no `shard` in `quotas`"), "{}", text(&unknown.stderr));
    let run = bedload(folder.path(), &["run", "account.toml", "--no-charts", "--out", "o"]);
    let told = text(&run.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let change = &results(folder.path())["decision"]["change"];
    assert_eq!(change["path"], quota, "{told}");
    let value = change["value"].as_u64().expect("it is found");
    assert!((11_000_000..=14_000_000).contains(&value), "{value}");
    let millions = format!("{}_{:03}_{:03}", value / 1_000_000, value / 1_000 % 1_000, value % 1_000);
    // One replication of two minutes does not decide the goals.
    assert!(
        told.contains(&format!("{quota} = {millions} may carry the load: decide it with more replications")),
        "{told}"
    );
    assert!(told.contains(&format!("tpm = {millions}: carries the load")), "{told}");
}

#[test]
fn a_scenario_may_be_laid_over_several_others_of_which_the_last_counts_most() {
    let folder = account(&[]);
    write(&folder, "base.toml", &TEAM.replace("OWNER", "web"));
    write(&folder, "calm.toml", "extends = \"base.toml\"\nworkloads.chat.max_tokens = 300\nrun.seed = 7\n");
    write(&folder, "busy.toml", "extends = \"base.toml\"\nworkloads.chat.max_tokens = 400\n");
    write(&folder, "both.toml", "extends = [\"calm.toml\", \"busy.toml\"]\ntitle = \"Both\"\n");
    let shown = text(&bedload(folder.path(), &["validate", "both.toml"]).stdout);
    assert!(shown.contains("at most 400") && shown.contains("seed 7") && shown.contains("Both"), "{shown}");
    write(&folder, "wrong.toml", "extends = [\"calm.toml\", 3]\n");
    let said = text(&bedload(folder.path(), &["validate", "wrong.toml"]).stderr);
    assert!(
        said.contains("`extends` is a path or a list of paths, not a number") && said.contains("1 error"),
        "{said}"
    );
}

#[test]
fn a_report_shows_a_scenario_with_the_files_that_it_extends() {
    let folder = account(&[]);
    write(&folder, "base.toml", &TEAM.replace("OWNER", "web"));
    write(&folder, "over.toml", "extends = [\"base.toml\"]\nrun.seed = 7\n");
    bedload(folder.path(), &["run", "over.toml", "--no-charts", "--quiet", "--out", "o"]);
    let report = bedload(folder.path(), &["report", "o", "--scenario", "over.toml"]);
    assert!(report.status.success(), "{}", text(&report.stderr));
    let page = std::fs::read_to_string(folder.path().join("o/report.html")).expect("it is there");
    assert!(page.contains("# base.toml") && page.contains("run.seed = 7"));
    write(&folder, "base.toml", &TEAM.replace("OWNER", "web").replace("40/min", "41/min"));
    let other = bedload(folder.path(), &["report", "o", "--scenario", "over.toml"]);
    assert!(text(&other.stderr).contains("the results come from another version of `over.toml`"));
}

#[test]
fn a_report_of_a_comparison_takes_the_file_of_either_side() {
    let folder = account(&[]);
    write(&folder, "a.toml", &TEAM.replace("OWNER", "web"));
    write(&folder, "b.toml", &TEAM.replace("OWNER", "web").replace("40/min", "41/min"));
    bedload(folder.path(), &["compare", "a.toml", "b.toml", "--no-charts", "--quiet", "--out", "o"]);
    for (file, rate) in [("a.toml", "40/min"), ("b.toml", "41/min")] {
        let report = bedload(folder.path(), &["report", "o", "--scenario", file]);
        assert!(report.status.success(), "{}", text(&report.stderr));
        let page = std::fs::read_to_string(folder.path().join("o/report.html")).expect("it is there");
        assert!(page.contains(rate), "{file}");
    }
    write(&folder, "b.toml", &TEAM.replace("OWNER", "web").replace("40/min", "42/min"));
    let other = bedload(folder.path(), &["report", "o", "--scenario", "b.toml"]);
    assert!(text(&other.stderr).contains("the results come from another version of `b.toml`"));
}

#[test]
fn a_comment_says_who_takes_more_and_whose_goal_breaks() {
    let folder = account(&["search", "web"]);
    let check = |more: &[&str]| bedload(folder.path(), &[&["check", "account.toml"], more].concat());
    assert!(check(&["--write-baseline", "b.json"]).status.success());
    write(&folder, "teams/search.toml", &TEAM.replace("OWNER", "search").replace("40/min", "500/min"));
    let output = check(&["--baseline", "b.json", "--markdown", "c.md"]);
    assert_eq!(output.status.code(), Some(1));
    let comment = std::fs::read_to_string(folder.path().join("c.md")).expect("it is there");
    assert!(comment.contains("| Before | Now |") && comment.contains("bottleneck: quotas.shared.tpm"), "{comment}");
    assert!(comment.contains("search: +") && comment.contains("tpm a minute of shared"), "{comment}");
    let row = comment.lines().find(|line| line.contains("account.toml")).expect("a row");
    // The growth of one and what breaks of the other stand in one sentence, and in the other's own.
    let told = |owner: &str| row.split("<br>").find(|line| line.starts_with(owner)).expect("a line").to_owned();
    assert!(told("search: +").contains("and failure_rate of search and failure_rate of web break"), "{row}");
    assert!(told("web: ").contains("and failure_rate of web breaks"), "{row}");
    // The box of a run, in the text and on the page, has each owner's share.
    let ran = bedload(folder.path(), &["run", "account.toml", "--no-charts", "--no-decision", "--out", "o"]);
    bedload(folder.path(), &["report", "o"]);
    bedload(folder.path(), &["report", "o", "--format", "markdown"]);
    let page =
        |file: &str| std::fs::read_to_string(folder.path().join(file)).expect("it is there").replace("<wbr>", "");
    for told in [text(&ran.stdout), page("o/report.html"), page("o/report.md")] {
        let flat = told.replace(['\u{a0}', '\\', '`'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.contains("wner search: ") && flat.contains("wner web: ") && flat.contains("% served; failure"),
            "{told}"
        );
    }
    assert!(text(&output.stdout).lines().all(|line| line.chars().count() <= 80), "{}", text(&output.stdout));
}

#[test]
fn a_broken_scenario_leaves_a_comment_in_which_nothing_is_markup() {
    let folder = account(&["web"]);
    write(&folder, "broken.toml", "title = \"x | y\"\n[run]\nduration = \"1 | <b>fortnight</b>\"\n");
    let output = bedload(folder.path(), &["check", "teams/web.toml", "broken.toml", "--markdown", "c.md"]);
    assert_eq!(output.status.code(), Some(2));
    let comment = std::fs::read_to_string(folder.path().join("c.md")).expect("it is there");
    let row = comment.lines().find(|line| line.contains("broken.toml") && line.contains("ERROR")).expect("a row");
    assert!(row.contains("fortnight") && !row.contains("<b>"), "{row}");
    assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    assert!(comment.contains("not run: another file is not a valid scenario"), "{comment}");
}

#[test]
fn what_each_owner_takes_of_each_limit_is_told_in_the_text_and_on_the_page() {
    let folder = account(&[]);
    let long = "a-team-with-a-name-of-some-length";
    for (team, rate) in [("w2", "60/min"), ("w10", "20/min"), (long, "90/min")] {
        let text = TEAM.replace("OWNER", team).replace("40/min", rate);
        write(&folder, &format!("teams/{team}.toml"), &text);
    }
    write(&folder, "account.toml", &ACCOUNT.replace("tpm = 400_000", "tpm = 400_000\nrpm = 1_000"));
    let ran = bedload(folder.path(), &["run", "account.toml", "--no-charts", "--no-decision", "--out", "o"]);
    let told = text(&ran.stdout);
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    let rows: Vec<Vec<&str>> = told
        .lines()
        .skip_while(|line| !line.starts_with("Owners"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    // 90, 60 and 20 calls of 1,200 tokens a minute are 27, 18 and 6 % of 400,000.
    let limits = ["shared.tpm", "shared.rpm"];
    assert_eq!(rows.len(), 6, "{told}");
    for (i, owner) in ["a-team", "w2", "w10"].into_iter().enumerate() {
        let [of_tokens, of_calls] = [&rows[2 * i], &rows[2 * i + 1]];
        assert!(of_tokens[0].starts_with(owner) && of_tokens[3] == limits[0] && of_calls[0] == limits[1], "{told}");
    }
    bedload(folder.path(), &["report", "o"]);
    let page = std::fs::read_to_string(folder.path().join("o/report.html")).expect("it is there");
    let table = page.split("Use of each limit by owner").nth(1).expect("a table of owners");
    let table = table.split("</table>").next().expect("an end").replace("<wbr>", "");
    assert_eq!((table.matches("shared.tpm").count(), table.matches("shared.rpm").count()), (3, 3));
    assert!(table.contains(long) && table.find("w2") < table.find("w10"), "{table}");
}

#[test]
fn names_are_listed_as_people_sort_them_and_equal_assumptions_once() {
    let folder = account(&["w1", "w2", "w10", "w11"]);
    let ran = bedload(folder.path(), &["run", "account.toml", "--no-charts", "--no-decision", "--out", "o"]);
    let shown = bedload(folder.path(), &["validate", "account.toml"]);
    for told in [text(&ran.stdout), text(&shown.stdout)] {
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.contains("capacities.*.refusal_latency = \"0s\", at 4 places: w1.us, w2.us, w10.us, w11.us"),
            "{told}"
        );
        assert_eq!(told.matches("refusal_latency").count(), 1, "{told}");
        // Goals, capacities, workloads, prices: wherever both stand in lines of one kind, w2 comes first.
        let lines: Vec<&str> = told.lines().collect();
        for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("w10")) {
            let of_two = lines.iter().position(|other| *other == line.replace("w10", "w2"));
            assert!(of_two.is_none_or(|at| at < i), "w10 comes before w2: {line}\n{told}");
        }
        assert!(told.find("files.w2.failure_rate") < told.find("files.w10.failure_rate"), "{told}");
    }
}
