//! Drawings: a flow through its gates, and the map. Where a box stands is worked out here, and nothing else.
//!
//! Colours come from the page's style, by class, so that they follow its light and dark; whatever a colour says is said by a
//! word or a dash pattern as well.

use std::fmt::Write as _;

use super::html::escape;
use super::{Arrow, Diagram, Map, Station};

mod lanes;

use lanes::{Layout, Route};

/// The width of the drawing of a flow.
const WIDTH: usize = 400;
/// Characters that fit on one line of a station.
const WRAP: usize = 50;
/// The most lines of one station.
const LINES: usize = 7;
/// The height of a line.
const LINE: usize = 17;
/// Characters that fit beside an arrow.
const LABEL: usize = 31;
/// The gap between two stations.
const GAP: usize = 30;

/// A flow from its source to its destination, top to bottom.
pub(super) fn flow(id: &str, diagram: &Diagram) -> String {
    let (mut body, mut top) = (String::new(), 4);
    for (at, station) in diagram.stations.iter().enumerate() {
        if at > 0 {
            body += &connector(top, station, if at == 1 { &diagram.ports } else { "" });
            top += GAP;
        }
        let (drawn, height) = self::station(top, station);
        body += &drawn;
        top += height;
    }
    let title = escape(&diagram.words);
    let height = top + 4;
    format!(
        "<svg class=\"flow\" role=\"img\" aria-labelledby=\"{id}-flow\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\"><title id=\"{id}-flow\">{title}</title>{body}</svg>"
    )
}

fn station(top: usize, station: &Station) -> (String, usize) {
    let lines = wrap(&station.words);
    let height = 28 + LINE * lines.len();
    let state = match station.state {
        "open" => ": lets it pass",
        "shut" => ": stops it \u{2715}",
        "beyond" => ": not reached",
        _ => "",
    };
    let class = station.state;
    let mut drawn = format!(
        "<rect class=\"station {class}\" x=\"4\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"4\"/>\
         <text class=\"role\" x=\"16\" y=\"{}\">{}{state}</text>",
        WIDTH - 8,
        top + 18,
        station.role,
    );
    for (at, line) in lines.iter().enumerate() {
        let y = top + 18 + LINE * (at + 1);
        // Writing to a string cannot fail.
        let _ = write!(drawn, "<text x=\"16\" y=\"{y}\">{}</text>", escape(line));
    }
    (drawn, height)
}

fn connector(top: usize, to: &Station, label: &str) -> String {
    let class = if to.state == "beyond" { "wire beyond" } else { "wire" };
    let (end, head) = (top + GAP - 6, top + GAP);
    let label = if label.is_empty() {
        String::new()
    } else {
        format!("<text class=\"label\" x=\"212\" y=\"{}\">{}</text>", top + 19, escape(label))
    };
    format!(
        "<path class=\"{class}\" d=\"M200 {top}V{end}\"/><path class=\"head\" d=\"M195 {end}h10L200 {head}z\"/>{label}"
    )
}

/// Lines of at most [`WRAP`] characters; a word that is longer is broken.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in crate::plain::line(text).split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let room = WRAP.saturating_sub(used + usize::from(used > 0));
            if rest.len() > room && used > 0 {
                lines.push(String::new());
                continue;
            }
            let part: String = rest.drain(..rest.len().min(WRAP)).collect();
            if let Some(line) = lines.last_mut() {
                if used > 0 {
                    line.push(' ');
                }
                *line += &part;
            }
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        let last = lines.pop().unwrap_or_default();
        lines.push(format!("{} \u{2026}", cut(&last, WRAP - 2)));
    }
    lines
}

/// At most so many characters, the last of them a sign that more is left out.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect()
}

/// The map: places from the top to the bottom, arrows in lanes beside them.
pub(super) fn map(id: &str, map: &Map) -> String {
    let layout = Layout::of(map);
    let (width, height) = (layout.width(), layout.height);
    let mut body = String::new();
    for (group, (top, height)) in map.groups.iter().zip(&layout.groups) {
        let sign = match group.kind {
            "possible" => " (not now)",
            _ => "",
        };
        let _ = write!(
            body,
            "<rect class=\"group {}\" x=\"4\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"6\"/>\
             <text class=\"group-name\" x=\"14\" y=\"{}\">{}{sign}</text>",
            group.kind,
            lanes::BOX + 20,
            top + 18,
            escape(&cut(&group.name, 32 - sign.chars().count())),
        );
        for place in &group.places {
            let Some((top, height)) = layout.places.get(place.number) else { continue };
            body += &self::place(*top, *height, &place.name, &place.detail);
        }
    }
    // What matters most is drawn last, above the rest.
    let mut arrows: Vec<(&Arrow, &Route)> = map.arrows.iter().zip(&layout.routes).collect();
    arrows.sort_by_key(|(arrow, _)| arrow.refutes.is_some());
    for (arrow, route) in arrows {
        body += &self::arrow(arrow, route);
    }
    let words = escape(&map.words);
    format!(
        "<svg class=\"map\" role=\"img\" aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-table\" viewBox=\"0 0 {width} \
         {height}\" width=\"{width}\" height=\"{height}\"><title id=\"{id}-title\">{words}</title>{body}</svg>"
    )
}

fn place(top: usize, height: usize, name: &str, detail: &str) -> String {
    let middle = top + height / 2;
    let name_y = if detail.is_empty() { middle + 4 } else { middle - 2 };
    let detail = if detail.is_empty() {
        String::new()
    } else {
        format!("<text class=\"detail\" x=\"24\" y=\"{}\">{}</text>", middle + 12, escape(&cut(detail, 36)))
    };
    format!(
        "<g><title>{}</title><rect class=\"place\" x=\"14\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"4\"/>\
         <text x=\"24\" y=\"{name_y}\">{}</text>{detail}</g>",
        escape(name),
        lanes::BOX,
        escape(&cut(name, 30)),
    )
}

fn arrow(arrow: &Arrow, route: &Route) -> String {
    let label = format!("{} to {}", arrow.label, arrow.name);
    let class = match (&arrow.refutes, arrow.missing) {
        (Some(_), true) => "arrow refuted missing",
        (Some(_), false) => "arrow refuted",
        (None, _) => "arrow",
    };
    let (sign, title) = match (&arrow.refutes, arrow.missing) {
        (Some(name), false) => ("\u{2715} ", format!("{label} passes, against {name}")),
        (Some(name), true) => ("\u{2298} ", format!("{label} does not pass, against {name}")),
        (None, _) => ("", label.clone()),
    };
    let Route { start, end, lane } = *route;
    let edge = lanes::EDGE;
    let turn = if end > start { 4 } else { -4 };
    let (near, far) = (start + turn, end - turn);
    format!(
        "<g class=\"{class}\"><title>{}</title><path class=\"wire\" d=\"M{edge} {start}H{}Q{lane} {start} {lane} {near}V{far}Q{lane} \
         {end} {} {end}H{}\"/><path class=\"head\" d=\"M{edge} {end}l8 -4v8z\"/><text class=\"label\" x=\"{}\" y=\"{}\">{}</text></g>",
        escape(&title),
        lane - 4,
        lane - 4,
        edge + 6,
        edge + 12,
        start - 4,
        escape(&cut(&format!("{sign}{label}"), LABEL)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_never_outgrows_its_box() {
        let long = "a ".repeat(30) + &"x".repeat(153) + " end";
        let lines = wrap(&long);
        assert!(lines.iter().all(|line| line.chars().count() <= WRAP), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), long.replace(' ', ""));
        assert_eq!(wrap(&"word ".repeat(400)).len(), LINES);
    }
}
