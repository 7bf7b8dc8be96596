//! The `ConfigMap` `kube-system/aws-auth`.
//!
//! Source: `ParseMap` and `saveMap` of `pkg/mapper/configmap/configmap.go`; apimachinery's `util/yaml.ToJSON`.

use document::{Dialect, Limits, Node, nearest, parse_as};
use identity::AccountId;

use super::{
    LISTS, Options, Standing,
    decode::{Decoder, Entry, Kind, Slice},
    elsewhere::{all_arns, arns, meant, unread},
    keep::{Kept, dropped, invalid_role, invalid_user, keep, matching, named, role_key},
    located::{Located, What},
    text::Text,
};
use crate::{BackendMode, Defect, DefectKind, Never, Reader, RuleSource, Source, canonical::fold};

/// Reads its texts, of which `standing` says where each stands.
pub fn aws_auth<'d>(
    data: impl IntoIterator<Item = (&'d str, &'d str)>,
    standing: impl Fn(&str) -> Standing,
    options: Options,
) -> Source {
    let mut source = Source::empty(BackendMode::EksConfigMap, Reader::AwsIamAuthenticator);
    let mut defects: Vec<Defect> = Vec::new();
    let (mut roles, mut users, mut accounts) = (None, None, None);
    for (key, text) in data {
        let mut text = Text::new(BackendMode::EksConfigMap, text, standing(key), &mut defects);
        match key {
            "mapRoles" => roles = Some(text.source.text().to_owned()),
            "mapUsers" => users = Some(text.source.text().to_owned()),
            "mapAccounts" => accounts = Some(text.source.text().to_owned()),
            _ => {
                let hint = nearest(key, LISTS).map(|near| format!("did you mean `{near}`?"));
                text.say(
                    DefectKind::UnknownKey,
                    key,
                    0,
                    format!("unknown key `{key}` of aws-auth, which is ignored"),
                    hint,
                );
                let near = nearest(key, LISTS);
                source.unused.extend(unread(&text, &all_arns(&text), |list| (key.to_owned(), near.unwrap_or(list))));
            }
        }
    }
    for (kind, text) in [(Kind::Role, roles), (Kind::User, users)] {
        let Some(text) = text.filter(|text| !is_skippable(text)) else { continue };
        let mut text = Text::new(BackendMode::EksConfigMap, &text, standing(kind.list()), &mut defects);
        let entries = entries(&mut source, &mut text, kind);
        let kept = kept(&mut source, &mut text, kind, entries.as_slice(), options);
        keep(&mut source, &mut text, kind, kept, true);
    }
    if let Some(text) = accounts.filter(|text| !is_skippable(text)) {
        let mut text = Text::new(BackendMode::EksConfigMap, &text, standing("mapAccounts"), &mut defects);
        source.accounts = read_accounts(&mut text);
    }
    source.defects = defects;
    source
}

/// `isSkippable`.
fn is_skippable(text: &str) -> bool {
    matches!(text.trim(), "" | "``" | "\"\"" | "''")
}

/// What the list decodes to.
fn entries(source: &mut Source, text: &mut Text<'_>, kind: Kind) -> Slice<Entry> {
    let mut entries = Slice::default();
    let no_list = |what: &str| Never::Dropped(format!("{} must be a list, and is {what}", kind.list()).into());
    // What looks like JSON is JSON to it, and an object is not a list.
    if text.source.text().trim_start().starts_with('{') {
        let message = format!("{} must be a list, and this is an object: all of it is ignored", kind.list());
        text.say(DefectKind::Unreadable, kind.list(), 0, message, None);
        source.unused.extend(meant(text, kind.list(), all_arns(text), &no_list("an object")));
        return entries;
    }
    if let Some(root) = tree(text, kind.list()) {
        let value = Located::of_yaml(&root);
        if !matches!(value.what, What::List(_)) {
            source.unused.extend(meant(text, kind.list(), arns(&value), &no_list(value.kind())));
        }
        let mut decoder = Decoder { text, mismatch: false };
        decoder.entries(&mut entries, &value, kind);
    }
    entries
}

fn tree(text: &mut Text<'_>, section: &str) -> Option<Node> {
    match parse_as(&text.source.clone(), &Limits::default(), Dialect::Kubernetes) {
        Ok(read) => {
            let warnings: Vec<_> = read.warnings.into_iter().collect();
            text.say_problems(DefectKind::Duplicate, section, &warnings, "");
            read.root
        }
        Err(problems) => {
            text.say_problems(DefectKind::Unreadable, section, &problems, &format!("all of {section} is ignored: "));
            None
        }
    }
}

fn kept(source: &mut Source, text: &mut Text<'_>, kind: Kind, entries: &[Entry], options: Options) -> Vec<Kept> {
    let mut kept = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let invalid = if kind == Kind::Role { invalid_role(entry) } else { invalid_user(entry) };
        if let Some(why) = invalid {
            let unused = dropped(text, kind, index, entry, &why);
            source.unused.extend(unused);
            continue;
        }
        let (key, principal) = match kind {
            Kind::Role => role_key(&entry.arn, entry.sso.as_ref(), options),
            // Users are compared in whatever case, and kept by their letters.
            Kind::User => (entry.arn.clone(), matching(&fold(&entry.arn))),
        };
        let written = if entry.arn.is_empty() { named(entry.sso.as_ref()) } else { entry.arn.as_str().into() };
        kept.push(Kept {
            key,
            principal,
            written,
            username: entry.username.clone(),
            groups: entry.groups.as_slice().to_vec(),
            place: text.place(kind.list(), index, entry.at),
            at: entry.at,
        });
    }
    kept
}

/// `mapAccounts` is read by another library, which takes every scalar as the text that it is written as.
fn read_accounts(text: &mut Text<'_>) -> Vec<(AccountId, RuleSource)> {
    const LIST: &str = "mapAccounts";
    let Some(root) = tree(text, LIST).filter(|root| !root.is_null()) else { return Vec::new() };
    let Some(nodes) = root.as_sequence() else {
        let message = format!("{LIST} must be a list, and is {}: all of it is ignored", root.kind());
        text.say(DefectKind::Unreadable, LIST, root.span.start, message, None);
        return Vec::new();
    };
    let mut accounts = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let written = node.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
        match written.parse() {
            Ok(account) => accounts.push((account, text.place(LIST, index, node.span.start))),
            Err(_) => {
                let message = format!("{written:?} is not an AWS account, which has 12 digits");
                let place = text.place(LIST, index, node.span.start);
                text.say_of(DefectKind::NoLogin, &place, node.span.start, message, None);
            }
        }
    }
    accounts
}
