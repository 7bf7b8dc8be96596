//! Why a confirmed caller may not log in. The caller sees "Unauthorized"; log, metric and `explain` show the code.

use codes::{Code, codes};

/// Returns every refusal explained, for the documentation.
pub fn catalogue() -> impl Iterator<Item = &'static Code> {
    Refusal::CATALOGUE.iter()
}

codes! {
    status: Some(403);
    /// A denial by the mappings.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Refusal {
        NotMapped {
            code: "mapping.none",
            summary: "no mapping names this principal",
            meaning: "AWS confirmed who the caller is, but no mapping gives them a username in this cluster.",
            fix: "Add the principal to a group of the access file, or to mapUsers or mapRoles. The log line shows the nearest mapping where one differs only in account, path or case.",
        }
        EmptyUsername {
            code: "mapping.empty-username",
            summary: "the mapping gives this principal an empty username",
            meaning: "The entry has no username, or one that consists of variables which are empty for this caller.",
            fix: "Give the entry a username.",
        }
        ReservedPrefix {
            code: "mapping.reserved-prefix",
            summary: "the username starts with a reserved prefix",
            meaning: "reservedPrefixConfig keeps such usernames from being given by this source.",
            fix: "Change the entry's username, or the reserved prefixes.",
        }
        SessionNameNotInstance {
            code: "mapping.session-name-not-instance",
            summary: "the session's name is not the id of an instance",
            meaning: "The entry uses {{EC2PrivateDNSName}}, so it is for machines, and the caller assumed the role by hand.",
            fix: "Give people a role of their own.",
        }
        NoPrivateDnsName {
            code: "mapping.no-private-dns-name",
            summary: "EC2 has no private DNS name for the instance",
            meaning: "The instance is gone, is just starting, or is in another Region or account than the one asked.",
            fix: "Nothing if it is just starting, because it tries again. Otherwise compare its Region and account with the server's.",
            passes: true,
        }
        TemplatedSystemName {
            code: "mapping.templated-system-name",
            summary: "a variable would have made a system: name",
            meaning: "Whoever assumes a role chooses the session's name, and would have chosen a name that Kubernetes itself uses. Only after the literal text system:node: may a variable stand.",
            fix: "Put a prefix of your own in front of the variable, as in deploy:{{SessionName}}.",
        }
        Ended {
            code: "mapping.ended",
            summary: "access of this principal has expired",
            meaning: "The access file names the principal, but `expires` of every group that it gives has passed.",
            fix: "Set a later `expires` for the group or the principal, or remove it.",
        }
        OtherPartition {
            code: "mapping.other-partition",
            summary: "the caller is of another AWS partition than the server",
            meaning: "Accounts of different partitions have nothing to do with each other.",
            fix: "Use credentials of the cluster's partition, or set server.partition.",
        }
        OtherArn {
            code: "mapping.other-arn",
            summary: "the entry for this unique id names another ARN",
            meaning: "A dynamic file that is compared by userid names the caller's unique id together with an ARN, and the caller has another one: AWS gave the id to somebody else than the file's author thought.",
            fix: "Compare the userid and the ARN of the entry with what IAM says of the role or user, and correct the one that is wrong.",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.explain().summary)
    }
}

impl std::error::Error for Refusal {}
