//! The command `bedload schema`: JSON Schemas, for editors and for readers of results.

use super::args::{SchemaArgs, SchemaOf};
use super::{Exit, Trouble, say};
use crate::{report, scenario};

pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Trouble> {
    let schema = match args.of {
        SchemaOf::Scenario => scenario::json_schema(),
        SchemaOf::Results => report::results_schema(),
    };
    say(&format!("{schema:#}\n"))?;
    Ok(Exit::Held)
}
