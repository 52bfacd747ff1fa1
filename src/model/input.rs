//! The origin of figures: stated by the scenario, published, measured by others, or assumed.

use std::collections::BTreeSet;

use super::Assumption;

/// The origin of an input. The variants are in the order in which a review lists them: the user's own values come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A value of the catalogue, from AWS or from the sources of an SDK.
    Published,
    /// A value measured by others, or recorded by the user.
    Measured,
    /// A default for a quantity that nobody publishes, or an estimate of the catalogue.
    Assumed,
    /// A value that is written in the scenario or set beside it.
    Stated,
}

/// A value in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    pub origin: Origin,
    /// The scenario key that states it, without the name of a kind, or the catalogue's name of a price below it.
    pub path: String,
    /// The value as a scenario writes it.
    pub value: String,
    /// The date on which the value was true (YYYY-MM-DD); `None`: the date is not known, or the value does not age.
    pub as_of: Option<String>,
    /// The place where the value is stated; for an assumed value, the reason for the assumption.
    pub source: String,
}

/// A remark on a part of the scenario for the reader of the answer, such as that its model ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The part: `models.chat`.
    pub path: String,
    /// A sentence that stands alone.
    pub text: String,
}

/// The figures that lowering takes from the catalogue or assumes because the scenario leaves them out.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub assumptions: Vec<Assumption>,
    /// The inputs from the catalogue, each with its source and date.
    pub cited: Vec<Input>,
    /// The dates of the catalogue's figures in use.
    pub dates: Vec<String>,
    pub remarks: Vec<Remark>,
}

impl Facts {
    pub fn assume(&mut self, path: String, value: impl Into<String>, why: impl Into<String>) {
        self.assumptions.push(Assumption { path, value: value.into(), why: why.into(), between: None });
    }

    /// Adds a remark on a part of the scenario for the reader of the answer, once.
    pub fn remark(&mut self, path: String, text: impl Into<String>) {
        let remark = Remark { path, text: text.into() };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Adds a figure of the catalogue that is in force.
    pub fn cite(&mut self, origin: Origin, path: String, value: impl Into<String>, (source, as_of): (&str, &str)) {
        self.dates.push(as_of.to_owned());
        let (source, as_of) = (source.to_owned(), Some(as_of.to_owned()));
        self.cited.push(Input { origin, path, value: value.into(), as_of, source });
    }

    /// Adds a default that no dated publication states.
    pub fn take_default(&mut self, path: String, value: impl Into<String>, source: &str) {
        let (value, source) = (value.into(), source.to_owned());
        self.cited.push(Input { origin: Origin::Assumed, path, value, as_of: None, source });
    }

    /// Returns all figures with their origin, each once: a figure that is cited with its source is not also listed as
    /// assumed.
    #[must_use]
    pub fn inputs(&self, stated: Vec<Input>) -> Vec<Input> {
        let cited: BTreeSet<(&str, &str)> = self.cited.iter().map(|c| (c.path.as_str(), c.value.as_str())).collect();
        let is_cited = |a: &Assumption| cited.contains(&(a.path.as_str(), a.value.as_str()));
        let assumed = self.assumptions.iter().filter(|a| !is_cited(a)).map(|a| Input {
            origin: Origin::Assumed,
            path: a.path.clone(),
            value: a.value.clone(),
            as_of: None,
            source: a.why.clone(),
        });
        let mut all: Vec<Input> = self.cited.iter().cloned().chain(assumed).chain(stated).collect();
        all.sort();
        all.dedup();
        all.shrink_to_fit();
        all
    }
}
