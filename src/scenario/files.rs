//! The files of a scenario: what a file extends, and what it includes.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Refused;
use super::form::is_good_name;
use super::tree::kind_of;
use crate::diagnostic::{Diagnostic, Severity, Sources, Span};
use crate::reading::{self, Cause, ReadError};
use crate::terms;

/// One file of a scenario.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub name: String,
    pub text: String,
    /// Paths in it are relative to this folder.
    pub folder: PathBuf,
}

/// A file whose parts are added to the scenario under its name.
#[derive(Debug, Clone)]
pub(super) struct Included {
    /// The file's name without its folder and extension.
    pub name: String,
    /// The file itself and those that it extends, as in [`Source::layers`].
    pub layers: Vec<File>,
}

/// The greatest number of files of one scenario.
const MOST_FILES: usize = 200;
/// The rule by which the path of a file that another file names is read.
const NAMED_FROM: &str = "its path is relative to the file that names it";

/// Reads what a file extends, and returns the order in which the files count: the file, then what it extends, the last
/// named first. A file that several of them extend comes once, below them all.
///
/// # Errors
/// A file cannot be read, or extends itself in a circle.
pub fn layers(first: File) -> Result<Vec<File>, Refused> {
    let mut layers = Vec::new();
    descend(first, &mut Vec::new(), &mut layers)?;
    let mut kept: Vec<File> = Vec::new();
    for file in layers.into_iter().rev() {
        if !kept.iter().any(|known| known.is(&file)) {
            kept.push(file);
        }
    }
    kept.reverse();
    Ok(kept)
}

fn descend(file: File, above: &mut Vec<File>, layers: &mut Vec<File>) -> Result<(), Refused> {
    let bases = paths(&file, "extends")?;
    if layers.len() == MOST_FILES {
        return Err(file.refuse(0..0, format!("a scenario has more than {MOST_FILES} files"), "keep fewer"));
    }
    refuse_large(&file, layers.iter())?;
    layers.push(file.clone());
    above.push(file);
    for (base, at) in bases.into_iter().rev() {
        let Some(file) = above.last() else { break };
        let path = file.folder.join(&base);
        let found = read(&path).map_err(|error| {
            let rule = format!("`{base}`, which the scenario extends, cannot be read: {error}");
            let refused = file.refuse(at.clone(), rule, error.help.unwrap_or(NAMED_FROM));
            offer(refused, &error, &file.folder, &base)
        })?;
        if above.iter().any(|known| known.is(&found)) {
            let rule = format!("`{base}` extends itself: the files extend each other in a circle");
            return Err(file.refuse(at, rule, "leave it out here, or in the file that it names"));
        }
        descend(found, above, layers)?;
    }
    above.pop();
    Ok(())
}

/// Refuses a file that makes a scenario too large, with the files before it.
fn refuse_large<'f>(file: &File, others: impl IntoIterator<Item = &'f File>) -> Result<(), Refused> {
    let size = others.into_iter().map(|other| other.text.len()).sum::<usize>() + file.text.len();
    if size as u64 <= reading::MOST_TOML {
        return Ok(());
    }
    let most = reading::MOST_TOML >> 20;
    Err(file.refuse(
        0..0,
        format!("the files of the scenario are larger than {most} MiB together"),
        "keep less in them",
    ))
}

/// Reads the files that a scenario includes, by name.
///
/// # Errors
/// A pattern matches no file, a file cannot be read, two have one name, or one includes others itself.
pub fn included(layers: &[File]) -> Result<Vec<Included>, Refused> {
    let mut found: Vec<Included> = Vec::new();
    // A list takes the place of the one below it, as every list does.
    let Some(file) = layers.iter().find(|file| file.names("include")) else { return Ok(found) };
    for (pattern, at) in paths(file, "include")? {
        let refuse = |rule: String, help: &str| Err(file.refuse(at.clone(), rule, help));
        for path in matches(&file.folder, &pattern) {
            let first = match read(&path) {
                Ok(first) => first,
                Err(error) => {
                    let rule = format!("`{}`, which the scenario includes, cannot be read: {error}", path.display());
                    let refused = file.refuse(at.clone(), rule, error.help.unwrap_or(NAMED_FROM));
                    return Err(offer(refused, &error, &file.folder, &pattern));
                }
            };
            let is_known = |known: &File| known.is(&first);
            if layers.iter().any(is_known) || found.iter().any(|part| part.layers.first().is_some_and(is_known)) {
                continue;
            }
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if !is_good_name(&name) {
                let rule =
                    format!("the parts of `{}` are named after the file, and `{name}` is not a valid name", first.name);
                return refuse(
                    rule,
                    "rename the file: a name starts with a small letter and goes on with small letters, digits, _ and -",
                );
            }
            if let Some(other) = found.iter().find(|part| part.name == name) {
                let other = other.layers.first().map_or("", |file| &file.name);
                let rule = format!("`{}` and `{other}` are both named `{name}`", first.name);
                return refuse(rule, "rename one of the files: its name leads the names of its parts");
            }
            refuse_large(&first, found.iter().flat_map(|part| &part.layers).chain(layers))?;
            found.push(Included { name, layers: self::layers(first)? });
        }
        if found.is_empty() || matches(&file.folder, &pattern).is_empty() {
            let rule = format!("`{pattern}` matches no file to include");
            return refuse(rule, NAMED_FROM);
        }
    }
    if let Some(nested) = found.iter().flat_map(|part| &part.layers).find(|file| file.names("include")) {
        let at = paths(nested, "include")?.into_iter().next().map_or(0..0, |(_, at)| at);
        let rule = "an included file cannot include others".to_owned();
        return Err(nested.refuse(at, rule, "include them in the file of the account"));
    }
    found.sort_by(|a, b| terms::natural_order(&a.name, &b.name));
    Ok(found)
}

impl File {
    /// Returns whether both are the same file on disk.
    pub(super) fn is(&self, other: &Self) -> bool {
        let path = |file: &Self| std::fs::canonicalize(&file.name).unwrap_or_else(|_| PathBuf::from(&file.name));
        path(self) == path(other)
    }

    fn names(&self, key: &str) -> bool {
        DeTable::parse(&self.text).is_ok_and(|table| table.get_ref().contains_key(key))
    }

    fn refuse(&self, at: Span, rule: String, help: &str) -> Refused {
        let mut sources = Sources::default();
        let start = sources.add(self.name.clone(), self.text.clone());
        let mut refused = refused(Some(at.start + start..at.end + start), rule, help);
        refused.sources = sources;
        refused
    }
}

/// Returns the paths that a file names under a key, each with its place. A file that is no TOML names none: the first
/// pass says what is wrong with it.
fn paths(file: &File, key: &str) -> Result<Vec<(String, Span)>, Refused> {
    let Ok(table) = DeTable::parse(&file.text) else { return Ok(Vec::new()) };
    let Some(item) = table.get_ref().get(key) else { return Ok(Vec::new()) };
    let items = match item.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![item],
    };
    let path = |item: &toml::Spanned<DeValue<'_>>| match item.get_ref().as_str() {
        Some(text) => Ok((text.to_owned(), item.span())),
        None => {
            let rule = format!("`{key}` is a path or a list of paths, not {}", kind_of(item.get_ref()));
            Err(file.refuse(item.span(), rule, &format!("write {key} = [\"other.toml\"]")))
        }
    };
    items.into_iter().map(path).collect()
}

/// Returns the files that a pattern names, sorted: `*` stands for any characters of one name, `?` for one. Names that
/// start with a dot are matched by patterns that start with one alone.
fn matches(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    if Path::new(pattern).is_absolute() {
        found = vec![PathBuf::from("/")];
    }
    for step in pattern.split('/').filter(|step| !step.is_empty()) {
        let is_pattern = step.contains(['*', '?']);
        found = found
            .iter()
            .flat_map(|folder| if is_pattern { entries(folder, step) } else { vec![folder.join(step)] })
            .collect();
    }
    found.retain(|path| !path.is_dir());
    if !pattern.contains(['*', '?']) {
        return found;
    }
    found.sort();
    found
}

/// Returns the entries of a folder whose names match a pattern.
fn entries(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(listed) = std::fs::read_dir(shown) else { return Vec::new() };
    let names = listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let fits = |name: &String| {
        fits(pattern.as_bytes(), name.as_bytes()) && (pattern.starts_with('.') || !name.starts_with('.'))
    };
    names.filter(fits).map(|name| folder.join(name)).collect()
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        Some((b'?', rest)) => name.split_first().is_some_and(|(_, name)| fits(rest, name)),
        Some((byte, rest)) => name.split_first().is_some_and(|(first, name)| first == byte && fits(rest, name)),
    }
}

/// Reads a file as text.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub fn read(path: &Path) -> Result<File, ReadError> {
    let text = reading::text(path, reading::MOST_TOML)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    Ok(File { name: path.display().to_string(), text, folder })
}

/// Returns the file that was meant by a path at which there is none: the path with `.toml` after it, or a scenario of a
/// similar name in the same folder.
pub fn meant(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let with_ending = path.with_file_name(format!("{name}.toml"));
    if with_ending.is_file() {
        return Some(with_ending);
    }
    let folder = path.parent()?;
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut names: Vec<String> =
        std::fs::read_dir(shown).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".toml") && folder.join(name).is_file());
    names.sort();
    let near = terms::nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}

/// Adds to the refusal of a path whether the system is at fault, or else the file that was meant, where there is none at the
/// path. The path stands in quotes where it is written in a file.
pub fn offer(mut refused: Refused, error: &ReadError, folder: &Path, path: &str) -> Refused {
    refused.findings.iter_mut().for_each(|finding| finding.is_system = error.is_system());
    if error.cause != Cause::Missing {
        return refused;
    }
    let offered = meant(&folder.join(path)).and_then(|meant| Some(meant.file_name()?.to_str()?.to_owned()));
    if let (Some(name), Some(finding)) = (offered, refused.findings.first_mut()) {
        let meant = Path::new(path).with_file_name(name).display().to_string();
        finding.help = Some(format!("did you mean `{meant}`?"));
        finding.offers = vec![if finding.at.is_some() { format!("\"{meant}\"") } else { meant }];
    }
    refused
}

/// Returns a refusal with one finding that is about no file.
pub fn refused(at: Option<Span>, rule: String, help: &str) -> Refused {
    let (severity, help) = (Severity::Error, Some(help.to_owned()));
    let finding = Diagnostic { severity, rule, at, help, offers: Vec::new(), is_system: false };
    Refused { sources: Sources::default(), findings: vec![finding] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_names() {
        for (pattern, name, does) in [
            ("*.toml", "search.toml", true),
            ("*.toml", "search.tom", false),
            ("?.toml", "ab.toml", false),
            ("team-*", "team-a", true),
            ("*a*b", "xaxxb", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), does, "{pattern} {name}");
        }
    }
}
