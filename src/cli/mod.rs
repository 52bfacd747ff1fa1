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
mod forecast;
mod import;
mod init;
mod journal;
mod long_traces;
mod progress;
pub mod render;
mod report;
mod run;
mod schema;
mod size;
mod sweep;
mod terminal;
mod validate;

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Severity};
use crate::escape::visible;
use crate::model::Model;
use crate::model::study::Unknown;
use crate::reading::ReadError;
use crate::scenario::{Loaded, Refused, Source};
use args::Command;
use terminal::{colour, complain, remark, say, shown};

/// The exit code of the program. The numbers are part of its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every goal held, or there was none.
    Held = 0,
    /// A goal failed.
    Failed = 1,
    /// The usage or an input is wrong: a file is missing, damaged, or not what it should be. Nothing was written.
    Usage = 2,
    /// The system failed: a file cannot be written, may not be read, or fails while it is read; or another bedload writes to
    /// the same folder.
    InputOutput = 3,
    /// A goal could not be decided.
    Inconclusive = 4,
}

impl Exit {
    /// Returns how the program ends that cannot read a file.
    fn of(error: &ReadError) -> Self {
        if error.is_system() { Self::InputOutput } else { Self::Usage }
    }

    /// Returns how the program ends after two refusals: a failure of the system is the graver one.
    fn or(self, other: Self) -> Self {
        if other == Self::InputOutput { other } else { self }
    }
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

/// Parses the arguments, runs the command, and returns the exit code.
#[must_use]
pub fn main() -> Exit {
    let cli = match terminal::parse() {
        Ok(cli) => cli,
        Err(error) => {
            let is_printed = terminal::print_parsed(&error);
            if let Some(tip) = import_meant(&error) {
                complain(&format!("\n  tip: write `{}`\n", visible(&tip)));
            }
            return match is_printed {
                _ if error.use_stderr() => Exit::Usage,
                Ok(()) => Exit::Held,
                Err(trouble) => {
                    complain(&trouble.message);
                    trouble.exit
                }
            };
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
        complain(&trouble.message);
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

/// Loads a scenario, tries the alternatives of its unknowns, and shows its warnings.
fn load(path: &Path, settings: &[String], catalogs: &[PathBuf]) -> Result<(Source, Loaded), Trouble> {
    let source = source(path, settings, catalogs)?;
    let loaded = source.load(&[]).map_err(|refused| refusal(&refused))?;
    check_alternatives(&source, &loaded.study.doubt, &[])?;
    show_warnings(&loaded);
    Ok((source, loaded))
}

/// Tries each alternative of each unknown by itself, over some settings, so that most faults are found before anything
/// is simulated.
fn check_alternatives(source: &Source, unknowns: &[Unknown], settings: &[String]) -> Result<(), Trouble> {
    for unknown in unknowns {
        for value in unknown.others() {
            source.load(&[settings, &[unknown.at(&value).argument()]].concat()).map_err(|refused| {
                let Trouble { exit, message } = refusal(&refused);
                let path = visible(&unknown.path);
                Trouble::new(exit, format!("{message}this value of \"{path}\" comes from [doubt]\n"))
            })?;
        }
    }
    Ok(())
}

/// Returns the unknowns under whose readings a scenario is simulated too; none if the user does without them.
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

fn show_warnings(loaded: &Loaded) {
    complain(&warnings(loaded));
}

/// Returns the warnings of a scenario as stderr shows them; empty when there are none.
fn warnings(loaded: &Loaded) -> String {
    if loaded.warnings.is_empty() {
        return String::new();
    }
    render::render(&loaded.sources, &loaded.warnings, colour(&std::io::stderr()))
}

fn refusal(refused: &Refused) -> Trouble {
    let exit = if refused.findings.iter().any(|finding| finding.is_system) { Exit::InputOutput } else { Exit::Usage };
    Trouble::new(exit, render::render(&refused.sources, &refused.findings, colour(&std::io::stderr())))
}

/// Returns a fault that is about no place in a file, in the shape of the others.
fn fault(exit: Exit, rule: impl Into<String>, help: impl Into<Option<String>>) -> Trouble {
    let (severity, rule, help) = (Severity::Error, rule.into(), help.into());
    let finding =
        Diagnostic { severity, rule, at: None, help, offers: Vec::new(), is_system: exit == Exit::InputOutput };
    Trouble::new(exit, render::render(&crate::diagnostic::Sources::default(), &[finding], colour(&std::io::stderr())))
}
