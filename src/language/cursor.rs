//! The lexer: a place in a sentence, and the words that follow it.
//!
//! Words are split at white space, and at the `:` that begins a list of ports. Anything finer
//! (selectors, ports, addresses) is read character by character by the module that knows it, for
//! `,`, `=`, `/` and `-` mean something else in each. Only the grammar of this folder calls it.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Origin, Span};

/// What the grammar answers with. Boxed, since a diagnostic is large and the grammar returns often.
pub(super) type Parse<T> = Result<T, Box<Diagnostic>>;

/// The most endpoints that one sentence may name.
const MAX_ENDPOINTS: usize = 64;

/// One word: its text and its first byte.
#[derive(Clone, Copy)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl Word<'_> {
    /// Keywords are written in any case: a sentence may begin with a capital.
    pub(super) fn is(self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn is_any(self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

/// A place in a text.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    origin: Origin,
    endpoints: usize,
    /// A right sentence of the form that is being read, for whoever gets it wrong.
    pub(super) example: &'static str,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, origin: Origin, example: &'static str) -> Cursor<'t> {
        Cursor { text, at: 0, origin, endpoints: 0, example }
    }

    /// The place of the bytes `start..end`. Where the text is not what stands in the file, byte by
    /// byte (a string with escapes), the whole of it is the best that can be said.
    pub(super) fn origin(&self, start: usize, end: usize) -> Origin {
        let Span { start: base, end: limit } = self.origin.span;
        if limit.saturating_sub(base) as usize != self.text.len() {
            return self.origin;
        }
        let base = base as usize;
        Origin { file: self.origin.file, span: Span::new(base + start, base + end) }
    }

    /// The place from `start` to where the cursor is.
    pub(super) fn since(&self, start: usize) -> Origin {
        self.origin(start, self.at)
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().trim_start().is_empty()
    }

    /// Whether this character follows at once.
    pub(super) fn glued(&self, c: char) -> bool {
        self.rest().starts_with(c)
    }

    /// Takes this text where it follows at once.
    pub(super) fn eat_glued(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes the characters that follow at once, as long as they fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> Word<'t> {
        let (start, rest) = (self.at, self.rest());
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        Word { text: rest.get(..length).unwrap_or(""), start }
    }

    /// Everything up to the next white space.
    pub(super) fn peek_chunk(&self) -> Word<'t> {
        let rest = self.rest().trim_start();
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        Word { text: rest.get(..length).unwrap_or(""), start: self.text.len() - rest.len() }
    }

    /// The next word: up to white space or the `:` of ports. Empty at the end and before a `:`.
    pub(super) fn peek(&self) -> Word<'t> {
        let chunk = self.peek_chunk();
        Word { text: chunk.text.split(':').next().unwrap_or(""), start: chunk.start }
    }

    /// Steps over a word that was peeked at, or over the first bytes of one.
    pub(super) fn take(&mut self, word: Word<'t>) -> Word<'t> {
        self.at = word.start + word.text.len();
        word
    }

    /// Takes the next word if it is one of these.
    pub(super) fn eat(&mut self, keywords: &[&str]) -> Option<Word<'t>> {
        let word = self.peek();
        word.is_any(keywords).then(|| self.take(word))
    }

    /// Counts an endpoint; too many are refused.
    pub(super) fn count_endpoint(&mut self) -> Parse<()> {
        self.endpoints += 1;
        if self.endpoints <= MAX_ENDPOINTS {
            return Ok(());
        }
        let message = format!("a sentence may name {MAX_ENDPOINTS} endpoints, and this one names more");
        let help = "give a set of endpoints a name in `[endpoints]`, or say it with a selector";
        let here = self.peek_chunk();
        let place = self.origin(here.start, here.start + here.text.len());
        Err(Diagnostic::error(Code::LimitExceeded, message).at(place, "one too many").help(help).into())
    }

    /// The fault that the next word is not what has to stand there.
    pub(super) fn expected(&self, what: &str) -> Diagnostic {
        let chunk = self.peek_chunk();
        let message = if chunk.text.is_empty() {
            format!("the sentence ends where {what} should stand")
        } else {
            format!("expected {what}, found `{}`", shorten(chunk.text))
        };
        self.fault(chunk, message, format!("expected {what}"))
    }

    /// A fault of a word that is there.
    pub(super) fn fault(&self, word: Word<'_>, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        let place = self.origin(word.start, word.start + word.text.len());
        Diagnostic::error(Code::SentenceSyntax, message).at(place, label)
    }
}

/// A word short enough for a message.
pub(super) fn shorten(text: &str) -> String {
    const KEPT: usize = 60;
    let kept: String = text.chars().take(KEPT).collect();
    if kept.len() < text.len() { kept + "..." } else { kept }
}
