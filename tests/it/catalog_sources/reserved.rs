//! Prices of the reserved tier against an extract of the AWS Price List.

use std::collections::BTreeMap;

use bedload::catalog::Catalog;
use bedload::units::parse::amount;

use super::Compared;

/// Compares the price of each path, commitment and kind of token with every row of the list that has it.
pub fn compare(catalog: &Catalog, list: &str) -> Compared {
    let mut compared = Compared::default();
    let mut reader = csv::Reader::from_reader(list.as_bytes());
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.expect("the list is a table");
        let Some(model) = catalog.models.iter().find(|model| model.name == row["model"]) else { continue };
        let commitment = if row["term"].contains("1 Month") { "1-month" } else { "3-months" };
        let is_global = row["cross_region"] == "Global";
        for path in model.paths.iter().filter(|path| (path.path == "global") == is_global) {
            let mut terms = path.reserved.iter().flat_map(|reserved| &reserved.terms);
            let term = terms.find(|term| term.commitment == commitment);
            let is_input = row["token_type"].starts_with("Input");
            let ours = term.map(|t| if is_input { &t.input_per_1k_tpm_hour } else { &t.output_per_1k_tpm_hour });
            let ours = ours.map(|text| amount(text).expect("a price of the catalogue parses"));
            let theirs = amount(&format!("${}", row["usd"])).expect("a price of the list parses");
            let kind = if is_input { "input" } else { "output" };
            compared.figure(format!("{}.{} {commitment} {kind}", path.path, model.id), ours, Some(theirs));
        }
    }
    compared
}
