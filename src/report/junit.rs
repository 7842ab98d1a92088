//! The report as JUnit XML: one suite a spec, one case a property and variant.
//!
//! There is no standard. Written is what the schema of Jenkins' xUnit plugin (`junit-10.xsd`) allows,
//! which Jenkins, GitLab and their like read; the tests hold it to that. A refuted property is a failure,
//! one that is not decided or on which the two semantics disagree an error, a waived one is skipped.

use std::collections::BTreeMap;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::words::{notes, one_line, proof};
use super::{AnswerReport, PropertyReport, Report, Standing};
use crate::plain;

/// The whole report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut bytes = Vec::new();
    let mut xml = Writer::new_with_indent(&mut bytes, b' ', 2);
    // Writing to memory does not fail, and what is written is UTF-8.
    let _ = document(&mut xml, report);
    String::from_utf8_lossy(&bytes).into_owned() + "\n"
}

type Xml<'a> = Writer<&'a mut Vec<u8>>;

fn document(xml: &mut Xml<'_>, report: &Report) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&PropertyReport> = report.properties.iter().collect();
    let mut attributes = vec![("name", "netverify".to_owned())];
    attributes.extend(counts(&all).into_iter().filter(|(name, _)| *name != "skipped"));
    element(xml, "testsuites", &attributes, |xml| {
        for (spec, properties) in suites(&all) {
            suite(xml, report, spec, &properties)?;
        }
        Ok(())
    })
}

/// The properties of each spec, in the order of the specs.
fn suites<'a>(all: &[&'a PropertyReport]) -> Vec<(&'a str, Vec<&'a PropertyReport>)> {
    let mut suites: Vec<(&str, Vec<&PropertyReport>)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for property in all {
        let spec = property.spec.as_deref().unwrap_or("--assert");
        let at = *known.entry(spec).or_insert(suites.len());
        match suites.get_mut(at) {
            Some((_, properties)) => properties.push(property),
            None => suites.push((spec, vec![property])),
        }
    }
    suites
}

fn suite(xml: &mut Xml<'_>, report: &Report, spec: &str, properties: &[&PropertyReport]) -> std::io::Result<()> {
    let mut attributes = vec![("name", spec.to_owned())];
    attributes.extend(counts(properties));
    element(xml, "testsuite", &attributes, |xml| {
        element(xml, "properties", &[], |xml| {
            property(xml, "netverify", report.netverify)?;
            property(xml, "z3", &report.z3)?;
            report.assumptions.iter().try_for_each(|assumption| property(xml, "assumes", assumption))
        })?;
        properties.iter().try_for_each(|one| case(xml, one))
    })
}

fn counts(properties: &[&PropertyReport]) -> Vec<(&'static str, String)> {
    let of = |wanted: &[Standing]| properties.iter().filter(|one| wanted.contains(&one.standing())).count().to_string();
    vec![
        ("tests", properties.len().to_string()),
        ("failures", of(&[Standing::Refuted])),
        ("errors", of(&[Standing::Unknown, Standing::Disagreement])),
        ("skipped", of(&[Standing::Waived])),
        ("time", seconds(properties.iter().map(|one| one.elapsed_us).sum())),
    ]
}

/// Seconds with three digits, as the schema wants them.
fn seconds(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000_000, micros / 1000 % 1000)
}

fn property(xml: &mut Xml<'_>, name: &'static str, value: &str) -> std::io::Result<()> {
    let start = start("property", &[("name", name.to_owned()), ("value", value.to_owned())]);
    xml.write_event(Event::Empty(start))
}

fn case(xml: &mut Xml<'_>, one: &PropertyReport) -> std::io::Result<()> {
    let attributes = [("name", one.name.clone()), ("classname", class_name(one)), ("time", seconds(one.elapsed_us))];
    element(xml, "testcase", &attributes, |xml| match one.standing() {
        Standing::Proved => {
            written(xml, "system-out", &[], &format!("{}\n{}", one.sentence, proof(&one.answer).join("\n")))
        }
        Standing::Refuted => bad_news(xml, "failure", one),
        Standing::Unknown | Standing::Disagreement => bad_news(xml, "error", one),
        Standing::Waived => bad_news(xml, "skipped", one),
    })
}

/// `specs/rag.step-3`: readers cut at the last dot, so the spec's own dots are dashes.
fn class_name(one: &PropertyReport) -> String {
    let spec = one.spec.as_deref().unwrap_or("--assert");
    let spec = spec.strip_suffix(".toml").unwrap_or(spec).replace('.', "-");
    one.variant.as_ref().map_or(spec.clone(), |variant| format!("{spec}.{}", variant.replace('.', "-")))
}

fn bad_news(xml: &mut Xml<'_>, kind: &'static str, one: &PropertyReport) -> std::io::Result<()> {
    let word = one.standing().word();
    let message = format!("{word} ({}): {}", one.severity.name(), one.sentence);
    let mut lines: Vec<String> = one.why.iter().map(|why| format!("why: {}", one_line(why))).collect();
    lines.extend(places(one));
    lines.extend(notes(one).into_iter().map(|(name, text)| format!("{name}: {text}")));
    written(xml, kind, &[("message", message), ("type", word.to_owned())], &lines.join("\n"))
}

fn places(one: &PropertyReport) -> Vec<String> {
    let blamed =
        one.blames().map(|blame| format!("{}: {} {}: {}", blame.at.position, blame.policy, blame.path, blame.text));
    let blocking = one.answer.blocked_by().iter().map(|policy| format!("{}: {}", policy.at.position, policy.policy));
    let trace = match &one.answer {
        AnswerReport::Disagreement { trace, .. } => Some(trace.clone()),
        AnswerReport::Proved { .. } | AnswerReport::Refuted { .. } | AnswerReport::Unknown { .. } => None,
    };
    blamed.chain(blocking).chain(trace).collect()
}

fn start(name: &'static str, attributes: &[(&'static str, String)]) -> BytesStart<'static> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, legal(value).as_str()));
    }
    start
}

fn element<'a>(
    xml: &mut Xml<'a>,
    name: &'static str,
    attributes: &[(&'static str, String)],
    inner: impl FnOnce(&mut Xml<'a>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    xml.write_event(Event::Start(start(name, attributes)))?;
    inner(xml)?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

fn written(
    xml: &mut Xml<'_>,
    name: &'static str,
    attributes: &[(&'static str, String)],
    text: &str,
) -> std::io::Result<()> {
    element(xml, name, attributes, |xml| xml.write_event(Event::Text(BytesText::new(&legal(text)))))
}

/// XML 1.0 has no way to write most control characters, so they are spelled out, as is what else would
/// steer a terminal.
fn legal(text: &str) -> String {
    let stays = |c: char| matches!(c, '\t' | '\n') || !plain::steers(c) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut legal = String::new();
    for c in text.replace("\r\n", "\n").chars() {
        if stays(c) {
            legal.push(c);
        } else {
            legal.extend(c.escape_unicode());
        }
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_spelled_out() {
        assert_eq!(legal("a\u{0}\u{1b}[1m\u{ffff}\tb\r\n"), "a\\u{0}\\u{1b}[1m\\u{ffff}\tb\n");
        assert_eq!(legal("a\u{202e}b"), r"a\u{202e}b");
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!((seconds(0).as_str(), seconds(1_234_567).as_str()), ("0.000", "1.234"));
    }
}
