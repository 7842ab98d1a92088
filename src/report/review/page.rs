//! Templates filled in so that no text of the user's can become anything but text: every value that is written is escaped
//! by the page's own rule, unless a filter has made it safe.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

/// What a page makes of text.
pub(super) type Escape = fn(&str) -> String;

/// A page from its template.
///
/// # Errors
/// A template that names what is not there; the tests fill in every branch.
pub(super) fn render(
    template: &str,
    escape: Escape,
    filters: &[(&'static str, Escape)],
    data: impl Serialize,
) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // What a macro makes is made of what was escaped.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("page".into()));
    environment.set_formatter(move |out, _, value: &Value| {
        let text = value.to_string();
        let text = if value.is_safe() { text } else { escape(&text) };
        out.write_str(&text).map_err(|_| Error::from(ErrorKind::WriteFailure))
    });
    for (name, filter) in filters.iter().copied() {
        environment.add_filter(name, move |text: String| Value::from_safe_string(filter(&text)));
    }
    environment.render_str(template, Serde(data))
}
