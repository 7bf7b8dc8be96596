//! Patterns in which a star stands for any text, whatever else stands in them.

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Any text, also none.
    Star,
    /// Any one letter.
    Any,
    /// This letter.
    Letter(char),
}

/// Returns whether a text is what a pattern says, which is given in its parts.
///
/// Only the last star is tried with more of the text: what stands between two stars is found at its first place or not at all.
pub fn fits(mut pattern: impl Iterator<Item = Part> + Clone, text: &str) -> bool {
    let mut text = text.chars();
    // What stands behind the last star, and the text from which on it may stand for more.
    let mut last = None;
    loop {
        match (pattern.next(), text.clone().next()) {
            (Some(Part::Star), _) => last = Some((pattern.clone(), text.clone())),
            (None, None) => return true,
            (Some(part), Some(letter)) if part == Part::Any || part == Part::Letter(letter) => {
                text.next();
            }
            _ => {
                let Some((after, mut from)) = last else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, text) = (after.clone(), from.clone());
                last = Some((after, from));
            }
        }
    }
}
