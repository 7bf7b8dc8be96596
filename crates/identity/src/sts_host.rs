//! The hosts at which STS answers.

use std::str::FromStr;

use crate::Partition;

/// A host name of STS: in which partition it may be used, and the Region it stands for.
///
/// Forms, for a Region `R` and the suffixes of [`Partition`]: `sts.R.<suffix>`, `sts-fips.R.<suffix>`,
/// `sts.R.<dual-stack suffix>`, `sts-fips.R.<dual-stack suffix>` and the global `sts.amazonaws.com`, whose signing scope is `us-east-1`.
/// Source: <https://docs.aws.amazon.com/general/latest/gr/sts.html>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StsHost {
    host: String,
    region: String,
    partition: Partition,
}

/// The text is not the name of an STS endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the host of an AWS STS endpoint")]
pub struct UnknownStsHost;

/// The endpoint without a Region in its name, served by and signed for [`GLOBAL_SCOPE`].
const GLOBAL: &str = "sts.amazonaws.com";
const GLOBAL_SCOPE: &str = "us-east-1";

impl StsHost {
    /// Returns the regional endpoint of `region`.
    pub fn regional(region: &str) -> Result<Self, UnknownStsHost> {
        let suffix = Partition::of_region(region).dns_suffix();
        format!("sts.{region}.{suffix}").parse()
    }

    /// Returns the STS endpoints of the Region that a machine says it is in. The name need not have the form of a Region that
    /// [`Self::from_str`] accepts; every host is under one of the partition's suffixes.
    pub fn of_own_region(region: &str, partition: Partition) -> Vec<Self> {
        let is_inside = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let is_label = (1..=63).contains(&region.len())
            && region.as_bytes().iter().all(is_inside)
            && !region.starts_with('-')
            && !region.ends_with('-');
        if !is_label {
            return Vec::new();
        }
        let suffixes = [Some(partition.dns_suffix()), partition.dual_stack_suffix()];
        let hosts = suffixes.into_iter().flatten().flat_map(|suffix| {
            ["sts", "sts-fips"].map(|service| Self {
                host: format!("{service}.{region}.{suffix}"),
                region: region.to_owned(),
                partition,
            })
        });
        hosts.collect()
    }

    /// Returns the endpoint `sts.amazonaws.com`.
    pub fn global() -> Self {
        Self { host: GLOBAL.to_owned(), region: GLOBAL_SCOPE.to_owned(), partition: Partition::Aws }
    }

    /// Returns the name itself, in lower case, without a port.
    pub fn as_str(&self) -> &str {
        &self.host
    }

    /// Returns the Region that signatures for this host are made for.
    pub fn signing_region(&self) -> &str {
        &self.region
    }

    /// Returns the partition whose callers this host knows.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// Returns whether this is the endpoint without a Region in its name.
    pub fn is_global(&self) -> bool {
        self.host == GLOBAL
    }
}

impl FromStr for StsHost {
    type Err = UnknownStsHost;

    fn from_str(host: &str) -> Result<Self, Self::Err> {
        if host == GLOBAL {
            return Ok(Self::global());
        }
        let (service, rest) = host.split_once('.').ok_or(UnknownStsHost)?;
        let (region, suffix) = rest.split_once('.').ok_or(UnknownStsHost)?;
        if !matches!(service, "sts" | "sts-fips") || !is_region(region) {
            return Err(UnknownStsHost);
        }
        let partition = Partition::of_region(region);
        if suffix != partition.dns_suffix() && Some(suffix) != partition.dual_stack_suffix() {
            return Err(UnknownStsHost);
        }
        Ok(Self { host: host.to_owned(), region: region.to_owned(), partition })
    }
}

/// Whether the text has a Region's form: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
///
/// The form, not a list: a new Region must work on the day it opens. What is reached is AWS's own domain either way.
fn is_region(text: &str) -> bool {
    is_of_compass(text) || is_of_partition(text)
}

/// A point of the compass in an area, whatever that is called.
fn is_of_compass(text: &str) -> bool {
    const DIRECTIONS: [&str; 9] =
        ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "central"];
    let mut parts = text.rsplit('-');
    let (Some(number), Some(direction)) = (parts.next(), parts.next()) else { return false };
    let area: Vec<_> = parts.collect();
    is_number(number)
        && DIRECTIONS.contains(&direction)
        && (1..=2).contains(&area.len())
        && area.iter().all(|word| (2..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// A word and a number behind what the Regions of a partition begin with: botocore's `partitions.json`, `regionRegex`.
fn is_of_partition(text: &str) -> bool {
    const BEGINNINGS: [&str; 16] = [
        "us-gov-", "us-iso-", "us-isob-", "us-isof-", "eu-isoe-", "eusc-de-", "cn-", "us-", "eu-", "ap-", "sa-", "ca-",
        "me-", "af-", "il-", "mx-",
    ];
    let is_word = |word: &str| {
        (1..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_behind = |rest: &str| rest.split_once('-').is_some_and(|(word, number)| is_word(word) && is_number(number));
    BEGINNINGS.iter().any(|beginning| text.strip_prefix(beginning).is_some_and(is_behind))
}

/// 1 to 99, without a leading zero.
fn is_number(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}
