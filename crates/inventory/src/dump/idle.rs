//! Flags that were typed and make no difference: to say so is better than to let somebody believe that they did.

use access::ConfigMap;
use identity::Partition;
use jiff::Timestamp;
use mapping::{Reader, aws_iam_authenticator::Options};

use super::Dump;
use crate::{ACCESS_FILE_MAP, LiveMapping, MappingTarget, Reading};

impl Dump {
    /// What each of them is about, of which nothing was looked at.
    pub(super) fn idle_flags(&self, partition: Partition, now: Timestamp) -> Vec<Box<str>> {
        let reader = self.servers.asked.filter(|asked| {
            let has_access_file = self.config_maps.contains_key(ACCESS_FILE_MAP.0);
            self.configuration().is_none() && !(has_access_file && *asked == Reader::ClusterAuth)
        });
        let reader = reader.map(|_| {
            "--reader has no effect here: no configuration of the authenticator \
             (config.yaml) was read"
        });
        let gate = self.servers.sso_role_match.filter(|is_on| {
            let told = self.told();
            let reading = |sso_role_match| Reading {
                partition,
                options: Options { sso_role_match, ..told.options },
                reader: told.reader,
            };
            self.read_as(reading(*is_on), now) == self.read_as(reading(!is_on), now)
        });
        let gate = gate.map(|_| {
            "--feature-gates has no effect here: SSORoleMatch is about entries with `sso` that aws-iam-authenticator \
             reads, and there are none"
        });
        reader.into_iter().chain(gate).map(Box::from).collect()
    }

    /// What texts mean to their readers; nothing of those that are refused as a whole.
    fn read_as(&self, reading: Reading, now: Timestamp) -> Vec<Option<mapping::Source>> {
        let of_map = |target: MappingTarget| {
            let map: &ConfigMap = self.config_maps.get(target.config_map()?)?;
            Some(LiveMapping::of_config_map(target, map.clone(), &reading, now).ok().map(|live| live.source))
        };
        let maps = [MappingTarget::ConfigMap, MappingTarget::AwsAuth].into_iter().filter_map(of_map);
        let files =
            self.dynamic.iter().map(|(name, text)| Some(LiveMapping::of_file(name, text, reading.options).source));
        let foreign = self.foreign.iter().filter_map(|foreign| foreign.live(&reading, now));
        maps.chain(files).chain(foreign.map(|live| live.ok().map(|live| live.source))).collect()
    }
}
