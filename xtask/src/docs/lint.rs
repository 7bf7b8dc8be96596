//! The page about `lint`: every check, from the one table.

use rbac::escalation::{Severity, Within};
use visibility::lint::{Check, checks};

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# What `lint` finds

`cluster-auth lint` looks at the access of a cluster – the current context's, or with `--from` dumps, manifests and access files – and finds the
ways in which somebody could become cluster-admin, and what is left lying about. Every finding is one sentence from the subject to where it leads, with the
binding, the role and the request that the API server would allow, and with the AWS principals who log in as that subject.

```console
$ cluster-auth lint                                               # the current context
$ cluster-auth lint --from access.yaml --from manifests/          # files: the findings say file and line
$ cluster-auth lint --exclusions lint.yaml --fail-on danger       # in CI: 2 where there is a danger, 1 where it could not look
$ cluster-auth lint --from manifests/ -o sarif > lint.sarif       # for a code host
```

## How bad, and where

- **danger** leads to every right in the cluster, **warning** to rights of others or to all of them where something else comes together with
  it, **info** weakens something or is one right short of more. Info is counted and shown with `--severity info`; `-o json` and `-o sarif` have everything, where `--severity` does not say less.
- A right over a namespace is as bad as the service accounts there are mighty: starting pods in `kube-system`, or in the namespace of a
  deployer that is cluster-admin, is a danger; in an ordinary namespace it is no more than working there. The path is followed from account to account.
- A right for objects of certain names is as bad as what it names: impersonating one group that is cluster-admin is a danger,
  reading one secret is what naming is for.
- A binding in a namespace gives nothing for objects of the cluster, whatever its role says, and so nothing of that is found.
- What Kubernetes installs is left out as long as it is as it was installed. That is known by name, role and subject, and not by the label
  `kubernetes.io/bootstrapping`, which anybody may write who may write a binding.
- Several ways to the same service accounts are one finding, with the other codes behind it; all namespaces that are alike are one finding, too.
  Findings of the same bindings stand together under them, and have the same `group` in JSON.
- What could not be looked at is said (`incomplete:`, and `gaps` in JSON), and `--fail-on` ends with 1 where a list was refused or is only a part, or a file that was given cannot be read (`--exclude` leaves
  it out): then nobody knows whether there is a finding ([exit-codes.md](exit-codes.md)).

## Exclusions

A file for `--exclusions` says what is not to be reported; the flag can be given several times. One that has ended is a finding itself, and so is one that excludes
nothing, with its checks and namespaces that do.

| key | |
|---|---|
| `check` | required: a code, or a list of them |
| `reason` | required. One that begins with `TODO` is taken and counted: `3 exclusions have no reason yet` |
| `subject` | whose findings, as `Group developers`, `User alice`, `ServiceAccount ci/deployer` |
| `namespace` | in which namespaces, one or a list; what holds in the whole cluster is in none |
| `everywhere: true` | only what holds in the whole cluster |
| `binding` | only what comes by these bindings, one or a list, as `RoleBinding dev/team` |
| `principal` | findings about an AWS principal, by its ARN |
| `target` | where rules name objects, only what leads to this: `ServiceAccount ci/deployer`, `ClusterRole admin` |
| `severity` | only up to this one: whatever becomes worse is reported |
| `expires` | a date, through that day, UTC; or RFC 3339 |

Whatever a key narrows it to, all of them must fit; without one it fits any. `*` stands for any text, `[*]` for a star.

```yaml
exclusions:
- check: cluster-admin
  subject: Group kubeadm:cluster-admins
  reason: whoever holds the control plane's admin.conf
- check: [pods, exec]
  subject: ServiceAccount ci/*
  namespace: ci-*
  reason: runners start what they are told to; moves to its own cluster
  expires: 2027-03-31
```

### A baseline

A cluster or a repository that has never been looked at has many findings, and a check that fails from the first day is soon switched off. `--write-exclusions` writes
what is found now into a new file, each as narrow as it was found – subject, place, binding, target, severity –, with the finding as a comment and a reason to fill in:

```console
$ cluster-auth lint --from manifests/ --write-exclusions lint.yaml
$ cluster-auth lint --from manifests/ --exclusions lint.yaml --fail-on warning
```

From then on whatever is new or has become worse is reported, and what was mended is said by `exclusion-unused`, so that its exclusion goes, too. A file that exists is
not replaced, since there are reasons in it: give it as `--exclusions` and write what is not in it yet to another.

What an access file accepts of its own grants (`accept: {access.escalates: …}`, `access.too-broad`) is excluded for these grants, and for nobody
else's to the same group.
";

pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let (ways, others): (Vec<Check>, Vec<Check>) = checks().partition(|check| check.escalation.is_some());
    page.push_str("\n## Ways to become more\n\n| code | severity | the holder can |\n|---|---|---|\n");
    page.push_str(&rows(&ways));
    page.push_str("\n## What is looked at besides\n\n| code | severity | found where |\n|---|---|---|\n");
    page.push_str(&rows(&others));
    for check in ways.iter().chain(&others) {
        page.push_str(&section(check));
    }
    page
}

fn rows(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let (code, anchor) = (check.code, check.code.replace('.', ""));
        format!("| [`{code}`](#{anchor}) | {} | {} |\n", check.severity.as_str(), check.about)
    };
    checks.iter().map(row).collect()
}

fn section(check: &Check) -> String {
    let Check { code, severity, about, why, fix, reference, escalation } = check;
    let mut text = format!("\n### `{code}`\n\n");
    match escalation {
        None => text.push_str(&format!("{} (**{}**): {why}.\n", sentence(about), severity.as_str())),
        Some(way) => {
            let place = match (way.severity, way.within) {
                (Severity::Info, _) | (_, Within::Anywhere) => "",
                (_, Within::Privileged) => ", in the whole cluster and in `kube-*`",
                (_, Within::KubeSystem) => ", in the whole cluster and in `kube-system`",
            };
            text.push_str(&format!("The holder can {about} (**{}**{place}): {why}.\n\n", severity.as_str()));
            text.push_str(&format!("**Held everywhere:** they can {about}, {}.\n", way.path));
            text.push_str(&format!("**Rights:** {}", needs(way.needs)));
            if !way.also.is_empty() {
                text.push_str(&format!("; and to make use of it {}", needs(way.also)));
            }
            text.push_str(".\n");
        }
    }
    text.push_str(&format!("**What to do:** {fix}.\n**Reference:** <{reference}>\n"));
    text
}

/// `create`, `update` on `roles`; and …
fn needs(needs: &[&[rbac::escalation::Need]]) -> String {
    let list = |texts: &[&str]| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    let need = |need: &rbac::escalation::Need| {
        let group = match need.api_group {
            "" => String::new(),
            "*" => " of every group".to_owned(),
            group => format!(" of {group}"),
        };
        let name = if need.name.is_empty() { String::new() } else { format!(" `{}`", need.name) };
        format!("{} on {}{group}{name}", list(need.verbs), list(need.resources))
    };
    let of = |alternatives: &&[rbac::escalation::Need]| alternatives.iter().map(need).collect::<Vec<_>>().join(", or ");
    needs.iter().map(of).collect::<Vec<_>>().join("; with ")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
