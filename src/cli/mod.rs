//! The command line: one file a verb. Only this module prints, reads the environment, and knows the terminal.

mod args;
mod catalog;
mod chart;
mod check;
mod compare;
mod documents;
mod drawings;
mod explain;
mod files;
mod import;
mod init;
mod progress;
pub mod render;
mod report;
mod run;
mod schema;
mod size;
mod sweep;
mod validate;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Model;
use crate::model::study::Unknown;
use crate::scenario::{Loaded, Refused, Source};
use args::{Cli, Command};

/// How the program ends. The numbers are part of its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every expectation held, or there was none.
    Held = 0,
    /// An expectation failed.
    Failed = 1,
    /// The scenario or the usage is wrong; nothing was written.
    Usage = 2,
    /// A file could not be read or written.
    InputOutput = 3,
    /// An expectation could not be decided.
    Inconclusive = 4,
}

/// A message for stderr and the exit it leads to.
#[derive(Debug)]
struct Trouble {
    exit: Exit,
    message: String,
}

impl Trouble {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

/// Parses the arguments, does what they say, and returns how it ended.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            if let Some(tip) = import_meant(&error) {
                let _ = writeln!(std::io::stderr(), "\n  tip: write `{tip}`");
            }
            return if error.use_stderr() { Exit::Usage } else { Exit::Held };
        }
    };
    let ended = match &cli.command {
        Command::Init(args) => init::init(args),
        Command::Chart(args) => chart::chart(args),
        Command::Report(args) => report::report(args),
        Command::Import(args) => import::import(args),
        Command::Validate(args) => validate::validate(args),
        Command::Run(args) => run::run(args),
        Command::Sweep(args) => sweep::sweep(args),
        Command::Size(args) => size::size(args),
        Command::Compare(args) => compare::compare(args),
        Command::Check(args) => check::check(args),
        Command::Catalog(args) => catalog::catalog(args),
        Command::Explain(args) => explain::explain(args),
        Command::Schema(args) => schema::schema(args),
    };
    ended.unwrap_or_else(|trouble| {
        let _ = write!(std::io::stderr(), "{}", trouble.message);
        trouble.exit
    })
}

/// Returns the command that was meant by `bedload import calls.csv`, which lacks the kind of record.
fn import_meant(error: &clap::Error) -> Option<String> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let [verb, rest @ ..] = typed.as_slice() else { return None };
    let is_meant = verb == "import" && error.kind() == clap::error::ErrorKind::InvalidSubcommand;
    is_meant.then(|| format!("bedload import trace {}", rest.join(" ")))
}

/// Data for stdout. A reader that has gone away (`| head`) is no failure; a full disk is.
fn say(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(fault(Exit::InputOutput, format!("cannot write to stdout: {error}"), None))
        }
        _ => Ok(()),
    }
}

/// Returns whether to colour what goes to this stream: only on a terminal, and not where NO_COLOR is set.
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Loads a scenario, what it doubts included, and shows its warnings.
fn load(path: &Path, settings: &[String], catalogs: &[PathBuf]) -> Result<(Source, Loaded), Trouble> {
    let source = source(path, settings, catalogs)?;
    let loaded = source.load(&[]).map_err(|refused| refusal(&refused))?;
    check_alternatives(&source, &loaded.study.doubt, &[])?;
    show_warnings(&loaded);
    Ok((source, loaded))
}

/// Tries each alternative of what is in doubt by itself, over some settings, so that most faults are found before
/// anything is simulated.
fn check_alternatives(source: &Source, unknowns: &[Unknown], settings: &[String]) -> Result<(), Trouble> {
    for unknown in unknowns {
        for value in unknown.others() {
            source.load(&[settings, &[unknown.at(&value).argument()]].concat()).map_err(|refused| {
                let Trouble { exit, message } = refusal(&refused);
                Trouble::new(exit, format!("{message}this value of \"{}\" comes from [doubt]\n", unknown.path))
            })?;
        }
    }
    Ok(())
}

/// What is put under every reading, unless nobody wants it.
fn doubted(loaded: &Loaded, no_doubt: bool) -> &[Unknown] {
    if no_doubt { &[] } else { &loaded.study.doubt }
}

/// Opens a scenario that is loaded more than once.
fn source(path: &Path, settings: &[String], catalogs: &[PathBuf]) -> Result<Source, Trouble> {
    let opened = Source::open(path, settings).map_err(|refused| refusal(&refused))?;
    Ok(opened.with_catalogs(catalogs))
}

/// Returns the model of settings over a scenario; or why there is none, as stderr shows it.
fn build(source: &Source, settings: &[String]) -> Result<Model, String> {
    match source.load(settings) {
        Ok(loaded) => Ok(loaded.model),
        Err(refused) => Err(refusal(&refused).message),
    }
}

/// Says something on stderr; nobody has to listen.
fn remark(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn show_warnings(loaded: &Loaded) {
    let _ = write!(std::io::stderr(), "{}", warnings(loaded));
}

/// The warnings of a scenario as stderr shows them; empty when there are none.
fn warnings(loaded: &Loaded) -> String {
    if loaded.warnings.is_empty() {
        return String::new();
    }
    render::render(&loaded.sources, &loaded.warnings, colour(&std::io::stderr()))
}

fn refusal(refused: &Refused) -> Trouble {
    Trouble::new(Exit::Usage, render::render(&refused.sources, &refused.findings, colour(&std::io::stderr())))
}

/// Returns a fault that is about no place in a file, in the shape of the others.
fn fault(exit: Exit, rule: impl Into<String>, help: impl Into<Option<String>>) -> Trouble {
    let finding =
        Diagnostic { severity: Severity::Error, rule: rule.into(), at: None, help: help.into(), offers: Vec::new() };
    Trouble::new(exit, render::render(&crate::diagnostic::Sources::default(), &[finding], colour(&std::io::stderr())))
}
