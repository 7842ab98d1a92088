//! The syntax of names, label keys, label values and port names. Each function says what is wrong,
//! in words that follow the field's path; `None` means that the API server takes it.

/// A DNS-1123 label: namespaces (V2).
pub fn dns_label(text: &str) -> Option<&'static str> {
    if text.len() > 63 {
        return Some("must be at most 63 characters long");
    }
    let rule = "must be lower-case letters, digits and `-`, with a letter or digit at both ends";
    (!is_dns_label(text)).then_some(rule)
}

/// A DNS-1123 subdomain: names of most objects (V1, V4).
pub fn dns_subdomain(text: &str) -> Option<&'static str> {
    if text.len() > 253 {
        return Some("must be at most 253 characters long");
    }
    let rule = "must be lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part";
    (!text.split('.').all(is_dns_label)).then_some(rule)
}

fn is_dns_label(text: &str) -> bool {
    let inner = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    inner && !text.is_empty() && !text.starts_with('-') && !text.ends_with('-')
}

/// A label key: an optional prefix and a name (V3).
pub fn label_key(text: &str) -> Option<&'static str> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if prefix.is_some_and(|prefix| dns_subdomain(prefix).is_some()) {
        return Some("has a prefix (before `/`) that is not a DNS name in lower case");
    }
    if name.len() > 63 {
        return Some("has a name of more than 63 characters");
    }
    let rule =
        "must be letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, after an optional `prefix/`";
    (!is_qualified(name)).then_some(rule)
}

/// A label value: empty, or like the name of a key (V3).
pub fn label_value(text: &str) -> Option<&'static str> {
    if text.len() > 63 {
        return Some("must be at most 63 characters long");
    }
    let rule = "must be letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
    (!text.is_empty() && !is_qualified(text)).then_some(rule)
}

fn is_qualified(text: &str) -> bool {
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    inner && end(text.chars().next()) && end(text.chars().next_back())
}

/// A port name (V42).
pub fn port_name(text: &str) -> Option<&'static str> {
    if text.len() > 15 {
        return Some("must be at most 15 characters long");
    }
    if !text.contains(|c: char| c.is_ascii_lowercase()) || !is_dns_label(text) {
        return Some("must be lower-case letters, digits and `-`, with at least one letter and no `-` at either end");
    }
    text.contains("--").then_some("must not contain `--`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_api_server() {
        assert_eq!(dns_label("1a"), None);
        assert!(dns_label("a.b").is_some() && dns_label("").is_some() && dns_label(&"a".repeat(64)).is_some());
        assert_eq!(dns_subdomain("a.b-c.1"), None);
        assert!(["Web", "a_b", "-a", "a..b", ".a", ""].iter().all(|name| dns_subdomain(name).is_some()));
    }

    #[test]
    fn labels_follow_the_api_server() {
        assert!(["a", "example.com/a_B.c", "A"].iter().all(|key| label_key(key).is_none()));
        assert!(["", "/a", "Example.com/a", "a/b/c", "a=b", "-a", "a/"].iter().all(|key| label_key(key).is_some()));
        assert!(["", "1", "a_B"].iter().all(|value| label_value(value).is_none()));
        assert!(["b c", "-", "a-"].iter().all(|value| label_value(value).is_some()));
    }

    #[test]
    fn port_names_need_a_letter() {
        assert!(["http", "a1", "1a"].iter().all(|name| port_name(name).is_none()));
        assert!(["80", "HTTP", "a-", "a--b", "", "abcdefghijklmnop"].iter().all(|name| port_name(name).is_some()));
    }
}
