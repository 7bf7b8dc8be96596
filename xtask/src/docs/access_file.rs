//! The pages about the access file: its keys, its problems, and who can carry what.

use access::{Code, Consumer, Feature, keys::Object};

const NOTE: &str = "<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->\n";

const INTRODUCTION: &str = "\
# The access file

`access.yaml` says who may log in to a cluster and what they may do there. It is the `values.yaml` of the 2018 guide, extended:
every file that was valid then is valid now, but for one named break ([below](#what-changed-from-2018-and-why)).

```sh
cluster-auth check                       # everything that is wrong with access.yaml, in one run
cluster-auth render --to rbac            # its roles and bindings, for kubectl apply
cluster-auth render --to config          # its mapping, for aws-iam-authenticator or cluster-auth server
```

Or `cluster-auth server --access-file` reads the file itself: changes and expiries take effect at once ([server.md](server.md#the-access-file)).

Three examples: [the guide's own file](../examples/guide.yaml), [one with everything](../examples/access.yaml), and
[one for two clusters](../examples/grown-up), whose groups get their members from `base/` and their grants from `clusters/`.
Editors know the keys by [the JSON Schema](access-file.schema.json): begin the file with
`# yaml-language-server: $schema=…/docs/access-file.schema.json`.

**Principals** are a name (users with their path, as `ops/bob`), an ARN, or a mapping. Their Kubernetes usernames are a user's IAM
name, and `<role>:{{SessionName}}` for sessions of roles and permission sets; `username` overrides. A template needs a literal
beginning that ends in a colon and that nobody shares, because whoever assumes a role chooses the session's name.
Somebody in several groups gets all of them.

**Grants** say where (`namespace`, `namespaces`, `namespaceSelector`, or none for the whole cluster) and what (`rules`, `clusterRole` or
`role`). Several grants for one namespace merge. Globs and selectors never match `kube-*` or `cluster-auth`. Objects have the
chart's names for the chart's shapes (Role `<group>`, `<group>-binding`); everything else is called `cluster-auth:<group>` or
`cluster-auth:<group>:<role>`.

**Expiry.** `expires: 2026-12-31` means through that day, UTC. The server drops a membership to the second; the API server may remember
its last answer for its own cache time. Targets that cannot express an expiry refuse such a file unless `--expiry at-next-apply` is given.

**Many files.** Several paths, or a folder, merge into one: a group may span files, but each of its keys comes from one of them, and
exactly one file has the `clusterID`. The order of files never matters. Of a folder its own `.yaml`, `.yml` and `.json` files are read; those of
folders in it are not, which a note says.

**What the cluster has.** `check --live` asks the cluster of the current kubeconfig context (`--context` and `--kubeconfig` name another)
for its namespaces and roles: missing roles, and selectors that match nothing, are found then. `--from` takes the same from dumps.
`render --to aws-auth` and `--to configmap` merge into the ConfigMap that the cluster has: entries of others, nodes above all, stay
byte for byte. Which entries are ours, the annotation `cluster-auth.dev/principals` says; an entry of somebody else's for a principal
of the file is an error until `--adopt` takes it over. What is printed holds the ConfigMap's version, so that applying it fails if
somebody changed it meanwhile.

Keys beginning with `x-` are ignored; anchors can live there.

## What AWS knows

`iamGroups` and `permissionSets` name people whom AWS keeps. With `--aws`, `check` and `render` ask IAM with your AWS credentials, which
are found as `token` finds them ([client.md](client.md#where-the-credentials-come-from)); `--profile`, `--region`, `--role` and
`--external-id` mean what they mean there.

```sh
cluster-auth check --aws                               # an absent IAM group is an error; whoever is no more is reported
cluster-auth render --to access --aws > resolved.yaml  # for Helm, the server and review: groups and permission sets resolved
```

IAM is asked who is in each IAM group, which roles permission sets have, and whether the users and roles of the file still exist and
under which path (EKS access entries need the paths of roles). An answer that fails, is throttled to the end or is not whole ends the command with nothing printed: it never counts
as empty. Only the account of the credentials can be asked; a note names the others. For those, collect what IAM says there and give it
by `--from`, which takes files and folders of them:

```sh
mkdir -p dumps
aws iam get-group --group-name Developers --output json > dumps/group.json
aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/ --output json > dumps/roles.json
cluster-auth render --to access --from dumps
```

The credentials need this policy (and `sts:GetCallerIdentity`, which everybody may call):

```json
{
  \"Version\": \"2012-10-17\",
  \"Statement\": [{
    \"Effect\": \"Allow\",
    \"Action\": [\"iam:GetGroup\", \"iam:ListRoles\", \"iam:GetUser\", \"iam:GetRole\"],
    \"Resource\": \"*\"
  }]
}
```

`iam:GetGroup` is needed where the file has `iamGroups`. Without `iam:ListRoles` permission sets stay unresolved (the server matches
them by account, name and the form of the suffix); without `iam:GetUser` and `iam:GetRole` nobody is said to be gone. A note says so.
";

const CHANGES: &str = "
## What changed from 2018, and why

| 2018 | now | why |
|---|---|---|
| `authorization: []` or empty binds the ClusterRole of the group's name | an error | deleting the last grant must not widen access |
| a user in two groups has the last one | has both | the order of a list decides nothing |
| unknown keys are ignored | an error that names the nearest key | a misspelt `authorization` granted the ClusterRole of the group's name |
| accounts as numbers | text; a number is reported | numbers lose leading zeros, and Helm prints large ones as `1.1e+11` |
| users only | roles, permission sets and IAM groups too | nobody should need long-lived keys |
";

/// docs/access-file.md.
pub(super) fn page() -> String {
    let mut page = format!("{NOTE}{INTRODUCTION}\n## Keys\n");
    for object in Object::ALL.into_iter().filter(|object| !object.keys().iter().all(|key| key.of_chart)) {
        page.push_str(&format!("\n### Keys of {}\n\n| key | meaning | default |\n|---|---|---|\n", object.title()));
        for key in object.keys() {
            page.push_str(&format!("| `{}` | {} | {} |\n", key.name, key.about, key.default));
        }
    }
    page.push_str(
        "\nThe settings of the Helm chart have keys of their own: [its page](../chart/cluster-auth/README.md).\n",
    );
    page.push_str("\n## Who can carry what\n\n| |");
    for consumer in Consumer::ALL {
        page.push_str(&format!(" {} |", consumer.title()));
    }
    page.push_str(&format!("\n|---|{}\n", "---|".repeat(Consumer::ALL.len())));
    for feature in Feature::ALL {
        page.push_str(&format!("| {} |", feature.title()));
        for consumer in Consumer::ALL {
            page.push_str(if consumer.carries(feature) { " yes |" } else { " – |" });
        }
        page.push('\n');
    }
    page.push_str("\nWhat a target does not support is an error that names the command which resolves it.\n");
    page.push_str(CHANGES);
    page
}

/// docs/access-problems.md.
pub(super) fn problems() -> String {
    let mut page = format!(
        "{NOTE}# Problems of access files\n\n`cluster-auth check` finds all of them in one run. Errors cannot be compiled without \
         guessing; warnings are probably not meant, and\n`accept: {{code: reason}}` on the group, the principal or the grant silences \
         one with its reason. Codes are stable. Those beginning with\n`document.` are about YAML itself: syntax, repeated keys, \
         and the bounds on size and nesting, which their messages name.\n"
    );
    for code in Code::ALL {
        let severity = format!("{:?}", code.severity()).to_lowercase();
        page.push_str(&format!(
            "\n## `{}` ({severity})\n\n{}\n\n**What to do:** {}\n",
            code.code(),
            code.explain().summary,
            code.explain().fix
        ));
    }
    page
}
