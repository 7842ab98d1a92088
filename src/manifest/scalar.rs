//! What a plain scalar means to Kubernetes' reader (go-yaml 2), which knows YAML 1.1 (V62, V63). Called by `yaml` only.

use std::borrow::Cow;

use super::yaml::Value;

/// The value of a scalar without quotes and without a tag; `None` for a string.
pub fn plain(text: &str) -> Option<Value<'static>> {
    match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(text),
        // No other word begins with another letter, and almost every scalar ends here.
        Some(b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => word(text),
        Some(_) => None,
    }
}

/// The words for null and for booleans. Each is known in three spellings: `yES` is a string.
fn word(text: &str) -> Option<Value<'static>> {
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => return None,
    })
}

/// Numbers: every underscore is dropped first (`1__0` is 10), but not after a leading dot.
fn number(text: &str) -> Option<Value<'static>> {
    let has_separators = text.contains('_') && !text.starts_with('.');
    let plain: Cow<'_, str> = if has_separators { text.replace('_', "").into() } else { text.into() };
    integer(&plain).map(Value::Int).or_else(|| float(&plain).or_else(|| not_finite(&plain)).map(Value::Float))
}

/// Infinities, and what is no number.
fn not_finite(plain: &str) -> Option<f64> {
    Some(match plain {
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        _ => return None,
    })
}

/// An integer with its sign and its prefix: `0x`, `0o`, `0b`, or `0` for octal.
fn integer(plain: &str) -> Option<i64> {
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        Some(_) if digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let value = i64::from_str_radix(digits, radix).ok()?;
    Some(if plain.starts_with('-') { -value } else { value })
}

/// A decimal number with an optional fraction and exponent; infinities and words are none.
fn float(plain: &str) -> Option<f64> {
    let number = plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
    let digit = plain.contains(|c: char| c.is_ascii_digit());
    plain.parse::<f64>().ok().filter(|value| number && digit && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_do_not_make_a_string_of_a_number() {
        assert_eq!(number("1__0"), Some(Value::Int(10)));
        assert_eq!(number("0x_1F"), Some(Value::Int(31)));
        assert_eq!(number("1_0.5_0"), Some(Value::Float(10.5)));
        assert_eq!(number("-1__0"), Some(Value::Int(-10)));
    }

    #[test]
    fn words_stay_words() {
        for word in [
            "_1",
            "yES",
            "nULL",
            "oN",
            ".5_0",
            "+inf",
            "nan",
            "1.2.3",
            "10.0.0.0/8",
            "2001-01-01",
            "12:30:45",
            "1d",
            "+",
            "-",
            ".",
            "..",
            "0x",
            "a_1",
            "net",
        ] {
            assert_eq!(plain(word), None, "{word}");
        }
    }
}
