//! The forms of a sentence, by recursive descent over its words.
//!
//! The first word says which form it is, but for `S can reach T`, where the verb does. Only
//! [`super::parse`] calls it.

use super::ast::{EndpointExpr, EndpointKind, Form, Quantifier};
use super::cursor::{Cursor, Parse, Word};
use super::endpoint::{Place, except, outside, sources, targets};
use super::{RESERVED, comparison, is_reserved, path, sets};
use crate::diagnostic::{Diagnostic, closest};
use crate::model::policy::Direction;

/// Every form, for whoever wrote none of them.
pub(super) const FORMS: &str = "a sentence is one of `nothing [outside NAMESPACE | except E] can reach T`, `no S can reach T`, \
     `S cannot reach T`, `only S can reach T`, `every S can reach T`, `some S can reach T`, \
     `no path from S to T`, `every pod in NAMESPACE is isolated for ingress and egress`, and `policy A` with one of `is subsumed by policy B`, \
     `is equivalent to policy B`, `is disjoint from policy B` and `is redundant`, and `policies X` with `permit no more than \
     policies Y` or `are equivalent to policies Y`";

const NOTHING: &str = "nothing outside ai-platform can reach vector-db:6333";
const NO: &str = "no pod in ml-ops can reach vector-db:6333";
const ONLY: &str = "only rag-api or pods with app=backup in ai-platform can reach vector-db:6333";
const SOME: &str = "some pod in ml-ops can reach rag-api:8000";
const EVERY: &str = "every pod in ml-ops can reach rag-api:8000";
const ISOLATED: &str = "every pod in ai-platform is isolated for ingress and egress";

/// One whole sentence.
pub(super) fn sentence(cursor: &mut Cursor<'_>) -> Parse<Form> {
    let first = cursor.peek();
    refuse_other_kinds(cursor, first)?;
    let form = if cursor.eat(&["policy"]).is_some() {
        return comparison::statement(cursor);
    } else if cursor.eat(&["policies"]).is_some() {
        return sets::statement(cursor);
    } else if cursor.eat(&["nothing"]).is_some() {
        nothing(cursor, first)?
    } else if cursor.eat(&["no"]).is_some() {
        if path::begins(cursor) {
            return path::statement(cursor);
        }
        quantified(cursor, Quantifier::None, NO)?
    } else if cursor.eat(&["only"]).is_some() {
        quantified(cursor, Quantifier::Only, ONLY)?
    } else if cursor.eat(&["some"]).is_some() {
        quantified(cursor, Quantifier::Some, SOME)?
    } else {
        statement(cursor, first)?
    };
    end(cursor)?;
    Ok(form)
}

fn refuse_other_kinds(cursor: &Cursor<'_>, first: Word<'_>) -> Parse<()> {
    let whole = Word { text: cursor.peek_chunk().text, start: first.start };
    let second = cursor.text().split_whitespace().nth(1).unwrap_or("");
    let asks_of_sets = first.is_any(&["do", "does"]) && second.eq_ignore_ascii_case("policies");
    if first.is_any(&["can", "is", "are"]) || asks_of_sets {
        let fault = cursor.fault(whole, "this is a question, and a property is a statement", "begins a question");
        return Err(fault.help("write what has to hold: `nothing outside ai-platform can reach vector-db`; `netverify query` answers questions").into());
    }
    if cursor.at_end() {
        return Err(cursor.expected("a sentence").help(FORMS).into());
    }
    Ok(())
}

fn nothing(cursor: &mut Cursor<'_>, first: Word<'_>) -> Parse<Form> {
    cursor.example = NOTHING;
    let kind = outside(cursor)?;
    let sources = EndpointExpr { kind, origin: cursor.since(first.start) };
    let sources = except(cursor, sources)?;
    let what = match sources.kind {
        EndpointKind::Anything => "`outside`, `except` or `can reach`",
        _ => "`can reach`",
    };
    can_reach(cursor, what)?;
    flows(cursor, Quantifier::None, sources)
}

fn quantified(cursor: &mut Cursor<'_>, quantifier: Quantifier, example: &'static str) -> Parse<Form> {
    cursor.example = example;
    let sources = sources(cursor, quantifier != Quantifier::Some)?;
    can_reach(cursor, "`can reach`")?;
    flows(cursor, quantifier, sources)
}

/// `[every] S can reach T`, `S cannot reach T`, `[every] E is isolated for D`.
fn statement(cursor: &mut Cursor<'_>, first: Word<'_>) -> Parse<Form> {
    cursor.example = EVERY;
    let every = cursor.eat(&["every"]).is_some();
    let subject = sources(cursor, true)?;
    if cursor.eat(&["is", "are"]).is_some() {
        return isolated(cursor, subject);
    }
    let negated = cursor.peek();
    if cursor.eat(&["cannot"]).is_some() {
        refuse_not_every(cursor, every, negated)?;
        return reach(cursor).and_then(|()| flows(cursor, Quantifier::None, subject));
    }
    if cursor.eat(&["can"]).is_none() {
        return Err(verb_expected(cursor, first, "`can reach`, `cannot reach` or `is isolated for`"));
    }
    let quantifier = if cursor.eat(&["not"]).is_some() { Quantifier::None } else { Quantifier::Every };
    if quantifier == Quantifier::None {
        refuse_not_every(cursor, every, negated)?;
    }
    reach(cursor)?;
    flows(cursor, quantifier, subject)
}

/// "Every pod cannot" is said of "not every pod can" as well as of "no pod can".
fn refuse_not_every(cursor: &Cursor<'_>, every: bool, verb: Word<'_>) -> Parse<()> {
    if !every {
        return Ok(());
    }
    let fault =
        cursor.fault(verb, "`every ... cannot` could mean `no ...` or `not every ...`", "not clear after `every`");
    Err(fault.help("write `no S can reach T`").into())
}

fn can_reach(cursor: &mut Cursor<'_>, what: &str) -> Parse<()> {
    if cursor.eat(&["can"]).is_some() {
        return reach(cursor);
    }
    let next = cursor.peek();
    if next.is("cannot") {
        let help = "write `S cannot reach T`, or `no S can reach T`";
        return Err(cursor.expected("`can` in a sentence of this form").help(help).into());
    }
    Err(verb_expected(cursor, next, what))
}

pub(super) fn reach(cursor: &mut Cursor<'_>) -> Parse<()> {
    if cursor.eat(&["reach"]).is_some() {
        return Ok(());
    }
    let word = cursor.peek();
    let fault = cursor.expected("`reach`");
    if word.is("not") {
        return Err(fault.help("write `S cannot reach T`, or `no S can reach T`").into());
    }
    Err(fault.did_you_mean(word.text, ["reach"]).into())
}

fn flows(cursor: &mut Cursor<'_>, quantifier: Quantifier, sources: EndpointExpr) -> Parse<Form> {
    let targets = targets(cursor, Place { ports: true, and: quantifier != Quantifier::Some })?;
    Ok(Form::Flows { quantifier, sources, targets })
}

pub(super) fn isolated(cursor: &mut Cursor<'_>, pods: EndpointExpr) -> Parse<Form> {
    cursor.example = ISOLATED;
    keyword(cursor, "isolated")?;
    keyword(cursor, "for")?;
    let mut directions = vec![direction(cursor)?];
    if cursor.eat(&["and"]).is_some() {
        let second = direction(cursor)?;
        if !directions.contains(&second) {
            directions.push(second);
        }
    }
    Ok(Form::Isolated { pods, directions })
}

fn keyword(cursor: &mut Cursor<'_>, word: &'static str) -> Parse<()> {
    if cursor.eat(&[word]).is_some() {
        return Ok(());
    }
    let fault = cursor.expected(&format!("`{word}`"));
    if cursor.peek().is("not") {
        return Err(fault.help("no sentence says that pods are left open; assert that they are isolated").into());
    }
    Err(fault.did_you_mean(cursor.peek().text, [word]).into())
}

fn direction(cursor: &mut Cursor<'_>) -> Parse<Direction> {
    if cursor.eat(&["ingress"]).is_some() {
        Ok(Direction::Ingress)
    } else if cursor.eat(&["egress"]).is_some() {
        Ok(Direction::Egress)
    } else {
        let fault = cursor.expected("`ingress` or `egress`");
        Err(fault.did_you_mean(cursor.peek().text, ["ingress", "egress"]).into())
    }
}

/// The verb is missing or misspelt, or a word before it is.
fn verb_expected(cursor: &Cursor<'_>, first: Word<'_>, what: &str) -> Box<Diagnostic> {
    let found = cursor.peek();
    let mut fault = cursor.expected(what);
    let quantifiers = ["nothing", "no", "only", "every", "some", "anything", "pods", "policy", "policies"];
    if let Some(verb) = closest_verb(found.text, what) {
        return fault.help(format!("did you mean `{verb}`?")).into();
    }
    if !is_reserved(first.text) {
        fault = fault.did_you_mean(first.text, quantifiers.into_iter().filter(|word| word.len() > 3));
    }
    let mut words = cursor.text().split_whitespace();
    let has_verb = words.any(|word| ["can", "cannot", "is", "are"].iter().any(|verb| word.eq_ignore_ascii_case(verb)));
    let fault = if has_verb { fault } else { fault.help(FORMS) };
    fault.into()
}

/// The verb that was meant, among those that can stand here.
fn closest_verb(found: &str, what: &str) -> Option<&'static str> {
    let negated = what.contains("cannot");
    match found.to_lowercase().as_str() {
        "can't" | "cant" | "never" if negated => Some("cannot"),
        "reach" | "reaches" => Some("can reach"),
        "canot" | "cannnot" if !negated => Some("can"),
        found if negated => closest(found, ["cannot", "can", "is", "are"]),
        found => closest(found, ["can", "outside", "except"].into_iter().filter(|word| what.contains(word))),
    }
}

pub(super) fn end(cursor: &Cursor<'_>) -> Parse<()> {
    if cursor.at_end() {
        return Ok(());
    }
    let (next, fault) = (cursor.peek_chunk(), cursor.expected("the end of the sentence"));
    let ports = next.is_any(&["on", "port", "ports", "at", "over"])
        || next.text.starts_with([':', '/', '('])
        || next.text.chars().all(|c| c.is_ascii_digit());
    let fault = if next.is("or") {
        fault.help("for both directions write `ingress and egress`")
    } else if ports {
        fault.help("ports follow the destination without a space: `vector-db:6333`")
    } else {
        fault.did_you_mean(
            next.text,
            RESERVED.iter().copied().filter(|word| ["or", "and", "except", "with"].contains(word)),
        )
    };
    Err(fault.into())
}
