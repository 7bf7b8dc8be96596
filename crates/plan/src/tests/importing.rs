//! What is imported means what there was.

use access::Facts;
use identity::Partition;
use insta::assert_snapshot;
use inventory::{AccessEntries, Inputs, MappingTarget, Observed};
use proptest::prelude::*;

use super::{
    printing,
    world::{Scenario, cluster, map},
};
use crate::{Allowed, Imported, Subject, import, print::text, tests::now};

fn live(config: &str, lines: &str) -> Observed {
    let mut observed = cluster(lines);
    observed.mappings.push(map(MappingTarget::ConfigMap, &[("config.yaml", config)], &[]));
    observed
}

fn imported(observed: &Observed, cluster_id: &str, facts: &Facts) -> Imported {
    import(&Subject { observed, cluster_id, untold: &[], facts, now: now() })
}

/// What planning the imported file on the untouched cluster changes for people.
fn changes(observed: &Observed, file: &str, target: MappingTarget) -> Vec<String> {
    let mut asked = Scenario::new(file, target, observed);
    asked.facts.permission_sets = permission_sets().permission_sets;
    let plan = asked.plan(observed);
    let changed = plan.people.iter().filter(|person| {
        let names = [&person.before, &person.after].map(|login| login.as_ref().map(|login| &login.username));
        names[0] != names[1] || !person.known_rights().is_empty()
    });
    changed.map(|person| format!("{person:?}")).collect()
}

/// As if IAM had been asked for the roles of the permission sets that the tests name.
fn permission_sets() -> Facts {
    let mut facts = Facts::default();
    for (set, role) in [("set", "Set"), ("devaccess", "DevAccess")] {
        for account in ["111122223333", "444455556666"] {
            let role = format!("aws-reserved/sso.amazonaws.com/AWSReservedSSO_{role}_0123456789abcdef");
            facts.permission_sets.insert((account.parse().expect("an account"), set.to_owned()), role);
        }
    }
    facts
}

const CONFIG: &str = "\
clusterID: c
server:
  mapRoles:
  - {rolearn: arn:aws:iam::111122223333:role/ops/Deployer, username: 'deploy:{{SessionName}}', groups: [developers]}
  - {rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_DevAccess_0123456789abcdef, username: 'DevAccess:{{SessionName}}', groups: [developers, viewers]}
  - {rolearn: arn:aws:iam::111122223333:role/Node, username: 'system:node:{{EC2PrivateDNSName}}', groups: [system:bootstrappers, system:nodes]}
  - {rolearn: arn:aws:iam::444455556666:role/Admin, username: admin, groups: [system:masters]}
  - {rolearn: arn:aws:iam::111122223333:role/Breakglass, username: admin, groups: [system:masters]}
  - {rolearn: arn:aws:iam::111122223333:role/Loose, username: '{{SessionName}}', groups: [developers]}
  mapUsers:
  - {userarn: arn:aws:iam::111122223333:user/ops/Bob, username: Bob, groups: [developers, unbound]}
  - {userarn: arn:aws:iam::111122223333:user/alice, username: alice@example.com, groups: [developers, cluster-admin]}
  - {userarn: arn:aws:iam::111122223333:user/nobody, username: nobody, groups: [unbound]}
  mapAccounts: ['777788889999']
";

const LINES: &str = "
role view = get,list pods
role edit = create pods
role cluster-admin = * *.*
role dev/developers = get,list pods deployments.apps; get secrets:one
role dev/release = create jobs.batch
binding dev/developers-binding = Role developers > group:developers
binding dev/release = Role release > group:developers
binding ops/devs-edit = ClusterRole edit > group:developers group:others
binding dev/devs-edit = ClusterRole edit > group:developers
binding see-all = ClusterRole view > group:viewers
binding cluster-admin-binding = ClusterRole cluster-admin > group:cluster-admin
binding dev/direct = ClusterRole edit > user:Bob
";

/// Whoever logs in today logs in by the file, and nobody else: a left-over `aws-auth` that no server asks lets nobody in.
#[test]
fn what_no_server_asks_is_left_and_said() {
    let mut observed = live(
        "clusterID: c\nserver: {backendMode: [MountedFile]}\n",
        "binding see = ClusterRole view > group:devs\nrole view = get pods",
    );
    let erin = "- {userarn: 'arn:aws:iam::111122223333:user/erin', username: erin, groups: ['system:masters']}";
    let mut left_over = map(MappingTarget::AwsAuth, &[("mapUsers", erin)], &[]);
    left_over.is_asked = false;
    observed.mappings.push(left_over);
    observed.modes = Some(vec![mapping::BackendMode::MountedFile]);
    let imported = imported(&observed, "c", &Facts::default());
    assert!(!imported.text.contains("erin"), "{}", imported.text);
    let left: Vec<String> = imported.left.iter().map(|left| format!("{} {}", left.what.what, left.why)).collect();
    let left = left.join("\n");
    assert!(left.contains("user/erin") && left.contains("backend mode is MountedFile"), "{left}");
}

#[test]
fn a_file_that_a_person_would_have_written() {
    let observed = live(CONFIG, LINES);
    let imported = imported(&observed, "prod.example.com", &permission_sets());
    assert_snapshot!(imported.text, @r#"
    clusterID: prod.example.com
    account: "111122223333"

    groups:
    - name: cluster-admin
      users:
      - {name: alice, username: "alice@example.com"}
    - name: developers
      users: [alice, ops/Bob]
      roles:
      - {name: ops/Deployer, username: "deploy:{{SessionName}}"}
      permissionSets: [DevAccess]
      authorization:
      - namespace: dev
        rules:
        - {apiGroups: [""], resources: [pods], verbs: [get, list]}
        - {apiGroups: [apps], resources: [deployments], verbs: [get, list]}
        - {apiGroups: [""], resources: [secrets], resourceNames: [one], verbs: [get]}
      - {namespaces: [dev, ops], clusterRole: edit}
      - {namespace: dev, role: release}
    - name: "system:masters"
      roles:
      - {name: Breakglass, username: admin}
      accept: {access.system-name: "imported: nothing can take this group's rights away"}
    - name: viewers
      permissionSets: [DevAccess]
      authorization:
      - {clusterRole: view}

    nodes:
    - roles: [Node]

    # Not in this file:
    # - arn:aws:iam::111122223333:role/Loose (mapRoles[5] of configmap): `{{SessionName}}` needs a colon before it, as EKS has it too: whoever assumes the role chooses the session's name, and could take somebody else's username
    # - arn:aws:iam::111122223333:user/nobody (mapUsers[2] of configmap): none of its groups is bound to anything
    # - arn:aws:iam::444455556666:role/Admin (mapRoles[3] of configmap): `admin` would be two principals' username
    # - everybody in 777788889999 (mapAccounts of configmap): an access file names people, not whole accounts
    # - the group unbound of arn:aws:iam::111122223333:user/ops/Bob (mapUsers[0] of configmap): no binding names it, so it is left out
    "#);
    let careful: Vec<String> = imported.careful.iter().map(|left| left.what.to_string()).collect();
    assert_eq!(careful, ["arn:aws:iam::111122223333:role/ops/Deployer (mapRoles[0] of configmap)"]);
    let superseded: Vec<String> = imported.superseded.iter().map(ToString::to_string).collect();
    assert_eq!(superseded, ["ClusterRoleBinding see-all", "RoleBinding dev/devs-edit", "RoleBinding dev/release"]);
    let file = imported.text.replace("prod.example.com", "c");
    assert_eq!(changes(&observed, &file, MappingTarget::ConfigMap), [""; 0]);
}

/// As `aws eks` prints them: who, their username, and where AmazonEKSViewPolicy holds for them.
fn eks(rows: &[(&str, &str, &[&str])]) -> AccessEntries {
    let mut entries = AccessEntries::default();
    let mut read =
        |value: serde_json::Value| entries.read(value.to_string().as_bytes()).expect("what `aws eks` prints");
    let arn = |who: &str| format!("arn:aws:iam::111122223333:{who}");
    read(serde_json::json!({"accessEntries": rows.iter().map(|(who, ..)| arn(who)).collect::<Vec<_>>()}));
    for (who, username, namespaces) in rows {
        let entry = serde_json::json!({"principalArn": arn(who), "kubernetesGroups": ["viewers"], "username": username, "type": "STANDARD"});
        read(serde_json::json!({"accessEntry": entry}));
        let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
        let scope = serde_json::json!({"type": "namespace", "namespaces": namespaces});
        let all = if namespaces.is_empty() {
            Vec::new()
        } else {
            vec![serde_json::json!({"policyArn": policy, "accessScope": scope})]
        };
        read(serde_json::json!({"principalArn": arn(who), "associatedAccessPolicies": all}));
    }
    entries
}

fn imported_of_eks(rows: &[(&str, &str, &[&str])]) -> Imported {
    let mut observed = cluster("role view = get pods\nbinding see = ClusterRole view > group:viewers\n");
    let namespace = |name: &str| access::Namespace { name: name.into(), labels: [].into() };
    observed.namespaces = ["kube-public", "kube-system", "shop"].map(namespace).to_vec();
    observed.entries = eks(rows);
    imported(&observed, "c", &Facts::default())
}

#[test]
fn access_entries_have_the_usernames_that_eks_gives_and_takes() {
    let imported = imported_of_eks(&[
        ("role/Ops", "arn:aws:sts::111122223333:assumed-role/Ops/{{SessionName}}", &[]),
        ("role/Raw", "ops:{{AccountID}}-{{SessionNameRaw}}", &[]),
        ("role/Key", "{{AccessKeyID}}", &[]),
        ("user/alice", "arn:aws:iam::111122223333:user/alice", &[]),
        ("role/Dash", "{{AccountID}}-{{SessionName}}", &[]),
        ("role/Behind", "{{SessionName}}:f", &[]),
    ]);
    assert_snapshot!(imported.text, @r#"
    clusterID: c
    account: "111122223333"

    groups:
    - name: viewers
      users:
      - {name: alice, username: "arn:aws:iam::111122223333:user/alice"}
      roles:
      - {name: Key, username: "{{AccessKeyID}}"}
      - {name: Ops, username: "arn:aws:sts::111122223333:assumed-role/Ops/{{SessionName}}"}
      - {name: Raw, username: "ops:{{AccountID}}-{{SessionNameRaw}}"}
      authorization:
      - {clusterRole: view}

    # Not in this file:
    # - arn:aws:iam::111122223333:role/Behind (accessEntry): `{{SessionName}}` needs a colon before it, as EKS has it too: whoever assumes the role chooses the session's name, and could take somebody else's username
    # - arn:aws:iam::111122223333:role/Dash (accessEntry): `{{SessionName}}` needs a colon before it, as EKS has it too: whoever assumes the role chooses the session's name, and could take somebody else's username
    "#);
}

#[test]
fn globs_of_access_policies_are_globs_of_the_file_and_what_those_do_not_match_is_named() {
    let imported = imported_of_eks(&[("role/Shop", "shop", &["sh*"]), ("role/All", "all", &["*", "dev"])]);
    let of_groups: Vec<&str> = imported.text.lines().filter(|line| line.contains("namespace")).collect();
    assert_eq!(
        of_groups,
        [
            "  - {namespaces: [\"*\", dev, kube-public, kube-system], clusterRole: view}",
            "  - {namespaces: [\"sh*\"], clusterRole: view}"
        ]
    );
    assert!(imported.left.is_empty(), "{:?}", imported.left);
    let careful: Vec<String> = imported
        .careful
        .iter()
        .map(|left| format!("{}: {}", left.what, left.why))
        .filter(|text| text.contains("EKS follows"))
        .collect();
    assert_eq!(
        careful,
        ["`*`", "`sh*`"].map(|glob| {
            let group = if glob == "`*`" { "eks-view-any-dev" } else { "eks-view-shany" };
            format!(
                "the access policy AmazonEKSViewPolicy in {glob}: EKS follows it for later namespaces too; the group {group} covers those that there are when the file is applied, and of kube-* and cluster-auth only the ones that are named"
            )
        })
    );
}

#[test]
fn a_group_that_the_caller_chooses_is_left_with_whom_it_reaches() {
    let lines = "role view = get pods\n\
        binding all = ClusterRole view > group:devs group:team-ab group:of-111122223333\n";
    let entries = "- {rolearn: arn:aws:iam::111122223333:role/Any, username: any, groups: [devs, 'team-{{SessionName}}']}\n\
        - {rolearn: arn:aws:iam::111122223333:role/Boss, username: boss, groups: ['system:{{SessionName}}']}\n\
        - {rolearn: arn:aws:iam::111122223333:role/None, username: none, groups: [devs, 'x-{{SessionName}}']}\n\
        - {rolearn: arn:aws:iam::111122223333:role/Of, username: of, groups: ['of-{{AccountID}}']}\n";
    let mut observed = cluster(lines);
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapRoles", entries)], &[]));
    let imported = imported(&observed, "c", &Facts::default());
    assert_snapshot!(imported.text, @r#"
    clusterID: c
    account: "111122223333"

    groups:
    - name: devs
      roles:
      - {name: None, username: none}
      authorization:
      - {clusterRole: view}
    - name: of-111122223333
      roles:
      - {name: Of, username: of}
      authorization:
      - {clusterRole: view}

    # Not in this file:
    # - arn:aws:iam::111122223333:role/Any (mapRoles[0] of aws-auth): which group they are in goes by the name of their session, so they may choose to be in team-ab; a file has no such groups
    # - arn:aws:iam::111122223333:role/Boss (mapRoles[1] of aws-auth): which group they are in goes by the name of their session, so they may choose to be in system:masters; a file has no such groups
    # - the group x-{{SessionName}} of arn:aws:iam::111122223333:role/None (mapRoles[2] of aws-auth): no binding names it, so it is left out
    "#);
    assert_eq!(changes(&observed, &imported.text, MappingTarget::AwsAuth), [""; 0]);
}

#[test]
fn what_the_file_does_not_say_is_not_superseded() {
    let lines = "role cluster-admin = * *.*\nrole view = get pods\n\
        binding cluster-admin = ClusterRole cluster-admin > group:system:masters\n\
        binding both = ClusterRole view > group:viewers group:system:masters\n\
        binding named = ClusterRole view > group:viewers user:erin\n\
        binding only = ClusterRole view > group:viewers\n";
    let config = "clusterID: c\nserver:\n  mapUsers:\n  \
        - {userarn: arn:aws:iam::111122223333:user/carol, username: carol, groups: [viewers, system:masters]}\n";
    let imported = imported(&live(config, lines), "c", &Facts::default());
    let superseded: Vec<String> = imported.superseded.iter().map(ToString::to_string).collect();
    assert_eq!(superseded, ["ClusterRoleBinding only"]);
}

#[test]
fn the_plan_of_an_import_says_what_it_takes_over() {
    let observed = printing::observed();
    let imported = imported(&observed, "c", &Facts::default());
    let plan = Scenario::new(&imported.text, MappingTarget::AwsAuth, &observed).plan(&observed);
    let said: String = text(&plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(!said.contains("Who gains") && !said.contains("Who loses"), "{said}");
}

/// Logins as people write them, some of which no file can say.
fn mapping() -> impl Strategy<Value = String> {
    let arn = "user/(u|v|ops/W)|role/(R|ops/Q|AWSReservedSSO_Set_0123456789abcdef|AWSReservedSSO_Set_fedcba9876543210)";
    let username = "u|v|W|x|R:\\{\\{SessionName\\}\\}|R:u|\\{\\{SessionName\\}\\}|system:x|t:\\{\\{SessionName\\}\\}|arn:aws:sts::111122223333:assumed-role/R/(\\{\\{SessionName\\}\\}|u)|\\{\\{AccessKeyID\\}\\}|\\{\\{AccountID\\}\\}(:|-)\\{\\{SessionName\\}\\}|111122223333:u";
    let group = "a|b|s|system:masters|system:nodes|no|(x|of-\\{\\{AccountID\\}\\}|system:)\\{\\{SessionName\\}\\}|of-\\{\\{AccountID\\}\\}";
    let entry = (arn, username, prop::collection::btree_set(group, 0..3), prop::bool::ANY);
    prop::collection::vec(entry, 0..6).prop_map(|entries| {
        let mut lists = [String::new(), String::new()];
        for (arn, username, groups, other) in entries {
            let (list, key) = if arn.starts_with("role") { (0, "rolearn") } else { (1, "userarn") };
            let groups: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
            let account = if other { "444455556666" } else { "111122223333" };
            lists[list].push_str(&format!(
                "  - {{{key}: 'arn:aws:iam::{account}:{arn}', username: '{username}', groups: [{}]}}\n",
                groups.join(", ")
            ));
        }
        let [roles, users] = lists;
        let list = |key: &str, text: String| if text.is_empty() { text } else { format!("  {key}:\n{text}") };
        format!("clusterID: c\nserver:\n  port: 1\n{}{}", list("mapRoles", roles), list("mapUsers", users))
    })
}

fn lines() -> impl Strategy<Value = String> {
    let place = prop_oneof![Just(""), Just("dev/"), Just("kube-system/")];
    let subjects =
        prop::collection::vec("(group:(a|b|s|xab|of-111122223333|of-111122223333-ab|system:nodes)|user:(u|W))", 1..3);
    let binding = (place, "p|q|r|[ab]-binding", "view|a|b|no", "Role|ClusterRole", subjects);
    prop::collection::vec(binding, 0..8).prop_map(|bindings| {
        let mut lines = String::from(
            "role view = get pods; get /healthz\nrole a = * pods\nrole b = get secrets:one\nrole no = list pods\n\
             role dev/a = create pods; get,list on.apps 1e3.true:no\nrole dev/b = * *.*\nrole kube-system/a = get pods\n",
        );
        let mut seen = std::collections::BTreeSet::new();
        for (place, name, role, kind, subjects) in bindings {
            let kind = if place.is_empty() { "ClusterRole" } else { &kind };
            if seen.insert(format!("{place}{name}")) {
                lines.push_str(&format!("binding {place}{name} = {kind} {role} > {}\n", subjects.join(" ")));
            }
        }
        lines
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_import_gives_nobody_anything_and_takes_nothing(lines in lines(), mapping in mapping()) {
        let observed = live(&mapping, &lines);
        let imported = imported(&observed, "c", &permission_sets());
        let is_blank = observed.mappings.iter().all(|live| live.source.is_blank());
        prop_assert_eq!(imported.text.is_empty(), is_blank, "{:?}", imported.left);
        if is_blank {
            return Ok(());
        }
        for target in [MappingTarget::ConfigMap, MappingTarget::AccessFile, MappingTarget::None] {
            let changes = changes(&observed, &imported.text, target);
            prop_assert!(changes.is_empty(), "{}\n{changes:?}", imported.text);
        }
    }
}

#[test]
fn access_entries_that_eks_does_not_look_at_are_left_by_name() {
    let mut entries = eks(&[("user/erin", "erin", &[])]);
    entries.set_mode(inventory::AuthenticationMode::ConfigMap);
    let observed = Observed { entries, ..cluster("role view = get pods\n") };
    let said: Vec<String> = imported(&observed, "c", &Facts::default())
        .left
        .iter()
        .map(|left| format!("{}: {}", left.what, left.why))
        .collect();
    let expected = "1 EKS access entry (arn:aws:iam::111122223333:user/erin): EKS does not read them, because its authentication mode is CONFIG_MAP";
    assert_eq!(said, [expected]);
}

#[test]
fn what_eks_does_not_ask_is_left_by_name() {
    let entry =
        "server:\n  mapUsers:\n  - {userarn: 'arn:aws:iam::111122223333:user/zoe', username: zoe, groups: [viewers]}\n";
    let mut observed = live(entry, "role view = get pods\nbinding see = ClusterRole view > group:viewers\n");
    assert!(imported(&observed, "c", &Facts::default()).text.contains("users: [zoe]"), "no cluster of EKS");
    observed.entries = eks(&[("user/erin", "erin", &[])]);
    let imported = imported(&observed, "c", &Facts::default());
    assert!(imported.text.contains("users: [erin]"), "{}", imported.text);
    let said: Vec<String> = imported.left.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
    let expected = "1 login of the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator \
                    (arn:aws:iam::111122223333:user/zoe): EKS reads only access entries and aws-auth";
    assert_eq!(said, [expected]);
}

/// Everything of a file in which there are namespaces, logins and RBACDefinitions.
fn imported_of_definition(more: &str) -> (Observed, Imported) {
    let namespace = |name: &str, team: &str| {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, resourceVersion: '1', labels: {{team: {team}}}}}}}"
        )
    };
    let teams = [("shop", "a"), ("bay", "a"), ("kube-x", "a"), ("far", "b"), ("default", "b"), ("kube-system", "b")];
    let namespaces = teams.map(|(name, team)| namespace(name, team));
    let list =
        format!("apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: ''}}\nitems: [{}]\n", namespaces.join(", "));
    let definition = "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\nmetadata: {name: def}\nrbacBindings:\n\
        - name: devs\n  subjects: [{kind: Group, name: devs}]\n  roleBindings:\n\
        \x20 - {clusterRole: edit, namespaceSelector: {matchLabels: {team: a}}}\n\
        \x20 - {clusterRole: edit, namespace: far}\n\
        \x20 - clusterRole: view\n    namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [c, d]}, {key: old, operator: DoesNotExist}]}\n\
        \x20 - {clusterRole: admin, namespaceSelector: {matchLabels: {}}}\n";
    let logins = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: |\n    - {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [devs]}\n";
    let mut given = Inputs::default();
    for (name, text) in
        [("list.yaml", &*list), ("def.yaml", definition), ("aws-auth.yaml", logins), ("more.yaml", more)]
    {
        assert!(text.is_empty() || given.read(name, text.as_bytes()).expect(name), "{name}");
    }
    let observed = given.dump.observed(MappingTarget::AwsAuth, Partition::Aws, now());
    let imported = imported(&observed, "c", &Facts::default());
    (observed, imported)
}

#[test]
fn namespaces_that_an_rbac_definition_chooses_by_labels_are_chosen_by_the_file() {
    let (observed, imported) = imported_of_definition("");
    assert_snapshot!(imported.text, @r#"
    clusterID: c
    account: "111122223333"

    groups:
    - name: devs
      users: [alice]
      authorization:
      - {namespaces: [bay, default, far, kube-system, kube-x, shop], clusterRole: admin}
      - {namespaces: [far, kube-x], clusterRole: edit}
      - {namespaceSelector: {matchLabels: {team: a}}, clusterRole: edit}
      - {namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [c, d]}, {key: old, operator: DoesNotExist}]}, clusterRole: view}
    "#);
    let careful: Vec<String> = imported.careful.iter().map(|left| left.what.to_string()).collect();
    assert_eq!(
        careful,
        [
            "the namespaces that the RBACDefinition def chooses by labels (def.yaml:8)",
            "the namespaces that the RBACDefinition def chooses by labels (def.yaml:10)"
        ]
    );
    assert_eq!(changes(&observed, &imported.text, MappingTarget::AwsAuth), [""; 0]);
    // What rbac-manager made is not as the definition says: then the file says what is there.
    let other = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: def-devs-edit, namespace: shop, resourceVersion: '7'}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}\n\
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: eve}]\n";
    let (observed, imported) = imported_of_definition(other);
    assert!(imported.text.contains("namespaces: [bay, far, kube-x], clusterRole: edit"), "{}", imported.text);
    assert_eq!(changes(&observed, &imported.text, MappingTarget::AwsAuth), [""; 0]);
}

/// A file without people says that nobody is to log in: where nobody was found there is none.
#[test]
fn where_no_place_names_anybody_there_is_no_file() {
    let mut api = cluster(LINES);
    api.mappings.push(map(
        MappingTarget::AwsAuth,
        &[("mapUsers", "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [developers]}")],
        &[],
    ));
    let mut entries = AccessEntries::default();
    for answer in [
        serde_json::json!({"accessEntries": []}),
        serde_json::json!({"cluster": {"name": "c", "accessConfig": {"authenticationMode": "API"}}}),
    ] {
        entries.read(answer.to_string().as_bytes()).expect("what `aws eks` prints");
    }
    api.entries = entries;
    let unbound =
        "  mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [nothing-is-bound]}]";
    let rows = [
        ("no place at all", cluster(LINES), None),
        ("a place with nothing in it", live("clusterID: c", LINES), None),
        ("a place that EKS does not look at", api, None),
        (
            "somebody who is left out, and named",
            live(&format!("clusterID: c\nserver:\n{unbound}"), LINES),
            Some("user/x"),
        ),
    ];
    for (name, observed, expected) in rows {
        let imported = imported(&observed, "c", &Facts::default());
        match expected {
            None => assert_eq!(imported.text, "", "{name}"),
            Some(named) => assert!(
                imported.text.contains("groups: []") && imported.text.contains(named),
                "{name}: {}",
                imported.text
            ),
        }
    }
}

#[test]
fn what_files_of_other_programs_say_and_no_access_file_stands_in_it() {
    let observed = live(CONFIG, LINES);
    let untold = [inventory::Unseen::new("cluster.yaml:7", "nodeGroups: eksctl lets in machines")];
    let facts = permission_sets();
    let imported =
        import(&Subject { observed: &observed, cluster_id: "c", untold: &untold, facts: &facts, now: now() });
    let (_, left) = imported.text.split_once("\n# Not in this file:\n").expect("what is left");
    assert!(left.contains("# - cluster.yaml:7: nodeGroups: eksctl lets in machines\n"), "{left}");
}
