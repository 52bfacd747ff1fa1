//! The command `bedload validate`: every diagnostic of a scenario, and what was understood.

use super::args::{Resources, ValidateArgs};
use super::forecast::{Ahead, announce};
use super::sweep::Points;
use super::{Exit, Trouble, load, say, shown};
use crate::scenario;

pub(super) fn validate(args: &ValidateArgs) -> Result<Exit, Trouble> {
    // Nothing begins here, so nothing is refused for its size.
    let begun = Resources { threads: None, yes: true };
    let (mut refusals, mut exit) = (String::new(), Exit::Usage);
    for file in &args.files {
        let loaded = load(file, &args.overrides.as_settings(), &args.overrides.catalog).and_then(|(source, loaded)| {
            if loaded.study.sweep.is_some() {
                let points = Points::of(&source, &loaded, file)?;
                points.try_values()?;
                announce(&points.ahead(), begun)?;
            } else {
                announce(&[Ahead::of(&loaded.model, &loaded.study.doubt).may_rerun(true)], begun)?;
            }
            Ok(loaded)
        });
        match loaded {
            Ok(_) if args.quiet => {}
            Ok(loaded) => {
                let asked = scenario::describe_study(&loaded.study);
                say(&format!("{}: fine\n{}{asked}\n", shown(file), scenario::describe(&loaded.model)))?;
            }
            Err(trouble) => {
                refusals += &trouble.message;
                exit = exit.or(trouble.exit);
            }
        }
    }
    if refusals.is_empty() { Ok(Exit::Held) } else { Err(Trouble::new(exit, refusals)) }
}
