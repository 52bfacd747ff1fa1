//! `bedload validate`: every diagnostic, and what was understood.

use super::args::ValidateArgs;
use super::sweep::Points;
use super::{Exit, Trouble, load, say};
use crate::scenario;

pub(super) fn validate(args: &ValidateArgs) -> Result<Exit, Trouble> {
    let mut refusals = String::new();
    for file in &args.files {
        let loaded = load(file, &args.overrides.as_settings(), &args.overrides.catalog).and_then(|(source, loaded)| {
            if loaded.study.sweep.is_some() {
                Points::of(&source, &loaded, file)?.try_values()?;
            }
            Ok(loaded)
        });
        match loaded {
            Ok(_) if args.quiet => {}
            Ok(loaded) => {
                let asked = scenario::describe_study(&loaded.study);
                say(&format!("{}: fine\n{}{asked}\n", file.display(), scenario::describe(&loaded.model)))?;
            }
            Err(trouble) => refusals += &trouble.message,
        }
    }
    if refusals.is_empty() { Ok(Exit::Held) } else { Err(Trouble::new(Exit::Usage, refusals)) }
}
