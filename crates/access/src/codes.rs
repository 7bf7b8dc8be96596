//! Every problem of an access file, with its code: stable, for `accept`, for scripts, and for the documentation.

use document::{Problem, Severity, Span};

macro_rules! codes {
    ($($name:ident, $code:literal, $severity:ident, $about:literal, $advice:literal;)*) => {
        /// What can be wrong with an access file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $name,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is printed.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether it can be compiled without guessing.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it means.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }

            /// What to do.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

codes! {
    UnknownKey, "access.unknown-key", Error, "A key that means nothing here.", "Mend its spelling; what is only for people may begin with `x-`.";
    Type, "access.type", Error, "A value of another kind than the key takes.", "Write what the key takes; texts that look like numbers need quotes.";
    Yaml11, "access.yaml-1.1", Warning, "A plain text that Helm's YAML 1.1 reads as something else (`no`, `on`, `0755`, `1e3`).", "Put it into quotes.";
    Missing, "access.missing", Error, "A key that is required is not there.", "Add it.";
    Conflict, "access.conflict", Error, "One thing is said in two places, in two files or twice in one.", "Keep one of the two.";
    Account, "access.account", Error, "Not an AWS account: 12 digits. Without quotes, leading zeros are lost.", "Write all 12 digits in quotes.";
    NoAccount, "access.no-account", Error, "A principal without an account.", "Set `account` at the principal, in the group's `authentication`, or for the file.";
    Arn, "access.arn", Error, "Not the ARN of a principal of this kind.", "Name an IAM user under `users`, a role under `roles`.";
    Partition, "access.partition", Error, "Not an AWS partition.", "Use a name of AWS's, as aws, aws-cn or aws-us-gov.";
    Name, "access.name", Error, "A name that AWS or Kubernetes does not allow.", "Use the name as IAM or Kubernetes shows it.";
    Wildcard, "access.wildcard", Error, "A wildcard where exactly one principal is to be named.", "Name each user or role, or a permission set.";
    SystemName, "access.system-name", Error, "A name beginning with `system:`, which Kubernetes keeps for itself.", "Choose another name; machines belong under `nodes`.";
    Duplicate, "access.duplicate", Warning, "A principal stands twice in one group.", "Remove one of the two.";
    SamePath, "access.role-path", Warning, "Two role paths that are one role, because STS leaves paths out.", "Keep the one that exists.";
    UsernameTwice, "access.username-twice", Error, "Two principals would have one Kubernetes username, or one principal two.", "Give each principal one `username` of its own.";
    Template, "access.template", Error, "A username that the caller could choose: a template needs a colon before `{{SessionName}}`, and a beginning that nobody shares.", "Write for instance `deploy:{{SessionName}}`.";
    Expires, "access.expires", Error, "Neither a date nor a time.", "Write 2026-12-31 (through that day, UTC) or 2026-12-31T18:00:00Z.";
    Expired, "access.expired", Warning, "It has ended.", "Remove it, or set another end.";
    ExpiresSoon, "access.expires-soon", Warning, "It ends within 14 days.", "Prolong it, or let it end.";
    EmptyAuthorization, "access.empty-authorization", Error, "`authorization` is there and empty. In 2018 this meant the ClusterRole of the group's name; deleting the last grant must not widen access.", "Remove the key for that meaning, or write a grant.";
    Scope, "access.scope", Error, "A grant says its namespaces in more than one way, or binds a Role to the whole cluster.", "Keep one of `namespace`, `namespaces`, `namespaceSelector`.";
    Grant, "access.grant", Error, "A grant needs exactly one of `rules`, `clusterRole` and `role`.", "Keep one of them.";
    Rule, "access.rule", Error, "A rule that Kubernetes would refuse.", "A rule names verbs, and either resources with their groups or URLs.";
    Selector, "access.selector", Error, "A selector that Kubernetes would refuse.", "`In` and `NotIn` take values, `Exists` and `DoesNotExist` none.";
    NobodyIn, "access.nobody", Warning, "A group that no one is in.", "Add members, or remove the group.";
    BindsNothing, "access.binds-nothing", Warning, "A group whose grants reach no namespace.", "Mend the names or the selector.";
    Collision, "access.collision", Error, "Two grants would make one object.", "Merge them, or name one role only.";
    NoRole, "access.no-role", Warning, "The cluster has no role of this name.", "Mend the name, or make the role.";
    NoNamespace, "access.no-namespace", Warning, "The cluster has no namespace like this.", "Mend the name, or make the namespace.";
    NotInIam, "access.not-in-iam", Warning, "IAM has no such principal any more, or has the name under another path.", "Remove it, or write the ARN that IAM has.";
    NoIamGroup, "access.no-iam-group", Error, "IAM has no group of this name, which is not the same as a group that no one is in.", "Mend the name, or remove it from `iamGroups`.";
    Escalates, "access.escalates", Warning, "The holder can become more than this grant says.", "Narrow the rule, or accept it with a reason.";
    TooBroad, "access.too-broad", Warning, "A rule that allows nearly everything.", "Name what is needed.";
    AllPowerful, "access.all-powerful", Warning, "Whoever is in the group may do everything.", "Bind a role that allows what is needed, or accept it with a reason.";
    MatchesNothing, "access.matches-nothing", Warning, "A rule names a verb, API group, resource, object or path that no API server asks about, and so allows nothing by it.", "Write the name as `kubectl api-resources` prints it; the group without its version.";
    ForeignEntry, "access.foreign-entry", Error, "The cluster's ConfigMap has an entry for this principal that this file does not own.", "Take it over with `--adopt`, or remove one of the two.";
    Current, "access.current", Error, "What the cluster has cannot be merged into.", "Mend the ConfigMap first; nothing of it was changed.";
    Unsupported, "access.unsupported", Error, "The consumer cannot carry this.", "Resolve it first, by `cluster-auth render --to access`.";
}

impl Code {
    /// A problem with this code.
    pub fn at(self, span: Span, message: impl Into<String>) -> Problem {
        Problem { severity: self.severity(), ..Problem::error(self.as_str(), span, message) }
    }
}
