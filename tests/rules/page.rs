//! Pages of examples: Markdown with YAML blocks, and tables about what each block means.
//!
//! Reads as much Markdown as the pages of this folder use and refuses the rest, with file and line:
//! what is skipped in silence is not tested. Knows nothing of policies.

/// A table, and the line in the page that it begins at.
#[derive(Debug)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

/// The cells of one row, and its line in the page.
#[derive(Debug)]
pub struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// A YAML block with the tables after it.
#[derive(Debug)]
pub struct Example {
    /// The line in the page before the first line of YAML.
    pub line: usize,
    pub yaml: String,
    pub tables: Vec<Table>,
}

/// What stands under one `## ` heading.
#[derive(Debug)]
pub struct Section {
    pub line: usize,
    pub title: String,
    pub examples: Vec<Example>,
    /// It says that nothing can be judged.
    pub not_judged: bool,
}

/// The sections of a page.
pub fn read(name: &str, text: &str) -> Result<Vec<Section>, String> {
    let mut reader = Reader { sections: Vec::new(), yaml: None, in_table: false };
    for (at, line) in text.lines().enumerate() {
        reader.line(at + 1, line).map_err(|fault| format!("{name}:{}: {fault}", at + 1))?;
    }
    if reader.yaml.is_some() {
        return Err(format!("{name}: a block of YAML has no end"));
    }
    Ok(reader.sections)
}

struct Reader {
    sections: Vec<Section>,
    yaml: Option<Example>,
    in_table: bool,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), String> {
        if let Some(example) = &mut self.yaml {
            if text != "```" {
                example.yaml += text;
                example.yaml.push('\n');
                return Ok(());
            }
            let example = self.yaml.take().ok_or("no block")?;
            self.section()?.examples.push(example);
            return Ok(());
        }
        if text.starts_with('|') {
            return self.table_line(line, text);
        }
        self.in_table = false;
        if let Some(title) = text.strip_prefix("## ") {
            let title = title.to_owned();
            self.sections.push(Section { line, title, examples: Vec::new(), not_judged: false });
        } else if text == "```yaml" {
            self.yaml = Some(Example { line, yaml: String::new(), tables: Vec::new() });
        } else if text.starts_with("```") {
            return Err(format!("`{text}`: examples are fenced as ```yaml"));
        } else if text.starts_with("**Not judged.** ") {
            self.section()?.not_judged = true;
        }
        Ok(())
    }

    fn section(&mut self) -> Result<&mut Section, String> {
        self.sections.last_mut().ok_or_else(|| "stands before the first `## ` heading".to_owned())
    }

    fn table_line(&mut self, line: usize, text: &str) -> Result<(), String> {
        let cells = cells(text)?;
        let in_table = std::mem::replace(&mut self.in_table, true);
        // A table before the first heading is a table of contents.
        let Some(section) = self.sections.last_mut() else { return Ok(()) };
        let example = section.examples.last_mut().ok_or("a table without YAML before it")?;
        if !in_table {
            example.tables.push(Table { header: cells, rows: Vec::new() });
            return Ok(());
        }
        let table = example.tables.last_mut().ok_or("a row without a table")?;
        if cells.len() != table.header.len() {
            return Err(format!("{} cells under {} headings", cells.len(), table.header.len()));
        }
        if !cells.iter().all(|cell| cell.chars().all(|c| c == '-') && !cell.is_empty()) {
            table.rows.push(Row { line, cells });
        }
        Ok(())
    }
}

/// The cells of a line, without the code marks around a whole cell.
fn cells(line: &str) -> Result<Vec<String>, String> {
    let inner = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
    let inner = inner.ok_or("a line of a table begins and ends with `|`")?;
    Ok(inner.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
}
