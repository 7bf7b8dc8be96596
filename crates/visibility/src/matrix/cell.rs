//! What somebody may do in a place, in a few words.

use std::collections::{BTreeMap, BTreeSet};

use rbac::escalation::Escalation;

/// The permissions of a row in a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// By levels and rights.
    Levels(Levels),
    /// The verbs on resources that were asked for, in their order.
    Verbs(Vec<Verbs>),
    /// At least this: bindings that hold there could not be read.
    AtLeast(Box<Cell>),
}

/// An access level; each has what the one before has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Reading.
    View,
    /// Reading and writing.
    Edit,
    /// Granting rights besides.
    Admin,
    /// Everything.
    All,
}

/// A cell by levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Levels {
    /// The highest that is held whole.
    pub level: Option<Level>,
    /// Whether the level itself is a privilege escalation here.
    pub is_dangerous: bool,
    /// What is held besides.
    pub rights: Vec<Right>,
    /// Below `edit`: what may be written.
    pub writes: Vec<Box<str>>,
    /// Below `view`: what may be read, but for what may be written.
    pub reads: Vec<Box<str>>,
    /// Below `view`: whether there are other verbs, or, in the whole cluster, URLs.
    pub others: bool,
    /// Of everybody, in the whole cluster: whether they may do what every cluster lets everybody do.
    pub baseline: bool,
    /// Roles that are bound here and do not exist.
    pub missing: Vec<Box<str>>,
    /// Roles that are bound here and could not be read.
    pub unknown: Vec<Box<str>>,
}

/// A permission that the table of escalations lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// Which.
    pub escalation: &'static Escalation,
    /// Whether it is a privilege escalation here.
    pub is_dangerous: bool,
}

/// The verbs on one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verbs {
    /// As it was asked for; empty where only one was.
    pub resource: Box<str>,
    /// On every object; `*` alone is every verb.
    pub verbs: BTreeSet<Box<str>>,
    /// On objects of these names, verb by verb.
    pub named: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
}

/// One word of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Whether it is a privilege escalation, which a `!` behind it says.
    pub is_dangerous: bool,
}

/// Rights that say all there is to say of something: it is not named again.
const SAYS: [(&str, &str); 2] = [("exec", "pods/exec"), ("secrets", "secrets")];

/// How many things are named before the rest is counted.
const NAMED: usize = 3;
/// What says that there may be more.
const MORE: &str = "?";

impl Cell {
    /// Returns the cell in words; none for no permissions.
    pub fn words(&self) -> Vec<Word> {
        match self {
            Self::Levels(levels) => levels.words(),
            Self::Verbs(resources) => resources.iter().filter_map(Verbs::word).collect(),
            Self::AtLeast(cell) => {
                let more = Word { text: MORE.to_owned(), is_dangerous: false };
                cell.words().into_iter().chain([more]).collect()
            }
        }
    }

    /// Returns what is known of it.
    pub fn known(&self) -> &Self {
        if let Self::AtLeast(cell) = self { cell.known() } else { self }
    }

    /// Returns the cell in one line; a dash for no permissions.
    pub fn text(&self) -> String {
        let words: Vec<String> = self.words().into_iter().map(|word| word.text).collect();
        let between = if matches!(self.known(), Self::Verbs(_)) { "; " } else { ", " };
        if words.is_empty() { "-".to_owned() } else { words.join(between) }
    }

    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.words().is_empty()
    }

    /// Returns whether it contains a privilege escalation.
    pub fn is_dangerous(&self) -> bool {
        match self {
            Self::Levels(levels) => levels.is_dangerous || levels.rights.iter().any(|right| right.is_dangerous),
            Self::Verbs(_) => false,
            Self::AtLeast(cell) => cell.is_dangerous(),
        }
    }

    /// Returns whether everything may be done.
    pub fn is_everything(&self) -> bool {
        matches!(self.known(), Self::Levels(Levels { level: Some(Level::All), .. }))
    }

    /// The most privileged first, roughly: what is dangerous, then by levels.
    pub(super) fn privilege_order(&self) -> impl Ord + use<> {
        match self.known() {
            Self::Levels(levels) => (levels.level, self.is_dangerous(), levels.rights.len(), levels.writes.len()),
            Self::Verbs(resources) => {
                let number = |verbs: &Verbs| {
                    if verbs.verbs.contains("*") { 16 } else { verbs.verbs.len() }
                };
                (None, false, resources.iter().map(number).sum(), 0)
            }
            Self::AtLeast(_) => (None, false, 0, 0),
        }
    }
}

impl Levels {
    fn words(&self) -> Vec<Word> {
        let mark = |text: &str, is_dangerous: bool| {
            let mark = if is_dangerous { "!" } else { "" };
            Word { text: format!("{text}{mark}"), is_dangerous }
        };
        let is_said = |thing: &str| {
            let says = |right: &Right| SAYS.contains(&(right.escalation.code, thing));
            self.rights.iter().any(says)
        };
        let list = |word: &str, things: &[Box<str>]| {
            let things: Vec<&str> = things.iter().map(|thing| &**thing).filter(|thing| !is_said(thing)).collect();
            (!things.is_empty()).then(|| mark(&format!("{word} ({})", some_of(&things)), false))
        };
        let level = self.level.map(|level| mark(level.as_str(), self.is_dangerous));
        let rights = self.rights.iter().map(|right| mark(right.escalation.code, right.is_dangerous));
        let others = (self.others && self.rights.is_empty() && self.writes.is_empty() && self.reads.is_empty())
            .then(|| mark("other", false));
        let missing = self.missing.iter().chain(&self.unknown).map(|role| mark(&format!("?{role}"), false));
        let things = list("write", &self.writes).into_iter().chain(list("read", &self.reads));
        let baseline = self.baseline.then(|| mark("basic", false));
        level.into_iter().chain(baseline).chain(rights).chain(things).chain(others).chain(missing).collect()
    }
}

impl std::hash::Hash for Right {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.escalation.code, self.is_dangerous).hash(state);
    }
}

impl Verbs {
    fn word(&self) -> Option<Word> {
        let mut words: Vec<String> = in_words(&self.verbs);
        for (verb, names) in &self.named {
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            words.push(format!("{verb} {}", some_of(&names)));
        }
        let before = if self.resource.is_empty() { String::new() } else { format!("{}: ", self.resource) };
        (!words.is_empty()).then(|| Word { text: format!("{before}{}", words.join(" ")), is_dangerous: false })
    }
}

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// `all`, `read create delete`: what comes together often is one word.
fn in_words(verbs: &BTreeSet<Box<str>>) -> Vec<String> {
    if verbs.contains("*") {
        return vec!["all".to_owned()];
    }
    let mut words = Vec::new();
    for (word, parts) in [("read", &READ[..]), ("write", &WRITE[..])] {
        if parts.iter().all(|verb| verbs.contains(*verb)) {
            words.push(word.to_owned());
        } else {
            words.extend(parts.iter().filter(|verb| verbs.contains(**verb)).map(|verb| (*verb).to_owned()));
        }
    }
    let others = verbs.iter().map(|verb| &**verb).filter(|verb| !READ.contains(verb) && !WRITE.contains(verb));
    words.extend(others.map(str::to_owned));
    words
}

/// What the words mean that cells use, in the order in which cells say them.
pub(super) fn legend(cells: &[Cell]) -> Vec<(String, String)> {
    let levels: Vec<&Levels> = cells
        .iter()
        .filter_map(|cell| match cell.known() {
            Cell::Levels(levels) => Some(levels),
            Cell::Verbs(_) | Cell::AtLeast(_) => None,
        })
        .collect();
    let mut legend: Vec<(String, String)> = Vec::new();
    let mut say = |word: &str, meaning: String| legend.push((word.to_owned(), meaning));
    if cells.iter().any(|cell| matches!(cell, Cell::AtLeast(_))) {
        say(MORE, "not known: what could not be read may give more".to_owned());
    }
    if levels.is_empty() {
        say("all", "every verb".to_owned());
        say("read", READ.join(", "));
        say("write", WRITE.join(", "));
        say("verb \"name\"", "only on the object of that name".to_owned());
        return legend;
    }
    let highest = levels.iter().filter_map(|levels| levels.level).max();
    for level in Level::EACH.into_iter().filter(|level| Some(*level) <= highest) {
        say(level.as_str(), level.meaning());
    }
    if levels.iter().any(|levels| levels.baseline) {
        let meaning = "what every cluster lets everybody do: find its APIs, and ask who they are and what they may do";
        say("basic", meaning.to_owned());
    }
    let rights: BTreeMap<&str, &'static Escalation> = levels
        .iter()
        .flat_map(|levels| &levels.rights)
        .map(|right| (right.escalation.code, right.escalation))
        .collect();
    for (code, escalation) in rights {
        say(code, format!("can {}", escalation.title));
    }
    let words: Vec<Word> = levels.iter().flat_map(|levels| levels.words()).collect();
    let any = |begins: &str| words.iter().any(|word| word.text.starts_with(begins));
    if any("write (") {
        say("write (…)", "less than edit: can create, change or delete some of these".to_owned());
    }
    if any("read (") {
        say("read (…)", "less than view: can read some of these".to_owned());
    }
    if any("other") {
        say("other", "URLs, or verbs that neither read nor write".to_owned());
    }
    let has_missing = levels.iter().any(|levels| !levels.missing.is_empty());
    let has_unknown = levels.iter().any(|levels| !levels.unknown.is_empty());
    let not_there = "bound to a role that is not there: it counts as nothing";
    let not_known = "bound to a role that could not be read, or was not given: what it allows is not known";
    match (has_missing, has_unknown) {
        (false, false) => {}
        (true, false) => say("?role", not_there.to_owned()),
        (false, true) => say("?role", not_known.to_owned()),
        (true, true) => say("?role", format!("{not_there}; or {not_known}")),
    }
    if words.iter().any(|word| word.is_dangerous) {
        say("!", "privilege escalation: whoever holds this here can get permissions of others".to_owned());
    }
    legend
}

/// The first of a list, and how many more there are.
pub(super) fn some_of(list: &[impl AsRef<str>]) -> String {
    let first: Vec<&str> = list.iter().take(NAMED).map(AsRef::as_ref).collect();
    match list.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} +{more}", first.join(", ")),
    }
}
