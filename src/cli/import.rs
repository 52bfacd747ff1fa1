//! The command `bedload import`: records of calls become scenarios.

use std::path::{Path, PathBuf};

use super::args::{ImportArgs, ImportTraceArgs, ImportWhat};
use super::{Exit, Trouble, colour, complain, fault, files, render, say, shown};
use crate::diagnostic::{Sink, Sources};
use crate::import::fit::{self, Fit};
use crate::import::profile::{Figures, Profile};
use crate::import::read::{self, ImportError, Record};
use crate::import::text::{self, Told};
use crate::import::write::{self, Plan, Traffic, Workload};
use crate::trace::{self, ColumnNames, Only, Selection, TraceError};

pub(super) fn import(args: &ImportArgs) -> Result<Exit, Trouble> {
    match &args.what {
        ImportWhat::Trace(args) => import_trace(args),
    }
}

/// The workload that was found in a group of calls.
struct Found<'r> {
    /// The name of the workload.
    name: String,
    /// The value of the label that all calls of the group have.
    label: &'r str,
    model: Option<&'r str>,
    figures: Figures,
    fit: Option<Fit>,
}

fn import_trace(args: &ImportTraceArgs) -> Result<Exit, Trouble> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", stem(&args.file))));
    let printed = out.as_os_str() == "-";
    if !printed {
        files::try_new(&out)?;
    }
    let record = read(args)?;
    let source = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let found = find(&record, args, &source);
    let folder = out.parent().filter(|_| !printed).unwrap_or(Path::new(""));
    let scenario = scenario(&record, &found, &source, &path_from(folder, &args.file), args);
    if printed {
        say(&scenario)?;
    } else {
        files::write_new(&out, &scenario)?;
        say(&report(&source, &found))?;
        say(&format!("\nWritten    {0}\n           run it with: bedload run {0}\n", shown(&out)))?;
    }
    warn(&record, &found, args);
    Ok(Exit::Held)
}

fn selection(args: &ImportTraceArgs) -> Selection {
    let mut columns = ColumnNames::default();
    args.columns.iter().for_each(|(meaning, column)| *meaning(&mut columns) = Some(column.clone()));
    Selection {
        format: args.format,
        columns,
        only: None,
        from: args.from.map_or(0, |from| from.0),
        to: args.to.map(|to| to.0),
        skip_bad_lines: args.skip_bad_lines,
    }
}

fn read(args: &ImportTraceArgs) -> Result<Record, Trouble> {
    read::read(&args.file, &selection(args), args.split_by.as_deref()).map_err(|error| {
        let is_system = matches!(&error, ImportError::Trace(error) if error.is_system());
        let exit = if is_system { Exit::InputOutput } else { Exit::Usage };
        let help = match &error {
            ImportError::TooManyGroups(_) => Some("split by a field with fewer values"),
            ImportError::Trace(error) => match error.plain() {
                TraceError::Line { .. } => Some("correct the line, or leave such lines out with --skip-bad-lines"),
                TraceError::Unsorted { .. } => Some(trace::SORT),
                TraceError::Header { .. } => Some("name its columns, such as --column input_tokens=prompt"),
                TraceError::Read(error) => error.help,
                _ => None,
            },
        };
        fault(exit, format!("the trace `{}` cannot be imported: {error}", args.file.display()), help.map(str::to_owned))
    })
}

/// Returns the groups of a record, each under the name of its workload.
fn find<'r>(record: &'r Record, args: &ImportTraceArgs, source: &str) -> Vec<Found<'r>> {
    let mut taken: Vec<String> = Vec::new();
    let mut name = |label: &str| {
        let own = args.name.clone().unwrap_or_else(|| workload_name(&stem(&args.file)));
        let plain = if args.split_by.is_none() { own } else { workload_name(label) };
        let mut name = plain.clone();
        for n in 2.. {
            if !taken.contains(&name) {
                break;
            }
            name = format!("{plain}-{n}");
        }
        taken.push(name.clone());
        name
    };
    let of_group = |(label, profile): (&'r String, &'r Profile)| {
        let (name, figures) = (name(label), profile.figures(record.span)?);
        let model = match &record.models[..] {
            [only] => Some(only.as_str()),
            _ => (args.split_by.as_deref() == Some("modelId")).then_some(label.as_str()),
        };
        let text = |drawn: &fit::Drawn| {
            let traffic = Traffic::Drawn(drawn);
            let workloads = vec![Workload { name: &name, model: None, figures: &figures, traffic }];
            write::scenario(&Plan { source, span: record.span, workloads })
        };
        let fit = if args.fit { fit::fit(profile, record.span, &text) } else { None };
        Some(Found { name, label, model: model.filter(|m| !m.is_empty()), figures, fit })
    };
    record.groups.iter().filter_map(of_group).collect()
}

fn scenario(record: &Record, found: &[Found<'_>], source: &str, file: &str, args: &ImportTraceArgs) -> String {
    let selections: Vec<Selection> = found
        .iter()
        .map(|found| {
            let label = |label: &String| Only { label: label.clone(), is: found.label.to_owned() };
            Selection { only: args.split_by.as_ref().map(label), ..selection(args) }
        })
        .collect();
    let workloads = found.iter().zip(&selections).map(|(Found { name, model, figures, fit, .. }, selection)| {
        let traffic = fit.as_ref().map_or(Traffic::Replayed { file, selection }, Traffic::Fitted);
        Workload { name, model: *model, figures, traffic }
    });
    write::scenario(&Plan { source, span: record.span, workloads: workloads.collect() })
}

fn report(source: &str, found: &[Found<'_>]) -> String {
    let told = found.iter().map(|Found { name, figures, fit, .. }| {
        let name = (found.len() > 1).then_some(name.as_str());
        Told { name, figures, fit: fit.as_ref() }
    });
    text::report(source, &told.collect::<Vec<_>>(), colour(&std::io::stdout()))
}

/// Warns of what a record cannot show.
fn warn(record: &Record, found: &[Found<'_>], args: &ImportTraceArgs) {
    let mut sink = Sink::default();
    let rule = "a log of served calls does not show the calls that were throttled: demand may have been higher";
    let help = "add the calls that your clients counted as ThrottlingException, or CloudWatch's InvocationThrottles";
    sink.warning(None, rule, help.to_owned());
    if record.found.skipped_lines > 0 {
        let rule = format!("{} lines are no request and are left out", record.found.skipped_lines);
        sink.warning(None, rule, None);
    }
    if args.split_by.as_deref() != Some("modelId") && record.models.len() > 1 {
        let rule = format!(
            "the log has calls of {} models, and the scenario has one model for all of them",
            record.models.len()
        );
        sink.warning(None, rule, "--split-by modelId makes a workload of each".to_owned());
    }
    for Found { name, figures, fit, .. } in found {
        if figures.cut > 0.0 {
            let cut = figures.cut * 100.0;
            let rule = format!("{cut:.1} % of the answers of `{name}` stopped at max_tokens: true lengths are longer");
            let help = "a higher max_tokens in the scenario makes none of them longer".to_owned();
            sink.warning(None, rule, help);
        }
        if args.fit && fit.is_none() {
            let rule = format!("`{name}` has too few calls to fit, {}: it is replayed", figures.rows);
            sink.warning(None, rule, format!("a fit needs {} calls or more, spread over time", fit::FEWEST_ROWS));
        }
    }
    let warnings = render::render(&Sources::default(), &sink.findings, colour(&std::io::stderr()));
    complain(&warnings);
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

/// Returns a text as a name that a scenario accepts: a letter, then letters, digits, `_` and `-`, all in lower case.
fn workload_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' };
    let name: String = text.chars().map(plain).skip_while(|c| !c.is_ascii_lowercase()).collect();
    if name.is_empty() { "trace".to_owned() } else { name }
}

/// Returns the path by which a scenario in `folder` names a file: relative where both are known.
fn path_from(folder: &Path, file: &Path) -> String {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = match (here.canonicalize(), file.canonicalize()) {
        _ if file.is_absolute() || here == Path::new(".") => file.to_owned(),
        (Ok(folder), Ok(file)) => relative(&folder, &file),
        _ => file.to_owned(),
    };
    path.to_string_lossy().into_owned()
}

/// Returns the relative path from one absolute path to another.
fn relative(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| std::path::Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_named_after_its_file() {
        for (stem, name) in
            [("azure_llm_2023", "azure_llm_2023"), ("2026-11 Chat.log", "chat_log"), ("42", "trace"), ("É", "trace")]
        {
            assert_eq!(workload_name(stem), name);
        }
    }

    #[test]
    fn a_path_leads_from_the_scenario_to_the_file() {
        for (folder, file, path) in
            [("/a/b", "/a/b/t.csv", "t.csv"), ("/a/b", "/a/c/t.csv", "../c/t.csv"), ("/a", "/a/b/c/t.csv", "b/c/t.csv")]
        {
            assert_eq!(relative(Path::new(folder), Path::new(file)), Path::new(path));
        }
        assert_eq!(path_from(Path::new(""), Path::new("traces/t.csv")), "traces/t.csv");
    }
}
