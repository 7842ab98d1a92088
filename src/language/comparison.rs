//! Sentences about policies: `policy A is subsumed by policy B or policy C`.
//!
//! A policy may bear any name, also that of a word of the language, so what follows `policy` is always
//! a name. Only the grammar calls it.

use super::ast::{Form, Name, Relation};
use super::cursor::{Cursor, Parse};
use crate::diagnostic::Diagnostic;

const SUBSUMED: &str = "policy shop/orders-db is subsumed by policy default-deny or policy shop/db";
const EQUIVALENT: &str = "policy shop/web is equivalent to policy shop/front";
const DISJOINT: &str = "policy shop/web is disjoint from policy shop/db";

/// The words of the relations, each with the one that follows it.
const RELATIONS: [(&str, &str, Relation); 3] = [
    ("subsumed", "by", Relation::SubsumedBy),
    ("equivalent", "to", Relation::EquivalentTo),
    ("disjoint", "from", Relation::DisjointFrom),
];

/// The rest of a sentence whose first word was `policy`.
pub(super) fn statement(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = SUBSUMED;
    refuse_missing_name(cursor)?;
    let policy = name(cursor)?;
    if cursor.eat(&["is"]).is_none() {
        let fault = cursor.expected("`is`");
        return Err(fault.help("policies are compared: `policy A is subsumed by policy B`").into());
    }
    rest(cursor, policy)
}

/// The rest of a question whose first words were `is policy`.
pub(super) fn question(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = "is policy shop/orders-db subsumed by policy default-deny or policy shop/db";
    let policy = name(cursor)?;
    rest(cursor, policy)
}

/// How the policy compares with which others.
fn rest(cursor: &mut Cursor<'_>, policy: Name) -> Parse<Form> {
    let relation = relation(cursor)?;
    let others = match relation {
        Relation::Redundant => Vec::new(),
        _ => others(cursor)?,
    };
    end(cursor, relation, others.len())?;
    Ok(Form::Compared { relation, policy, others })
}

fn relation(cursor: &mut Cursor<'_>) -> Parse<Relation> {
    if cursor.eat(&["redundant"]).is_some() {
        return Ok(Relation::Redundant);
    }
    let Some((_, second, relation)) = RELATIONS.into_iter().find(|(first, ..)| cursor.eat(&[first]).is_some()) else {
        let fault = cursor.expected("`subsumed by`, `equivalent to`, `disjoint from` or `redundant`");
        if cursor.peek().is("not") {
            return Err(fault.help("no sentence denies a comparison; assert what holds").into());
        }
        let words = RELATIONS.map(|(first, ..)| first).into_iter().chain(["redundant"]);
        return Err(fault.did_you_mean(cursor.peek().text, words).into());
    };
    cursor.example = match relation {
        Relation::EquivalentTo => EQUIVALENT,
        Relation::DisjointFrom => DISJOINT,
        Relation::SubsumedBy | Relation::Redundant => SUBSUMED,
    };
    if cursor.eat(&[second]).is_none() {
        return Err(cursor.expected(&format!("`{second}`")).did_you_mean(cursor.peek().text, [second]).into());
    }
    Ok(relation)
}

/// `policy B`, `policy B or policy C`.
fn others(cursor: &mut Cursor<'_>) -> Parse<Vec<Name>> {
    let mut others = Vec::new();
    loop {
        if cursor.eat(&["policy"]).is_none() {
            let fault = cursor.expected("`policy`");
            return Err(fault.help("every policy is written `policy NAME` or `policy NAMESPACE/NAME`").into());
        }
        cursor.count_endpoint()?;
        others.push(name(cursor)?);
        if cursor.eat(&["or"]).is_none() {
            return Ok(others);
        }
    }
}

/// `policy is redundant`: the verb, and no name before it.
fn refuse_missing_name(cursor: &Cursor<'_>) -> Parse<()> {
    let mut words = cursor.rest().split_whitespace();
    let is_verb = |word: Option<&str>| word.is_some_and(|word| word.eq_ignore_ascii_case("is"));
    if is_verb(words.next()) && !is_verb(words.next()) { Err(name_expected(cursor)) } else { Ok(()) }
}

fn name_expected(cursor: &Cursor<'_>) -> Box<Diagnostic> {
    cursor.expected("the name of a policy").help("write `policy NAMESPACE/NAME`").into()
}

/// Whatever stands here up to white space.
fn name(cursor: &mut Cursor<'_>) -> Parse<Name> {
    let word = cursor.peek_chunk();
    if word.text.is_empty() {
        return Err(name_expected(cursor));
    }
    cursor.take(word);
    Ok(Name { text: word.text.to_owned(), origin: cursor.since(word.start) })
}

fn end(cursor: &Cursor<'_>, relation: Relation, others: usize) -> Parse<()> {
    if others > 1 && relation != Relation::SubsumedBy {
        let fault = cursor.fault(cursor.peek_chunk(), "this comparison is with one policy", "after a second policy");
        return Err(fault.help("write one sentence for each").into());
    }
    if cursor.at_end() {
        return Ok(());
    }
    let fault = cursor.expected("the end of the sentence");
    let help = match relation {
        _ if !cursor.peek().is("and") => return Err(fault.did_you_mean(cursor.peek().text, ["or"]).into()),
        Relation::SubsumedBy => "several policies subsume one together: write `or`",
        _ => "write one sentence for each",
    };
    Err(fault.help(help).into())
}
