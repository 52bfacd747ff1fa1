//! The look of every chart, in one place: colours with their meaning, type, and what both become in the dark.
//!
//! A colour means the same in every chart. Blue is what is used and served, amber what is held or spent in vain (reserved
//! and unused, waiting), vermillion what is refused or fails, slate what is compared with, green what is paid.

use std::sync::OnceLock;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ChartError;

pub(super) const FAMILY: &str = "DejaVu Sans";
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold.ttf");

/// The number of canvas pixels in a CSS pixel.
pub(super) const SCALE: f64 = 4.0;
/// The divisor of a font's size: plotters takes the size as a line's height, and writes it to the SVG divided by this.
const LINE_PER_EM: f64 = 1.24;
/// The height of a line of DejaVu \[em\]. With it, plotters measures a text as wide as it is drawn.
const DEJAVU_LINE_PER_EM: f64 = 1.164;

/// A colour of Okabe and Ito, or a tint of one: told apart by every kind of sight, and by their lightness in print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Faint,
    Rule,
    Grid,
    Paper,
    Blue,
    Vermillion,
    Amber,
    Slate,
    Green,
    Purple,
    Sky,
    /// A tint of blue behind a line of blue: an interval.
    BlueBand,
    /// A step of a scale from little (0) to much (7).
    Heat(u8),
}

/// An ink by its name in CSS, in the light and in the dark. No two are the same in the light, because a drawing is recoloured
/// by its colours.
type Tone = (&'static str, u32, u32);

const STEPS: usize = 8;

/// The colours of a scale from little to much: one hue whose lightness falls in the light theme and rises in the dark.
const HEAT: [Tone; STEPS] = [
    ("heat-0", 0xf3f7fb, 0x18212b),
    ("heat-1", 0xdbe8f3, 0x1c3145),
    ("heat-2", 0xbcd5e9, 0x204460),
    ("heat-3", 0x97bedb, 0x25587d),
    ("heat-4", 0x6fa3ca, 0x2c6f9d),
    ("heat-5", 0x4886b5, 0x3a8abf),
    ("heat-6", 0x28689a, 0x62a9d8),
    ("heat-7", 0x114a78, 0x9acbeb),
];

impl Ink {
    /// Returns every ink.
    fn all() -> impl Iterator<Item = Self> {
        let named = [
            Self::Text,
            Self::Faint,
            Self::Rule,
            Self::Grid,
            Self::Paper,
            Self::Blue,
            Self::Vermillion,
            Self::Amber,
            Self::Slate,
            Self::Green,
            Self::Purple,
            Self::Sky,
            Self::BlueBand,
        ];
        named.into_iter().chain((0..STEPS as u8).map(Self::Heat))
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Text => ("text", 0x1a1e24, 0xe8ebf0),
            Self::Faint => ("faint", 0x5c636e, 0xa9b1bd),
            Self::Rule => ("rule", 0x8c939e, 0x6f7986),
            Self::Grid => ("grid", 0xe5e8ec, 0x2b323b),
            Self::Paper => ("paper", 0xffffff, 0x14181d),
            Self::Blue => ("blue", 0x0072b2, 0x4fb0ec),
            Self::Vermillion => ("vermillion", 0xcd5400, 0xff8a4c),
            Self::Amber => ("amber", 0xf8d080, 0x8a6a2a),
            Self::Slate => ("slate", 0x6e7886, 0x99a3b1),
            Self::Green => ("green", 0x007a5a, 0x35c79a),
            Self::Purple => ("purple", 0xa8508a, 0xe391c4),
            Self::Sky => ("sky", 0x62b5e5, 0x2f6f9a),
            Self::BlueBand => ("blue-band", 0xcfe3f1, 0x17364c),
            Self::Heat(step) => HEAT[if (step as usize) < STEPS { step as usize } else { STEPS - 1 }],
        }
    }

    /// Returns the name of the ink with this colour in the light, and both its colours.
    #[cfg(test)]
    pub(super) fn known(hex: u32) -> Option<(&'static str, u32, u32)> {
        Self::all().map(Self::tone).find(|tone| tone.1 == hex)
    }

    pub(super) const fn color(self) -> RGBColor {
        let hex = self.tone().1;
        RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
    }

    /// Returns the colour of text that is legible on this ink: `Text` on a light ink, `Paper` on a dark one.
    pub(super) fn over(self) -> Self {
        match self {
            Self::Heat(step) if step >= 5 => Self::Paper,
            _ => Self::Text,
        }
    }

    /// Returns the step of the colour scale for a share of the scale \[1\].
    pub(super) fn heat(share: f64) -> Self {
        Self::Heat((share.clamp(0.0, 1.0) * (STEPS - 1) as f64).round() as u8)
    }
}

/// The brightness of the page that a drawing is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// Recolours a drawing for a theme; drawings are made in the light.
pub(super) fn themed(svg: &str, theme: Theme) -> String {
    match theme {
        Theme::Light => svg.to_owned(),
        Theme::Dark => recoloured(svg, |(_, _, dark)| format!("#{dark:06x}")),
    }
}

/// Returns the drawing with a CSS variable for each colour, for a page that brings [`variables`].
pub(super) fn for_page(svg: &str) -> String {
    recoloured(svg, |(name, _, _)| format!("var(--ink-{name})"))
}

/// Returns the variables of a page, as CSS declarations.
#[must_use]
pub fn variables(theme: Theme) -> String {
    let tone = |(name, light, dark): Tone| {
        let hex = if theme == Theme::Dark { dark } else { light };
        format!("--ink-{name}:#{hex:06x};")
    };
    Ink::all().map(|ink| tone(ink.tone())).collect()
}

/// Replaces every `"#rrggbb"` of an ink in one pass, so that no colour is replaced twice.
fn recoloured(svg: &str, to: impl Fn(Tone) -> String) -> String {
    let tones: Vec<(String, String)> =
        Ink::all().map(Ink::tone).map(|tone| (format!("{:06x}", tone.1), to(tone))).collect();
    let mut out = String::with_capacity(svg.len() * 5 / 4);
    let mut rest = svg;
    while let Some(at) = rest.find("\"#") {
        let (before, from) = rest.split_at(at);
        out += before;
        let known = from.get(2..8).and_then(|hex| tones.iter().find(|(light, _)| light.eq_ignore_ascii_case(hex)));
        match known.filter(|_| from[8..].starts_with('"')) {
            Some((_, new)) => {
                out += &format!("\"{new}\"");
                rest = &from[9..];
            }
            None => {
                out += &from[..2];
                rest = &from[2..];
            }
        }
    }
    out + rest
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// A size and a weight of type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// The size of the type \[CSS px\].
    pub(super) size: f64,
    bold: bool,
}

pub(super) const TITLE: Type = Type { size: 15.0, bold: true };
pub(super) const BODY: Type = Type { size: 11.5, bold: false };
pub(super) const LABEL: Type = Type { size: 11.0, bold: false };
pub(super) const STRONG: Type = Type { size: 11.0, bold: true };
pub(super) const FINE: Type = Type { size: 9.5, bold: false };

impl Type {
    const fn weight(self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    pub(super) fn style(self, ink: Ink, align: Align) -> TextStyle<'static> {
        let h = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        TextStyle {
            font: (FAMILY, self.size * LINE_PER_EM * SCALE, self.weight()).into_font(),
            color: ink.color().to_backend_color(),
            pos: Pos::new(h, VPos::Top),
        }
    }

    /// Returns the width of a text \[CSS px\].
    pub(super) fn width(self, text: &str) -> f64 {
        let font: FontDesc<'_> = (FAMILY, self.size * DEJAVU_LINE_PER_EM * SCALE, self.weight()).into();
        font.box_size(text).map_or(0.0, |(w, _)| f64::from(w) / SCALE)
    }

    /// Returns the text, or as much of its beginning as fits, with an ellipsis.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().take(400).collect();
        while kept.pop().is_some() {
            let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.width(&shorter) <= width {
                return shorter;
            }
        }
        String::new()
    }

    /// Returns the text, or both of its ends with an ellipsis between, because names that begin alike differ in their
    /// ends.
    pub(super) fn fit_ends(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let all: Vec<char> = text.chars().collect();
        for kept in (2..all.len().min(200)).rev() {
            let (head, tail) = all.split_at(kept * 3 / 5);
            let tail = &tail[tail.len() - (kept - head.len())..];
            let shorter = format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>());
            if self.width(&shorter) <= width {
                return shorter;
            }
        }
        self.fit(text, width)
    }

    /// Returns the text on as many lines as are allowed; what is too long ends in an ellipsis.
    pub(super) fn wrap(self, text: &str, width: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        // A figure and its unit stay on one line.
        let text = text.replace(" %", "\u{a0}%");
        for word in text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
            let full = lines.len() >= most;
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line += &format!(" {word}"),
                Some(line) if full => *line += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().map(|line| self.fit(line, width)).collect()
    }
}

/// Registers the fonts once, because plotters keeps its fonts in one table for the whole program.
pub(super) fn register_fonts() -> Result<(), ChartError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let good = *REGISTERED.get_or_init(|| {
        [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)]
            .into_iter()
            .all(|(style, bytes)| plotters::style::register_font(FAMILY, style, bytes).is_ok())
    });
    if good { Ok(()) } else { Err(ChartError("the embedded font cannot be read".to_owned())) }
}

/// Returns the text with each character that cannot be drawn as a question mark. The embedded font holds Latin-1 and
/// some signs; anything else would be drawn as a box.
pub(super) fn drawable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' '..='~' | '\u{a0}'..='ÿ' | 'λ' | 'μ' | 'ρ' | '–' | '—' | '‘' | '’' | '“' | '”' | '…' => {
                c
            }
            '←' | '↑' | '→' | '↓' | '−' | '≠' | '≤' | '≥' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_keeps_both_ends() {
        register_fonts().unwrap();
        assert_eq!(LABEL.fit_ends("short", 100.0), "short");
        let cut = LABEL.fit_ends("on demand at a-capacity-of-a-long-name-17", 160.0);
        assert!(cut.starts_with("on demand at") && cut.ends_with("-17") && LABEL.width(&cut) <= 160.0, "{cut}");
        assert_eq!(LABEL.fit_ends("wide", 1.0), "");
    }

    #[test]
    fn every_ink_is_itself_in_the_light() {
        let mut seen: Vec<u32> = Ink::all().map(|ink| ink.tone().1).collect();
        let n = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), n, "two inks have one colour");
    }

    #[test]
    fn a_drawing_is_recoloured_once() {
        let svg = "<path fill=\"#ffffff\" stroke=\"#0072B2\"/><path fill=\"#123456\" d=\"#\"/>";
        assert_eq!(themed(svg, Theme::Light), svg);
        let dark = "<path fill=\"#14181d\" stroke=\"#4fb0ec\"/><path fill=\"#123456\" d=\"#\"/>";
        assert_eq!(themed(svg, Theme::Dark), dark);
        assert!(for_page(svg).starts_with("<path fill=\"var(--ink-paper)\" stroke=\"var(--ink-blue)\"/>"));
        assert!(variables(Theme::Dark).contains("--ink-paper:#14181d;"));
    }

    /// Returns the contrast of two colours after WCAG 2: the ratio of relative luminances.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |hex: u32| {
            let channel = |shift: u32| {
                let c = f64::from((hex >> shift) & 255) / 255.0;
                if c <= 0.03928 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
            };
            0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_legible_and_lines_are_seen_in_both_themes() {
        let paper = Ink::Paper.tone();
        for (ink, least) in [(Ink::Text, 12.0), (Ink::Faint, 5.5), (Ink::Slate, 4.0), (Ink::Vermillion, 4.0)] {
            assert!(contrast(ink.tone().1, paper.1) >= least, "{ink:?} in the light");
            assert!(contrast(ink.tone().2, paper.2) >= least, "{ink:?} in the dark");
        }
        for ink in [Ink::Blue, Ink::Green, Ink::Purple] {
            assert!(contrast(ink.tone().1, paper.1) >= 4.0 && contrast(ink.tone().2, paper.2) >= 4.0, "{ink:?}");
        }
        for step in 0..STEPS as u8 {
            let (ink, over) = (Ink::Heat(step).tone(), Ink::Heat(step).over().tone());
            assert!(contrast(ink.1, over.1) >= 3.5, "step {step} in the light: {}", contrast(ink.1, over.1));
            assert!(contrast(ink.2, over.2) >= 3.5, "step {step} in the dark: {}", contrast(ink.2, over.2));
        }
    }
}
