//! Names in rules that no API server asks about: RBAC takes any text, and such a rule allows nothing.
//!
//! Only what is certain is said. Of API groups that are not Kubernetes' own nobody knows what is in them, so of their resources and
//! verbs nothing is said but what no name can be.

mod verbs;

use std::{collections::HashSet, sync::LazyLock};

use document::nearest;

pub use self::verbs::VERBS;
use self::verbs::{MEANT, OF_URLS};
use crate::{
    Rule,
    resources::{RESOURCES, Resource, Served},
};

/// A name in a rule that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misnomer {
    /// Under which key of the rule.
    pub key: Key,
    /// What is wrong, in one clause.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

/// The keys of a rule that hold names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kubernetes' own names")]
pub enum Key {
    Verbs,
    ApiGroups,
    Resources,
    ResourceNames,
    NonResourceUrls,
}

/// Kubernetes' own API groups.
static GROUPS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESOURCES.iter().map(|row| &*row.api_group).collect());

/// Returns every name of a rule that matches nothing. `in_namespace` says that the rule holds in namespaces only; `custom` are
/// the resources that a cluster has besides, as far as they are known.
pub fn misnomers(rule: &Rule, in_namespace: bool, custom: &[Resource]) -> Vec<Misnomer> {
    let mut found = Vec::new();
    let groups: Vec<&str> = rule.api_groups.iter().map(|group| &**group).collect();
    found.extend(groups.iter().filter_map(|group| of_group(group)));
    // A group that is misnamed is said once; what is in it was meant for the right one.
    let is_certain =
        found.is_empty() && !groups.is_empty() && groups.iter().all(|group| *group != "*" && GROUPS.contains(group));
    found.extend(
        rule.resources.iter().filter_map(|resource| of_resource(resource, &groups, is_certain, in_namespace, custom)),
    );
    let is_own = is_certain || !rule.non_resource_urls.is_empty();
    found.extend(rule.verbs.iter().filter_map(|verb| of_verb(verb, is_own)));
    found.extend(rule.resource_names.iter().filter_map(|name| of_name(name)));
    found.extend(without_names(rule));
    found.extend(rule.non_resource_urls.iter().filter_map(|url| of_url(url)));
    found
}

fn misnomer(key: Key, message: String, hint: Option<String>) -> Misnomer {
    Misnomer { key, message, hint }
}

/// Several names in one text.
fn several(key: Key, text: &str) -> Option<Misnomer> {
    text.contains([',', ' ']).then(|| {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        Misnomer {
            key,
            message: format!("`{text}` is one string, and not a name"),
            hint: Some(format!("write [{parts}]")),
        }
    })
}

fn of_group(group: &str) -> Option<Misnomer> {
    const KEY: Key = Key::ApiGroups;
    if matches!(group, "" | "*") || GROUPS.contains(group) {
        return None;
    }
    if let Some(several) = several(KEY, group) {
        return Some(several);
    }
    if let Some((name, version)) = group.split_once('/') {
        let name = if name == "core" { "" } else { name };
        return Some(misnomer(
            KEY,
            format!("`{group}` has a version, which does not belong in apiGroups"),
            Some(if name.is_empty() {
                format!("{version} is of the core group, which is \"\"")
            } else {
                format!("write {name}")
            }),
        ));
    }
    if group.eq_ignore_ascii_case("core") || is_version(group) {
        return Some(misnomer(
            KEY,
            format!("`{group}` is not an API group"),
            Some("the core group is \"\"".to_owned()),
        ));
    }
    if group.contains('*') {
        let hint = "only `*` alone is a wildcard; name each group".to_owned();
        return Some(misnomer(KEY, format!("`{group}` is not an API group"), Some(hint)));
    }
    let lower = group.to_ascii_lowercase();
    if lower != group {
        return Some(misnomer(
            KEY,
            format!("`{group}` is not an API group: they are in small letters"),
            Some(format!("write {lower}")),
        ));
    }
    if group.contains('.') {
        // Anybody may have made it. Of Kubernetes' own, slips of the pen can be told.
        let own = GROUPS.iter().copied().filter(|known| known.ends_with(".k8s.io"));
        let near = own.filter(|known| known.len().abs_diff(group.len()) <= 2).collect::<Vec<_>>();
        let near = nearest(group, near.iter().copied()).filter(|near| differ_little(group, near))?;
        return Some(misnomer(
            KEY,
            format!("`{group}` is not an API group of Kubernetes"),
            Some(format!("did you mean {near}?")),
        ));
    }
    // Others' groups are names of domains.
    let own = || RESOURCES.iter().map(|row| &*row.api_group);
    let whole = own().find(|known| known.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')));
    let meant = whole.or_else(|| nearest(group, GROUPS.iter().copied()).filter(|meant| !meant.is_empty()));
    let meant = meant.or_else(|| {
        let mut resources = RESOURCES.iter().filter(|row| group == &*row.name || group.eq_ignore_ascii_case(&row.kind));
        resources.next().map(|row| &*row.api_group)
    });
    Some(misnomer(KEY, format!("`{group}` is not an API group"), meant.map(|meant| format!("did you mean {meant:?}?"))))
}

/// `v1`, `v1beta2`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &rest[digits..];
    let stage = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    digits > 0 && (rest.is_empty() || stage.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit())))
}

/// Two letters at most.
fn differ_little(a: &str, b: &str) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let behind = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    common + behind + 2 >= a.len().max(b.len())
}

fn of_resource(
    resource: &str,
    groups: &[&str],
    is_certain: bool,
    in_namespace: bool,
    custom: &[Resource],
) -> Option<Misnomer> {
    const KEY: Key = Key::Resources;
    let rows = || RESOURCES.iter().chain(custom);
    // Of a group of others this is known, and there may be more in it.
    let is_known_group = |group: &&str| *group != "*" && rows().any(|row| *row.api_group == **group);
    let are_known = is_certain || (!groups.is_empty() && groups.iter().all(is_known_group));
    let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    if name == "*" || resource == "*" {
        return None;
    }
    if let Some(several) = several(KEY, resource) {
        return Some(several);
    }
    if name.contains('*') {
        let hint = "only `*` alone, or in front of a subresource, is a wildcard; name each resource".to_owned();
        return Some(misnomer(KEY, format!("`{resource}` is not a resource"), Some(hint)));
    }
    if let Some((bare, group)) = name.split_once('.') {
        let hint = format!("write {bare} in resources, and {group} in apiGroups");
        return Some(misnomer(
            KEY,
            format!("`{resource}` has an API group, which does not belong in resources"),
            Some(hint),
        ));
    }
    let within = |group: &str| groups.contains(&group) || groups.contains(&"*");
    let is_known = |row: &&Resource| *row.name == *name && within(&row.api_group);
    if rows().any(|row| is_known(&row)) {
        // The subresources of pods are named wrongly most often.
        let of_pods = || {
            crate::resources::of("", "pods").into_iter().flat_map(|pods| pods.subresources.iter().map(|below| &**below))
        };
        let unknown_part =
            name == "pods" && !subresource.is_empty() && is_certain && !of_pods().any(|known| known == subresource);
        if unknown_part && groups.contains(&"") && !subresource.contains('*') {
            let meant = nearest(subresource, of_pods()).map(|near| format!("did you mean pods/{near}?"));
            return Some(misnomer(KEY, format!("pods have no subresource `{subresource}`"), meant));
        }
        // Beside other groups it may be one of several that were copied together.
        let was_in = |group: &&str| {
            rows().any(|row| *row.name == *name && *row.api_group == **group && row.served == Served::Formerly)
        };
        if groups.iter().all(was_in) {
            let now = RESOURCES.iter().find(|row| *row.name == *name && row.served == Served::ByDefault);
            let hint = now.map(|row| format!("{name} are in the API group {:?}", row.api_group));
            return Some(misnomer(KEY, format!("no API server serves {name} in {} any more", in_words(groups)), hint));
        }
        let mut places = rows().filter(is_known);
        // Whoever may get a namespace has it as a right within that namespace.
        let is_nowhere = in_namespace && are_known && name != "namespaces" && places.all(|row| !row.namespaced);
        return is_nowhere.then(|| Misnomer {
            key: KEY,
            message: format!("{name} are cluster-scoped, and this rule applies only in namespaces"),
            hint: Some("grant it without a namespace, for the whole cluster".to_owned()),
        });
    }
    let lower = name.to_ascii_lowercase();
    let says = |row: &&Resource| {
        let is_kind = !row.kind.is_empty()
            && (lower == row.kind.to_ascii_lowercase() || lower == *row.singular || lower == *row.name);
        is_kind || row.short_names.iter().any(|short| lower == **short)
    };
    let behind = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
    // Of the groups that the rule names, or of those that there are.
    let meant = rows().find(|row| says(row) && within(&row.api_group));
    if let Some(Resource { name: known, .. }) = meant.filter(|_| are_known || lower != name || groups == ["*"]) {
        return Some(misnomer(
            KEY,
            format!("`{resource}` is not a resource: rules name them in small letters and plural"),
            Some(format!("did you mean {known}{behind}?")),
        ));
    }
    if lower != name {
        let elsewhere = RESOURCES.iter().find(|row| says(row));
        let hint = elsewhere.map_or_else(
            || format!("write {}{behind}, if that is its plural", plural_of(&lower)),
            |row| format!("did you mean {}{behind}, which are in the API group {:?}?", row.name, row.api_group),
        );
        let message = format!("`{resource}` is not a resource: they are in small letters and plural");
        return Some(misnomer(KEY, message, Some(hint)));
    }
    if !is_certain {
        return None;
    }
    if name == "all" {
        return Some(misnomer(
            KEY,
            "`all` is kubectl's shorthand, not a resource".to_owned(),
            Some("name each resource, or write `*`".to_owned()),
        ));
    }
    if let Some(elsewhere) = RESOURCES.iter().find(|row| *row.name == *name || says(row)) {
        let message = format!("there is no resource `{resource}` in {}", in_words(groups));
        let hint = format!("{} are in the API group {:?}", elsewhere.name, elsewhere.api_group);
        return Some(misnomer(KEY, message, Some(hint)));
    }
    // Short names are like many others: what begins otherwise is hardly meant.
    let is_like = |near: &&str| near.len() > 4 || near.chars().next() == name.chars().next();
    let near = |is_there: &dyn Fn(&str) -> bool| {
        let there = RESOURCES.iter().filter(|row| is_there(&row.api_group));
        nearest(name, there.map(|row| &*row.name)).filter(is_like)
    };
    let elsewhere = || {
        let near = near(&|_| true).filter(|near| differ_little(near, name))?;
        let group = &RESOURCES.iter().find(|row| *row.name == *near)?.api_group;
        Some(format!("did you mean {near}{behind}, which are in the API group {group:?}?"))
    };
    let meant = near(&within).map(|near| format!("did you mean {near}{behind}?")).or_else(elsewhere)?;
    Some(misnomer(KEY, format!("there is no resource `{resource}` in {}", in_words(groups)), Some(meant)))
}

/// API groups as people say them.
fn in_words(groups: &[&str]) -> String {
    let groups: Vec<String> = groups
        .iter()
        .map(|group| if group.is_empty() { "the core group".to_owned() } else { (*group).to_owned() })
        .collect();
    groups.join(", ")
}

/// Every verb that something of Kubernetes' own asks about.
fn verbs() -> impl Iterator<Item = &'static str> {
    VERBS.into_iter().chain(OF_URLS)
}

/// Returns the verb, or the verbs, that an unknown verb was probably meant as.
pub fn meant_verb(verb: &str) -> Option<&'static str> {
    let lower = verb.to_ascii_lowercase();
    let meant = MEANT.iter().find(|(written, _)| *written == lower).map(|(_, meant)| *meant);
    meant.or_else(|| nearest(verb, verbs()).filter(|near| near.len() > 3))
}

/// Whoever made an API group may ask about verbs of their own.
fn of_verb(verb: &str, is_own: bool) -> Option<Misnomer> {
    const KEY: Key = Key::Verbs;
    if verb == "*" || verbs().any(|known| known == verb) {
        return None;
    }
    if let Some(several) = several(KEY, verb) {
        return Some(several);
    }
    let lower = verb.to_ascii_lowercase();
    if verbs().any(|known| known == lower) {
        return Some(misnomer(
            KEY,
            format!("`{verb}` is not a verb: they are in small letters"),
            Some(format!("write {lower}")),
        ));
    }
    if verb.contains('*') {
        return Some(misnomer(KEY, format!("`{verb}` is not a verb: only `*` alone is a wildcard"), None));
    }
    if !is_own || verb.contains(':') {
        return None;
    }
    let hint = match meant_verb(verb) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "there are get, list, watch, create, update, patch, delete and deletecollection".to_owned(),
    };
    Some(misnomer(KEY, format!("`{verb}` is not a verb of Kubernetes"), Some(hint)))
}

fn of_name(name: &str) -> Option<Misnomer> {
    // Of the signers of a domain, all are named so (Kubernetes, "Certificate Signing Requests").
    let is_domain = name.strip_suffix("/*").is_some_and(|domain| !domain.contains('*'));
    (name.contains('*') && !is_domain).then(|| Misnomer {
        key: Key::ResourceNames,
        message: format!("`{name}` is not the name of an object: `*` is not a wildcard here"),
        hint: Some("name each object, or leave resourceNames out for all of them".to_owned()),
    })
}

/// Who makes an object has no name for it yet as far as rules go, and who deletes a collection names none; `create` is asked
/// about with a name where an object comes of a request for it alone (Kubernetes, `apiserver/pkg/endpoints/handlers/patch.go`).
fn without_names(rule: &Rule) -> Option<Misnomer> {
    let nameless: Vec<&str> =
        rule.verbs.iter().map(|verb| &**verb).filter(|verb| matches!(*verb, "create" | "deletecollection")).collect();
    let is_empty = rule.resource_names.is_empty() || nameless.is_empty();
    if is_empty || rule.resources.iter().any(|resource| resource.contains('/')) {
        return None;
    }
    let verbs = nameless.join(" and ");
    let is = if nameless.len() == 1 { "is" } else { "are" };
    let (matched, otherwise) = if nameless.contains(&"create") {
        (format!("{is} matched against resourceNames only when `kubectl apply --server-side` creates the object"), true)
    } else {
        (format!("{is} never matched against resourceNames"), false)
    };
    let (effect, hint) = match (nameless.len() == rule.verbs.len(), otherwise) {
        (true, true) => ("has no other effect", "leave resourceNames out".to_owned()),
        (true, false) => ("has no effect", "leave resourceNames out".to_owned()),
        (false, true) => ("does not allow it otherwise", format!("write a rule without resourceNames for {verbs}")),
        (false, false) => ("does not allow it", format!("write a rule without resourceNames for {verbs}")),
    };
    Some(misnomer(Key::ResourceNames, format!("{verbs} {matched}, so this rule {effect}"), Some(hint)))
}

fn of_url(url: &str) -> Option<Misnomer> {
    const KEY: Key = Key::NonResourceUrls;
    if url == "*" {
        return None;
    }
    if !url.starts_with('/') {
        return Some(misnomer(KEY, format!("`{url}` is not a path"), Some(format!("write /{url}"))));
    }
    let inner = url.strip_suffix('*').unwrap_or(url);
    if inner.contains('*') {
        return Some(misnomer(KEY, format!("`{url}` matches only itself: `*` is a wildcard only at the end"), None));
    }
    inner.contains('?').then(|| Misnomer {
        key: KEY,
        message: format!("`{url}` has a query, which has no influence on what is allowed"),
        hint: Some(format!("write {}", inner.split('?').next().unwrap_or(inner))),
    })
}

/// The plural of a kind in small letters, as API servers guess it; what ends in one s is one already.
///
/// Source: Kubernetes, `apimachinery/pkg/api/meta/restmapper.go` (`UnsafeGuessKindToResource`).
fn plural_of(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with("ss") => format!("{kind}es"),
        None if kind.ends_with('s') => kind.to_owned(),
        None => format!("{kind}s"),
    }
}
