//! Many things as few sentences.

use super::words;

/// The most names of one list.
const MOST: usize = 16;

/// What holds of each of some ends, as one sentence a list: each is true iff it is true of every end in it.
pub(super) fn chunks(names: &[String]) -> impl Iterator<Item = String> {
    names.chunks(MOST).map(words::any_of)
}

/// Some of many, for a note: `a, b and 3 more`.
pub(super) fn some_of(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Members by what is said of them, in the order in which it was first said.
#[derive(Clone, Debug)]
pub(super) struct Gathered<K, M> {
    pub(super) all: Vec<(K, Vec<M>)>,
}

impl<K: PartialEq, M: PartialEq> Gathered<K, M> {
    pub(super) fn new() -> Gathered<K, M> {
        Gathered { all: Vec::new() }
    }

    pub(super) fn add(&mut self, key: K, member: M) {
        match self.all.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) if members.contains(&member) => {}
            Some((_, members)) => members.push(member),
            None => self.all.push((key, vec![member])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stay_short() {
        let names: Vec<String> = (1..=20).map(|number| format!("e{number}")).collect();
        let lists: Vec<String> = chunks(&names).collect();
        assert_eq!(lists.len(), 2);
        assert_eq!(lists.last().map(String::as_str), Some("e17 or e18 or e19 or e20"));
        assert!(some_of(&names).ends_with("e16 and 4 more"));
        assert_eq!(some_of(&["a".to_owned()]), "a");
    }
}
