//! The judgement of one file: its catalogue, its expectations, its size, its baseline.

use super::{Gate, Subject};
use crate::catalog;
use crate::cli::size::conclude;
use crate::cli::{Exit, Trouble, build, doubted};
use crate::experiment::{self, Answer, Doubts, Played, Watch};
use crate::report::{self, Case, Checked};
use crate::results::{Baseline, BaselineScenario, BoughtVerdict, Doubt, DoubtAnswer, EndedEarly, Judgement, Sizing};

const MICROS_PER_DAY: u64 = 86_400_000_000;

impl Gate<'_> {
    /// Judges a file, and returns the judgement with the metrics for a baseline.
    pub(super) fn judge(&self, subject: &Subject) -> Result<(Checked, Option<BaselineScenario>), Trouble> {
        let model = &subject.loaded.model;
        let mut cases = Vec::new();
        let mut memory = None;
        cases.extend(self.age(model.catalog_as_of.as_deref()));
        if self.clock.is_over() {
            cases.push(undecided("time budget", "the time budget was used up before this file began"));
        } else if model.expectations.is_empty() {
            cases.push(undecided("expectations", "the file states no goal: write [[expect]], or leave the file out"));
        } else {
            let played = experiment::play(model, experiment::Depth::Figures, &self.clock);
            cases.extend(self.expectations(&played));
            cases.extend(unbounded(&played));
            cases.extend(played.point.ended.as_ref().map(ended_early));
            cases.extend(caveats(&played));
            cases.extend(self.doubt(subject, &played)?);
            cases.extend(self.regressions(subject, &played));
            memory = Some(experiment::remember(model, &played));
            cases.extend(self.size(subject)?);
        }
        cases.iter_mut().for_each(|case| case.owner = experiment::owner_of(model, &case.name));
        let before =
            self.baseline.as_ref().and_then(|all| known(all, &subject.file)).and_then(|was| was.standing.clone());
        let now = memory.as_ref().and_then(|memory: &BaselineScenario| memory.standing.clone());
        let (file, title) = (subject.file.clone(), model.title.clone());
        let checked = Checked { file, title, cases, now, before, is_broken: false };
        Ok((checked, memory))
    }

    /// Returns a failed case where the oldest figure of the catalogue in use is too old.
    fn age(&self, as_of: Option<&str>) -> Option<Case> {
        let most = i64::try_from(self.args.max_catalog_age?.0 / MICROS_PER_DAY).unwrap_or(i64::MAX);
        let as_of = as_of?;
        let age = catalog::age_days(as_of, &self.today)?;
        let text =
            format!("the oldest figure of the catalogue in use is of {as_of}, {age} days ago; {most} are allowed");
        let verdict = if age > most { Judgement::Failed } else { Judgement::Held };
        Some(Case { name: "catalogue".to_owned(), verdict, text, is_warning: false, owner: None })
    }

    fn expectations(&self, played: &Played) -> Vec<Case> {
        let cut = if self.clock.is_over() {
            format!("; the time budget was used up after {} replications", played.point.replications)
        } else {
            String::new()
        };
        let case = |e: &crate::results::Expectation| {
            let why = if e.verdict == Judgement::Inconclusive { cut.as_str() } else { "" };
            let text = report::expectation(e);
            let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
            Case {
                name: e.metric.clone(),
                verdict: e.verdict,
                text: format!("{text}{why}"),
                is_warning: false,
                owner: None,
            }
        };
        played.expectations.iter().map(case).collect()
    }

    /// Returns the case of the unpublished rules: whether the verdict depends on them.
    fn doubt(&self, subject: &Subject, played: &Played) -> Result<Option<Case>, Trouble> {
        let unknowns = doubted(&subject.loaded, self.args.no_doubt);
        let build = |settings: &[String]| build(&subject.source, settings);
        let doubts = experiment::doubt_point(Answer::of(played), unknowns, &build, &self.clock)
            .map_err(|message| Trouble::new(Exit::Usage, message))?;
        let cut = if self.clock.is_over() { "; the time budget was used up before the last reading" } else { "" };
        Ok(doubts.map(|Doubts { doubt, .. }| {
            let verdict = match doubt.answer {
                DoubtAnswer::Holds if self.clock.is_over() => Judgement::Inconclusive,
                DoubtAnswer::Holds => Judgement::Held,
                DoubtAnswer::Fails => Judgement::Failed,
                DoubtAnswer::Flips | DoubtAnswer::Inconclusive => Judgement::Inconclusive,
            };
            let text = format!("doubt: {}{cut}", report::doubt(&doubt));
            Case { name: "doubt".to_owned(), verdict, text, is_warning: false, owner: None }
        }))
    }

    fn regressions(&self, subject: &Subject, played: &Played) -> Vec<Case> {
        let model = &subject.loaded.model;
        let Some(baseline) = &self.baseline else { return Vec::new() };
        let Some(then) = known(baseline, &subject.file) else {
            return vec![undecided("baseline", "the baseline has no entry for this file; --write-baseline adds it")];
        };
        if then.seed != model.run.seed {
            let text = format!(
                "the baseline has seed {} and the run has seed {}: they cannot be compared in pairs",
                then.seed, model.run.seed
            );
            return vec![undecided("baseline", &text)];
        }
        let cut = experiment::cut_more(model, played, then).map(report::cut_more);
        let compared = experiment::regressions(model, played, then).into_iter();
        compared
            .map(|r| {
                let cut = cut.as_deref().filter(|_| r.is_better && r.metric != "truncation_rate");
                let text = report::difference(&r.metric, r.difference, r.half_width);
                Case {
                    name: report::against_the_baseline(&r.metric),
                    verdict: r.verdict,
                    text: text + &cut.map(|cut| format!(", and {cut}")).unwrap_or_default(),
                    is_warning: cut.is_some(),
                    owner: None,
                }
            })
            .collect()
    }

    fn size(&self, subject: &Subject) -> Result<Option<Case>, Trouble> {
        let Some(size) = &subject.loaded.study.size else { return Ok(None) };
        if self.clock.is_over() {
            return Ok(Some(undecided("size", "size: the time budget was used up before it began")));
        }
        let conclusion = conclude(&subject.source, &subject.loaded, size, self.args.no_doubt, &self.clock)?;
        let hangs = conclusion.results.doubt.as_ref().is_some_and(Doubt::hangs);
        let case = conclusion.results.sizing.as_ref().map(|sizing| sized(sizing, hangs));
        if !self.clock.is_over() {
            return Ok(case);
        }
        // What was not played may say otherwise; what failed has failed.
        Ok(case.map(|case| Case {
            verdict: case.verdict.max(Judgement::Inconclusive),
            text: format!("{}; the time budget was used up before the last value", case.text),
            ..case
        }))
    }
}

/// Returns a warning where every goal holds and requests fail that no goal bounds.
fn unbounded(played: &Played) -> Option<Case> {
    let text = report::unbounded_failures(&played.expectations, &played.point.basis)?;
    Some(Case { name: "failures".to_owned(), verdict: Judgement::Held, text, is_warning: true, owner: None })
}

/// Returns a warning for each thing that the answer does not cover, or that happens after the run.
fn caveats(played: &Played) -> impl Iterator<Item = Case> {
    let caveats = played.notes.iter().filter(|note| note.is_caveat);
    caveats.map(|note| Case {
        name: note.metric.clone().unwrap_or_else(|| "traffic".to_owned()),
        verdict: Judgement::Held,
        text: note.text.clone(),
        is_warning: true,
        owner: None,
    })
}

/// Returns the failed case of a run that the engine ended early: it passes nowhere, whatever may pass undecided.
fn ended_early(ended: &EndedEarly) -> Case {
    Case { verdict: Judgement::Failed, ..undecided("run", &report::early_end(ended)) }
}

fn undecided(name: &str, text: &str) -> Case {
    Case {
        name: name.to_owned(),
        verdict: Judgement::Inconclusive,
        text: text.to_owned(),
        is_warning: false,
        owner: None,
    }
}

/// Returns the entry of a baseline for a file: that under its path, else that under the one path that ends in its name.
fn known<'b>(baseline: &'b Baseline, file: &str) -> Option<&'b BaselineScenario> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut alike = baseline.scenarios.iter().filter(|(path, _)| name(path) == name(file));
    let exact = baseline.scenarios.get(file);
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none()).map(|(_, scenario)| scenario))
}

/// Judges a size: whether what is bought is enough, under every reading too, or else whether there is an answer.
fn sized(sizing: &Sizing, hangs: bool) -> Case {
    let judgement = match &sizing.bought {
        Some(bought) => match bought.verdict {
            BoughtVerdict::Short => Judgement::Failed,
            BoughtVerdict::Undecided => Judgement::Inconclusive,
            BoughtVerdict::Right | BoughtVerdict::Spare | BoughtVerdict::Enough => Judgement::Held,
        },
        None => sizing.judgement(),
    };
    let verdict = if judgement == Judgement::Held && hangs { Judgement::Inconclusive } else { judgement };
    let safe = sizing.safe.as_ref().map(|safe| format!("; in doubt: {}", safe.explanation)).unwrap_or_default();
    let Some(bought) = &sizing.bought else {
        let text = format!("size: {}{safe}", sizing.explanation);
        return Case { name: "size".to_owned(), verdict, text, is_warning: false, owner: None };
    };
    let is_warning = bought.verdict == BoughtVerdict::Spare && verdict == Judgement::Held;
    let saved = sizing.saving_usd_per_month().filter(|_| is_warning);
    let saved = saved.map(|usd| format!("; {} a month could be saved", report::money(usd))).unwrap_or_default();
    let text = format!("{}: {}{saved}; {}{safe}", sizing.vary, bought.explanation, sizing.explanation);
    Case { name: "size".to_owned(), verdict, text, is_warning, owner: None }
}
