//! Checked, folding constructors: no other file builds a Boolean term by hand.
//!
//! A [`Term`] is a truth value that may already be known. What folds to a constant here never
//! reaches the solver, and an empty conjunction or disjunction means what logic says it means.

use std::net::IpAddr;

use ipnet::IpNet;
use z3::ast::{BV, Bool};

/// A truth value: known, or a term of the solver.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    /// Known.
    Const(bool),
    /// Up to the solver.
    Sym(Bool),
}

impl Term {
    pub(crate) const TRUE: Term = Term::Const(true);
    pub(crate) const FALSE: Term = Term::Const(false);

    /// A new Boolean variable.
    pub(crate) fn variable(name: &str) -> Term {
        Term::Sym(Bool::new_const(name))
    }

    /// True iff all are; true for none.
    pub(crate) fn all(terms: impl IntoIterator<Item = Term>) -> Term {
        match gather(terms, false) {
            None => Term::FALSE,
            Some(mut open) => match open.len() {
                0 => Term::TRUE,
                1 => open.pop().map_or(Term::TRUE, Term::Sym),
                _ => Term::Sym(Bool::and(&open)),
            },
        }
    }

    /// True iff any is; false for none.
    pub(crate) fn any(terms: impl IntoIterator<Item = Term>) -> Term {
        match gather(terms, true) {
            None => Term::TRUE,
            Some(mut open) => match open.len() {
                0 => Term::FALSE,
                1 => open.pop().map_or(Term::FALSE, Term::Sym),
                _ => Term::Sym(Bool::or(&open)),
            },
        }
    }

    pub(crate) fn and(self, other: Term) -> Term {
        Term::all([self, other])
    }

    pub(crate) fn or(self, other: Term) -> Term {
        Term::any([self, other])
    }

    pub(crate) fn not(self) -> Term {
        match self {
            Term::Const(known) => Term::Const(!known),
            Term::Sym(term) => Term::Sym(term.not()),
        }
    }

    pub(crate) fn implies(self, then: Term) -> Term {
        self.not().or(then)
    }

    pub(crate) fn iff(self, other: Term) -> Term {
        match (self, other) {
            (Term::Const(true), term) | (term, Term::Const(true)) => term,
            (Term::Const(false), term) | (term, Term::Const(false)) => term.not(),
            (Term::Sym(left), Term::Sym(right)) => Term::Sym(left.iff(&right)),
        }
    }

    /// The term as the solver takes it.
    pub(crate) fn to_bool(&self) -> Bool {
        match self {
            Term::Const(known) => Bool::from_bool(*known),
            Term::Sym(term) => term.clone(),
        }
    }
}

/// The open terms; `None` where one of them is the constant that decides the whole.
fn gather(terms: impl IntoIterator<Item = Term>, decisive: bool) -> Option<Vec<Bool>> {
    let mut open = Vec::new();
    for term in terms {
        match term {
            Term::Const(known) if known == decisive => return None,
            Term::Const(_) => {}
            Term::Sym(term) => open.push(term),
        }
    }
    Some(open)
}

/// A variable over `0..size`, as a bit-vector that is just wide enough.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    bits: BV,
    size: u64,
    width: u32,
}

impl Choice {
    /// A new variable; `size` is at least 1.
    pub(crate) fn new(name: &str, size: usize) -> Choice {
        let size = size.max(1) as u64;
        let width = (u64::BITS - (size - 1).leading_zeros()).max(1);
        Choice { bits: BV::new_const(name, width), size, width }
    }

    /// The variable stays below its size.
    pub(crate) fn in_range(&self) -> Term {
        if self.width < u64::BITS && self.size == 1 << self.width {
            return Term::TRUE;
        }
        Term::Sym(self.bits.bvult(self.constant(self.size)))
    }

    /// The variable has this value.
    pub(crate) fn is(&self, value: usize) -> Term {
        let value = value as u64;
        if value >= self.size {
            return Term::FALSE;
        }
        Term::Sym(self.bits.eq(self.constant(value)))
    }

    /// Both variables have one value.
    pub(crate) fn same_as(&self, other: &Choice) -> Term {
        Term::Sym(self.bits.eq(&other.bits))
    }

    pub(crate) fn bits(&self) -> &BV {
        &self.bits
    }

    fn constant(&self, value: u64) -> BV {
        BV::from_u64(value, self.width)
    }
}

/// A number of 16 bits: a port.
#[derive(Clone, Debug)]
pub(crate) struct Port(BV);

impl Port {
    pub(crate) fn new(name: &str) -> Port {
        Port(BV::new_const(name, 16))
    }

    pub(crate) fn is(&self, port: u16) -> Term {
        Term::Sym(self.0.eq(BV::from_u64(u64::from(port), 16)))
    }

    /// First and last included.
    pub(crate) fn between(&self, first: u16, last: u16) -> Term {
        if first == last {
            return self.is(first);
        }
        let above = self.0.bvuge(BV::from_u64(u64::from(first), 16));
        let below = self.0.bvule(BV::from_u64(u64::from(last), 16));
        Term::Sym(Bool::and(&[above, below]))
    }

    pub(crate) fn bits(&self) -> &BV {
        &self.0
    }
}

/// An address of each family; the flow's family says which of the two counts.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) v4: BV,
    pub(crate) v6: BV,
}

impl Address {
    pub(crate) fn new(name: &str) -> Address {
        Address { v4: BV::new_const(format!("{name}.v4"), 32), v6: BV::new_const(format!("{name}.v6"), 128) }
    }

    /// The address of the block's family lies in the block.
    pub(crate) fn lies_in(&self, block: &IpNet) -> Term {
        let length = u32::from(block.prefix_len());
        if length == 0 {
            return Term::TRUE;
        }
        match block {
            IpNet::V4(net) => prefix_is(&self.v4, 32, length, u128::from(net.network().to_bits())),
            IpNet::V6(net) => prefix_is(&self.v6, 128, length, net.network().to_bits()),
        }
    }

    /// The address of this family is this one.
    pub(crate) fn is(&self, address: IpAddr) -> Term {
        self.lies_in(&IpNet::from(address))
    }

    pub(crate) fn v4_is(&self, other: &Address) -> Term {
        Term::Sym(self.v4.eq(&other.v4))
    }

    pub(crate) fn v6_is(&self, other: &Address) -> Term {
        Term::Sym(self.v6.eq(&other.v6))
    }
}

fn prefix_is(bits: &BV, width: u32, length: u32, network: u128) -> Term {
    let high = if length == width { bits.clone() } else { bits.extract(width - 1, width - length) };
    Term::Sym(high.eq(constant(network >> (width - length), length)))
}

fn constant(value: u128, width: u32) -> BV {
    match u64::try_from(value) {
        Ok(small) => BV::from_u64(small, width),
        Err(_) => wide_constant(value, width),
    }
}

/// Built of two halves: the plain API takes 64 bits at a time.
fn wide_constant(value: u128, width: u32) -> BV {
    let low = BV::from_u64(u64::try_from(value & u128::from(u64::MAX)).unwrap_or(u64::MAX), 64);
    let high = BV::from_u64(u64::try_from(value >> 64).unwrap_or(u64::MAX), width - 64);
    high.concat(&low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use z3::{SatResult, Solver};

    fn possible(term: &Term) -> bool {
        let solver = Solver::new_for_logic("QF_FD").unwrap();
        solver.assert(term.to_bool());
        solver.check() == SatResult::Sat
    }

    #[test]
    fn constants_fold_away() {
        let open = Term::variable("a");
        assert!(matches!(Term::all([Term::TRUE, Term::FALSE, open.clone()]), Term::Const(false)));
        assert!(matches!(Term::any([Term::TRUE, open.clone()]), Term::Const(true)));
        assert!(matches!(Term::all([]), Term::Const(true)));
        assert!(matches!(Term::any([]), Term::Const(false)));
        assert!(matches!(open.implies(Term::TRUE), Term::Const(true)));
    }

    #[test]
    fn a_choice_takes_each_of_its_values_and_no_other() {
        for size in [1, 2, 3, 5, 8] {
            let choice = Choice::new("c", size);
            for value in 0..size {
                assert!(possible(&choice.in_range().and(choice.is(value))), "{value} of {size}");
            }
            assert!(!possible(&choice.in_range().and(Term::all((0..size).map(|value| choice.is(value).not())))));
        }
    }

    #[test]
    fn blocks_hold_their_addresses_in_both_families() {
        let address = Address::new("a");
        for (block, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("203.0.113.7/32", "203.0.113.7", "203.0.113.6"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("fd00::1/128", "fd00::1", "fd00::2"),
        ] {
            let lies_in = address.lies_in(&block.parse().unwrap());
            assert!(possible(&lies_in.clone().and(address.is(inside.parse().unwrap()))), "{inside} in {block}");
            assert!(!possible(&lies_in.and(address.is(outside.parse().unwrap()))), "{outside} in {block}");
        }
    }
}
