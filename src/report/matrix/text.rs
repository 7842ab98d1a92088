//! The matrix for a person at a terminal: a table where it fits, else a list a source.

use std::collections::BTreeMap;

use super::picture::{Edge, Picture};
use crate::plain;
use crate::report::text::Style;
use crate::report::words::counted;

/// The widest table: beyond that a list reads better, however wide the terminal.
const MAX_COLUMNS: usize = 20;

/// The whole matrix.
#[must_use]
pub fn render(picture: &Picture, style: Style) -> String {
    let mut text = introduction(picture);
    if picture.edges.is_empty() {
        text += "nothing passes\n\n";
        return text + &assumptions(picture);
    }
    match table(picture, style.width).filter(|_| picture.folded.is_none()) {
        Some(table) => text += &table,
        None => text += &list(picture, style.width),
    }
    if picture.hangs_on_addresses() {
        text += "~ passes if an address that no manifest says lies in an ipBlock\n";
    }
    text += &addresses(picture, style.width);
    plain::lines(&(text + &assumptions(picture)))
}

fn assumptions(picture: &Picture) -> String {
    picture.assumptions.iter().map(|one| format!("assumes: {}\n", plain::line(one))).collect()
}

fn introduction(picture: &Picture) -> String {
    let Some(workloads) = picture.folded else { return String::new() };
    format!(
        "{workloads} workloads are too many to show one by one: these are their namespaces, and between how many\n\
         pairs of ends something passes. `--focus NAME` shows one workload; `--format json` and `csv` have all.\n\n"
    )
}

/// A row a source and a column a destination, with codes; `None` where it is too wide.
fn table(picture: &Picture, width: usize) -> Option<String> {
    let codes = picture.codes();
    let of_words: BTreeMap<&str, &str> = codes.iter().map(|(code, words)| (words.as_str(), code.as_str())).collect();
    let edges: BTreeMap<(usize, usize), &Edge> =
        picture.edges.iter().map(|edge| ((edge.from, edge.to), edge)).collect();
    let count = picture.nodes.len();
    let names = picture.nodes.iter().map(|node| node.name.chars().count()).max()?;
    let cell = codes.iter().map(|(code, _)| code.len()).chain([count.to_string().len()]).max()?;
    let number = count.to_string().len();
    if count > MAX_COLUMNS || number + 1 + names + count * (cell + 2) > width {
        return None;
    }
    let mut text = " ".repeat(number + 1 + names);
    text.extend((1..=count).map(|column| format!("  {column:>cell$}")));
    text.push('\n');
    for (row, node) in picture.nodes.iter().enumerate() {
        text += &format!("{:>number$} {:<names$}", row + 1, node.name);
        for column in 0..count {
            let code = match edges.get(&(row, column)) {
                Some(edge) => of_words.get(edge.words.as_str()).copied().unwrap_or("?"),
                None if picture.is_asked(row, column) => ".",
                None => "",
            };
            text += &format!("  {code:>cell$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text += "\nA row reaches a column on:\n";
    text.extend(codes.iter().map(|(code, words)| format!("  {code:<cell$}  {words}\n")));
    text += &format!("  {:<cell$}  nothing\n\n", ".");
    Some(text)
}

/// What each source reaches, by ports.
fn list(picture: &Picture, width: usize) -> String {
    let (mut text, mut idle) = (String::new(), Vec::new());
    let mut edges = picture.edges.iter().peekable();
    for (from, node) in picture.nodes.iter().enumerate() {
        let mut by_words: Vec<(&str, Vec<&str>)> = Vec::new();
        while let Some(edge) = edges.next_if(|edge| edge.from == from) {
            let Some(to) = picture.nodes.get(edge.to) else { continue };
            match by_words.iter_mut().find(|(words, _)| *words == edge.words) {
                Some((_, names)) => names.push(&to.name),
                None => by_words.push((&edge.words, vec![&to.name])),
            }
        }
        if by_words.is_empty() {
            idle.extend(Some(node.name.as_str()).filter(|_| picture.is_row_asked(from)));
            continue;
        }
        text += &format!("{}\n", node.name);
        text.extend(by_words.iter().map(|(words, names)| wrapped(&format!("  {words} -> "), names, width)));
    }
    if !idle.is_empty() {
        text += &wrapped("reach nothing here: ", &idle, width);
    }
    let count = counted(picture.edges.len(), "cell lets", "cells let");
    text + &format!("\n{count} something through\n")
}

/// The addresses that names stand for.
fn addresses(picture: &Picture, width: usize) -> String {
    let of = |node: &super::picture::Node| {
        let addresses: Vec<_> = node.addresses.iter().map(String::as_str).collect();
        let says_all = addresses.iter().all(|one| node.name.contains(one));
        (!says_all && node.name != "external").then(|| wrapped(&format!("{}: ", node.name), &addresses, width))
    };
    picture.nodes.iter().filter_map(of).collect()
}

/// A list after a few words, broken at the width of the terminal.
fn wrapped(first: &str, items: &[&str], width: usize) -> String {
    let (mut text, mut line) = (String::new(), first.trim_end().to_owned());
    for (at, item) in items.iter().enumerate() {
        let comma = if at + 1 < items.len() { "," } else { "" };
        if line.chars().count() + 1 + item.chars().count() + comma.len() > width {
            text += &format!("{line}\n");
            line = format!("      {item}{comma}");
        } else {
            line += &format!(" {item}{comma}");
        }
    }
    text + &line + "\n"
}
