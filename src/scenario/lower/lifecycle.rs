//! The life cycle of models: runs after the end are refused, and what ends soon is warned of.

use super::super::own_catalogue::InForce;
use super::Lowering;
use super::models::Models;
use super::supply::Draft;
use crate::catalog::{self, Day, LifecycleEntry};
use crate::diagnostic::Span;
use crate::model::capacity::{CapacitySpec, Legacy, Sold};
use crate::model::service::{AfterEnd, ModelSpec};
use crate::units::SimTime;

/// A model that ends so soon after a run is warned of \[months\].
const SOON: i32 = 6;

/// The days of a run, or the catalogue's where the scenario does not say when it starts.
struct Days {
    first: Day,
    /// The last day that is measured.
    last: Day,
    /// The scenario states the start.
    is_stated: bool,
}

impl Lowering<'_> {
    fn days(&self) -> Days {
        let stated = self.specs.run.spec.as_ref().is_some_and(|run| run.start.is_some());
        let of_run = |at| Day::try_from(self.start().date_after(at, 0)).ok().filter(|_| stated);
        match of_run(SimTime::ZERO) {
            None => Days { first: catalog::checked_on(), last: catalog::checked_on(), is_stated: false },
            Some(first) => {
                let end =
                    self.clock.as_ref().map_or(SimTime::ZERO, |run| SimTime(run.measured_end().0.saturating_sub(1)));
                let last = of_run(end).unwrap_or_else(|| first.clone());
                Days { first, last, is_stated: true }
            }
        }
    }

    /// Looks at every model that Amazon Bedrock serves; imported weights have no end of life.
    pub(super) fn check_lifecycles(&mut self, drafts: &[(usize, Draft<'_>)], models: &Models<'_>) {
        let specs = self.specs;
        for section in &specs.models {
            let (Some(spec), Some(known)) = (&section.spec, models.get(&section.name)) else { continue };
            let mut serving = drafts.iter().filter(|(_, draft)| draft.model == Some(&section.name)).peekable();
            if serving.peek().is_none() || serving.any(|(_, draft)| draft.kind.0 != "custom_import") {
                self.check_lifecycle(&known.sold, spec);
            }
        }
    }

    /// Refuses a model that has ended before anything else is asked of it; returns whether it did. What capacities serve it
    /// is not known yet: where any has imported weights, [`Self::check_lifecycles`] decides.
    pub(super) fn refuses_ended(&mut self, sold: &Sold<'_>, spec: &ModelSpec) -> bool {
        let mut capacities = self.specs.capacities.iter().filter_map(|section| section.spec.as_ref());
        if capacities.any(|spec| matches!(spec, CapacitySpec::CustomImport(_))) || !self.days().is_stated {
            return false;
        }
        let before = self.sink.errors();
        self.warn_of_ended(sold, spec);
        self.sink.errors() > before
    }

    /// Tells of a model that has ended, where nothing else is told of it because it is refused.
    pub(super) fn warn_of_ended(&mut self, sold: &Sold<'_>, spec: &ModelSpec) {
        let days = self.days();
        let ends = sold.entry.and_then(|entry| entry.lifecycle.as_ref()?.ends.as_ref());
        let plays_on = spec.after_end.as_ref().is_some_and(|word| word.value == AfterEnd::Play);
        if let Some(ends) = ends.filter(|ends| **ends <= days.first && !plays_on) {
            self.meet_the_end(sold, spec, ends, &days);
        }
    }

    /// Warns of a model, and tells the reader of the answer the same.
    fn warn(&mut self, sold: &Sold<'_>, at: Span, rule: String, help: impl Into<Option<String>>) {
        let help = help.into();
        let advice = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        self.facts.remark(format!("models.{}", sold.name), format!("{rule}{advice}"));
        self.sink.warning(Some(at), rule, help);
    }

    /// Refuses a run of a model that has ended, and warns of one that ends soon.
    fn check_lifecycle(&mut self, sold: &Sold<'_>, spec: &ModelSpec) {
        let Some((entry, life)) = sold.entry.and_then(|e| Some((e, e.lifecycle.as_ref()?))) else { return };
        let days = self.days();
        if let Some(ends) = life.ends.as_ref().filter(|ends| **ends <= days.first) {
            self.meet_the_end(sold, spec, ends, &days);
            return;
        }
        let at = sold.id_at.clone();
        let successor = successor(sold, life, self.catalog);
        let help = successor.map(|id| format!("plan the move to \"{id}\""));
        if let Some(ends) = life.ends.as_ref().filter(|ends| **ends <= days.last) {
            let rule = format!("{} ends on {ends}, before the run does: calls fail from then on", entry.name);
            self.warn(sold, at, rule, help);
        } else if let Some(ends) = life.ends.as_ref().filter(|ends| **ends <= days.last.months_later(SOON)) {
            let rule = format!("{} ends on {ends}: calls fail from then on", entry.name);
            self.warn(sold, at, rule, help);
        }
        self.check_extended_access(sold, spec, life, &days);
        if let (Some(written), true) = (&spec.customization, is_legacy(life, &days)) {
            let rule = format!("{} is legacy{}, and takes no new fine-tuning", entry.name, since(life));
            let help = successor_help(sold, life, self.catalog);
            self.warn(sold, written.at.clone(), rule, help);
        }
    }

    /// Refuses, warns of or assumes a model that has ended: by whether the run's start is stated, and by `after_end`.
    fn meet_the_end(&mut self, sold: &Sold<'_>, spec: &ModelSpec, ends: &Day, days: &Days) {
        let Some((entry, life)) = sold.entry.and_then(|e| Some((e, e.lifecycle.as_ref()?))) else { return };
        if spec.after_end.as_ref().is_some_and(|word| word.value == AfterEnd::Play) {
            let why = format!("{} ended on {ends}, and the run simulates it as if it still answered", entry.name);
            self.facts.remark(format!("models.{}", sold.name), why.clone());
            self.assume(format!("models.{}.after_end", sold.name), "\"play\"", why);
            return;
        }
        let play = "write after_end = \"play\" to simulate it all the same".to_owned();
        let help = match successor(sold, life, self.catalog) {
            Some(id) => format!("write id = \"{id}\", its successor; or {play}"),
            None => play,
        };
        let at = sold.id_at.clone();
        if days.is_stated {
            let rule = format!("{} ended on {ends}, and the run starts on {}", entry.name, days.first);
            self.sink.error(at, rule, help);
        } else {
            let rule = format!("{} ended on {ends}: calls of it fail today", entry.name);
            self.warn(sold, at, rule, help);
        }
    }

    /// Warns of higher prices in public extended access, where a provider may raise them.
    fn check_extended_access(&mut self, sold: &Sold<'_>, spec: &ModelSpec, life: &LifecycleEntry, days: &Days) {
        let Some(since) = life.extended_from.as_ref().filter(|since| **since <= days.last) else { return };
        let name = sold.entry.map_or("", |e| &e.name);
        let what = format!("{name} is in public extended access from {since} on: expect higher prices");
        self.warn(sold, sold.id_at.clone(), what.clone(), successor_help(sold, life, self.catalog));
        if spec.price_factor.is_none() {
            self.assume(format!("models.{}.price_factor", sold.name), "1", what);
        }
    }

    /// Returns the legacy state of the model that a capacity serves, on the last day of the run; `None`: AWS still raises its
    /// quotas, or the capacity serves imported weights.
    pub(super) fn legacy(&self, kind: &str, sold: &Sold<'_>) -> Option<Legacy> {
        let (entry, life) = sold.entry.and_then(|e| Some((e, e.lifecycle.as_ref()?)))?;
        (kind != "custom_import" && is_legacy(life, &self.days())).then(|| Legacy {
            model: entry.name.clone(),
            since: life.legacy_from.as_ref().map(ToString::to_string).unwrap_or_default(),
            successor: successor(sold, life, self.catalog),
        })
    }

    /// Warns of new purchases for a legacy model, which AWS does not sell.
    pub(super) fn warn_of_legacy_purchases(&mut self, drafts: &[(usize, Draft<'_>)], models: &Models<'_>) {
        let days = self.days();
        for (_, draft) in drafts {
            let what = match draft.kind.0 {
                "provisioned" => "Provisioned Throughput",
                "reserved" => "reserved throughput",
                _ => continue,
            };
            let Some(known) = draft.model.and_then(|m| models.get(m)) else { continue };
            let sold = known.sold;
            let Some((entry, life)) = sold.entry.and_then(|e| Some((e, e.lifecycle.as_ref()?))) else { continue };
            if is_legacy(life, &days) {
                let rule = format!("{} is legacy{}: AWS sells no new {what} for it", entry.name, since(life));
                let at: &Span = draft.at;
                let help = successor_help(&sold, life, self.catalog);
                self.warn(&sold, at.clone(), rule, help);
            }
        }
    }
}

fn is_legacy(life: &LifecycleEntry, days: &Days) -> bool {
    life.legacy_from.as_ref().is_some_and(|from| *from <= days.last)
}

fn since(life: &LifecycleEntry) -> String {
    life.legacy_from.as_ref().map_or_else(String::new, |from| format!(" since {from}"))
}

fn successor_help(sold: &Sold<'_>, life: &LifecycleEntry, catalog: InForce<'_>) -> Option<String> {
    successor(sold, life, catalog).map(|id| format!("plan the move to \"{id}\""))
}

/// Returns the id of the successor by the path of the model's own id, or by the first path that it has.
fn successor(sold: &Sold<'_>, life: &LifecycleEntry, catalog: InForce<'_>) -> Option<String> {
    let id = life.successor.as_ref()?;
    let Some(known) = catalog.entry(id) else { return Some(id.clone()) };
    let path = known.path(sold.path).or_else(|| known.paths.first())?;
    Some(if path.path == catalog::IN_REGION { id.clone() } else { format!("{}.{id}", path.path) })
}
