//! encoding/json: values put into the program's structs.
//!
//! What is of the wrong type leaves its field as it was, and the rest goes on; a key that stands twice, in whatever case, is
//! put on top of what the first one left. Source: Go's `encoding/json/decode.go`; `pkg/config/types.go`.

use document::nearest;

use super::{
    elsewhere::{arns, is_arn},
    located::{Located, What},
    text::Text,
};
use crate::DefectKind;

/// `RoleMapping` or `UserMapping`.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Where it stands.
    pub(super) at: usize,
    /// `rolearn` or `userarn`.
    pub(super) arn: String,
    /// `sso`, of roles.
    pub(super) sso: Option<Sso>,
    pub(super) username: String,
    pub(super) groups: Slice<String>,
    pub(super) userid: String,
    /// ARNs in it that nobody reads, each with what is wrong with its place.
    pub(super) misplaced: Vec<(String, String)>,
}

impl Entry {
    /// Keeps the ARNs in mind that stand under a key that nobody reads, and one that is written for the key.
    pub(super) fn misplace(&mut self, key: &str, value: &Located) {
        if is_arn(key) {
            self.misplaced.push(("its ARN is a key".to_owned(), key.to_owned()));
        }
        let words = format!("its ARN is under `{key}`, which is ignored there");
        self.misplaced.extend(arns(value).into_iter().map(|(arn, _)| (words.clone(), arn)));
    }

    /// Keeps the ARNs in mind of a value that is not what its key, or its list, takes.
    pub(super) fn mistake(&mut self, value: &Located, key: &str, wanted: &str) {
        let words = format!("its ARN stands in {}, where {key} has to be {wanted}", value.kind());
        self.misplaced.extend(arns(value).into_iter().map(|(arn, _)| (words.clone(), arn)));
    }
}

/// `SSOARNMatcher`.
#[derive(Clone, Debug, Default)]
pub(super) struct Sso {
    pub(super) permission_set_name: String,
    pub(super) account_id: String,
    pub(super) partition: String,
}

/// A Go slice: what stood behind its end comes back where it grows again.
#[derive(Clone, Debug)]
pub(super) struct Slice<T> {
    items: Vec<T>,
    len: usize,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { items: Vec::new(), len: 0 }
    }
}

impl<T> Slice<T> {
    pub(super) fn of(items: Vec<T>) -> Self {
        Self { len: items.len(), items }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.items[..self.len]
    }
}

/// Which of the two structs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Role,
    User,
}

impl Kind {
    /// The key of its list.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Role => "mapRoles",
            Self::User => "mapUsers",
        }
    }

    /// The key of its ARN.
    pub(super) const fn arn(self) -> &'static str {
        match self {
            Self::Role => "rolearn",
            Self::User => "userarn",
        }
    }

    pub(super) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Role => &["rolearn", "sso", "username", "groups", "userid"],
            Self::User => &["userarn", "username", "groups", "userid"],
        }
    }
}

/// Decodes, and keeps in mind whether something was of a wrong type.
pub(super) struct Decoder<'t, 'a> {
    pub(super) text: &'t mut Text<'a>,
    pub(super) mismatch: bool,
}

impl Decoder<'_, '_> {
    /// A list of entries.
    pub(super) fn entries(&mut self, into: &mut Slice<Entry>, value: &Located, kind: Kind) {
        self.slice(into, value, kind.list(), kind.list(), &mut |decoder, entry, value, section| {
            decoder.entry(entry, value, kind, section);
        });
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, into: &mut Slice<String>, value: &Located, section: &str, key: &str) {
        self.slice(into, value, section, key, &mut |decoder, text, value, element| match &value.what {
            What::Null => {}
            What::Text(one) => *text = one.to_string(),
            _ => {
                let key = format!("{key}{}", element.strip_prefix(section).unwrap_or_default());
                decoder.counts_as(value, section, &key, "text", "an empty text");
            }
        });
    }

    /// A text.
    pub(super) fn string(&mut self, into: &mut String, value: &Located, section: &str, key: &str) {
        match &value.what {
            What::Null => {}
            What::Text(text) => *into = text.to_string(),
            _ => self.wrong(value, section, key, "text"),
        }
    }

    fn entry(&mut self, entry: &mut Entry, value: &Located, kind: Kind, section: &str) {
        entry.at = value.at;
        let pairs = match &value.what {
            What::Null => return,
            What::Map(pairs) => pairs,
            _ => {
                entry.mistake(value, "the entry", "a mapping");
                return self.wrong(value, section, "the entry", "a mapping");
            }
        };
        for (key, value) in pairs {
            match field(kind.fields(), &key.text) {
                Some("rolearn" | "userarn") => {
                    if !matches!(value.what, What::Text(_)) {
                        entry.mistake(value, &format!("`{}`", kind.arn()), "text");
                    }
                    self.string(&mut entry.arn, value, section, kind.arn());
                }
                Some("username") => self.string(&mut entry.username, value, section, "username"),
                Some("userid") => self.string(&mut entry.userid, value, section, "userid"),
                Some("groups") => self.texts(&mut entry.groups, value, section, "groups"),
                Some("sso") => self.sso(&mut entry.sso, value, section),
                _ => {
                    entry.misplace(&key.text, value);
                    self.text.say_unknown_key(kind, section, &key.text, key.at);
                }
            }
        }
    }

    fn sso(&mut self, sso: &mut Option<Sso>, value: &Located, section: &str) {
        if matches!(value.what, What::Null) {
            *sso = None;
            return;
        }
        // The struct is there even where what should fill it is of the wrong type.
        let sso = sso.get_or_insert_default();
        let What::Map(pairs) = &value.what else { return self.wrong(value, section, "sso", "a mapping") };
        for (key, value) in pairs {
            match field(SSO_KEYS, &key.text) {
                Some("permissionSetName") => {
                    self.string(&mut sso.permission_set_name, value, section, "sso.permissionSetName");
                }
                Some("accountID") => self.string(&mut sso.account_id, value, section, "sso.accountID"),
                Some("partition") => self.string(&mut sso.partition, value, section, "sso.partition"),
                _ => self.text.say_unread(section, &key.text, key.at, nearest(&key.text, SSO_KEYS.iter().copied())),
            }
        }
    }

    fn slice<T: Default>(
        &mut self,
        into: &mut Slice<T>,
        value: &Located,
        section: &str,
        key: &str,
        each: &mut dyn FnMut(&mut Self, &mut T, &Located, &str),
    ) {
        let values = match &value.what {
            What::Null => {
                *into = Slice::default();
                return;
            }
            What::List(values) => values,
            _ => return self.wrong(value, section, key, "a list"),
        };
        if values.is_empty() {
            *into = Slice::default();
        }
        for (index, value) in values.iter().enumerate() {
            if index == into.items.len() {
                into.items.push(T::default());
            }
            each(self, &mut into.items[index], value, &format!("{section}[{index}]"));
        }
        into.len = values.len();
    }

    pub(super) fn wrong(&mut self, value: &Located, section: &str, key: &str, wanted: &str) {
        self.counts_as(value, section, key, wanted, "absent");
    }

    fn counts_as(&mut self, value: &Located, section: &str, key: &str, wanted: &str, counts: &str) {
        self.mismatch = true;
        let what = in_quotes(key);
        let message = format!("{what} must be {wanted}, and is {}: it counts as {counts}", value.kind());
        let hint = match (&value.what, wanted) {
            (What::Number | What::Bool, "text") => Some("put it in quotes".to_owned()),
            (What::Text(text), "a list") if key == "groups" => Some(format!("write groups: [{text:?}]")),
            _ => None,
        };
        self.text.say(DefectKind::Type, section, value.at, message, hint);
    }
}

impl Text<'_> {
    /// Says that a key of an entry is none of its.
    pub(super) fn say_unknown_key(&mut self, kind: Kind, section: &str, key: &str, at: usize) {
        let other = match kind {
            Kind::Role => Kind::User,
            Kind::User => Kind::Role,
        };
        if key.eq_ignore_ascii_case(other.arn()) {
            let message = format!("`{key}` is not read in {}", kind.list());
            let hint = format!("put the entry into {}, or write `{}`", other.list(), kind.arn());
            return self.say(DefectKind::UnknownKey, section, at, message, Some(hint));
        }
        // `user` is as near to `userid`, which hardly anybody writes.
        let is_user = key.eq_ignore_ascii_case("user");
        let near = if is_user { Some("username") } else { nearest(key, kind.fields().iter().copied()) };
        self.say_unread(section, key, at, near);
    }

    /// Says that nobody reads a key, and which was probably meant.
    pub(super) fn say_unread(&mut self, section: &str, key: &str, at: usize, near: Option<&str>) {
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        self.say(DefectKind::UnknownKey, section, at, format!("unknown key `{key}`, which is ignored"), hint);
    }
}

/// What `sso` has.
pub(super) const SSO_KEYS: &[&str] = &["permissionSetName", "accountID", "partition"];

fn in_quotes(key: &str) -> String {
    if key.contains(' ') { key.to_owned() } else { format!("`{key}`") }
}

/// The field that a key names: the one of its very name, or else in whatever case.
pub(super) fn field<'f>(fields: &[&'f str], key: &str) -> Option<&'f str> {
    let exact = fields.iter().find(|field| **field == key);
    let alike = || fields.iter().find(|field| crate::canonical::fold(field) == crate::canonical::fold(key));
    exact.or_else(alike).copied()
}
