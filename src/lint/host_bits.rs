//! Bits below the prefix of a block (R23): reading masks them and warns; here the warning is a finding.
//!
//! Under `lint` alone.

use crate::diagnostic::{self, Diagnostic};
use crate::finding::{Code, Finding};
use crate::model::policy::Policy;
use crate::model::workload::Cluster;
use crate::source::Origin;

/// Whether the warning is told as a finding, and so need not be told as a warning.
#[must_use]
pub(super) fn is_told(fault: &Diagnostic) -> bool {
    fault.code == diagnostic::Code::HostBits && fault.primary.is_some()
}

/// The warning as a finding; `None` for any other fault, and for one of another cluster's policies.
pub(super) fn of_fault(cluster: &Cluster, fault: &Diagnostic) -> Option<Finding> {
    let label = fault.primary.as_ref().filter(|_| is_told(fault))?;
    let policy = cluster.policies.iter().find(|policy| contains(policy, label.origin))?;
    let finding = Finding::new(Code::HostBits, policy.full_name(), fault.message.clone()).at(label.origin, "");
    let finding = fault.notes.iter().fold(finding, |finding, note| finding.note(note.clone()));
    Some(fault.help.iter().fold(finding, |finding, help| finding.help(help.clone())))
}

fn contains(policy: &Policy, origin: Origin) -> bool {
    let (whole, part) = (policy.origin.span, origin.span);
    policy.origin.file == origin.file && whole.start <= part.start && part.end <= whole.end
}
