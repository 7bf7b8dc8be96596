//! What each consumer can carry: one table for the errors, the documentation, and `render`.

use std::collections::HashSet;

use document::Problem;

use crate::{Access, AccessPrincipal, Code, Facts, Kind, Scope};

/// Who takes an access file, or what is made of it, and so decides which of its features are supported. It is no text and no place:
/// [`RenderTarget`](crate::RenderTarget) and `inventory::MappingTarget` each say which consumer theirs is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consumer {
    /// The Helm chart, given the file itself.
    Helm,
    /// `cluster-auth server`, given the file itself.
    Server,
    /// The existing authenticator's configuration, in a file or a `ConfigMap`.
    Config,
    /// The `ConfigMap` `aws-auth`.
    AwsAuth,
    /// `IAMIdentityMapping` objects.
    Crd,
    /// Roles and bindings.
    Rbac,
    /// EKS access entries.
    AccessEntries,
    /// The Terraform module.
    Terraform,
}

/// A feature of the access file that not every consumer supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// `iamGroups`.
    IamGroups,
    /// `permissionSets`, without the suffix of their roles.
    PermissionSets,
    /// `namespaceSelector`, and globs in `namespaces`.
    NamespacePatterns,
    /// `expires`.
    Expiry,
}

/// What to do with `expires`, if the consumer does not support it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// An error.
    Refuse,
    /// Memberships are left out by the first render or apply after they expire.
    AtNextApply,
}

impl Feature {
    /// Every feature, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::IamGroups, Self::PermissionSets, Self::NamespacePatterns, Self::Expiry];

    /// Returns the name as the documentation names it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::IamGroups => "IAM groups",
            Self::PermissionSets => "permission sets",
            Self::NamespacePatterns => "namespace globs and selectors",
            Self::Expiry => "expiry",
        }
    }
}

impl Consumer {
    /// Every consumer.
    pub const ALL: [Self; 8] = [
        Self::Helm,
        Self::Server,
        Self::Config,
        Self::AwsAuth,
        Self::Crd,
        Self::Rbac,
        Self::AccessEntries,
        Self::Terraform,
    ];

    /// Returns the name as `--to` and the documentation name it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Server => "server",
            Self::Config => "config, configmap",
            Self::AwsAuth => "aws-auth",
            Self::Crd => "crd",
            Self::Rbac => "rbac",
            Self::AccessEntries => "access-entries",
            Self::Terraform => "terraform",
        }
    }

    /// Returns whether it can carry a feature, or is not concerned by it.
    pub const fn carries(self, feature: Feature) -> bool {
        match feature {
            // Objects bind groups and know no people; the Terraform module makes users, whoever their IAM groups take in.
            Feature::IamGroups => matches!(self, Self::Rbac | Self::Terraform),
            // The server matches them; Helm hands the file on to it.
            Feature::PermissionSets => matches!(self, Self::Helm | Self::Server | Self::Rbac | Self::Terraform),
            // All but these two map people, or make them, and make no objects.
            Feature::NamespacePatterns => !matches!(self, Self::Helm | Self::Rbac),
            // The server watches the clock.
            Feature::Expiry => matches!(self, Self::Server),
        }
    }
}

/// How IAM's answers come in.
const ASK_IAM: &str = "resolve it by `--aws`, which asks IAM, or by `--from FILE`, with output of `aws iam`; \
                       `cluster-auth render --to access --aws` writes the resolved file";

/// For what IAM was asked about and does not have.
const REMOVE_IT: &str = "the account has no role of this permission set, so nobody uses it; remove it";

/// Returns what of a file a consumer cannot carry, as far as `facts` do not resolve it.
pub fn unsupported(access: &Access, facts: &Facts, consumer: Consumer, expiry: Expiry) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |span, what: &str, hint: &str| {
        let problem = Code::Unsupported.at(span, format!("{what} is not supported by {}", consumer.title()));
        problems.push(problem.hint(hint));
    };
    for group in access.groups.iter().flatten() {
        for member in group.members.iter().chain(&group.iam_groups) {
            let key = || (member.account, member.name.to_ascii_lowercase());
            let absent = || {
                let key = (member.kind, member.iam_account(), key().1);
                facts.in_iam.get(&key).is_some_and(Option::is_none)
            };
            match member.kind {
                // An absent group is an error of its own.
                Kind::IamGroup
                    if !consumer.carries(Feature::IamGroups) && !facts.iam_groups.contains_key(&key()) && !absent() =>
                {
                    refuse(member.span, "`iamGroups`", ASK_IAM);
                }
                Kind::PermissionSet
                    if !consumer.carries(Feature::PermissionSets) && !facts.permission_sets.contains_key(&key()) =>
                {
                    refuse(member.span, "`permissionSets`", if absent() { REMOVE_IT } else { ASK_IAM });
                }
                _ => {}
            }
        }
        for grant in group.grants.iter().flatten() {
            let is_pattern = match &grant.scope {
                Scope::Cluster => false,
                Scope::Namespaces(names) => names.iter().any(|name| name.value.contains('*')),
                Scope::Selector(..) => true,
            };
            if is_pattern && facts.namespaces.is_none() && !consumer.carries(Feature::NamespacePatterns) {
                let hint = "name the namespaces, or let the cluster resolve it: `--live`, or `--from` a dump of its namespaces";
                refuse(grant.span, "a namespace glob or selector", hint);
            }
        }
    }
    if expiry == Expiry::Refuse && !consumer.carries(Feature::Expiry) {
        let groups = access.groups.iter().flatten();
        let ends = groups.flat_map(|group| {
            // Who is listed without an end as well has none.
            let (ending, endless): (Vec<_>, Vec<_>) = group.members.iter().partition(|member| member.expires.is_some());
            let endless: HashSet<_> = match ending[..] {
                [] => HashSet::new(),
                _ => endless.into_iter().map(AccessPrincipal::identity).collect(),
            };
            let ending = ending.into_iter().filter(move |member| !endless.contains(&member.identity()));
            let members = ending.chain(&group.iam_groups);
            group.expires.iter().chain(members.filter_map(|member| member.expires.as_ref()))
        });
        for end in ends {
            let hint =
                "`--expiry at-next-apply` renders it without `expires`; rendering again after the expiry leaves it out";
            refuse(end.span, "`expires`", hint);
        }
    }
    problems
}
