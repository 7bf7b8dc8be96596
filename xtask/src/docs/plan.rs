//! The page about plans: how to read one, and what stops apply.

use access::{CLUSTER_ID, FILE, MANAGED_BY, MANAGER};
use plan::{Flag, STOPS};

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# Read a plan, and what stops apply

How to read what `plan` prints, and everything that stops `apply`. [change-access.md](change-access.md) shows both at work.

## Reading one

A plan says first what stops apply, then what is dangerous, then people, then objects. Signs say the same as colours: `!` dangerous,
`+` comes, `~` becomes something else, `-` goes.

- **Who can log in.** Whose login appears, changes or ends. Whoever assumes a role chooses the session's name: `<session>` stands for it.
  A session whose name makes it a user or puts it into a group that a binding names is a person of its own, as `session Deployer/zoe`.
- **Who gains, who loses.** Verbs on resources, by namespace or everywhere, with the roles they come through. People and namespaces that are
  alike stand together. Wildcards are words: `every verb on pods`; what somebody had or keeps of such a right stands below it. For
  somebody new it is what they may do beyond what every login may.
- **still has** marks a permission that the files revoke, but that another binding still grants.
- **Dangerous** are the privilege escalations (reading secrets everywhere, granting roles, acting as others …) that somebody gains.
  Rights are added before logins change, so whoever leaves a group that becomes dangerous in the same plan has such a way `until logins
  change`: apply their leaving alone first.
- **Bindings of the whole cluster** are listed by name, every one that changes.
- **Cluster admins outside this file** are the logins in `system:masters`, in every mapping that was looked at – with the name of the
  session where the group goes by that –, and the bindings to the
  ClusterRole `cluster-admin` or of the group `system:masters` that stay and are not the file's, each with its place. Kubernetes' own binding
  `cluster-admin` is left out.
- **Warnings** name, among others, whoever logs in otherwise than the files say, where no plan changes it: by EKS access entries, by a mapping of others, or wherever
  mappings are not written (`--mapping none`). Who is not in the files, or not any more, and is let in all the same has what the files' bindings give the groups that they are in.
- **Incomplete** is a plan for which something could not be read. It can be read, and is not applied. What depends on it stands under **Not known**: who
  can log in, whose rights change, whether an object is there. Nothing of that is stated elsewhere in the plan, and the numbers at its head are of the rest.
- **As far as could be read**, at the head of a plan that is whole, says that nobody can look everywhere who asks the cluster: a server may have files of its own on the
  control plane, access entries of EKS are given or not, and what no server is seen to read may be read. Which of these it is stands behind the numbers, and among the warnings.

`-o markdown` is for pull requests. `-o json` shortens nothing: a request is a gain of somebody's if one of `gains` covers it: its namespace
is among `namespaces` (`null` is everywhere), one of `rights` allows it as an RBAC rule would, and neither that right's `except` nor an
`except` of its namespace does. The same for `losses`. The tests ask an API server about it.

## What is ours

Objects carry a mark, and only what is marked is ever removed:

";

const ORDER: &str = "\
In ConfigMaps that others write to as well, entries of ours are named by the annotation `cluster-auth.dev/principals`. The files themselves are
kept in the ConfigMap `kube-system/cluster-auth`, so that a file that is forgotten on the command line is missed. Files are called by
their path below the folder they have in common, so it does not matter where they are named from.

## The order of things

Roles, then bindings, are added; then logins change; then apply waits until the API server has forgotten the old ones (only where somebody
changes groups whose bindings go); then bindings, and then roles, are removed; the record is written last. Whoever has a right before
and after has it at every moment in between. Kubernetes does not let a binding's role change: a second binding
(`cluster-auth:bridge:…`) holds the new role while the first is made anew.

Every step waits for what it needs and for nothing else: a right is taken away even if another could not be given to somebody else.
Interrupted anywhere, the next run finishes the work.

## Beginning with a cluster that has access already

`import` writes the access file that a person would have written who wanted just what there is. Planned on the untouched cluster it gives
nobody anything and takes nothing from anybody. What a file cannot say – whole accounts, usernames and groups that a caller could choose – stays as it is, and stands in
the file as a comment; bindings to single users stay, too. Step by step: [Import the access of an existing cluster](import.md).

## What stops apply

Flags override some of these, `--yes` none.
";

pub(super) fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str(&format!("- the label `{MANAGED_BY}: {MANAGER}`, to select by;\n"));
    page.push_str(&format!("- the annotations `{CLUSTER_ID}` and `{FILE}`: which cluster's file asked for it.\n\n"));
    page.push_str(ORDER);
    for stop in &STOPS {
        let flag = stop.flag.map_or("none".to_owned(), |flag: Flag| format!("`{}`", flag.as_str()));
        page.push_str(&format!(
            "\n### `{}`\n\n{}\n\n**What to do:** {}.\n**Overridden by:** {flag}.\n",
            stop.code.code,
            stop.code.summary,
            sentence(stop.code.fix)
        ));
    }
    page
}

/// With a capital, where it does not begin with a command.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
