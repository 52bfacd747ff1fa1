//! The resolved model, as `validate` shows it.

use std::path::Path;

use bedload::scenario::{describe, load_text, template::template};

/// The templates described here have models without an id: the catalogue changes, and these do not.
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

/// `validate` says which mode an SDK's version has, and what of it is assumed.
#[test]
fn the_retries_of_an_sdk_are_resolved() {
    let text = include_str!("../../scenarios/quickstart.toml");
    let told = |version: &str| {
        let set = [format!("workloads.chat.client.retries.sdk={version}")];
        let loaded = load_text("quickstart.toml", text, Path::new(""), &set).expect("it loads");
        describe(&loaded.model)
    };
    for (version, words) in [
        ("{ name = \"python\", version = \"1.43.2\" }", "python 1.43.2: legacy retries by default, 5 attempts"),
        ("{ name = \"python\", version = \"1.44\" }", "python 1.44.0: standard retries by default, 3 attempts"),
        (
            "{ name = \"python\", version = \"1.43.2\", mode = \"standard\", max_attempts = 1 }",
            "python 1.43.2: standard retries as set, 1 attempt,",
        ),
        ("{ name = \"cpp\", version = \"1.11.600\" }", "cpp 1.11.600: legacy retries by default, 11 attempts"),
    ] {
        let page = told(version).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(words), "{page}");
        assert_eq!(page.contains("client.retries.sdk = "), words.starts_with("cpp"), "{page}");
    }
}
