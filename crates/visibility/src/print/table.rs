//! Columns, aligned.

use unicode_width::UnicodeWidthStr as _;

use super::{Segment, Style};

/// A table for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns' titles, in capitals.
    pub head: Vec<&'static str>,
    /// Each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table, with its emphasis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// In one line.
    pub text: String,
    /// How it is meant.
    pub style: Style,
}

impl Cell {
    /// Creates a cell of plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Plain }
    }

    /// Creates a cell of text that needs attention.
    pub fn danger(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Danger }
    }

    /// Creates a cell of less important text.
    pub fn note(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Note }
    }
}

impl Table {
    /// Returns the lines, in pieces that say how they are meant. Columns are as wide as what is in them, two spaces apart.
    pub fn segments(&self) -> Vec<Segment> {
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.width());
            cells.max().unwrap_or_default().max(self.head[at].width())
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let head = self.head.iter().map(|title| Cell { text: (*title).to_owned(), style: Style::Title }).collect();
        let mut segments = Vec::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or_default();
            for (at, Cell { text, style }) in row.iter().enumerate().take(last + 1) {
                let padding = if at == last { 0 } else { widths[at] + 2 - text.width() };
                segments.push(Segment::new(text, *style));
                segments.push(Segment::new(&" ".repeat(padding), Style::Plain));
            }
            segments.push(Segment::line("", Style::Plain));
        }
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Segment, Table};

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let row = |who| vec![Cell::plain(who), Cell::plain("|")];
        // Two columns each; a letter and its accent; one column each.
        let rows = vec![row("山田"), row("e\u{301}va"), row("eva1")];
        let segments = Table { head: vec!["WHO", ""], rows }.segments();
        let text: String = segments.iter().map(Segment::text).collect();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, ["山田  |", "e\u{301}va   |", "eva1  |"]);
    }

    #[test]
    fn a_name_makes_no_line_of_its_own() {
        let rows = vec![vec![Cell::plain("User bob\nGroup system:all"), Cell::plain("everywhere")]];
        let segments = Table { head: vec!["WHO", "WHERE"], rows }.segments();
        let text: String = segments.iter().map(Segment::text).collect();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("User bob\u{fffd}Group system:all  everywhere"), "{text}");
    }
}
