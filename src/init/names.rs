//! Names of endpoints and properties: legal in a spec, unique, and near to what people call the things.

use std::collections::BTreeSet;

use crate::language::is_reserved;

/// The longest name of a spec.
const MAX_NAME: usize = 63;

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The first of the wishes that is free; else the last with a number.
    pub(super) fn free(&mut self, wishes: &[String]) -> String {
        let legal: Vec<String> = wishes.iter().map(|wish| legal(wish)).collect();
        let last = legal.last().cloned().unwrap_or_else(|| "end".to_owned());
        let numbered = (2_usize..).map(|number| {
            let tail = format!("-{number}");
            cut(&last, MAX_NAME - tail.len()) + &tail
        });
        let is_free = |name: &String| !self.taken.contains(name) && !is_reserved(name);
        let free = legal.into_iter().chain(numbered).find(is_free).unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }
}

/// Lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
fn legal(wish: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c.to_ascii_lowercase() } else { '-' };
    let name: String = wish.chars().map(plain).collect();
    let name = cut(name.trim_start_matches(['.', '_', '-']), MAX_NAME);
    if name.is_empty() { "end".to_owned() } else { name }
}

fn cut(name: &str, most: usize) -> String {
    name.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(names: &mut Names, wishes: &[&str]) -> String {
        names.free(&wishes.iter().map(|wish| (*wish).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_legal_and_unique() {
        let mut names = Names::default();
        assert_eq!(free(&mut names, &["web"]), "web");
        assert_eq!(free(&mut names, &["web", "shop-web"]), "shop-web");
        assert_eq!(free(&mut names, &["web", "shop-web"]), "shop-web-2");
        assert_eq!(free(&mut names, &["node", "shop-node"]), "shop-node", "a word of the language");
        assert_eq!(free(&mut names, &["_A B"]), "a-b");
        assert_eq!(free(&mut names, &["-"]), "end");
        let long = "x".repeat(80);
        assert_eq!(free(&mut names, &[&long]).len(), 63);
        assert_eq!(free(&mut names, &[&long]).len(), 63);
    }
}
