//! The resolved model, as `validate` shows it.

use std::path::Path;

use bedload::scenario::{describe, load_text, template::template};

/// Of templates whose models have no id: the catalogue changes, and these do not.
#[test]
fn templates_are_described() {
    for name in ["shared-quota", "queue"] {
        let text = template(name).expect("a template");
        let loaded = load_text(name, text, Path::new(""), &[]).expect("a template loads");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("described_{name}"), describe(&loaded.model));
        });
    }
}
