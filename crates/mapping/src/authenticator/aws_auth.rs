//! `kube-system/aws-auth` as the server reads it again and again, list by list.

use std::collections::BTreeMap;

use super::sources::decided_here;
use crate::{
    Defect, DefectKind, Source,
    aws_iam_authenticator::{self, LISTS, Options, Standing},
};

/// What is known of `aws-auth`: each list as it could be read last.
///
/// A list that cannot be read any more is more likely a mistake than the wish to lock out whoever stands in it. Its last good
/// version stays, whatever becomes of the other lists.
#[derive(Debug, Default)]
pub struct AwsAuth {
    /// By list; no text where the list was not there. Of a list that never could be read nothing is known.
    good: BTreeMap<&'static str, Option<String>>,
}

/// What comes of one reading.
#[derive(Debug)]
pub struct AwsAuthRead {
    /// Every list that is known.
    pub source: Source,
    /// For each list that cannot be read, and whose last good version is in the source, why.
    pub stale: Vec<Defect>,
    /// For each list that never could be read since there is an `aws-auth`, why. Whoever the source does not name may stand there.
    pub not_read: Vec<Defect>,
}

impl AwsAuth {
    /// Reads its texts as they are now; none where there is no `aws-auth`, which takes what was known of it away.
    pub fn read<'d>(
        &mut self,
        data: Option<impl IntoIterator<Item = (&'d str, &'d str)>>,
        options: Options,
    ) -> AwsAuthRead {
        let is_there = data.is_some();
        let data: BTreeMap<&str, &str> = data.into_iter().flatten().collect();
        let mut source = read(data.clone(), options);
        let (mut stale, mut not_read) = (Vec::new(), Vec::new());
        if !is_there {
            self.good.clear();
            return AwsAuthRead { source, stale, not_read };
        }
        for list in LISTS {
            let Some(why) = broken(&source, list) else {
                self.good.insert(list, data.get(list).map(|text| (*text).to_owned()));
                continue;
            };
            let of = if self.good.contains_key(list) { &mut stale } else { &mut not_read };
            of.push(why.clone());
        }
        if !stale.is_empty() || !not_read.is_empty() {
            let others = data.into_iter().filter(|(key, _)| !LISTS.contains(key));
            let good = self.good.iter().filter_map(|(list, text)| Some((*list, text.as_deref()?)));
            source = read(others.chain(good), options);
            // Where something stands in a text that is gone helps nobody.
            let is_old = |defect: &Defect| stale.iter().any(|list| is_of(defect, &list.section));
            source.defects.retain(|defect| !is_old(defect));
        }
        AwsAuthRead { source, stale, not_read }
    }
}

fn read<'d>(data: impl IntoIterator<Item = (&'d str, &'d str)>, options: Options) -> Source {
    decided_here(aws_iam_authenticator::aws_auth(data, |_| Standing::alone("aws-auth"), options))
}

/// What keeps a whole list from being read: it is not YAML, or not a list.
fn broken<'s>(source: &'s Source, list: &str) -> Option<&'s Defect> {
    let kinds = [DefectKind::Unreadable, DefectKind::Type];
    source.defects.iter().find(|defect| kinds.contains(&defect.kind) && *defect.section == *list)
}

/// Whether a defect is of a list, or of an entry in it.
fn is_of(defect: &Defect, list: &str) -> bool {
    let behind = defect.section.strip_prefix(list);
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('['))
}
