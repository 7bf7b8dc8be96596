//! Who is let in by a `ConfigMap`, and that it is exactly who was planned.

use std::collections::{BTreeMap, BTreeSet};

use document::Source;
use mapping::{
    authenticator::{FeatureGates, read_config},
    aws_iam_authenticator::{Options, Standing, aws_auth},
};

use super::{Shape, compared};
use crate::entries::Entry;

/// Who is let in as whom: each principal with the usernames and groups that it may get, in the order of their texts. Several are
/// chance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct People(BTreeMap<String, Vec<(String, BTreeSet<String>)>>);

impl People {
    /// Those of the file.
    pub(super) fn wanted<'e>(entries: impl Iterator<Item = &'e Entry<'e>>) -> Self {
        Self::of(entries.map(|entry| {
            let groups = entry.groups.iter().map(|group| (*group).to_owned()).collect();
            (principal(entry), (entry.username.to_owned(), groups))
        }))
    }

    pub(super) fn principals(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    fn let_in_by(source: &mapping::Source) -> Self {
        Self::of(source.roles.iter().chain(&source.users).map(|rule| {
            let groups = rule.groups.iter().map(|membership| membership.group.clone()).collect();
            (rule.principal.to_string(), (rule.username.clone(), groups))
        }))
    }

    /// Each principal with who it is.
    pub(super) fn of(people: impl Iterator<Item = (String, (String, BTreeSet<String>))>) -> Self {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (principal, user) in people {
            all.entry(principal).or_default().push(user);
        }
        for users in all.values_mut() {
            users.sort();
        }
        Self(all)
    }
}

/// The principal of an entry of the file.
pub(super) fn principal(entry: &Entry<'_>) -> String {
    compared(&entry.arn).expect("the file's principals are principals")
}

/// Whether the changed texts let in who is wanted, and everybody whose entries were not touched as before; or why not.
pub(super) fn check(
    shape: Shape<'_>,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    touched: &BTreeSet<&str>,
    wanted: &People,
) -> Result<(), String> {
    // What its reader does not take as it is has nobody of whom something could be said.
    let Ok(before) = read(shape, before) else { return Ok(()) };
    let after = read(shape, after).map_err(|why| format!("after this change it would no longer be readable: {why}"))?;
    let (mut expected, is) = (People::let_in_by(&before), People::let_in_by(&after));
    expected.0.retain(|principal, _| !touched.contains(principal.as_str()));
    expected.0.extend(wanted.0.iter().map(|(principal, users)| (principal.clone(), users.clone())));
    let mut all = expected.0.keys().chain(is.0.keys());
    if let Some(principal) = all.find(|principal| expected.0.get(*principal) != is.0.get(*principal)) {
        return Err(format!("nothing was changed: after this change {principal} would not log in as planned"));
    }
    let accounts = |source: &mapping::Source| source.accounts.iter().map(|(account, _)| *account).collect::<Vec<_>>();
    if accounts(&before) != accounts(&after) {
        return Err("nothing was changed: after this change other AWS accounts could log in".to_owned());
    }
    Ok(())
}

/// The texts as their reader reads them.
fn read(shape: Shape<'_>, data: &BTreeMap<String, String>) -> Result<mapping::Source, String> {
    match shape {
        Shape::AwsAuth => {
            let texts = data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            Ok(aws_auth(texts, |_| Standing::alone("aws-auth"), Options::default()))
        }
        Shape::Config(_) => {
            let text = data.get("config.yaml").map(String::as_str).unwrap_or_default();
            let read = read_config(&Source::new("config.yaml", text), &FeatureGates::default());
            let (config, _) =
                read.map_err(|problems| problems.into_iter().next().map(|first| first.message).unwrap_or_default())?;
            let nobody = mapping::Source::empty(mapping::BackendMode::MountedFile, mapping::Reader::ClusterAuth);
            Ok(config.server.mounted_file.unwrap_or(nobody))
        }
    }
}
