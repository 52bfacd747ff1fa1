//! What can be typed.

mod import;

pub(super) use import::{ImportArgs, ImportTraceArgs, ImportWhat};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::units::{SimTime, meant, parse};

/// Play a load against Amazon Bedrock's quotas before you buy throughput.
#[derive(Debug, Parser)]
#[command(name = "bedload", version, max_term_width = 80, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented scenario to start from.
    Init(InitArgs),
    /// Check scenarios and show what was understood, without simulating.
    Validate(ValidateArgs),
    /// Simulate a scenario: a summary, results.json, points.csv and charts.
    Run(RunArgs),
    /// Simulate every design point of a scenario's [sweep].
    Sweep(SweepArgs),
    /// Find the least (or the greatest) value of a key that keeps every expectation.
    Size(SizeArgs),
    /// Play two scenarios with the same luck, and say by how much they differ.
    Compare(CompareArgs),
    /// Gate a pipeline: run scenarios and judge what they expect.
    Check(CheckArgs),
    /// Draw the charts of results that were written before, or some of them.
    Chart(ChartArgs),
    /// Make one page of results that a review can decide from, or the same as Markdown.
    Report(ReportArgs),
    /// Make a scenario from a log of calls: replay the log or draw from a fitted model.
    Import(ImportArgs),
    /// Look up the models that bedload knows, with sources and dates.
    Catalog(CatalogArgs),
    /// Say what a metric means.
    Explain(ExplainArgs),
    /// Print the JSON Schema of scenarios or of results.
    Schema(SchemaArgs),
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The template: quickstart, shared-quota or queue.
    #[arg(default_value = "quickstart")]
    pub template: String,
    /// Where to write it; default: <TEMPLATE>.toml in this folder. `-` prints it.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Scenario files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scenario file.
    pub file: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Point K of the scenario's [sweep], again; its folder is output/<NAME OF THE FILE>-point-K.
    #[arg(long, value_name = "K")]
    pub point: Option<u64>,
    /// The folder for results and charts; default: output/<NAME OF THE FILE>.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Threads for replications; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Draw no charts.
    #[arg(long)]
    pub no_charts: bool,
    /// Play the scenario as written alone, whatever it doubts.
    #[arg(long)]
    pub no_doubt: bool,
    /// When the answer is no, do not search for a value that would change it.
    #[arg(long)]
    pub no_decision: bool,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
    /// What stdout shows.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// The scenario file, with axes in [sweep].
    pub file: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Show the points as CSV and simulate nothing.
    #[arg(long)]
    pub list: bool,
    /// The folder for results; default: output/<NAME OF THE FILE>-sweep. A sweep that was stopped goes on there.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Drop the finished points of an earlier sweep in that folder.
    #[arg(long)]
    pub restart: bool,
    /// Play more than 100,000 points.
    #[arg(long)]
    pub yes: bool,
    /// Draw no charts of the sweep.
    #[arg(long)]
    pub no_charts: bool,
    /// Threads; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
    /// What stdout shows.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SizeArgs {
    /// The scenario file.
    pub file: PathBuf,
    /// The key to size, such as capacities.us.tpm; like the next ones, it overrides the file's [size].
    #[arg(long, value_name = "PATH")]
    pub vary: Option<String>,
    /// The first value.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub from: Option<u64>,
    /// The last value.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub to: Option<u64>,
    /// From one value to the next; default: 1.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub step: Option<u64>,
    /// What follows each value, such as /min for a rate or s for a time.
    #[arg(long)]
    pub unit: Option<String>,
    /// The least value that holds, or the greatest.
    #[arg(long, value_parser = ["least", "greatest"])]
    pub find: Option<String>,
    /// What is bought already: too few fails, too many is told with what it costs.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub bought: Option<u64>,
    #[command(flatten)]
    pub overrides: Overrides,
    /// The folder for results and charts; default: output/<NAME OF THE FILE>-size.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Threads; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Draw no charts of the answer.
    #[arg(long)]
    pub no_charts: bool,
    /// Play the scenario as written alone, whatever it doubts.
    #[arg(long)]
    pub no_doubt: bool,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
    /// What stdout shows.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl SizeArgs {
    /// All that is set, as `PATH=VALUE`: what to size is a section of the scenario like any other.
    pub(super) fn settings(&self) -> Vec<String> {
        let number = |key: &str, n: Option<u64>| n.map(|n| format!("size.{key}={n}"));
        let text = |key: &str, text: &Option<String>| text.as_ref().map(|text| format!("size.{key}={text}"));
        let own = [
            text("vary", &self.vary),
            text("find", &self.find),
            text("unit", &self.unit),
            number("from", self.from),
            number("to", self.to),
            number("step", self.step),
            number("bought", self.bought),
        ];
        self.overrides.as_settings().into_iter().chain(own.into_iter().flatten()).collect()
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The scenario that is compared with.
    pub a: PathBuf,
    /// The other scenario; default: A, with what --set says.
    pub b: Option<PathBuf>,
    /// Set a key of B alone, such as `--set capacities.us.tpm=2_000_000`; can be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Set a key of A and of B; can be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set_both: Vec<String>,
    /// The same as --set-both run.seed=N.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The same as --set-both run.replications=N.
    #[arg(long, value_name = "N")]
    pub replications: Option<u32>,
    /// Lay a catalogue of your own over that of bedload, such as our-account.toml; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,
    /// Call no difference better or worse that is at most this share of A's value.
    #[arg(long, value_name = "SHARE", value_parser = tolerance, default_value = "1%")]
    pub tolerance: f64,
    /// The folder for results; default: output/<NAME OF A>-vs-<NAME OF B>.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Draw no charts of the differences.
    #[arg(long)]
    pub no_charts: bool,
    /// Play the scenario as written alone, whatever it doubts.
    #[arg(long)]
    pub no_doubt: bool,
    /// Threads for replications; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
    /// What stdout shows.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl CompareArgs {
    /// What is set on both sides, as `PATH=VALUE`.
    pub(super) fn both(&self) -> Vec<String> {
        let both = Overrides {
            set: self.set_both.clone(),
            seed: self.seed,
            replications: self.replications,
            catalog: Vec::new(),
        };
        both.as_settings()
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Threads; default: one for each core. The verdicts do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write JUnit XML.
    #[arg(long, value_name = "FILE", value_parser = written)]
    pub junit: Option<PathBuf>,
    /// Write a table for a review comment; `-` prints it.
    #[arg(long, value_name = "FILE", value_parser = written)]
    pub markdown: Option<PathBuf>,
    /// Begin no more replications and no more files after this time, such as 5m.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub time_budget: Option<SimTime>,
    /// What an expectation that cannot be decided does to the exit code.
    #[arg(long, value_enum, default_value_t = OnDoubt::Fail)]
    pub inconclusive: OnDoubt,
    /// Fail where a metric is certainly worse than in this file.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the metrics of this check as a baseline.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// Fail where a figure of the catalogue in use is older, such as 90d.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub max_catalog_age: Option<SimTime>,
    /// Play the scenario as written alone, whatever it doubts.
    #[arg(long)]
    pub no_doubt: bool,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnDoubt {
    Pass,
    Fail,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// results.json, or the folder that it is in.
    pub results: PathBuf,
    /// One HTML page with everything in it, or Markdown for a pull request with its charts as files beside it.
    #[arg(long, value_enum, default_value_t = Layout::Html)]
    pub format: Layout,
    /// The scenario file, to be shown in the report.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// The report; default: report.html or report.md beside the results.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Layout {
    Html,
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct ChartArgs {
    /// results.json, or the folder that it is in.
    #[arg(required_unless_present = "list")]
    pub results: Option<PathBuf>,
    /// Show every chart and the question that it answers.
    #[arg(long)]
    pub list: bool,
    /// Draw this chart alone; can be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// What is written of each.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg, Picture::Png])]
    pub format: Vec<Picture>,
    /// The width of a PNG in pixels.
    #[arg(long, default_value_t = 1_280, value_parser = clap::value_parser!(u32).range(160..=7_680))]
    pub width: u32,
    /// For paper and light pages, or for dark ones.
    #[arg(long, value_enum, default_value_t = Look::Light)]
    pub theme: Look,
    /// The folder for the drawings; default: that of the results.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Picture {
    Svg,
    Png,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Look {
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Markdown,
}

/// Changes to a scenario without touching its file.
#[derive(Debug, Args)]
pub(super) struct Overrides {
    /// Set a key, such as `--set workloads.chat.max_tokens=1024`; can be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// The same as --set run.seed=N.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The same as --set run.replications=N.
    #[arg(long, value_name = "N")]
    pub replications: Option<u32>,
    /// Lay a catalogue of your own over that of bedload, such as our-account.toml; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,
}

impl Overrides {
    /// All of them as `PATH=VALUE`.
    pub(super) fn as_settings(&self) -> Vec<String> {
        let seed = self.seed.map(|n| format!("run.seed={n}"));
        let replications = self.replications.map(|n| format!("run.replications={n}"));
        self.set.iter().cloned().chain(seed).chain(replications).collect()
    }
}

/// As a scenario writes it: `2_000_000`.
fn whole(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| {
        let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(0);
        let (number, unit) = text.split_at(digits);
        match meant::count(text).first() {
            Some(count) if !unit.contains('/') => format!("write {count}"),
            _ if digits > 0 && unit.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '%')) => {
                format!("a value is a whole number; write {number} and --unit {unit}")
            }
            _ => "write a whole number, such as 2_000_000".to_owned(),
        }
    })
}

/// A span of time with its unit, such as `5m`.
fn span(text: &str) -> Result<SimTime, String> {
    parse::duration(text).map_err(|rule| match meant::duration(text).as_slice() {
        [] => format!("{rule}; write a time such as 5m"),
        offers => format!("{rule}; write {}", offers.join(" or ")),
    })
}

#[derive(Debug, Args)]
pub(super) struct CatalogArgs {
    /// A model's id, profile id or ARN, or the name of an SDK; without one, all are listed.
    pub id: Option<String>,
    /// Lay a catalogue of your own over that of bedload, such as our-account.toml; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A metric, such as `throttle_rate` or `workloads.chat.e2e_p99_ms`; without one, all are listed.
    pub metric: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    #[arg(value_enum, default_value_t = SchemaOf::Scenario)]
    pub of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    Scenario,
    Results,
}

/// Reads a share of at most everything, such as `1%`.
fn tolerance(text: &str) -> Result<f64, String> {
    let share = parse::percentage(text).map_err(|_| format!("`{text}` is not a share; write \"1%\""))?;
    if share <= 1.0 { Ok(share) } else { Err(format!("`{text}` is more than everything; write \"1%\"")) }
}

/// Reads the name of a file that is written. A scenario's own name is refused, so that no scenario is overwritten where the
/// name was forgotten and the next argument was taken for it.
fn written(text: &str) -> Result<PathBuf, String> {
    if text.ends_with(".toml") {
        return Err(format!("`{text}` is a scenario and would be overwritten; name another file, or write `-`"));
    }
    Ok(PathBuf::from(text))
}
