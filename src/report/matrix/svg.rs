//! The matrix as a drawing: a row a source, a column a destination, by namespace. No script, no style from
//! elsewhere; what colours say, codes, hatching and the words under the pointer say too.

use std::collections::BTreeMap;

use super::picture::{Edge, Picture};
use crate::plain;
use crate::report::matrix::Extent;

/// Up to how many ends a cell is large enough for a code.
const WITH_CODES: usize = 40;
/// Up to how many cells each says what it is under the pointer; beyond, the file would grow to megabytes.
const WITH_TITLES: usize = 5_000;
/// How much wider than high a letter is taken to be.
const LETTER: f64 = 0.6;

/// The whole drawing.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let layout = Layout::of(picture);
    let mut body = bands(picture, &layout) + &labels(picture, &layout) + &cells(picture, &layout);
    let legend = legend(picture, &layout);
    body += &legend.text;
    let (width, height) = (layout.width.max(legend.width), layout.height + legend.height);
    let title = title(picture);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\" aria-labelledby=\"title desc\" font-family=\"system-ui, sans-serif\" font-size=\"{font}\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"desc\">{desc}</desc>\n{HATCH}\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"16\" font-weight=\"bold\" fill=\"#1a1a1a\">{title}</text>\n{body}</svg>\n",
        font = layout.font,
        desc = description(picture),
    )
}

const MARGIN: f64 = 12.0;
const HEAD: f64 = 36.0;
const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" \
    patternTransform=\"rotate(45)\"><rect width=\"4\" height=\"4\" fill=\"#ffffff\"/><rect width=\"1.5\" height=\"4\" \
    fill=\"#4a86c5\"/></pattern></defs>\n";

fn title(picture: &Picture) -> String {
    match picture.folded {
        Some(workloads) => format!("Who reaches whom: {workloads} workloads, by namespace"),
        None => format!("Who reaches whom: {} ends", picture.nodes.len()),
    }
}

fn description(picture: &Picture) -> String {
    let count = picture.edges.len();
    let what = if picture.folded.is_some() { "namespaces" } else { "workloads" };
    format!(
        "A matrix of {what}: a row reaches a column where its cell is filled. {count} of {} cells are filled.",
        picture.nodes.len() * picture.nodes.len()
    )
}

/// Where everything stands.
struct Layout {
    cell: f64,
    font: f64,
    /// Where the first column and row begin.
    left: f64,
    top: f64,
    /// Of each node, from there.
    places: Vec<f64>,
    /// The first and last node of each group, with its name.
    groups: Vec<(usize, usize, String)>,
    width: f64,
    height: f64,
}

impl Layout {
    fn of(picture: &Picture) -> Layout {
        let count = picture.nodes.len();
        let (cell, font) = match count {
            0..=WITH_CODES => (24.0, 12.0),
            41..=100 => (14.0, 11.0),
            _ => (10.0, 9.0),
        };
        let mut groups: Vec<(usize, usize, String)> = Vec::new();
        for (at, node) in picture.nodes.iter().enumerate() {
            match groups.last_mut().filter(|(.., name)| *name == node.group) {
                Some((_, last, _)) => *last = at,
                None => groups.push((at, at, node.group.clone())),
            }
        }
        let (mut places, mut at) = (Vec::new(), 0.0);
        for (first, last, name) in &groups {
            at += if name.is_empty() { cell / 2.0 } else { cell };
            for _ in *first..=*last {
                places.push(at);
                at += cell;
            }
        }
        let names = picture.nodes.iter().flat_map(|node| [&node.short, &node.group]);
        let longest = names.map(|name| shown(name).chars().count()).max().unwrap_or(0);
        let label = number(longest) * font * LETTER + 2.0 * MARGIN;
        let (left, top) = (label, HEAD + label);
        Layout { cell, font, left, top, places, groups, width: left + at + MARGIN, height: top + at + MARGIN }
    }

    fn x(&self, node: usize) -> f64 {
        self.left + self.place(node)
    }

    fn y(&self, node: usize) -> f64 {
        self.top + self.place(node)
    }

    fn place(&self, node: usize) -> f64 {
        self.places.get(node).copied().unwrap_or(0.0)
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A name as it is drawn: long ones are cut, and whole under the pointer.
fn shown(name: &str) -> String {
    let name = plain::line(name);
    if name.chars().count() <= 32 {
        return name.into_owned();
    }
    name.chars().take(31).chain(['…']).collect()
}

/// A pale square for each pair of namespaces, so that the eye keeps its row.
fn bands(picture: &Picture, layout: &Layout) -> String {
    let mut text = String::new();
    for (row, (first, last, _)) in layout.groups.iter().enumerate() {
        for (column, (left, right, _)) in layout.groups.iter().enumerate() {
            let fill = if (row + column) % 2 == 0 { "#f3f5f8" } else { "#fafbfc" };
            let (x, y) = (layout.x(*left), layout.y(*first));
            let (width, height) = (layout.x(*right) + layout.cell - x, layout.y(*last) + layout.cell - y);
            text += &format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>\n");
        }
    }
    let mut grid = String::new();
    let (far_x, far_y) = (layout.width - MARGIN, layout.height - MARGIN);
    for node in 0..picture.nodes.len() {
        grid += &format!("M{} {}H{far_x}M{} {}V{far_y}", layout.left, layout.y(node), layout.x(node), layout.top);
    }
    text + &format!("<path d=\"{grid}\" stroke=\"#e2e6ec\" stroke-width=\"0.5\" fill=\"none\"/>\n")
}

/// Names at the left and, turned, at the top.
fn labels(picture: &Picture, layout: &Layout) -> String {
    let mut text = String::new();
    let middle = layout.cell / 2.0 + layout.font * 0.35;
    for (at, node) in picture.nodes.iter().enumerate() {
        let name = labelled(&node.short, &node.name);
        let (row, column) = (layout.y(at) + middle, layout.x(at) + middle);
        text += &row_label(layout.left - 6.0, row, "#1a1a1a", "normal", &name);
        text += &column_label(column, layout.top - 6.0, "#1a1a1a", "normal", &name);
    }
    for (first, _, group) in layout.groups.iter().filter(|(.., group)| !group.is_empty()) {
        let name = labelled(group, group);
        let (row, column) = (layout.y(*first) - layout.cell + middle, layout.x(*first) - layout.cell + middle);
        text += &row_label(layout.left - 6.0, row, "#5a3e85", "bold", &name);
        text += &column_label(column, layout.top - 6.0, "#5a3e85", "bold", &name);
    }
    text
}

fn labelled(short: &str, whole: &str) -> String {
    let drawn = shown(short);
    let title = if drawn == whole { String::new() } else { format!("<title>{}</title>", escaped(whole)) };
    format!("{title}{}", escaped(&drawn))
}

fn row_label(x: f64, y: f64, fill: &str, weight: &str, name: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\" fill=\"{fill}\" font-weight=\"{weight}\">{name}</text>\n")
}

fn column_label(x: f64, y: f64, fill: &str, weight: &str, name: &str) -> String {
    format!(
        "<text transform=\"translate({x:.1} {y}) rotate(-90)\" fill=\"{fill}\" font-weight=\"{weight}\">{name}</text>\n"
    )
}

fn cells(picture: &Picture, layout: &Layout) -> String {
    if picture.edges.len() > WITH_TITLES {
        return paths(picture, layout);
    }
    let codes = picture.codes();
    let codes: BTreeMap<&str, &str> = codes.iter().map(|(code, words)| (words.as_str(), code.as_str())).collect();
    let with_codes = picture.nodes.len() <= WITH_CODES && picture.folded.is_none();
    let mut text = String::new();
    for edge in &picture.edges {
        let code = codes.get(edge.words.as_str()).copied().filter(|_| with_codes).unwrap_or("");
        text += &cell(picture, layout, edge, code);
    }
    text
}

fn cell(picture: &Picture, layout: &Layout, edge: &Edge, code: &str) -> String {
    let (x, y, side) = (layout.x(edge.to) + 0.5, layout.y(edge.from) + 0.5, layout.cell - 1.0);
    let name = |node: usize| picture.nodes.get(node).map(|node| escaped(&node.name)).unwrap_or_default();
    let (fill, ink) = colours(edge.extent);
    let middle = (layout.cell / 2.0, layout.cell / 2.0 + layout.font * 0.35);
    let code = if code.is_empty() {
        String::new()
    } else {
        // On the hatching letters need a ground of their own.
        let hatched = edge.extent == Extent::IfAddress;
        let halo = if hatched { " stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\"" } else { "" };
        let (x, y) = (layout.x(edge.to) + middle.0, layout.y(edge.from) + middle.1);
        format!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{ink}\"{halo}>{}</text>", escaped(code))
    };
    format!(
        "<g><title>{} reaches {}: {}</title><rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"{fill}\"/>{code}</g>\n",
        name(edge.from),
        name(edge.to),
        escaped(&edge.words)
    )
}

fn colours(extent: Extent) -> (&'static str, &'static str) {
    match extent {
        Extent::Every => ("#1f4f8b", "#ffffff"),
        Extent::Some => ("#a9cdf0", "#10243c"),
        Extent::IfAddress => ("url(#hatch)", "#10243c"),
    }
}

/// Many cells as three shapes.
fn paths(picture: &Picture, layout: &Layout) -> String {
    let mut text = String::new();
    for extent in [Extent::Every, Extent::Some, Extent::IfAddress] {
        let side = layout.cell - 1.0;
        let square =
            |edge: &Edge| format!("M{} {}h{side}v{side}h-{side}z", layout.x(edge.to) + 0.5, layout.y(edge.from) + 0.5);
        let all: String = picture.edges.iter().filter(|edge| edge.extent == extent).map(square).collect();
        if !all.is_empty() {
            text += &format!("<path fill=\"{}\" d=\"{all}\"/>\n", colours(extent).0);
        }
    }
    text
}

/// What stands below the matrix.
struct Legend {
    text: String,
    width: f64,
    height: f64,
}

fn legend(picture: &Picture, layout: &Layout) -> Legend {
    let mut lines: Vec<(Option<Extent>, String)> = Vec::new();
    for (extent, words) in [
        (Extent::Every, "every port"),
        (Extent::Some, "some ports, or some pairs"),
        (Extent::IfAddress, "passes if an address that no manifest says lies in an ipBlock (~)"),
    ] {
        if picture.edges.iter().any(|edge| edge.extent == extent) {
            lines.push((Some(extent), words.to_owned()));
        }
    }
    if picture.nodes.len() <= WITH_CODES && picture.folded.is_none() {
        lines.extend(picture.codes().into_iter().map(|(code, words)| (None, format!("{code}: {words}"))));
    }
    for node in picture.nodes.iter().filter(|node| !node.addresses.is_empty() && node.name != "external") {
        lines.push((None, format!("{}: {}", node.name, node.addresses.join(", "))));
    }
    lines.extend(picture.assumptions.iter().map(|one| (None, format!("assumes: {one}"))));
    let columns = (layout.width.max(640.0) / (12.0 * LETTER)) as usize;
    let lines: Vec<_> = lines.into_iter().flat_map(|(extent, words)| broken(extent, &words, columns)).collect();
    let mut text = "<g font-size=\"12\" fill=\"#1a1a1a\">\n".to_owned();
    let mut y = layout.height + 12.0;
    for (extent, words) in &lines {
        let x = if extent.is_some() { MARGIN + 20.0 } else { MARGIN };
        if let Some(extent) = extent {
            let top = y - 11.0;
            text += &format!(
                "<rect x=\"{MARGIN}\" y=\"{top}\" width=\"13\" height=\"13\" fill=\"{}\" stroke=\"#4a86c5\" stroke-width=\"0.5\"/>",
                colours(*extent).0
            );
        }
        text += &format!("<text x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(words));
        y += 18.0;
    }
    text += "</g>\n";
    Legend { text, width: 640.0 + 2.0 * MARGIN, height: y - layout.height + MARGIN }
}

/// The words on as many lines as they need.
fn broken(extent: Option<Extent>, words: &str, columns: usize) -> Vec<(Option<Extent>, String)> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.chars().count() + 1 + word.chars().count() <= columns => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(format!("\u{a0}\u{a0}{word}")),
        }
    }
    lines.into_iter().enumerate().map(|(at, line)| (extent.filter(|_| at == 0), line)).collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in plain::line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No XML may hold these, escaped or not.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_forms_no_markup() {
        assert_eq!(super::escaped("<script>&\"'\u{0}\u{ffff}"), "&lt;script&gt;&amp;&quot;&#39;\\u{0}\u{fffd}");
        assert_eq!(super::shown(&"x".repeat(40)).chars().count(), 32);
    }
}
