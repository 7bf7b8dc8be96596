//! Logins in which another program fills something in.
//!
//! Who logs in by such an entry is not known before that is done. What a cluster has is what it is: there nobody fills it in
//! any more.

use mapping::{BackendMode, RuleSource, Source};

use crate::{
    LiveMapping, LoginStore, Unseen, UnseenLogins,
    text::placeholder::{is_in_login, why},
};

impl LiveMapping {
    /// Takes out the entries in which something is to be filled in, and says that it is not known who logs in by them.
    pub(crate) fn take_unfilled(&mut self) -> Vec<UnseenLogins> {
        let of_cluster: Vec<&str> = match &self.holder {
            LoginStore::ConfigMap(map) if map.resource_version.is_some() => return Vec::new(),
            LoginStore::ConfigMap(_) => Vec::new(),
            LoginStore::Objects(objects) => {
                let stored = objects.iter().filter(|seen| !seen.version.is_empty());
                stored.map(|seen| &*seen.object.name).collect()
            }
        };
        let Source { mode, roles, users, unused, defects, .. } = &mut self.source;
        let is_stored = |source: &RuleSource| *mode == BackendMode::Crd && of_cluster.contains(&&*source.file);
        let mut taken: Vec<(String, String)> = Vec::new();
        let mut sections: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut is_unfilled = |source: &RuleSource, texts: Vec<&str>| {
            let text = texts.into_iter().find(|text| is_in_login(text)).filter(|_| !is_stored(source));
            taken.extend(text.map(|text| (source.to_string(), text.to_owned())));
            let section = format!("{}[{}]", source.list, source.index);
            sections.extend(text.map(|_| (section.into(), (&*source.file).into())));
            text.is_some()
        };
        for list in [roles, users] {
            list.retain(|rule| {
                let principal = rule.principal.to_string();
                let groups = rule.groups.iter().map(|membership| &*membership.group);
                let written = rule.written.as_deref().unwrap_or(&principal);
                !is_unfilled(&rule.source, [written, &*rule.username].into_iter().chain(groups).collect())
            });
        }
        unused.retain(|one| {
            let groups = one.groups.iter().map(|group| &**group);
            let texts = [&*one.written, &*one.username].into_iter().chain(one.meant.as_deref()).chain(groups);
            !is_unfilled(&one.source, texts.collect())
        });
        defects.retain(|defect| {
            let is_of = |(section, file): &(Box<str>, Box<str>)| *section == defect.section && **file == *defect.file;
            if *mode == BackendMode::Crd {
                return !taken.iter().any(|(place, _)| *place == defect.place());
            }
            if sections.iter().any(is_of) {
                return false;
            }
            let is_unfilled = is_in_login(up_to_cut(&defect.excerpt));
            taken.extend(is_unfilled.then(|| (defect.place(), defect.excerpt.trim().to_owned())));
            !is_unfilled
        });
        let place = |(place, text): (String, String)| {
            let gap = Unseen::new(format!("who logs in by {place}"), why(&text));
            UnseenLogins::new(*mode, gap, "give what the program that fills it in prints, by `--from -`")
        };
        taken.into_iter().map(place).collect()
    }
}

/// An excerpt up to where it was cut off within braces: what begins there may be the authenticator's own.
fn up_to_cut(excerpt: &str) -> &str {
    let cut = excerpt.rfind("{{").filter(|at| !excerpt[*at..].contains("}}"));
    &excerpt[..cut.unwrap_or(excerpt.len())]
}
