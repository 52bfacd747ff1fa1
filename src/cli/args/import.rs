//! What can be typed after `bedload import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::span;
use crate::trace;
use crate::units::SimTime;

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    #[command(subcommand)]
    pub what: ImportWhat,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportWhat {
    /// Say what a trace shows, and write a scenario that replays it.
    Trace(ImportTraceArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportTraceArgs {
    /// The trace, one call a line: a file or a folder of them, plain or gzip.
    pub file: PathBuf,
    /// azure, csv, burstgpt, mooncake or bedrock; default: what the file shows.
    #[arg(long, value_parser = format)]
    pub format: Option<trace::Format>,
    /// What a column of a table means, such as `input_tokens=prompt`; as often as needed.
    #[arg(long = "column", value_name = "MEANING=COLUMN", value_parser = column)]
    pub columns: Vec<(Meaning, String)>,
    /// Leave out what comes before, since the first row.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub from: Option<SimTime>,
    /// Leave out what comes from here on, since the first row.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub to: Option<SimTime>,
    /// Count the lines that are no request and leave them out.
    #[arg(long)]
    pub skip_bad_lines: bool,
    /// Draw traffic that is fitted to the trace instead, and say how well it fits.
    #[arg(long)]
    pub fit: bool,
    /// One workload for each modelId, identity or requestMetadata.KEY; of a table: for each value of a column.
    #[arg(long, value_name = "LABEL")]
    pub split_by: Option<String>,
    /// Where to write the scenario; default: <NAME OF THE FILE>.toml in this folder. `-` prints it.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// The name of the workload; default: that of the file.
    #[arg(long, value_name = "WORKLOAD", value_parser = workload)]
    pub name: Option<String>,
}

/// Where a meaning is kept among the names of columns.
pub(in crate::cli) type Meaning = fn(&mut trace::ColumnNames) -> &mut Option<String>;

const MEANINGS: [(&str, Meaning); 6] = [
    ("arrival", |names| &mut names.arrival),
    ("input_tokens", |names| &mut names.input),
    ("output_tokens", |names| &mut names.output),
    ("max_tokens", |names| &mut names.max_tokens),
    ("cache_read_tokens", |names| &mut names.cache_read),
    ("cache_write_tokens", |names| &mut names.cache_write),
];

fn one_of<T: Copy>(named: &[(&str, T)], text: &str) -> Result<T, String> {
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let found = named.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| format!("write one of {}", names.join(", ")))
}

fn format(text: &str) -> Result<trace::Format, String> {
    one_of(&trace::Format::NAMED, text)
}

fn column(text: &str) -> Result<(Meaning, String), String> {
    let (meaning, column) = text.split_once('=').ok_or("write MEANING=COLUMN, such as input_tokens=prompt")?;
    Ok((one_of(&MEANINGS, meaning)?, column.to_owned()))
}

fn workload(text: &str) -> Result<String, String> {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(rest) {
        return Ok(text.to_owned());
    }
    Err("a name is made of a-z, 0-9, _ and -, and begins with a letter".to_owned())
}
