//! The colours of the page as WCAG 2 measures contrast: also where axe-core cannot say, as in drawings.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../src/report/review/page.css");

/// The variables of a block, by name, over those of the light one.
fn palette(block: &str) -> BTreeMap<String, [f64; 3]> {
    let light = variables(STYLE.split(":root {").nth(1).unwrap());
    let own = variables(block);
    light.into_iter().chain(own).collect()
}

fn variables(block: &str) -> BTreeMap<String, [f64; 3]> {
    let declarations = block.split('}').next().unwrap().split(';');
    let colours = declarations.filter_map(|one| one.trim().strip_prefix("--")?.split_once(": #"));
    colours.map(|(name, hex)| (name.to_owned(), colour(hex))).collect()
}

fn colour(hex: &str) -> [f64; 3] {
    let hex: String = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    assert_eq!(hex.len(), 6, "{hex}");
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0)
}

/// Relative luminance, as WCAG 2 defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] =
        colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// From 1, the same, to 21, black on white.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What stands on what, in the page or in a drawing.
const TEXT: [(&str, &[&str]); 6] = [
    ("ink", &["paper", "tint", "mark", "bad-tint"]),
    ("soft", &["paper", "tint"]),
    ("link", &["paper", "tint"]),
    ("bad", &["paper", "tint", "bad-tint"]),
    ("good", &["paper", "tint"]),
    ("open", &["paper", "tint"]),
];
const LINES: [(&str, &[&str]); 6] = [
    ("soft", &["paper", "tint"]),
    ("line", &["paper", "tint"]),
    ("link", &["paper", "tint"]),
    ("bad", &["paper", "tint", "bad-tint"]),
    ("good", &["paper", "tint"]),
    ("open", &["paper", "tint", "mark"]),
];

#[test]
fn text_and_lines_stand_out() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast(colour("767676"), colour("fff")) - 4.54).abs() < 0.01, "a value that is well known");
    let schemes: Vec<_> = STYLE.split(":root {").skip(1).map(palette).collect();
    assert_eq!(schemes.len(), 3, "light, dark and printed");
    assert!(luminance(schemes[1]["paper"]) < 0.1, "dark");
    for scheme in &schemes {
        for (pairs, least) in [(TEXT, 4.5), (LINES, 3.0)] {
            for (front, backs) in pairs {
                for back in backs {
                    let ratio = contrast(scheme[front], scheme[*back]);
                    assert!(ratio >= least, "{front} on {back}: {ratio:.2}, not {least}: {scheme:?}");
                }
            }
        }
    }
}

/// What colours the drawings use is among those that are compared.
#[test]
fn every_line_of_a_drawing_is_compared() {
    for rule in STYLE.lines().filter(|line| line.starts_with("svg")) {
        for property in ["stroke: var(--", "fill: var(--"] {
            for name in rule.split(property).skip(1).map(|rest| rest.split(')').next().unwrap()) {
                let is_front = LINES.iter().chain(&TEXT).any(|(front, _)| *front == name);
                assert!(is_front || ["paper", "tint", "bad-tint"].contains(&name), "{name} in {rule}");
            }
        }
    }
}
