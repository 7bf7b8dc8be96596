//! Logins of files as the mapping that their program makes of them, read by whoever reads that.

use std::{collections::BTreeMap, sync::Arc};

use access::ConfigMap;
use jiff::Timestamp;
use mapping::{BackendMode, Defect, Never, RuleSource};

use crate::{
    ClusterObject, LiveMapping, MappingObject, MappingTarget, Reading, Unseen,
    foreign::{FileFormat, Foreign, Login},
};

impl Foreign {
    /// Returns the mappings of the file; none if it has none. Its rules say where they stand in the file.
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
        let mut live = LiveMapping::of_objects(self.logins.iter().map(object).collect());
        for rule in live.source.roles.iter_mut().chain(&mut live.source.users) {
            let login = &self.logins[rule.source.index];
            self.place(&mut rule.source, login.at, login.line);
        }
        for unused in &mut live.source.unused {
            let login = &self.logins[unused.source.index];
            self.place(&mut unused.source, login.at, login.line);
            if let Never::Displaced(other) | Never::RolesFirst(other) = &mut unused.why {
                let login = &self.logins[other.index];
                self.place(other, login.at, login.line);
            }
        }
        // What is said of one names others as the objects that kops would make of them.
        let as_objects = |index: usize, login: &Login| {
            let (list, at) = login.at;
            let mut place = RuleSource { mode: live.source.mode, list, index, file: Arc::clone(&self.file), line: 0 };
            self.place(&mut place, login.at, login.line);
            (format!("IAMIdentityMapping {list}[{at}]"), place.to_string())
        };
        let names: Vec<(String, String)> =
            self.logins.iter().enumerate().map(|(index, login)| as_objects(index, login)).collect();
        for defect in &mut live.source.defects {
            for (object, place) in &names {
                if defect.message.contains(object) {
                    defect.message = defect.message.replace(object, place);
                }
            }
            let index = defect.section.strip_prefix("items[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
            self.place_defect(defect, index.and_then(|index: usize| self.logins.get(index)));
        }
        live
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
        let map = ConfigMap { data, ..ConfigMap::default() };
        let mut live = LiveMapping::of_config_map(target, map, &reading, now)?;
        for defect in &mut live.source.defects {
            let lists = [("mapRoles", &roles), ("mapUsers", &users)];
            defect.message = self.with_places(&defect.message, live.source.mode, &lists);
            let (list, index) = defect.section.split_once('[').unwrap_or((&defect.section, ""));
            let logins = if list == "mapRoles" { &roles } else { &users };
            let index = index.trim_end_matches(']').parse::<usize>().ok();
            self.place_defect(defect, index.and_then(|index| logins.get(index)).copied());
        }
        for unused in &mut live.source.unused {
            let logins = if unused.source.list == "mapRoles" { &roles } else { &users };
            let login = logins[unused.source.index];
            self.place(&mut unused.source, login.at, login.line);
            if let Never::Displaced(other) | Never::RolesFirst(other) = &mut unused.why {
                let logins = if other.list == "mapRoles" { &roles } else { &users };
                let login = logins[other.index];
                self.place(other, login.at, login.line);
            }
        }
        for (rules, logins) in [(&mut live.source.roles, &roles), (&mut live.source.users, &users)] {
            for rule in rules {
                let login = logins[rule.source.index];
                self.place(&mut rule.source, login.at, login.line);
            }
        }
        for (_, source) in &mut live.source.accounts {
            let account = &self.accounts[source.index];
            self.place(source, account.at, account.line);
        }
        Ok(live)
    }

    /// What was read is a text of our own: places are those of the file, and nobody sees that text.
    fn place_defect(&self, defect: &mut Defect, login: Option<&Login>) {
        if let Some(Login { at: (list, index), line, .. }) = login {
            (defect.section, defect.line) = (format!("{list}[{index}]").into(), *line);
        }
        (defect.file, defect.excerpt) = (Arc::clone(&self.file), Box::default());
    }

    /// A message with the places of the entries that it names as those of that text, `EKSConfigMap mapRoles[1] (…)`.
    fn with_places(&self, message: &str, mode: BackendMode, lists: &[(&'static str, &Vec<&Login>)]) -> String {
        let all = || {
            lists
                .iter()
                .flat_map(|(list, logins)| logins.iter().enumerate().map(move |(at, login)| (*list, at, *login)))
        };
        let names: Vec<(String, String)> = all()
            .map(|(list, index, login)| {
                let mut place = RuleSource { mode, list, index, file: Arc::clone(&self.file), line: 0 };
                self.place(&mut place, login.at, login.line);
                (format!("{mode} {list}[{index}] ("), place.to_string())
            })
            .collect();
        let (mut placed, mut rest) = (String::new(), message);
        while let Some((start, (_, place))) =
            names.iter().filter_map(|name| Some((rest.find(&name.0)?, name))).min_by_key(|(start, _)| *start)
        {
            let end = rest[start..].find(')').map_or(rest.len(), |end| start + end + 1);
            placed += &rest[..start];
            placed += place;
            rest = &rest[end..];
        }
        placed + rest
    }

    fn place(&self, source: &mut RuleSource, at: (&'static str, usize), line: usize) {
        (source.list, source.index) = at;
        (source.file, source.line) = (Arc::clone(&self.file), line);
    }
}

impl Login {
    fn is_user(&self) -> bool {
        self.arn.split_once(":user/").is_some()
    }
}
