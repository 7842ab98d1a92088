//! Blocks of addresses: `10.0.0.0/8`, `fd00::/8`, and `[fd00::/8]` where ports follow.
//!
//! What looks like an address is one, or a fault: it is never taken for a name. Only the grammar of
//! endpoints calls it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::cursor::{Cursor, Parse, Word, shorten};
use crate::diagnostic::Diagnostic;

/// The block, if one stands here.
pub(super) fn block(cursor: &mut Cursor<'_>) -> Parse<Option<IpNet>> {
    let chunk = cursor.peek_chunk();
    let Some(word) = written(cursor, chunk) else { return Ok(None) };
    let inner = word.text.trim_start_matches('[').trim_end_matches(']');
    let closed = word.text.starts_with('[') == word.text.ends_with(']');
    match inner.parse::<IpNet>() {
        Ok(net) if closed => {
            cursor.take(word);
            Ok(Some(net))
        }
        _ => Err(no_block(cursor, word, inner)),
    }
}

/// The part of the chunk that is written like a block: in brackets, with the colons of IPv6, or
/// with the dots of IPv4.
fn written<'t>(cursor: &Cursor<'t>, chunk: Word<'t>) -> Option<Word<'t>> {
    if chunk.text.starts_with('[') {
        let end = chunk.text.find(']').map_or(chunk.text.len(), |at| at + 1);
        return chunk.text.get(..end).map(|text| Word { text, ..chunk });
    }
    let word = cursor.peek();
    let all =
        |text: &str, more: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit() || more.contains(c));
    if chunk.text.matches(':').count() >= 2 && all(chunk.text, ":./") {
        return Some(chunk);
    }
    let first = word.text.split('/').next().unwrap_or("");
    let dotted = first.contains('.') && first.chars().all(|c| c.is_ascii_digit() || c == '.');
    dotted.then_some(word)
}

fn no_block(cursor: &Cursor<'_>, word: Word<'_>, inner: &str) -> Box<Diagnostic> {
    let message = format!("`{}` is not a block of addresses", shorten(word.text));
    let fault = cursor.fault(word, message, "expected ADDRESS/PREFIX");
    if let Ok(address) = inner.parse::<IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return fault.help(format!("one address is the block `{address}/{bits}`")).into();
    }
    if let Some((net, ports)) = inner.rsplit_once(':').filter(|(net, _)| net.parse::<IpNet>().is_ok()) {
        return fault.help(format!("before ports an IPv6 block stands in brackets: `[{net}]:{ports}`")).into();
    }
    fault.help("write `10.0.0.0/8` or `fd00::/8`, and `[fd00::/8]:443` with ports").into()
}
