//! Many files as one: a group may span files, but each of its keys comes from one of them, and scalars are set once.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use document::{Node, Problems, Span};
use identity::AccountId;
use jiff::Timestamp;
use rbac::Rule;

use super::principals::{Holding, Written};
use crate::{Accept, Access, Carried, Code, Grant, Group, Located, Right, keys::Key};

/// What one file says about one group.
pub(super) struct Fragment {
    pub(super) name: Located<Box<str>>,
    pub(super) users: Option<(Span, Vec<Written>)>,
    pub(super) roles: Option<(Span, Vec<Written>)>,
    pub(super) permission_sets: Option<(Span, Vec<Written>)>,
    pub(super) iam_groups: Option<(Span, Vec<Written>)>,
    pub(super) account: Option<Located<AccountId>>,
    /// Whether one is written and is none.
    pub(super) is_account_wrong: bool,
    pub(super) expires: Option<Located<Timestamp>>,
    pub(super) authorization: Option<(Span, Vec<Grant>)>,
    pub(super) accept: Vec<Accept>,
    pub(super) carried: Carried,
}

/// All files so far.
#[derive(Default)]
pub(super) struct Merged {
    cluster_id: Option<Located<Box<str>>>,
    account: Option<Located<AccountId>>,
    is_account_wrong: bool,
    has_groups: bool,
    groups: BTreeMap<Box<str>, Fragment>,
    nodes: Vec<Written>,
    carried: Carried,
    /// Where the chart's keys stand.
    of_chart: BTreeMap<&'static str, Span>,
    /// Every list of rules there is, once: many grants are of a few kinds.
    rules: HashSet<Arc<[Rule]>>,
}

impl Merged {
    pub(super) fn cluster_id(&mut self, id: Option<Located<Box<str>>>, problems: &mut Problems) {
        once(&mut self.cluster_id, id, |id| id.span, ("clusterID", OF_FILE), problems);
    }

    pub(super) fn account(&mut self, account: Option<Located<AccountId>>, problems: &mut Problems) {
        once(&mut self.account, account, |account| account.span, ("account", OF_FILE), problems);
    }

    /// An account is written and is none.
    pub(super) fn account_is_wrong(&mut self) {
        self.is_account_wrong = true;
    }

    /// What means nothing here; `of_chart` are the chart's keys among it, each of which comes from one file.
    pub(super) fn carried<'n>(
        &mut self,
        carried: Carried,
        of_chart: impl Iterator<Item = (&'static Key, &'n Node)>,
        problems: &mut Problems,
    ) {
        self.carried.add(carried);
        for (key, node) in of_chart {
            let mut place = self.of_chart.get(key.name).copied();
            once(&mut place, Some(node.span), |span| *span, (key.name, OF_FILE), problems);
            self.of_chart.extend(place.map(|span| (key.name, span)));
        }
    }

    pub(super) fn has_groups(&mut self) {
        self.has_groups = true;
    }

    pub(super) fn nodes(&mut self, roles: Vec<Written>) {
        self.nodes.extend(roles);
    }

    pub(super) fn group(&mut self, mut more: Fragment, problems: &mut Problems) {
        for grant in more.authorization.iter_mut().flat_map(|(_, grants)| grants) {
            self.share(&mut grant.right);
        }
        let group = match self.groups.entry(more.name.value.clone()) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(more);
                return;
            }
            std::collections::btree_map::Entry::Occupied(occupied) => occupied.into_mut(),
        };
        let Fragment {
            users,
            roles,
            permission_sets,
            iam_groups,
            account,
            expires,
            authorization,
            accept,
            carried,
            is_account_wrong,
            ..
        } = more;
        once(&mut group.users, users, |list| list.0, ("users", OF_GROUP), problems);
        once(&mut group.roles, roles, |list| list.0, ("roles", OF_GROUP), problems);
        once(&mut group.permission_sets, permission_sets, |list| list.0, ("permissionSets", OF_GROUP), problems);
        once(&mut group.iam_groups, iam_groups, |list| list.0, ("iamGroups", OF_GROUP), problems);
        once(&mut group.account, account, |account| account.span, ("authentication", OF_GROUP), problems);
        once(&mut group.expires, expires, |time| time.span, ("expires", OF_GROUP), problems);
        once(&mut group.authorization, authorization, |list| list.0, ("authorization", OF_GROUP), problems);
        group.accept.extend(accept);
        group.carried.add(carried);
        group.is_account_wrong |= is_account_wrong;
    }

    fn share(&mut self, right: &mut Right) {
        let Right::Rules { rules, .. } = right else { return };
        match self.rules.get(&**rules) {
            Some(known) => *rules = Arc::clone(known),
            None => drop(self.rules.insert(Arc::clone(rules))),
        }
    }

    /// The whole, with accounts filled in.
    pub(super) fn finish(self, problems: &mut Problems) -> Access {
        let Self { cluster_id, account, is_account_wrong, has_groups, groups, nodes, carried, .. } = self;
        let default = Holding { id: account.as_ref().map(|account| account.value), is_wrong: is_account_wrong };
        let groups = groups.into_values().map(|fragment| {
            let id = fragment.account.map(|account| account.value);
            let account = Holding { id, is_wrong: fragment.is_account_wrong }.or(default);
            let mut resolve = |list: Option<(Span, Vec<Written>)>| {
                let list = list.map(|(_, list)| list).unwrap_or_default().into_iter();
                list.filter_map(|written| written.resolve(account, problems)).collect::<Vec<_>>()
            };
            let mut members = resolve(fragment.users);
            members.extend(resolve(fragment.roles));
            members.extend(resolve(fragment.permission_sets));
            Group {
                members,
                iam_groups: resolve(fragment.iam_groups),
                name: fragment.name,
                expires: fragment.expires,
                grants: fragment.authorization.map(|(_, grants)| grants),
                accept: fragment.accept,
                carried: fragment.carried,
            }
        });
        let groups: Vec<Group> = groups.collect();
        let nodes = nodes.into_iter().filter_map(|written| written.resolve(default, problems)).collect();
        Access { cluster_id, account, groups: has_groups.then_some(groups), nodes, carried }
    }
}

/// What is said of a key that stands twice.
const OF_FILE: &str = "all files together have it once";
const OF_GROUP: &str = "each key of a group comes from one place";

/// Sets what is to be set once.
fn once<T>(
    place: &mut Option<T>,
    more: Option<T>,
    span: impl Fn(&T) -> Span,
    (key, rule): (&str, &str),
    problems: &mut Problems,
) {
    match (place.as_ref(), more) {
        (Some(first), Some(again)) => {
            let message = format!("`{key}` is set twice; {rule}");
            problems.push(Code::Conflict.at(span(&again), message).related(span(first), "here too"));
        }
        (None, Some(value)) => *place = Some(value),
        (_, None) => {}
    }
}
