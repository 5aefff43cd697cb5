//! The colours of a plot, each for a light and for a dark page.
//!
//! A picture is drawn in the light ones. A page that turns dark overrides them by name with a
//! style sheet, as a rule outranks an attribute; so one drawing serves both.

use std::fmt::Write as _;

/// What a colour is for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    /// The ground of a picture that stands alone.
    Ground,
    /// The title.
    Title,
    /// Names.
    Text,
    /// Numbers on an axis.
    Faint,
    /// Gridlines.
    Grid,
    /// The axis at the bottom.
    Axis,
    /// The stretches of faults.
    Band,
    /// What is measured is compared with this.
    Reference,
    /// A line, by its number; there are as many colours as [`LINES`].
    Line(usize),
}

/// A colour on a light page, and on a dark one.
type Pair = [u32; 2];

/// Lines that colour-blind people can tell apart, after Okabe and Ito (2008), "Color Universal
/// Design", and lighter on a dark page; with more lines than these they begin anew.
const LINES: [Pair; 8] = [
    [0x00_72B2, 0x5A_B4F0],
    [0xD5_5E00, 0xFF_9455],
    [0x00_9E73, 0x3C_D0A4],
    [0xCC_79A7, 0xEE_A6CE],
    [0xB8_8A00, 0xF0_C94A],
    [0x56_B4E9, 0x9A_D8FF],
    [0x88_2255, 0xC9_7FA0],
    [0x3B_4754, 0xF4_F6F8],
];

impl Ink {
    /// The ink of a line that others are compared with, by its number among those: the second one
    /// and the next take colours of lines, from the end, so that a legend tells them apart.
    pub(super) fn reference(number: usize) -> Self {
        match number % LINES.len() {
            0 => Self::Reference,
            later => Self::Line(LINES.len() - later),
        }
    }

    /// Red, green and blue on a light page.
    pub(super) fn light(self) -> [u8; 3] {
        let [_, red, green, blue] = self.pair()[0].to_be_bytes();
        [red, green, blue]
    }

    fn pair(self) -> Pair {
        match self {
            Self::Ground => [0xFF_FFFF, 0x15_191F],
            Self::Title | Self::Text => [0x1F_2933, 0xE6_EAF0],
            Self::Faint => [0x5C_6773, 0x9A_A5B1],
            Self::Grid => [0xE6_EAEE, 0x2A_313A],
            Self::Axis => [0xA8_B2BD, 0x56_616D],
            Self::Band => [0xC2_410D, 0xFB_923D],
            Self::Reference => [0x6B_7785, 0x8D_99A6],
            Self::Line(number) => LINES[number % LINES.len()],
        }
    }
}

/// The rules that turn the pictures within `scope` dark.
pub(crate) fn dark_rules(scope: &str) -> String {
    let inks = [Ink::Ground, Ink::Text, Ink::Faint, Ink::Grid, Ink::Axis, Ink::Band];
    let lines = (0..LINES.len()).map(Ink::Line);
    let mut rules = String::new();
    for ink in inks.into_iter().chain([Ink::Reference]).chain(lines) {
        let [light, dark] = ink.pair();
        for attribute in ["fill", "stroke"] {
            let from = format!("{scope} [{attribute}=\"#{light:06X}\"]");
            // A string takes whatever is written to it.
            let _ = writeln!(rules, "{from} {{ {attribute}: #{dark:06X} }}");
        }
    }
    rules
}
