//! Every problem of an access file, with its code: stable, for `accept`, for scripts, and for the documentation.

use codes::listed_codes;
use document::{Problem, Severity, Span};

listed_codes! {
    status: None;
    /// A problem that an access file can have, by its stable code.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Code {
        UnknownKey {
            code: "access.unknown-key",
            summary: "An unknown key.",
            fix: "Correct its spelling; keys that are only for people may begin with `x-`.",
        }
        Type {
            code: "access.type",
            summary: "A value of the wrong type.",
            fix: "Write a value of the type that the key takes; texts that look like numbers need quotes.",
        }
        Yaml11 {
            code: "access.yaml-1.1",
            summary: "A plain text that Helm's YAML 1.1 reads as something else (`no`, `on`, `0755`, `1e3`).",
            fix: "Put it into quotes.",
        }
        Missing {
            code: "access.missing",
            summary: "A required key is missing.",
            fix: "Add it.",
        }
        Conflict {
            code: "access.conflict",
            summary: "The same key is set in two places, in two files or twice in one.",
            fix: "Keep one of the two.",
        }
        Account {
            code: "access.account",
            summary: "Not an AWS account: 12 digits. Without quotes, leading zeros are lost.",
            fix: "Write all 12 digits in quotes.",
        }
        NoAccount {
            code: "access.no-account",
            summary: "A principal without an account.",
            fix: "Set `account` at the principal, in the group's `authentication`, or for the file.",
        }
        Arn {
            code: "access.arn",
            summary: "Not the ARN of a principal of this kind.",
            fix: "Name an IAM user under `users`, a role under `roles`.",
        }
        Partition {
            code: "access.partition",
            summary: "Not an AWS partition.",
            fix: "Use a name of AWS's, as aws, aws-cn or aws-us-gov.",
        }
        Name {
            code: "access.name",
            summary: "A name that AWS or Kubernetes does not allow.",
            fix: "Use the name as IAM or Kubernetes shows it.",
        }
        Wildcard {
            code: "access.wildcard",
            summary: "A wildcard where exactly one principal must be named.",
            fix: "List each user or role, or a permission set.",
        }
        SystemName {
            code: "access.system-name",
            summary: "A name beginning with `system:`, which Kubernetes keeps for itself.",
            fix: "Choose another name; machines belong under `nodes`.",
        }
        Duplicate {
            code: "access.duplicate",
            summary: "A principal is listed twice in one group.",
            fix: "Remove one of the two.",
        }
        SamePath {
            code: "access.role-path",
            summary: "Two role paths that are one role, because STS leaves paths out.",
            fix: "Keep the one that exists.",
        }
        UsernameTwice {
            code: "access.username-twice",
            summary: "Two principals would have one Kubernetes username, or one principal two.",
            fix: "Give each principal one `username` of its own.",
        }
        Template {
            code: "access.template",
            summary: "A username that the caller could choose: a template needs a colon before `{{SessionName}}`, and a beginning that nobody shares.",
            fix: "Write for instance `deploy:{{SessionName}}`.",
        }
        Expires {
            code: "access.expires",
            summary: "Neither a date nor a time.",
            fix: "Write 2026-12-31 (through that day, UTC) or 2026-12-31T18:00:00Z.",
        }
        Expired {
            code: "access.expired",
            summary: "It has expired.",
            fix: "Remove it, or set a later expiry.",
        }
        ExpiresSoon {
            code: "access.expires-soon",
            summary: "It expires within 14 days.",
            fix: "Extend it, or let it expire.",
        }
        EmptyAuthorization {
            code: "access.empty-authorization",
            summary: "`authorization` is empty. In 2018 this meant the ClusterRole of the group's name; deleting the last grant must not widen access.",
            fix: "Remove the key for that meaning, or write a grant.",
        }
        Scope {
            code: "access.scope",
            summary: "A grant names its namespaces in more than one way, or binds a Role to the whole cluster.",
            fix: "Keep one of `namespace`, `namespaces`, `namespaceSelector`.",
        }
        Grant {
            code: "access.grant",
            summary: "A grant needs exactly one of `rules`, `clusterRole` and `role`.",
            fix: "Keep one of them.",
        }
        Rule {
            code: "access.rule",
            summary: "A rule that Kubernetes would refuse.",
            fix: "A rule names verbs, and either resources with their groups or URLs.",
        }
        Selector {
            code: "access.selector",
            summary: "A selector that Kubernetes would refuse.",
            fix: "`In` and `NotIn` take values, `Exists` and `DoesNotExist` none.",
        }
        NobodyIn {
            code: "access.nobody",
            summary: "A group without members.",
            fix: "Add members, or remove the group.",
        }
        BindsNothing {
            code: "access.binds-nothing",
            summary: "A group whose grants reach no namespace.",
            fix: "Correct the names or the selector.",
        }
        Collision {
            code: "access.collision",
            summary: "Two grants would create the same object.",
            fix: "Merge them, or name one role only.",
        }
        NoRole {
            code: "access.no-role",
            summary: "The cluster has no role of this name.",
            fix: "Correct the name, or create the role.",
        }
        NoNamespace {
            code: "access.no-namespace",
            summary: "The cluster has no namespace like this.",
            fix: "Correct the name, or create the namespace.",
        }
        NotInIam {
            code: "access.not-in-iam",
            summary: "IAM has no such principal any more, or has the name under another path.",
            fix: "Remove it, or write the ARN that IAM has.",
        }
        NoIamGroup {
            code: "access.no-iam-group",
            summary: "IAM has no group of this name, which is not the same as an empty group.",
            fix: "Correct the name, or remove it from `iamGroups`.",
        }
        Escalates {
            code: "access.escalates",
            summary: "The holder can escalate privileges beyond this grant.",
            fix: "Narrow the rule, or accept it with a reason.",
        }
        TooBroad {
            code: "access.too-broad",
            summary: "A rule that allows nearly everything.",
            fix: "Name what is needed.",
        }
        AllPowerful {
            code: "access.all-powerful",
            summary: "Members of the group have every permission.",
            fix: "Bind a role that allows what is needed, or accept it with a reason.",
        }
        MatchesNothing {
            code: "access.matches-nothing",
            summary: "A rule names a verb, API group, resource, object or path that no API server asks about, and so allows nothing by it.",
            fix: "Write the name as `kubectl api-resources` prints it; the group without its version.",
        }
        ForeignEntry {
            code: "access.foreign-entry",
            summary: "The cluster's ConfigMap has an entry for this principal that this file does not own.",
            fix: "Take it over with `--adopt`, or remove one of the two.",
        }
        Current {
            code: "access.current",
            summary: "What the cluster has cannot be merged into.",
            fix: "Correct the ConfigMap first; nothing in it was changed.",
        }
        Unsupported {
            code: "access.unsupported",
            summary: "The target format does not support this.",
            fix: "Resolve it first, by `cluster-auth render --to access`.",
        }
    }
}

impl Code {
    /// Returns whether it can be compiled without guessing.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Yaml11
            | Self::Duplicate
            | Self::SamePath
            | Self::Expired
            | Self::ExpiresSoon
            | Self::NobodyIn
            | Self::BindsNothing
            | Self::NoRole
            | Self::NoNamespace
            | Self::NotInIam
            | Self::Escalates
            | Self::TooBroad
            | Self::AllPowerful
            | Self::MatchesNothing => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Returns a problem with this code.
    pub fn at(self, span: Span, message: impl Into<String>) -> Problem {
        Problem { severity: self.severity(), ..Problem::error(self.code(), span, message) }
    }
}
