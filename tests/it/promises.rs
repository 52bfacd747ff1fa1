//! Each promise of docs/LIMITS.md about kills, full disks and damaged files names the test that keeps it.

use std::path::Path;

/// The tests that a document names, such as `folders::a_test`.
fn named(text: &str) -> Vec<&str> {
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.contains("::") && name.split("::").all(is_name)).collect()
}

#[test]
fn every_test_that_the_limits_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let limits = std::fs::read_to_string(root.join("docs/LIMITS.md")).expect("it can be read");
    let tests = named(&limits);
    assert!(tests.len() >= 10, "{tests:?}");
    for test in tests {
        let (module, name) = test.rsplit_once("::").expect("a module and a name");
        let beside = module.trim_end_matches("::tests").replace("::", "/");
        let files = [
            format!("tests/it/{module}.rs"),
            format!("src/experiment/{}.rs", module.replace("::", "/")),
            format!("src/{beside}.rs"),
        ];
        let text = files.iter().find_map(|file| std::fs::read_to_string(root.join(file)).ok());
        let text = text.unwrap_or_else(|| panic!("there is no {files:?}"));
        assert!(text.contains(&format!("fn {name}() {{")), "`{test}` is in none of {files:?}");
    }
}

#[test]
fn names_of_tests_are_told_from_other_code() {
    let text = "`folders::a_test`, `--out`, `A::b` and\n`journal::tests::b_2`, `x`";
    assert_eq!(named(text), ["folders::a_test", "journal::tests::b_2"]);
}
