//! Whose callers a server lets in.

use crate::Partition;

/// The partitions whose STS hosts and callers a server takes.
///
/// Where nobody names one, GovCloud's are taken beside the commercial ones: aws-iam-authenticator takes `aws` then, and tells
/// the two apart by the domain of their hosts, which they share. Clusters of GovCloud live on that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitions {
    /// Nothing names one.
    #[default]
    Unsaid,
    /// This one alone.
    Only(Partition),
}

impl Partitions {
    /// Returns whether callers of this partition are accepted.
    pub fn has(self, partition: Partition) -> bool {
        match self {
            Self::Unsaid => matches!(partition, Partition::Aws | Partition::AwsUsGov),
            Self::Only(own) => own == partition,
        }
    }

    /// Returns whether this partition is accepted only because no partition is configured. Such callers match only rules with a
    /// full ARN.
    pub fn has_as_guest(self, partition: Partition) -> bool {
        self == Self::Unsaid && partition != self.own()
    }

    /// Returns the configured partition, or `aws` if none is configured.
    pub fn own(self) -> Partition {
        match self {
            Self::Unsaid => Partition::Aws,
            Self::Only(own) => own,
        }
    }
}

impl From<Partition> for Partitions {
    fn from(partition: Partition) -> Self {
        Self::Only(partition)
    }
}

impl From<Option<Partition>> for Partitions {
    fn from(partition: Option<Partition>) -> Self {
        partition.map_or(Self::Unsaid, Self::Only)
    }
}
