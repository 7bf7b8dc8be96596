//! For a terminal: a grid where it fits, and else one block for each row.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width, presets};
use document::visible;
use unicode_width::UnicodeWidthStr;

use super::{Heading, MEMBERS, Matrix, NAMESPACES, Remarks, RowNames, some};
use crate::{
    matrix::Cell,
    print::{Segment, Style},
};

/// Returns the matrix as text within a width; joined, the pieces end with a line break.
pub fn text(matrix: &Matrix<'_>, heading: &Heading<'_>, width: usize) -> Vec<Segment> {
    let mut out = Lines::default();
    out.line(&format!("Who may do what in {}", heading.cluster), Style::Title);
    let Remarks { gaps, totals, only, left_out } = Remarks::of(matrix);
    for gap in &gaps {
        out.line(&format!("! incomplete: {gap}"), Style::Danger);
    }
    out.line(&totals, Style::Note);
    if let Some(text) = &only {
        out.line(text, Style::Note);
    }
    out.line("", Style::Plain);
    let names = RowNames::of(&matrix.rows);
    match grid(matrix, &names, width) {
        Some(lines) => lines.iter().enumerate().for_each(|(at, line)| out.words(line, at == 0, matrix)),
        None => blocks(matrix, &names, &mut out),
    }
    out.line("", Style::Plain);
    for line in &legend(matrix, width) {
        out.line(line, Style::Note);
    }
    if let Some(text) = &left_out {
        out.line(text, Style::Note);
    }
    out.segments
}

/// A table of people and places, if its words fit into the width.
fn grid(matrix: &Matrix<'_>, names: &RowNames, width: usize) -> Option<Vec<String>> {
    // Two spaces between columns, and a word in each.
    if matrix.columns.len() * 3 > width {
        return None;
    }
    let head: Vec<String> = matrix.columns.iter().map(|column| visible(&matrix.title(column))).collect();
    let members = matrix.rows.iter().flat_map(|row| row.members.iter().take(MEMBERS)).map(|one| names.member(one));
    let mut longest = vec![members.map(|text| longest_word(&text)).max().unwrap_or_default()];
    for (column, title) in matrix.columns.iter().zip(&head) {
        let cells = matrix.rows.iter().map(|row| matrix.cell(row, column).text());
        longest.push(cells.chain([title.clone()]).map(|text| longest_word(&text)).max().unwrap_or_default());
    }
    // Narrower than its longest word a column is only where it must be.
    let least = [WORDS, NARROW].into_iter().find_map(|[members, words]| {
        let at_most = std::iter::once(members).chain(std::iter::repeat(words));
        let least: Vec<usize> = longest.iter().zip(at_most).map(|(word, at_most)| at_most.min(*word)).collect();
        (least.iter().map(|least| least + 2).sum::<usize>() <= width).then_some(least)
    })?;
    let mut table = Table::new();
    table.load_style(style()).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(std::iter::once(matrix.options.by.title().to_owned()).chain(head));
    for row in &matrix.rows {
        let mut members: Vec<String> =
            row.members.iter().take(MEMBERS).map(|member| visible(&names.member(member))).collect();
        if row.members.len() > MEMBERS {
            members.push(format!("+{} more", row.members.len() - MEMBERS));
        }
        let cells = matrix.columns.iter().map(|column| visible(&matrix.cell(row, column).text()));
        table.add_row(std::iter::once(members.join("\n")).chain(cells));
    }
    for (column, least) in table.column_iter_mut().zip(&least) {
        column.set_padding((0, 2)).set_cell_alignment(CellAlignment::Left);
        let least = u16::try_from(least + 2).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
    }
    // The style's left edge is a space.
    let line = |line: String| line.chars().skip(1).collect::<String>().trim_end().to_owned();
    Some(table.lines().map(line).collect())
}

/// What the words mean, in lines.
pub(super) fn legend(matrix: &Matrix<'_>, width: usize) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.add_rows(matrix.legend.iter().map(|(word, meaning)| [word, meaning]));
    let widest = matrix.legend.iter().map(|(word, _)| word.width()).max().unwrap_or_default();
    let widest = u16::try_from(widest + 2).unwrap_or_default();
    for (column, width) in table.column_iter_mut().zip([widest, 20]) {
        column.set_padding((0, 2)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// A block for each row: where, and what there.
fn blocks(matrix: &Matrix<'_>, names: &RowNames, out: &mut Lines) {
    for (at, row) in matrix.rows.iter().enumerate() {
        if at > 0 {
            out.line("", Style::Plain);
        }
        let members: Vec<String> = row.members.iter().take(MEMBERS).map(|member| names.member(member)).collect();
        let more = row.members.len().saturating_sub(MEMBERS);
        let more = if more == 0 { String::new() } else { format!(" +{more} more") };
        out.line(&format!("{}{more}", members.join("; ")), Style::Title);
        let lines = matrix.row_by_places(row).into_iter().map(|(names, cell)| (some(&names, NAMESPACES), cell));
        places(&lines.collect::<Vec<_>>(), matrix, out);
    }
}

/// Where, and what there.
pub(super) fn places(lines: &[(String, &Cell)], matrix: &Matrix<'_>, out: &mut Lines) {
    let widest = lines.iter().map(|(place, _)| place.width()).max().unwrap_or_default();
    for (place, cell) in lines {
        let padding = " ".repeat(widest - place.width());
        out.words(&format!("  {place}{padding}  {}", cell.text()), false, matrix);
    }
}

#[derive(Default)]
pub(super) struct Lines {
    pub(super) segments: Vec<Segment>,
}

impl Lines {
    pub(super) fn line(&mut self, text: &str, style: Style) {
        self.segments.push(Segment::line(text, style));
    }

    /// A line with cells in it, in which words that end with the mark of danger stand out.
    pub(super) fn words(&mut self, line: &str, is_head: bool, matrix: &Matrix<'_>) {
        if is_head || line.chars().all(|c| c == '─') {
            return self.line(line, if is_head { Style::Title } else { Style::Note });
        }
        let is_dangerous = |word: &str| {
            let word = word.trim_end_matches(',').strip_suffix('!');
            word.is_some_and(|word| matrix.legend.iter().any(|(known, _)| known == word))
        };
        let mut plain = String::new();
        for word in line.split_inclusive(' ') {
            let text = word.trim_end_matches([' ', ',']);
            if is_dangerous(text) {
                if !plain.is_empty() {
                    self.segments.push(Segment::new(&std::mem::take(&mut plain), Style::Plain));
                }
                self.segments.push(Segment::new(text, Style::Danger));
                plain.push_str(&word[text.len()..]);
            } else {
                plain.push_str(word);
            }
        }
        self.segments.push(Segment::line(&plain, Style::Plain));
    }
}

fn style() -> TableStyle {
    let line = LineStyle::new('─', '─', '─', '─');
    presets::NOTHING.header_separator(line).row_separator(line)
}

/// Longer words are broken, in the first column and in the others: where there is room for it, and where there is not.
const WORDS: [usize; 2] = [40, 50];
const NARROW: [usize; 2] = [16, 22];

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or_default()
}
