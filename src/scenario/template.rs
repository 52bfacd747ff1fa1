//! Commented scenarios to start from, for `init`.

/// Every template by its name; the first is the default.
pub const TEMPLATES: [(&str, &str); 3] = [
    ("quickstart", include_str!("templates/quickstart.toml")),
    ("shared-quota", include_str!("templates/shared-quota.toml")),
    ("queue", include_str!("templates/queue.toml")),
];

/// Returns the text of a template.
#[must_use]
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
