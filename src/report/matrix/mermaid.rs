//! The matrix as a Mermaid flowchart, for Markdown that renders it.

use super::dot::groups;
use super::picture::Picture;
use crate::plain;
use crate::report::matrix::Extent;

/// The whole chart, a subgraph a namespace.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let mut text = "flowchart LR\n".to_owned();
    text.extend(picture.assumptions.iter().map(|one| format!("  %% assumes: {}\n", comment(one))));
    for (at, group) in groups(picture).into_iter().enumerate() {
        if !group.name.is_empty() {
            text += &format!("  subgraph g{at}[\"{}\"]\n", inert(group.name));
        }
        for (at, short) in &group.nodes {
            text += &format!("    n{at}[\"{}\"]\n", inert(short));
        }
        text += if group.name.is_empty() { "" } else { "  end\n" };
    }
    for edge in &picture.edges {
        let arrow = if edge.extent == Extent::IfAddress { "-.->" } else { "-->" };
        text += &format!("  n{} {arrow}|\"{}\"| n{}\n", edge.from, inert(&edge.words), edge.to);
    }
    text
}

/// A directive begins with a brace, in comments too.
fn comment(text: &str) -> String {
    plain::line(text).replace(['{', '}'], " ")
}

/// Text that Mermaid, and the HTML that it makes, take for nothing but text: all else as `#34;`.
fn inert(text: &str) -> String {
    let stays = |c: char| c.is_alphanumeric() || " ./,:-~()".contains(c);
    let one = |c: char| if stays(c) { c.to_string() } else { format!("#{};", u32::from(c)) };
    plain::line(text).chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_forms_neither_chart_nor_html() {
        assert_eq!(super::inert("app-web/TCP 80; 81"), "app-web/TCP 80#59; 81");
        assert_eq!(super::inert("\"]<b>|"), "#34;#93;#60;b#62;#124;");
        assert_eq!(super::comment("%%{init: {}}%%"), "%% init:    %%");
    }
}
