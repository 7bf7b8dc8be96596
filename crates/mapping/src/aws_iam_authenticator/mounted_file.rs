//! The mappings in the program's own configuration file: YAML or JSON by viper, put into its structs by mapstructure, which
//! makes texts of numbers and lists of texts. With one entry that it cannot take the program does not start.
//!
//! Source: `getConfig` of `cmd/aws-iam-authenticator/root.go`, `NewFileMapper` of `pkg/mapper/file/mapper.go`; viper 1.21
//! (`insensitiviseMap`, `defaultDecoderConfig`); mapstructure 2.5 (`decodeString`, `decodeSlice`, `decodeStruct`).

use std::collections::BTreeMap;

use document::{Dialect, Limits, Node, Scalar, Value, nearest, parse_as};
use identity::{AccountId, Partition};

use super::{
    Options, Standing,
    backend_modes::{checked_modes, words},
    decode::{Entry, Kind, SSO_KEYS, Slice, Sso, field},
    elsewhere::unread_entries,
    keep::{Kept, invalid_role, invalid_user, keep, matching, named, role_key, with_misplaced},
    keys::{CONFIG_KEYS, SERVER_KEYS, say_unread},
    located::Located,
    text::Text,
};
use crate::{
    BackendMode, Defect, DefectKind, Never, Reader, RuleSource, Source,
    canonical::{canonicalize, fold, lower},
    dotted,
};

const MODE: BackendMode = BackendMode::MountedFile;

/// Reads aws-iam-authenticator's configuration file as that program does. `Err`, with all defects, if it would not
/// start with it.
pub fn mounted_file(text: &str, standing: Standing, options: Options) -> Result<Source, Box<Source>> {
    let mut defects: Vec<Defect> = Vec::new();
    let mut source = Source::empty(MODE, Reader::AwsIamAuthenticator);
    let mut text = Text::new(MODE, text, standing, &mut defects);
    let is_taken = read(&mut source, &mut text, options);
    if is_taken {
        source.unused.extend(unread_entries(&text));
        source.defects = defects;
        return Ok(source);
    }
    Err(Box::new(Source { defects, ..Source::empty(MODE, Reader::AwsIamAuthenticator) }))
}

/// Whether the program starts with it.
fn read(source: &mut Source, text: &mut Text<'_>, options: Options) -> bool {
    let root = match parse_as(&text.source.clone(), &Limits::default(), Dialect::Viper) {
        Ok(read) => read.root,
        Err(problems) => {
            text.say_problems(DefectKind::Unreadable, "config.yaml", &problems, "the program does not start: ");
            return false;
        }
    };
    let Some(root) = root.filter(|root| !root.is_null()).map(dotted::nested) else { return true };
    if root.as_mapping().is_none() {
        let message = format!("the program does not start: the file has to be a mapping, and is {}", root.kind());
        text.say(DefectKind::Unreadable, "config.yaml", root.span.start, message, None);
        return false;
    }
    say_unread(text, &root, &CONFIG_KEYS, (&SERVER_KEYS, "below `server`"));
    let Some(server) = fields(&root).remove("server") else { return true };
    say_unread(text, server, &SERVER_KEYS, (&CONFIG_KEYS, "to the top level of the file"));
    let mut server = fields(server);
    let starts = starts(text, &server);
    let mut decoder = Weak { text: &mut *text, is_taken: true };
    let roles = decoder.entries(server.remove("maproles"), Kind::Role);
    let users = decoder.entries(server.remove("mapusers"), Kind::User);
    let accounts = server.remove("mapaccounts");
    let accounts = accounts.map(|node| decoder.texts(node, "mapAccounts", "the account")).unwrap_or_default();
    source.reserved_prefixes =
        decoder.reserved(server.remove("reservedprefixconfig")).remove(&MODE).unwrap_or_default();
    let mut is_taken = decoder.is_taken && starts;
    for (kind, entries) in [(Kind::Role, roles), (Kind::User, users)] {
        let mut kept = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            match kept_of(text, kind, index, entry, options) {
                Ok(one) => kept.push(one),
                Err(why) => {
                    let place = text.place(kind.list(), index, entry.at);
                    let message = format!("the program does not start: {why}");
                    text.say_of(DefectKind::Unreadable, &place, entry.at, message, None);
                    is_taken = false;
                }
            }
        }
        keep(source, text, kind, kept, true);
    }
    source.accounts = accounts_of(text, &accounts);
    is_taken
}

/// Whether the program starts with what stands beside the mappings. A flag may take the place of either.
fn starts(text: &mut Text<'_>, server: &BTreeMap<String, &Node>) -> bool {
    let given = |key: &str| server.get(key).copied().filter(|node| !node.is_null());
    let modes = given("backendmode").and_then(|node| Some((node, "backendMode", checked_modes(&words(node)).err()?)));
    let partition = given("partition").and_then(|node| {
        let name = &*node.as_scalar()?.text;
        let is_known = name.parse::<Partition>().is_ok();
        (!is_known).then(|| (node, "partition", format!("{name:?} is not a partition of AWS")))
    });
    let wrong = [modes, partition];
    for (node, key, why) in wrong.iter().flatten() {
        let message = format!("the program does not start: {why}");
        text.say(DefectKind::Unreadable, *key, node.span.start, message, None);
    }
    wrong.iter().all(Option::is_none)
}

/// `Validate`, and `Canonicalize` of roles as they are written, of users in lower case.
fn kept_of(text: &Text<'_>, kind: Kind, index: usize, entry: &Entry, options: Options) -> Result<Kept, String> {
    let invalid = if kind == Kind::Role { invalid_role(entry) } else { invalid_user(entry) };
    if let Some(why) = invalid {
        return Err(with_misplaced(&why, entry));
    }
    let Entry { at, arn, sso, username, groups, .. } = entry;
    let canonical = |arn: &str| canonicalize(arn).map_err(|why| format!("{arn:?}: {why}"));
    let (key, principal) = match kind {
        Kind::Role if arn.is_empty() => role_key("", sso.as_ref(), options),
        Kind::Role => {
            let canonical = canonical(arn)?;
            (lower(&canonical), matching(&fold(&canonical)))
        }
        Kind::User => {
            let canonical = canonical(&lower(arn))?;
            (canonical.clone(), matching(&canonical))
        }
    };
    Ok(Kept {
        key,
        principal,
        written: if arn.is_empty() { named(sso.as_ref()) } else { arn.as_str().into() },
        username: username.clone(),
        groups: groups.as_slice().to_vec(),
        place: text.place(kind.list(), index, *at),
        at: *at,
    })
}

fn accounts_of(text: &mut Text<'_>, accounts: &[(String, usize)]) -> Vec<(AccountId, RuleSource)> {
    let mut kept = Vec::with_capacity(accounts.len());
    for (index, (written, at)) in accounts.iter().enumerate() {
        let place = text.place("mapAccounts", index, *at);
        match written.parse() {
            Ok(account) => kept.push((account, place)),
            Err(_) => {
                let message = format!("{written:?} is not an AWS account: {}", Never::Account);
                let hint = Some("put it in quotes".to_owned());
                text.say_of(DefectKind::NoLogin, &place, *at, message, hint);
            }
        }
    }
    kept
}

/// The values of a mapping by their keys in lower case.
pub(super) fn fields(node: &Node) -> BTreeMap<String, &Node> {
    entries_of(node).into_iter().map(|(key, entry)| (key, &entry.value)).collect()
}

/// The entries of a mapping by their keys in lower case; one with capitals takes the place of one without.
fn entries_of(node: &Node) -> BTreeMap<String, &document::Entry> {
    let mut entries: BTreeMap<String, (&document::Entry, bool)> = BTreeMap::new();
    for entry in node.as_mapping().unwrap_or_default() {
        let lower = lower(&entry.key.text);
        let has_capitals = *lower != *entry.key.text;
        let known = entries.entry(lower).or_insert((entry, has_capitals));
        if has_capitals >= known.1 {
            *known = (entry, has_capitals);
        }
    }
    entries.into_iter().map(|(key, (entry, _))| (key, entry)).collect()
}

/// mapstructure with `WeaklyTypedInput`: a type that cannot be converted is an error over the whole.
pub(super) struct Weak<'t, 'a> {
    pub(super) text: &'t mut Text<'a>,
    pub(super) is_taken: bool,
}

impl Weak<'_, '_> {
    fn entries(&mut self, node: Option<&Node>, kind: Kind) -> Vec<Entry> {
        let Some(node) = node else { return Vec::new() };
        let list = kind.list();
        let nodes: Vec<&Node> = match &node.value {
            Value::Sequence(nodes, _) => nodes.iter().collect(),
            // One entry is a list of one, and a text one of texts; an empty one of nothing.
            Value::Mapping(entries, _) if entries.is_empty() => Vec::new(),
            Value::Scalar(scalar) if scalar.is_null() || scalar.text.is_empty() => Vec::new(),
            Value::Mapping(..) | Value::Scalar(_) => vec![node],
        };
        let mut entries = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.into_iter().enumerate() {
            entries.push(self.entry(node, kind, &format!("{list}[{index}]")));
        }
        entries
    }

    fn entry(&mut self, node: &Node, kind: Kind, section: &str) -> Entry {
        let mut entry = Entry { at: node.span.start, ..Entry::default() };
        if node.is_null() {
            return entry;
        }
        if node.as_mapping().is_none() {
            self.wrong(node, section, "the entry", "a mapping");
            return entry;
        }
        for (key, one) in entries_of(node) {
            let value = &one.value;
            match field(kind.fields(), &key) {
                Some("rolearn" | "userarn") => entry.arn = self.string(value, section, kind.arn()),
                Some("username") => entry.username = self.string(value, section, "username"),
                Some("userid") => entry.userid = self.string(value, section, "userid"),
                Some("groups") => {
                    let texts = self.texts(value, section, "groups");
                    entry.groups = Slice::of(texts.into_iter().map(|(text, _)| text).collect());
                }
                Some("sso") => entry.sso = self.sso(value, section),
                _ => {
                    entry.misplace(&one.key.text, &Located::of_yaml(value));
                    self.text.say_unknown_key(kind, section, &one.key.text, one.key_span.start);
                }
            }
        }
        entry
    }

    fn sso(&mut self, node: &Node, section: &str) -> Option<Sso> {
        if node.is_null() {
            return None;
        }
        if node.as_mapping().is_none() {
            self.wrong(node, section, "sso", "a mapping");
            return None;
        }
        for (key, one) in entries_of(node) {
            if field(SSO_KEYS, &key).is_none() {
                self.text.say_unread(
                    section,
                    &one.key.text,
                    one.key_span.start,
                    nearest(&key, SSO_KEYS.iter().copied()),
                );
            }
        }
        let fields = fields(node);
        let mut text = |key: &str| {
            let node = fields.get(&key.to_ascii_lowercase());
            node.map(|node| self.string(node, section, key)).unwrap_or_default()
        };
        let (permission_set_name, account_id) = (text("permissionSetName"), text("accountID"));
        Some(Sso { permission_set_name, account_id, partition: text("partition") })
    }

    /// What is reserved in each mode, by the names that modes have now.
    pub(super) fn reserved(&mut self, node: Option<&Node>) -> BTreeMap<BackendMode, Vec<String>> {
        const LIST: &str = "reservedPrefixConfig";
        let nodes = node.map(|node| node.as_sequence().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
        let mut prefixes = BTreeMap::new();
        for node in nodes.iter().filter(|node| !node.is_null()) {
            if node.as_mapping().is_none() {
                self.wrong(node, LIST, "the entry", "a mapping");
                continue;
            }
            let fields = fields(node);
            let mode = fields.get("backendmode").map(|node| self.string(node, LIST, "backendMode"));
            let list = fields.get("usernameprefixreservelist");
            let list = list.map(|node| self.texts(node, LIST, "usernamePrefixReserveList")).unwrap_or_default();
            // The last one of a mode counts.
            if let Some(mode) = BackendMode::BACKENDS.into_iter().find(|one| mode.as_deref() == Some(one.as_str())) {
                prefixes.insert(mode, list.into_iter().map(|(text, _)| text).collect());
            }
        }
        prefixes
    }

    /// A list of texts, each with its place; a text is cut at its commas, anything else is a list of one.
    fn texts(&mut self, node: &Node, section: &str, key: &str) -> Vec<(String, usize)> {
        let at = node.span.start;
        match &node.value {
            Value::Sequence(nodes, _) => {
                nodes.iter().map(|node| (self.string(node, section, key), node.span.start)).collect()
            }
            Value::Mapping(entries, _) if entries.is_empty() => Vec::new(),
            Value::Scalar(scalar) if scalar.is_null() => Vec::new(),
            Value::Scalar(scalar) if scalar.is_text() && scalar.text.is_empty() => Vec::new(),
            Value::Scalar(scalar) if scalar.is_text() => {
                scalar.text.split(',').map(|part| (part.to_owned(), at)).collect()
            }
            Value::Mapping(..) | Value::Scalar(_) => vec![(self.string(node, section, key), at)],
        }
    }

    fn string(&mut self, node: &Node, section: &str, key: &str) -> String {
        match node.as_scalar() {
            Some(scalar) if scalar.is_null() => String::new(),
            Some(scalar) if scalar.kind() != "a date" => spelled(node, scalar),
            _ => {
                self.wrong(node, section, key, "text");
                String::new()
            }
        }
    }

    fn wrong(&mut self, node: &Node, section: &str, key: &str, wanted: &str) {
        self.is_taken = false;
        let key = if key.contains(' ') { key.to_owned() } else { format!("`{key}`") };
        let message = format!("the program does not start: {key} has to be {wanted}, and is {}", node.kind());
        self.text.say(DefectKind::Unreadable, section, node.span.start, message, None);
    }
}

/// The text that a scalar becomes.
fn spelled(node: &Node, scalar: &Scalar) -> String {
    match node.to_json() {
        serde_json::Value::Bool(truth) => if truth { "1" } else { "0" }.to_owned(),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), ..) => int.to_string(),
            (None, Some(int), _) => int.to_string(),
            (None, None, Some(float)) => float.to_string(),
            (None, None, None) => number.to_string(),
        },
        _ if scalar.is_number() => match &*scalar.text.to_ascii_lowercase() {
            ".nan" => "NaN".to_owned(),
            text if text.starts_with('-') => "-Inf".to_owned(),
            _ => "+Inf".to_owned(),
        },
        _ => scalar.text.to_string(),
    }
}
