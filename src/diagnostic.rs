//! The first kind of bad news: the user's input is at fault.
//!
//! A [`Diagnostic`] says what is wrong, where, why, and what to do next. It is plain data; only
//! `report::text` turns it into words on a screen. Every code has a heading in `docs/codes.md`.

use crate::source::Origin;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The run goes on; the reader should know.
    Warning,
    /// Nothing is proved; the run ends with exit code 2.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What kind of fault, under a stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name, in kebab case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// A file or folder does not exist, or a glob matches nothing.
    FileNotFound = "file-not-found",
    /// A file exists and cannot be read.
    FileUnreadable = "file-unreadable",
    /// A limit on size, depth or number was met.
    LimitExceeded = "limit-exceeded",
    /// A folder, file or stream holds no Kubernetes object.
    EmptyInput = "empty-input",
    /// The text is not UTF-8.
    NotUtf8 = "not-utf8",
    /// The text is not YAML.
    YamlSyntax = "yaml-syntax",
    /// The text is not JSON.
    JsonSyntax = "json-syntax",
    /// A Helm template that was not rendered.
    HelmTemplate = "helm-template",
    /// One key twice in one mapping (V61).
    DuplicateKey = "duplicate-key",
    /// A key that is not a string (V62).
    NonStringKey = "non-string-key",
    /// A document that is no Kubernetes object, or lacks `apiVersion` or `kind`.
    NotAnObject = "not-an-object",
    /// A field that the Kubernetes API does not know (V60).
    UnknownField = "unknown-field",
    /// A value of the wrong type (V62, V63).
    WrongType = "wrong-type",
    /// A field that must be there is not.
    MissingField = "missing-field",
    /// A value that the API server would refuse (V1 to V55).
    InvalidValue = "invalid-value",
    /// Two objects of one kind, namespace and name that differ (R41).
    ConflictingObjects = "conflicting-objects",
    /// A kind that changes what traffic flows and is not supported.
    UnsupportedKind = "unsupported-kind",
    /// A known kind in an API version that is gone (V55).
    UnsupportedVersion = "unsupported-version",
    /// Bits below the prefix of a CIDR are set (R23).
    HostBits = "host-bits",
    /// A namespace that objects live in and no manifest declares: its labels are unknown.
    UndeclaredNamespace = "undeclared-namespace",
    /// The spec is not TOML.
    SpecSyntax = "spec-syntax",
    /// A key that a spec does not have.
    SpecUnknownKey = "spec-unknown-key",
    /// A value of the wrong type, or not one of the values allowed.
    SpecInvalidValue = "spec-invalid-value",
    /// A key that a spec must have.
    SpecMissingKey = "spec-missing-key",
    /// Two properties, variants or endpoints of one name.
    DuplicateName = "duplicate-name",
    /// A sentence that does not parse.
    SentenceSyntax = "sentence-syntax",
    /// A name in a sentence that nothing bears.
    UnknownName = "unknown-name",
    /// A name in a sentence that fits more than one thing.
    AmbiguousName = "ambiguous-name",
    /// A namespace that nothing declares or mentions.
    UnknownNamespace = "unknown-namespace",
    /// A property about nothing: no pod or flow of the world can be meant.
    Vacuous = "vacuous",
    /// A port that no declared pod of the destination listens on.
    UnservedPort = "unserved-port",
    /// A waiver of a property that is proved.
    UnusedWaiver = "unused-waiver",
    /// The command line is at fault.
    Usage = "usage",
}

/// A place in the input and what is to be said there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The place.
    pub origin: Origin,
    /// A few words; may be empty.
    pub text: String,
}

/// A fault in the user's input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The stable name of the kind of fault.
    pub code: Code,
    /// One sentence, without a full stop: what is wrong.
    pub message: String,
    /// Where; `None` where there is no text to point at (a missing file).
    pub primary: Option<Label>,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// Why it matters: whole sentences.
    pub notes: Vec<String>,
    /// What to do next: whole sentences.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error with nothing but a message.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning with nothing but a message.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// Says where, with a few words to stand under the caret.
    #[must_use]
    pub fn at(mut self, origin: Origin, text: impl Into<String>) -> Diagnostic {
        self.primary = Some(Label { origin, text: text.into() });
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, origin: Origin, text: impl Into<String>) -> Diagnostic {
        self.related.push(Label { origin, text: text.into() });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// Adds a suggestion.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// Adds "did you mean `X`?" where one of the candidates is close to what was written.
    #[must_use]
    pub fn did_you_mean<'a>(self, written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        match closest(written, candidates) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether this ends the run.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The longest word that is looked for among the candidates, in bytes. Comparing two words costs the
/// product of their lengths.
const MAX_WORD: usize = 100;

/// The candidate that a person most likely meant, if any is near. None for a very long word.
#[must_use]
pub fn closest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > MAX_WORD {
        return None;
    }
    let lower = written.to_lowercase();
    candidates
        .into_iter()
        .filter(|name| name.len() <= MAX_WORD)
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(written.chars().count()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_codes_are_unique_and_in_kebab_case() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        );
    }

    #[test]
    fn closest_forgives_a_slip_and_no_more() {
        assert_eq!(closest("podSelecter", ["podSelector", "ports"]), Some("podSelector"));
        assert_eq!(closest("ingres", ["egress", "ingress"]), Some("ingress"));
        assert_eq!(closest("app", ["matchLabels", "matchExpressions"]), None);
        assert_eq!(closest(&"x".repeat(10_000_000), ["x", "y"]), None);
    }
}
