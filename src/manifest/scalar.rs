//! What a plain scalar means to Kubernetes' reader (go-yaml 2) where the YAML crate takes it for a
//! string. Called by `yaml` only.

use super::yaml::Value;

/// The number that go-yaml sees in a plain scalar. It drops every underscore first (`1__0` is 10);
/// a word that starts with an underscore or a letter is never a number.
pub fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).map(Value::Int).or_else(|| float(&plain).map(Value::Float))
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
        for word in ["_1", "1.2.3", "10.0.0.0/8", "2001-01-01", "12:30:45", "1d", "+", "-", ".", "..", "0x", "a_1", ""]
        {
            assert_eq!(number(word), None, "{word}");
        }
    }
}
