use super::*;

#[test]
fn a_control_is_shown_as_its_code() {
    assert_eq!(visible("a\u{1b}[2J\u{7}b\u{202e}c\u{9b}d\ne"), "a\\u{1b}[2J\\u{7}b\\u{202e}c\\u{9b}d\\u{a}e");
    assert_eq!(lines("a\r\nb"), "a\\u{d}\nb");
}

#[test]
fn a_name_in_another_script_stays_as_it_is() {
    for name in ["é", "日本", "עברית", "العربية", "👩‍👩‍👧", "a\u{a0}b", "naïve – “quoted”"]
    {
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
    assert_eq!(xml("a<b> & \"c\" 'd'\u{a0}e\u{7}\nf"), "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos; e\\u{7}&#10;f");
}

#[test]
fn a_workflow_command_is_one_line() {
    assert_eq!(workflow_message("50 %\nb\r\u{1b}"), "50 %25%0Ab\\u{d}\\u{1b}");
    assert_eq!(workflow_message("a ##[error]b"), "a \\u{23}#[error]b");
    assert_eq!(workflow_property("a\n::error file=x,line=1::b"), "a\\u{a}%3A%3Aerror file=x%2Cline=1%3A%3Ab");
}

#[test]
fn a_document_keeps_what_is_no_text() {
    let value = serde_json::json!({ "a\u{1b}": [1, -2.5, null, true, "b\u{202e}"], "plain": { "c": "d" } });
    let shown = serde_json::json!({ "a\\u{1b}": [1, -2.5, null, true, "b\\u{202e}"], "plain": { "c": "d" } });
    assert_eq!(*document(&value), shown);
    let harmless = serde_json::json!({ "a": ["é", 0.1, "日本"] });
    assert!(matches!(document(&harmless), Cow::Borrowed(same) if *same == harmless));
}
