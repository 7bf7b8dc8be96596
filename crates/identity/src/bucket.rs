//! Names of S3's buckets.

use std::str::FromStr;

/// A bucket's name, which can stand in a host name.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketName(String);

/// The text is not a bucket's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid S3 bucket name: 3 to 63 lower-case letters, digits, hyphens and dots")]
pub struct BucketNameError(String);

impl FromStr for BucketName {
    type Err = BucketNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        let ends = text.bytes().next().zip(text.bytes().last());
        let is_name = (3..=63).contains(&text.len())
            && text.bytes().all(known)
            && ends.is_some_and(|(first, last)| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
            && !text.contains("..");
        if is_name { Ok(Self(text.to_owned())) } else { Err(BucketNameError(text.to_owned())) }
    }
}

impl BucketName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::BucketName;

    #[test]
    fn a_buckets_name_can_stand_in_a_host_name() {
        for name in ["abc", "kops-state", "state.example.com", "1-a.2", &"a".repeat(63)] {
            assert_eq!(name.parse::<BucketName>().expect("a bucket's name").as_str(), name);
        }
        for name in
            ["", "ab", &"a".repeat(64), "State", "a_b", "-ab", "ab-", ".ab", "a..b", "a/b", "a b", "ab\n", "abé"]
        {
            assert!(name.parse::<BucketName>().is_err(), "{name:?}");
        }
    }
}
