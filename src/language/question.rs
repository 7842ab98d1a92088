//! Questions: the sentences turned round, `can S reach T`, `is E isolated for D`, `is policy A redundant`.
//!
//! A question is read as the sentence that answers it, and which answer to that is the yes: `can S reach
//! T` asks for any such flow, so its sentence is `no S can reach T`, and a refutation is the yes. Only [`super::parse_question`] calls it.

use super::ast::{Form, Quantifier};
use super::cursor::{Cursor, Parse, Word};
use super::endpoint::{Place, sources, targets};
use super::grammar::{end, isolated, reach};
use super::{Yes, comparison, path, sets};

/// Every form, for whoever wrote none of them.
const FORMS: &str = "a question is one of `can S reach T`, `can every S reach T`, `can only S reach T`, \
     `is there a path from S to T`, `is every pod in NAMESPACE isolated for ingress`, `is policy A` with one of `subsumed by policy B`, `equivalent to policy B`, \
     `disjoint from policy B` and `redundant`, `do policies X permit no more than policies Y` and `are policies X equivalent to policies Y`";

const CAN: &str = "can anything outside ai-platform reach vector-db:6333";
const CAN_EVERY: &str = "can every pod in ml-ops reach rag-api:8000";
const CAN_ONLY: &str = "can only rag-api or pods with app=backup in ai-platform reach vector-db:6333";
const IS: &str = "is every pod in ai-platform isolated for ingress";

/// One whole question: the sentence behind it, and which answer to that sentence is the yes.
pub(super) fn question(cursor: &mut Cursor<'_>) -> Parse<(Form, Yes)> {
    let first = cursor.peek();
    let (form, yes) = if cursor.eat(&["can"]).is_some() {
        can(cursor)?
    } else if cursor.eat(&["do"]).is_some() {
        return do_policies(cursor).map(|form| (form, Yes::Proved));
    } else if cursor.eat(&["is", "are"]).is_some() {
        if cursor.eat(&["policy"]).is_some() {
            return comparison::question(cursor).map(|form| (form, Yes::Proved));
        }
        if cursor.eat(&["policies"]).is_some() {
            return sets::are_they(cursor).map(|form| (form, Yes::Proved));
        }
        if cursor.eat(&["there"]).is_some() {
            return path::question(cursor).map(|form| (form, Yes::Refuted));
        }
        cursor.example = IS;
        cursor.eat(&["every"]);
        let pods = sources(cursor, true)?;
        (isolated(cursor, pods)?, Yes::Proved)
    } else {
        return Err(no_question(cursor, first));
    };
    end(cursor)?;
    Ok((form, yes))
}

fn do_policies(cursor: &mut Cursor<'_>) -> Parse<Form> {
    if cursor.eat(&["policies"]).is_none() {
        return Err(cursor.expected("`policies`").did_you_mean(cursor.peek().text, ["policies"]).into());
    }
    sets::do_they(cursor)
}

fn can(cursor: &mut Cursor<'_>) -> Parse<(Form, Yes)> {
    refuse_nothing(cursor)?;
    let (quantifier, yes) = if cursor.eat(&["every", "all"]).is_some() {
        cursor.example = CAN_EVERY;
        (Quantifier::Every, Yes::Proved)
    } else if cursor.eat(&["only"]).is_some() {
        cursor.example = CAN_ONLY;
        (Quantifier::Only, Yes::Proved)
    } else {
        cursor.example = CAN;
        cursor.eat(&["some"]);
        (Quantifier::None, Yes::Refuted)
    };
    let every = quantifier == Quantifier::Every;
    let sources = sources(cursor, every)?;
    reach(cursor)?;
    let targets = targets(cursor, Place { ports: true, and: every })?;
    Ok((Form::Flows { quantifier, sources, targets }, yes))
}

/// A yes to "can nothing reach T" could mean either thing.
fn refuse_nothing(cursor: &Cursor<'_>) -> Parse<()> {
    let word = cursor.peek();
    if !word.is_any(&["nothing", "no"]) {
        return Ok(());
    }
    let message = format!("a yes to `can {} ...` could mean either thing", word.text);
    let fault = cursor.fault(word, message, "not clear what yes would mean");
    Err(fault.help("ask who can: `can anything outside ai-platform reach vector-db`").into())
}

fn no_question(cursor: &Cursor<'_>, first: Word<'_>) -> Box<crate::diagnostic::Diagnostic> {
    let fault = cursor.expected("`can`, `is`, `are` or `do`").did_you_mean(first.text, ["can", "is", "are", "do"]);
    let statement = cursor.text().split_whitespace().any(|word| ["can", "cannot", "is", "are"].contains(&word));
    let fault = fault.help(FORMS);
    if statement && !first.text.is_empty() {
        return fault.help("to prove a statement use `netverify prove --assert`").into();
    }
    fault.into()
}
