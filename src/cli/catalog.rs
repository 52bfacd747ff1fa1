//! The command `bedload catalog`: the facts known of models and of SDKs, with their dates.

use std::path::PathBuf;

use super::args::CatalogArgs;
use super::{Exit, Trouble, fault, refusal, say};
use crate::catalog::own::{self, File};
use crate::catalog::sdks::Sdks;
use crate::catalog::{Catalog, show};
use crate::diagnostic::{Sink, Sources};
use crate::reading;
use crate::scenario::Refused;

pub(super) fn catalog(args: &CatalogArgs) -> Result<Exit, Trouble> {
    let own = laid(&args.catalog)?;
    let catalog: &Catalog = own.as_ref().unwrap_or_else(|| Catalog::embedded());
    let today = jiff::ZonedDateTime::now().date().to_string();
    let Some(id) = &args.id else {
        say(&format!("{}\n{}", show::list(catalog, Some(&today)), show::list_sdks(Sdks::embedded())))?;
        return Ok(Exit::Held);
    };
    if let Some(sdk) = Sdks::embedded().get(id) {
        say(&show::show_sdk(sdk, Some(&today)))?;
        return Ok(Exit::Held);
    }
    match catalog.resolve(id) {
        Ok(found) => {
            say(&show::show(found.model, Some(&today)))?;
            Ok(Exit::Held)
        }
        Err(near) => {
            let help =
                near.map_or("`bedload catalog` lists what is known".to_owned(), |n| format!("did you mean `{n}`?"));
            Err(fault(Exit::Usage, format!("the catalogue has no model `{id}`"), help))
        }
    }
}

/// Returns the user's own catalogues over that of bedload; `None` where there are none.
fn laid(paths: &[PathBuf]) -> Result<Option<Catalog>, Trouble> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = reading::text(path, reading::MOST_TOML).map_err(|error| {
            let help = error.help.unwrap_or("its path is relative to the folder in which bedload runs").to_owned();
            fault(Exit::of(&error), format!("the catalogue `{name}` cannot be read: {error}"), help)
        })?;
        files.push(File { name, text });
    }
    own::lay(&files).map(Some).map_err(|faults| {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let starts: Vec<usize> = files.into_iter().map(|file| sources.add(file.name, file.text)).collect();
        for found in faults {
            let start = starts[found.file];
            sink.error(found.at.start + start..found.at.end + start, found.rule, found.help);
        }
        refusal(&Refused { sources, findings: sink.findings })
    })
}
