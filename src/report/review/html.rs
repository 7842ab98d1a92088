//! The review as one HTML file: no script, no font, nothing from elsewhere. `page.html` is its template, `page.css` its style.

use minijinja::Value;
use serde::Serialize;

use super::{Review, page, svg};
use crate::plain;

/// What the template is filled in with.
#[derive(Serialize)]
struct Data<'a> {
    review: &'a Review,
    style: Value,
    /// The drawing of each property's flow, in order.
    flows: Vec<Option<Value>>,
    /// The drawing of each map, in order.
    maps: Vec<Value>,
}

/// The whole page.
///
/// # Errors
/// A fault of the template.
pub fn render(review: &Review) -> Result<String, minijinja::Error> {
    let safe = Value::from_safe_string;
    let drawing =
        |property: &super::Property| property.diagram.as_ref().map(|diagram| safe(svg::flow(&property.id, diagram)));
    let maps = review.maps.iter().enumerate().map(|(at, map)| safe(svg::map(&format!("map-{}", at + 1), map)));
    let data = Data {
        review,
        style: safe(include_str!("page.css").to_owned()),
        flows: review.properties.iter().map(drawing).collect(),
        maps: maps.collect(),
    };
    page::render(include_str!("page.html"), escape, &[("lines", lines), ("flow", flow)], data)
}

/// Text on one line that HTML and SVG take for nothing but text, in content and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in plain::line(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// The same, line by line: for what stands in `pre`.
fn lines(text: &str) -> String {
    text.lines().map(|line| escape(line) + "\n").collect()
}

/// A flow in words: no line begins with its arrow.
fn flow(text: &str) -> String {
    escape(text).replace(" -&gt; ", "\u{a0}\u{2192} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escape("<script>\"a\" & 'b'"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
        assert_eq!(escape("a\u{202e}b\nc"), "a\\u{202e}b c");
        assert_eq!(flow("pod a/<b> -> c"), "pod a/&lt;b&gt;\u{a0}\u{2192} c");
        assert_eq!(lines("a: <b>\n  c"), "a: &lt;b&gt;\n  c\n");
    }
}
