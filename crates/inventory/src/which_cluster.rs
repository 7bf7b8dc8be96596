//! Which cluster everything is about, by whatever says it: what is of two clusters is no picture of one.

use std::{fmt, sync::Arc};

use access::Access;
use document::Sources;

use crate::{Record, format::FileFormat, text::place::WrittenAt};

/// The statements about which cluster this is.
#[derive(Clone, Debug, Default)]
pub struct WhichCluster {
    said: Vec<ClusterClaim>,
    is_eks: bool,
}

/// A statement about which cluster an input is of, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterClaim {
    /// What it is.
    pub by: ClaimedBy,
    /// File and line, where it is known.
    pub place: Option<(Arc<str>, usize)>,
    /// What tokens for the cluster are bound to; of EKS its name.
    pub id: Option<Box<str>>,
    /// What the program that makes the cluster calls it: kops, or EKS.
    pub name: Option<Box<str>>,
    /// The Region of AWS, where one is named: a name of EKS is one cluster's in each.
    pub region: Option<Box<str>>,
    /// The account of AWS, where one is named: a name of EKS is one cluster's in each.
    pub account: Option<Box<str>>,
    /// The uid of its namespace `kube-system`, which no other cluster's has.
    pub uid: Option<Box<str>>,
}

/// The kind of input that names a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedBy {
    /// The access file.
    AccessFile,
    /// The record of what was last applied.
    Record,
    /// A file that was given as the authenticator's configuration.
    Configuration,
    /// The authenticator's configuration as the cluster has it. On EKS nobody reads it: there it may be left over.
    ConfigurationInCluster,
    /// Another program's file.
    Foreign(FileFormat),
    /// An answer of `aws eks`.
    Eks,
    /// The namespace `kube-system`.
    KubeSystem,
}

/// Two inputs are of different clusters. The error names both, with their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoClusters(Box<[ClusterClaim; 2]>);

impl WhichCluster {
    /// What these say. `is_eks` says that something else shows that it is a cluster of EKS.
    pub(crate) fn new(said: Vec<ClusterClaim>, is_eks: bool) -> Self {
        let is_of_eks = |by: ClaimedBy| matches!(by, ClaimedBy::Eks | ClaimedBy::Foreign(FileFormat::ClusterConfig));
        Self { is_eks: is_eks || said.iter().any(|said| is_of_eks(said.by)), said }
    }

    /// Adds an access file.
    pub fn add_access_file(&mut self, access: &Access, sources: &Sources) {
        let Some(id) = &access.cluster_id else { return };
        let place = sources.locate(id.span.start).map(|(file, at)| (file.into(), at.line));
        self.add(ClusterClaim { place, ..ClusterClaim::of_id(ClaimedBy::AccessFile, &id.value) });
    }

    /// Adds what was last applied.
    pub fn add_record(&mut self, record: &Record) {
        self.add(ClusterClaim::of_id(ClaimedBy::Record, &record.cluster_id));
    }

    /// The access file goes first: it says what all the rest is compared with.
    fn add(&mut self, said: ClusterClaim) {
        let at = self.said.iter().take_while(|one| one.by == ClaimedBy::AccessFile).count();
        self.said.insert(at, said);
    }

    /// Returns whether nothing says what it is called.
    pub fn is_empty(&self) -> bool {
        self.said.iter().all(|said| said.by == ClaimedBy::KubeSystem)
    }

    /// Returns the id that tokens are bound to, by the first that says one.
    pub fn id(&self) -> Option<&str> {
        self.said.iter().find_map(|said| said.id.as_deref())
    }

    /// Returns those who say another id than this one.
    pub fn other_than<'a>(&'a self, id: &'a str) -> impl Iterator<Item = (&'a ClusterClaim, &'a str)> {
        let ids = self.said.iter().filter_map(|said| Some((said, said.id.as_deref()?)));
        ids.filter(move |(_, other)| *other != id)
    }

    /// Refuses inputs of two clusters. On EKS a configuration in the cluster does not count: no server reads it, and it
    /// may be left over.
    pub fn ensure_one(&self) -> Result<(), TwoClusters> {
        one(self.said.iter().filter(|said| !(self.is_eks && said.is_its_own())))
    }

    /// Refuses inputs of two clusters, and counts a configuration in the cluster on EKS too.
    pub fn ensure_one_with_its_own(&self) -> Result<(), TwoClusters> {
        one(&self.said)
    }

    /// Refuses inputs of two clusters, but does not count a configuration in the cluster: its id may be about to
    /// change.
    pub fn ensure_one_but_for_its_own(&self) -> Result<(), TwoClusters> {
        one(self.said.iter().filter(|said| !said.is_its_own()))
    }
}

fn one<'a>(all: impl IntoIterator<Item = &'a ClusterClaim>) -> Result<(), TwoClusters> {
    let mut before: Vec<&ClusterClaim> = Vec::new();
    for said in all {
        if let Some(first) = before.iter().find(|first| first.is_another_than(said)) {
            return Err(TwoClusters(Box::new([(*first).clone(), said.clone()])));
        }
        if !before.iter().any(|first| first.says_the_same_as(said)) {
            before.push(said);
        }
    }
    Ok(())
}

impl ClusterClaim {
    /// What says an id alone.
    pub(crate) fn of_id(by: ClaimedBy, id: &str) -> Self {
        Self { by, place: None, id: Some(id.into()), name: None, region: None, account: None, uid: None }
    }

    /// The namespace `kube-system` of a cluster.
    pub(crate) fn of_uid(uid: &str, at: &WrittenAt) -> Self {
        let place = at.is_known().then(|| (Arc::clone(&at.file), at.line));
        Self { id: None, uid: Some(uid.into()), place, ..Self::of_id(ClaimedBy::KubeSystem, "") }
    }

    /// A cluster of EKS: its name is the id that tokens are bound to.
    pub(crate) fn of_eks(by: ClaimedBy, name: &str, region: Option<&str>, account: Option<&str>) -> Self {
        let [region, account] = [region, account].map(|text| text.filter(|text| !text.is_empty()).map(Box::from));
        Self { name: Some(name.into()), region, account, ..Self::of_id(by, name) }
    }

    /// The same, with what an ARN of EKS says: the cluster's own, or that of a part of it.
    pub(crate) fn by_arn(by: ClaimedBy, name: &str, arn: &str) -> Self {
        match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "eks", region, account, _] => Self::of_eks(by, name, Some(region), Some(account)),
            _ => Self::of_eks(by, name, None, None),
        }
    }

    /// Whether both cannot be one cluster. An access file and what was last applied may have another id than the cluster's own
    /// configuration: that is how a cluster gets another one.
    pub(crate) fn is_another_than(&self, other: &Self) -> bool {
        let is_of_plans = |by| matches!(by, ClaimedBy::AccessFile | ClaimedBy::Record);
        if (is_of_plans(self.by) && other.is_its_own()) || (self.is_its_own() && is_of_plans(other.by)) {
            return false;
        }
        self.parts().into_iter().zip(other.parts()).any(|pair| matches!(pair, (Some(one), Some(other)) if one != other))
    }

    /// Whether both say the same, wherever they stand.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.by == other.by && self.parts() == other.parts()
    }

    /// Whether it is the configuration that the cluster itself has.
    fn is_its_own(&self) -> bool {
        self.by == ClaimedBy::ConfigurationInCluster
    }

    fn parts(&self) -> [Option<&str>; 5] {
        [&self.id, &self.name, &self.region, &self.account, &self.uid].map(Option::as_deref)
    }

    /// What it calls the cluster where another one calls it otherwise.
    fn called_beside(&self, other: &Self) -> String {
        let differs =
            |one: &Option<Box<str>>, other: &Option<Box<str>>| one.is_some() && other.is_some() && one != other;
        let name = match (&self.id, &self.name) {
            (Some(id), _) if differs(&self.id, &other.id) => id,
            (_, Some(name)) | (Some(name), None) => name,
            (None, None) => return String::new(),
        };
        let places: Vec<&str> = [(&self.region, &other.region), (&self.account, &other.account)]
            .into_iter()
            .filter(|(one, other)| differs(one, other))
            .filter_map(|(one, _)| one.as_deref())
            .collect();
        if places.is_empty() { format!("`{name}`") } else { format!("`{name}` ({})", places.join(", ")) }
    }
}

impl ClaimedBy {
    /// Returns the name in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::AccessFile => "the access file",
            Self::Record => "what was last applied",
            Self::Configuration => "the authenticator's configuration",
            Self::ConfigurationInCluster => "the authenticator's configuration in the cluster",
            Self::Foreign(format) => format.title(),
            Self::Eks => "what `aws eks` printed",
            Self::KubeSystem => "the Namespace kube-system",
        }
    }

    /// Returns what goes behind that: "is", or "are".
    pub const fn verb(self) -> &'static str {
        if matches!(self, Self::Foreign(FileFormat::Chart2018 | FileFormat::TerraformEntries)) { "are" } else { "is" }
    }
}

impl fmt::Display for ClusterClaim {
    /// What it is, and where it stands: `the access file (access.yaml:1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.by.in_words())?;
        match &self.place {
            Some((file, 0)) => write!(f, " ({file})"),
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TwoClusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = &*self.0;
        if let (Some(uid), Some(other)) = (&first.uid, &second.uid) {
            return write!(
                f,
                "{first} and {second} come from two clusters (kube-system has uid {uid} in one, {other} in the other); \
                 give files of only one cluster"
            );
        }
        write!(
            f,
            "{first} {} about the cluster {}, and {second} about {}; give files of only one cluster",
            first.by.verb(),
            first.called_beside(second),
            second.called_beside(first)
        )
    }
}

impl std::error::Error for TwoClusters {}
