//! What one rule makes of whoever it is for, and of those of their sessions whose names make more of them.

use identity::{Arn, Identity, Partition};
use inventory::{Login, Named, UNKNOWN_SUFFIX, Who};
use jiff::Timestamp;
use mapping::{Rule, RulePrincipal, Snapshot, Source};

/// Who somebody is by one rule alone.
pub(super) struct ByRule {
    /// Whatever their session is called.
    pub(super) always: Vec<Login>,
    /// By the name of a session, beyond that.
    pub(super) by_name: Vec<(String, Login)>,
}

/// What a rule of a source makes of whoever it is for; `None` if it has no variable, and so makes the same of all of them.
pub(super) fn by_rule(source: &Source, rule: &Rule, named: &Named<'_>, now: Timestamp) -> Option<ByRule> {
    let groups = rule.groups.iter().map(|membership| &membership.group);
    if !groups.chain([&rule.username]).any(|text| text.contains("{{")) {
        return None;
    }
    let identity = identity(&rule.principal)?;
    let (roles, users) = (vec![rule.clone()], Vec::new());
    let alone = Source { roles, users, accounts: Vec::new(), ..source.clone() };
    let snapshot = Snapshot::new(identity.partition, vec![alone], []);
    let login = |identity: &Identity| Login::each(&snapshot, identity, now).into_iter().flatten();
    let always = login(&identity).collect();
    let sessions = named.sessions(&identity, &snapshot, now).into_iter().filter_map(|(_, identity)| {
        let name = identity.session_name()?.to_owned();
        Some((name, login(&identity).next()?))
    });
    Some(ByRule { always, by_name: sessions.collect() })
}

/// A group with the variables replaced that are the same for whoever a rule is for.
pub(super) fn for_all_of_rule(group: &str, principal: &RulePrincipal) -> String {
    let Some(identity) = identity(principal).filter(|_| group.contains("{{")) else { return group.to_owned() };
    let group = group.replace("{{AccountID}}", identity.account.as_str());
    match identity.session_name() {
        Some(_) => group,
        None => group.replace("{{SessionName}}", "").replace("{{SessionNameRaw}}", ""),
    }
}

/// Whoever a rule is for. Of whom only an id is known no account is.
fn identity(principal: &RulePrincipal) -> Option<Identity> {
    let of_arn = |arn: &str| {
        let arn: Arn = arn.parse().ok()?;
        Some(Who::of_arn(&arn)?.identity(arn.partition))
    };
    match principal {
        RulePrincipal::Arn(arn) => of_arn(arn),
        RulePrincipal::PermissionSet(set) => {
            let role = format!("AWSReservedSSO_{}_{UNKNOWN_SUFFIX}", set.name);
            Some(Who::Role(set.account, role.into()).identity(Partition::default()))
        }
        RulePrincipal::UniqueId(id) => {
            let identity = of_arn(id.arn.as_deref().unwrap_or("arn:aws:iam::000000000000:role/unknown"))?;
            Some(Identity { unique_id: id.id.to_string(), ..identity })
        }
    }
}
