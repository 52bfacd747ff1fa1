//! Columns of files that token counts are drawn from. They are read before laws are lowered, each once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::decode::Specs;
use super::Files;
use crate::diagnostic::Sink;
use crate::model::law::{LawSpec, Reading, Tokens};
use crate::model::quantity::Text;
use crate::model::spec::At;
use crate::reading::Cause;
use crate::terms;
use crate::trace::{ColumnError, TraceError};

/// Reads every column that a law of token counts names, and puts what it says into the law.
pub fn read(specs: &mut Specs, files: Files<'_>, sink: &mut Sink) {
    let mut columns = Columns { files, read: BTreeMap::new(), sink };
    for workload in specs.workloads.iter_mut().filter_map(|section| section.spec.as_mut()) {
        for law in [&mut workload.input_tokens, &mut workload.output_tokens].into_iter().flatten() {
            columns.law(&mut law.value);
        }
        for step in workload.steps.iter_mut().flat_map(|steps| &mut steps.value) {
            columns.law(&mut step.input_tokens.value);
            if let Some(law) = &mut step.output_tokens {
                columns.law(&mut law.value);
            }
        }
    }
}

struct Columns<'a> {
    files: Files<'a>,
    /// The columns that were read, by file and name.
    read: BTreeMap<(PathBuf, String), Reading>,
    sink: &'a mut Sink,
}

impl Columns<'_> {
    fn law(&mut self, law: &mut LawSpec<Tokens>) {
        match law {
            LawSpec::Empirical(spec) => {
                if let (Some(file), Some(column)) = (&spec.file, &spec.column) {
                    spec.reading = self.column(file, column);
                }
            }
            LawSpec::Mixture(spec) => spec.parts.value.iter_mut().for_each(|part| self.law(&mut part.of.value)),
            _ => {}
        }
    }

    fn column(&mut self, file: &At<Text>, column: &At<Text>) -> Reading {
        let key = (self.files.path(file), column.value.0.clone());
        if let Some(reading) = self.read.get(&key) {
            return reading.clone();
        }
        let reading = match self.files.source.shelf.column(&key) {
            Ok(counted) => Reading::Read(counted),
            Err(error) => {
                self.refuse(file, column, &error);
                Reading::Failed
            }
        };
        self.read.insert(key, reading.clone());
        reading
    }

    fn refuse(&mut self, file: &At<Text>, column: &At<Text>, error: &ColumnError) {
        let (file_name, name) = (&*file.value, &*column.value);
        let (at, help) = match error {
            ColumnError::Missing { header } => {
                let near = terms::nearest(name, header.iter().map(String::as_str));
                let help = near.map_or("name one of its columns".to_owned(), |near| format!("did you mean `{near}`?"));
                let rule = format!("`{file_name}` has no column `{name}`: {error}");
                let offers = near.map(|near| format!("{near:?}")).into_iter().collect();
                return self.sink.offer(column.at.clone(), rule, Some(help), offers);
            }
            ColumnError::TooMany => (&column.at, Some("name a column of token counts, or write quantiles of this one")),
            ColumnError::File(error) => match error.plain() {
                TraceError::Line { .. } => (&column.at, Some("correct the line, or take it out")),
                TraceError::Read(error) if error.cause == Cause::Missing => {
                    (&file.at, Some("its path is relative to the scenario file"))
                }
                TraceError::Read(error) => (&file.at, error.help),
                _ => (&file.at, Some("its first line names the columns, and rows follow")),
            },
        };
        let rule = format!("the column `{name}` of `{file_name}` cannot be sampled: {error}");
        let before = self.sink.findings.len();
        self.sink.error(at.clone(), rule, help.map(str::to_owned));
        if error.is_system() {
            self.sink.blame_system(before);
        }
    }
}
