//! What was most likely typed wrong where YAML cannot be read: the parser says what it misses, and where it noticed.

/// Returns what to mend, where the lines around the place in which the parser stopped say it. `bracket` is where the innermost
/// bracket is that is open there.
pub(crate) fn hint(text: &str, at: usize, bracket: Option<usize>) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let line = line_of(text, at).min(lines.len().checked_sub(1)?);
    let open = bracket.and_then(|open| unclosed(text, open, at));
    open.or_else(|| glued_dash(&lines, line)).or_else(|| other_indent(&lines, line))
}

/// A bracket that nothing has closed by the line on which the parser stops.
fn unclosed(text: &str, open: usize, at: usize) -> Option<String> {
    let (bracket, closing) = match text.get(open..)?.chars().next()? {
        '[' => ('[', ']'),
        '{' => ('{', '}'),
        _ => return None,
    };
    let is_at_end = text.get(at..).is_some_and(|rest| rest.trim().is_empty());
    let line = line_of(text, open);
    (is_at_end || line < line_of(text, at))
        .then(|| format!("the `{bracket}` of line {} is not closed: write `{closing}` where it ends", line + 1))
}

/// `-name: a`: without a blank it is a key that begins with a dash.
fn glued_dash(lines: &[&str], line: usize) -> Option<String> {
    let glued = |at: usize| {
        let rest = lines[at].trim_start().strip_prefix('-')?;
        let is_key = rest.starts_with(|first: char| first.is_ascii_alphabetic()) && rest.contains(':');
        is_key.then(|| format!("in line {} write a blank behind the dash: `- {}`", at + 1, rest.trim_end()))
    };
    (0..=line).rev().filter(|at| has_content(lines[*at])).take(3).find_map(glued)
}

/// A line that is neither where its siblings are nor below one of them.
fn other_indent(lines: &[&str], line: usize) -> Option<String> {
    let of_line = columns(lines[line]);
    let (&own, is_item) = (of_line.first()?, of_line.len() > 1);
    // Items are siblings of items, keys of keys.
    let (mut least, mut siblings) = (usize::MAX, Vec::new());
    for above in lines[..line].iter().rev().filter(|line| has_content(line)) {
        let columns = columns(above);
        for (place, column) in columns.iter().enumerate().rev().filter(|(_, column)| **column < least) {
            let is_dash = place + 1 < columns.len();
            let is_key = !is_dash && (above.contains(": ") || above.trim_end().ends_with(':'));
            if (is_item && is_dash) || (!is_item && is_key) {
                siblings.push(*column);
            }
        }
        least = least.min(columns[0]);
        if least == 0 {
            break;
        }
    }
    if siblings.contains(&own) {
        return None;
    }
    let nearest = siblings.into_iter().min_by_key(|column| (column.abs_diff(own), usize::MAX - column))?;
    Some(format!("line {} is indented by {own}, its siblings by {nearest}", line + 1))
}

/// Where a line's dashes stand, and what follows them.
fn columns(line: &str) -> Vec<usize> {
    let mut columns = Vec::new();
    let (mut at, mut rest) = (0, line);
    loop {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        (at, rest) = (at + blanks, &rest[blanks..]);
        columns.push(at);
        match rest.strip_prefix("- ") {
            Some(_) => (at, rest) = (at + 1, &rest[1..]),
            None => return columns,
        }
    }
}

fn has_content(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// The line that a byte is in, from 0.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count()
}
