//! The AWS CLI's table: a section for each object, one within the other.
//!
//! Source: `awscli/table.py` and `TableFormatter` of `awscli/formatter.py`.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::{Map, Value as Json};

use super::{is_scalar, scalar};

/// How wide a table may be before its single rows are turned, where there is no terminal.
const WIDTH: usize = 80;

/// What a column has beside its widest text.
const PADDING: usize = 4;

/// A table under a title; nothing where there is nothing to show.
pub(super) fn table(title: &str, value: &Json) -> anyhow::Result<String> {
    let mut table = Table::default();
    if !table.put(Some(title), value, 0)? {
        return Ok(String::new());
    }
    if table.width() > WIDTH {
        table.sections.iter_mut().for_each(Section::turn);
    }
    let width = table.width();
    let lines: Vec<String> = table.sections.iter().flat_map(|section| section.lines(width)).collect();
    Ok(format!("{}\n{}\n", "-".repeat(width), lines.join("\n")))
}

#[derive(Default)]
struct Table {
    sections: Vec<Section>,
}

#[derive(Default)]
struct Section {
    title: String,
    depth: usize,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Puts a value into sections of its own; false where it is empty.
    fn put(&mut self, title: Option<&str>, value: &Json, depth: usize) -> anyhow::Result<bool> {
        if is_empty(value) {
            return Ok(false);
        }
        if let Some(title) = title {
            self.begin(title, depth);
        }
        match value {
            Json::Object(object) => self.put_object(object, depth)?,
            Json::Array(list) if list[0].is_object() => self.put_objects(list, title.unwrap_or_default(), depth)?,
            Json::Array(list) => {
                for item in list {
                    match item {
                        Json::Array(row) if row.iter().all(is_scalar) => self.row(row.iter().map(scalar).collect())?,
                        item if is_scalar(item) => self.row(vec![scalar(item)])?,
                        item => drop(self.put(None, item, 0)?),
                    }
                }
            }
            // Under its title, and nothing else: as there.
            _ => {}
        }
        Ok(true)
    }

    fn put_object(&mut self, object: &Map<String, Json>, depth: usize) -> anyhow::Result<()> {
        let (keys, below) = keys_of([object]);
        match &keys[..] {
            [] => {}
            [key] => self.row(vec![(*key).to_owned(), scalar(&object[*key])])?,
            keys => {
                self.last().headers = keys.iter().map(|key| (*key).to_owned()).collect();
                self.row(keys.iter().map(|key| scalar(&object[*key])).collect())?;
            }
        }
        for key in below {
            self.put(Some(key), &object[key], depth + 1)?;
        }
        Ok(())
    }

    fn put_objects(&mut self, list: &[Json], title: &str, depth: usize) -> anyhow::Result<()> {
        ensure!(list.iter().all(Json::is_object), "a table has no place for a list of objects and other values");
        let objects: Vec<_> = list.iter().filter_map(Json::as_object).collect();
        let (keys, below) = keys_of(objects.iter().copied());
        for (number, object) in objects.into_iter().enumerate() {
            if number > 0 && !below.is_empty() {
                self.begin(title, depth);
            }
            if number == 0 || !below.is_empty() {
                self.last().headers = keys.iter().map(|key| (*key).to_owned()).collect();
            }
            self.row(keys.iter().map(|key| object.get(*key).map(scalar).unwrap_or_default()).collect())?;
            for key in below.iter().filter(|key| object.contains_key(**key)) {
                self.put(Some(key), &object[*key], depth + 1)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, title: &str, depth: usize) {
        self.sections.push(Section { title: title.to_owned(), depth, ..Section::default() });
    }

    fn last(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.begin("", 0);
        }
        let last = self.sections.len() - 1;
        &mut self.sections[last]
    }

    fn row(&mut self, row: Vec<String>) -> anyhow::Result<()> {
        let section = self.last();
        let columns = section.columns();
        ensure!(
            columns == 0 || columns == row.len(),
            "a table has no place for rows of {columns} and of {} columns",
            row.len()
        );
        section.rows.push(row);
        Ok(())
    }

    fn width(&self) -> usize {
        self.sections.iter().map(Section::width).max().unwrap_or_default()
    }
}

impl Section {
    fn columns(&self) -> usize {
        if self.headers.is_empty() { self.rows.first().map_or(0, Vec::len) } else { self.headers.len() }
    }

    /// The widest text of each column, and what stands around it.
    fn widths(&self) -> Vec<usize> {
        let all = || std::iter::once(&self.headers).filter(|headers| !headers.is_empty()).chain(&self.rows);
        let widest = |column: usize| all().map(|row| width(&row[column])).max().unwrap_or_default();
        (0..self.columns()).map(|column| widest(column) + PADDING).collect()
    }

    fn width(&self) -> usize {
        let around = 2 + 2 * self.depth;
        (width(&self.title) + around).max(self.widths().iter().sum::<usize>() + around)
    }

    /// Makes a row of each column, where there is but one row.
    fn turn(&mut self) {
        if self.headers.is_empty() || self.rows.len() != 1 {
            return;
        }
        let headers = std::mem::take(&mut self.headers);
        let row = self.rows.pop().unwrap_or_default();
        self.rows = headers.into_iter().zip(row).map(|(header, value)| vec![header, value]).collect();
    }

    fn lines(&self, width_of_all: usize) -> Vec<String> {
        let width = width_of_all - 2 * self.depth;
        let widths = scaled(&self.widths(), width);
        let mut lines = Vec::new();
        if !self.title.is_empty() {
            lines.push(centered(&self.title, width, "|"));
            if widths.is_empty() {
                lines.push(format!("+{}+", "-".repeat(width - 2)));
            }
        }
        let cells = |row: &[String], cell: fn(&str, usize, &'static str) -> String| -> String {
            let edge = |column: usize| if column == 0 { "|" } else { "" };
            let cells = row.iter().zip(&widths).enumerate();
            cells.map(|(column, (text, width))| cell(text, *width, edge(column))).collect()
        };
        if !self.headers.is_empty() {
            lines.push(rule(&widths));
            lines.push(cells(&self.headers, centered));
        }
        if !self.rows.is_empty() && !widths.is_empty() {
            lines.push(rule(&widths));
            lines.extend(self.rows.iter().map(|row| cells(row, aligned)));
            lines.push(rule(&widths));
        }
        let edge = "|".repeat(self.depth);
        lines.into_iter().map(|line| format!("{edge}{line}{edge}")).collect()
    }
}

/// Columns that are as wide together as the table is.
fn scaled(widths: &[usize], width: usize) -> Vec<usize> {
    let sum: usize = widths.iter().sum();
    if sum == 0 {
        return Vec::new();
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns are counted in hundreds"
    )]
    let scale = |of: &usize| (width as f64 / sum as f64 * *of as f64).round_ties_even() as usize;
    let mut scaled: Vec<usize> = widths.iter().map(scale).collect();
    loop {
        let is: usize = scaled.iter().sum();
        match is.cmp(&width) {
            std::cmp::Ordering::Equal => return scaled,
            std::cmp::Ordering::Greater => scaled.iter_mut().take(is - width).for_each(|column| *column -= 1),
            std::cmp::Ordering::Less => scaled.iter_mut().rev().take(width - is).for_each(|column| *column += 1),
        }
    }
}

fn centered(text: &str, width_of_all: usize, left: &'static str) -> String {
    let before = (width_of_all / 2).saturating_sub(width(text) / 2 + 1);
    let after = width_of_all.saturating_sub(left.len() + before + width(text) + 1);
    format!("{left}{}{text}{}|", " ".repeat(before), " ".repeat(after))
}

fn aligned(text: &str, width_of_all: usize, left: &'static str) -> String {
    let room = width_of_all.saturating_sub(width(text) + left.len() + 1);
    let before = if room >= 2 { 2 } else { 0 };
    format!("{left}{}{text}{}|", " ".repeat(before), " ".repeat(room - before))
}

fn rule(widths: &[usize]) -> String {
    let part = |(column, width): (usize, &usize)| match column {
        0 => format!("+{}+", "-".repeat(width.saturating_sub(2))),
        _ => format!("{}+", "-".repeat(width.saturating_sub(1))),
    };
    widths.iter().enumerate().map(part).collect()
}

/// The keys of scalars, and those of all else.
fn keys_of<'a>(objects: impl IntoIterator<Item = &'a Map<String, Json>>) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut scalars, mut below) = (BTreeSet::new(), BTreeSet::new());
    for (key, value) in objects.into_iter().flatten() {
        if is_scalar(value) {
            scalars.insert(key.as_str())
        } else {
            below.insert(key.as_str())
        };
    }
    (scalars.into_iter().collect(), below.into_iter().collect())
}

/// What Python takes for false.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(truth) => !truth,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Object(object) => object.is_empty(),
    }
}

/// How many columns a text takes; a credential is of ASCII.
fn width(text: &str) -> usize {
    text.chars().count()
}
