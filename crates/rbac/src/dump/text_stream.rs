//! A text that is read while it arrives.

use std::collections::BTreeSet;

use serde::de::Error as _;

use super::{DumpError, Found, Kinds, Walk, kinds::TypeMeta, raw::Raw};

/// A text that arrives piece by piece. A list as an API server writes it, with its kind in front of its items, is read as
/// far as it is there, so that it never stands in memory as a whole; anything else is read at its end.
#[derive(Debug, Default)]
pub struct TextStream {
    /// The head of the list, and behind it what is not read yet.
    text: Vec<u8>,
    head: Head,
    kinds: BTreeSet<Box<str>>,
    is_partial: bool,
    /// Why the next item could not be read: it is not all there, or no item.
    wrong: Option<serde_json::Error>,
}

/// Everything up to the bracket behind `"items":`.
#[derive(Debug, Default)]
enum Head {
    #[default]
    Unknown,
    /// How long it is, what the items are that do not say it themselves, and whether none was read so far.
    Known { length: usize, api_version: Box<str>, kind: Box<str>, is_empty: bool },
    /// Not such a list.
    Other,
}

/// How many bytes are searched for the items; an API server's head has about a hundred.
const LONGEST_HEAD: usize = 64 << 10;
const ITEMS: &[u8] = b"\"items\"";

impl TextStream {
    /// Takes the next piece, and hands on every object that is whole by now. If the text turns out to be wrong, what was
    /// handed on counts for nothing.
    pub fn add(&mut self, piece: &[u8], mut take: impl FnMut(Found)) {
        self.text.extend_from_slice(piece);
        if let Head::Unknown = self.head {
            self.look_for_head();
        }
        let Head::Known { length, api_version, kind, is_empty } = &mut self.head else { return };
        // What is not an item and does not only lack its end will not become one.
        if self.wrong.as_ref().is_some_and(|error| !error.is_eof()) {
            return;
        }
        let kinds = std::mem::take(&mut self.kinds);
        let mut walk = Walk::new(None, &mut take);
        (walk.kinds, walk.is_partial) = (kinds, self.is_partial);
        let mut read = *length;
        loop {
            let rest = self.text[read..].trim_ascii_start();
            let item = match rest.first() {
                None | Some(b']') => break,
                Some(b',') if !*is_empty => &rest[1..],
                Some(_) if *is_empty => rest,
                Some(_) => {
                    self.wrong = Some(serde_json::Error::custom("expected `,` or `]` after an item"));
                    break;
                }
            };
            let mut items = serde_json::Deserializer::from_slice(item).into_iter::<Raw>();
            match items.next() {
                Some(Ok(raw)) => {
                    walk.element(raw, Some(TypeMeta { api_version, kind }));
                    read = self.text.len() - item.len() + items.byte_offset();
                    (*is_empty, self.wrong) = (false, None);
                }
                next => {
                    self.wrong = next.and_then(Result::err);
                    break;
                }
            }
        }
        (self.kinds, self.is_partial) = (walk.kinds, walk.is_partial);
        self.text.drain(*length..read);
    }

    /// Reads what is left. What is returned is that of [`super::each`].
    pub fn end(self, mut take: impl FnMut(Found)) -> Result<Kinds, DumpError> {
        if let Some(error) = self.wrong {
            return Err(DumpError::Syntax(error));
        }
        // The head and what stands behind the items are a list without any.
        let mut walk = Walk::new(None, &mut take);
        walk.text(&self.text).map_err(DumpError::Syntax)?;
        walk.kinds.extend(self.kinds);
        walk.is_partial |= self.is_partial;
        walk.end()
    }

    /// Nothing is cut unless what was found, and closed here, is an empty list of a known kind: so it is no other one's
    /// head, and no text in quotes.
    fn look_for_head(&mut self) {
        let Some(at) = self.text.windows(ITEMS.len()).position(|found| found == ITEMS) else {
            if self.text.len() > LONGEST_HEAD {
                self.head = Head::Other;
            }
            return;
        };
        let behind = |text: &[u8], sign: u8| {
            let rest = text.trim_ascii_start();
            rest.first().map(|first| (*first == sign).then(|| text.len() - rest.len() + 1))
        };
        let mut length = at + ITEMS.len();
        for sign in *b":[" {
            match behind(&self.text[length..], sign) {
                None => return,
                Some(None) => return self.head = Head::Other,
                Some(Some(more)) => length += more,
            }
        }
        let list = serde_json::from_slice::<Raw>(&[&self.text[..length], b"]}"].concat()).ok();
        let list = list.as_ref().filter(|list| list.items.is_some() && !list.api_version.is_empty());
        self.head = match list.and_then(|list| list.type_meta().of_elements()) {
            Some(TypeMeta { api_version, kind }) => {
                Head::Known { length, api_version: api_version.into(), kind: kind.into(), is_empty: true }
            }
            None => Head::Other,
        };
    }
}
