//! `bedload validate`: every diagnostic, and what was understood.

use super::args::ValidateArgs;
use super::{Exit, Trouble, load, say};
use crate::scenario;

pub(super) fn validate(args: &ValidateArgs) -> Result<Exit, Trouble> {
    let mut refusals = String::new();
    for file in &args.files {
        match load(file, &args.overrides.as_settings()) {
            Ok(_) if args.quiet => {}
            Ok((_, loaded)) => {
                let doubt = scenario::describe_doubt(&loaded.study.doubt);
                say(&format!("{}: fine\n{}{doubt}\n", file.display(), scenario::describe(&loaded.model)))?;
            }
            Err(trouble) => refusals += &trouble.message,
        }
    }
    if refusals.is_empty() { Ok(Exit::Held) } else { Err(Trouble::new(Exit::Usage, refusals)) }
}
