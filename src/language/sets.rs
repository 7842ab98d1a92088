//! Sentences about sets of policies: `policies X permit no more than policies Y`.
//!
//! A set is named by the path that it is read from: a file, a folder or a glob, in quotes where it holds
//! white space. Reading it is the business of whoever called the parser. Only the grammar calls this.

use super::ast::{Form, Name};
use super::cursor::{Cursor, Parse, Word};
use crate::diagnostic::Diagnostic;
use crate::model::algebra::SetRelation;

const NO_MORE: &str = "policies overlays/prod permit no more than policies overlays/staging";
const EQUIVALENT: &str = "policies overlays/prod are equivalent to policies overlays/staging";

/// The rest of a sentence whose first word was `policies`.
pub(super) fn statement(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = NO_MORE;
    let one = path(cursor)?;
    let relation = if cursor.eat(&["are"]).is_some() {
        cursor.example = EQUIVALENT;
        words(cursor, &["equivalent", "to"])?;
        SetRelation::Equivalent
    } else if cursor.peek().is("permit") {
        words(cursor, &PERMIT)?;
        SetRelation::NoMore
    } else {
        return Err(relation_expected(cursor));
    };
    rest(cursor, relation, one)
}

/// The rest of a question whose first words were `do policies`.
pub(super) fn do_they(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = "do policies overlays/prod permit no more than policies overlays/staging";
    let one = path(cursor)?;
    words(cursor, &PERMIT)?;
    rest(cursor, SetRelation::NoMore, one)
}

/// The rest of a question whose first words were `are policies`.
pub(super) fn are_they(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = "are policies overlays/prod equivalent to policies overlays/staging";
    let one = path(cursor)?;
    words(cursor, &["equivalent", "to"])?;
    rest(cursor, SetRelation::Equivalent, one)
}

const PERMIT: [&str; 4] = ["permit", "no", "more", "than"];

fn rest(cursor: &mut Cursor<'_>, relation: SetRelation, one: Name) -> Parse<Form> {
    words(cursor, &["policies"])?;
    let other = path(cursor)?;
    if !cursor.at_end() {
        let fault = cursor.expected("the end of the sentence");
        return Err(fault
            .help("a set is one path: a file, a folder or a glob, in quotes where it holds spaces")
            .into());
    }
    Ok(Form::Sets { relation, one, other })
}

/// These words, one after the other.
fn words(cursor: &mut Cursor<'_>, words: &[&'static str]) -> Parse<()> {
    for word in words {
        if cursor.eat(&[word]).is_none() {
            let fault = cursor.expected(&format!("`{word}`")).did_you_mean(cursor.peek().text, [*word]);
            return Err(fault.into());
        }
    }
    Ok(())
}

fn relation_expected(cursor: &Cursor<'_>) -> Box<Diagnostic> {
    let fault = cursor.expected("`permit no more than` or `are equivalent to`");
    let fault = match cursor.peek().text.to_lowercase().as_str() {
        "permits" => fault.help("write `permit`: `policies X permit no more than policies Y`"),
        "is" => fault.help("write `are`: `policies X are equivalent to policies Y`"),
        "and" | "or" => fault.help("a set is one path: a file, a folder or a glob"),
        found => fault.did_you_mean(found, ["permit", "are"]),
    };
    fault.into()
}

/// A path up to white space, or one in quotes.
fn path(cursor: &mut Cursor<'_>) -> Parse<Name> {
    cursor.skip_space();
    let chunk = cursor.peek_chunk();
    if let Some(quote) = chunk.text.chars().next().filter(|first| ['\'', '"'].contains(first)) {
        return quoted(cursor, chunk, quote);
    }
    if chunk.text.is_empty() || chunk.is_any(&["permit", "are", "equivalent"]) {
        return Err(path_expected(cursor));
    }
    cursor.take(chunk);
    Ok(Name { text: chunk.text.to_owned(), origin: cursor.since(chunk.start) })
}

fn quoted(cursor: &mut Cursor<'_>, chunk: Word<'_>, quote: char) -> Parse<Name> {
    let mark = quote.to_string();
    cursor.eat_glued(&mark);
    let inner = cursor.take_while(|c| c != quote);
    if !cursor.eat_glued(&mark) {
        return Err(cursor.fault(chunk, "the quotes around this path are not closed", "opened here").into());
    }
    if inner.text.is_empty() {
        return Err(cursor.fault(chunk, "this path is empty", "no path").into());
    }
    Ok(Name { text: inner.text.to_owned(), origin: cursor.since(chunk.start) })
}

fn path_expected(cursor: &Cursor<'_>) -> Box<Diagnostic> {
    let fault = cursor.expected("the path of a set of policies");
    fault.help("name a file, a folder or a glob; one that is called like a word of the sentence goes in quotes").into()
}
