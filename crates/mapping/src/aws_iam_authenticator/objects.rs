//! `IAMIdentityMapping` objects.
//!
//! Source: `syncHandler` of `pkg/mapper/crd/controller/controller.go`, `Map` of `pkg/mapper/crd/mapper.go`.

use super::{
    Standing,
    decode::Kind,
    keep::{Kept, keep, matching},
    text::Text,
};
use crate::{
    BackendMode, Defect, DefectKind, Never, Reader, RuleSource, Source, Unused,
    canonical::{canonicalize, lower},
    rule::OBJECTS,
};

/// An `IAMIdentityMapping`, as the cluster has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its name.
    pub name: &'a str,
    /// `spec.arn`.
    pub arn: &'a str,
    /// `spec.username`.
    pub username: &'a str,
    /// `spec.groups`.
    pub groups: Vec<&'a str>,
    /// `status.canonicalARN`, which the program writes and compares; empty where it has not come to it yet.
    pub canonical_arn: &'a str,
    /// ARNs that stand in `spec` under other keys, each with its key.
    pub unread: Vec<(&'a str, &'a str)>,
    /// Where it stands, if another program's file says that it makes the object; otherwise it stands under its name.
    pub place: Option<RuleSource>,
}

/// Returns what the program makes of them once it has looked at each. Of objects for one ARN it takes any.
pub fn objects<'a>(objects: impl IntoIterator<Item = Object<'a>>) -> Source {
    let mut source = Source::empty(BackendMode::Crd, Reader::AwsIamAuthenticator);
    let mut defects: Vec<Defect> = Vec::new();
    // Nothing here is read from a text; places are names.
    let mut text = Text::new(BackendMode::Crd, "", Standing::alone(""), &mut defects);
    let mut kept = Vec::new();
    for (index, object) in objects.into_iter().enumerate() {
        let Object { name, arn, username, groups, canonical_arn, unread, place } = object;
        let of_cluster = || RuleSource { mode: BackendMode::Crd, list: OBJECTS, index, file: name.into(), line: 1 };
        let place = place.unwrap_or_else(of_cluster);
        for (key, meant) in unread.into_iter().filter(|_| arn.is_empty()) {
            let key = format!("spec.{key}");
            let message = format!("unknown key `{key}`, which is ignored");
            text.say_of(DefectKind::UnknownKey, &place, 0, message, Some("write `spec.arn`".to_owned()));
            source.unused.push(Unused {
                source: place.clone(),
                written: Box::default(),
                username: username.into(),
                groups: groups.iter().map(|group| (*group).into()).collect(),
                meant: Some(meant.into()),
                why: Never::Unread { key: key.into(), read: "spec.arn".into() },
            });
        }
        let principal = match canonicalize(&lower(arn)) {
            Ok(canonical) => matching(&canonical),
            // It leaves its mark as it was, and goes on by it.
            Err(_) if matching(canonical_arn).is_ok() => {
                let message = format!(
                    "spec.arn {arn:?} cannot be read, and the object still matches {canonical_arn}, which it had before"
                );
                let hint = Some("correct spec.arn, or delete the object".to_owned());
                text.say_of(DefectKind::Unreadable, &place, 0, message, hint);
                matching(canonical_arn)
            }
            Err(why) if arn.is_empty() => Err(Never::Dropped(why.to_string().into())),
            Err(why) => Err(why),
        };
        kept.push(Kept {
            key: String::new(),
            principal,
            written: arn.into(),
            username: username.to_owned(),
            groups: groups.into_iter().map(str::to_owned).collect(),
            place,
            at: 0,
        });
    }
    keep(&mut source, &mut text, Kind::Role, kept, false);
    source.defects = defects;
    source
}
