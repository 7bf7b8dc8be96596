//! Markdown, for pull requests and wikis.

use report::markdown_literal as escaped;

use super::{COLUMNS, Heading, MEMBERS, Matrix, NAMESPACES, Remarks, RowNames, html::date, some};

/// Returns the matrix as GitHub-flavoured Markdown.
pub fn markdown(matrix: &Matrix<'_>, heading: &Heading<'_>) -> String {
    let mut text = format!("## Who may do what in {}\n\n{}\n\n", escaped(heading.cluster), looked_at(heading));
    let Remarks { gaps, totals, only, left_out } = Remarks::of(matrix);
    self::gaps(&gaps, &mut text);
    text.push_str(&format!("{}\n\n", escaped(&totals)));
    if let Some(only) = &only {
        text.push_str(&format!("{}\n\n", escaped(only)));
    }
    let names = RowNames::of(&matrix.rows);
    if matrix.columns.len() <= COLUMNS {
        grid(matrix, &names, &mut text);
    } else {
        blocks(matrix, &names, &mut text);
    }
    legend(matrix, &mut text);
    if let Some(left) = &left_out {
        text.push_str(&format!("\n{}\n", escaped(left)));
    }
    text
}

/// When, and where.
pub(super) fn looked_at(heading: &Heading<'_>) -> String {
    format!("{}, from {}", date(heading.now), escaped(heading.source))
}

pub(super) fn gaps(gaps: &[String], text: &mut String) {
    if gaps.is_empty() {
        return;
    }
    text.push_str("> ⚠️ **Incomplete**: people and rights may be missing here.\n>\n");
    for gap in gaps {
        text.push_str(&format!("> - {}\n", escaped(gap)));
    }
    text.push('\n');
}

pub(super) fn legend(matrix: &Matrix<'_>, text: &mut String) {
    text.push_str("\n### What the words mean\n\n");
    for (word, meaning) in &matrix.legend {
        text.push_str(&format!("- **{}**: {}\n", escaped(word), escaped(meaning)));
    }
}

fn grid(matrix: &Matrix<'_>, names: &RowNames, text: &mut String) {
    let head = matrix.columns.iter().map(|column| escaped(&matrix.title(column)));
    row([matrix.options.by.title().to_owned()].into_iter().chain(head), text);
    row((0..=matrix.columns.len()).map(|_| "---".to_owned()), text);
    for one in &matrix.rows {
        let cells = matrix.columns.iter().map(|column| escaped(&matrix.cell(one, column).text()));
        row([members(one, names)].into_iter().chain(cells), text);
    }
}

fn blocks(matrix: &Matrix<'_>, names: &RowNames, text: &mut String) {
    row([matrix.options.by.title(), "Where", "What"].map(str::to_owned), text);
    row(["---"; 3].map(str::to_owned), text);
    for one in &matrix.rows {
        for (at, (places, cell)) in matrix.row_by_places(one).into_iter().enumerate() {
            let who = if at == 0 { members(one, names) } else { String::new() };
            row([who, escaped(&some(&places, NAMESPACES)), escaped(&cell.text())], text);
        }
    }
}

fn members(row: &super::Row<'_>, names: &RowNames) -> String {
    let mut members: Vec<String> =
        row.members.iter().take(MEMBERS).map(|member| escaped(&names.member(member))).collect();
    if row.members.len() > MEMBERS {
        members.push(format!("+{} more", row.members.len() - MEMBERS));
    }
    members.join("<br>")
}

fn row(cells: impl IntoIterator<Item = String>, text: &mut String) {
    let cells: Vec<String> = cells.into_iter().collect();
    text.push_str(&format!("| {} |\n", cells.join(" | ")));
}
