//! The last pass: references, ranges, sense. What it returns can run.

mod account;
mod capacities;
mod columns;
mod defaults;
mod expect;
mod lifecycle;
mod models;
mod owners;
mod prices;
mod room;
mod run;
mod size;
mod supply;
mod workload_checks;
mod workloads;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::decode::Specs;
use super::files::File;
use super::own_catalogue::InForce;
use super::source::Source;
use crate::diagnostic::{Sink, Span};
use crate::model::input::{Facts, Input, Origin};
use crate::model::pricing::HOURS_PER_MONTH;
use crate::model::spec::{At, unknown};
use crate::model::study::{Choice, Study};
use crate::model::{Model, Window};
use crate::terms::natural_order;
use crate::trace::Trace;

/// The files of a scenario, with the offset of each in the one range of positions that all spans refer to \[bytes\].
#[derive(Clone, Copy)]
pub struct Files<'a> {
    pub source: &'a Source,
    pub starts: &'a [usize],
}

impl Files<'_> {
    /// Returns whether a span stands in one of the files; else it stands in an argument.
    fn hold(&self, at: &Span) -> bool {
        let mut files = self.source.files().zip(self.starts);
        files.any(|(file, start)| *start <= at.start && at.end <= start + file.text.len())
    }

    /// Returns a path that is written somewhere: relative to the file that it stands in, or to the scenario in an
    /// argument.
    pub(super) fn path<T: AsRef<str>>(&self, written: &At<T>) -> PathBuf {
        let place = written.at.start;
        let holds = |(file, start): &(&File, &usize)| **start <= place && place <= **start + file.text.len();
        let file = self.source.files().zip(self.starts).find(holds).map(|(file, _)| file);
        let file = file.or(self.source.layers.first());
        file.map_or_else(|| PathBuf::from(written.value.as_ref()), |file| file.folder.join(written.value.as_ref()))
    }
}

/// The data that every step of the pass needs.
struct Lowering<'a> {
    specs: &'a Specs,
    catalog: InForce<'a>,
    files: Files<'a>,
    sink: &'a mut Sink,
    facts: Facts,
    /// The run; `None`: there is a fault in it.
    clock: Option<crate::model::Run>,
}

/// Lowers everything that was read, with the second axis of a size and what the scenario states; `None` when there is any error, found here or before.
pub fn lower(
    mut specs: Specs,
    (by, stated): (Vec<Choice>, Vec<Input>),
    catalog: InForce<'_>,
    files: Files<'_>,
    sink: &mut Sink,
) -> Option<(Model, Study)> {
    columns::read(&mut specs, files, sink);
    let default_quotas = defaults::taken(&specs, catalog);
    if specs.owners.iter().any(|owner| !owner.file.is_empty()) {
        defaults::share(&mut specs, catalog);
    }
    let specs = &specs;
    let mut low = Lowering { specs, catalog, files, sink, facts: Facts::default(), clock: None };
    let traces = low.traces();
    let run = low.run(&traces);
    low.clock.clone_from(&run);
    let models = low.models();
    let routes = low.routes();
    let supply = low.supply(&models, &routes);
    let workloads = low.workloads(&models, &routes, &supply, &traces);
    let windows = low.windows(run.as_ref());
    let groups = owners::groups(&specs.owners, &workloads);
    let money = specs.money.spec.clone().unwrap_or_default().lower(low.sink);
    low.tell_of_the_month();
    let expectations = low.expectations(&supply, &workloads);
    let size = low.size(by, &expectations);
    let kept = low.kept(&supply);
    let customizations = models.into_values().filter_map(|known| known.customization).collect();
    low.check_room(&workloads, &supply);
    if supply.whole {
        low.assume_weights(&workloads, &supply);
    }
    let Lowering { facts, sink, .. } = low;
    if sink.has_errors() {
        return None;
    }
    let inputs = facts.inputs(stated);
    let Facts { mut assumptions, mut dates, remarks, .. } = facts;
    assumptions.sort_by(|a, b| natural_order(&a.path, &b.path).then_with(|| a.cmp(b)));
    assumptions.dedup();
    dates.sort();
    let model = Model {
        title: specs.title.as_ref().map(|t| t.value.0.clone()).unwrap_or_default(),
        run: run?,
        workloads,
        capacities: supply.capacities,
        quotas: supply.quotas,
        regions: supply.regions,
        windows,
        groups,
        default_quotas,
        customizations,
        money: money?,
        expectations,
        assumptions,
        remarks,
        inputs,
        catalog_as_of: dates.into_iter().next(),
    };
    Some((model, Study { size, kept, ..Study::default() }))
}

/// Recorded traffic by the workload that replays it.
type Traces = BTreeMap<String, Arc<Trace>>;

impl Lowering<'_> {
    fn error(&mut self, at: &Span, rule: impl Into<String>, help: impl Into<Option<String>>) {
        self.sink.error(at.clone(), rule, help);
    }

    fn assume(&mut self, path: String, value: impl Into<String>, why: impl Into<String>) {
        self.facts.assume(path, value, why);
    }

    /// Records a figure that AWS publishes, taken from the catalogue because the scenario leaves it out.
    fn publish(&mut self, path: String, value: impl Into<String>, fact: (&str, &str)) {
        self.facts.cite(Origin::Published, path, value, fact);
    }

    /// Notes the assumed hours of a month, where the scenario does not state them.
    fn tell_of_the_month(&mut self) {
        if self.specs.money.spec.as_ref().is_none_or(|m| m.hours_per_month.is_none()) {
            self.facts.cited.push(Input {
                origin: Origin::Assumed,
                path: "money.hours_per_month".to_owned(),
                value: HOURS_PER_MONTH.to_string(),
                as_of: None,
                source: "a twelfth of a year; AWS's examples use 744".to_owned(),
            });
        }
    }

    /// Returns the index of a name in a list; an unknown one is refused.
    fn index<T: AsRef<str>>(&mut self, name: &At<T>, known: &[String], what: &str) -> Option<usize> {
        let wanted = name.value.as_ref();
        let index = known.iter().position(|k| k == wanted);
        if index.is_none() {
            let rule = format!("there is no {what} `{wanted}`");
            let refusal = unknown(rule, wanted, known.iter().map(String::as_str));
            refusal.report(name.at.clone(), self.sink);
        }
        index
    }

    fn windows(&mut self, run: Option<&crate::model::Run>) -> Vec<Window> {
        let mut windows = Vec::new();
        for section in &self.specs.windows {
            let Some(spec) = &section.spec else { continue };
            let (from, to) = (spec.from.value.0, spec.to.value.0);
            if from >= to {
                self.error(&spec.to.at, format!("a window ends after it starts, {to} is not after {from}"), None);
            } else if let Some(run) = run.filter(|r| from < r.warmup || to > r.measured_end()) {
                let rule = format!("a window lies inside the measured interval, {from} to {to} does not");
                let at = if from < run.warmup { &spec.from.at } else { &spec.to.at };
                self.error(at, rule, format!("{} to {} is measured", run.warmup, run.measured_end()));
            }
            windows.push(Window { name: section.name.clone(), from, to });
        }
        windows
    }
}
