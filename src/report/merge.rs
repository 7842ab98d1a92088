//! Reports of shares of one run, put together again.
//!
//! Whatever does not fit together is an error: a share that is missing would be a property that nobody has proved.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, SCHEMA, Share, Summary};

impl Share {
    /// What a reader of this report alone has to know.
    #[must_use]
    pub fn words(&self) -> String {
        let Share { index, of, properties, inputs: _ } = self;
        let own = self.own();
        format!(
            "this is share {index} of {of} and says nothing of the others: {own} of {properties} properties were asked about"
        )
    }

    /// How many properties it has.
    #[must_use]
    pub fn own(&self) -> usize {
        self.properties.saturating_sub(self.index).div_ceil(self.of.max(1))
    }
}

impl Report {
    /// The same, as that of a share.
    #[must_use]
    pub fn of_share(mut self, share: Share) -> Report {
        self.assumptions.push(share.words());
        self.share = Some(share);
        self
    }

    /// A report in its JSON form.
    ///
    /// # Errors
    /// In words, what it is not: a report of this version, to the last field.
    pub fn read(json: &str) -> Result<Report, String> {
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| format!("it is not JSON: {error}"))?;
        let word = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or("none").to_owned();
        if word("schema") != SCHEMA {
            return Err(format!(
                "it is no report of `netverify prove --format json`: its schema is {}",
                word("schema")
            ));
        }
        if word("netverify") != env!("CARGO_PKG_VERSION") {
            let own = env!("CARGO_PKG_VERSION");
            return Err(format!("it was made by netverify {}, and this is netverify {own}", word("netverify")));
        }
        let report: Report =
            serde_json::from_value(value.clone()).map_err(|error| format!("it is not whole: {error}"))?;
        // What was not understood would be gone.
        let same = serde_json::to_value(&report).is_ok_and(|again| again == value);
        if same { Ok(report) } else { Err("it has fields that netverify does not write".to_owned()) }
    }
}

/// The report of the whole run; each share with the name of its file.
///
/// # Errors
/// In words, why these are not the shares of one run.
pub fn merge(shares: Vec<(String, Report)>) -> Result<Report, String> {
    let first = one_run(&shares)?;
    let mut by_index: BTreeMap<usize, (String, Report)> = BTreeMap::new();
    for (name, report) in shares {
        let Some(index) = report.share.as_ref().map(|share| share.index) else { continue };
        if let Some((other, _)) = by_index.get(&index) {
            return Err(format!("{other} and {name} are both share {index}"));
        }
        by_index.insert(index, (name, report));
    }
    let missing: Vec<String> =
        (0..first.of).filter(|index| !by_index.contains_key(index)).map(|index| index.to_string()).collect();
    match missing.as_slice() {
        [] => Ok(together(by_index.into_values().map(|(_, report)| report).collect(), &first)),
        [one] => Err(format!("share {one} of {} is missing", first.of)),
        many => Err(format!("of {} shares these are missing: {}", first.of, many.join(", "))),
    }
}

/// What all shares agree on.
fn one_run(shares: &[(String, Report)]) -> Result<Share, String> {
    let of = |(name, report): &(String, Report)| match &report.share {
        Some(share) if share.index >= share.of || share.own() != report.properties.len() => {
            Err(format!("{name} says that it is share {} of {}, and is not", share.index, share.of))
        }
        Some(share) => Ok(share.clone()),
        None => Err(format!("{name} is a whole report, not that of a share")),
    };
    let Some(first) = shares.first() else { return Err("there is nothing to merge".to_owned()) };
    let share = of(first)?;
    for other in shares {
        let theirs = of(other)?;
        let differing = [
            ("how many shares there are", theirs.of != share.of),
            ("the files that were read, or in how they were read", theirs.inputs != share.inputs),
            ("how many properties there are", theirs.properties != share.properties),
            ("how many policies there are", other.1.summary.policies != first.1.summary.policies),
            ("the version of Z3", other.1.z3 != first.1.z3),
        ];
        if let Some((what, _)) = differing.iter().find(|(_, differs)| *differs) {
            return Err(format!("{} and {} are not shares of one run: they differ in {what}", first.0, other.0));
        }
    }
    Ok(share)
}

/// Properties in the order of the specs again, everything else added up.
fn together(shares: Vec<Report>, first: &Share) -> Report {
    let mut whole = Report {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3: shares.first().map_or_else(String::new, |share| share.z3.clone()),
        summary: Summary::default(),
        assumptions: Vec::new(),
        share: None,
        properties: Vec::with_capacity(first.properties),
    };
    let policies = shares.first().map_or(0, |share| share.summary.policies);
    let (mut told, mut queues, mut elapsed_ms) = (BTreeSet::new(), Vec::new(), 0);
    for report in shares {
        // Shares are made to run side by side: the one that took longest tells the time.
        elapsed_ms = elapsed_ms.max(report.summary.elapsed_ms);
        let own = report.share.as_ref().map(Share::words);
        let new =
            report.assumptions.into_iter().filter(|words| Some(words) != own.as_ref() && told.insert(words.clone()));
        whole.assumptions.extend(new);
        queues.push(report.properties.into_iter());
    }
    while whole.properties.len() < first.properties {
        let before = whole.properties.len();
        whole.properties.extend(queues.iter_mut().filter_map(Iterator::next));
        if whole.properties.len() == before {
            break;
        }
    }
    whole.summary = Summary { policies, elapsed_ms, ..Summary::of(&whole.properties) };
    whole
}
