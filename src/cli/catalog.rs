//! `bedload catalog`: what is known of models and of SDKs, and since when.

use super::args::CatalogArgs;
use super::{Exit, Trouble, fault, say};
use crate::catalog::sdks::Sdks;
use crate::catalog::{Catalog, show};

pub(super) fn catalog(args: &CatalogArgs) -> Result<Exit, Trouble> {
    let catalog = Catalog::embedded();
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
