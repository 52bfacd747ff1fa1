//! Text in columns and lines, for `show.rs` and `sales.rs`.

/// The width of a terminal \[characters\].
pub(super) const WIDTH: usize = 80;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The alignment of a name and then figures; further columns are aligned as figures.
pub(super) const FIGURES: [Side; 2] = [Side::Left, Side::Right];

pub(super) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Returns rows of cells as text, in columns that are two blanks apart.
pub(super) fn table(rows: &[Vec<String>], sides: &[Side]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += "  ";
            line += &match sides.get(c).unwrap_or(&Side::Right) {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// Breaks a text at blanks into lines of at most `width` characters; an empty text is one empty line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines
}

/// Returns a paragraph with its label to the left, in a column of `width` characters, indented by two.
pub(super) fn hung(width: usize, label: &str, text: &str) -> String {
    let mut out = String::new();
    for (i, line) in wrap(text, WIDTH - width - 4).iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        out += &format!("  {label:<width$}  {line}\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let text = table(&[row(["path", "input"]), row(["in_region", "0.80"])], &FIGURES);
        assert_eq!(text, "  path       input\n  in_region   0.80\n");
        assert_eq!(table(&[], &FIGURES), "");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 3), ["unbreakable"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn a_paragraph_hangs_from_its_label() {
        let text = "word ".repeat(20);
        let out = hung(5, "name", text.trim());
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("  name   word word") && lines[1].starts_with("         word"), "{out}");
        assert!(lines.iter().all(|l| l.len() <= WIDTH));
    }
}
