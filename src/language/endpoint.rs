//! Endpoints and lists of them: who may be at an end of a flow.
//!
//! `except` and `outside` take in everything that follows them, so that no sentence can be read in
//! two ways. The grammar of sentences calls it, and the reader of `[endpoints]`.

use super::ast::{EndpointExpr, EndpointKind, Name, Scope, Target};
use super::cursor::{Cursor, Parse, Word, shorten};
use super::ports::ports;
use super::selector::{is_namespace_name, selector};
use super::{address, is_reserved};
use crate::diagnostic::Diagnostic;
use crate::model::selector::LabelSelector;

const AN_ENDPOINT: &str = "an endpoint";
const ENDPOINT_HELP: &str = "an endpoint is `anything`, `external`, a CIDR, `pods in NAMESPACE`, `pods with SELECTOR in NAMESPACE`, \
     `node`, `service NAMESPACE/NAME`, a workload or a name of `[endpoints]`";
const ARTICLES: &[&str] = &["every", "any", "all"];
const JOINERS: &[&str] = &["or", "and"];
const STARTERS: &[&str] =
    &["anything", "external", "node", "nodes", "pod", "pods", "service", "every", "any", "all", "nothing"];

/// What is allowed in a list of endpoints.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Ports after an endpoint.
    pub(super) ports: bool,
    /// `and` between endpoints. In `some A and B` it would ask for both, which no list says.
    pub(super) and: bool,
}

/// The sources of a flow: endpoints without ports.
pub(super) fn sources(cursor: &mut Cursor<'_>, and: bool) -> Parse<EndpointExpr> {
    let start = cursor.peek_chunk().start;
    let list = targets(cursor, Place { ports: false, and })?;
    Ok(union(cursor, start, list.into_iter().map(|target| target.endpoint).collect()))
}

/// The destinations of a flow, each with its ports.
pub(super) fn targets(cursor: &mut Cursor<'_>, place: Place) -> Parse<Vec<Target>> {
    let first = primary(cursor)?;
    let first = except(cursor, first)?;
    let takes_all = matches!(first.kind, EndpointKind::Except(..) | EndpointKind::Outside(_));
    let mut list = vec![with_ports(cursor, first, place)?];
    while let Some(joiner) = joiner(cursor, place)? {
        if takes_all {
            return Err(two_readings(cursor, joiner));
        }
        let next = primary(cursor)?;
        list.push(with_ports(cursor, next, place)?);
        if let Some(word) = cursor.eat(&["except"]) {
            return Err(two_readings(cursor, word));
        }
    }
    Ok(list)
}

fn joiner<'t>(cursor: &mut Cursor<'t>, place: Place) -> Parse<Option<Word<'t>>> {
    let Some(word) = cursor.eat(JOINERS) else { return Ok(None) };
    if word.is("and") && !place.and {
        let message = "`and` here could ask for one flow or for two";
        let help = "write `or` for any of them, or one sentence for each";
        return Err(cursor.fault(word, message, "not clear").help(help).into());
    }
    Ok(Some(word))
}

fn two_readings(cursor: &Cursor<'_>, word: Word<'_>) -> Box<Diagnostic> {
    let message = format!("`{}` here could be read in two ways", word.text);
    let help = "give one of the sets a name in `[endpoints]`, or write one sentence for each";
    let note = "`except` and `outside` take in everything that follows, and stand alone.";
    cursor.fault(word, message, "not clear what belongs together").note(note).help(help).into()
}

fn with_ports(cursor: &mut Cursor<'_>, endpoint: EndpointExpr, place: Place) -> Parse<Target> {
    if cursor.glued(':') && !place.ports {
        let fault = cursor.fault(cursor.peek_chunk(), "ports do not belong here", "ports of something else");
        return Err(fault.help("ports are the destination's, and follow it: `chat-ui can reach rag-api:8000`").into());
    }
    Ok(Target { endpoint, ports: ports(cursor)? })
}

/// `BASE except A or B`, or the base alone.
pub(super) fn except(cursor: &mut Cursor<'_>, base: EndpointExpr) -> Parse<EndpointExpr> {
    if cursor.eat(&["except"]).is_none() {
        return Ok(base);
    }
    let start = cursor.peek_chunk().start;
    let mut list = vec![primary(cursor)?];
    while cursor.eat(JOINERS).is_some() {
        list.push(primary(cursor)?);
    }
    let excepted = union(cursor, start, list);
    let origin = base.origin.to(excepted.origin);
    Ok(EndpointExpr { kind: EndpointKind::Except(Box::new(base), Box::new(excepted)), origin })
}

fn union(cursor: &Cursor<'_>, start: usize, mut list: Vec<EndpointExpr>) -> EndpointExpr {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        last => {
            list.extend(last);
            EndpointExpr { kind: EndpointKind::Union(list), origin: cursor.since(start) }
        }
    }
}

/// One endpoint.
pub(super) fn primary(cursor: &mut Cursor<'_>) -> Parse<EndpointExpr> {
    cursor.count_endpoint()?;
    let start = cursor.peek_chunk().start;
    cursor.eat(ARTICLES);
    let kind = kind(cursor)?;
    Ok(EndpointExpr { kind, origin: cursor.since(start) })
}

fn kind(cursor: &mut Cursor<'_>) -> Parse<EndpointKind> {
    if let Some(block) = address::block(cursor)? {
        return Ok(EndpointKind::Cidr(block));
    }
    if cursor.eat(&["anything"]).is_some() {
        outside(cursor)
    } else if cursor.eat(&["external"]).is_some() {
        Ok(EndpointKind::External)
    } else if cursor.eat(&["node", "nodes"]).is_some() {
        node(cursor)
    } else if cursor.eat(&["pod", "pods"]).is_some() {
        pods(cursor)
    } else if cursor.eat(&["service"]).is_some() {
        name(cursor, "the Service's namespace and name").map(EndpointKind::Service)
    } else {
        name(cursor, AN_ENDPOINT).map(EndpointKind::Named)
    }
}

/// `outside NAMESPACE or NAMESPACE`, or nothing.
pub(super) fn outside(cursor: &mut Cursor<'_>) -> Parse<EndpointKind> {
    if cursor.eat(&["outside"]).is_none() {
        return Ok(EndpointKind::Anything);
    }
    let mut namespaces = vec![namespace(cursor)?];
    while let Some(joiner) = cursor.eat(JOINERS) {
        cursor.count_endpoint()?;
        if cursor.peek().is_any(STARTERS) {
            return Err(two_readings(cursor, joiner));
        }
        namespaces.push(namespace(cursor)?);
    }
    Ok(EndpointKind::Outside(namespaces))
}

fn node(cursor: &mut Cursor<'_>) -> Parse<EndpointKind> {
    let next = cursor.peek();
    if next.text.is_empty() || cursor.glued(':') || is_reserved(next.text) {
        return Ok(EndpointKind::Node(None));
    }
    name(cursor, "the name of a node").map(|name| EndpointKind::Node(Some(name)))
}

fn pods(cursor: &mut Cursor<'_>) -> Parse<EndpointKind> {
    let mut selector = with(cursor)?;
    let scope = scope(cursor)?;
    if selector.is_none() {
        selector = with(cursor)?;
    }
    refuse_bare_selector(cursor)?;
    Ok(EndpointKind::Pods { selector: selector.unwrap_or_default(), scope })
}

fn with(cursor: &mut Cursor<'_>) -> Parse<Option<LabelSelector>> {
    if cursor.eat(&["with"]).is_none() {
        return Ok(None);
    }
    selector(cursor).map(Some)
}

fn refuse_bare_selector(cursor: &Cursor<'_>) -> Parse<()> {
    if !cursor.peek().text.contains('=') {
        return Ok(());
    }
    Err(cursor
        .expected("`with` before a selector")
        .help("a selector follows `with`: `pods with app=web in shop`")
        .into())
}

fn scope(cursor: &mut Cursor<'_>) -> Parse<Scope> {
    if cursor.eat(&["in"]).is_none() {
        return Ok(Scope::Any);
    }
    if !cursor.peek().is("namespaces") {
        return namespace(cursor).map(Scope::Named);
    }
    cursor.eat(&["namespaces"]);
    match with(cursor)? {
        Some(selector) => Ok(Scope::Matching(selector)),
        None => {
            let help = "`in namespaces with SELECTOR`, or `in NAME` for the one namespace of this name";
            Err(cursor.expected("`with` and a selector of namespaces").help(help).into())
        }
    }
}

fn namespace(cursor: &mut Cursor<'_>) -> Parse<Name> {
    let name = name(cursor, "the name of a namespace")?;
    if is_namespace_name(&name.text) {
        return Ok(name);
    }
    let message = format!("`{}` is not the name of a namespace", shorten(&name.text));
    let why = "lower-case letters, digits and `-`, at most 63";
    Err(Diagnostic::error(crate::diagnostic::Code::SentenceSyntax, message).at(name.origin, why).into())
}

fn name(cursor: &mut Cursor<'_>, what: &str) -> Parse<Name> {
    let word = cursor.peek();
    if word.text.is_empty() || is_reserved(word.text) {
        return Err(with_endpoint_help(cursor.expected(what), word, what).into());
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let parts = word.text.split('/');
    if !word.text.chars().all(legal) || parts.clone().any(str::is_empty) || parts.count() > 3 {
        return Err(no_name(cursor, word));
    }
    cursor.take(word);
    let origin = cursor.since(word.start);
    Ok(Name { text: word.text.to_owned(), origin })
}

fn with_endpoint_help(fault: Diagnostic, word: Word<'_>, what: &str) -> Diagnostic {
    if word.is("nothing") {
        fault.help("`S can reach nothing` is written `S cannot reach anything`")
    } else if what == AN_ENDPOINT {
        fault.help(ENDPOINT_HELP)
    } else {
        fault
    }
}

fn no_name(cursor: &Cursor<'_>, word: Word<'_>) -> Box<Diagnostic> {
    let message = format!("`{}` is not a name", shorten(word.text));
    let fault = cursor.fault(word, message, "not a name");
    let help = if word.text.contains('=') {
        "a selector follows `with`: `pods with app=web in shop`"
    } else if word.text.contains(',') {
        "endpoints are joined by `or`: `chat-ui or rag-api`"
    } else if word.text.contains('*') {
        "there are no wildcards; say which pods with a selector: `pods with app=web in shop`"
    } else if word.text.ends_with('.') {
        "a sentence ends without a full stop"
    } else {
        "a workload is written `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `NAMESPACE/KIND/NAME`"
    };
    fault.help(help).into()
}
