//! Why a confirmed caller may not log in. The caller sees "Unauthorized"; log, metric and `explain` show the code.

/// A "no" of the mapping's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No rule for this principal and none for its account.
    NotMapped,
    /// The rule's username is empty, or becomes so.
    EmptyUsername,
    /// The username starts with what `reservedPrefixConfig` reserves.
    ReservedPrefix,
    /// The rule is for machines, and the session's name is not an instance id.
    SessionNameNotInstance,
    /// The rule is for machines, and EC2 knows no private DNS name for this one.
    NoPrivateDnsName,
    /// The session's name would have made a `system:` name that the rule does not name itself.
    TemplatedSystemName,
    /// Everything that the access file gives this principal has ended.
    Ended,
    /// The caller is of another partition than the server's.
    OtherPartition,
    /// The entry for the caller's unique id names another ARN.
    OtherArn,
}

/// What is known about one refusal, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Stable for ever.
    pub code: &'static str,
    /// One sentence: what is wrong.
    pub summary: &'static str,
    /// What that means.
    pub meaning: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// Every refusal explained, for the documentation.
pub fn catalogue() -> impl Iterator<Item = &'static Explanation> {
    Refusal::ALL.into_iter().map(Refusal::explain)
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 9] = [
        Self::NotMapped,
        Self::EmptyUsername,
        Self::ReservedPrefix,
        Self::SessionNameNotInstance,
        Self::NoPrivateDnsName,
        Self::TemplatedSystemName,
        Self::Ended,
        Self::OtherPartition,
        Self::OtherArn,
    ];

    /// The stable code: `mapping.none` …
    pub const fn code(self) -> &'static str {
        self.explain().code
    }

    /// Everything that people are told about it.
    pub const fn explain(self) -> &'static Explanation {
        match self {
            Self::NotMapped => &Explanation {
                code: "mapping.none",
                summary: "no mapping names this principal",
                meaning: "AWS confirmed who the caller is, and nothing in the configuration says who that is in this cluster.",
                fix: "Add the principal to a group of the access file, or to mapUsers or mapRoles. The log line shows the nearest mapping where one differs only in account, path or case.",
            },
            Self::EmptyUsername => &Explanation {
                code: "mapping.empty-username",
                summary: "the mapping gives this principal an empty username",
                meaning: "The entry has no username, or one that consists of variables which are empty for this caller.",
                fix: "Give the entry a username.",
            },
            Self::ReservedPrefix => &Explanation {
                code: "mapping.reserved-prefix",
                summary: "the username starts with a reserved prefix",
                meaning: "reservedPrefixConfig keeps such usernames from being given by this source.",
                fix: "Change the entry's username, or the reserved prefixes.",
            },
            Self::Ended => &Explanation {
                code: "mapping.ended",
                summary: "access of this principal has ended",
                meaning: "The access file names the principal, and every group that it gives has passed its `expires`.",
                fix: "Set a later `expires` for the group or the principal, or remove it.",
            },
            Self::SessionNameNotInstance => &Explanation {
                code: "mapping.session-name-not-instance",
                summary: "the session's name is not the id of an instance",
                meaning: "The entry uses {{EC2PrivateDNSName}}, so it is for machines; whoever this is assumed the role by hand.",
                fix: "Give people a role of their own.",
            },
            Self::NoPrivateDnsName => &Explanation {
                code: "mapping.no-private-dns-name",
                summary: "EC2 knows no private DNS name for the instance",
                meaning: "The instance is gone, starts at this moment, or is in another Region or account than the one asked.",
                fix: "Nothing, if it is starting: it tries again. Otherwise compare Region and account with the server's.",
            },
            Self::TemplatedSystemName => &Explanation {
                code: "mapping.templated-system-name",
                summary: "a variable would have made a system: name",
                meaning: "Whoever assumes a role chooses the session's name, and would have chosen a name that Kubernetes itself uses. Only after the literal text system:node: may a variable stand.",
                fix: "Put a prefix of your own in front of the variable, as in deploy:{{SessionName}}.",
            },
            Self::OtherPartition => &Explanation {
                code: "mapping.other-partition",
                summary: "the caller is of another AWS partition than the server's",
                meaning: "Accounts of different partitions have nothing to do with each other.",
                fix: "Use credentials of the cluster's partition, or set server.partition.",
            },
            Self::OtherArn => &Explanation {
                code: "mapping.other-arn",
                summary: "the entry for this unique id names another ARN",
                meaning: "A dynamic file that is compared by userid names the caller's unique id together with an ARN, and the caller has another one: AWS gave the id to somebody else than the file's author thought.",
                fix: "Compare the entry's userid and ARN with `aws iam get-role` or `aws iam get-user`, and correct the one that is wrong.",
            },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.explain().summary)
    }
}

impl std::error::Error for Refusal {}
