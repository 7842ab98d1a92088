//! An explanation as text: the verdict, then both sides, `+` for what matches and `-` for what does not.

use super::{Explanation, PolicySteps, RuleSteps, SideReport};
use crate::report::text::{self, GREEN, RED, Style};
use crate::report::words;

/// The whole explanation.
#[must_use]
pub fn render(report: &Explanation, style: Style) -> String {
    let (verdict, colour) = if report.allowed { ("allowed", GREEN) } else { ("denied", RED) };
    let mut text = format!("{verdict}: {}\n", flow(report));
    text += &format!("\n{}", sides(report));
    let mut last = Vec::new();
    last.extend(report.notes.iter().map(|note| format!("note: {note}\n")));
    last.extend(report.to_allow.iter().map(|what| format!("to allow it: {what}\n")));
    last.extend(report.try_it.iter().map(|command| format!("try it: {command}\n")));
    if !last.is_empty() {
        text.push('\n');
    }
    text::coloured(&(text + &last.concat()), colour, style)
}

/// Both sides, rule by rule.
pub(in crate::report) fn sides(report: &Explanation) -> String {
    let (egress, ingress) = (&report.egress, &report.ingress);
    format!("{}\n{}", side("egress", "leaving", egress), side("ingress", "entering", ingress))
}

fn flow(report: &Explanation) -> String {
    let (from, to) = (words::end(&report.source), words::end(&report.destination));
    let by = match (report.egress.allows, report.ingress.allows) {
        (true, true) => "",
        (false, true) => ", stopped on the egress side",
        (true, false) => ", stopped on the ingress side",
        (false, false) => ", stopped on both sides",
    };
    format!("{from} -> {to} {}/{}{by}", report.protocol, report.port)
}

fn side(name: &str, way: &str, side: &SideReport) -> String {
    let mut text = format!("{name} ({way}): {}\n", side.words);
    for policy in &side.policies {
        text += &self::policy(policy);
    }
    text
}

fn policy(policy: &PolicySteps) -> String {
    let nothing = if policy.rules.is_empty() { " and admits nothing" } else { "" };
    let at = &policy.at.position;
    let mut text = format!("  {} ({}:{}) isolates {}{nothing}\n", policy.policy, at.file, at.line, policy.selects);
    for rule in &policy.rules {
        text += &self::rule(rule, "    ", usize::MAX);
    }
    text
}

/// One rule, its peers and its ports, at most so many of them.
pub(in crate::report) fn rule(rule: &RuleSteps, indent: &str, most: usize) -> String {
    let verdict = if rule.matches { "matches" } else { "does not match" };
    let mut text = format!("{indent}{} (line {}) {verdict}\n", rule.path, rule.at.position.line);
    for step in rule.steps.iter().take(most) {
        let sign = if step.matches { '+' } else { '-' };
        let field = step.path.strip_prefix(&rule.path).map_or("", |field| field.trim_start_matches('.'));
        let field =
            if field.is_empty() { String::new() } else { format!("{field} (line {}): ", step.at.position.line) };
        text += &format!("{indent}  {sign} {field}{}\n", step.words);
    }
    let more = rule.steps.len().saturating_sub(most);
    if more > 0 {
        text += &format!("{indent}  and {more} more peers and ports; `netverify explain` shows all\n");
    }
    text
}
