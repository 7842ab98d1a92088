//! CIDRs as the API server reads them (R20, R21, R23, V50): host bits and leading zeros are accepted
//! with a warning. Called by `policy` only.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use k8s_openapi::api::networking::v1::IPBlock;

use super::place::{Context, Place};
use crate::diagnostic::Code;
use crate::model::net::IpBlock;

/// An `ipBlock`; `None` where its `cidr` is not one.
pub fn ip_block(block: &IPBlock, place: &Place<'_>, context: &Context<'_>) -> Option<IpBlock> {
    let at = place.key("cidr");
    if block.cidr.is_empty() {
        context.missing(&at, "is missing or empty: write a block such as 10.0.0.0/8");
    }
    let cidr = if block.cidr.is_empty() { None } else { cidr(&block.cidr, &at, context) };
    let list = place.key("except");
    let mut except = Vec::new();
    for (index, text) in block.except.iter().flatten().enumerate() {
        let at = list.item(index);
        let Some(inner) = self::cidr(text, &at, context) else { continue };
        match cidr {
            Some(outer) if !strictly_inside(inner, outer) => {
                let problem = format_args!("must be a smaller block inside {outer}, and this is {inner}");
                context.invalid(&at, problem).help("an exception outside the block, or equal to it, says nothing");
            }
            _ => except.push(inner),
        }
    }
    cidr.map(|cidr| IpBlock { cidr, except })
}

fn strictly_inside(inner: IpNet, outer: IpNet) -> bool {
    outer.contains(&inner) && inner.prefix_len() > outer.prefix_len()
}

/// A masked block (R23).
fn cidr(text: &str, place: &Place<'_>, context: &Context<'_>) -> Option<IpNet> {
    let Some(net) = parse(text) else {
        let refusal = context
            .invalid(place, format_args!("must be a block such as 10.0.0.0/8 or fd00::/8, and this is `{text}`"));
        if let Ok(address) = text.parse::<IpAddr>() {
            refusal.help(format!("for this one address write {address}/{}", if address.is_ipv4() { 32 } else { 128 }));
        }
        return None;
    };
    let Some(plain) = unmapped(net) else {
        let problem =
            format_args!("holds IPv4 addresses written as IPv6 and others, and network plugins differ on it: `{text}`");
        context.invalid(place, problem).help("write the IPv4 and the IPv6 part as two blocks");
        return None;
    };
    let masked = plain.trunc();
    if masked != plain {
        let problem = format_args!("has bits set below its prefix: `{text}` is read as {masked}");
        let warning = context.invalid(place, problem).warning(Code::HostBits);
        warning.note("Newer API servers warn about this or refuse it.").help(format!("write {masked}"));
    } else if plain != net {
        let problem = format_args!("is an IPv4 block written as IPv6: `{text}` is read as {masked}");
        context.invalid(place, problem).warning(Code::InvalidValue).help(format!("write {masked}"));
    }
    Some(masked)
}

/// A block as Go parses it: decimal octets may have leading zeros.
fn parse(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/')?;
    let digits = !length.is_empty() && length.len() <= 3 && length.chars().all(|c| c.is_ascii_digit());
    let length = length.parse().ok().filter(|_| digits)?;
    let address = address.parse::<IpAddr>().ok().or_else(|| octets(address))?;
    IpNet::new(address, length).ok()
}

fn octets(address: &str) -> Option<IpAddr> {
    let strip = |octet: &str| octet.chars().all(|c| c.is_ascii_digit()).then(|| octet.parse::<u8>().ok()).flatten();
    let octets: Option<Vec<u8>> = address.split('.').map(strip).collect();
    let octets: [u8; 4] = octets?.try_into().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(octets)))
}

/// The IPv4 block that an IPv4-mapped block stands for (Go treats the two alike), or the block
/// itself. `None` for a block that holds mapped addresses among others: no reading of it is safe.
fn unmapped(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = net else { return Some(net) };
    match v6.addr().to_ipv4_mapped() {
        None => Some(net),
        Some(v4) => Ipv4Net::new(v4, v6.prefix_len().checked_sub(96)?).ok().map(IpNet::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_go_reads_them() {
        let show = |text: &str| parse(text).and_then(unmapped).map(|net| net.to_string());
        assert_eq!(show("010.0.0.0/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(show("::ffff:10.0.0.0/104").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(show("fd00::/8").as_deref(), Some("fd00::/8"));
        for bad in
            ["10.0.0.0", "10.0.0.0/33", " 10.0.0.0/8", "10.0.0/8", "10.0.0.0/+8", "::ffff:0:0/90", "a/8", "256.0.0.0/8"]
        {
            assert_eq!(show(bad), None, "{bad}");
        }
    }
}
