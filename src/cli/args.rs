//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// The folder for results and charts; default: output/<NAME OF THE FILE>.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Threads for replications; default: one for each core. The results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Draw no charts.
    #[arg(long)]
    pub no_charts: bool,
    /// Print only diagnostics.
    #[arg(long, short)]
    pub quiet: bool,
    /// What stdout shows.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
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
}

impl Overrides {
    /// All of them as `PATH=VALUE`.
    pub(super) fn as_settings(&self) -> Vec<String> {
        let seed = self.seed.map(|n| format!("run.seed={n}"));
        let replications = self.replications.map(|n| format!("run.replications={n}"));
        self.set.iter().cloned().chain(seed).chain(replications).collect()
    }
}

#[derive(Debug, Args)]
pub(super) struct CatalogArgs {
    /// A model's id, profile id or ARN; without one, all models are listed.
    pub id: Option<String>,
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
