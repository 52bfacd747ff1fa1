//! Tests of what a file may be, and of the message about a file that may not be read.

use std::io::{BufRead, Write};

use super::*;

fn written(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Reads all records of a table, or of a file of lines; returns the contents, or the error message.
fn read(bytes: &[u8], is_table: bool) -> Result<Vec<u8>, String> {
    let (_folder, path) = written(bytes);
    let records = Records::open(&path).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    let done = if is_table { records.table().read_to_end(&mut all) } else { records.lines().read_to_end(&mut all) };
    done.map(|_| all).map_err(|error| ReadError::from(error).to_string())
}

#[test]
fn a_good_file_is_read_as_it_is_whether_packed_or_not() {
    let text = "a,b\n1,\"two \"\" lines,\nof text\"\n3,a \"quote\" within\n".repeat(20_000);
    for is_table in [true, false] {
        assert_eq!(read(text.as_bytes(), is_table).as_deref(), Ok(text.as_bytes()));
        assert_eq!(read(&packed(text.as_bytes()), is_table).as_deref(), Ok(text.as_bytes()));
        assert_eq!(read(format!("\u{feff}{text}").as_bytes(), is_table).as_deref(), Ok(text.as_bytes()));
        assert_eq!(read(b"", is_table).as_deref(), Ok(&b""[..]));
    }
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    let rows = "1,2\n".repeat(100_000);
    for (text, line) in [
        ("a,b\n1,\"x\n2,3\n".to_owned(), 2),
        (format!("a,b\n1,\"x\n{rows}"), 2),
        (format!("a,b\n{rows}1,\"x\"\"\n"), 100_002),
        ("\"".to_owned(), 1),
        ("a\n\"x\"\n\"y\"\"".to_owned(), 3),
    ] {
        let error = read(text.as_bytes(), true).unwrap_err();
        assert_eq!(error, format!("line {line}: the quote that opens here is never closed"));
    }
    for text in ["a,b\n1,x\"y\n", "a,b\n1,\"x\"\n", "a\n\"x\"", "a\n\"\"\n", "a\n \"x\n"] {
        assert!(read(text.as_bytes(), true).is_ok(), "{text:?}");
    }
    assert!(read(b"{\"a\n", false).is_ok(), "a quote of a line is its reader's business");
}

#[test]
fn a_line_of_the_greatest_length_is_read_and_a_longer_one_is_named() {
    let most = MOST_LINE as usize;
    let with = |n: usize| [b"a,b\n1,2\n".to_vec(), vec![b'x'; n], b"\n3,4\n".to_vec()].concat();
    for is_table in [true, false] {
        assert!(read(&with(most), is_table).is_ok());
        assert_eq!(read(&with(most + 1), is_table).unwrap_err(), "line 3: it is longer than 64 MiB");
    }
    let quoted = [b"a,b\n1,\"".to_vec(), "x\n".repeat(most / 2 + 8).into_bytes(), b"\"\n".to_vec()].concat();
    assert_eq!(read(&quoted, true).unwrap_err(), "line 2: the quote that opens here is not closed within 64 MiB");
    let wide = [b"a\n".to_vec(), vec![b','; 2_000_000]].concat();
    assert_eq!(read(&wide, true).unwrap_err(), "line 2: it has more than a million fields");
}

#[test]
fn what_is_no_text_is_named_with_its_line() {
    let nul = "it has a NUL byte, which no text has";
    for is_table in [true, false] {
        assert_eq!(read(b"a\n1\n2\0\n", is_table).unwrap_err(), format!("line 3: {nul}"));
        let late = ["a\n".repeat(300_000).as_bytes(), b"\0"].concat();
        assert_eq!(read(&late, is_table).unwrap_err(), format!("line 300001: {nul}"));
        for start in [&b"\xFF\xFEa\0"[..], b"\xFE\xFF\0a", b"a\0b\0", b"\0a\0b"] {
            assert_eq!(read(start, is_table).unwrap_err(), "line 1: it is text in UTF-16");
            assert_eq!(read(&packed(start), is_table).unwrap_err(), "line 1: it is text in UTF-16");
        }
    }
    for (bytes, told) in [
        (&b"a\nb\xFFc"[..], "line 2: it is not UTF-8 text from byte 3 on".to_owned()),
        (b"a\nb\0", format!("line 2: {nul}")),
        (b"\xFF\xFEa\0", "line 1: it is text in UTF-16".to_owned()),
        (&[b'a'; (1 << 20) + 1], "it is larger than 1 MiB".to_owned()),
    ] {
        let (_folder, path) = written(bytes);
        assert_eq!(text(&path, 1 << 20).unwrap_err().to_string(), told);
    }
}

#[test]
fn a_damaged_gzip_file_says_so_with_its_line() {
    let rows: String = (0..400_000).map(|i| format!("{i},{}\n", i * 7 % 1_000)).collect();
    let whole = packed(rows.as_bytes());
    for at in [5, 12, whole.len() / 2, whole.len() - 3] {
        let error = read(&whole[..at], true).unwrap_err();
        assert!(error.starts_with("line ") && error.contains("ends in the middle"), "{at}: {error}");
    }
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xA5);
    let error = read(&damaged, true).unwrap_err();
    assert!(error.starts_with("line ") && error.contains("the gzip file is damaged"), "{error}");
    assert_eq!(read(&[&whole[..], &packed(b"1,2\n")].concat(), true), Ok([rows.as_bytes(), b"1,2\n"].concat()));
    for more in [&b"more"[..], b"\x1f", b"a longer text than the header of a gzip file\n", &[0; 600]] {
        let error = read(&[&whole[..], more].concat(), false).unwrap_err();
        let told = if more == b"\x1f" { "ends in the middle" } else { "bytes that are no gzip follow the end" };
        assert!(error.starts_with("line 400001: ") && error.contains(told), "{error}");
    }
    let mut wide = vec![b'x'; 1 << 20];
    wide[600_000] = 0;
    let mut flipped = packed(&wide);
    assert_eq!(read(&flipped, true).unwrap_err(), "line 1: it has a NUL byte, which no text has");
    let end = flipped.len() - 6;
    flipped[end] ^= 1;
    assert_eq!(read(&flipped, true).unwrap_err(), "line 1: the gzip file is damaged: it cannot be decompressed");
}

#[test]
fn a_system_that_fails_is_told_from_a_file_that_is_wrong() {
    use std::io::{Error, ErrorKind};
    let cause = |kind| ReadError::of_path(Path::new("a"), &Error::from(kind)).cause;
    assert_eq!(cause(ErrorKind::NotFound), Cause::Missing);
    assert_eq!(cause(ErrorKind::NotADirectory), Cause::Content);
    assert_eq!(cause(ErrorKind::PermissionDenied), Cause::System);
    assert_eq!(cause(ErrorKind::StorageFull), Cause::System);
    assert!(ReadError::from(Error::from_raw_os_error(5)).is_system());
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(open(folder.path()).unwrap_err().to_string(), "it is a folder, not a file");
    assert_eq!(open(&folder.path().join("none")).unwrap_err().cause, Cause::Missing);
}

#[test]
fn a_document_of_too_many_values_is_no_tree() {
    let many = format!("{{\"a\": [{}0]}}", "0,".repeat(8_000_000));
    let error = json::<serde_json::Value>(many.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("more than 8 million values"), "{error}");
    let (value, count) = json::<serde_json::Value>(b"{\"a\": [1, \"x\", null], \"b\": {}}").unwrap();
    assert_eq!((value["a"][1].as_str(), count), (Some("x"), 6));
    let error = json::<Vec<u64>>(b"[1,\n2").unwrap_err();
    assert!(error.to_string().contains("the file is cut off"), "{error}");
    let long = format!("[\"{}\"]", "x".repeat(10_000));
    assert!(json::<Vec<u64>>(long.as_bytes()).unwrap_err().to_string().len() < 1_100);
}

#[test]
fn lines_are_handed_out_one_by_one() {
    let (_folder, path) = written(b"one\ntwo");
    let lines: Vec<String> = Records::open(&path).unwrap().lines().lines().map(Result::unwrap).collect();
    assert_eq!(lines, ["one", "two"]);
}
