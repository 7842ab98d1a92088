//! The matrix as a graph for Graphviz.

use super::picture::Picture;
use crate::plain;
use crate::report::matrix::Extent;

/// The whole graph, a box a namespace.
#[must_use]
pub fn render(picture: &Picture) -> String {
    let mut text = "digraph netverify {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    text += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    text.extend(picture.assumptions.iter().map(|one| format!("  // assumes: {}\n", plain::line(one))));
    for (at, group) in groups(picture).into_iter().enumerate() {
        let (indent, close) = if group.name.is_empty() { ("  ", "") } else { ("    ", "  }\n") };
        if !group.name.is_empty() {
            text += &format!("  subgraph cluster_{at} {{\n    label={};\n", quoted(group.name));
        }
        for (at, short) in &group.nodes {
            text += &format!("{indent}n{at} [label={}];\n", quoted(short));
        }
        text += close;
    }
    for edge in &picture.edges {
        let style = if edge.extent == Extent::IfAddress { ", style=dashed" } else { "" };
        text += &format!("  n{} -> n{} [label={}{style}];\n", edge.from, edge.to, quoted(&edge.words));
    }
    text + "}\n"
}

/// The nodes of one namespace.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) nodes: Vec<(usize, &'a str)>,
}

/// The nodes by namespace, in order.
pub(super) fn groups(picture: &Picture) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (at, node) in picture.nodes.iter().enumerate() {
        match groups.iter_mut().find(|group| group.name == node.group) {
            Some(group) => group.nodes.push((at, &node.short)),
            None => groups.push(Group { name: &node.group, nodes: vec![(at, &node.short)] }),
        }
    }
    groups
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", plain::line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_label_ends_where_it_ends() {
        assert_eq!(super::quoted("a\"]; x [\\n"), r#""a\"]; x [\\n""#);
        assert_eq!(super::quoted("a\nb"), "\"a b\"");
    }
}
