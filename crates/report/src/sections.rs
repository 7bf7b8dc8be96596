//! What is said to people: sections of items, whatever dress they come in.

/// Items under a title; the first section is the head of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The title.
    pub title: String,
    /// What is said.
    pub items: Vec<Item>,
}

/// A line of a report, with the lines below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What kind of thing.
    pub sign: Sign,
    /// In one line.
    pub text: String,
    /// What belongs to it.
    pub below: Vec<Item>,
}

/// The sign in front of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// To look at before anything else.
    Danger,
    /// It comes.
    Add,
    /// It becomes something else.
    Change,
    /// It goes.
    Remove,
    /// Of less importance.
    Note,
    /// Nothing of these.
    None,
}

impl Section {
    /// Creates a section of items under a title.
    pub fn new(title: &str, items: Vec<Item>) -> Self {
        Self { title: title.to_owned(), items }
    }
}

impl Item {
    /// Creates an item of one line.
    pub fn new(sign: Sign, text: impl Into<String>) -> Self {
        Self { sign, text: text.into(), below: Vec::new() }
    }

    /// Adds lines below an item.
    #[must_use]
    pub fn below(mut self, below: impl IntoIterator<Item = Item>) -> Self {
        self.below.extend(below);
        self
    }
}
