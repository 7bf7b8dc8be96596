//! From trees to [`Access`]: every mapping by the table of keys, all files merged, defaults filled in.

mod grants;
mod merge;
mod names;
mod principals;
mod values;

use document::{Limits, Node, Problem, Problems, Sources};

use crate::{Access, Code, keys::Object};
use merge::{Fragment, Merged};
use values::View;

/// What was read, and what is wrong with it.
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
        match document::parse(source, limits) {
            Ok(Some(root)) => file(&root, &mut merged, &mut problems),
            Ok(None) => {}
            Err(found) => found.into_iter().for_each(|problem| problems.push(problem)),
        }
    }
    let access = merged.finish(&mut problems);
    Read { access, problems: problems.into_sorted() }
}

/// One file. Its tree is gone when this returns; what is kept is the model.
fn file(root: &Node, merged: &mut Merged, problems: &mut Problems) {
    let Some(file) = View::of(root, Object::File, problems) else { return };
    merged.cluster_id(file.text("clusterID", problems), problems);
    merged.account(file.account(problems), problems);
    if let Some(groups) = file.list("groups", problems) {
        merged.has_groups();
        for node in groups {
            if let Some(group) = group(node, problems) {
                merged.group(group, problems);
            }
        }
    }
    for node in file.list("nodes", problems).unwrap_or_default() {
        let Some(nodes) = View::of(node, Object::Nodes, problems) else { continue };
        match principals::list(&nodes, "roles", crate::Kind::Role, problems) {
            Some((_, roles)) => merged.nodes(roles),
            None => problems.push(Code::Missing.at(node.span, "an entry of `nodes` has no `roles`")),
        }
    }
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
    Some(Fragment {
        users: principals::list(&group, "users", crate::Kind::User, problems),
        roles: principals::list(&group, "roles", crate::Kind::Role, problems),
        permission_sets: principals::list(&group, "permissionSets", crate::Kind::PermissionSet, problems),
        iam_groups: principals::list(&group, "iamGroups", crate::Kind::IamGroup, problems),
        account: authentication.and_then(|authentication| authentication.account(problems)),
        expires: group.time("expires", problems),
        authorization: grants::authorization(&group, problems),
        accept: group.accept(problems),
        name,
    })
}
