//! A typed reader over TOML values that keeps going: what is wrong is noted, and `None` stands for it.
//!
//! It knows strings, lists, tables and their places, and nothing about what a spec means. Only
//! `tables` and `endpoints` call it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{MAX_LIST, Written};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Origin, Span};

/// After so many faults of syntax the rest follows from them, more likely than not.
const MAX_SYNTAX: usize = 3;

/// The most faults that are listed.
const MAX_FAULTS: usize = 1_000;

/// Reads one file and gathers its faults.
pub(super) struct Reader<'t> {
    file: FileId,
    text: &'t str,
    faults: Vec<Diagnostic>,
    more: usize,
}

/// A table, with what to call it in messages.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) table: &'a DeTable<'a>,
    /// `[world]`, `[[property]]`: as the file writes it.
    pub(super) title: &'static str,
    pub(super) origin: Origin,
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Reader<'t> {
        Reader { file, text, faults: Vec::new(), more: 0 }
    }

    /// All faults, in the order of the file, and how many there are beside those that are kept.
    pub(super) fn into_faults(mut self) -> Vec<Diagnostic> {
        self.faults.sort_by_key(|fault| fault.primary.as_ref().map(|label| label.origin));
        if self.more > 0 {
            let fault = Diagnostic::error(Code::LimitExceeded, format!("{} more errors are not listed", self.more));
            self.faults.push(fault.help("mend the ones that are listed first: the others may follow from them"));
        }
        self.faults
    }

    /// Takes in a fault; all faults of a spec are errors.
    pub(super) fn push(&mut self, fault: Diagnostic) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn origin(&self, range: Range<usize>) -> Origin {
        Origin { file: self.file, span: Span::new(range.start, range.end) }
    }

    /// The file as a table. A file that is not TOML is not looked at further: what was meant by the
    /// rest is a guess, and would be reported as missing.
    pub(super) fn document(&mut self) -> Option<Spanned<DeTable<'t>>> {
        let (table, mut errors) = DeTable::parse_recoverable(self.text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        for error in errors.iter().take(MAX_SYNTAX) {
            let fault = Diagnostic::error(Code::SpecSyntax, format!("not TOML: {}", error.message()));
            let place = self.origin(error.span().unwrap_or(0..0));
            self.push(fault.at(place, ""));
        }
        errors.is_empty().then_some(table)
    }

    pub(super) fn fields<'a>(&mut self, value: &'a Spanned<DeValue<'a>>, title: &'static str) -> Option<Fields<'a>> {
        let origin = self.origin(value.span());
        match value.get_ref() {
            DeValue::Table(table) => Some(Fields { table, title, origin }),
            other => {
                self.wrong_type(origin, title, "a table", other);
                None
            }
        }
    }

    /// Reports the keys that a table does not have.
    pub(super) fn known_keys(&mut self, fields: Fields<'_>, known: &[&str]) {
        for key in fields.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let fault = Diagnostic::error(Code::SpecUnknownKey, format!("{} has no key `{name}`", fields.title))
                .at(self.origin(key.span()), "unknown key")
                .did_you_mean(name, known.iter().copied())
                .help(format!("the keys are {}", quoted(known.iter().copied())));
            self.push(fault);
        }
    }

    pub(super) fn missing(&mut self, fields: Fields<'_>, key: &str, example: &str) {
        let fault = Diagnostic::error(Code::SpecMissingKey, format!("{} lacks `{key}`", fields.title))
            .at(fields.origin, format!("no `{key}` here"))
            .help(format!("add `{example}`"));
        self.push(fault);
    }

    /// A string that must be there.
    pub(super) fn required(&mut self, fields: Fields<'_>, key: &str, example: &str) -> Option<Written<String>> {
        if fields.get(key).is_none() {
            self.missing(fields, key, example);
        }
        self.string(fields, key)
    }

    pub(super) fn string(&mut self, fields: Fields<'_>, key: &str) -> Option<Written<String>> {
        let value = fields.get(key)?;
        self.string_value(value, key, "a string")
    }

    /// A day that must be there, as text: a date of TOML or a string, not yet judged.
    pub(super) fn required_date(&mut self, fields: Fields<'_>, key: &str, example: &str) -> Option<Written<String>> {
        match fields.get(key).map(|value| (value.get_ref(), value.span())) {
            Some((DeValue::Datetime(date), span)) => {
                Some(Written { value: date.to_string(), origin: self.origin(span) })
            }
            Some((other, span)) if !other.is_str() => {
                let fault = type_fault(self.origin(span), &format!("`{key}`"), "a date", other);
                self.push(fault.help(format!("write it as year, month and day: `{example}`")));
                None
            }
            _ => self.required(fields, key, example),
        }
    }

    fn string_value(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) -> Option<Written<String>> {
        match value.get_ref() {
            DeValue::String(text) => {
                let origin = self.inside_quotes(value.span(), text);
                Some(Written { value: text.to_string(), origin })
            }
            other => {
                self.wrong_type(self.origin(value.span()), &format!("`{key}`"), wanted, other);
                None
            }
        }
    }

    /// A list of strings; `None` where the key is absent.
    pub(super) fn strings(&mut self, fields: Fields<'_>, key: &str) -> Option<Vec<Written<String>>> {
        let value = fields.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(self.origin(value.span()), &format!("`{key}`"), "a list of strings", value.get_ref());
            return None;
        };
        if let Some(first) = items.get(MAX_LIST) {
            let message = format!("a list has at most {MAX_LIST} entries, and `{key}` has {}", items.len());
            let fault = Diagnostic::error(Code::LimitExceeded, message).at(self.origin(first.span()), "one too many");
            self.push(fault.help("name folders or globs instead of single files, or write several specs"));
            return None;
        }
        Some(items.iter().filter_map(|item| self.string_value(item, key, "a list of strings")).collect())
    }

    pub(super) fn boolean(&mut self, fields: Fields<'_>, key: &str, default: bool) -> bool {
        match fields.get(key).map(|value| (value.get_ref(), value.span())) {
            None => default,
            Some((DeValue::Boolean(value), _)) => *value,
            Some((other, span)) => {
                self.wrong_type(self.origin(span), &format!("`{key}`"), "true or false", other);
                default
            }
        }
    }

    /// One of some words; the default where the key is absent or its value wrong.
    pub(super) fn choice<T: Copy>(&mut self, fields: Fields<'_>, key: &str, words: &[(&str, T)], default: T) -> T {
        let Some(written) = self.string(fields, key) else { return default };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == written.value) {
            return *value;
        }
        let names = || words.iter().map(|(word, _)| *word);
        let fault = invalid(&written, format!("`{key}` is one of {}", quoted(names())));
        self.push(fault.did_you_mean(&written.value, names()));
        default
    }

    /// The tables of `[[key]]`, at most so many.
    pub(super) fn tables<'a>(
        &mut self,
        fields: Fields<'a>,
        key: &'static str,
        title: &'static str,
        limit: usize,
    ) -> Vec<Fields<'a>> {
        let Some(value) = fields.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let origin = self.origin(value.span());
            let fault = type_fault(origin, &format!("`{key}`"), "a list of tables", value.get_ref());
            self.push(fault.help(format!("write `{title}` with two brackets")));
            return Vec::new();
        };
        if let Some(first) = items.get(limit) {
            let message = format!("a spec has at most {limit} tables `{title}`, and this one has {}", items.len());
            let place = self.origin(first.span());
            self.push(Diagnostic::error(Code::LimitExceeded, message).at(place, "one too many"));
        }
        items.iter().take(limit).filter_map(|item| self.fields(item, title)).collect()
    }

    fn wrong_type(&mut self, origin: Origin, what: &str, wanted: &str, found: &DeValue<'_>) {
        self.push(type_fault(origin, what, wanted, found));
    }

    /// The text between the quotes, where it stands in the file byte by byte.
    fn inside_quotes(&self, span: Range<usize>, value: &str) -> Origin {
        let raw = self.text.get(span.clone()).unwrap_or("");
        let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
        let inner = raw.strip_prefix(quotes).unwrap_or("");
        // A line break just after three quotes is not part of the string.
        let skipped = match quotes.len() {
            3 if inner.starts_with("\r\n") => 2,
            3 if inner.starts_with('\n') => 1,
            _ => 0,
        };
        let start = span.start + quotes.len() + skipped;
        match self.text.get(start..start + value.len()) {
            Some(found) if found == value && !value.is_empty() => self.origin(start..start + value.len()),
            _ => self.origin(span),
        }
    }
}

fn type_fault(origin: Origin, what: &str, wanted: &str, found: &DeValue<'_>) -> Diagnostic {
    let found = match found.type_str() {
        kind @ ("integer" | "array") => format!("an {kind}"),
        kind => format!("a {kind}"),
    };
    Diagnostic::error(Code::SpecInvalidValue, format!("{what} has to be {wanted}, and this is {found}"))
        .at(origin, format!("expected {wanted}"))
}

/// The fault of a value that is not allowed.
pub(super) fn invalid(written: &Written<String>, why: impl Into<String>) -> Diagnostic {
    let message = format!("`{}` is not allowed here", written.value);
    Diagnostic::error(Code::SpecInvalidValue, message).at(written.origin, why)
}

/// Names for a message.
pub(super) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
