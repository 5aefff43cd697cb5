//! Charts as pictures: SVG, drawn by plotters.
//!
//! A picture has no script, no font and no address in it: it can be put into a page or stand in a
//! file of its own.

use std::ops::Range;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::cartesian::{Cartesian2d, MeshLine};
use plotters::coord::ranged1d::{BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, DashedPathElement, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, RGBColor, ShapeStyle, TextStyle};

use crate::failure::Failure;
use crate::report::chart::{Chart, Line, Stroke};
use crate::report::markup;
pub(crate) use crate::report::plot::layout::Form;
use crate::report::plot::layout::{BandName, LETTER, Layout, Place, SWATCH, TITLE, text_width};
use crate::report::plot::palette::Ink;
use crate::report::plot::span::Span;

mod layout;
pub(crate) mod palette;
mod span;
#[cfg(test)]
mod tests;

/// Units of the drawing in a pixel: plotters counts in whole ones, and whole pixels make steps of
/// a slope.
const UNITS: f64 = 10.0;
/// plotters writes a size of letters divided by this.
const LETTER_SCALE: f64 = 1.24;
/// The fonts that are asked for; no file is loaded.
const FONTS: &str = "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif";
/// With more points than these, a dot for each would hide the line.
const DOTS_MAX: usize = 24;
/// Between two numbers on the axis at the bottom, in pixels.
const NUMBER_GAP: f64 = 6.0;

/// What can go wrong while drawing: nothing that a chart has in it.
type Trouble = DrawingAreaErrorKind<std::io::Error>;
type Paper<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<Span, Span>>;

/// Draws a chart as an SVG element.
///
/// # Errors
/// If the drawing library refuses, which it does for no chart that is known.
pub(crate) fn draw(chart: &Chart, form: Form) -> Result<String, Failure> {
    let layout = Layout::new(chart, form);
    let (width, height) = (units(layout.size.0), units(layout.size.1));
    let mut svg = String::new();
    {
        let paper = SVGBackend::with_string(&mut svg, (width as u32, height as u32));
        Picture { chart, layout: &layout, paper: paper.into_drawing_area() }
            .draw(form)
            .map_err(Failure::while_doing(format!("the chart {} cannot be drawn", chart.name)))?;
    }
    // The library's own first line has a fixed size and no name for those who cannot see.
    let (_, body) = svg.split_once('\n').unwrap_or_default();
    let size = match form {
        Form::Alone => format!("width=\"{}\" height=\"{}\" ", layout.size.0, layout.size.1),
        _ => String::new(),
    };
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" {size}viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n{body}",
        markup::escape(&chart.title)
    ))
}

/// A chart on its way to paper.
struct Picture<'a> {
    chart: &'a Chart,
    layout: &'a Layout,
    paper: Paper<'a>,
}

impl Picture<'_> {
    fn draw(&self, form: Form) -> Result<(), Trouble> {
        if form == Form::Alone {
            self.paper.fill(&rgb(Ink::Ground))?;
        }
        let [upper_left, lower_right] = self.layout.plot.map(|at| (units(at.0), units(at.1)));
        let pixels = (upper_left.0..lower_right.0, lower_right.1..upper_left.1);
        let (x, y) = (self.layout.x.clone(), self.layout.y.clone());
        let plot = self.paper.apply_coord_spec(Cartesian2d::new(x, y, pixels));
        self.draw_bands(&plot)?;
        self.draw_axes(&plot)?;
        // The first line last, and so on top: percentiles begin with the lowest, and where many
        // fall together, that is the one to be seen.
        let lines = self.chart.lines.iter().zip(self.inks()).zip(&self.layout.legend);
        for ((line, ink), place) in lines.collect::<Vec<_>>().into_iter().rev() {
            self.draw_line(&plot, line, ink)?;
            self.draw_name(line, ink, *place)?;
        }
        let left = Pos::new(HPos::Left, VPos::Center);
        if let Some(title) = self.layout.title {
            self.write(&self.chart.title, title, TITLE, Ink::Title, left)?;
        }
        self.write(self.chart.y.label, self.layout.y_label, LETTER, Ink::Faint, left)?;
        let right = Pos::new(HPos::Right, VPos::Center);
        self.write(self.chart.x.label, self.layout.x_label, LETTER, Ink::Faint, right)?;
        self.paper.present()
    }

    /// The colour of each line.
    fn inks(&self) -> impl Iterator<Item = Ink> {
        let (mut measured, mut compared) = (0, 0);
        self.chart.lines.iter().map(move |line| match line.stroke {
            Stroke::Dashed => {
                compared += 1;
                Ink::reference(compared - 1)
            }
            Stroke::Solid => {
                measured += 1;
                Ink::Line(measured - 1)
            }
        })
    }

    fn draw_bands(&self, plot: &Plot<'_>) -> Result<(), Trouble> {
        let (x, y) = (&self.layout.x, &self.layout.y);
        let (low, high) = y.ends();
        for (band, place) in self.chart.bands.iter().zip(&self.layout.bands) {
            if !x.shows(band.from) || !x.shows(band.to) {
                continue;
            }
            let shade = rgb(Ink::Band).mix(0.13).filled();
            plot.draw(&Rectangle::new([(band.from, high), (band.to, low)], shade))?;
            let edge = stroke(Ink::Band, 1.0);
            plot.draw(&PathElement::new(vec![(band.from, low), (band.from, high)], edge))?;
            let (at, side) = match place {
                Some(BandName::From(at)) => (*at, HPos::Left),
                Some(BandName::Until(at)) => (*at, HPos::Right),
                None => continue,
            };
            let pos = Pos::new(side, VPos::Center);
            self.write(&band.name, at, LETTER, Ink::Band, pos)?;
        }
        Ok(())
    }

    /// Gridlines, the line at the bottom, and the numbers; one that would touch the number before
    /// it is left out.
    fn draw_axes(&self, plot: &Plot<'_>) -> Result<(), Trouble> {
        let grid = stroke(Ink::Grid, 1.0);
        plot.draw_mesh(
            |backend, mesh| match mesh {
                MeshLine::XMesh(..) => Ok(()),
                MeshLine::YMesh(..) => mesh.draw(backend, &grid),
            },
            BoldPoints(self.layout.y.ticks().len()),
            BoldPoints(self.layout.x.ticks().len()),
        )?;
        let (x, y) = (&self.layout.x, &self.layout.y);
        let ((x_low, x_high), (y_low, _)) = (x.ends(), y.ends());
        let bottom = vec![(x_low, y_low), (x_high, y_low)];
        plot.draw(&PathElement::new(bottom, stroke(Ink::Axis, 1.0)))?;

        let [(left, top), (right, bottom)] = self.layout.plot;
        for tick in y.ticks() {
            let at = (left - NUMBER_GAP, bottom - y.place(*tick) * (bottom - top));
            let pos = Pos::new(HPos::Right, VPos::Center);
            self.write(&y.word(*tick), at, LETTER, Ink::Faint, pos)?;
        }
        let mut free_from = f64::NEG_INFINITY;
        for tick in x.ticks() {
            let (word, at) = (x.word(*tick), left + x.place(*tick) * (right - left));
            let mark = vec![(at, bottom), (at, bottom + 4.0)].into_iter().map(in_units);
            let mark = mark.collect::<Vec<_>>();
            self.paper.draw(&PathElement::new(mark, stroke(Ink::Axis, 1.0)))?;
            let half = text_width(&word) / 2.0;
            if at - half >= free_from {
                let pos = Pos::new(HPos::Center, VPos::Top);
                self.write(&word, (at, bottom + 7.0), LETTER, Ink::Faint, pos)?;
                free_from = at + half + NUMBER_GAP;
            }
        }
        Ok(())
    }

    fn draw_line(&self, plot: &Plot<'_>, line: &Line, ink: Ink) -> Result<(), Trouble> {
        let (x, y) = (&self.layout.x, &self.layout.y);
        for piece in line.points.split(|at| at.1.is_nan()) {
            let shown = piece.iter().filter(|at| x.shows(at.0) && y.shows(at.1));
            self.draw_piece(plot, line.stroke, ink, shown.copied().collect())?;
        }
        Ok(())
    }

    fn draw_piece(
        &self,
        plot: &Plot<'_>,
        form: Stroke,
        ink: Ink,
        points: Vec<(f64, f64)>,
    ) -> Result<(), Trouble> {
        if points.len() <= DOTS_MAX && (form == Stroke::Solid || points.len() == 1) {
            for point in &points {
                plot.draw(&Circle::new(*point, units(3.0), rgb(ink).filled()))?;
            }
        }
        match form {
            Stroke::Solid => plot.draw(&PathElement::new(points, stroke(ink, 2.0))),
            Stroke::Dashed => {
                let (dash, gap) = (units(6.0), units(5.0));
                plot.draw(&DashedPathElement::new(points, dash, gap, stroke(ink, 2.0)))
            }
        }
    }

    /// A piece of the line, and its name.
    fn draw_name(&self, line: &Line, ink: Ink, (left, at): Place) -> Result<(), Trouble> {
        let piece = [(left, at), (left + SWATCH, at)].map(in_units);
        let style = stroke(ink, 2.0);
        match line.stroke {
            Stroke::Solid => self.paper.draw(&PathElement::new(piece, style))?,
            Stroke::Dashed => {
                let (dash, gap) = (units(6.0), units(4.0));
                self.paper.draw(&DashedPathElement::new(piece, dash, gap, style))?;
            }
        }
        let pos = Pos::new(HPos::Left, VPos::Center);
        self.write(&line.name, (left + SWATCH + NUMBER_GAP, at), LETTER, Ink::Text, pos)
    }

    fn write(&self, text: &str, at: Place, size: f64, ink: Ink, pos: Pos) -> Result<(), Trouble> {
        let colour = rgb(ink);
        let weight = if ink == Ink::Title { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FONTS, size * UNITS * LETTER_SCALE, weight);
        let style = TextStyle::from(font).color(&colour).pos(pos);
        self.paper.draw_text(&markup::plain(text), &style, in_units(at))
    }
}

impl Ranged for Span {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (begin, end): (i32, i32)) -> i32 {
        begin + (self.place(*value) * f64::from(end - begin)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
        self.ticks().to_vec()
    }

    fn range(&self) -> Range<f64> {
        self.ends().0..self.ends().1
    }
}

fn rgb(ink: Ink) -> RGBColor {
    let [red, green, blue] = ink.light();
    RGBColor(red, green, blue)
}

fn stroke(ink: Ink, pixels: f64) -> ShapeStyle {
    rgb(ink).stroke_width(units(pixels) as u32)
}

fn in_units((x, y): Place) -> (i32, i32) {
    (units(x), units(y))
}

fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}
