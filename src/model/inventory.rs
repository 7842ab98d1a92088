//! Objects of one kind in their order, found by namespace without looking at all of them.
//!
//! Policies act in their own namespace alone (R1), so nearly every question is about the objects of one or two
//! namespaces, of which a large cluster has thousands. An [`Inventory`] reads like a slice of them. It is changed only as a
//! whole ([`Inventory::edit`]), so that what it knows of namespaces is never out of date.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policy::Policy;
use super::workload::{Service, Workload};

/// What lives in a namespace.
pub trait Namespaced {
    /// The name of the namespace.
    fn namespace(&self) -> &str;

    /// Whether an address of it is known.
    fn has_addresses(&self) -> bool {
        false
    }
}

impl Namespaced for Policy {
    fn namespace(&self) -> &str {
        &self.namespace
    }
}

impl Namespaced for Workload {
    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn has_addresses(&self) -> bool {
        !self.addresses.is_empty()
    }
}

impl Namespaced for Service {
    fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// Objects in their order, each with the index that the rest of the program knows it by.
///
/// Inventories share their objects: a copy of one costs a pointer for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory<T> {
    all: Vec<Arc<T>>,
    /// The indices of the objects of each namespace, in order.
    by_namespace: BTreeMap<String, Vec<usize>>,
    /// The indices of those with addresses: often none of thousands, and who has one is asked for every flow.
    with_addresses: Vec<usize>,
}

/// The objects of an inventory, in order.
pub type Iter<'a, T> = std::iter::Map<std::slice::Iter<'a, Arc<T>>, fn(&'a Arc<T>) -> &'a T>;

impl<T> Inventory<T> {
    /// No objects.
    #[must_use]
    pub const fn new() -> Inventory<T> {
        Inventory { all: Vec::new(), by_namespace: BTreeMap::new(), with_addresses: Vec::new() }
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The object with this index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.all.get(index).map(Arc::as_ref)
    }

    /// The first object.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// All objects, in order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.all.iter().map(Arc::as_ref)
    }
}

impl<T: Namespaced> Inventory<T> {
    /// The objects of this namespace with their indices, in order.
    pub fn in_namespace(&self, name: &str) -> impl Iterator<Item = (usize, &T)> {
        self.indices_in(name).iter().filter_map(|index| Some((*index, self.get(*index)?)))
    }

    /// The indices of the objects of this namespace, in order.
    #[must_use]
    pub fn indices_in(&self, name: &str) -> &[usize] {
        self.by_namespace.get(name).map_or(&[], Vec::as_slice)
    }

    /// The namespaces that have any, in alphabetical order.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.by_namespace.keys().map(String::as_str)
    }

    /// The objects of which an address is known, with their indices, in order.
    pub fn with_addresses(&self) -> impl Iterator<Item = (usize, &T)> {
        self.with_addresses.iter().filter_map(|index| Some((*index, self.get(*index)?)))
    }

    /// Adds an object behind the others, whose indices stay as they are.
    pub fn push(&mut self, object: T) {
        self.push_shared(Arc::new(object));
    }

    /// The same of objects that others have as well.
    pub fn extend_shared(&mut self, objects: impl IntoIterator<Item = Arc<T>>) {
        objects.into_iter().for_each(|object| self.push_shared(object));
    }

    fn push_shared(&mut self, object: Arc<T>) {
        let index = self.all.len();
        match self.by_namespace.get_mut(object.namespace()) {
            Some(indices) => indices.push(index),
            None => drop(self.by_namespace.insert(object.namespace().to_owned(), vec![index])),
        }
        if object.has_addresses() {
            self.with_addresses.push(index);
        }
        self.all.push(object);
    }
}

impl<T: Namespaced + Clone> Inventory<T> {
    /// Changes the objects in any way. Those that are shared are copied.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let mut all = std::mem::take(self).into_iter().collect();
        let result = change(&mut all);
        *self = all.into();
        result
    }
}

impl<T> Default for Inventory<T> {
    fn default() -> Inventory<T> {
        Inventory::new()
    }
}

impl<T: Namespaced> From<Vec<Arc<T>>> for Inventory<T> {
    fn from(all: Vec<Arc<T>>) -> Inventory<T> {
        let mut by_namespace: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut first = 0;
        // Neighbours are mostly of one namespace: it is looked up once for all of them.
        for neighbours in all.chunk_by(|one, other| one.namespace() == other.namespace()) {
            let indices = first..first + neighbours.len();
            first = indices.end;
            if let Some(name) = neighbours.first().map(|object| object.namespace()) {
                by_namespace.entry(name.to_owned()).or_default().extend(indices);
            }
        }
        let addresses = all.iter().enumerate().filter(|(_, object)| object.has_addresses());
        let with_addresses = addresses.map(|(index, _)| index).collect();
        Inventory { all, by_namespace, with_addresses }
    }
}

impl<T: Namespaced> From<Vec<T>> for Inventory<T> {
    fn from(all: Vec<T>) -> Inventory<T> {
        all.into_iter().collect()
    }
}

impl<T: Namespaced> FromIterator<T> for Inventory<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Inventory<T> {
        objects.into_iter().map(Arc::new).collect::<Vec<_>>().into()
    }
}

impl<T: Namespaced> Extend<T> for Inventory<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, objects: I) {
        objects.into_iter().for_each(|object| self.push(object));
    }
}

impl<T: Clone> IntoIterator for Inventory<T> {
    type Item = T;
    type IntoIter = std::iter::Map<std::vec::IntoIter<Arc<T>>, fn(Arc<T>) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter().map(Arc::unwrap_or_clone)
    }
}

impl<'a, T> IntoIterator for &'a Inventory<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Thing(&'static str, u8);

    impl Namespaced for Thing {
        fn namespace(&self) -> &str {
            self.0
        }

        fn has_addresses(&self) -> bool {
            self.1.is_multiple_of(2)
        }
    }

    fn found(inventory: &Inventory<Thing>, name: &str) -> Vec<(usize, u8)> {
        inventory.in_namespace(name).map(|(index, thing)| (index, thing.1)).collect()
    }

    #[test]
    fn what_is_found_by_namespace_is_what_is_there_after_every_change() {
        let mut inventory: Inventory<Thing> = vec![Thing("b", 1), Thing("a", 2), Thing("b", 3)].into();
        assert_eq!(found(&inventory, "b"), [(0, 1), (2, 3)]);
        inventory.push(Thing("c", 4));
        inventory.edit(|all| all.iter_mut().for_each(|thing| thing.0 = if thing.0 == "b" { "c" } else { thing.0 }));
        assert_eq!(found(&inventory, "b"), []);
        assert_eq!(found(&inventory, "c"), [(0, 1), (2, 3), (3, 4)]);
        assert_eq!(
            inventory.with_addresses().map(|(index, thing)| (index, thing.1)).collect::<Vec<_>>(),
            [(1, 2), (3, 4)]
        );
        inventory.edit(|all| all.remove(0));
        assert_eq!(found(&inventory, "c"), [(1, 3), (2, 4)]);
        assert_eq!(inventory.namespaces().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(inventory, inventory.iter().cloned().collect());
    }
}
