//! The ports after a destination: `:6333`, `:8000-8100,http`, `:53/UDP,53/TCP`, `:*/UDP`.
//!
//! A `/PROTOCOL` stands for all items before it that have none; what has none in the end is TCP,
//! as in a manifest (R25). Only the grammar calls it.

use super::ast::{PortExpr, PortWord};
use super::cursor::{Cursor, Parse, Word, shorten};
use crate::diagnostic::Diagnostic;
use crate::model::net::Protocol;

const HELP: &str = "ports are written `:6333`, `:6333,6334`, `:8000-8100`, `:http`, `:53/UDP` or `:*/UDP`";

/// The ports, where a `:` follows at once; none otherwise.
pub(super) fn ports(cursor: &mut Cursor<'_>) -> Parse<Vec<PortExpr>> {
    if cursor.eat_glued(":") { items(cursor) } else { Ok(Vec::new()) }
}

/// The ports themselves, at least one.
pub(super) fn items(cursor: &mut Cursor<'_>) -> Parse<Vec<PortExpr>> {
    let mut items = vec![item(cursor)?];
    while cursor.eat_glued(",") {
        cursor.skip_space();
        items.push(item(cursor)?);
    }
    spread_protocols(&mut items);
    Ok(items)
}

/// Gives each item the protocol of the next item that has one.
fn spread_protocols(items: &mut [PortExpr]) {
    let mut next = None;
    for item in items.iter_mut().rev() {
        item.protocol = item.protocol.or(next);
        next = item.protocol;
    }
}

fn item(cursor: &mut Cursor<'_>) -> Parse<PortExpr> {
    let word = cursor.take_while(|c| !c.is_whitespace() && c != ',');
    let (ports, protocol) = match word.text.split_once('/') {
        Some((ports, protocol)) => (ports, Some(protocol)),
        None => (word.text, None),
    };
    if ports.is_empty() {
        let fault = if word.text.is_empty() { cursor.expected("a port") } else { wrong(cursor, word, "no port") };
        return Err(fault.help(HELP).into());
    }
    let ports = port(ports).map_err(|why| wrong(cursor, word, &why).help(HELP))?;
    let protocol = match protocol {
        Some(name) => Some(protocol_named(cursor, word, name)?),
        None => None,
    };
    Ok(PortExpr { ports, protocol, origin: cursor.origin(word.start, word.start + word.text.len()) })
}

fn wrong(cursor: &Cursor<'_>, word: Word<'_>, why: &str) -> Diagnostic {
    cursor.fault(word, format!("`{}` is not a port: {why}", shorten(word.text)), why)
}

fn protocol_named(cursor: &Cursor<'_>, word: Word<'_>, name: &str) -> Parse<Protocol> {
    if let Some(protocol) = Protocol::from_name(&name.to_ascii_uppercase()) {
        return Ok(protocol);
    }
    let at = Word { text: name, start: word.start + word.text.len() - name.len() };
    let message = format!("`{}` is not a protocol that policies speak about", shorten(name));
    let fault = cursor.fault(at, message, "expected TCP, UDP or SCTP");
    Err(fault.did_you_mean(name, ["TCP", "UDP", "SCTP"]).help(HELP).into())
}

fn port(text: &str) -> Result<PortWord, String> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match text.split_once('-') {
        _ if text == "*" => Ok(PortWord::Any),
        _ if digits(text) => number(text).map(|port| PortWord::Range(port, port)),
        Some((first, last)) if digits(first) && digits(last) => range(number(first)?, number(last)?),
        _ => name(text),
    }
}

fn number(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("a port is a number from 1 to 65535".to_owned()),
    }
}

fn range(first: u16, last: u16) -> Result<PortWord, String> {
    if first <= last {
        return Ok(PortWord::Range(first, last));
    }
    Err(format!("the range ends before it begins; write `{last}-{first}`"))
}

/// The name of a container port (V42).
fn name(text: &str) -> Result<PortWord, String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let why = if text.ends_with('.') {
        "a sentence ends without a full stop"
    } else if !text.chars().all(legal) || !text.contains(|c: char| c.is_ascii_lowercase()) {
        "it is neither a number nor a port's name (lower-case letters, digits and `-`)"
    } else if text.len() > 15 {
        "a port's name has at most 15 characters"
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        "a port's name has no `-` at its ends and no `--`"
    } else {
        return Ok(PortWord::Named(text.to_owned()));
    };
    Err(why.to_owned())
}
