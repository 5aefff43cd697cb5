use super::*;

#[test]
fn a_line_without_points_is_no_line() {
    let axis = |label| Axis { label, scale: Scale::Linear };
    let (x, y) = (axis("x"), axis("y"));
    let (title, lines, bands) = (String::new(), Vec::new(), Vec::new());
    let mut chart = Chart { name: "c", title, x, y, lines, bands };

    chart.add_line(Line::new("nothing", Vec::new()));
    chart.add_line(Line::dashed("floor", vec![(1.0, 2.0)]));

    assert_eq!(chart.lines.len(), 1);
    assert_eq!(chart.lines[0].stroke, Stroke::Dashed);
    assert_eq!(chart.to_json()["lines"][0]["points"][0][1], 2.0);
}
