//! One file that a person puts into a report: no network, no script that it needs, complete on paper.
//!
//! What names hold is text and nothing else: the templates escape, and a policy in the page lets no style and no script run
//! but those that were built in.

use std::collections::BTreeSet;

use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{COLUMNS, Column, Heading, Matrix, NAMESPACES, Remarks, RowNames, some};
use crate::{
    matrix::{Cell, Level},
    print::Text,
};

pub(super) const STYLE: &str = include_str!("../../../templates/page.css");
pub(super) const SCRIPT: &str = include_str!("../../../templates/page.js");
#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    title: Text,
    cluster: Text,
    source: Text,
    time: Timestamp,
    only: Option<Text>,
    date: String,
    policy: String,
    gaps: Vec<Text>,
    totals: Vec<Total>,
    who: &'a str,
    is_by_levels: bool,
    layout: Layout,
    /// The names of those namespaces of which not all are named above.
    lists: Vec<(Text, Text)>,
    left_out: Option<Text>,
    legend: Vec<Entry>,
}

enum Layout {
    Grid { columns: Vec<Listed>, rows: Vec<GridRow> },
    Blocks { rows: Vec<Block> },
}

struct Total {
    number: String,
    what: String,
    is_dangerous: bool,
}

struct GridRow {
    members: Vec<Text>,
    cells: Vec<GridCell>,
}

struct GridCell {
    words: Vec<Marked>,
    /// Whether it is no more than what holds in the whole cluster.
    is_same: bool,
}

struct Block {
    members: Vec<Text>,
    places: Vec<(Listed, Vec<Marked>)>,
}

/// Names of which the first are shown.
struct Listed {
    shown: Vec<Text>,
    /// How many are not.
    more: usize,
}

pub(super) struct Marked {
    pub(super) text: Text,
    pub(super) class: &'static str,
    pub(super) is_dangerous: bool,
}

pub(super) struct Entry {
    pub(super) word: Text,
    pub(super) meaning: Text,
    pub(super) class: &'static str,
}

/// Returns the matrix as one page.
pub fn html(matrix: &Matrix<'_>, heading: &Heading<'_>) -> String {
    let Remarks { gaps, only, left_out, .. } = Remarks::of(matrix);
    let names = RowNames::of(&matrix.rows);
    let layout = if matrix.columns.len() <= COLUMNS { grid(matrix, &names) } else { blocks(matrix, &names) };
    let mut legend = legend(matrix);
    if layout.has_same() {
        let meaning = "what holds in the whole cluster holds in every namespace".into();
        legend.push(Entry { word: "dashed".into(), meaning, class: "same" });
    }
    let page = Page {
        title: "Who may do what".into(),
        cluster: heading.cluster.into(),
        source: heading.source.into(),
        time: heading.now,
        only: only.map(Text::from),
        date: date(heading.now),
        policy: policy(),
        gaps: gaps.into_iter().map(Text::from).collect(),
        totals: totals(matrix),
        who: matrix.options.by.title(),
        is_by_levels: matrix.is_by_levels(),
        layout,
        lists: lists(matrix),
        left_out: left_out.map(Text::from),
        legend,
    };
    render(&page)
}

pub(super) fn render(page: &impl Template) -> String {
    page.render().expect("texts can be written into a text")
}

pub(super) fn legend(matrix: &Matrix<'_>) -> Vec<Entry> {
    matrix.legend.iter().map(|(word, meaning)| Entry::new(word, meaning)).collect()
}

fn grid(matrix: &Matrix<'_>, names: &RowNames) -> Layout {
    let columns = matrix.columns.iter().map(|column| Listed::of_column(column, matrix)).collect();
    let rows = matrix.rows.iter().map(|row| {
        let cluster = matrix.cell(row, &Column::Cluster);
        let cell = |column: &Column| {
            let cell = matrix.cell(row, column);
            GridCell { words: marked(cell), is_same: *column != Column::Cluster && cell == cluster }
        };
        GridRow {
            members: row.members.iter().map(|member| names.member(member).into()).collect(),
            cells: matrix.columns.iter().map(cell).collect(),
        }
    });
    Layout::Grid { columns, rows: rows.collect() }
}

fn blocks(matrix: &Matrix<'_>, names: &RowNames) -> Layout {
    let rows = matrix.rows.iter().map(|row| {
        let places = matrix.row_by_places(row).into_iter().map(|(names, cell)| (Listed::of(&names), marked(cell)));
        Block {
            members: row.members.iter().map(|member| names.member(member).into()).collect(),
            places: places.collect(),
        }
    });
    Layout::Blocks { rows: rows.collect() }
}

impl Layout {
    fn has_same(&self) -> bool {
        let is_same = |cell: &GridCell| cell.is_same && !cell.words.is_empty();
        matches!(self, Self::Grid { rows, .. } if rows.iter().flat_map(|row| &row.cells).any(is_same))
    }
}

fn totals(matrix: &Matrix<'_>) -> Vec<Total> {
    let total = |number: usize, what: &str, is_dangerous: bool| Total {
        number: number.to_string(),
        what: what.to_owned(),
        is_dangerous: is_dangerous && number > 0,
    };
    let number_of = |number: usize, [one, many]: [&str; 2]| total(number, if number == 1 { one } else { many }, false);
    let totals = &matrix.totals;
    let mut all = vec![number_of(totals.members, matrix.options.by.nouns())];
    if totals.others > 0 {
        all.push(number_of(totals.others, ["other user or group", "other users and groups"]));
    }
    if matrix.is_by_levels() {
        all.push(total(totals.everything, "may do everything everywhere", true));
        all.push(total(totals.dangerous, "can escalate privileges", true));
    }
    if totals.without_login > 0 {
        all.push(total(totals.without_login, "mapped, but cannot log in", false));
    }
    all.push(number_of(totals.namespaces, ["namespace", "namespaces"]));
    all.push(number_of(totals.bindings, ["binding", "bindings"]));
    all
}

/// The names of those namespaces of which not all are named, each list once.
fn lists(matrix: &Matrix<'_>) -> Vec<(Text, Text)> {
    let is_grid = matrix.columns.len() <= COLUMNS;
    let of_column = |column: &Column| match column {
        Column::Others(names) => Some((matrix.title(column).into(), names.join(", ").into())),
        Column::Namespaces(names) if is_grid && names.len() > NAMESPACES => {
            Some((matrix.title(column).into(), names.join(", ").into()))
        }
        Column::Namespaces(_) | Column::Cluster => None,
    };
    let mut lists: Vec<(Text, Text)> = matrix.columns.iter().filter_map(of_column).collect();
    if !is_grid {
        let places = matrix.rows.iter().flat_map(|row| matrix.places(row)).map(|(names, _)| names);
        let long = places.filter(|names| names.len() > NAMESPACES).collect::<BTreeSet<_>>();
        lists.extend(long.into_iter().map(|names| (some(&names, NAMESPACES).into(), names.join(", ").into())));
    }
    lists
}

impl Listed {
    fn of_column(column: &Column, matrix: &Matrix<'_>) -> Self {
        match column {
            Column::Cluster | Column::Others(_) => Self { shown: vec![matrix.title(column).into()], more: 0 },
            Column::Namespaces(names) => Self::of(names),
        }
    }

    fn of(names: &[impl AsRef<str>]) -> Self {
        let more = names.len().saturating_sub(NAMESPACES);
        let shown = names[..names.len() - more].iter().map(Text::from).collect();
        Self { shown, more }
    }
}

impl Entry {
    fn new(word: &str, meaning: &str) -> Self {
        Self { word: word.into(), meaning: meaning.into(), class: class(word) }
    }
}

pub(super) fn marked(cell: &Cell) -> Vec<Marked> {
    let marked = |word: crate::matrix::Word| Marked {
        class: class(word.text.trim_end_matches('!')),
        text: word.text.into(),
        is_dangerous: word.is_dangerous,
    };
    cell.words().into_iter().map(marked).collect()
}

/// The style of a word: levels have one, and lists.
fn class(word: &str) -> &'static str {
    if word.contains(' ') {
        return "long";
    }
    Level::EACH.into_iter().map(Level::as_str).find(|level| *level == word).unwrap_or_default()
}

/// `1 June 2026, 12:00 UTC`.
pub(super) fn date(now: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let now = jiff::tz::Offset::UTC.to_datetime(now);
    let month = MONTHS[usize::try_from(now.month() - 1).unwrap_or_default() % 12];
    format!("{} {month} {}, {:02}:{:02} UTC", now.day(), now.year(), now.hour(), now.minute())
}

/// What the page may load and run: its own style and script, known by their digests (Content Security Policy Level 3).
pub(super) fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}
