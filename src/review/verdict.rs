//! The first screen: the verdict in words and numbers.

use crate::report::review::{Anchor, Counts, Property, Verdict, Worst};
use crate::report::words::counted;
use crate::report::{AnswerReport, PropertyReport, Report, Standing};
use crate::spec::PropertySeverity;

/// The verdict of a run.
pub(super) fn verdict(report: &Report, properties: &[Property]) -> Verdict {
    let all: Vec<&PropertyReport> = report.properties.iter().collect();
    let total = counts("all".to_owned(), &all);
    let disagreements = report.summary.disagreements;
    let by_variant = by_variant(&all);
    Verdict {
        tone: tone(&total),
        headline: headline(&total, disagreements),
        sentences: sentences(&total, disagreements, &by_variant),
        by_severity: by_severity(&all),
        by_variant,
        worst: worst(report, properties),
        total,
    }
}

fn tone(total: &Counts) -> &'static str {
    match total {
        Counts { today: 0, possible: 0, unknown: 0, waived: 0, .. } => "good",
        Counts { today: 0, possible: 0, .. } => "open",
        _ => "bad",
    }
}

fn headline(total: &Counts, disagreements: usize) -> String {
    let refuted = total.today + total.possible;
    if disagreements > 0 {
        return "netverify contradicts itself: do not rely on this report".to_owned();
    }
    match (refuted, total.unknown, total.waived) {
        (0, 0, 0) => format!("{} proved", all_of(total.all)),
        (0, 0, waived) => format!("Nothing is refuted but what a waiver accepts: {waived} of {}", total.all),
        (0, unknown, _) => format!("{unknown} of {} not decided, and none refuted", properties(total.all)),
        _ => format!("{refuted} of {} {} refuted", properties(total.all), if refuted == 1 { "is" } else { "are" }),
    }
}

fn all_of(count: usize) -> String {
    match count {
        1 => "The one property is".to_owned(),
        _ => format!("All {count} properties are"),
    }
}

fn properties(count: usize) -> String {
    counted(count, "property", "properties")
}

fn sentences(total: &Counts, disagreements: usize, variants: &[Counts]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut say = |count: usize, one: &str, many: &str| {
        if count > 0 {
            sentences.push(format!("{} {}.", properties(count), if count == 1 { one } else { many }));
        }
    };
    let today = "refuted today: what is declared in the manifests shows it";
    say(total.today, &format!("is {today}"), &format!("are {today}"));
    let possible = "refuted by what somebody could create: nothing that is declared shows it";
    say(total.possible, &format!("is {possible}"), &format!("are {possible}"));
    let proved = "proved: no pod, namespace or address that could exist breaks it";
    say(total.proved, &format!("is {proved}"), &format!("are {proved}").replace("breaks it", "breaks them"));
    let waived = "refuted and accepted by a waiver";
    say(total.waived, &format!("is {waived}"), &format!("are {waived}"));
    let unknown = total.unknown.saturating_sub(disagreements);
    let undecided = "not decided within the limits: nothing is known about";
    say(unknown, &format!("is {undecided} it"), &format!("are {undecided} them"));
    let bug = "judged differently by the two semantics of netverify: a bug, and no verdict";
    say(disagreements, &format!("is {bug}"), &format!("are {bug}"));
    if variants.len() > 1 {
        sentences.push("A property counts once for each variant that it is asked of.".to_owned());
    }
    sentences
}

fn counts(name: String, properties: &[&PropertyReport]) -> Counts {
    let mut counts = Counts { name, all: properties.len(), ..Counts::default() };
    for property in properties {
        let field = match property.standing() {
            Standing::Proved => &mut counts.proved,
            Standing::Waived => &mut counts.waived,
            Standing::Refuted if is_today(property) => &mut counts.today,
            Standing::Refuted => &mut counts.possible,
            Standing::Unknown | Standing::Disagreement => &mut counts.unknown,
        };
        *field += 1;
    }
    counts
}

/// Whether what is declared shows the refutation. Where no flow of many passes, none of today's does.
pub(super) fn is_today(property: &PropertyReport) -> bool {
    match &property.answer {
        AnswerReport::Refuted { counterexample: Some(case), .. } => case.today,
        AnswerReport::Refuted { counterexample: None, .. } => true,
        _ => false,
    }
}

fn by_severity(all: &[&PropertyReport]) -> Vec<Counts> {
    let of = |severity: &PropertySeverity| {
        let those: Vec<_> = all.iter().copied().filter(|property| property.severity == *severity).collect();
        (!those.is_empty()).then(|| counts(severity.name().to_owned(), &those))
    };
    PropertySeverity::ALL.iter().rev().filter_map(of).collect()
}

fn by_variant(all: &[&PropertyReport]) -> Vec<Counts> {
    let several = all.windows(2).any(|pair| matches!(pair, [one, other] if one.spec != other.spec));
    let name = |property: &PropertyReport| {
        let spec = property.spec.clone().filter(|_| several);
        let parts: Vec<String> = [spec, property.variant.clone()].into_iter().flatten().collect();
        parts.join(", ")
    };
    let mut names: Vec<String> = Vec::new();
    for property in all {
        let name = name(property);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |wanted: String| {
        let those: Vec<_> = all.iter().copied().filter(|property| name(property) == wanted).collect();
        counts(wanted, &those)
    };
    names.into_iter().map(of).collect()
}

fn worst(report: &Report, properties: &[Property]) -> Vec<Worst> {
    let both = report.properties.iter().zip(properties);
    let mut refuted: Vec<_> = both.filter(|(one, _)| one.standing() == Standing::Refuted).collect();
    refuted.sort_by_key(|(one, _)| (std::cmp::Reverse(one.severity), !is_today(one)));
    let mut all: Vec<Worst> = Vec::new();
    for (one, property) in refuted {
        let (id, today) = (property.id.clone(), is_today(one));
        let place = Anchor { id, words: property.variant.clone().unwrap_or_else(|| "see".to_owned()) };
        let words = property.diagram.as_ref().map_or_else(|| first(property), |diagram| diagram.words.clone());
        let is_same = |known: &&mut Worst| known.name == one.name && known.words == words && known.today == today;
        match all.iter_mut().find(is_same) {
            Some(known) => known.places.push(place),
            None => all.push(Worst {
                name: one.name.clone(),
                severity: one.severity.name(),
                sentence: one.sentence.clone(),
                places: vec![place],
                words,
                today,
            }),
        }
    }
    all
}

fn first(property: &Property) -> String {
    property.notes.first().map_or(String::new(), |note| note.words.clone())
}
