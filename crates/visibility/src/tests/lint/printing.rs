//! Findings as text, JSON and SARIF.

use insta::assert_snapshot;
use inventory::Inputs;
use rbac::escalation::Severity;

use super::{cluster, now};
use crate::{
    World,
    lint::{lint, print},
    print::Segment,
};

const MANIFESTS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: kube-system}
rules:
- {apiGroups: [''], resources: [pods, pods/exec], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team, namespace: kube-system}
roleRef: {kind: Role, name: deployer}
subjects: [{kind: Group, name: developers}]
";

fn manifests() -> World {
    let mut given = Inputs::default();
    assert!(given.read("rbac.yaml", MANIFESTS.as_bytes()).expect("manifests"));
    World::new(given, None, now()).expect("readable")
}

fn text(world: &World, from: Severity) -> String {
    let report = lint(world, &[], now());
    print::text(&report, world.sources(), from).iter().map(Segment::text).collect()
}

#[test]
fn text_says_what_by_what_and_where() {
    assert_snapshot!(text(&manifests(), Severity::Info), @"
    Danger (1)
      RoleBinding kube-system/team → Role deployer (rbac.yaml:7)
        ! [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files; also by exec
            allowed: create pods, create pods/exec
            help: grant it in namespaces of their own that enforce Pod Security
            https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation

    1 danger, 0 warning, 0 info
    ");
}

#[test]
fn what_is_less_than_asked_for_is_counted() {
    let world = cluster("bind dev/lost lost User:ann\nrole flood = create configmaps\nbind flood flood User:ann");
    assert_snapshot!(text(&world, Severity::Warning), @"
    Warning (1)
      RoleBinding dev/lost → ClusterRole lost
        ~ [missing-role] RoleBinding dev/lost grants ClusterRole lost, which does not exist: whoever creates it decides what is granted
            help: remove the binding, or create the role
            https://kubernetes.io/docs/concepts/security/rbac-good-practices/#periodic-review

    0 danger, 1 warning, 1 info; `--severity info` shows all
    ");
    assert_snapshot!(text(&world, Severity::Danger), @"0 danger, 1 warning, 1 info; `--severity info` shows all");
}

#[test]
fn thousands_of_subjects_and_namespaces_can_be_read() {
    let mut lines = String::from("role start = create pods,pods/exec\nbind deployer cluster-admin SA:ns-3/deployer\n");
    for at in 0..500 {
        lines.push_str(&format!(
            "bind ns-{at}/all cluster-admin Group:everywhere\nbind ns-3/b-{at} edit User:user-{at}\n"
        ));
    }
    let text = text(&cluster(&lines), Severity::Warning);
    assert!(text.lines().count() < 300, "{}", text.lines().count());
    assert!(text.lines().all(|line| line.len() < 400));
    let few: Vec<&str> = text.lines().filter(|line| line.contains("everywhere") || line.contains("more")).collect();
    assert_snapshot!(few.join("\n"), @"
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
          allowed: impersonate serviceaccounts, create secrets, create serviceaccounts/token and 6 more
      ! [cluster-admin] Group everywhere can do everything in ns-3, and so act as ServiceAccount ns-3/deployer, which has every permission, like ClusterRole cluster-admin
    and 480 more of [impersonate]; `-o json` has them all
    and 496 more bindings
      ~ [cluster-admin] Group everywhere can do everything in 499 namespaces (ns-0, ns-1, ns-10, …)
    ");
}

#[test]
fn names_cannot_hide_what_is_said() {
    let said = text(&cluster("bind admins cluster-admin User:a\u{1b}[2K\rgood"), Severity::Warning);
    assert!(said.contains("User a\u{fffd}[2K\u{fffd}good has every permission"), "{said}");
}

#[test]
fn json_has_everything() {
    let world = manifests();
    let report = lint(&world, &[], now());
    let json = print::json(&report, world.sources(), world.gaps(), Severity::Info);
    assert_snapshot!(format!("{:#}", json["findings"][0]), @r#"
    {
      "code": "pods",
      "everywhere": false,
      "fix": "grant it in namespaces of their own that enforce Pod Security",
      "group": 0,
      "message": "Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files",
      "namespaces": [
        "kube-system"
      ],
      "others": [
        "exec"
      ],
      "paths": [
        {
          "binding": {
            "kind": "RoleBinding",
            "name": "team",
            "namespace": "kube-system"
          },
          "request": {
            "group": "",
            "name": "",
            "namespace": "kube-system",
            "resource": "pods",
            "subresource": "",
            "verb": "create"
          },
          "role": {
            "kind": "Role",
            "name": "deployer",
            "namespace": "kube-system"
          },
          "rule": {
            "apiGroups": [
              ""
            ],
            "resources": [
              "pods",
              "pods/exec"
            ],
            "verbs": [
              "create"
            ]
          },
          "written": {
            "column": 1,
            "file": "rbac.yaml",
            "line": 7
          }
        },
        {
          "binding": {
            "kind": "RoleBinding",
            "name": "team",
            "namespace": "kube-system"
          },
          "request": {
            "group": "",
            "name": "",
            "namespace": "kube-system",
            "resource": "pods",
            "subresource": "exec",
            "verb": "create"
          },
          "role": {
            "kind": "Role",
            "name": "deployer",
            "namespace": "kube-system"
          },
          "rule": {
            "apiGroups": [
              ""
            ],
            "resources": [
              "pods",
              "pods/exec"
            ],
            "verbs": [
              "create"
            ]
          },
          "written": {
            "column": 1,
            "file": "rbac.yaml",
            "line": 7
          }
        }
      ],
      "principals": [],
      "reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
      "severity": "danger",
      "subject": {
        "kind": "Group",
        "name": "developers"
      },
      "written": {
        "column": 1,
        "file": "rbac.yaml",
        "line": 7
      }
    }
    "#);
    assert_eq!(json["incomplete"], true);
}

/// SARIF's own schema, as types.
#[test]
fn sarif_points_into_manifests() {
    let world = manifests();
    let json =
        print::sarif(&lint(&world, &[], now()), &world, world.sources(), "manifests", world.gaps(), Severity::Info);
    let sarif: serde_sarif::sarif::Sarif = serde_json::from_value(json.clone()).expect("SARIF 2.1.0");
    assert_eq!(serde_json::to_value(&sarif).expect("JSON"), json);
    // Manifests are not all of a cluster, which is said, and no failure.
    let invocation = &json["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let said = invocation["toolExecutionNotifications"].as_array().expect("what is not known");
    assert!(
        said.iter().any(|one| one["message"]["text"].as_str().is_some_and(|text| text.starts_with("incomplete: ")))
    );
    assert_snapshot!(format!("{:#}", json["runs"][0]["results"][0]), @r#"
    {
      "level": "error",
      "locations": [
        {
          "physicalLocation": {
            "artifactLocation": {
              "uri": "rbac.yaml"
            },
            "region": {
              "endColumn": 44,
              "endLine": 11,
              "startColumn": 1,
              "startLine": 7
            }
          }
        }
      ],
      "message": {
        "text": "Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files; also by exec, by RoleBinding kube-system/team (grant it in namespaces of their own that enforce Pod Security)"
      },
      "relatedLocations": [],
      "ruleId": "pods"
    }
    "#);
}

/// GitHub takes no file at all in which one result is at no physical location.
#[test]
fn sarif_has_a_file_for_everything_that_is_found() {
    let sarif = |world: &World| {
        let report = lint(world, &[], now());
        let json = print::sarif(&report, world, world.sources(), "dumps/all.json", world.gaps(), Severity::Info);
        let sarif: serde_sarif::sarif::Sarif = serde_json::from_value(json.clone()).expect("SARIF 2.1.0");
        assert_eq!(serde_json::to_value(&sarif).expect("JSON"), json);
        json["runs"][0]["results"].as_array().expect("results").clone()
    };
    let place = |result: &serde_json::Value| {
        let physical = &result["locations"][0]["physicalLocation"];
        let line = &physical["region"]["startLine"];
        format!("{} {}:{line}", result["ruleId"], physical["artifactLocation"]["uri"]).replace('"', "")
    };
    // Of a cluster, nothing stands in a file.
    let of_cluster = sarif(&cluster(
        "bind admins cluster-admin User:ann\nrole flood = create configmaps\nbind flood flood User:ben",
    ));
    let levels: Vec<&str> = of_cluster.iter().map(|result| result["level"].as_str().expect("a level")).collect();
    assert_eq!(levels, ["error", "note"]);
    assert_eq!(
        of_cluster.iter().map(place).collect::<Vec<_>>(),
        ["cluster-admin cluster.json:1", "flood cluster.json:1"]
    );
    assert_eq!(
        of_cluster[0]["locations"][0]["logicalLocations"],
        serde_json::json!([{"fullyQualifiedName": "ClusterRoleBinding admins", "kind": "resource"}])
    );

    // A login stands in a file of which the text is known, or not.
    let mut of_file = Inputs::default();
    let access = "clusterID: c\naccount: '111122223333'\ngroups:\n- {name: 'system:masters', accept: {access.system-name: they run it},\n   \
                  users: [root-like]}\n";
    assert!(of_file.read("team/access.yaml", access.as_bytes()).expect("an access file"));
    let of_file = sarif(&World::new(of_file, None, now()).expect("readable"));
    assert_eq!(of_file.iter().map(place).collect::<Vec<_>>(), ["masters team/access.yaml:5"]);
    let map = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/ann', username: ann, groups: ['system:masters']}\n"}});
    let mut of_map = Inputs::default();
    assert!(of_map.read("dumps/kube-system.json", map.to_string().as_bytes()).expect("a ConfigMap"));
    let of_map = sarif(&World::new(of_map, None, now()).expect("readable"));
    let masters: Vec<String> = of_map.iter().map(place).filter(|place| place.starts_with("masters ")).collect();
    assert_eq!(masters, ["masters dumps/kube-system.json:1"]);

    // Of several dumps it is the one that has the binding, in whatever order they were given.
    let dump = |name: &str, user: &str| {
        let binding = serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name, "resourceVersion": "1"}, "subjects": [{"kind": "User", "name": user}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}});
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [binding]}).to_string()
    };
    let (first, second) = (("dumps/one.json", dump("ann", "ann")), ("dumps/two.json", dump("ben", "ben")));
    for texts in [[&first, &second], [&second, &first]] {
        let mut given = Inputs::default();
        for (name, text) in texts {
            assert!(given.read(name, text.as_bytes()).expect("a dump"));
        }
        let found = sarif(&World::new(given, None, now()).expect("readable"));
        assert_eq!(
            found.iter().map(place).collect::<Vec<_>>(),
            ["cluster-admin dumps/one.json:1", "cluster-admin dumps/two.json:1"]
        );
    }
}
