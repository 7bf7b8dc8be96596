//! From trees to [`Access`]: every mapping by the table of keys, all files merged, defaults filled in.

mod chart;
mod grants;
mod merge;
mod names;
mod principals;
mod values;

use document::{Entry, KeyCase, Limits, Node, Problem, Problems, Sources};

use crate::{Access, Code, keys::Object};
use merge::{Fragment, Merged};
pub use values::{WRITE_EXPIRY, read_expiry};

use values::View;

/// An access file as far as it could be read, with all problems found.
#[derive(Debug)]
pub struct Read {
    /// What could be read. Where a problem is an error, it is not all that was written.
    pub access: Access,
    /// Every problem of every file.
    pub problems: Vec<Problem>,
}

/// Reads all sources as one access file.
pub fn read(sources: &Sources, limits: &Limits) -> Read {
    let mut problems = Problems::default();
    let mut merged = Merged::default();
    for source in sources.as_ref() {
        // Each group's tree is gone as soon as its group is read: a file's whole tree would be the most that we hold.
        let (mut groups, mut of_groups) = (Vec::new(), Problems::default());
        let each = |_, node| groups.extend(group(&node, &mut of_groups));
        let root = document::parse_each(source, limits, &[&["groups"]], KeyCase::Exact, each);
        match root {
            Ok(Some(root)) => {
                of_groups.move_into(&mut problems);
                file(&root, groups, &mut merged, &mut problems);
            }
            Ok(None) => {}
            Err(found) => found.into_iter().for_each(|problem| problems.push(problem)),
        }
    }
    let access = merged.finish(&mut problems);
    Read { access, problems: problems.into_sorted() }
}

/// One file, with those of its groups that were read before.
fn file(root: &Node, groups: Vec<Fragment>, merged: &mut Merged, problems: &mut Problems) {
    if let Some(problem) = manifest(root) {
        problems.push(problem);
        return;
    }
    let Some(file) = View::of(root, Object::File, problems) else { return };
    chart::check(&file, problems);
    let cluster_id = file.text("clusterID", problems);
    if let Some(id) = &cluster_id {
        names::cluster_id(id, problems);
    }
    merged.cluster_id(cluster_id, problems);
    let account = file.account(problems);
    if account.is_none() && file.get("account").is_some() {
        merged.account_is_wrong();
    }
    merged.account(account, problems);
    merged.carried(file.carried(), file.of_chart(), problems);
    if let Some(nodes) = file.list("groups", problems) {
        merged.has_groups();
        for group in groups {
            merged.group(group, problems);
        }
        // Those of a list that was not handed over.
        for group in nodes.iter().filter_map(|node| group(node, problems)).collect::<Vec<_>>() {
            merged.group(group, problems);
        }
    }
    for node in file.list("nodes", problems).unwrap_or_default() {
        let Some(nodes) = View::of(node, Object::Nodes, problems) else { continue };
        match principals::list(&nodes, "roles", crate::Kind::Role, problems) {
            Some((_, mut roles)) => {
                let (accept, carried) = (nodes.accept(problems), nodes.carried());
                for role in &mut roles {
                    role.add(&accept, &carried);
                }
                merged.nodes(roles);
            }
            None => problems.push(Code::Missing.at(node.span, "an entry of `nodes` has no `roles`")),
        }
    }
}

/// That it is an object of Kubernetes: none of its keys is one of an access file, and that is one mistake.
fn manifest(root: &Node) -> Option<Problem> {
    let entries = root.as_mapping()?;
    let is_key = |entry: &Entry| Object::File.key(&entry.key.text).is_some();
    let of_kind = entries.iter().find(|entry| *entry.key.text == *"kind")?;
    let kind = of_kind.value.as_scalar().filter(|_| root.get("apiVersion").is_some())?;
    let problem = || {
        let hint = "`cluster-auth import --from FILE` makes an access file of what a cluster has";
        Code::UnknownKey
            .at(of_kind.key_span, format!("this is a manifest ({}), and no access file", kind.text))
            .hint(hint)
    };
    (!entries.iter().any(is_key)).then(problem)
}

fn group(node: &Node, problems: &mut Problems) -> Option<Fragment> {
    let group = View::of(node, Object::Group, problems)?;
    let Some(name) = group.text("name", problems) else {
        if group.get("name").is_none() {
            problems.push(Code::Missing.at(node.span, "a group has no `name`"));
        }
        return None;
    };
    names::group(&name, problems);
    let authentication = group.get("authentication").and_then(|node| View::of(node, Object::Authentication, problems));
    let account = authentication.as_ref().and_then(|authentication| authentication.account(problems));
    let is_account_wrong = account.is_none() && authentication.is_some_and(|of| of.get("account").is_some());
    Some(Fragment {
        users: principals::list(&group, "users", crate::Kind::User, problems),
        roles: principals::list(&group, "roles", crate::Kind::Role, problems),
        permission_sets: principals::list(&group, "permissionSets", crate::Kind::PermissionSet, problems),
        iam_groups: principals::list(&group, "iamGroups", crate::Kind::IamGroup, problems),
        account,
        is_account_wrong,
        expires: group.time("expires", problems),
        authorization: grants::authorization(&group, problems),
        accept: group.accept(problems),
        carried: group.carried(),
        name,
    })
}
