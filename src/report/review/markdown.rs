//! The review as Markdown, for a wiki or a repository. `page.md` is its template; what comes from the user's files forms
//! neither Markdown nor HTML.

use serde::Serialize;

use super::super::markdown::{code, fenced, inert};
use super::{Review, page};

#[derive(Serialize)]
struct Data<'a> {
    review: &'a Review,
}

/// The whole page.
///
/// # Errors
/// A fault of the template.
pub fn render(review: &Review) -> Result<String, minijinja::Error> {
    page::render(include_str!("page.md"), inert, &[("code", code), ("fenced", fenced)], Data { review })
}
