//! The matrix as CSV (RFC 4180): a line for each pair of ends and protocol, written as it comes.

use std::io::{self, Write};

use super::{Cells, MatrixHead, RangesReport};
use crate::model::net::Protocol;
use crate::plain;

/// Writes the whole matrix.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(head: &MatrixHead, cells: &mut Cells<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = head.ends.iter().map(|end| field(&end.name)).collect();
    writeln!(out, "from,to,protocol,ports,if_address")?;
    cells.each(&mut |from, to, (_, cell)| {
        let name = |end: usize| names.get(end).map_or("", String::as_str);
        for one in &cell.allowed {
            let (protocol, hanging) = (one.protocol, ports(&cell.if_address, one.protocol));
            let allowed = ports(&cell.allowed, protocol);
            writeln!(out, "{},{},{protocol},{},{}", name(from), name(to), field(&allowed), field(&hanging))?;
        }
        Ok(())
    })
}

/// `80 443 8000-8100`.
fn ports(all: &[RangesReport], protocol: Protocol) -> String {
    let of_protocol = all.iter().filter(|one| one.protocol == protocol).flat_map(|one| &one.ports);
    let range = |[first, last]: &[u16; 2]| if first == last { first.to_string() } else { format!("{first}-{last}") };
    of_protocol.map(range).collect::<Vec<_>>().join(" ")
}

/// One field. A spreadsheet takes what begins with one of these for a formula and runs it: an apostrophe
/// makes it text.
fn field(text: &str) -> String {
    let text = plain::line(text);
    let safe = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.into_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_one_field_and_no_formula() {
        assert_eq!(field("shop/web"), "shop/web");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("@SUM(1,2)"), "\"'@SUM(1,2)\"");
        assert_eq!(field("a\nb"), "a b");
    }
}
