//! The command `bedload check`: the gate of a pipeline. Every file is run and judged; the exit code says if all hold.

mod judge;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::{CheckArgs, OnDoubt};
use super::files::{refuse_read, try_files, write_whole as write};
use super::forecast::{Ahead, announce};
use super::long_traces::{AGAIN, LongTraces};
use super::progress::Progress;
use super::run::exit_of;
use super::terminal::say_commands;
use super::{Exit, Trouble, complain, doubted, fault, load, say};
use crate::experiment::{self, Watch};
use crate::reading::{self, ReadError};
use crate::report::{self, Case, Checked};
use crate::results::{BASELINE_VERSION, Baseline, BaselineScenario, Judgement};
use crate::scenario::{Loaded, Source};

/// A scenario file to check.
struct Subject {
    /// The path of the file as it was given.
    file: String,
    source: Source,
    loaded: Loaded,
}

/// The settings and the baseline by which every file is judged.
struct Gate<'a> {
    args: &'a CheckArgs,
    baseline: Option<Baseline>,
    /// The date of today, as YYYY-MM-DD.
    today: String,
    clock: Clock,
}

/// The time budget of the check.
struct Clock {
    progress: Progress,
    until: Option<Instant>,
}

impl Watch for Clock {
    fn planned(&self, replications: u64, simulated: u64) {
        self.progress.planned(replications, simulated);
    }
    fn advanced(&self, simulated: u64) {
        self.progress.advanced(simulated);
    }
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Trouble> {
    let written = written(args);
    let named = args.files.iter().chain(&args.overrides.catalog).map(PathBuf::as_path);
    try_files(&written, &named.collect::<Vec<_>>())?;
    refuse_baseline(args, &written)?;
    let subjects = match open(args) {
        Ok(subjects) => subjects,
        // A review and a CI system are told even so what is wrong.
        Err(refused) => return Err(reported(args, &refused.files, refused.trouble)),
    };
    for (option, path) in &written {
        let read: Vec<PathBuf> = subjects.iter().flat_map(|subject| subject.source.paths_read()).collect();
        refuse_read(option, path, &read.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    }
    let ahead = subjects.iter().map(|s| Ahead::of(&s.loaded.model, doubted(&s.loaded, args.no_doubt)));
    announce(&ahead.collect::<Vec<_>>(), args.resources)?;
    let baseline = match args.baseline.as_deref().map(read_baseline).transpose() {
        Ok(baseline) => baseline,
        Err(trouble) => {
            let path = args.baseline.as_deref().unwrap_or(Path::new("")).display().to_string();
            let not_run = |s: &Subject| not_run(&s.file, &s.loaded.model.title, "the baseline cannot be read");
            let files: Vec<Checked> =
                [broken(&path, "baseline", &trouble.message)].into_iter().chain(subjects.iter().map(not_run)).collect();
            return Err(reported(args, &files, trouble));
        }
    };
    let budget = args.time_budget.map(|time| Duration::from_micros(time.0));
    let gate = Gate {
        args,
        baseline,
        today: jiff::ZonedDateTime::now().date().to_string(),
        clock: Clock { progress: Progress::new(args.quiet), until: budget.map(|budget| Instant::now() + budget) },
    };
    let threads = args.resources.threads();
    let judge = |subject: &Subject| {
        let long_traces = LongTraces::of(&subject.source)?;
        let judged = gate.judge(subject)?;
        long_traces.refuse_changed(AGAIN)?;
        Ok(judged)
    };
    let judged = experiment::on_threads(threads, || subjects.iter().map(judge).collect());
    let judged: Vec<Result<(Checked, Option<BaselineScenario>), Trouble>> =
        judged.map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?;
    gate.clock.progress.finish();
    let shared = shared_quotas(&subjects);
    let (mut all, mut remembered, mut trouble) = (Vec::new(), BTreeMap::new(), None);
    for (one, subject) in judged.into_iter().zip(&subjects) {
        match one {
            Ok((mut checked, memory)) => {
                checked.cases.extend(shared.get(&checked.file).into_iter().flatten().cloned());
                remembered.extend(memory.map(|memory| (checked.file.clone(), memory)));
                all.push(checked);
            }
            Err(found) => {
                all.push(broken(&subject.file, "scenario", &found.message));
                trouble = Some(found);
            }
        }
    }
    tell(args, &all)?;
    // What could be judged has been told; what could not ends the check.
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if let Some(path) = &args.write_baseline {
        let baseline = Baseline { schema_version: BASELINE_VERSION, scenarios: remembered };
        write(path, &(pretty(&baseline) + "\n"))?;
    }
    Ok(match all.iter().map(Checked::verdict).max() {
        Some(Judgement::Inconclusive) if args.inconclusive == OnDoubt::Pass => Exit::Held,
        worst => exit_of(worst.unwrap_or(Judgement::Held)),
    })
}

/// Returns the files that the arguments name to be written, each under the name of its option.
fn written(args: &CheckArgs) -> Vec<(&'static str, &Path)> {
    let markdown = args.markdown.as_deref().filter(|path| *path != Path::new("-"));
    let named = [
        ("--junit", args.junit.as_deref()),
        ("--markdown", markdown),
        ("--write-baseline", args.write_baseline.as_deref()),
    ];
    named.into_iter().filter_map(|(option, path)| Some((option, path?))).collect()
}

/// Refuses a report in the place of the baseline. A new baseline may replace the one that is read.
fn refuse_baseline(args: &CheckArgs, written: &[(&str, &Path)]) -> Result<(), Trouble> {
    let Some(baseline) = args.baseline.as_deref() else { return Ok(()) };
    let mut reports = written.iter().filter(|(option, _)| *option != "--write-baseline");
    reports.try_for_each(|(option, path)| refuse_read(option, path, &[baseline]))
}

/// The files of a check in which at least one scenario is not valid.
struct Unrunnable {
    files: Vec<Checked>,
    trouble: Trouble,
}

/// Loads every file; when one is refused, all faults are shown and nothing is simulated.
fn open(args: &CheckArgs) -> Result<Vec<Subject>, Box<Unrunnable>> {
    let settings = args.overrides.as_settings();
    let (mut subjects, mut files, mut refusals) = (Vec::new(), Vec::new(), String::new());
    let mut exit = Exit::Usage;
    for path in &args.files {
        // The same key on every system, so that a baseline can be carried.
        let file = path.display().to_string().replace('\\', "/");
        match load(path, &settings, &args.overrides.catalog) {
            Ok((source, loaded)) => {
                files.push(not_run(&file, &loaded.model.title, "another file is not a valid scenario"));
                subjects.push(Subject { file, source, loaded });
            }
            Err(trouble) => {
                files.push(broken(&file, "scenario", &trouble.message));
                refusals += &trouble.message;
                exit = exit.or(trouble.exit);
            }
        }
    }
    if refusals.is_empty() {
        return Ok(subjects);
    }
    Err(Box::new(Unrunnable { files, trouble: Trouble::new(exit, refusals) }))
}

/// Returns, for each file, a warning for each default quota that other files take as well: each is judged as if it had
/// it alone. Files that one of those that are checked judges together need none.
fn shared_quotas(subjects: &[Subject]) -> BTreeMap<String, Vec<Case>> {
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for subject in subjects {
        for quota in &subject.loaded.model.default_quotas {
            users.entry(quota).or_default().push(&subject.file);
        }
    }
    let mut warnings: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for (quota, files) in users.into_iter().filter(|(_, files)| files.len() > 1) {
        for file in &files {
            let is_apart = |other: &&str| other != file && !are_together(subjects, file, other);
            let others: Vec<&str> = files.iter().copied().filter(is_apart).collect();
            if others.is_empty() {
                continue;
            }
            let others = match others.as_slice() {
                few if few.len() <= 3 => few.join(", "),
                many => format!("{} other files", many.len()),
            };
            let text = format!(
                "the default quota {quota} is judged as if this file alone used it; {others} use it too: include the files of one account in one scenario"
            );
            let case =
                Case { name: "shared quota".to_owned(), verdict: Judgement::Held, text, is_warning: true, owner: None };
            warnings.entry((*file).to_owned()).or_default().push(case);
        }
    }
    warnings
}

/// Returns whether one of the files that are checked judges both files together: it is one of them or includes it.
fn are_together(subjects: &[Subject], one: &str, other: &str) -> bool {
    let source_of = |file: &str| subjects.iter().find(|subject| subject.file == file).map(|subject| &subject.source);
    let (Some(one), Some(other)) = (source_of(one), source_of(other)) else { return false };
    let has = |account: &Source, part: &Source| std::ptr::eq(account, part) || account.includes(part);
    subjects.iter().any(|subject| has(&subject.source, one) && has(&subject.source, other))
}

/// Returns a file that was not judged because of another one.
fn not_run(file: &str, title: &str, why: &str) -> Checked {
    let text = format!("not run: {why}");
    let case = Case { name: "run".to_owned(), verdict: Judgement::Inconclusive, text, is_warning: false, owner: None };
    Checked {
        file: file.to_owned(),
        title: title.to_owned(),
        cases: vec![case],
        now: None,
        before: None,
        is_broken: false,
    }
}

/// Returns a file that cannot be used, with its errors: each in a line, without the excerpts of its text and without
/// its warnings.
fn broken(file: &str, name: &str, message: &str) -> Checked {
    let mut is_error = false;
    let mut lines: Vec<&str> = Vec::new();
    for line in message.lines().map(str::trim) {
        if line.starts_with("error: ") || line.starts_with("warning: ") {
            is_error = line.starts_with("error: ");
        }
        if is_error && ["error: ", "--> ", "= help: "].iter().any(|start| line.starts_with(start)) {
            lines.push(line);
        }
    }
    let (name, text) = (name.to_owned(), lines.join("\n"));
    let case = Case { name, verdict: Judgement::Failed, text, is_warning: false, owner: None };
    Checked { file: file.to_owned(), title: String::new(), cases: vec![case], now: None, before: None, is_broken: true }
}

/// Writes the reports that were wanted although nothing was judged; returns the trouble, with any errors of writing.
fn reported(args: &CheckArgs, files: &[Checked], trouble: Trouble) -> Trouble {
    match leave_reports(args, files) {
        Ok(()) => trouble,
        Err(lost) => Trouble::new(trouble.exit, trouble.message + &lost.message),
    }
}

/// Writes the reports that the arguments name: Markdown for a review, JUnit XML for a CI system.
fn leave_reports(args: &CheckArgs, files: &[Checked]) -> Result<(), Trouble> {
    let may_pass = args.inconclusive == OnDoubt::Pass;
    if let Some(path) = &args.junit {
        write(path, &report::junit(files, may_pass))?;
    }
    match &args.markdown {
        Some(path) if path == Path::new("-") => say(&report::gate_markdown(files))?,
        Some(path) => write(path, &report::gate_markdown(files))?,
        None => {}
    }
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|v| !v.is_empty()) {
        say_commands(&report::annotations(files, may_pass))?;
    }
    Ok(())
}

fn read_baseline(path: &Path) -> Result<Baseline, Trouble> {
    let refuse = |error: &ReadError| {
        let rule = format!("the baseline `{}` cannot be read: {error}", path.display());
        fault(Exit::of(error), rule, "`bedload check FILE --write-baseline FILE` writes one".to_owned())
    };
    let text = reading::text(path, reading::MOST_DOCUMENT).map_err(|error| refuse(&error))?;
    let (baseline, _) = reading::json::<Baseline>(text.as_bytes()).map_err(|error| refuse(&error))?;
    if baseline.schema_version != BASELINE_VERSION {
        let version = baseline.schema_version;
        let rule = format!("its schema_version is {version}, this bedload writes {BASELINE_VERSION}");
        return Err(refuse(&ReadError::content(None, rule)));
    }
    Ok(baseline)
}

fn pretty(baseline: &Baseline) -> String {
    serde_json::to_string_pretty(baseline).unwrap_or_default()
}

fn tell(args: &CheckArgs, all: &[Checked]) -> Result<(), Trouble> {
    let to_stdout = args.markdown.as_deref().is_some_and(|path| path == Path::new("-"));
    if args.quiet {
        complain(&report::gate_broken(all));
    } else if !to_stdout {
        say(&report::gate_text(all))?;
    }
    leave_reports(args, all)
}
