//! Which cluster an answer of EKS is about.

use std::fmt;

/// A cluster of EKS, as far as an answer says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EksCluster {
    /// Its name, which is the id that tokens are bound to.
    pub name: Box<str>,
    /// Region and account: a name is one cluster's in each of both.
    place: Option<(Box<str>, Box<str>)>,
}

impl EksCluster {
    /// By its name and an ARN of EKS: its own, or one of its entries.
    pub(crate) fn new(name: &str, arn: Option<&str>) -> Self {
        let place = arn.and_then(|arn| match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "eks", region, account, _] if !region.is_empty() => Some((region.into(), account.into())),
            _ => None,
        });
        Self { name: name.into(), place }
    }

    /// What is known of it by both; nothing where they are two clusters.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let is_same = match (&self.place, &other.place) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let place = self.place.clone().or_else(|| other.place.clone());
        (self.name == other.name && is_same).then(|| Self { name: self.name.clone(), place })
    }
}

impl fmt::Display for EksCluster {
    /// `prod`, or `prod (eu-west-1, 111122223333)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((region, account)) => write!(f, "{} ({region}, {account})", self.name),
            None => f.write_str(&self.name),
        }
    }
}
