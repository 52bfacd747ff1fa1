//! The command `bedload report`: a document as one page, or as Markdown with its charts beside it.

use std::io;
use std::path::Path;

use super::args::{Layout, ReportArgs};
use super::documents::{located, read};
use super::drawings::{USUAL, Wanted, write};
use super::files::{existing_folder, unwritable, write_whole};
use super::{Exit, Trouble, fault, refusal, say, shown};
use crate::charts::Subject;
use crate::report::{self, Sheet};
use crate::results::Results;
use crate::scenario::Source;

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Trouble> {
    let path = located(&args.results);
    let (results, points) = read(&path)?;
    let subject = Subject { results: &results, points: points.as_deref().unwrap_or(&results.points) };
    let scenario = args.scenario.as_deref().map(|file| scenario(file, &results)).transpose()?;
    let review = report::review(&Sheet { subject, scenario: scenario.as_deref() })
        .map_err(|e| fault(Exit::InputOutput, e.to_string(), None))?;
    let (name, content) = match args.format {
        Layout::Html => ("report.html", report::html(&review)),
        Layout::Markdown => ("report.md", report::review_markdown(&review)),
    };
    let out = args.out.clone().unwrap_or_else(|| path.with_file_name(name));
    if out.is_dir() {
        let help = format!("name a file with --out, such as `{}`", out.join(name).display());
        return Err(fault(Exit::Usage, format!("`{}` is a folder", out.display()), help));
    }
    let beside = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !beside.is_dir() {
        let why = beside.metadata().err().unwrap_or_else(|| io::ErrorKind::NotADirectory.into());
        return Err(unwritable(&out, &why));
    }
    // A page that is named is one file, which is written whole; anything else belongs to the folder of the results.
    let is_of_folder = args.out.is_none() || args.format == Layout::Markdown;
    let folder = is_of_folder.then(|| existing_folder(beside)).transpose()?;
    if let Some(folder) = folder.as_ref().filter(|_| args.format == Layout::Markdown) {
        write(folder, &review.drawings(), Wanted { svg: false, ..USUAL })?;
    }
    write_whole(&out, &content)?;
    if !args.quiet {
        say(&format!("{}\n", shown(&out)))?;
    }
    Ok(Exit::Held)
}

/// Returns the scenario that the results are of, as it is written, with the files that it extends and includes; of a
/// comparison, either of the two scenarios.
fn scenario(file: &Path, results: &Results) -> Result<String, Trouble> {
    let source = Source::open(file, &[]).map_err(|refused| refusal(&refused))?;
    let sides = results.comparison.iter().flat_map(|comparison| [&comparison.a.scenario, &comparison.b.scenario]);
    if ![&results.scenario].into_iter().chain(sides).any(|of| source.is_text_of(&of.sha256)) {
        let help = "give the file as it was when it ran, with the files that it extends and includes as they were then"
            .to_owned();
        return Err(fault(Exit::Usage, format!("the results come from another version of `{}`", file.display()), help));
    }
    Ok(source.written())
}
