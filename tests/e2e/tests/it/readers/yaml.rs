//! Entries written down as YAML: in every style that there is, with the mistakes that are made by hand.

use e2e::random::Random;

use super::entries::Node;

/// How somebody writes.
pub(super) struct Hand {
    /// One in this many scalars is in an unusual style.
    pub(super) calm: usize,
    /// By how much what is inside stands to the right.
    indent: usize,
    /// Whether lists below a key begin where the key begins.
    flush: bool,
    /// Whether keys are in quotes.
    quoted: bool,
}

impl Hand {
    pub(super) fn new(random: &mut Random, calm: usize) -> Self {
        Self { calm, indent: 2 + 2 * random.below(2), flush: random.below(3) == 0, quoted: random.below(8) == 0 }
    }
}

/// A section: a list as text, with what stands around it, and perhaps a slip.
pub(super) fn section(random: &mut Random, hand: &Hand, list: &[Node]) -> String {
    let mut text = match random.below(hand.calm * 3) {
        0 => super::json::value(random, &Node::List(list.to_vec())),
        1 => format!("{}\n", flow(random, hand, &Node::List(list.to_vec()))),
        2 => whole(random, hand, list),
        _ => block(random, hand, list),
    };
    if random.below(hand.calm) == 0 {
        text = around(random, &text);
    }
    if random.below(hand.calm) == 0 {
        text = slip(random, &text);
    }
    text
}

/// A list below a key of a file.
pub(super) fn below(random: &mut Random, hand: &Hand, key: &str, list: &[Node]) -> String {
    if random.below(6) == 0 || list.is_empty() {
        return format!("  {key}: {}\n", flow(random, hand, &Node::List(list.to_vec())));
    }
    let text = block(random, hand, list);
    let lines: String = text.split_inclusive('\n').map(|line| format!("    {line}")).collect();
    format!("  {key}:\n{lines}")
}

/// What is not a list of entries.
fn whole(random: &mut Random, hand: &Hand, list: &[Node]) -> String {
    match random.below(9) {
        0 => String::new(),
        1 => "\"\"".to_owned(),
        2 => "[]\n".to_owned(),
        3 => "# nothing\n".to_owned(),
        4 => "``".to_owned(),
        5 => "null\n".to_owned(),
        6 => "none\n".to_owned(),
        7 => list.first().map(|entry| flow(random, hand, entry)).unwrap_or_default(),
        _ => format!("mapRoles:\n{}", block(random, hand, list)),
    }
}

/// The usual form, with anchors, merge keys and comments here and there.
fn block(random: &mut Random, hand: &Hand, list: &[Node]) -> String {
    let outer = " ".repeat(if random.below(4) == 0 { random.below(4) } else { 0 });
    let mut text = String::new();
    let mut anchors = 0;
    for entry in list {
        if random.below(hand.calm) == 0 {
            text.push_str(random.one(&["# a comment\n", "\n", "  # another\n", " \n"]));
        }
        let Node::Map(fields) = entry else {
            text.push_str(&format!("{outer}- {}\n", flow(random, hand, entry)));
            continue;
        };
        if anchors > 0 && random.below(hand.calm * 3) == 0 {
            text.push_str(&format!("{outer}- *e{}\n", random.below(anchors)));
            continue;
        }
        if fields.is_empty() || random.below(hand.calm * 2) == 0 {
            text.push_str(&format!("{outer}- {}\n", flow(random, hand, entry)));
            continue;
        }
        let inner = format!("{outer}  ");
        let mut lines = Vec::new();
        for (key, value) in fields {
            lines.push(field(random, hand, &inner, key, value));
            if random.below(hand.calm * 4) == 0 {
                lines.push(field(random, hand, &inner, key, &Node::Text("twice".to_owned())));
            }
        }
        if anchors > 0 && random.below(hand.calm) == 0 {
            let merged = match random.below(4) {
                0 => format!("[*e{}, *e{}]", random.below(anchors), random.below(anchors)),
                _ => format!("*e{}", random.below(anchors)),
            };
            lines.insert(random.below(lines.len() + 1), format!("{inner}<<: {merged}\n"));
        }
        let mut written = lines.concat();
        // The first line stands behind the dash.
        written.replace_range(outer.len()..=outer.len(), "-");
        if random.below(hand.calm) == 0 {
            written.insert_str(outer.len() + 1, &format!(" &e{anchors}\n{outer} "));
            anchors += 1;
        }
        text.push_str(&written);
    }
    text
}

/// One key with its value, on lines of its own.
fn field(random: &mut Random, hand: &Hand, indent: &str, key: &str, value: &Node) -> String {
    let key = if hand.quoted { format!("\"{key}\"") } else { key.to_owned() };
    let colon = random.one(&[": ", ": ", ": ", ": ", ": ", ": ", ":  ", ":\t", " : "]);
    let end = if random.below(hand.calm * 2) == 0 {
        random.one(&[" ", " # why", "\t", " #", "#", "#x", "#why: 'no'"])
    } else {
        ""
    };
    match value {
        Node::List(elements) if !elements.is_empty() && random.below(3) != 0 => {
            let dash = if hand.flush { indent.to_owned() } else { format!("{indent}{}", " ".repeat(hand.indent)) };
            let mut text = format!("{indent}{key}:{end}\n");
            for element in elements {
                text.push_str(&format!("{dash}- {}\n", flow(random, hand, element)));
            }
            text
        }
        Node::Map(fields) if !fields.is_empty() && random.below(2) == 0 => {
            let inner = format!("{indent}{}", " ".repeat(hand.indent));
            let fields: String = fields.iter().map(|(key, value)| field(random, hand, &inner, key, value)).collect();
            format!("{indent}{key}:{end}\n{fields}")
        }
        Node::Text(text) if random.below(hand.calm * 2) == 0 => {
            let inner = format!("{indent}  ");
            let sign = random.one(&["|", ">", "|-", ">-", "|+"]);
            let lines: String = text.lines().map(|line| format!("{inner}{line}\n")).collect();
            format!("{indent}{key}: {sign}\n{lines}")
        }
        value => format!("{indent}{key}{colon}{}{end}\n", flow(random, hand, value)),
    }
}

/// On one line.
fn flow(random: &mut Random, hand: &Hand, node: &Node) -> String {
    match node {
        Node::Text(text) => scalar(random, hand, text),
        Node::Bare(text) => (*text).to_owned(),
        Node::Null => random.one(&["null", "~", "Null", ""]).to_owned(),
        Node::List(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| flow(random, hand, element)).collect();
            let end = if random.below(8) == 0 { "," } else { "" };
            format!("[{}{end}]", elements.join(random.one(&[", ", ", ", ","])))
        }
        Node::Map(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| {
                    let key = if hand.quoted { format!("\"{key}\"") } else { key.clone() };
                    format!("{key}: {}", flow(random, hand, value))
                })
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// A text, mostly in a style that carries it.
fn scalar(random: &mut Random, hand: &Hand, text: &str) -> String {
    let careless = random.below(hand.calm * 4) == 0;
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=.@-/:*".contains(c))
        && text.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && !["yes", "no", "on", "off", "null", "true", "false", "y", "n"].contains(&text)
        && !text.ends_with(':');
    match random.below(if is_plain { 8 } else { 3 }) {
        _ if careless => text.to_owned(),
        0 => format!("'{}'", text.replace('\'', "''").replace('\n', " ")),
        1 if random.below(hand.calm) == 0 => format!("!!str \"{}\"", text.replace('\n', "\\n")),
        1 | 2 => format!("\"{}\"", text.replace('\n', "\\n")),
        _ => text.to_owned(),
    }
}

/// What stands around a list: marks of documents, byte order, line ends.
fn around(random: &mut Random, text: &str) -> String {
    match random.below(12) {
        0 => text.replace('\n', "\r\n"),
        1 => text.replace('\n', "\r"),
        2 => format!("\u{feff}{text}"),
        3 => format!("---\n{text}"),
        4 => format!("# first\n---\n{text}...\n"),
        5 => format!("{text}---\n- rolearn: x\n"),
        6 => format!("---\n---\n{text}"),
        7 => format!("%{}\n---\n{text}", random.one(&["YAML 1.1", "YAML 1.2", "TAG ! !role-", "2", "x y"])),
        8 => text.lines().map(|line| format!("  {line}\n")).collect(),
        9 => text.replace('\n', " \n"),
        10 => text.trim_end().to_owned(),
        _ => format!("\n\n{text}\n\n"),
    }
}

/// One slip of the hand.
fn slip(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = random.below(lines.len());
    match random.below(9) {
        0 => lines[at].insert(0, ' '),
        1 => lines[at] = lines[at].strip_prefix(' ').unwrap_or(&lines[at]).to_owned(),
        2 => lines[at].insert(0, '\t'),
        3 => {
            let line = lines[at].clone();
            lines.insert(random.below(lines.len()), line);
        }
        4 => drop(lines.remove(at)),
        5 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        kind => {
            let chars: Vec<_> = lines[at].chars().collect();
            let place = random.below(chars.len().max(1));
            let mut changed = chars[..place.min(chars.len())].to_vec();
            if kind != 6 {
                changed.push(random.one(&[
                    '#', ':', '-', '[', ']', '{', '}', ',', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t',
                    ' ', '\n', '\u{a0}', '\u{85}', '?', '\\', '~', '<', '=',
                ]));
            }
            changed.extend(chars.iter().skip(if kind == 7 { place } else { place + 1 }));
            lines[at] = changed.into_iter().collect();
        }
    }
    lines.concat()
}
