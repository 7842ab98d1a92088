//! The matrix as JSON, one cell a line, written as it comes. `docs/matrix.md` describes it.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Cells, MatrixHead, RangesReport};
use crate::matrix::CellId;
use crate::plain;

/// What passes, as it stands in each cell.
#[derive(Serialize)]
struct Passes<'a> {
    allowed: &'a [RangesReport],
    #[serde(skip_serializing_if = "<[RangesReport]>::is_empty")]
    if_address: &'a [RangesReport],
}

/// Writes the whole matrix.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(head: &MatrixHead, cells: &mut Cells<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = head.ends.iter().map(|end| json(&end.name)).collect();
    writeln!(out, "{{\n  \"schema\": {},\n  \"netverify\": {},", json(head.schema), json(head.netverify))?;
    writeln!(out, "  \"plugin\": {},", json(head.plugin))?;
    list(out, "assumptions", head.assumptions.iter().map(json))?;
    list(out, "ends", head.ends.iter().map(json))?;
    write!(out, "  \"cells\": [")?;
    let mut separator = "\n    ";
    // Most cells hold what some other does.
    let mut known: HashMap<CellId, String> = HashMap::new();
    cells.each(&mut |from, to, (id, cell)| {
        let passes = known.entry(id).or_insert_with(|| {
            let text = json(&Passes { allowed: &cell.allowed, if_address: &cell.if_address });
            text.strip_prefix('{').unwrap_or(&text).to_owned()
        });
        let name = |end: usize| names.get(end).map_or("null", String::as_str);
        write!(out, "{separator}{{\"from\":{},\"to\":{},{passes}", name(from), name(to))?;
        separator = ",\n    ";
        Ok(())
    })?;
    writeln!(out, "\n  ]\n}}")
}

fn list(out: &mut dyn Write, name: &str, items: impl Iterator<Item = String>) -> io::Result<()> {
    let items: Vec<_> = items.map(|item| format!("\n    {item}")).collect();
    writeln!(out, "  \"{name}\": [{}\n  ],", items.join(","))
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    // Plain data with string keys: this cannot fail, and an empty value would be noticed.
    plain::json(&serde_json::to_string(value).unwrap_or_default()).into_owned()
}
