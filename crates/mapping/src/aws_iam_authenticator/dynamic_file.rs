//! The file of the mode `DynamicFile`: JSON, taken as a whole or not at all.
//!
//! Source: `CallBackForFileLoad`, `saveMap` of `pkg/mapper/dynamicfile/dynamicfile.go`, `Map` of its `mapper.go`.

use document::nearest;
use identity::AccountId;

use super::{
    LISTS, Options, Standing,
    decode::{Decoder, Entry, Kind, Slice, field},
    elsewhere::{arns, meant, unread},
    keep::{Kept, keep, matching},
    located::{Located, What},
    text::Text,
};
use crate::{
    BackendMode, Defect, DefectKind, Never, Reader, RulePrincipal, RuleSource, Source,
    canonical::{canonicalize, lower, of_a_caller, strip_path},
    rule::UniqueId,
};

const MODE: BackendMode = BackendMode::DynamicFile;
/// The keys that are read; every other one is passed over.
const KEYS: [&str; 5] = ["LastUpdatedDateTime", "Version", "mapRoles", "mapUsers", "mapAccounts"];

/// Reads a dynamic file as aws-iam-authenticator does. `Err`, with all defects, if it would refuse the file: a running
/// server keeps what it had before, and one that starts lets nobody in by it.
pub fn dynamic_file(bytes: &[u8], standing: Standing, options: Options) -> Result<Source, Box<Source>> {
    let mut defects: Vec<Defect> = Vec::new();
    let mut source = Source::empty(MODE, Reader::AwsIamAuthenticator);
    let json = text_of(bytes);
    let mut text = Text::new(MODE, &json, standing, &mut defects);
    let is_taken = read(&mut source, &mut text, &json, options);
    if is_taken {
        source.defects = defects;
        return Ok(source);
    }
    let all = Located::of_json(&json).map(|root| arns(&root)).unwrap_or_default();
    let why = Never::Dropped("the program refuses the whole file".into());
    let unused = meant(&text, "the file", all, &why);
    Err(Box::new(Source { unused, defects, ..Source::empty(MODE, Reader::AwsIamAuthenticator) }))
}

/// Whether it is taken.
fn read(source: &mut Source, text: &mut Text<'_>, json: &str, options: Options) -> bool {
    let root = match Located::of_json(json) {
        Ok(root) => root,
        Err((at, why)) => {
            let message = format!("it is not JSON, so all of it is refused: {why}");
            text.say(DefectKind::Unreadable, "the file", at, message, None);
            return false;
        }
    };
    let mut lists: [Slice<Entry>; 2] = Default::default();
    let mut accounts = Slice::default();
    let mut decoder = Decoder { text: &mut *text, mismatch: false };
    match &root.what {
        What::Null => {}
        What::Map(pairs) => {
            let mut ignored = String::new();
            for (key, value) in pairs {
                match field(&KEYS, &key.text) {
                    Some("mapRoles") => decoder.entries(&mut lists[0], value, Kind::Role),
                    Some("mapUsers") => decoder.entries(&mut lists[1], value, Kind::User),
                    Some("mapAccounts") => decoder.texts(&mut accounts, value, "mapAccounts", "the account"),
                    Some(known) => decoder.string(&mut ignored, value, known, known),
                    None => {
                        let near = nearest(&key.text, KEYS).filter(|near| LISTS.contains(near));
                        let name = |list| (key.text.to_string(), near.unwrap_or(list));
                        source.unused.extend(unread(decoder.text, &arns(value), name));
                        decoder.text.say_unread(&key.text, &key.text, key.at, nearest(&key.text, KEYS));
                    }
                }
            }
        }
        _ => decoder.wrong(&root, "the file", "the file", "an object"),
    }
    let mut is_taken = !decoder.mismatch;
    if !is_taken {
        let message = "a value of a wrong type makes the program refuse the whole file";
        text.say(DefectKind::Unreadable, "the file", root.at, message, None);
    }
    for (kind, entries) in [Kind::Role, Kind::User].into_iter().zip(&lists) {
        let (needs, key) = if options.user_id_strict {
            ("userid", (|entry| &entry.userid) as fn(&Entry) -> &String)
        } else {
            (kind.arn(), (|entry| &entry.arn) as fn(&Entry) -> &String)
        };
        for (index, entry) in entries.as_slice().iter().enumerate().filter(|(_, entry)| key(entry).is_empty()) {
            let place = text.place(kind.list(), index, entry.at);
            let message = format!("`{needs}` is missing, so aws-iam-authenticator refuses the whole file");
            text.say_of(DefectKind::Unreadable, &place, entry.at, message, None);
            is_taken = false;
        }
    }
    if !is_taken {
        return false;
    }
    for (kind, entries) in [Kind::Role, Kind::User].into_iter().zip(&lists) {
        let kept = entries.as_slice().iter().enumerate();
        let kept = kept.map(|(index, entry)| kept_of(text, kind, index, entry, options)).collect();
        keep(source, text, kind, kept, true);
    }
    source.accounts = accounts_of(text, &root, accounts.as_slice());
    true
}

fn kept_of(text: &mut Text<'_>, kind: Kind, index: usize, entry: &Entry, options: Options) -> Kept {
    let Entry { at, arn, username, groups, userid, .. } = entry;
    let place = text.place(kind.list(), index, *at);
    let (key, principal) = if options.user_id_strict {
        (userid.clone(), Ok(by_unique_id(text, &place, entry)))
    } else {
        match canonicalize(&lower(arn)) {
            Ok(canonical) => (canonical.clone(), matching(&canonical)),
            // All of those have one key.
            Err(why) => (String::new(), Err(why)),
        }
    };
    let written = if arn.is_empty() { userid } else { arn };
    Kept {
        key,
        principal,
        written: written.as_str().into(),
        username: username.clone(),
        groups: groups.as_slice().to_vec(),
        place,
        at: *at,
    }
}

/// The id, and the ARN that has to be right as well: one that cannot be keeps the id's owner out.
fn by_unique_id(text: &mut Text<'_>, place: &RuleSource, entry: &Entry) -> RulePrincipal {
    let Entry { at, arn, userid, .. } = entry;
    let wanted = match strip_path(arn) {
        _ if arn.is_empty() => None,
        Ok(stripped) => Some(lower(&stripped)),
        Err(_) => Some(arn.clone()),
    };
    let why = match &wanted {
        Some(wanted) => strip_path(arn).and_then(|_| of_a_caller(wanted)).err(),
        None => None,
    };
    if let Some(why) = why {
        let message = format!("{userid} with {arn:?} lets nobody in: {why}");
        text.say_of(DefectKind::NoLogin, place, *at, message, why.hint(arn));
    }
    RulePrincipal::UniqueId(UniqueId { id: userid.as_str().into(), arn: wanted })
}

fn accounts_of(text: &mut Text<'_>, root: &Located, accounts: &[String]) -> Vec<(AccountId, RuleSource)> {
    const LIST: &str = "mapAccounts";
    let mut kept = Vec::with_capacity(accounts.len());
    for (index, written) in accounts.iter().enumerate() {
        let place = text.place(LIST, index, root.at);
        match written.parse() {
            Ok(account) => kept.push((account, place)),
            Err(_) => {
                let message = format!("{written:?} is not an AWS account: {}", Never::Account);
                text.say_of(DefectKind::NoLogin, &place, root.at, message, None);
            }
        }
    }
    kept
}

/// Each byte that is not text is U+FFFD to encoding/json.
fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}
