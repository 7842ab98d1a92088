//! One end of one flow: an endpoint as in a sentence, or a plain address, with its ports.
//!
//! Only [`super::parse_end`] calls it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ast::{EndpointExpr, EndpointKind, Target};
use super::cursor::{Cursor, Parse, Word};
use super::endpoint::primary;
use super::ports::ports;

/// One end and its ports, to the end of the text.
pub(super) fn end(cursor: &mut Cursor<'_>) -> Parse<Target> {
    let start = cursor.peek_chunk().start;
    let endpoint = match address(cursor) {
        Some(address) => EndpointExpr { kind: EndpointKind::Cidr(IpNet::from(address)), origin: cursor.since(start) },
        None => primary(cursor)?,
    };
    let ports = ports(cursor)?;
    if cursor.at_end() {
        return Ok(Target { endpoint, ports });
    }
    let joined = cursor.peek().is_any(&["or", "and", "except"]);
    let fault = cursor.expected("the end of the text");
    Err(if joined { fault.help("one flow has one source and one destination; explain them one by one") } else { fault }
        .into())
}

/// An address, if one stands here; IPv6 stands in brackets before ports.
fn address(cursor: &mut Cursor<'_>) -> Option<IpAddr> {
    let chunk = cursor.peek_chunk();
    let bracketed = || {
        let inner = chunk.text.strip_prefix('[')?.split(']').next()?;
        let whole = chunk.text.get(..inner.len() + 2)?;
        Some((Word { text: whole, ..chunk }, inner))
    };
    let plain = || if chunk.text.matches(':').count() > 1 { chunk } else { cursor.peek() };
    let (word, inner) = bracketed().unwrap_or_else(|| (plain(), plain().text));
    let address = inner.parse().ok()?;
    cursor.take(word);
    Some(address)
}
