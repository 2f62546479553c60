//! The charts of the page, as SVG: bars of ratios, and curves of cost over n. Both have logarithmic scales: half is as
//! far from 1 as double.

use super::pairs::Row;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::collections::BTreeMap;

/// A colour for each runtime, tulipa's first.
const COLOURS: &[RGBColor] = &[
    RGBColor(214, 51, 108),
    RGBColor(52, 104, 192),
    RGBColor(47, 141, 90),
    RGBColor(214, 137, 16),
    RGBColor(125, 80, 170),
    RGBColor(100, 110, 120),
    RGBColor(20, 150, 165),
];

const FONT: (&str, u32) = ("sans-serif", 16);
const WIDTH: u32 = 860;
const LINE: u32 = 20;

/// A drawing failed; there is nobody to write it to but a string, so this is a flaw of ours.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The colour of the `index`th peer.
fn colour(index: usize) -> RGBColor {
    COLOURS[1 + index % (COLOURS.len() - 1)]
}

/// A bar for each row that has a ratio, to the left of 1 where tulipa needs less. Empty if there is none.
pub(super) fn bars(rows: &[&Row]) -> String {
    let mut peers: Vec<&str> = Vec::new();
    let mut bars = Vec::new();
    for row in rows {
        let Some(ratio) = row.ratio(|sample| sample.value).filter(|r| r.median > 0.0) else {
            continue;
        };
        let peer = peers
            .iter()
            .position(|peer| *peer == row.peer)
            .unwrap_or_else(|| {
                peers.push(&row.peer);
                peers.len() - 1
            });
        let label = format!("{} / {}", row.workload.name, row.peer);
        bars.push((label, ratio.median, colour(peer)));
    }
    if bars.is_empty() {
        return String::new();
    }
    let height = LINE * (bars.len() as u32 + 3);
    draw(height, |area| draw_bars(area, &bars))
}

fn draw_bars<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    bars: &[(String, f64, RGBColor)],
) -> Drawn
where
    DB::ErrorType: 'static,
{
    let ratios = || bars.iter().map(|bar| bar.1);
    let low = ratios().fold(0.5, f64::min) * 0.9;
    let high = ratios().fold(2.0, f64::max) * 1.1;
    let count = bars.len();
    let mut chart = ChartBuilder::on(area)
        .margin(6)
        .x_label_area_size(LINE)
        .y_label_area_size(230)
        .build_cartesian_2d((low..high).log_scale(), 0.0..count as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .x_labels(8)
        .x_label_formatter(&|ratio| format!("{ratio}"))
        .label_style(FONT)
        .draw()?;
    for (at, (_, ratio, colour)) in bars.iter().enumerate() {
        let top = (count - at) as f64;
        let corners = [(1.0, top - 0.15), (*ratio, top - 0.85)];
        chart.draw_series([Rectangle::new(corners, colour.filled())])?;
    }
    let one = [(1.0, 0.0), (1.0, count as f64)];
    chart.draw_series([PathElement::new(one, BLACK.stroke_width(1))])?;
    let beside = FONT
        .into_text_style(area)
        .pos(Pos::new(HPos::Left, VPos::Center));
    for (at, (label, ratio, _)) in bars.iter().enumerate() {
        let (_, y) = chart.backend_coord(&(1.0, (count - at) as f64 - 0.5));
        let text = format!("{label}  {ratio:.2}");
        area.draw(&Text::new(text, (6, y), beside.clone()))?;
    }
    Ok(())
}

/// The cost of one workload over its sizes, a line for each runtime. Empty if no row has a curve.
pub(super) fn curves(rows: &[&Row]) -> String {
    let lines = lines(rows);
    let points = || lines.iter().flat_map(|line| &line.1);
    if points().count() < 2 {
        return String::new();
    }
    draw(320, |area| draw_curves(area, &lines))
}

type Curve = (String, Vec<(f64, f64)>, RGBColor);

/// tulipa was measured beside each peer: of its costs at one size the least disturbed, which is the lowest.
fn lines(rows: &[&Row]) -> Vec<Curve> {
    let mut ours: BTreeMap<u64, f64> = BTreeMap::new();
    for point in rows.iter().flat_map(|row| &row.curve) {
        if let Some(cost) = point.tulipa {
            let lowest = ours.entry(point.n).or_insert(cost);
            *lowest = lowest.min(cost);
        }
    }
    let ours: Vec<_> = ours.into_iter().map(|(n, cost)| (n as f64, cost)).collect();
    let mut lines = vec![("tulipa".to_owned(), ours, COLOURS[0])];
    for (index, row) in rows.iter().enumerate() {
        let points = row.curve.iter().filter_map(|p| Some((p.n as f64, p.peer?)));
        lines.push((row.peer.clone(), points.collect(), colour(index)));
    }
    lines.retain(|line| !line.1.is_empty());
    lines
}

fn draw_curves<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, lines: &[Curve]) -> Drawn
where
    DB::ErrorType: 'static,
{
    let points = || lines.iter().flat_map(|line| &line.1);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let low = points().map(of).fold(f64::INFINITY, f64::min);
        let high = points().map(of).fold(0.0, f64::max);
        (low * 0.8)..(high * 1.25)
    };
    let mut chart = ChartBuilder::on(area)
        .margin(6)
        .margin_right(130)
        .x_label_area_size(LINE)
        .y_label_area_size(70)
        .build_cartesian_2d(range(|p| p.0).log_scale(), range(|p| p.1).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|n| super::stats::shown(*n))
        .y_label_formatter(&|cost| super::stats::shown(*cost))
        .label_style(FONT)
        .draw()?;
    for (name, points, colour) in lines {
        chart.draw_series(LineSeries::new(
            points.iter().copied(),
            colour.stroke_width(2),
        ))?;
        let dots = points
            .iter()
            .map(|point| Circle::new(*point, 3, colour.filled()));
        chart.draw_series(dots)?;
        if let Some(last) = points.last() {
            let (x, y) = chart.backend_coord(last);
            let style = FONT.into_font().color(colour);
            area.draw(&Text::new(name.clone(), (x + 8, y - 7), style))?;
        }
    }
    Ok(())
}

fn draw(height: u32, draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area)
            .and_then(|()| Ok(area.present()?))
            .expect("a string takes every drawing");
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::super::peers::Field;
    use super::super::report::samples::report;
    use super::*;

    #[test]
    fn every_ratio_is_a_bar() {
        let field = Field {
            runtimes: Vec::new(),
        };
        let report = report(&field);
        let svg = bars(&report.rows.iter().collect::<Vec<_>>());
        assert!(svg.contains("spawn / tokio") && svg.contains("spawn / smol"));
        assert!(!svg.contains("odd"), "it has no ratio");
    }

    #[test]
    fn a_curve_ends_where_its_runtime_gave_up() {
        let field = Field {
            runtimes: Vec::new(),
        };
        let report = report(&field);
        let rows: Vec<_> = report.rows.iter().collect();
        let lines = lines(&rows);
        let lengths: Vec<_> = lines.iter().map(|line| (&*line.0, line.1.len())).collect();
        assert_eq!(lengths, [("tulipa", 2), ("tokio", 1)]);
        assert!(curves(&rows).contains("tokio"));
    }

    #[test]
    fn nothing_measured_is_nothing_drawn() {
        assert_eq!((bars(&[]), curves(&[])), (String::new(), String::new()));
    }
}
