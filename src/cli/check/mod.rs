//! `bedload check`: the gate of a pipeline. Every file is run and judged; the exit code says whether all hold.

mod judge;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::{CheckArgs, OnDoubt};
use super::files::write_whole as write;
use super::forecast::{Ahead, announce};
use super::progress::Progress;
use super::run::exit_of;
use super::terminal::say_commands;
use super::{Exit, Trouble, complain, doubted, fault, load, say};
use crate::experiment::{self, Watch};
use crate::reading::{self, ReadError};
use crate::report::{self, Case, Checked};
use crate::results::{BASELINE_VERSION, Baseline, BaselineScenario, Judgement};
use crate::scenario::{Loaded, Source};

/// A file that is to be checked.
struct Subject {
    /// As it was given.
    file: String,
    source: Source,
    loaded: Loaded,
}

/// What every file is judged by.
struct Gate<'a> {
    args: &'a CheckArgs,
    baseline: Option<Baseline>,
    /// YYYY-MM-DD.
    today: String,
    clock: Clock,
}

/// A watch that knows when the time is up.
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
    let subjects = match open(args) {
        Ok(subjects) => subjects,
        Err(refused) => {
            // The comment of a review is left even so: it says what is wrong.
            leave_comment(args, &refused.files)?;
            return Err(refused.trouble);
        }
    };
    let ahead = |subject: &Subject| Ahead::of(&subject.loaded.model, doubted(&subject.loaded, args.no_doubt));
    announce(&subjects.iter().map(ahead).collect::<Vec<_>>(), args.resources)?;
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let budget = args.time_budget.map(|time| Duration::from_micros(time.0));
    let gate = Gate {
        args,
        baseline,
        today: jiff::ZonedDateTime::now().date().to_string(),
        clock: Clock { progress: Progress::new(args.quiet), until: budget.map(|budget| Instant::now() + budget) },
    };
    let threads = args.resources.threads();
    let judged = experiment::on_threads(threads, || subjects.iter().map(|subject| gate.judge(subject)).collect());
    let judged: Vec<Result<(Checked, Option<BaselineScenario>), Trouble>> =
        judged.map_err(|e| fault(Exit::InputOutput, format!("cannot start {threads} threads: {e}"), None))?;
    gate.clock.progress.finish();
    let shared = shared_quotas(&subjects);
    let (mut all, mut remembered, mut trouble) = (Vec::new(), BTreeMap::new(), None);
    for one in judged {
        match one {
            Ok((mut checked, memory)) => {
                checked.cases.extend(shared.get(&checked.file).into_iter().flatten().cloned());
                remembered.extend(memory.map(|memory| (checked.file.clone(), memory)));
                all.push(checked);
            }
            Err(found) => trouble = Some(found),
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

/// Files of which at least one cannot run.
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
                files.push(not_run(&file, &loaded.model.title));
                subjects.push(Subject { file, source, loaded });
            }
            Err(trouble) => {
                files.push(broken(&file, &trouble.message));
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

/// For each file, a warning for each default quota that other files take as well: each is judged as if it had it alone.
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
            let others: Vec<&str> = files.iter().copied().filter(|other| other != file).collect();
            let others = match others.as_slice() {
                few if few.len() <= 3 => few.join(", "),
                many => format!("{} other files", many.len()),
            };
            let text = format!(
                "the default quota {quota} is judged as if this file had it alone; {others} take it too: include the files of one account in one scenario"
            );
            let case =
                Case { name: "shared quota".to_owned(), verdict: Judgement::Held, text, is_warning: true, owner: None };
            warnings.entry((*file).to_owned()).or_default().push(case);
        }
    }
    warnings
}

fn not_run(file: &str, title: &str) -> Checked {
    let text = "not run: another file is no scenario that can run".to_owned();
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

/// A file that is no scenario, with its faults: each in a line, without the excerpts of its text.
fn broken(file: &str, message: &str) -> Checked {
    let is_told = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("error: ") || line.starts_with("--> ") || line.starts_with("= help: ")
    };
    let lines: Vec<&str> = message.lines().filter(is_told).map(str::trim).collect();
    let text = lines.join("\n");
    let case = Case { name: "scenario".to_owned(), verdict: Judgement::Failed, text, is_warning: false, owner: None };
    Checked { file: file.to_owned(), title: String::new(), cases: vec![case], now: None, before: None, is_broken: true }
}

fn leave_comment(args: &CheckArgs, files: &[Checked]) -> Result<(), Trouble> {
    match &args.markdown {
        Some(path) if path == Path::new("-") => say(&report::gate_markdown(files)),
        Some(path) => write(path, &report::gate_markdown(files)),
        None => Ok(()),
    }
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
    let may_pass = args.inconclusive == OnDoubt::Pass;
    if let Some(path) = &args.junit {
        write(path, &report::junit(all, may_pass))?;
    }
    let to_stdout = args.markdown.as_deref().is_some_and(|path| path == Path::new("-"));
    match &args.markdown {
        Some(_) if to_stdout => say(&report::gate_markdown(all))?,
        Some(path) => write(path, &report::gate_markdown(all))?,
        None => {}
    }
    if args.quiet {
        complain(&report::gate_broken(all));
    } else if !to_stdout {
        say(&report::gate_text(all))?;
    }
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|v| !v.is_empty()) {
        say_commands(&report::annotations(all, may_pass))?;
    }
    Ok(())
}
