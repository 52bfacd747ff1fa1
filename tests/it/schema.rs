//! The published schema is the one that the program has.

use std::path::Path;

#[track_caller]
fn is_current(file: &str, schema: &serde_json::Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(file);
    let current = format!("{schema:#}\n");
    if std::env::var_os("BEDLOAD_UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let on_disk = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        on_disk == current,
        "schemas/{file} is stale; rewrite it with `BEDLOAD_UPDATE_SCHEMA=1 cargo test --test it schema`"
    );
}

#[test]
fn the_schemas_on_disk_are_current() {
    is_current("scenario.schema.json", &bedload::scenario::json_schema());
    is_current("results.schema.json", &bedload::report::results_schema());
}

/// Every key and kind says what it is, so that editors can show it.
#[test]
fn every_key_is_described() {
    fn walk(node: &serde_json::Value, at: &str, silent: &mut Vec<String>) {
        if let Some(properties) = node.get("properties").and_then(|p| p.as_object()) {
            for (key, value) in properties {
                if value.get("description").is_none() && value.get("$ref").is_none() {
                    silent.push(format!("{at}.{key}"));
                }
            }
        }
        match node {
            serde_json::Value::Object(map) => map.iter().for_each(|(k, v)| walk(v, &format!("{at}.{k}"), silent)),
            serde_json::Value::Array(items) => items.iter().for_each(|v| walk(v, at, silent)),
            _ => {}
        }
    }
    let mut silent = Vec::new();
    walk(&bedload::scenario::json_schema(), "", &mut silent);
    assert_eq!(silent, Vec::<String>::new());
}
