//! Plans as people read them.

use insta::assert_snapshot;
use inventory::{MappingTarget, Observed};

use super::world::{Scenario, cluster, map};
use crate::{
    Allowed, Plan,
    print::{json, markdown, text},
};

pub(super) const FILE: &str = "\
clusterID: c
account: '111122223333'
groups:
- name: developers
  users: [alice, ops/bob]
  roles: [Deployer]
  authorization:
  - {namespace: dev, rules: [{apiGroups: ['', apps], resources: [pods, deployments], verbs: [get, list, watch]}]}
  - {namespaces: [dev, ops], clusterRole: edit}
  - {clusterRole: view}
- name: operators
  users: [carol, ops/bob]
  authorization:
  - {namespace: kube-system, rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list]}]}
  - {namespace: ops, role: missing}
- name: cluster-admin
  users: [carol]
";

const CLUSTER: &str = "
role view = get,list,watch pods services deployments.apps
role edit = get,list,watch,create,delete pods services deployments.apps; create pods/exec
role cluster-admin = * *.*; * /*
role dev/developers = * pods [ours]
binding dev/developers-binding = Role developers > group:developers [ours]
binding cluster-auth:developers:view = ClusterRole edit > group:developers [ours]
binding ops/cluster-auth:developers:edit = ClusterRole edit > group:developers [helm]
binding legacy = ClusterRole view > group:guests group:developers
binding ops/cluster-auth:guests:edit = ClusterRole edit > group:guests [ours]
binding dev/others = ClusterRole edit > group:x [other]
";

const AWS_AUTH: [(&str, &str); 2] = [
    (
        "mapRoles",
        "# the nodes\n- rolearn: arn:aws:iam::111122223333:role/Node\n  username: system:node:{{EC2PrivateDNSName}}\n  \
         groups: [system:bootstrappers, system:nodes]\n",
    ),
    (
        "mapUsers",
        "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [developers, guests]}\n\
         - {userarn: 'arn:aws:iam::111122223333:user/dave', username: dave, groups: [guests, developers]}\n\
         - {userarn: 'arn:aws:iam::111122223333:user/ops/bob', username: bobby, groups: [developers]}\n",
    ),
];

pub(super) fn observed() -> Observed {
    let mut observed = cluster(CLUSTER);
    let owned = ["user/dave", "user/ops/bob", "user/alice"];
    observed.mappings.push(map(MappingTarget::AwsAuth, &AWS_AUTH, &owned));
    observed
}

fn plan() -> Plan {
    let observed = observed();
    Scenario::new(FILE, MappingTarget::AwsAuth, &observed).plan(&observed)
}

#[test]
fn what_a_flag_allows_does_not_stop_apply() {
    let said: String =
        text(&plan(), &Allowed { adopt: true, ..Allowed::default() }).iter().map(report::Segment::text).collect();
    let (_, from) = said.split_once("\n\n").unwrap();
    assert_snapshot!(from.split_once("\n\n").unwrap().0, @r"
    Allowed by flags
      ! plan.helm
        RoleBinding ops/cluster-auth:developers:edit belongs to the Helm release `release`
        by --adopt
    ");
}

fn plain(plan: &Plan) -> String {
    let text: String = text(plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    text.replace(plan.digest.as_str(), "(digest)")
}

#[test]
fn a_plan_as_text() {
    assert_snapshot!(plain(&plan()), @"
    Plan for c: logins in ConfigMap kube-system/aws-auth
      files: 0.yaml
      logins: 2 added, 1 removed
      rights: 4 people gain, 3 lose; 0 people unchanged; roles of machines: 1 unchanged
      objects: 5 to create, 2 to change, 1 to remove, 1 to label; 1 unchanged

    What stops apply
      ! plan.helm
        RoleBinding ops/cluster-auth:developers:edit belongs to the Helm release `release`
        help: Helm or apply, never both: set `rbac.create: false` in the chart, and `--adopt` what it leaves

    Dangerous
      ! user carol may do everything everywhere
      ! user ops/bob can read secrets in kube-system
        secrets hold the tokens and passwords of others

    Who can log in
      + user carol as carol, in cluster-admin, operators
      + role Deployer as Deployer:<session>, in developers
      ~ user ops/bob, joins operators
      ~ user alice, leaves guests
      - user dave as dave, was in developers, guests
      ~ user ops/bob is called bob instead of bobby
        bindings and audit logs know the old name

    Who gains rights
      user carol
        + everywhere: every verb on everything, /* (ClusterRole cluster-admin)
      user ops/bob
        + in dev: get, list, watch on deployments, pods.apps (Role developers)
        + in kube-system: get, list on secrets (Role operators)
      user alice
        + in dev: get, list, watch on deployments, pods.apps (Role developers)
      role Deployer
        + everywhere: get, list, watch on pods, services, deployments.apps (ClusterRole view)
        + in dev: get, list, watch on deployments, pods.apps; create on pods/exec; create, delete on pods, services, deployments.apps (Role developers, ClusterRole edit)
        + in ops: create on pods/exec; create, delete on pods, services, deployments.apps (ClusterRole edit)

    Who loses rights
      users alice, ops/bob
        - everywhere: create on pods/exec; create, delete on pods, services, deployments.apps (ClusterRole edit)
          keeps in dev, ops: create on pods/exec; create, delete on pods, services, deployments.apps
        - in dev: every verb on pods (Role developers)
          keeps get, list, watch, create, delete on pods
      user dave
        - everywhere: get, list, watch, create, delete on pods, services, deployments.apps; create on pods/exec (ClusterRole edit, ClusterRole view)
        - in dev: every verb on pods (Role developers)

    Bindings of the whole cluster
      + create cluster-admin-binding of ClusterRole cluster-admin to cluster-admin
      ~ replace cluster-auth:developers:view of ClusterRole view instead of ClusterRole edit to developers

    Objects
      + create RoleBinding cluster-auth:developers:edit in dev
      + create RoleBinding cluster-auth:operators:missing in ops
      + create RoleBinding operators-binding in kube-system
      + create Role operators in kube-system
      ~ change Role developers in dev
      label RoleBinding cluster-auth:developers:edit in ops, adopted from Helm
      - remove RoleBinding cluster-auth:guests:edit in ops

    Warnings
      RoleBinding ops/cluster-auth:operators:missing grants nothing: there is no Role `missing`
      RoleBinding dev/others was made for the cluster `d`, and stays

    Digest, for `apply --expect`
      (digest)
    ");
}

#[test]
fn a_plan_as_markdown() {
    assert_snapshot!(markdown(&plan()).replace(plan().digest.as_str(), "(digest)"), @r"
    ## Plan for c: logins in ConfigMap kube-system/aws-auth

    - files: 0.yaml
    - logins: 2 added, 1 removed
    - rights: 4 people gain, 3 lose; 0 people unchanged; roles of machines: 1 unchanged
    - objects: 5 to create, 2 to change, 1 to remove, 1 to label; 1 unchanged

    ### What stops apply

    - ⚠️ plan.helm
      - RoleBinding ops/cluster-auth:developers:edit belongs to the Helm release `release`
      - help: Helm or apply, never both: set `rbac.create: false` in the chart, and `--adopt` what it leaves

    ### Dangerous

    - ⚠️ user carol may do everything everywhere
    - ⚠️ user ops/bob can read secrets in kube-system
      - secrets hold the tokens and passwords of others

    ### Who can log in

    - ➕ user carol as carol, in cluster-admin, operators
    - ➕ role Deployer as Deployer:&lt;session&gt;, in developers
    - 🔸 user ops/bob, joins operators
    - 🔸 user alice, leaves guests
    - ➖ user dave as dave, was in developers, guests
    - 🔸 user ops/bob is called bob instead of bobby
      - bindings and audit logs know the old name

    ### Who gains rights

    - user carol
      - ➕ everywhere: every verb on everything, /\* (ClusterRole cluster-admin)
    - user ops/bob
      - ➕ in dev: get, list, watch on deployments, pods.apps (Role developers)
      - ➕ in kube-system: get, list on secrets (Role operators)
    - user alice
      - ➕ in dev: get, list, watch on deployments, pods.apps (Role developers)
    - role Deployer
      - ➕ everywhere: get, list, watch on pods, services, deployments.apps (ClusterRole view)
      - ➕ in dev: get, list, watch on deployments, pods.apps; create on pods/exec; create, delete on pods, services, deployments.apps (Role developers, ClusterRole edit)
      - ➕ in ops: create on pods/exec; create, delete on pods, services, deployments.apps (ClusterRole edit)

    ### Who loses rights

    - users alice, ops/bob
      - ➖ everywhere: create on pods/exec; create, delete on pods, services, deployments.apps (ClusterRole edit)
        - keeps in dev, ops: create on pods/exec; create, delete on pods, services, deployments.apps
      - ➖ in dev: every verb on pods (Role developers)
        - keeps get, list, watch, create, delete on pods
    - user dave
      - ➖ everywhere: get, list, watch, create, delete on pods, services, deployments.apps; create on pods/exec (ClusterRole edit, ClusterRole view)
      - ➖ in dev: every verb on pods (Role developers)

    ### Bindings of the whole cluster

    - ➕ create cluster-admin-binding of ClusterRole cluster-admin to cluster-admin
    - 🔸 replace cluster-auth:developers:view of ClusterRole view instead of ClusterRole edit to developers

    ### Objects

    - ➕ create RoleBinding cluster-auth:developers:edit in dev
    - ➕ create RoleBinding cluster-auth:operators:missing in ops
    - ➕ create RoleBinding operators-binding in kube-system
    - ➕ create Role operators in kube-system
    - 🔸 change Role developers in dev
    - label RoleBinding cluster-auth:developers:edit in ops, adopted from Helm
    - ➖ remove RoleBinding cluster-auth:guests:edit in ops

    ### Warnings

    - RoleBinding ops/cluster-auth:operators:missing grants nothing: there is no Role `missing`
    - RoleBinding dev/others was made for the cluster `d`, and stays

    ### Digest, for `apply --expect`

    - (digest)
    ");
}

#[test]
fn a_plan_as_json() {
    let value: serde_json::Value = serde_json::from_str(&json(&plan())).expect("JSON");
    let alice = value["people"].as_array().expect("people").iter().find(|person| person["who"] == "user alice");
    assert_snapshot!(serde_json::to_string_pretty(alice.expect("alice")).expect("JSON"), @r#"
    {
      "account": "111122223333",
      "after": {
        "groups": [
          "developers"
        ],
        "username": "alice"
      },
      "before": {
        "groups": [
          "developers",
          "guests"
        ],
        "username": "alice"
      },
      "escalations": [],
      "gains": [
        {
          "namespaces": [
            "dev"
          ],
          "rights": [
            {
              "apiGroup": "",
              "resource": "deployments",
              "verb": "get"
            },
            {
              "apiGroup": "",
              "resource": "deployments",
              "verb": "list"
            },
            {
              "apiGroup": "",
              "resource": "deployments",
              "verb": "watch"
            },
            {
              "apiGroup": "apps",
              "resource": "pods",
              "verb": "get"
            },
            {
              "apiGroup": "apps",
              "resource": "pods",
              "verb": "list"
            },
            {
              "apiGroup": "apps",
              "resource": "pods",
              "verb": "watch"
            }
          ],
          "through": [
            "Role developers"
          ]
        }
      ],
      "losses": [
        {
          "except": [
            {
              "namespaces": [
                "dev"
              ],
              "rights": [
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "delete"
                },
                {
                  "apiGroup": "",
                  "resource": "pods/exec",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "services",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "services",
                  "verb": "delete"
                },
                {
                  "apiGroup": "apps",
                  "resource": "deployments",
                  "verb": "create"
                },
                {
                  "apiGroup": "apps",
                  "resource": "deployments",
                  "verb": "delete"
                }
              ]
            },
            {
              "namespaces": [
                "ops"
              ],
              "rights": [
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "delete"
                },
                {
                  "apiGroup": "",
                  "resource": "pods/exec",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "services",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "services",
                  "verb": "delete"
                },
                {
                  "apiGroup": "apps",
                  "resource": "deployments",
                  "verb": "create"
                },
                {
                  "apiGroup": "apps",
                  "resource": "deployments",
                  "verb": "delete"
                }
              ]
            }
          ],
          "namespaces": null,
          "rights": [
            {
              "apiGroup": "",
              "resource": "pods",
              "verb": "create"
            },
            {
              "apiGroup": "",
              "resource": "pods",
              "verb": "delete"
            },
            {
              "apiGroup": "",
              "resource": "pods/exec",
              "verb": "create"
            },
            {
              "apiGroup": "",
              "resource": "services",
              "verb": "create"
            },
            {
              "apiGroup": "",
              "resource": "services",
              "verb": "delete"
            },
            {
              "apiGroup": "apps",
              "resource": "deployments",
              "verb": "create"
            },
            {
              "apiGroup": "apps",
              "resource": "deployments",
              "verb": "delete"
            }
          ],
          "through": [
            "ClusterRole edit"
          ]
        },
        {
          "namespaces": [
            "dev"
          ],
          "rights": [
            {
              "apiGroup": "",
              "except": [
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "create"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "delete"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "get"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "list"
                },
                {
                  "apiGroup": "",
                  "resource": "pods",
                  "verb": "watch"
                }
              ],
              "resource": "pods",
              "verb": "*"
            }
          ],
          "through": [
            "Role developers"
          ]
        }
      ],
      "meanwhile": [],
      "still": [],
      "who": "user alice"
    }
    "#);
}

/// Twenty teams, each with people, rights in many namespaces, and what was there before.
#[test]
fn two_hundred_changes_can_be_read() {
    let mut file = String::from("clusterID: c\naccount: '111122223333'\ngroups:\n");
    let mut lines = String::from(CLUSTER);
    for team in 0..20 {
        file.push_str(&format!(
            "- name: team-{team}\n  users: [{}]\n  authorization:\n  - {{namespaces: ['team-{team}-*'], clusterRole: edit}}\n  \
             - {{clusterRole: {}}}\n",
            (0..4).map(|user| format!("u{team}-{user}")).collect::<Vec<_>>().join(", "),
            if team % 7 == 3 { "cluster-admin" } else { "view" },
        ));
        for place in 0..8 {
            lines.push_str(&format!("binding team-{team}-{place}/old = ClusterRole view > group:team-{team} [ours]\n"));
        }
    }
    let mut observed = cluster(&lines);
    for team in 0..20 {
        observed.namespaces.extend((0..8).map(|place| super::world::namespace(&format!("team-{team}-{place}"))));
    }
    observed.mappings.push(map(MappingTarget::AwsAuth, &AWS_AUTH, &[]));
    let plan = Scenario::new(&file, MappingTarget::AwsAuth, &observed).plan(&observed);
    assert!(plan.objects.len() > 200, "{}", plan.objects.len());
    assert_snapshot!(plain(&plan));
}

#[test]
fn names_cannot_hide_what_is_said() {
    let mut observed = observed();
    let name = "x\u{1b}[2K\r<img src=x>`*@all";
    for seen in &mut observed.bindings {
        if seen.object.name() == "legacy" {
            seen.object.set_name(name.into());
        }
    }
    let file = FILE
        .replace("  - {clusterRole: view}\n", "")
        .replace("[dev, ops], clusterRole: edit", "[dev], clusterRole: edit");
    let plan = Scenario::new(&file, MappingTarget::AwsAuth, &observed).plan(&observed);
    let said = plain(&plan);
    assert!(said.contains("x\u{fffd}[2K\u{fffd}<img src=x>`*@all"), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    let said = markdown(&plan);
    assert!(said.contains("x\u{fffd}\\[2K\u{fffd}&lt;img src=x&gt;`\\*&#64;all"), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
}
