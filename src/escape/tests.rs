use proptest::prelude::*;

use super::*;

/// Texts with harmful parts between harmless ones.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::char::range('\0', '\u{9f}').prop_map(String::from),
        proptest::sample::select(PARTS).prop_map(str::to_owned),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

const PARTS: &[&str] = &[
    "\x1b[2J", "\x1b]0;owned\x07", "\u{9b}31m", "\u{202e}", "\u{2066}", "\u{200f}", "\u{61c}", "\u{2028}", "\r\n", "\n",
    "\n::error file=x,line=1::owned", "##[error]", "##vso[task]", " ::set-env ", "<script>alert(1)</script>", "-->", "]]>",
    "&amp;", "\n# heading\n", "- [x] done", "[a](http://b)", "![a](b)", "|", "\\", "`", "``", "```\n", "~~~", "@somebody", "#12",
    "=cmd|' /C calc'!A0", "+1", "-2", "\t=3", ";=4", "\"", "'", "%0A", ":", ",", "$x$", "é", "日本", "👩‍👩‍👧", "1.5", "-3e5", "1. ",
];

fn has_harmful(text: &str) -> bool {
    text.contains(|c| c != '\n' && is_harmful(c))
}

#[test]
fn a_control_is_shown_as_its_code() {
    assert_eq!(visible("a\u{1b}[2J\u{7}b\u{202e}c\u{9b}d\ne"), "a\\u{1b}[2J\\u{7}b\\u{202e}c\\u{9b}d\\u{a}e");
    assert_eq!(lines("a\r\nb"), "a\\u{d}\nb");
}

#[test]
fn a_name_in_another_script_stays_as_it_is() {
    for name in ["é", "日本", "עברית", "العربية", "👩‍👩‍👧", "a\u{a0}b", "naïve – “quoted”"] {
        assert!(matches!(visible(name), Cow::Borrowed(same) if same == name));
        assert_eq!(terminal(name, true), name);
        assert_eq!(csv_cell(name), name);
    }
}

#[test]
fn colours_of_the_program_act_on_a_terminal_alone() {
    let text = "\x1b[1;31mbad\x1b[0m \x1b[2J\n";
    assert_eq!(terminal(text, true), "\x1b[1;31mbad\x1b[0m \\u{1b}[2J\n");
    assert_eq!(terminal(text, false), "\\u{1b}[1;31mbad\\u{1b}[0m \\u{1b}[2J\n");
}

#[test]
fn no_line_of_a_log_is_a_command() {
    assert_eq!(terminal("a\n  ::error::b\n", false), "a\n  \\u{3a}:error::b\n");
    assert_eq!(terminal("a ##[error]b ##vso[c] ## d", false), "a \\u{23}#[error]b \\u{23}#vso[c] ## d");
    assert_eq!(terminal("a::b", false), "a::b");
}

#[test]
fn a_formula_is_a_text_and_a_number_a_number() {
    for (text, cell) in [
        ("=1+1", "'=1+1"),
        ("@a", "'@a"),
        ("-x", "'-x"),
        ("+x", "'+x"),
        (" =1", "' =1"),
        ("\t=1", "'\\u{9}=1"),
        ("\r=1", "'\\u{d}=1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("a=b", "a=b"),
    ] {
        assert_eq!(csv_cell(text), cell);
    }
}

#[test]
fn xml_holds_no_markup_and_no_control() {
    assert_eq!(
        xml("a<b> & \"c\" 'd'\u{a0}e\u{7}\nf"),
        "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos; e\\u{7}&#10;f"
    );
}

#[test]
fn a_workflow_command_is_one_line() {
    assert_eq!(workflow_message("50 %\nb\r\u{1b}"), "50 %25%0Ab\\u{d}\\u{1b}");
    assert_eq!(workflow_property("a\n::error file=x,line=1::b"), "a\\u{a}%3A%3Aerror file=x%2Cline=1%3A%3Ab");
}

#[test]
fn a_document_keeps_what_is_no_text() {
    let value = serde_json::json!({ "a\u{1b}": [1, -2.5, null, true, "b\u{202e}"], "plain": { "c": "d" } });
    let shown = serde_json::json!({ "a\\u{1b}": [1, -2.5, null, true, "b\\u{202e}"], "plain": { "c": "d" } });
    assert_eq!(*document(&value), shown);
    assert!(matches!(document(&shown), Cow::Borrowed(_)));
}

proptest! {
    #[test]
    fn nothing_harmful_passes_to_any_target(text in hostile(), has_colour: bool) {
        prop_assert!(!visible(&text).contains(is_harmful));
        prop_assert!(!has_harmful(&lines(&text)));
        let printed = terminal(&text, has_colour);
        prop_assert!(!has_harmful(&printed.replace("\x1b[", "")) && (has_colour || !printed.contains('\x1b')));
        prop_assert!(!printed.lines().any(|line| line.trim_start().starts_with("::")), "{printed}");
        prop_assert!(!printed.contains("##[") && !printed.contains("##vso["), "{printed}");
        let property = workflow_property(&text);
        prop_assert!(!property.contains(is_harmful) && !property.contains([':', ',']), "{property}");
        prop_assert!(!workflow_message(&text).contains(is_harmful));
        let cell = csv_cell(&text);
        prop_assert!(!cell.contains(is_harmful));
        prop_assert!(text.parse::<f64>().is_ok() || !cell.starts_with(['=', '+', '-', '@']), "{cell}");
        prop_assert!(!xml(&text).contains(['<', '>', '"']) && !xml(&text).contains(is_harmful));
    }

    #[test]
    fn markdown_of_a_text_stays_on_its_line_and_is_no_markup(text in hostile()) {
        for shown in [markdown::plain(&text), markdown::line(&text)] {
            prop_assert!(!shown.contains(is_harmful) && !shown.contains(['<', '>']), "{shown}");
            let bare = shown.replace("\\\\", "");
            for sign in ['`', '*', '[', ']', '|', '~'] {
                prop_assert!(bare.matches(sign).count() == bare.matches(&format!("\\{sign}")).count(), "{sign} in {shown}");
            }
        }
        for shown in [markdown::code(&text), markdown::said(&text), markdown::cell(&text)] {
            prop_assert!(!shown.contains(is_harmful), "{shown}");
        }
        let cell = markdown::cell(&text);
        prop_assert_eq!(cell.matches('|').count(), cell.matches("\\|").count(), "{}", cell);
    }

    #[test]
    fn json_says_the_same_without_harmful_characters(text in hostile()) {
        let document = serde_json::to_string_pretty(&serde_json::json!({ "title": text, text.clone(): 1 })).unwrap();
        let escaped = json(&document);
        prop_assert!(!has_harmful(&escaped) && !escaped.contains("##["), "{escaped}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(&escaped), read(&document));
    }

    #[test]
    fn a_value_of_toml_is_one_line_and_reads_back(text in hostile()) {
        let value = toml(&text);
        prop_assert!(!value.contains(is_harmful), "{value}");
        let read: ::toml::Table = ::toml::from_str(&format!("v = {value}")).unwrap();
        prop_assert_eq!(read["v"].as_str(), Some(text.as_str()));
    }
}
