//! What we say of a mapping: who is let in as whom, by the same functions as every command.

use std::collections::BTreeSet;

use identity::Partition;
use mapping::{
    Decision, Facts, Outcome, Snapshot,
    aws_iam_authenticator::{self, Object, Options, Standing},
    decide,
};
use serde_json::Value;

use super::callers::{Answer, Caller, INSTANCE};

/// A mapping as we read it.
pub(super) struct Ours(Snapshot);

impl Ours {
    /// `aws-auth`, as the API server has it.
    pub(super) fn aws_auth(object: &Value, partition: Partition, sso_role_match: bool) -> Self {
        let options = Options { sso_role_match, user_id_strict: false };
        let source = aws_iam_authenticator::aws_auth(texts(object), |key| Standing::alone(key), options);
        Self(Snapshot::new(partition, vec![source], []))
    }

    /// A dynamic file of a server that starts with it: one that is refused lets nobody in.
    pub(super) fn dynamic_file(file: &[u8], strict: bool) -> Self {
        let options = Options { sso_role_match: false, user_id_strict: strict };
        let read = aws_iam_authenticator::dynamic_file(file, Standing::alone("dynamic.json"), options);
        let source = read.unwrap_or_else(|refused| *refused);
        Self(Snapshot::new(Partition::Aws, vec![source], []))
    }

    /// The program's own configuration; none where it does not start with it.
    pub(super) fn mounted_file(text: &str, partition: Partition, sso_role_match: bool) -> Option<Self> {
        let options = Options { sso_role_match, user_id_strict: false };
        let read = aws_iam_authenticator::mounted_file(text, Standing::alone("config.yaml"), options);
        Some(Self(Snapshot::new(partition, vec![read.ok()?], [])))
    }

    /// `IAMIdentityMapping` objects, as the API server lists them.
    pub(super) fn objects(list: &Value) -> Self {
        let source = aws_iam_authenticator::objects(mapping_objects(list));
        Self(Snapshot::new(Partition::Aws, vec![source], []))
    }

    /// Everything that may be said to somebody: one answer, or several where it is a matter of chance.
    pub(super) fn answers(&self, caller: &Caller) -> BTreeSet<Answer> {
        match decide(&self.0, &caller.identity, &caller.access_key_id, &facts(), e2e::sts::now()) {
            Decision::Permit(user) => BTreeSet::from([Answer::of(user.username, user.groups)]),
            Decision::Refuse(_) => BTreeSet::from([Answer::Out]),
            Decision::Undetermined(undetermined) => {
                let answer = |outcome| match outcome {
                    Outcome::Permit(user) => Answer::of(user.username, user.groups),
                    Outcome::Refuse(_) => Answer::Out,
                };
                undetermined.outcomes.into_iter().map(answer).collect()
            }
            // Everything is there.
            Decision::Needs(_) => BTreeSet::new(),
        }
    }
}

/// The texts of a `ConfigMap` by their keys.
pub(super) fn texts(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let data = object["data"].as_object().into_iter().flatten();
    data.filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)))
}

/// `IAMIdentityMapping` objects, as the API server lists them.
pub(super) fn mapping_objects(list: &Value) -> impl Iterator<Item = Object<'_>> {
    let items = list["items"].as_array().into_iter().flatten();
    items.map(|item| Object {
        name: text(&item["metadata"]["name"]),
        arn: text(&item["spec"]["arn"]),
        username: text(&item["spec"]["username"]),
        groups: item["spec"]["groups"].as_array().into_iter().flatten().map(text).collect(),
        canonical_arn: text(&item["status"]["canonicalARN"]),
        ..Object::default()
    })
}

/// What EC2 says of the callers' instances.
pub(super) fn facts() -> Facts {
    let names = [(INSTANCE.0, Some(INSTANCE.1)), ("i-0fffffffffffffff0", None), ("i-nodename", None)];
    let names = names.into_iter().map(|(id, name)| (id.to_owned(), name.map(str::to_owned)));
    Facts { private_dns_names: names.collect() }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
