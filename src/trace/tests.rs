//! Traces in their layouts, and what is refused of them.

use std::io::Write;

use super::*;

fn selected(text: &[u8], selection: Selection) -> Result<(Vec<Row>, Summary), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    std::fs::write(&path, text).unwrap();
    let trace = Trace::open(&path, selection).map_err(|e| e.to_string())?;
    Ok((trace.rows().collect(), trace.summary))
}

fn rows(text: &str) -> Result<Vec<Row>, String> {
    selected(text.as_bytes(), Selection::default()).map(|(rows, _)| rows)
}

fn row(arrival: u64, input: u32, output: u32, max_tokens: u32) -> Row {
    let cut = max_tokens > 0 && output >= max_tokens;
    Row { arrival, input, output, max_tokens, cache_read: 0, cache_write: 0, leaf: NO_BLOCK, cut }
}

/// A changed byte of a packed file changes what is unpacked, and no line of it is to blame.
#[test]
fn a_damaged_packed_file_is_told_as_such_and_not_by_a_line_of_it() {
    let own: String = (0..3_000).map(|i| format!("{i},{},{}\n", 500 + i * 7 % 1_000, i * 13 % 400 + 1)).collect();
    let block = |i: u64| {
        format!(
            "{{\"timestamp\": {i}, \"input_length\": {}, \"output_length\": 7, \"hash_ids\": [{i}]}}\n",
            600 + i % 90
        )
    };
    for text in [OWN.to_owned() + &own, (0..1_000).map(block).collect()] {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert!(selected(&packed, Selection::default()).is_ok());
        let mut refused = 0;
        for at in (10..packed.len()).step_by(packed.len() / 150) {
            let mut flipped = packed.clone();
            flipped[at] ^= 1 << (at % 8);
            let error = selected(&flipped, Selection::default()).unwrap_err();
            assert!(error.contains("gzip"), "{at}: {error}");
            refused += 1;
        }
        assert!(refused >= 150);
        let mut bad = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        bad.write_all(format!("{text}no row\n").as_bytes()).unwrap();
        let error = selected(&bad.finish().unwrap(), Selection::default()).unwrap_err();
        assert!(error.starts_with("line ") && !error.contains("gzip"), "{error}");
    }
}

const OWN: &str = "arrival_s,input_tokens,output_tokens\n";

#[test]
fn an_azure_trace_starts_at_its_first_row() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319606,3180,8\n";
    assert_eq!(rows(text), Ok(vec![row(0, 4_808, 10, 0), row(52_001, 3_180, 8, 0)]));
}

#[test]
fn our_own_columns_may_hold_a_cap_and_what_the_cache_did() {
    let text = "arrival_s,input_tokens,output_tokens,max_tokens\n1700000000.5,10,5,64\n1700000001.000001,20,6,6\n1700000002,20,6,\n";
    assert_eq!(rows(text), Ok(vec![row(0, 10, 5, 64), row(500_001, 20, 6, 6), row(1_500_000, 20, 6, 0)]));
    let text = "arrival_s,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens\n0,100,5,60,10\n";
    let (rows, summary) = selected(text.as_bytes(), Selection::default()).unwrap();
    assert_eq!((rows[0].cache_read, rows[0].cache_write, summary.tells_cache), (60, 10, true));
}

#[test]
fn a_burstgpt_trace_is_known_by_its_header() {
    let text = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,Conversation log\n";
    assert_eq!(rows(text), Ok(vec![row(0, 472, 18, 0), row(40_000_000, 1_087, 230, 0)]));
    let only = Some(Only { label: "Model".to_owned(), is: "GPT-4".to_owned() });
    let (rows, summary) = selected(text.as_bytes(), Selection { only, ..Selection::default() }).unwrap();
    // t = 0 is the first row of the file, whatever its label.
    assert_eq!((rows, summary.all_rows), (vec![row(40_000_000, 1_087, 230, 0)], 2));
}

#[test]
fn columns_go_by_the_names_that_are_given() {
    let text = "when,in,out\n2026-04-01T00:00:00Z,10,5\n2026-04-01T00:00:02Z,20,6\n";
    let name = |name: &str| Some(name.to_owned());
    let columns =
        ColumnNames { arrival: name("when"), input: name("in"), output: name("out"), ..ColumnNames::default() };
    let (rows, _) = selected(text.as_bytes(), Selection { columns, ..Selection::default() }).unwrap();
    assert_eq!(rows, [row(0, 10, 5, 0), row(2_000_000, 20, 6, 0)]);
}

#[test]
fn a_mooncake_trace_names_its_blocks() {
    let text = "{\"timestamp\": 0, \"input_length\": 1100, \"output_length\": 6, \"hash_ids\": [0, 1, 2]}\n{\"timestamp\": 1500, \"input_length\": 600, \"output_length\": 4, \"hash_ids\": [0, 7]}\n";
    let rows = rows(text).unwrap();
    assert_eq!(
        rows.iter().map(|r| (r.arrival, r.input, r.output, r.leaf)).collect::<Vec<_>>(),
        [(0, 1_100, 6, 2), (1_500_000, 600, 4, 3)]
    );
}

const RECORD: &str = r#"{"timestamp":"2026-04-01T00:00:01Z","accountId":"1","region":"us-east-1","requestId":"a","operation":"ConverseStream","modelId":"us.a","input":{"inputContentType":"application/json","inputBodyJson":{"inferenceConfig":{"maxTokens":512}},"inputTokenCount":19,"cacheReadInputTokenCount":100,"cacheWriteInputTokenCount":5},"output":{"outputContentType":"application/json","outputBodyJson":{"output":{},"stopReason":"max_tokens","metrics":{"latencyMs":1200}},"outputTokenCount":10},"identity":{"arn":"arn:x"},"requestMetadata":{"team":"chat"},"schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;

#[test]
fn a_record_of_bedrock_tells_tokens_cap_cache_and_how_it_ended() {
    let (rows, summary) = selected(RECORD.as_bytes(), Selection::default()).unwrap();
    let expected = Row { cache_read: 100, cache_write: 5, cut: true, ..row(0, 124, 10, 512) };
    assert_eq!((rows, summary.tells_cache), (vec![expected], true));
    for (label, is, n) in
        [("modelId", "us.a", 1), ("identity", "arn:x", 1), ("requestMetadata.team", "chat", 1), ("modelId", "us.b", 0)]
    {
        let only = Some(Only { label: label.to_owned(), is: is.to_owned() });
        let found = selected(RECORD.as_bytes(), Selection { only, ..Selection::default() });
        assert_eq!(found.map_or(0, |(rows, _)| rows.len()), n, "{label} {is}");
    }
}

#[test]
fn records_of_bedrock_are_put_in_order_and_files_of_a_folder_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |second: u32| RECORD.replace("00:00:01Z", &format!("00:00:{second:02}Z"));
    std::fs::create_dir_all(folder.path().join("00/data")).unwrap();
    std::fs::write(folder.path().join("00/data/body.json"), "large").unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writeln!(packed, "{}\n{}", at(3), at(1)).unwrap();
    let packed = packed.finish().unwrap();
    std::fs::write(folder.path().join("00/a.json.gz"), &packed).unwrap();
    std::fs::write(folder.path().join("01.json"), at(2)).unwrap();
    let trace = Trace::open(folder.path(), Selection::default()).unwrap();
    assert_eq!(trace.rows().map(|r| r.arrival).collect::<Vec<_>>(), [0, 1_000_000, 2_000_000]);
    std::fs::write(folder.path().join("00/a.json.gz"), &packed[..packed.len() - 9]).unwrap();
    let error = Trace::open(folder.path(), Selection::default()).unwrap_err().to_string();
    assert!(error.contains("ends in the middle"), "{error}");
    std::fs::write(folder.path().join("00/a.json.gz"), "{\"modelId\": 1}").unwrap();
    let error = Trace::open(folder.path(), Selection::default()).unwrap_err().to_string();
    assert!(error.starts_with("00/a.json.gz, line 1: it is no record"), "{error}");
}

#[test]
fn a_window_begins_again_at_zero() {
    let text = format!("{OWN}0,1,1\n10,2,2\n20,3,3\n30,4,4\n");
    let selection = Selection { from: 10_000_000, to: Some(30_000_000), ..Selection::default() };
    let (rows, _) = selected(text.as_bytes(), selection).unwrap();
    assert_eq!(rows, [row(0, 2, 2, 0), row(10_000_000, 3, 3, 0)]);
}

#[test]
fn bad_lines_are_named_or_counted() {
    for (text, error) in [
        (String::new(), "it has no rows".to_owned()),
        (OWN.to_owned(), "it has no rows".to_owned()),
        ("a,b\n1,2\n".to_owned(), "its header is `a,b`; expected `arrival_s,input_tokens,output_tokens`, `TIMESTAMP,ContextTokens,GeneratedTokens` or `Timestamp,Request tokens,Response tokens`".to_owned()),
        (format!("{OWN}2,1,1\n1,1,1\n"), "line 3: it is earlier than the request before".to_owned()),
        (format!("{OWN}2,0,1\n"), "line 2: `input_tokens` is a whole number of at least 1, `0` is not".to_owned()),
        (format!("{OWN}2,1\n"), "line 2: `output_tokens` is a whole number of at least 1, `` is not".to_owned()),
        (format!("{OWN}x,1,1\n"), "line 2: `arrival_s` is an instant such as 2023-11-16 18:17:03.97996, or a number of seconds such as 12.5, `x` is not".to_owned()),
        (format!("{OWN}0,1,1\n946080001,1,1\n"), "line 3: it comes more than 30 years after the first".to_owned()),
        ("{\"a\": 1}\n".to_owned(), "its layout is not known: it is neither a table with a header nor JSON lines of a known kind".to_owned()),
    ] {
        assert_eq!(rows(&text), Err(error), "{text}");
    }
    let skip = Selection { skip_bad_lines: true, ..Selection::default() };
    let text = format!("{OWN}1,1,1\nx,1,1\n2,0,1\n3,1,1\n");
    let (rows, summary) = selected(text.as_bytes(), skip.clone()).unwrap();
    assert_eq!((rows, summary.skipped_lines), (vec![row(0, 1, 1, 0), row(2_000_000, 1, 1, 0)], 2));
    // A request out of order is never left out: the rest would be another traffic.
    let unsorted = selected(format!("{text}0,1,1\n").as_bytes(), skip);
    assert_eq!(unsorted.err(), Some("line 6: it is earlier than the request before".to_owned()));
}

#[test]
fn a_repetition_begins_a_mean_gap_after_the_last_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    std::fs::write(&path, format!("{OWN}0,1,1\n1,1,1\n4,1,1\n")).unwrap();
    assert_eq!(Trace::open(&path, Selection::default()).unwrap().period(), Some(6_000_000));
    std::fs::write(&path, format!("{OWN}0,1,1\n")).unwrap();
    assert_eq!(Trace::open(&path, Selection::default()).unwrap().period(), None);
}

#[test]
fn what_was_said_in_a_prompt_is_no_cap_and_no_cap_lies_below_the_answer() {
    let with = |cap: &str| {
        RECORD
            .replace("{\"inferenceConfig\":{\"maxTokens\":512}}", cap)
            .replace("\"max_tokens\",\"metrics\"", "\"end_turn\",\"metrics\"")
    };
    let tool =
        r#"{"messages":[{"content":[{"toolUse":{"input":{"max_tokens":7}}}]}],"inferenceConfig":{"maxTokens":300}}"#;
    for (body, cap, cut) in [
        (tool, 300, false),
        (r#"{"messages":[{"content":"max_tokens"}],"max_tokens":400}"#, 400, false),
        (r#"{"textGenerationConfig":{"maxTokenCount":10}}"#, 10, true),
        (r#"{"max_tokens":7}"#, 0, false),
        ("null", 0, false),
    ] {
        let (rows, _) = selected(with(body).as_bytes(), Selection::default()).unwrap();
        assert_eq!((rows[0].max_tokens, rows[0].output, rows[0].cut), (cap, 10, cut), "{body}");
    }
}

#[test]
fn nulls_of_a_record_hide_nothing() {
    let good = RECORD.replace("{\"arn\":\"arn:x\"}", "null");
    assert_eq!(rows(&good).map(|rows| rows.len()), Ok(1));
    let failed = r#"{"timestamp":"2026-04-01T00:00:01Z","modelId":"m","input":{"inputTokenCount":5},"output":null,"errorCode":"ThrottlingException"}"#;
    let error = rows(failed).unwrap_err();
    assert_eq!(error, "line 1: the call failed with ThrottlingException: it has no `outputTokenCount`");
}

#[test]
fn a_mark_and_blank_lines_before_records_are_passed_over() {
    for text in [format!("\u{feff}{RECORD}"), format!("\n\n{RECORD}\n"), format!("\u{feff}\r\n{RECORD}\r\n")] {
        assert_eq!(rows(&text).map(|rows| rows.len()), Ok(1));
    }
    assert_eq!(rows(&format!("\u{feff}{OWN}0,1,1\n")).map(|rows| rows.len()), Ok(1));
}

#[test]
fn a_lead_in_is_kept_and_not_counted_as_a_gap() {
    // Rows 50, 60 and 70 s into the window: the next pass has its first row at 80 s, so it begins at 30 s.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    std::fs::write(&path, format!("{OWN}0,1,1\n100,1,1\n110,1,1\n120,1,1\n")).unwrap();
    let selection = Selection { from: 50_000_000, ..Selection::default() };
    assert_eq!(Trace::open(&path, selection).unwrap().period(), Some(30_000_000));
}

#[test]
fn a_label_that_no_row_has_is_told_from_an_empty_file() {
    let only = Some(Only { label: "modelId".to_owned(), is: "us.b".to_owned() });
    let error = selected(RECORD.as_bytes(), Selection { only, ..Selection::default() }).unwrap_err();
    assert_eq!(error, "none of its rows has the label that is asked for");
}
