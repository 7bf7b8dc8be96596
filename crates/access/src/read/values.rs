//! Typed reading of one mapping by the table of keys. What cannot be read becomes a problem, and reading goes on.

use document::{Dialect, Entry, Node, Problems, Span, nearest};
use identity::AccountId;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    Accept, Carried, Code, Located,
    keys::{Key, Object},
};

/// A mapping whose keys are known.
pub(super) struct View<'a> {
    object: Object,
    entries: &'a [Entry],
    pub(super) span: Span,
}

impl<'a> View<'a> {
    /// Looks at a mapping; keys that the table does not have are reported.
    pub(super) fn of(node: &'a Node, object: Object, problems: &mut Problems) -> Option<Self> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("{} is a mapping (keys and values), this is {}", object.title(), node.kind());
            problems.push(Code::Type.at(node.span, message));
            return None;
        };
        for entry in entries {
            let key = &*entry.key.text;
            if object.key(key).is_none() && !key.starts_with("x-") {
                let problem = Code::UnknownKey.at(entry.key_span, format!("{} has no key `{key}`", object.title()));
                problems.push(problem.hint(instead(object, key)));
            }
        }
        Some(Self { object, entries, span: node.span })
    }

    /// The keys that only the chart knows and that stand here.
    pub(super) fn of_chart(&self) -> impl Iterator<Item = (&'static Key, &'a Node)> {
        let keys = self.object.keys().iter().filter(|key| key.of_chart);
        keys.filter_map(|key| Some((key, self.get(key.name)?)))
    }

    /// What means nothing here: the chart's keys, and those that begin with `x-`; as Helm reads it, for which it is: `yes` is true,
    /// and `0o14` twelve.
    pub(super) fn carried(&self) -> Carried {
        let is_of_chart = |key: &str| self.object.key(key).is_some_and(|key| key.of_chart);
        let is_carried = |entry: &&Entry| entry.key.text.starts_with("x-") || is_of_chart(&entry.key.text);
        let carried = self.entries.iter().filter(is_carried);
        carried.map(|entry| (entry.key.text.to_string(), entry.value.to_json_as(Dialect::Kubernetes))).collect()
    }

    /// What stands under a key, if anything does.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.written(key).filter(|node| !node.is_null())
    }

    /// The same, `null` included.
    pub(super) fn written(&self, key: &'static str) -> Option<&'a Node> {
        debug_assert!(self.object.key(key).is_some(), "{key} is not in the table");
        self.entries.iter().find(|entry| &*entry.key.text == key).map(|entry| &entry.value)
    }

    pub(super) fn text(&self, key: &'static str, problems: &mut Problems) -> Option<Located<Box<str>>> {
        text(self.get(key)?, problems)
    }

    pub(super) fn list(&self, key: &'static str, problems: &mut Problems) -> Option<&'a [Node]> {
        let node = self.get(key)?;
        let list = node.as_sequence();
        if list.is_none() {
            problems.push(Code::Type.at(node.span, format!("`{key}` is a list, this is {}", node.kind())));
        }
        list
    }

    pub(super) fn texts(&self, key: &'static str, problems: &mut Problems) -> Option<Vec<Located<Box<str>>>> {
        Some(self.list(key, problems)?.iter().filter_map(|node| text(node, problems)).collect())
    }

    pub(super) fn text_map(&self, key: &'static str, problems: &mut Problems) -> Vec<(Located<Box<str>>, Box<str>)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let Some(entries) = node.as_mapping() else {
            problems.push(Code::Type.at(node.span, format!("`{key}` is a mapping, this is {}", node.kind())));
            return Vec::new();
        };
        let pair = |entry: &Entry| {
            let name = Located::new(entry.key.text.clone(), entry.key_span);
            Some((name, text(&entry.value, problems)?.value))
        };
        entries.iter().filter_map(pair).collect()
    }

    /// The account under `account`.
    pub(super) fn account(&self, problems: &mut Problems) -> Option<Located<AccountId>> {
        let node = self.get("account")?;
        let Some(scalar) = node.as_scalar() else {
            problems
                .push(Code::Type.at(node.span, format!("an account is a text of 12 digits, this is {}", node.kind())));
            return None;
        };
        let digits = scalar.text.bytes().all(|byte| byte.is_ascii_digit());
        match scalar.text.parse() {
            Ok(account) if scalar.quoted || !scalar.text.starts_with('0') => {
                if !scalar.quoted {
                    let message =
                        "an account without quotes is a number to YAML, and Helm prints large ones as 1.1e+11";
                    problems.push(Code::Yaml11.at(node.span, message).hint(format!("write \"{}\"", scalar.text)));
                }
                Some(Located::new(account, node.span))
            }
            Ok(_) => {
                let message = "an account that begins with 0 and has no quotes loses its zeros";
                problems.push(Code::Account.at(node.span, message).hint(format!("write \"{}\"", scalar.text)));
                None
            }
            Err(error) => {
                let (count, others) =
                    (scalar.text.chars().count(), if digits { "" } else { " characters, not all of them digits" });
                let problem = Code::Account.at(node.span, format!("{error}; this has {count}{others}"));
                let lost = digits && !scalar.text.is_empty() && scalar.text.len() < 12;
                // As the console writes it.
                let grouped: String = scalar.text.chars().filter(|char| !"- ".contains(*char)).collect();
                problems.push(match grouped.parse::<AccountId>() {
                    _ if lost => problem.hint(format!("if leading zeros were lost, write \"{:0>12}\"", scalar.text)),
                    Ok(account) => problem.hint(format!("write \"{account}\"")),
                    Err(_) => problem,
                });
                None
            }
        }
    }

    /// A date (through that day, UTC) or a time.
    pub(super) fn time(&self, key: &'static str, problems: &mut Problems) -> Option<Located<Timestamp>> {
        let node = self.get(key)?;
        let time = node.as_scalar().and_then(|scalar| read_expiry(&scalar.text));
        if time.is_none() {
            let is_date = node.as_scalar().is_some_and(|scalar| scalar.text.parse::<Date>().is_ok());
            problems.push(if is_date {
                Code::Expires.at(node.span, "this date is too far in the future").hint("leave `expires` out for never")
            } else {
                Code::Expires.at(node.span, "neither a date nor a time with its zone").hint(WRITE_EXPIRY)
            });
        }
        Some(Located::new(time?, node.span))
    }

    pub(super) fn accept(&self, problems: &mut Problems) -> Vec<Accept> {
        let pairs = self.text_map("accept", problems).into_iter();
        let accept: Vec<Accept> = pairs.map(|(code, reason)| Accept { code, reason }).collect();
        for Accept { code, .. } in &accept {
            let known = || Code::ALL.iter().map(|code| code.code());
            if !known().any(|name| name == &*code.value) {
                let problem = Code::UnknownKey.at(code.span, format!("there is no finding `{}` to accept", code.value));
                problems.push(match nearest(&code.value, known()) {
                    Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            }
        }
        accept
    }
}

/// How an expiry is written.
pub const WRITE_EXPIRY: &str = "write 2026-12-31 (through that day, UTC) or 2026-12-31T18:00:00Z";

/// Reads an expiry: a date, which holds through that day in UTC, or a time with its zone.
pub fn read_expiry(text: &str) -> Option<Timestamp> {
    let through = |date: Date| Some(date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    // Ten characters are a date; a civil time without its zone is refused, because nobody knows where it is meant.
    if text.len() == 10 { text.parse().ok().and_then(through) } else { text.parse().ok() }
}

/// Names and values as rbac's label maps have them.
pub(super) fn labels(pairs: Vec<(Located<Box<str>>, Box<str>)>) -> rbac::Labels {
    pairs.into_iter().map(|(name, value)| (name.value, value)).collect()
}

/// The text of a scalar that is one. Numbers and truth values are refused: elsewhere they would lose their spelling.
pub(super) fn text(node: &Node, problems: &mut Problems) -> Option<Located<Box<str>>> {
    let Some(scalar) = node.as_scalar().filter(|scalar| scalar.quoted || !scalar.is_null()) else {
        problems.push(Code::Type.at(node.span, format!("expected a text, found {}", node.kind())));
        return None;
    };
    if !scalar.quoted && (scalar.is_number() || scalar.as_bool().is_some()) {
        let problem = Code::Type.at(node.span, format!("expected a text, found {}", node.kind()));
        problems.push(problem.hint(format!("put it into quotes: \"{}\"", scalar.text)));
        return None;
    }
    if let Some(taken_for) = scalar.surprises_yaml_1_1() {
        let problem = Code::Yaml11.at(node.span, format!("Helm reads this as {taken_for}"));
        problems.push(problem.hint(format!("put it into quotes: \"{}\"", scalar.text)));
    }
    Some(Located::new(scalar.text.clone(), node.span))
}

/// What to write instead of a key that an object does not have: the very key may belong elsewhere.
fn instead(object: Object, key: &str) -> String {
    if let Some((_, instead)) = object.former_keys().iter().find(|(former, _)| *former == key) {
        return (*instead).to_owned();
    }
    let owners = Object::ALL.into_iter().filter(|owner| owner.key(key).is_some_and(|key| !key.of_chart));
    let places: Vec<&str> = owners.filter_map(Object::place).collect();
    if !places.is_empty() {
        return format!("`{key}` belongs {}", places.join(", or "));
    }
    match nearest(key, object.keys().iter().map(|key| key.name)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("its keys are {}", known(object)),
    }
}

fn known(object: Object) -> String {
    let names: Vec<_> = object.keys().iter().map(|key| format!("`{}`", key.name)).collect();
    names.join(", ")
}
