//! `ConfigMap`s that look as if somebody logged in by them, and are not read as they stand: none is passed over unsaid.

use std::collections::BTreeMap;

use access::ConfigMap;
use mapping::aws_iam_authenticator::LISTS;
use serde_json::{Value, value::RawValue};

use super::{Dump, MappingTarget};

/// The key of the authenticator's configuration.
pub(super) const CONFIGURATION: &str = "config.yaml";

impl Dump {
    /// Notes one that is called otherwise than those that are read.
    pub(super) fn note_alike(&mut self, namespace: Option<&str>, name: &str, data: &RawValue) {
        let text = data.get();
        if !LISTS.iter().any(|list| text.contains(list)) {
            return;
        }
        let keys: BTreeMap<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let what = format!("the ConfigMap {namespace}{name}{}", self.at());
        let note = if let Some(list) = LISTS.iter().find(|list| keys.contains_key(**list)) {
            format!("{what} has {list}, but nobody logs in through it: only kube-system/aws-auth is read")
        } else if keys.contains_key(CONFIGURATION) {
            format!(
                "{what} has a {CONFIGURATION} with logins, which is not read: only kube-system/aws-iam-authenticator is, \
                 and `import --config-map {namespace}{name}` reads it from there"
            )
        } else {
            return;
        };
        self.notes.push(note.into());
    }

    /// Why one that is read holds its logins where they are not looked for; `None` if it does not.
    pub(super) fn misplaced(name: &str, map: &ConfigMap) -> Option<Misplaced> {
        let target = MappingTarget::in_config_map(name)?;
        let key = match target {
            MappingTarget::AwsAuth => {
                let list = LISTS.iter().find(|list| map.binary_data.contains_key(**list))?;
                let why = format!("its `binaryData` has {list}, and nobody logs in through that: only `data` is read");
                return Some(Misplaced::Note(why));
            }
            MappingTarget::ConfigMap => CONFIGURATION,
            MappingTarget::AccessFile => crate::ACCESS_FILE_MAP.1,
            MappingTarget::Crd | MappingTarget::None => return None,
        };
        if map.data.contains_key(key) {
            return None;
        }
        if map.binary_data.contains_key(key) {
            let why = format!(
                "the ConfigMap has {key} in `binaryData`, which a server that mounts it reads, but this program does not; write it into `data`"
            );
            return Some(Misplaced::Gap(why));
        }
        let has_logins = |text: &String| LISTS.iter().any(|list| text.contains(list));
        let (other, _) = map.data.iter().find(|(_, text)| target == MappingTarget::ConfigMap && has_logins(text))?;
        let why = format!(
            "it has no {key}, but {other}, and it is not known whether a server reads that: rename it to {key}, or \
             give the file of the server's `--config` as `--config FILE`"
        );
        Some(Misplaced::Gap(why))
    }
}

/// Logins where they are not looked for.
pub(super) enum Misplaced {
    /// Nobody reads them.
    Note(String),
    /// Somebody may.
    Gap(String),
}
