//! The command `bedload init`: a scenario to start from.

use std::path::PathBuf;

use super::args::InitArgs;
use super::{Exit, Trouble, fault, files, say, shown};
use crate::scenario::template::{TEMPLATES, template};
use crate::terms::nearest;

pub(super) fn init(args: &InitArgs) -> Result<Exit, Trouble> {
    let Some(text) = template(&args.template) else {
        let names: Vec<&str> = TEMPLATES.iter().map(|t| t.0).collect();
        let help = nearest(&args.template, names.iter().copied())
            .map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(fault(Exit::Usage, format!("there is no template `{}`", args.template), help));
    };
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", args.template)));
    if path.as_os_str() == "-" {
        say(text)?;
        return Ok(Exit::Held);
    }
    files::try_new(&path)?;
    files::write_new(&path, text)?;
    say(&format!("wrote {0}\nrun it with: bedload run {0}\n", shown(&path)))?;
    Ok(Exit::Held)
}
