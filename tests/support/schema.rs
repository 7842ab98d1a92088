//! A checker for the part of JSON Schema that the schemas of the tests use.
//!
//! Small on purpose: a full validator takes longer to build than netverify. It panics on every keyword and
//! pattern that it does not know, so that no rule is left out in silence. A test crate takes it in with
//! `#[path = "support/schema.rs"] mod schema;`.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use serde_json::Value;

/// What is wrong with an instance, a line each; empty where it is valid.
pub fn errors(schema: &Value, instance: &Value) -> String {
    let mut found = Vec::new();
    Checker { root: schema }.check(schema, instance, "", &mut found);
    found.join("\n")
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, instance: &Value, at: &str, found: &mut Vec<String>) {
        if let Value::Bool(allowed) = schema {
            if !allowed {
                found.push(format!("{at}: not allowed"));
            }
            return;
        }
        let rules = schema.as_object().unwrap();
        for (keyword, rule) in rules {
            let wrong = match keyword.as_str() {
                "properties" | "items" | "additionalProperties" => {
                    self.inside(keyword, schema, instance, at, found);
                    false
                }
                "$ref" => {
                    let target = self.root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                    self.check(target, instance, at, found);
                    false
                }
                "anyOf" => self.matching(rule, instance) == 0,
                "oneOf" => self.matching(rule, instance) != 1,
                _ => breaks(keyword, rule, instance),
            };
            if wrong {
                found.push(format!("{at}: `{keyword}` wants {rule}"));
            }
        }
    }

    /// The members of an object or list.
    fn inside(&self, keyword: &str, schema: &Value, instance: &Value, at: &str, found: &mut Vec<String>) {
        let rule = &schema[keyword];
        match (keyword, instance) {
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.check(rule, item, &format!("{at}/{index}"), found);
                }
            }
            ("properties" | "additionalProperties", Value::Object(members)) => {
                for (name, member) in members {
                    let own = schema["properties"].get(name);
                    let rule = if keyword == "properties" { own } else { Some(rule).filter(|_| own.is_none()) };
                    rule.into_iter().for_each(|rule| self.check(rule, member, &format!("{at}/{name}"), found));
                }
            }
            _ => {}
        }
    }

    fn matching(&self, rules: &Value, instance: &Value) -> usize {
        let holds = |rule: &&Value| {
            let mut found = Vec::new();
            self.check(rule, instance, "", &mut found);
            found.is_empty()
        };
        rules.as_array().unwrap().iter().filter(holds).count()
    }
}

/// Whether an instance breaks a rule that looks at it alone.
fn breaks(keyword: &str, rule: &Value, instance: &Value) -> bool {
    let limit = || rule.as_f64().unwrap();
    let length = || instance.as_str().map(|text| text.chars().count() as f64);
    let count = || instance.as_array().map(|items| items.len() as f64);
    match keyword {
        "type" => !one_or_many(rule).iter().any(|kind| is_of(kind.as_str().unwrap(), instance)),
        "enum" => !rule.as_array().unwrap().contains(instance),
        "const" => rule != instance,
        "required" => instance.as_object().is_some_and(|members| {
            rule.as_array().unwrap().iter().any(|name| !members.contains_key(name.as_str().unwrap()))
        }),
        "minimum" => instance.as_f64().is_some_and(|number| number < limit()),
        "maximum" => instance.as_f64().is_some_and(|number| number > limit()),
        "minItems" => count().is_some_and(|count| count < limit()),
        "maxItems" => count().is_some_and(|count| count > limit()),
        "minLength" => length().is_some_and(|length| length < limit()),
        "maxLength" => length().is_some_and(|length| length > limit()),
        "uniqueItems" => {
            rule == true
                && instance
                    .as_array()
                    .is_some_and(|items| items.iter().enumerate().any(|(at, item)| items[..at].contains(item)))
        }
        "pattern" => instance.as_str().is_some_and(|text| !fits(rule.as_str().unwrap(), text)),
        "format" => instance.as_str().is_some_and(|text| !has_format(rule.as_str().unwrap(), text)),
        "$schema" | "$id" | "title" | "description" | "default" | "readOnly" | "definitions" | "$defs" => false,
        unknown => panic!("the checker does not know the keyword `{unknown}`"),
    }
}

fn one_or_many(rule: &Value) -> Vec<&Value> {
    rule.as_array().map_or(vec![rule], |many| many.iter().collect())
}

fn is_of(kind: &str, instance: &Value) -> bool {
    match kind {
        "object" => instance.is_object(),
        "array" => instance.is_array(),
        "string" => instance.is_string(),
        "boolean" => instance.is_boolean(),
        "null" => instance.is_null(),
        "number" => instance.is_number(),
        "integer" => instance.is_i64() || instance.is_u64(),
        unknown => panic!("the checker does not know the type `{unknown}`"),
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    match pattern {
        "^[a-z0-9][a-z0-9._-]*$" => text.starts_with(plain) && text.chars().all(|c| plain(c) || "._-".contains(c)),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" => {
            let digits: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            digits == "0000-00-00"
        }
        unknown => panic!("the checker does not know the pattern `{unknown}`"),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        // RFC 3986: what is neither reserved nor unreserved is percent-encoded.
        "uri" | "uri-reference" => {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
            text.chars().all(legal) && (format == "uri-reference" || text.contains(':'))
        }
        unknown => panic!("the checker does not know the format `{unknown}`"),
    }
}
