//! The command `bedload report`: a document as one page, or as Markdown with its charts beside it.

use std::io;
use std::path::{Path, PathBuf};

use super::args::{Layout, ReportArgs};
use super::documents::{located, read};
use super::drawings::{USUAL, Wanted, add};
use super::files::{existing_folder, place, save, try_files, unwritable, write_whole};
use super::{Exit, Trouble, fault, refusal, say, shown};
use crate::charts::Subject;
use crate::report::{self, Sheet};
use crate::results::Results;
use crate::scenario::Source;

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Trouble> {
    let path = located(&args.results);
    let name = match args.format {
        Layout::Html => "report.html",
        Layout::Markdown => "report.md",
    };
    let out = args.out.clone().unwrap_or_else(|| path.with_file_name(name));
    refuse_folder(&out, name)?;
    let (results, points) = read(&path)?;
    let subject = Subject { results: &results, points: points.as_deref().unwrap_or(&results.points) };
    let (scenario, files) = args.scenario.as_deref().map(|file| scenario(file, &results)).transpose()?.unzip();
    if args.out.is_some() {
        let files: Vec<PathBuf> = files.unwrap_or_default();
        let read: Vec<&Path> = files.iter().map(PathBuf::as_path).chain([path.as_path()]).collect();
        try_files(&[("--out", &out)], &read)?;
    }
    let review = report::review(&Sheet { subject, scenario: scenario.as_deref() })
        .map_err(|e| fault(Exit::InputOutput, e.to_string(), None))?;
    let content = match args.format {
        Layout::Html => report::html(&review),
        Layout::Markdown => report::review_markdown(&review),
    };
    // A page that is named is one file, which is written whole; anything else belongs to the folder of the results.
    if args.out.is_some() && args.format == Layout::Html {
        write_whole(&out, &content)?;
    } else {
        let folder = existing_folder(folder_of(&out))?;
        let mut files = folder.together();
        if args.format == Layout::Markdown {
            add(&mut files, &review.drawings(), Wanted { svg: false, ..USUAL })?;
        }
        save(&mut files, out.file_name().unwrap_or_default(), content.as_bytes())?;
        place(files)?;
    }
    if !args.quiet {
        say(&format!("{}\n", shown(&out)))?;
    }
    Ok(Exit::Held)
}

fn folder_of(out: &Path) -> &Path {
    out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses a folder in the place of the report, and a report in a folder that is none.
fn refuse_folder(out: &Path, name: &str) -> Result<(), Trouble> {
    if out.is_dir() {
        let help = format!("name a file with --out, such as `{}`", out.join(name).display());
        return Err(fault(Exit::Usage, format!("`{}` is a folder", out.display()), help));
    }
    let beside = folder_of(out);
    if beside.is_dir() {
        return Ok(());
    }
    let why = beside.metadata().err().unwrap_or_else(|| io::ErrorKind::NotADirectory.into());
    Err(unwritable(out, &why))
}

/// Returns the scenario that the results are of, as it is written, with the files that it extends and includes, and the paths
/// of all of them; of a comparison, either of the two scenarios.
fn scenario(file: &Path, results: &Results) -> Result<(String, Vec<PathBuf>), Trouble> {
    let source = Source::open(file, &[]).map_err(|refused| refusal(&refused))?;
    let sides = results.comparison.iter().flat_map(|comparison| [&comparison.a.scenario, &comparison.b.scenario]);
    if ![&results.scenario].into_iter().chain(sides).any(|of| source.is_text_of(&of.sha256)) {
        let help = "give the file as it was when it ran, with the files that it extends and includes as they were then"
            .to_owned();
        return Err(fault(Exit::Usage, format!("the results come from another version of `{}`", file.display()), help));
    }
    Ok((source.written(), source.paths_read()))
}
