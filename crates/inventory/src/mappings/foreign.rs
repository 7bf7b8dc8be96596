//! Logins of files as the mapping that their program makes of them, read by whoever reads that.

use std::{collections::BTreeMap, sync::Arc};

use access::ConfigMap;
use jiff::Timestamp;
use mapping::{
    BackendMode, RuleSource,
    aws_iam_authenticator::{EntryPlace, Object, Standing},
};

use crate::{
    ClusterObject, LiveMapping, LoginStore, MappingObject, MappingTarget, Reading, Unseen,
    foreign::{FileFormat, Foreign, Login},
};

impl Foreign {
    /// Returns the mappings of the file; `None` if it has none. Its rules say where they stand in the file.
    pub fn live(&self, reading: &Reading, now: Timestamp) -> Option<Result<LiveMapping, Unseen>> {
        if self.logins.is_empty() && self.accounts.is_empty() {
            return None;
        }
        let live = match self.format {
            FileFormat::Kops => Ok(self.objects()),
            // The authenticator's own file, which the first chart wrote.
            FileFormat::Chart2018 => self.config_map(MappingTarget::ConfigMap, *reading, now),
            _ => self.config_map(MappingTarget::AwsAuth, *reading, now),
        };
        Some(live)
    }

    /// kops makes an `IAMIdentityMapping` of each.
    fn objects(&self) -> LiveMapping {
        let object = |login: &Login| {
            let Login { arn, username, groups, at: (list, index), .. } = login.clone();
            let name = format!("{list}[{index}]").into();
            let object = MappingObject { name, arn, username, groups, ..MappingObject::default() };
            ClusterObject { object, ..ClusterObject::default() }
        };
        let objects: Vec<_> = self.logins.iter().map(object).collect();
        let as_read = objects.iter().zip(&self.logins).map(|(seen, login)| {
            let (mode, (list, index), line) = (BackendMode::Crd, login.at, login.line);
            let place = Some(RuleSource { mode, list, index, file: Arc::clone(&self.file), line });
            Object { place, ..seen.object.as_read() }
        });
        let source = mapping::aws_iam_authenticator::objects(as_read);
        LiveMapping::new(MappingTarget::Crd, source, LoginStore::Objects(objects))
    }

    fn config_map(&self, target: MappingTarget, reading: Reading, now: Timestamp) -> Result<LiveMapping, Unseen> {
        // As eksctl and the chart sort them.
        let (users, roles): (Vec<&Login>, Vec<&Login>) = self.logins.iter().partition(|login| login.is_user());
        let [map_users, map_roles] = [("userarn", &users), ("rolearn", &roles)].map(|(key, list)| {
            let entry = |login: &&Login| serde_json::json!({key: login.arn, "username": login.username, "groups": login.groups});
            list.iter().map(entry).collect::<Vec<_>>()
        });
        let accounts: Vec<&str> = self.accounts.iter().map(|account| &*account.account).collect();
        let data = match target {
            MappingTarget::ConfigMap => {
                let id = self.cluster_id().unwrap_or_default();
                let server = serde_json::json!({"mapUsers": map_users, "mapRoles": map_roles, "mapAccounts": accounts});
                let config = serde_json::json!({"clusterID": id, "server": server});
                BTreeMap::from([("config.yaml".to_owned(), config.to_string())])
            }
            _ => [("mapUsers", serde_json::json!(map_users)), ("mapRoles", serde_json::json!(map_roles))]
                .into_iter()
                .chain([("mapAccounts", serde_json::json!(accounts))])
                .map(|(key, list)| (key.to_owned(), list.to_string()))
                .collect(),
        };
        let place = |((list, index), line)| EntryPlace { list, index, line };
        let accounts = self.accounts.iter().map(|account| place((account.at, account.line))).collect();
        let places = |logins: &[&Login]| logins.iter().map(|login| place((login.at, login.line))).collect();
        let standing =
            self.standing([("mapUsers", places(&users)), ("mapRoles", places(&roles)), ("mapAccounts", accounts)]);
        let standing = data.keys().map(|key| (key.clone(), standing.clone())).collect();
        LiveMapping::of_config_map(target, ConfigMap { data, standing, ..ConfigMap::default() }, &reading, now)
    }

    /// Where the entries of lists stand in the file.
    fn standing(&self, lists: [(&'static str, Vec<EntryPlace>); 3]) -> Standing {
        let of_list = |(list, places): (&'static str, Vec<EntryPlace>)| {
            places.into_iter().enumerate().map(move |(at, place)| ((list, at), place))
        };
        let entries = lists.into_iter().flat_map(of_list).collect();
        Standing { is_spread: false, entries, ..Standing::alone(Arc::clone(&self.file)) }
    }
}

impl Login {
    fn is_user(&self) -> bool {
        self.arn.split_once(":user/").is_some()
    }
}
