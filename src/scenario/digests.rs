//! Digests of all files that a scenario reads, so that results of one state of them are not mixed with those of another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Source;
use crate::catalog;
use crate::reading::ReadError;
use crate::trace;

/// The SHA-256 of files in hexadecimal, by the path of each from the folder of the scenario.
pub type Digests = BTreeMap<String, String>;

/// The name under which the catalogue inside the program has its digest: another build may have other facts.
const EMBEDDED: &str = "the catalogue of bedload";

/// A file that a scenario read and that cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be read: {why}", .path.display())]
pub struct Unreadable {
    pub path: PathBuf,
    pub why: ReadError,
}

impl Source {
    /// Returns the digests of the files that were read when the scenario was loaded: the scenario itself, what it extends
    /// and includes, catalogues, bedload's own among them, traces, and columns of samples. The date of a file does not
    /// matter.
    ///
    /// # Errors
    /// A file has gone meanwhile.
    pub fn digests(&self) -> Result<Digests, Unreadable> {
        // The text in memory is what is simulated, whatever the file says by now.
        let mut digests: Digests =
            self.files().map(|file| (self.name_of(Path::new(&file.name)), hex(&file.text))).collect();
        digests.insert(EMBEDDED.to_owned(), hex_of(catalog::embedded_texts()));
        self.add_digests(&mut digests, self.shelf.paths())?;
        Ok(digests)
    }

    /// Returns the paths of the files that were read when the scenario was loaded, and the folders of traces.
    #[must_use]
    pub fn paths_read(&self) -> Vec<PathBuf> {
        self.files().map(|file| PathBuf::from(&file.name)).chain(self.shelf.paths()).collect()
    }

    /// Returns the arguments in force of a loaded scenario, in which catalogues are named from the folder of the scenario, so
    /// that they do not depend on where bedload runs.
    #[must_use]
    pub fn placed(&self, overrides: &[String]) -> Vec<String> {
        let typed: Vec<String> = self.catalog_arguments().collect();
        let settings = overrides.iter().filter(|set| !typed.contains(set)).cloned();
        let catalogs = self.catalogs.iter().map(|path| format!("--catalog {}", self.name_of(path)));
        settings.chain(catalogs).collect()
    }

    /// Returns the digests of the traces that are read from the disk again in each replication, because they are too long
    /// to be held in memory.
    ///
    /// # Errors
    /// A file has gone meanwhile.
    pub fn digests_of_long_traces(&self) -> Result<Digests, Unreadable> {
        let mut digests = Digests::new();
        self.add_digests(&mut digests, self.shelf.long_traces())?;
        Ok(digests)
    }

    fn add_digests(&self, digests: &mut Digests, paths: Vec<PathBuf>) -> Result<(), Unreadable> {
        for path in paths {
            let files = trace::files_at(&path).map_err(|why| Unreadable { path, why })?;
            for path in files.into_iter().filter(|path| path.is_file()) {
                if let Entry::Vacant(place) = digests.entry(self.name_of(&path)) {
                    let digest = of_file(&path).map_err(|error| {
                        let why = ReadError::of_path(&path, &error);
                        Unreadable { path, why }
                    })?;
                    place.insert(digest);
                }
            }
        }
        Ok(())
    }

    /// Returns a path as it looks from the folder of the scenario, so that it does not depend on where bedload runs.
    fn name_of(&self, path: &Path) -> String {
        let folder = self.layers.first().map_or(Path::new(""), |file| &file.folder);
        let from_folder = || relative(&absolute(folder)?, &absolute(path)?);
        let name = match path.strip_prefix(folder) {
            Ok(name) if !folder.as_os_str().is_empty() => Some(name.to_owned()),
            _ => from_folder(),
        };
        name.as_deref().unwrap_or(path).display().to_string()
    }
}

/// Returns a path from the root, without `.` and `..`; `None`: the folder in which bedload runs is not known. Links are not
/// followed: a file has the name by which it is asked for.
fn absolute(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    // An empty path is the folder in which bedload runs.
    for part in std::path::absolute(Path::new(".").join(path)).ok()?.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// Returns the relative path from one absolute path to another; `None`: they share no root.
fn relative(folder: &Path, file: &Path) -> Option<PathBuf> {
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    (shared > 0).then(|| up.chain(file.components().skip(shared)).collect())
}

fn of_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(written(digest))
}

fn hex(text: &str) -> String {
    hex_of(std::iter::once(text))
}

/// Returns the digest of texts, one after the other.
fn hex_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    written(texts.fold(Sha256::new(), Sha256::chain_update))
}

/// Returns a digest in hexadecimal.
pub(super) fn written(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_wherever_bedload_runs() {
        for (folder, file, name) in [
            ("/a/b", "/a/b/c.toml", "c.toml"),
            ("/a/b", "/a/b/../own.toml", "../own.toml"),
            ("/a/./b", "/c/own.toml", "../../c/own.toml"),
        ] {
            let found = relative(&absolute(Path::new(folder)).unwrap(), &absolute(Path::new(file)).unwrap());
            assert_eq!(found.as_deref(), Some(Path::new(name)));
        }
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute(Path::new("")), Some(here.clone()));
        assert_eq!(absolute(Path::new("x/../y")), Some(here.join("y")));
    }

    #[test]
    fn every_file_that_is_read_has_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let models = "[models.m]\nmax_output_tokens = 99\ntime_to_first_token = \"1s\"\noutput_tokens_per_second = 9\n";
        write("teams/common/base.toml", &format!("{models}[capacities.us.on_demand]\nrpm = 9\n"));
        let replayed = "[workloads.v]\nmodel = \"m\"\narrivals.trace = { file = \"logs\" }\n";
        let drawn = "[workloads.w]\nmodel = \"m\"\narrivals.poisson.rate = \"1/min\"\noutput_tokens = 9\n";
        let column = "input_tokens.empirical = { file = \"n.csv\", column = \"n\" }\n";
        write("teams/a.toml", &format!("extends = \"common/base.toml\"\n{replayed}{drawn}{column}"));
        write("teams/n.csv", "n\n7\n");
        write("teams/logs/1.csv", "arrival_s,input_tokens,output_tokens\n0.0,9,9\n");
        write("teams/logs/2.csv", "arrival_s,input_tokens,output_tokens\n1.0,9,9\n");
        write("own.toml", "[[models]]\nid = \"amazon.nova-pro-v1:0\"\n[[models.paths]]\npath = \"us\"\n");
        let run = "run = { duration = \"1m\", warmup = \"0s\", catalog = \"own.toml\" }\n";
        write("s.toml", &format!("include = \"teams/*.toml\"\n{run}"));
        let digests = |source: &Source| -> Digests {
            if let Err(refused) = source.load(&[]) {
                panic!("{:?}", refused.findings);
            }
            source.digests().unwrap()
        };
        let source = Source::open(&folder.path().join("s.toml"), &[]).unwrap();
        let before = digests(&source);
        let names: Vec<&str> = before.keys().map(String::as_str).collect();
        let in_teams =
            ["teams/a.toml", "teams/common/base.toml", "teams/logs/1.csv", "teams/logs/2.csv", "teams/n.csv"];
        let all = [&["own.toml", "s.toml"][..], &in_teams, &[EMBEDDED]].concat();
        assert_eq!(names, all);
        assert_eq!(before["teams/n.csv"], hex("n\n7\n"));
        assert!(source.digests_of_long_traces().unwrap().is_empty());
        // The text as it was loaded counts; what lies on the disk is read by the next one.
        write("teams/common/base.toml", "# a comment\n");
        write("teams/logs/2.csv", "arrival_s,input_tokens,output_tokens\n2.0,9,9\n");
        let after = source.digests().unwrap();
        let changed: Vec<&str> =
            after.iter().filter(|(name, is)| before[*name] != **is).map(|(name, _)| name.as_str()).collect();
        assert_eq!(changed, ["teams/logs/2.csv"]);
    }
}
