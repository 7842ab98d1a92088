//! A list of faults that does not grow with the input: the first so many are kept, all are counted.
//! A faulty generator or a hostile author can make millions, and nobody reads more than the first.
//! Used by everything in this module that finds faults.

use super::limits;
use crate::diagnostic::Diagnostic;

/// The faults found so far.
pub struct Faults {
    list: Vec<Diagnostic>,
    most: usize,
    errors: usize,
    warnings: usize,
}

impl Faults {
    /// An empty list that keeps so many errors, and as many warnings.
    pub fn new(most: usize) -> Faults {
        Faults { list: Vec::new(), most, errors: 0, warnings: 0 }
    }

    /// Takes in one fault.
    pub fn push(&mut self, fault: Diagnostic) {
        let count = if fault.is_error() { &mut self.errors } else { &mut self.warnings };
        *count += 1;
        if *count <= self.most {
            self.list.push(fault);
        }
    }

    /// Takes in all of another list, those that it only counted included.
    pub fn absorb(&mut self, other: Faults) {
        let counted = |faults: &Faults| {
            let errors = faults.list.iter().filter(|fault| fault.is_error()).count();
            (faults.errors - errors, faults.warnings - (faults.list.len() - errors))
        };
        let (errors, warnings) = counted(&other);
        other.list.into_iter().for_each(|fault| self.push(fault));
        self.errors += errors;
        self.warnings += warnings;
    }

    /// Whether nothing was found, not even something to warn of.
    pub fn is_empty(&self) -> bool {
        self.errors + self.warnings == 0
    }

    /// Whether anything that ends the run was found.
    pub fn failed(&self) -> bool {
        self.errors > 0
    }

    /// What was kept, and how many more there are.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let errors = self.list.iter().filter(|fault| fault.is_error()).count();
        let warnings = self.list.len() - errors;
        let more = |count, what: &str| {
            let message = format!("{} more {what} are not listed", limits::number(count));
            limits::exceeded(message, "mend the ones that are listed first: the others may follow from them")
        };
        if self.warnings > warnings {
            let severity = crate::diagnostic::Severity::Warning;
            self.list.push(Diagnostic { severity, ..more(self.warnings - warnings, "warnings") });
        }
        if self.errors > errors {
            self.list.push(more(self.errors - errors, "errors"));
        }
        self.list
    }
}

impl Extend<Diagnostic> for Faults {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, faults: T) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn many(errors: usize, warnings: usize, most: usize) -> Faults {
        let mut faults = Faults::new(most);
        faults.extend((0..warnings).map(|_| Diagnostic::warning(Code::HostBits, "w")));
        faults.extend((0..errors).map(|_| Diagnostic::error(Code::WrongType, "e")));
        faults
    }

    fn messages(faults: Faults) -> Vec<String> {
        faults.finish().into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        assert_eq!(messages(many(2, 1, 2)), ["w", "e", "e"]);
        let mut all = many(3, 1, 2);
        all.absorb(many(1_000, 4, 3));
        assert!(all.failed());
        assert_eq!(
            messages(all),
            ["w", "e", "e", "w", "3 more warnings are not listed", "1,001 more errors are not listed"]
                .map(str::to_owned)
        );
    }

    #[test]
    fn many_warnings_are_no_error() {
        let faults = many(0, 5_000, 10);
        assert!(!faults.failed());
        assert!(!faults.finish().iter().any(Diagnostic::is_error));
    }
}
