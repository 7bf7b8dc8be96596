//! Who logs in, by everything that says so.

use access::{
    Desired,
    cluster::{AccessEntries, AuthenticationMode, LiveMapping, MappingTarget},
};
use identity::{Arn, Partition};
use mapping::{Mode, RulePrincipal, Source, authenticator::ServerConfig};

/// Every source of logins, in the order in which they are asked. An access file and a configuration that were given stand in
/// place of what the cluster has of them.
pub(super) fn logins(
    of_file: Option<Source>,
    of_config: Option<ServerConfig>,
    entries: &AccessEntries,
    live: &[LiveMapping],
) -> Vec<Source> {
    let by_entries_alone = entries.mode() == Some(AuthenticationMode::Api);
    let counts = |live: &&LiveMapping| match live.target {
        MappingTarget::AccessFile => of_file.is_none(),
        MappingTarget::ConfigMap => of_config.is_none(),
        MappingTarget::AwsAuth => !by_entries_alone,
        MappingTarget::Crd | MappingTarget::None => true,
    };
    let live: Vec<Source> = live.iter().filter(counts).map(|live| live.source.clone()).collect();
    let of_config = of_config.and_then(|config| config.mounted_file);
    let mut logins: Vec<Source> = of_file.into_iter().chain(of_config).chain([entries.source()]).chain(live).collect();
    // The server asks its access file first, wherever that stands.
    logins.sort_by_key(|source| source.mode != Mode::AccessFile);
    logins
}

/// The partition of whoever is named first; a cluster has people of one.
pub(super) fn partition(of_dump: Partition, written: Option<&Desired>, entries: &Source) -> Partition {
    let of_file = written.and_then(|desired| Some(desired.people.first()?.principal.partition));
    let first = entries.roles.iter().chain(&entries.users).next();
    let of_entries = first.and_then(|rule| match &rule.principal {
        RulePrincipal::Arn(arn) => Some(arn.parse::<Arn>().ok()?.partition),
        RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
    });
    of_file.or(of_entries).unwrap_or(of_dump)
}
