//! The command `bedload explain`: the meaning of a metric.

use super::args::ExplainArgs;
use super::{Exit, Trouble, fault, say};
use crate::terms::{self, Better, Sort, TERMS, Term};

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let Some(metric) = &args.metric else {
        let list: String = TERMS.iter().map(|t| format!("{:<32} {}\n", t.name, t.unit.name())).collect();
        say(&list)?;
        return Ok(Exit::Held);
    };
    // A bare name of a part's metric is explained too, though it is no full name.
    let term = terms::find(metric).map_or_else(|| terms::parse_metric(metric).map(|m| m.term), Ok);
    match term {
        Ok(term) => {
            say(&explained(term))?;
            Ok(Exit::Held)
        }
        Err(refused) => Err(fault(Exit::Usage, refused.rule, refused.help)),
    }
}

fn explained(term: &Term) -> String {
    let sort = match term.sort {
        Sort::Cohort => "of the requests that arrived in the measured interval",
        Sort::Clock => "of the measured interval of the clock",
    };
    let better = match term.better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
        Better::Neither => "neither higher nor lower is better",
    };
    format!(
        "{}  [{}]\n  {}\n  {sort}; {better}\n  written as {}\n",
        term.name,
        term.unit.name(),
        term.formula,
        terms::example_of(term)
    )
}
