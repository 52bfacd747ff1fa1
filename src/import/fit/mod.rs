//! Drawn traffic that comes near a record. Candidates are taken from the record's figures; which of them is written is
//! decided by what each really does: its scenario is loaded, tapes as long as the record are drawn, and their figures are
//! held against the record's.

mod arrivals;
mod batches;
mod judge;
mod mmpp;
mod tokens;

use std::cmp::Ordering;

pub use arrivals::Arrivals;
pub use judge::{Compared, OFF};
pub use tokens::{LengthFit, LengthLaw};

use super::profile::Profile;
use crate::units::SimTime;
use judge::Trial;

/// The fewest rows that are fitted.
pub const FEWEST_ROWS: u64 = 100;

/// The rank correlation below which none is written \[1\].
const WORTH_A_LINE: f64 = 0.05;

/// Traffic that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub arrivals: Arrivals,
    pub input: LengthFit,
    pub output: LengthFit,
    /// The parameter of the copula of input and output; `None`: none worth telling \[1\].
    pub correlation: Option<f64>,
}

/// The nearest that drawn traffic comes to a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub drawn: Drawn,
    /// Figure by figure.
    pub compared: Vec<Compared>,
    /// The kinds of arrivals that were tried, the simplest first.
    pub tried: Vec<&'static str>,
    /// The number of tapes that were drawn of each candidate.
    pub tapes: u32,
}

impl Fit {
    /// Returns the figures that are off.
    pub fn off(&self) -> impl Iterator<Item = &Compared> {
        self.compared.iter().filter(|c| c.is_off())
    }

    #[must_use]
    pub fn matches(&self) -> bool {
        self.off().next().is_none()
    }
}

/// Fits a record from t = 0 to `until`; `scenario` writes the text that draws. `None` for fewer rows than
/// [`FEWEST_ROWS`], or where nothing that was tried can run.
pub fn fit(profile: &Profile, until: SimTime, scenario: &dyn Fn(&Drawn) -> String) -> Option<Fit> {
    let recorded = profile.figures(until).filter(|figures| figures.rows >= FEWEST_ROWS && figures.rate > 0.0)?;
    let (input, output) = (tokens::fit(profile.input()), tokens::fit(profile.output()));
    let correlation = recorded.correlation.filter(|r| r.abs() > WORTH_A_LINE).map(tokens::copula);
    let tapes = judge::tapes_for(recorded.rows);
    let candidates = Arrivals::candidates(&recorded);
    let mut tried: Vec<&'static str> = candidates.iter().map(Arrivals::kind).collect();
    tried.dedup();
    let trials = candidates.into_iter().filter_map(|arrivals| {
        let drawn = Drawn { arrivals, input: input.clone(), output: output.clone(), correlation };
        let figures = judge::draw(&scenario(&drawn), until, tapes)?;
        Some(Trial::new(drawn, &recorded, figures))
    });
    let best = trials.min_by(preferred)?;
    Some(Fit { compared: best.compare(&recorded), drawn: best.drawn, tried, tapes })
}

/// Returns the simplest of the processes that the record may have come from; where it came from none, the nearest.
fn preferred(a: &Trial, b: &Trial) -> Ordering {
    let simplest = || a.drawn.arrivals.parameters().cmp(&b.drawn.arrivals.parameters());
    let nearest = || a.distance.total_cmp(&b.distance);
    match (a.is_plausible, b.is_plausible) {
        (true, true) => simplest().then_with(nearest),
        (false, false) => nearest().then_with(simplest),
        (a, b) => b.cmp(&a),
    }
}
