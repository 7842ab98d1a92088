//! Chains of flows: `no path from S to T`, and the question `is there a path from S to T`.
//!
//! The grammar of sentences calls it, and that of questions.

use super::ast::Form;
use super::cursor::{Cursor, Parse};
use super::endpoint::{Place, sources, targets};
use super::grammar::end;

const NO_PATH: &str = "no path from pods in ml-ops to vector-db:6333";
const IS_THERE: &str = "is there a path from pods in ml-ops to vector-db:6333";

/// Whether a sentence that begins with `no` goes on as one about paths, and is not about a workload called `path`.
pub(super) fn begins(cursor: &Cursor<'_>) -> bool {
    let mut words = cursor.rest().split_whitespace();
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let is = |word: &str, wanted: &[&str]| wanted.iter().any(|one| word.eq_ignore_ascii_case(one));
    is(first, &["path", "paths"]) && !is(second, &["can", "cannot", "or", "and", "except"])
}

/// `path from S to T`, after `no`.
pub(super) fn statement(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = NO_PATH;
    let form = path(cursor)?;
    end(cursor)?;
    Ok(form)
}

/// `a path from S to T`, after `is there`.
pub(super) fn question(cursor: &mut Cursor<'_>) -> Parse<Form> {
    cursor.example = IS_THERE;
    let word = cursor.peek();
    if word.is("no") {
        let message = "a yes to `is there no path` could mean either thing";
        let fault = cursor.fault(word, message, "not clear what yes would mean");
        return Err(fault.help("ask whether there is one: `is there a path from S to T`").into());
    }
    cursor.eat(&["a", "any", "some"]);
    let form = path(cursor)?;
    end(cursor)?;
    Ok(form)
}

fn path(cursor: &mut Cursor<'_>) -> Parse<Form> {
    keyword(cursor, &["path", "paths"])?;
    keyword(cursor, &["from"])?;
    let sources = sources(cursor, true)?;
    keyword(cursor, &["to"])?;
    let targets = targets(cursor, Place { ports: true, and: true })?;
    Ok(Form::Path { sources, targets })
}

/// One of these words, which mean the same; the first is the one to name.
fn keyword(cursor: &mut Cursor<'_>, words: &[&'static str]) -> Parse<()> {
    if cursor.eat(words).is_some() {
        return Ok(());
    }
    let found = cursor.peek();
    let fault = cursor.expected(&format!("`{}`", words.first().copied().unwrap_or_default()));
    if words == ["to"] && found.is_any(&["can", "cannot", "reaches", "reach"]) {
        return Err(fault.help("a path leads `from` one end `to` another: `no path from S to T`").into());
    }
    Err(fault.did_you_mean(found.text, words.iter().copied()).into())
}
