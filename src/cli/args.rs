//! The arguments of the command line.

mod import;

pub(super) use import::{ImportArgs, ImportTraceArgs, ImportWhat};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::units::{SimTime, meant, parse};

/// Simulate your load against Amazon Bedrock's quotas before you buy throughput.
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
    /// Check scenarios and show how they are understood, without simulating.
    Validate(ValidateArgs),
    /// Simulate a scenario: a summary, results.json, points.csv and charts.
    Run(RunArgs),
    /// Simulate every design point of a scenario's [sweep].
    Sweep(SweepArgs),
    /// Find the least (or the greatest) value of a key that meets every goal.
    Size(SizeArgs),
    /// Simulate two scenarios with the same random draws and show how they differ.
    Compare(CompareArgs),
    /// Gate a pipeline: simulate scenarios and judge their goals.
    Check(CheckArgs),
    /// Draw charts from results that were written before.
    Chart(ChartArgs),
    /// Make one page for a review from results, as HTML or as Markdown.
    Report(ReportArgs),
    /// Make a scenario from a log of calls: replay the log or draw from a fitted model.
    Import(ImportArgs),
    /// Look up the models that bedload knows, with sources and dates.
    Catalog(CatalogArgs),
    /// Explain a metric: its meaning, unit and formula.
    Explain(ExplainArgs),
    /// Print the JSON Schema of scenarios or of results.
    Schema(SchemaArgs),
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The template: quickstart, shared-quota or queue.
    #[arg(default_value = "quickstart")]
    pub template: String,
    /// The file to write; default: <TEMPLATE>.toml in this folder. `-` writes to stdout.
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
    /// Print only errors and warnings.
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scenario file.
    pub file: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Run point K of the scenario's [sweep] alone; its folder is output/<NAME OF THE FILE>-point-K.
    #[arg(long, value_name = "K")]
    pub point: Option<u64>,
    /// The folder for results and charts; default: output/<NAME OF THE FILE>.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub resources: Resources,
    /// Draw no charts.
    #[arg(long)]
    pub no_charts: bool,
    /// Simulate the scenario as written only, and leave [doubt] out.
    #[arg(long)]
    pub no_doubt: bool,
    /// Do not search for a value that would change the answer from no to yes.
    #[arg(long)]
    pub no_decision: bool,
    /// Print only errors and warnings.
    #[arg(long, short)]
    pub quiet: bool,
    /// The form in which stdout shows the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// The scenario file, with axes in [sweep].
    pub file: PathBuf,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Show the points as CSV, or with --format json as JSON, and simulate nothing.
    #[arg(long)]
    pub list: bool,
    /// The folder for results; default: output/<NAME OF THE FILE>-sweep. A sweep that was stopped continues there.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Drop the finished points of an earlier sweep in that folder.
    #[arg(long)]
    pub restart: bool,
    /// Draw no charts of the sweep.
    #[arg(long)]
    pub no_charts: bool,
    #[command(flatten)]
    pub resources: Resources,
    /// Print only errors and warnings.
    #[arg(long, short)]
    pub quiet: bool,
    /// The form in which stdout shows the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SizeArgs {
    /// The scenario file.
    pub file: PathBuf,
    /// The key to size, such as capacities.us.tpm. This flag and those below override the file's [size].
    #[arg(long, value_name = "PATH")]
    pub vary: Option<String>,
    /// The first value.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub from: Option<u64>,
    /// The last value.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub to: Option<u64>,
    /// The step from one value to the next; default: 1.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub step: Option<u64>,
    /// The unit of the values, such as /min for a rate or s for a time.
    #[arg(long)]
    pub unit: Option<String>,
    /// Find the least or the greatest value that meets every goal.
    #[arg(long, value_parser = ["least", "greatest"])]
    pub find: Option<String>,
    /// The value that is bought: the command fails if it is too low, and shows the saving if it is more than enough.
    #[arg(long, value_name = "N", value_parser = whole)]
    pub bought: Option<u64>,
    #[command(flatten)]
    pub overrides: Overrides,
    /// The folder for results and charts; default: output/<NAME OF THE FILE>-size.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub resources: Resources,
    /// Draw no charts.
    #[arg(long)]
    pub no_charts: bool,
    /// Simulate the scenario as written only, and leave [doubt] out.
    #[arg(long)]
    pub no_doubt: bool,
    /// Print only errors and warnings.
    #[arg(long, short)]
    pub quiet: bool,
    /// The form in which stdout shows the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl SizeArgs {
    /// Returns all that is set, as `PATH=VALUE`: what to size is a section of the scenario like any other.
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
    /// The first scenario, with which the other is compared.
    pub a: PathBuf,
    /// The second scenario; default: A with the changes of --set.
    pub b: Option<PathBuf>,
    /// Set a key of B only, such as `--set capacities.us.tpm=2_000_000`; can be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Set a key of A and of B; can be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set_both: Vec<String>,
    /// Set the seed on both sides, like --set-both run.seed=N.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Set the number of replications on both sides, like --set-both run.replications=N.
    #[arg(long, value_name = "N")]
    pub replications: Option<u32>,
    /// Use a catalogue file of your own, such as our-account.toml, on top of bedload's; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,
    /// Call a difference better or worse only when it exceeds this share of A's value.
    #[arg(long, value_name = "SHARE", value_parser = tolerance, default_value = "1%")]
    pub tolerance: f64,
    /// The folder for results; default: output/<NAME OF A>-vs-<NAME OF B>.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Draw no charts of the differences.
    #[arg(long)]
    pub no_charts: bool,
    /// Simulate the scenario as written only, and leave [doubt] out.
    #[arg(long)]
    pub no_doubt: bool,
    #[command(flatten)]
    pub resources: Resources,
    /// Print only errors and warnings.
    #[arg(long, short)]
    pub quiet: bool,
    /// The form in which stdout shows the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl CompareArgs {
    /// Returns the settings of both sides, as `PATH=VALUE`.
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
    #[command(flatten)]
    pub resources: Resources,
    /// Write a JUnit XML report.
    #[arg(long, value_name = "FILE", value_parser = written)]
    pub junit: Option<PathBuf>,
    /// Write a table for a review comment; `-` writes it to stdout.
    #[arg(long, value_name = "FILE", value_parser = written)]
    pub markdown: Option<PathBuf>,
    /// Start no further replication or file after this time, such as 5m.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub time_budget: Option<SimTime>,
    /// The effect on the exit code of a goal that cannot be decided.
    #[arg(long, value_enum, default_value_t = OnDoubt::Fail)]
    pub inconclusive: OnDoubt,
    /// Fail when a metric is worse than in this baseline file by more than its interval.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the metrics of this check to a baseline file.
    #[arg(long, value_name = "FILE", value_parser = written)]
    pub write_baseline: Option<PathBuf>,
    /// Fail when a catalogue figure in use is older than this, such as 90d.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub max_catalog_age: Option<SimTime>,
    /// Simulate the scenario as written only, and leave [doubt] out.
    #[arg(long)]
    pub no_doubt: bool,
    /// Print only errors and warnings.
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
    /// The form: one self-contained HTML page, or Markdown for a pull request with its charts as files beside it.
    #[arg(long, value_enum, default_value_t = Layout::Html)]
    pub format: Layout,
    /// A scenario file whose text the report shows.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// The file for the report; default: report.html or report.md beside the results.
    #[arg(long, short, value_name = "FILE", value_parser = written)]
    pub out: Option<PathBuf>,
    /// Print only errors and warnings.
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
    /// Draw only this chart; can be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// The file format of each drawing.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg, Picture::Png])]
    pub format: Vec<Picture>,
    /// The width of a PNG in pixels.
    #[arg(long, default_value_t = 1_280, value_parser = clap::value_parser!(u32).range(160..=7_680))]
    pub width: u32,
    /// The colours: for paper and light pages, or for dark pages.
    #[arg(long, value_enum, default_value_t = Look::Light)]
    pub theme: Look,
    /// The folder for the drawings; default: that of the results.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Print only errors and warnings.
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

/// The resources of the machine that a command may use.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Resources {
    /// The number of threads; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Begin even where more memory is needed than this machine has, or where a sweep has more than 100,000 points.
    #[arg(long)]
    pub yes: bool,
}

impl Resources {
    /// Returns the number of threads; 0: one for each core.
    pub(super) fn threads(self) -> usize {
        usize::from(self.threads.unwrap_or(0))
    }
}

/// Changes to a scenario without touching its file.
#[derive(Debug, Args)]
pub(super) struct Overrides {
    /// Set a key, such as `--set workloads.chat.max_tokens=1024`; can be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Set the seed, like --set run.seed=N.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Set the number of replications, like --set run.replications=N.
    #[arg(long, value_name = "N")]
    pub replications: Option<u32>,
    /// Use a catalogue file of your own, such as our-account.toml, on top of bedload's; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,
}

impl Overrides {
    /// Returns all overrides as `PATH=VALUE`.
    pub(super) fn as_settings(&self) -> Vec<String> {
        let seed = self.seed.map(|n| format!("run.seed={n}"));
        let replications = self.replications.map(|n| format!("run.replications={n}"));
        self.set.iter().cloned().chain(seed).chain(replications).collect()
    }
}

/// Parses a whole number as a scenario writes it: `2_000_000`.
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

/// Returns a span of time with its unit, such as `5m`.
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
    /// Use a catalogue file of your own, such as our-account.toml, on top of bedload's; can be repeated.
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
    /// The schema to print.
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
    if share <= 1.0 { Ok(share) } else { Err(format!("`{text}` is more than 100 %; write \"1%\"")) }
}

/// Reads the name of a file that is written. A scenario's own name is refused, so that no scenario is overwritten where the
/// name was forgotten and the next argument was taken for it.
fn written(text: &str) -> Result<PathBuf, String> {
    if text.ends_with(".toml") {
        return Err(format!("`{text}` is a scenario and would be overwritten; name another file"));
    }
    Ok(PathBuf::from(text))
}
