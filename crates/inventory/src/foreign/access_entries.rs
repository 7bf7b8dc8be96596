//! EKS access entries, as files have them that make entries.
//!
//! Sources: Amazon EKS API Reference, `CreateAccessEntry`, `AssociateAccessPolicy`; Amazon EKS User Guide, "Create access
//! entries" (what a username is where none is written).

use document::{Node, Problems, Span};
use identity::Arn;

use super::fields::{list, not_taken, text, texts, unreadable, value};

/// An access entry, as written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The principal's ARN, a role's with its path.
    pub principal: Box<str>,
    /// Of whom it is; `None` where the file does not say.
    pub kind: Option<EntryType>,
    /// The username; `None` where the file does not say.
    pub username: Option<Box<str>>,
    /// The Kubernetes groups.
    pub groups: Vec<Box<str>>,
    /// The policies.
    pub policies: Vec<Association>,
    /// The list that it is in, and which entry of it, from 0.
    pub at: (&'static str, usize),
    /// Where it stands.
    pub span: Span,
}

/// The association of an access policy with an entry, and its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// The policy's name, the last part of its ARN: `AmazonEKSViewPolicy`.
    pub policy: Box<str>,
    /// The namespaces, as names or with `*`; `None` is the whole cluster.
    pub namespaces: Option<Vec<Box<str>>>,
    /// Where it stands.
    pub span: Span,
}

/// The type of an access entry (EKS API, `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryType {
    /// People and programs: the only ones with groups, usernames and policies of their own.
    Standard,
    /// Self-managed and managed Linux nodes.
    Ec2Linux,
    /// Windows nodes.
    Ec2Windows,
    /// Pods of Fargate.
    FargateLinux,
    /// Nodes of EKS Auto Mode.
    Ec2,
    /// Nodes outside of AWS.
    HybridLinux,
    /// Nodes of SageMaker HyperPod.
    HyperpodLinux,
}

impl EntryType {
    /// Every type.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::Ec2Linux,
        Self::Ec2Windows,
        Self::FargateLinux,
        Self::Ec2,
        Self::HybridLinux,
        Self::HyperpodLinux,
    ];

    /// Returns the name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Ec2Linux => "EC2_LINUX",
            Self::Ec2Windows => "EC2_WINDOWS",
            Self::FargateLinux => "FARGATE_LINUX",
            Self::Ec2 => "EC2",
            Self::HybridLinux => "HYBRID_LINUX",
            Self::HyperpodLinux => "HYPERPOD_LINUX",
        }
    }

    /// Returns the type of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.as_str() == name)
    }

    /// Returns the username that an entry has where none is written; `None` if that is not known.
    pub fn default_username(self, principal: &Arn) -> Option<String> {
        let Arn { partition, account, resource, .. } = principal;
        Some(match self {
            Self::Standard => match resource.strip_prefix("role/") {
                // STS leaves the path out.
                Some(role) => {
                    let role = role.rsplit('/').next().unwrap_or(role);
                    format!("arn:{partition}:sts::{account}:assumed-role/{role}/{{{{SessionName}}}}")
                }
                None => principal.to_string(),
            },
            Self::Ec2Linux | Self::Ec2Windows => "system:node:{{EC2PrivateDNSName}}".to_owned(),
            Self::FargateLinux | Self::HybridLinux => "system:node:{{SessionName}}".to_owned(),
            Self::Ec2 | Self::HyperpodLinux => return None,
        })
    }
}

/// The keys of an entry, which its makers name differently.
pub(super) struct Keys {
    pub(super) principal: &'static str,
    pub(super) groups: &'static str,
    pub(super) username: &'static str,
}

/// Reads an entry. What EKS refuses is left out, with its place.
pub(super) fn entry(
    node: &Node,
    keys: &Keys,
    at: (&'static str, usize),
    problems: &mut Problems,
) -> Option<AccessEntry> {
    let principal = text(node, keys.principal, problems);
    let name = format!("{}[{}]", at.0, at.1);
    if principal.is_empty() {
        problems.push(unreadable(node.span, format!("{name}: `{}` is missing", keys.principal)));
        return None;
    }
    let named = text(node, "type", problems);
    let kind = if named.is_empty() { Some(EntryType::Standard) } else { EntryType::of(named) };
    let Some(kind) = kind else {
        let span = value(node, "type").map_or(node.span, |node| node.span);
        problems
            .push(not_taken(span, format!("{name}: {principal}: entries of the type `{named}` are not known here")));
        return None;
    };
    let username = text(node, keys.username, problems);
    Some(AccessEntry {
        principal: principal.into(),
        kind: Some(kind),
        username: Some(username.into()).filter(|_| !username.is_empty()),
        groups: texts(node, keys.groups, problems),
        policies: Vec::new(),
        at,
        span: node.span,
    })
}

/// Reads the policies of an entry that are written below it.
pub(super) fn policies(node: &Node, problems: &mut Problems) -> Vec<Association> {
    list(node, "accessPolicies", problems).iter().filter_map(|node| policy(node, problems)).collect()
}

fn policy(node: &Node, problems: &mut Problems) -> Option<Association> {
    let arn = text(node, "policyARN", problems);
    let scope = value(node, "accessScope").map(|scope| (scope, text(scope, "type", problems)));
    let namespaces = match scope {
        Some((scope, "cluster")) if value(scope, "namespaces").is_none() => Some(None),
        Some((scope, "namespace")) => Some(Some(texts(scope, "namespaces", problems))),
        _ => None,
    };
    let Some(namespaces) = namespaces.filter(|names| names.as_ref().is_none_or(|names| !names.is_empty())) else {
        let message = "an access policy has an `accessScope` of the type `cluster`, or `namespace` with namespaces";
        problems.push(unreadable(node.span, message));
        return None;
    };
    association(arn, namespaces, node.span, problems)
}

pub(super) fn association(
    policy_arn: &str,
    namespaces: Option<Vec<Box<str>>>,
    span: Span,
    problems: &mut Problems,
) -> Option<Association> {
    let Some((_, policy)) = policy_arn.split_once(":cluster-access-policy/").filter(|(_, name)| !name.is_empty())
    else {
        problems.push(unreadable(span, "`policyARN` is not an ARN of a cluster access policy"));
        return None;
    };
    Some(Association { policy: policy.into(), namespaces, span })
}
