//! Text of the user made safe for where it goes: a terminal, a comment, a file name, a shell.
//!
//! Names, labels, sentences and file names come from whoever wrote the manifests, who may not be
//! whoever reads the report. Nothing of theirs may steer a terminal, end a line early, turn the
//! direction of writing, or run in a shell. Every format asks here; the module imports nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The most characters of one line of a report; the rest is counted.
pub const MAX_LINE: usize = 20_000;
/// The most characters of one line of a diagnostic.
pub const MAX_MESSAGE: usize = 1_000;

/// Whether a character can steer a terminal or hide what a line says: controls (C0, DEL, C1), marks
/// that turn the direction of writing, separators that some readers take for the end of a line, and
/// characters without any width.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line: what would steer is written as `\u{1b}`, runs of line breaks and tabs as one space, and
/// what is longer than [`MAX_LINE`] is cut, with a count of what is left out.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    cut(text, MAX_LINE)
}

/// A line of a diagnostic, cut at [`MAX_MESSAGE`].
#[must_use]
pub fn message(text: &str) -> Cow<'_, str> {
    cut(text, MAX_MESSAGE)
}

fn cut(text: &str, most: usize) -> Cow<'_, str> {
    // Most text is short and plain. A text of N bytes has at most N characters.
    if text.len() <= most && !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::new();
    let mut gap = false;
    for c in text.chars().take(most) {
        let space = matches!(c, '\n' | '\r' | '\t');
        match c {
            _ if space && gap => {}
            _ if space => safe.push(' '),
            _ if steers(c) => safe.extend(c.escape_unicode()),
            _ => safe.push(c),
        }
        gap = space;
    }
    let more = text.chars().skip(most).count();
    if more > 0 {
        // A String takes any text: there is nothing to fail.
        let _ = write!(safe, "... ({more} more characters)");
    }
    Cow::Owned(safe)
}

/// The same of every line of a text.
#[must_use]
pub fn lines(text: &str) -> String {
    text.split_inclusive('\n').map(|one| line(one.trim_end_matches('\n')).into_owned() + "\n").collect()
}

/// Lines of source code: what would steer is replaced, byte for byte, so that every place in the text
/// stays where it is. Line feeds, tabs and the carriage return before a line feed stay.
#[must_use]
pub fn source(text: &str) -> Cow<'_, str> {
    let stays = |c: char| !steers(c) || matches!(c, '\n' | '\t' | '\r');
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if stays(c) { c } else { stand_in(c) }).collect())
}

/// A visible character of as many bytes.
fn stand_in(c: char) -> char {
    match c.len_utf8() {
        1 => '?',
        2 => '\u{bf}',
        3 => '\u{fffd}',
        _ => '\u{1fbc4}',
    }
}

/// A part of a file name, of at most so many bytes: letters, digits, `.`, `_` and `-`, not hidden and no
/// option.
#[must_use]
pub fn file_name(text: &str, most: usize) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name: String = text.chars().take(most).map(|c| if legal(c) { c } else { '_' }).collect();
    let visible = name.trim_start_matches(['.', '-']);
    "_".repeat(name.len() - visible.len()) + visible
}

/// One word of a command line, in single quotes where a shell would not take it as it stands.
#[must_use]
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    // A control character cannot be pasted into a terminal safely, quoted or not.
    format!("'{}'", line(word).replace('\'', r"'\''"))
}

/// A string in double quotes, for YAML: ASCII only, since what ends a line or turns it differs between
/// readers.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => quoted += &format!("\\U{:08x}", u32::from(c)),
        }
    }
    quoted + "\""
}

/// JSON that is right already, with what would steer a terminal escaped. Such characters stand inside
/// strings only, where `\u` may stand for any; the line feeds between the values stay.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let stays = |c: char| !steers(c) || c == '\n';
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if stays(c) {
            safe.push(c);
        } else {
            safe += &escaped(c);
        }
    }
    Cow::Owned(safe)
}

/// `\u00e9`, beyond sixteen bits as the two halves that JSON writes.
fn escaped(c: char) -> String {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_steers_nothing() {
        assert_eq!(line("nothing can reach db"), "nothing can reach db");
        assert_eq!(line("a\r\n\tb"), "a b");
        assert_eq!(line("\u{1b}[31mred\u{9b}K\u{202e}dne\0"), r"\u{1b}[31mred\u{9b}K\u{202e}dne\u{0}");
        assert_eq!(line("naïve 日本"), "naïve 日本");
        let long = "x".repeat(10_000_000);
        assert_eq!(message(&long).len(), MAX_MESSAGE + "... (9999000 more characters)".len());
        assert!(line(&long).ends_with("... (9980000 more characters)"));
    }

    #[test]
    fn source_keeps_its_bytes() {
        let text = "a\tb\r\n\u{1b}\u{9b}\u{202e}\u{e0001}é";
        let safe = source(text);
        assert_eq!(safe.len(), text.len());
        assert!(!safe.chars().any(|c| steers(c) && !"\t\r\n".contains(c)), "{safe:?}");
        assert!(safe.starts_with("a\tb\r\n") && safe.ends_with('é'));
    }

    #[test]
    fn a_file_name_stays_in_its_folder() {
        assert_eq!(file_name("embeddings-stay-home", 75), "embeddings-stay-home");
        assert_eq!(file_name("../../etc/passwd", 75), "___.._etc_passwd");
        assert_eq!(file_name("-rf\n", 75), "_rf_");
        assert_eq!(file_name(&"é".repeat(5000), 75).len(), 75);
    }

    #[test]
    fn a_shell_sees_one_word() {
        assert_eq!(shell("deploy/web"), "deploy/web");
        assert_eq!(shell("a; rm -rf ~"), "'a; rm -rf ~'");
        assert_eq!(shell("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(shell(""), "''");
    }

    #[test]
    fn quotes_hold_whatever_is_between_them() {
        for text in ["on", "a\"b\\c", "a\nb: c\u{85}\u{2028}", "\u{1f4a9}é\0"] {
            let quoted = quoted(text);
            assert!(quoted.is_ascii() && !quoted.contains('\n'), "{quoted}");
            let read: Option<std::collections::BTreeMap<String, String>> =
                serde_yaml::from_str(&format!("a: {quoted}")).ok();
            assert_eq!(read.and_then(|mut map| map.remove("a")).as_deref(), Some(text));
        }
        let value = serde_json::json!({ "a": "\u{202e}\u{9b}\u{e0001}" });
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&text)).ok(), Some(value));
        assert!(!json(&text).chars().any(|c| steers(c) && c != '\n'));
    }
}
