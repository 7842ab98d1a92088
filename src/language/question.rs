//! Questions: the sentences turned round, `can S reach T`, `is E isolated for D`.
//!
//! A question is read as the sentence that answers it: `can S reach T` asks for any such flow, so its
//! sentence is `no S can reach T`, and a refutation is the yes. Only [`super::parse_question`] calls it.

use super::ast::{Form, Quantifier};
use super::cursor::{Cursor, Parse, Word};
use super::endpoint::{Place, sources, targets};
use super::grammar::{end, isolated, reach};

/// Every form, for whoever wrote none of them.
const FORMS: &str =
    "a question is one of `can S reach T`, `can every S reach T` and `is every pod in NAMESPACE isolated for ingress`";

const CAN: &str = "can anything outside ai-platform reach vector-db:6333";
const CAN_EVERY: &str = "can every pod in ml-ops reach rag-api:8000";
const IS: &str = "is every pod in ai-platform isolated for ingress";

/// One whole question.
pub(super) fn question(cursor: &mut Cursor<'_>) -> Parse<Form> {
    let first = cursor.peek();
    let form = if cursor.eat(&["can"]).is_some() {
        can(cursor)?
    } else if cursor.eat(&["is", "are"]).is_some() {
        refuse_policies(cursor)?;
        cursor.example = IS;
        cursor.eat(&["every"]);
        let pods = sources(cursor, true)?;
        isolated(cursor, pods)?
    } else {
        return Err(no_question(cursor, first));
    };
    end(cursor)?;
    Ok(form)
}

fn can(cursor: &mut Cursor<'_>) -> Parse<Form> {
    refuse_nothing(cursor)?;
    cursor.example = CAN;
    let every = cursor.eat(&["every", "all"]).is_some();
    if every {
        cursor.example = CAN_EVERY;
    } else {
        cursor.eat(&["some"]);
    }
    let sources = sources(cursor, every)?;
    reach(cursor)?;
    let targets = targets(cursor, Place { ports: true, and: every })?;
    let quantifier = if every { Quantifier::Every } else { Quantifier::None };
    Ok(Form::Flows { quantifier, sources, targets })
}

/// A yes to "can nothing reach T" could mean either thing.
fn refuse_nothing(cursor: &Cursor<'_>) -> Parse<()> {
    let word = cursor.peek();
    if !word.is_any(&["nothing", "no", "only"]) {
        return Ok(());
    }
    let message = format!("a yes to `can {} ...` could mean either thing", word.text);
    let fault = cursor.fault(word, message, "not clear what yes would mean");
    Err(fault.help("ask who can: `can anything outside ai-platform reach vector-db`").into())
}

fn refuse_policies(cursor: &Cursor<'_>) -> Parse<()> {
    let word = cursor.peek();
    if !word.is_any(&["policy", "policies"]) {
        return Ok(());
    }
    let fault = cursor.fault(word, "this version does not answer questions about policies yet", "a comparison");
    Err(fault.help("ask about flows or pods instead").into())
}

fn no_question(cursor: &Cursor<'_>, first: Word<'_>) -> Box<crate::diagnostic::Diagnostic> {
    let fault = cursor.expected("`can` or `is`").did_you_mean(first.text, ["can", "is"]);
    let statement = cursor.text().split_whitespace().any(|word| ["can", "cannot", "is", "are"].contains(&word));
    let fault = fault.help(FORMS);
    if statement && !first.text.is_empty() {
        return fault.help("to prove a statement use `netverify prove --assert`").into();
    }
    fault.into()
}
