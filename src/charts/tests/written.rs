//! The content of a drawing, read from it as it was before its text became outlines: where each line of text is, and
//! how much is drawn in which ink.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::frame::{Ink, Room};
use super::super::style::{BODY, FINE, LABEL, STRONG, TITLE, Type};
use super::super::{Drawing, style};

/// A line of text.
pub(super) struct Written {
    pub(super) text: String,
    /// The room of the line, as high as its capitals and as low as its descenders \[CSS px\].
    pub(super) room: Room,
    baseline: f64,
    pub(super) face: &'static str,
    /// The colour of the line in the light theme.
    pub(super) ink: u32,
}

fn number(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix('#')?, 16).ok()
}

fn face(size: f64, is_bold: bool) -> (&'static str, Type) {
    let known = [("title", TITLE), ("body", BODY), ("strong", STRONG), ("label", LABEL), ("fine", FINE)];
    let is_like =
        |(name, face): &(&str, Type)| (face.size - size).abs() < 0.1 && matches!(*name, "title" | "strong") == is_bold;
    known.into_iter().find(is_like).unwrap_or_else(|| panic!("no type of {size} px, bold: {is_bold}"))
}

/// Returns every line of text, in the order in which it was written.
pub(super) fn lines(drawing: &Drawing) -> Vec<Written> {
    let document = roxmltree::Document::parse(&drawing.plotted).unwrap();
    let line = |node: roxmltree::Node<'_, '_>| {
        let text = node.text().unwrap_or_default().trim_matches('\n').to_owned();
        let is_bold = node.attribute("font-weight") == Some("bold");
        let (name, face) = face(number(node, "font-size") / style::SCALE, is_bold);
        let width = face.width(&text);
        let left = number(node, "x") / style::SCALE
            - match node.attribute("text-anchor") {
                Some("middle") => width / 2.0,
                Some("end") => width,
                _ => 0.0,
            };
        let baseline = number(node, "y") / style::SCALE + 0.76 * face.size;
        let room =
            Room { left, right: left + width, top: baseline - 0.73 * face.size, bottom: baseline + 0.2 * face.size };
        Written { text, room, baseline, face: name, ink: hex(node.attribute("fill").unwrap()).unwrap() }
    };
    document.descendants().filter(|node| node.has_tag_name("text")).map(line).collect()
}

/// Returns a drawing in a form that is read in a review: its text with where it stands, and how much of what is drawn
/// in which ink. A coordinate is in whole CSS pixels; a line that moves by less is the same.
pub(super) fn reduced(drawing: &Drawing) -> String {
    let mut out = format!("{} 640 x {}\n{}\n{}\n\n", drawing.name, drawing.height, drawing.title, drawing.caption);
    for line in lines(drawing) {
        let (x, y) = (line.room.left.round(), line.baseline.round());
        let ink = Ink::known(line.ink).map_or("?", |tone| tone.0);
        writeln!(out, "{x:>4} {y:>4}  {} {ink}  {}", line.face, line.text).unwrap();
    }
    out += "\n";
    for ((tag, ink, paint), (count, corners)) in shapes(drawing) {
        writeln!(out, "{count} {tag} {paint} {ink}, {corners} corners").unwrap();
    }
    out
}

type Shape = (String, String, &'static str);

/// Returns the number of shapes of each sort, and the number of corners that they have together.
fn shapes(drawing: &Drawing) -> BTreeMap<Shape, (usize, usize)> {
    let document = roxmltree::Document::parse(&drawing.plotted).unwrap();
    let mut shapes: BTreeMap<Shape, (usize, usize)> = BTreeMap::new();
    for node in document.descendants().filter(|node| node.is_element()) {
        let tag = node.tag_name().name();
        if matches!(tag, "svg" | "text") {
            continue;
        }
        let (fill, stroke) = (node.attribute("fill").unwrap_or("none"), node.attribute("stroke").unwrap_or("none"));
        let (paint, color) = if fill == "none" { ("in", stroke) } else { ("of", fill) };
        let ink = hex(color).and_then(Ink::known).map_or(color, |tone| tone.0).to_owned();
        let corners = node.attribute("points").map_or(0, |points| points.split_whitespace().count());
        let entry = shapes.entry((tag.to_owned(), ink, paint)).or_default();
        *entry = (entry.0 + 1, entry.1 + corners);
    }
    shapes
}
