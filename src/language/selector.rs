//! Label selectors in Kubernetes' own syntax: `app=web,tier in (a, b),!legacy` (R10 to R13).
//!
//! Reads what `kubectl get -l` reads but for `<` and `>`, which no policy has. Keys and values must
//! be legal (V3): a selector that no legal label can match is a slip of the pen. The grammar of
//! endpoints and the reader of specs call it.

use super::cursor::{Cursor, Parse, Word, shorten};
use crate::diagnostic::Diagnostic;
use crate::model::selector::{LabelSelector, Operator, Requirement};

const KEY: &str = "a label key";

/// Requirements joined by commas.
pub(super) fn selector(cursor: &mut Cursor<'_>) -> Parse<LabelSelector> {
    let mut requirements = vec![requirement(cursor)?];
    while cursor.rest().trim_start().starts_with(',') {
        cursor.skip_space();
        cursor.eat_glued(",");
        requirements.push(requirement(cursor)?);
    }
    Ok(LabelSelector { requirements })
}

fn requirement(cursor: &mut Cursor<'_>) -> Parse<Requirement> {
    cursor.skip_space();
    if cursor.eat_glued("!") {
        let key = key(cursor)?;
        return Ok(Requirement { key, operator: Operator::DoesNotExist });
    }
    let key = key(cursor)?;
    let operator = operator(cursor)?;
    Ok(Requirement { key, operator })
}

fn key(cursor: &mut Cursor<'_>) -> Parse<String> {
    // After a comma too many the verb follows, and would pass for a key.
    let verb = cursor.peek().is_any(&["can", "cannot"]);
    let word = cursor.take_while(|c| in_a_word(c) && !verb);
    if word.text.is_empty() {
        return Err(cursor.expected(KEY).help("a selector is written `app=web,tier in (a, b),!legacy`").into());
    }
    match bad_key(word.text) {
        None => Ok(word.text.to_owned()),
        Some(why) => Err(illegal(cursor, word, "label key", why)),
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Parse<Operator> {
    if let Some((sign, spaced)) = sign(cursor) {
        // `app = web` is one requirement, but in `app= in shop` the value is empty.
        if spaced {
            cursor.skip_space();
        }
        let value = vec![value(cursor)?];
        return Ok(if sign == "!=" { Operator::NotIn(value) } else { Operator::In(value) });
    }
    let word = cursor.take_peeked_list_operator();
    match word {
        Some("in") => Ok(Operator::In(values(cursor)?)),
        Some(_) => Ok(Operator::NotIn(values(cursor)?)),
        None => refuse_other_signs(cursor).map(|()| Operator::Exists),
    }
}

/// Takes `=`, `==` or `!=`, and says whether white space stood before it.
fn sign(cursor: &mut Cursor<'_>) -> Option<(&'static str, bool)> {
    let spaced = !cursor.glued('=') && !cursor.glued('!');
    let found = ["==", "!=", "="].into_iter().find(|sign| cursor.rest().trim_start().starts_with(sign))?;
    cursor.skip_space();
    cursor.eat_glued(found);
    Some((found, spaced))
}

impl<'t> Cursor<'t> {
    /// Takes `in` or `notin` where a list of values follows: `in` is also what precedes a namespace.
    fn take_peeked_list_operator(&mut self) -> Option<&'t str> {
        let rest = self.rest().trim_start();
        let word = ["in", "notin"].into_iter().find_map(|name| {
            let after = rest.strip_prefix(name)?;
            (after.trim_start().starts_with('(') || (name == "notin" && after.starts_with(char::is_whitespace)))
                .then_some(name)
        })?;
        self.skip_space();
        let taken = self.take_while(|c| c.is_ascii_lowercase());
        (taken.text == word).then_some(taken.text)
    }
}

fn refuse_other_signs(cursor: &Cursor<'_>) -> Parse<()> {
    let next = cursor.rest().trim_start();
    if !next.starts_with(['<', '>', '(', ')', '!']) {
        return Ok(());
    }
    let fault = cursor.expected("`=`, `!=`, `in (...)`, `notin (...)` or a comma after a label key");
    Err(fault.help("policies compare labels with =, !=, in and notin only").into())
}

fn values(cursor: &mut Cursor<'_>) -> Parse<Vec<String>> {
    cursor.skip_space();
    if !cursor.eat_glued("(") {
        return Err(cursor.expected("`(`").help("values are listed in brackets: `tier notin (a, b)`").into());
    }
    let mut values = Vec::new();
    loop {
        cursor.skip_space();
        values.push(value(cursor)?);
        cursor.skip_space();
        if cursor.eat_glued(")") {
            break;
        }
        if !cursor.eat_glued(",") {
            return Err(cursor.expected("`,` or `)` in the list of values").into());
        }
    }
    if values == [""] {
        let help = "write at least one value: `tier in (a, b)`";
        return Err(cursor.expected("a value before `)`").help(help).into());
    }
    Ok(values)
}

fn value(cursor: &mut Cursor<'_>) -> Parse<String> {
    let word = cursor.take_while(in_a_word);
    match bad_value(word.text) {
        None => Ok(word.text.to_owned()),
        Some(why) => Err(illegal(cursor, word, "label value", why)),
    }
}

/// Takes in more than is legal, so that the message is about the whole word.
fn in_a_word(c: char) -> bool {
    !c.is_whitespace() && !",=!():<>".contains(c)
}

fn illegal(cursor: &Cursor<'_>, word: Word<'_>, what: &str, why: &str) -> Box<Diagnostic> {
    let message = format!("`{}` is not a {what}: {why}", shorten(word.text));
    cursor.fault(word, message, why).into()
}

/// Why this is no label key, if it is none (V3).
pub(crate) fn bad_key(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    match prefix {
        Some(prefix) if prefix.len() > 253 || !prefix.split('.').all(is_dns_part) => {
            Some("the part before `/` is a lower-case DNS name")
        }
        _ if name.is_empty() => Some("a name must follow the `/`"),
        _ => bad_value(name),
    }
}

/// Why this is no label value, if it is none (V3). The empty value is one.
fn bad_value(value: &str) -> Option<&'static str> {
    let ends = |c: char| c.is_ascii_alphanumeric();
    if value.is_empty() {
        None
    } else if value.len() > 63 {
        Some("it is longer than 63 characters")
    } else if !value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        Some("letters, digits, `-`, `_` and `.` are allowed")
    } else if !value.starts_with(ends) || !value.ends_with(ends) {
        Some("it must begin and end with a letter or digit")
    } else {
        None
    }
}

/// A DNS-1123 label, but for its length.
fn is_dns_part(part: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.chars().all(|c| legal(c) || c == '-') && part.starts_with(legal) && part.ends_with(legal)
}

/// Whether this can be the name of a namespace (V2).
pub(crate) fn is_namespace_name(name: &str) -> bool {
    name.len() <= 63 && is_dns_part(name)
}
