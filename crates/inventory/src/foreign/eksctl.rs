//! eksctl's `ClusterConfig`, and its lists of access entries.
//!
//! Sources: eksctl, `pkg/apis/eksctl.io/v1alpha5/{access_entry,identitymapping,types}.go`,
//! `pkg/actions/accessentry/getter.go` (what `eksctl get accessentry` prints).

use document::{Node, Problems, Source};

use super::{
    AccessEntry, Account, EntryType, FileFormat, Foreign, Login,
    access_entries::{Keys, entry, policies},
    fields::{self, is_mapping, is_user_or_role, key_span, list, not_taken, text, texts, truth, unreadable, value},
};
use crate::{AuthenticationMode, ClaimedBy, ClusterClaim};

const MAPPINGS: &str = "iamIdentityMappings";
const ENTRIES: &str = "accessEntries";
const POLICIES: &str = "accessPolicies";
const PRINCIPAL: &str = "principalARN";
const KEYS: Keys = Keys { principal: PRINCIPAL, groups: "kubernetesGroups", username: "kubernetesUsername" };
/// The fields of a `ClusterConfig`, all of them: eksctl's own list has `additionalProperties: false`.
const ROOT: [&str; 31] = [
    "accessConfig",
    "addons",
    "addonsConfig",
    "apiVersion",
    "autoModeConfig",
    "availabilityZones",
    "capabilities",
    "cloudWatch",
    "controlPlaneScalingConfig",
    "fargateProfiles",
    "gitops",
    "iam",
    MAPPINGS,
    "identityProviders",
    "karpenter",
    "kind",
    "kubeAPIServerConfig",
    "kubeControllerManagerConfig",
    "kubeSchedulerConfig",
    "kubernetesNetworkConfig",
    "localZones",
    "managedNodeGroups",
    "metadata",
    "nodeGroups",
    "outpost",
    "privateCluster",
    "remoteNetworkConfig",
    "secretsEncryption",
    "upgradePolicy",
    "vpc",
    "zonalShiftConfig",
];
/// Those of `iam`.
const IAM: [&str; 8] = [
    "fargatePodExecutionRoleARN",
    "fargatePodExecutionRolePermissionsBoundary",
    "podIdentityAssociations",
    "serviceAccounts",
    "serviceRoleARN",
    "serviceRolePermissionsBoundary",
    "vpcResourceControllerPolicy",
    "withOIDC",
];
/// Those of `accessConfig`.
const ACCESS: [&str; 3] = [ENTRIES, "authenticationMode", "bootstrapClusterCreatorAdminPermissions"];
/// Those of an access entry, of a policy of it, and of that one's scope.
const ENTRY: [&str; 5] = [PRINCIPAL, "type", KEYS.groups, KEYS.username, POLICIES];
const POLICY: [&str; 2] = ["policyARN", "accessScope"];
const SCOPE: [&str; 2] = ["type", "namespaces"];
/// Where the fields stand that say who logs in.
const PLACES: [(&str, &str); 5] = [
    (MAPPINGS, "at the top level of the file"),
    ("accessConfig", "at the top level of the file"),
    (ENTRIES, "below `accessConfig`"),
    ("authenticationMode", "below `accessConfig`"),
    (POLICIES, "in an entry of `accessConfig.accessEntries`"),
];
/// Those of an identity mapping.
const MAPPING: [&str; 7] = ["arn", "username", "groups", "account", "serviceName", "namespace", "noDuplicateARNs"];
/// What eksctl makes roles of machines for, and lets them in; with where the role stands that it is to take in place of its own.
const MACHINES: [(&str, &[&str]); 3] = [
    ("nodeGroups", &["iam", "instanceRoleARN"]),
    ("managedNodeGroups", &["iam", "instanceRoleARN"]),
    ("fargateProfiles", &["podExecutionRoleARN"]),
];

pub(super) fn read(source: &Source, root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::ClusterConfig, ..Foreign::default() };
    known(root, "", &ROOT, &mut problems);
    if let Some(iam) = value(root, "iam") {
        known(iam, "iam: ", &IAM, &mut problems);
    }
    if let Some(metadata) = value(root, "metadata") {
        let [name, region] = ["name", "region"].map(|key| text(metadata, key, &mut problems));
        let by = ClaimedBy::Foreign(FileFormat::ClusterConfig);
        foreign.is_about(source, value(metadata, "name"), ClusterClaim::of_eks(by, name, Some(region), None));
    }
    for (index, node) in list(root, MAPPINGS, &mut problems).iter().enumerate() {
        if is_mapping(node, "an identity mapping", &mut problems) {
            mapping(node, index, &mut foreign, &mut problems);
        }
    }
    if let Some(access) = value(root, "accessConfig") {
        known(access, "accessConfig: ", &ACCESS, &mut problems);
        for (index, node) in list(access, ENTRIES, &mut problems).iter().enumerate() {
            known_entry(node, index, &mut problems);
            let Some(entry) = entry(node, &KEYS, (ENTRIES, index), &mut problems) else { continue };
            let entry = AccessEntry { policies: policies(node, &mut problems), ..entry };
            foreign.entries.extend(Some(entry).filter(|entry| is_taken(entry, &mut problems)));
        }
        foreign.mode = match text(access, "authenticationMode", &mut problems) {
            "" => None,
            mode => {
                let known = AuthenticationMode::ALL.into_iter().find(|known| known.as_str() == mode);
                if known.is_none() {
                    let span = value(access, "authenticationMode").map_or(access.span, |node| node.span);
                    problems.push(unreadable(span, "`authenticationMode` is CONFIG_MAP, API_AND_CONFIG_MAP or API"));
                }
                known
            }
        };
        let key = "bootstrapClusterCreatorAdminPermissions";
        if truth(access, key, &mut problems) == Some(true) {
            let span = key_span(access, key).unwrap_or(access.span);
            let message = format!("{key}: whoever made the cluster is its administrator, by an access entry");
            problems
                .push(not_taken(span, message).hint("give what `aws eks describe-access-entry` prints of that entry"));
        }
    }
    for (index, node) in list(root, "identityProviders", &mut problems).iter().enumerate() {
        let issuer = value(node, "issuerURL").or_else(|| value(node, "issuerUrl")).and_then(fields::plain);
        let by = issuer.map_or_else(|| "OpenID Connect".to_owned(), |issuer| format!("OpenID Connect of {issuer}"));
        problems.push(fields::not_of_aws(node.span, &format!("identityProviders[{index}]"), &by));
    }
    machines(root, &mut problems);
    foreign.problems = problems.into_sorted();
    foreign
}

/// Names the roles of machines that eksctl lets in.
fn machines(root: &Node, problems: &mut Problems) {
    let said = |node: &Node, path: &[&str]| -> Option<Box<str>> {
        let node = path.iter().try_fold(node, |node, key| value(node, key))?;
        fields::plain(node).map(Into::into)
    };
    let hint = "give aws-auth or the access entries of the cluster for them";
    for (key, path) in MACHINES {
        let groups = list(root, key, problems);
        if groups.is_empty() {
            continue;
        }
        let span = key_span(root, key).unwrap_or(root.span);
        let named: Vec<Box<str>> = groups.iter().filter_map(|group| said(group, path)).collect();
        if !named.is_empty() {
            let message = format!("{key}: eksctl lets in machines by {}", named.join(", "));
            problems.push(not_taken(span, message).hint(hint));
        }
        if named.len() < groups.len() {
            let message =
                format!("{key}: eksctl maps the roles that it creates for machines, whose names are not here");
            problems.push(not_taken(span, message).hint(hint));
        }
    }
    for path in [&["autoModeConfig", "nodeRoleARN"][..], &["remoteNetworkConfig", "iam", "roleARN"]] {
        if let Some(role) = said(root, path) {
            let span = key_span(root, path[0]).unwrap_or(root.span);
            let message = format!("{}: machines are let in by {role}", path.join("."));
            problems.push(not_taken(span, message).hint(hint));
        }
    }
}

/// What is meant to be a `ClusterConfig`, and is none.
pub(super) fn misnamed(root: &Node) -> Foreign {
    let version = value(root, "apiVersion").and_then(fields::plain).unwrap_or_default();
    let problems = fields::misnamed(root, "eksctl", (version, "ClusterConfig"));
    Foreign { format: FileFormat::ClusterConfig, problems, ..Foreign::default() }
}

const NO_FIELD: &str = "eksctl has no such field, and refuses the file";

fn known(node: &Node, of: &str, keys: &[&str], problems: &mut Problems) {
    fields::known(node, (of, NO_FIELD), keys, &PLACES, problems);
}

fn known_entry(node: &Node, index: usize, problems: &mut Problems) {
    let name = format!("{ENTRIES}[{index}]: ");
    known(node, &name, &ENTRY, problems);
    for policy in value(node, POLICIES).and_then(Node::as_sequence).unwrap_or_default() {
        known(policy, &name, &POLICY, problems);
        if let Some(scope) = value(policy, "accessScope") {
            known(scope, &format!("{name}accessScope: "), &SCOPE, problems);
        }
    }
}

fn mapping(node: &Node, index: usize, foreign: &mut Foreign, problems: &mut Problems) {
    known(node, &format!("{MAPPINGS}[{index}]: "), &MAPPING, problems);
    let [arn, account, service] = ["arn", "account", "serviceName"].map(|key| text(node, key, problems));
    let (name, at, span) = (format!("{MAPPINGS}[{index}]"), (MAPPINGS, index), node.span);
    let problem = match (arn, account, service) {
        ("", "", "") => unreadable(span, format!("{name}: `arn`, `account` or `serviceName` is missing")),
        ("", account, "") => {
            let account = account.into();
            return foreign.accounts.push(Account { account, at, span, line: 0 });
        }
        (arn, "", "") => {
            let (is_one, groups) = (is_user_or_role(arn, &name, node, problems), texts(node, "groups", problems));
            let [arn, username] = [arn, text(node, "username", problems)].map(Into::into);
            return foreign.logins.extend(is_one.then_some(Login { arn, username, groups, at, span, line: 0 }));
        }
        ("", "", service) => {
            not_taken(span, format!("{name}: the AWS service {service} is let in by a role and a binding of its own"))
        }
        _ => unreadable(span, format!("{name}: eksctl takes one of `arn`, `account` and `serviceName`")),
    };
    problems.push(problem);
}

/// Whether eksctl takes an entry: machines have neither groups nor usernames nor policies.
fn is_taken(entry: &AccessEntry, problems: &mut Problems) -> bool {
    let of_its_own = entry.username.is_some() || !entry.groups.is_empty() || !entry.policies.is_empty();
    let is_taken = matches!(entry.kind, Some(EntryType::Standard | EntryType::Ec2) | None) || !of_its_own;
    if !is_taken {
        let (kind, (list, index)) = (entry.kind.map_or("", EntryType::as_str), entry.at);
        let message =
            format!("{list}[{index}]: eksctl takes no groups, username and policies of entries of the type {kind}");
        problems.push(unreadable(entry.span, message));
    }
    is_taken
}

/// Whether this is what `eksctl get accessentry` prints.
pub(super) fn are_entries(root: &Node) -> bool {
    root.as_sequence().is_some_and(|nodes| nodes.iter().any(|node| value(node, PRINCIPAL).is_some()))
}

/// Reads it. Type and username are not in it.
pub(super) fn read_entries(root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut entries = Vec::new();
    for (index, node) in root.as_sequence().unwrap_or_default().iter().enumerate() {
        let entry = entry(node, &KEYS, ("access entries", index), &mut problems);
        let policies = policies(node, &mut problems);
        entries.extend(entry.map(|entry| AccessEntry { kind: None, policies, ..entry }));
    }
    Foreign { format: FileFormat::EksctlEntries, entries, problems: problems.into_sorted(), ..Foreign::default() }
}
