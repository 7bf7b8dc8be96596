//! What is looked at beside escalations, and the principals behind what is found.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::{cluster, found, given, now, said};
use crate::{
    World,
    lint::{checks, lint},
};

/// A world for each, with what is just not found.
const WORLDS: &[&str] = &[
    // masters, masters-binding, chosen-username
    "aws-auth arn:aws:iam::111122223333:role/Admin admin:{{SessionName}} system:masters
     aws-auth arn:aws:iam::111122223333:role/Dev {{SessionName}} developers
     aws-auth arn:aws:iam::111122223333:role/Fine fine:{{SessionName}} developers
     aws-auth arn:aws:iam::111122223333:role/Groups groups:{{SessionName}} team-{{SessionName}}
     aws-auth arn:aws:iam::111122223333:role/System system:{{SessionName}} developers
     aws-auth arn:aws:iam::111122223333:role/Node system:node:{{EC2PrivateDNSName}} system:nodes
     aws-auth arn:aws:iam::111122223333:role/Fargate system:node:{{SessionName}} system:nodes
     bind dev/masters view Group:system:masters",
    // unknown-user, unknown-group
    "aws-auth arn:aws:iam::111122223333:role/Dev dev:{{SessionName}} developers
     bind dev/team view Group:developers Group:gone User:dev:alice User:bob User:system:kube-proxy Group:system:nodes",
    // anonymous, everybody
    "role hello = get pods
     role kubeadm:bootstrap-signer-clusterinfo = get configmaps:cluster-info
     bind kube-public/kubeadm:bootstrap-signer-clusterinfo kube-public/kubeadm:bootstrap-signer-clusterinfo User:system:anonymous
     role kube-public/kubeadm:bootstrap-signer-clusterinfo = get configmaps:cluster-info
     role system:discovery = get pods
     bind system:discovery system:discovery Group:system:authenticated
     bind hello hello Group:system:unauthenticated User:system:anonymous Group:system:serviceaccounts
     bind dev/hello hello Group:system:authenticated Group:system:serviceaccounts:dev",
    // missing-role
    "role dev/there = get pods
     bind dev/there dev/there User:ann
     bind dev/lost dev/lost User:ann
     bind ops/view view User:ann
     bind ops/nowhere nowhere User:ann User:ben
     bind nowhere nowhere Group:team",
    // cloud-role, node-files
    "namespace payments pod-security.kubernetes.io/enforce=restricted
     namespace shop
     namespace lab pod-security.kubernetes.io/enforce=privileged
     account payments/web arn:aws:iam::111122223333:role/Payments
     bind payments/team edit Group:developers
     bind shop/team edit Group:developers
     bind lab/team edit Group:developers
     bind elsewhere/team edit Group:developers
     bind payments/view view Group:lookers
     bind payments/self edit SA:payments/web",
    // many-roles, many-subjects
    "role a = get pods
     role b = get pods
     role c = get pods
     role d = get pods
     bind dev/a a Group:one Group:two Group:three Group:four Group:five
     bind dev/b b Group:one Group:two
     bind ops/c c Group:one Group:two
     bind d d Group:one
     bind ops/all a Group:two Group:three Group:four Group:five",
    // object-twice
    "role dev/r = get pods
     role dev/s = get pods
     role dev/s = get pods
     role dev/r = list pods",
];

#[test]
fn each_is_found_and_what_is_alike_is_not() {
    assert_snapshot!(WORLDS.iter().map(|lines| found(lines)).collect::<Vec<_>>().join("\n"), @"
    danger [chosen-username] whoever assumes arn:aws:iam::111122223333:role/Groups is in the group `team-{{SessionName}}`, which they choose (EKSConfigMap mapRoles[3] (cluster.json:1))
    danger [chosen-username] whoever assumes arn:aws:iam::111122223333:role/System is the user `system:{{SessionName}}`, and so whatever part of Kubernetes they choose (EKSConfigMap mapRoles[4] (cluster.json:1))
    danger [masters] arn:aws:iam::111122223333:role/Admin logs in as a member of system:masters, by EKSConfigMap mapRoles[0] (cluster.json:1): the API server allows the group everything, and removing bindings has no effect
    warning [chosen-username] whoever assumes arn:aws:iam::111122223333:role/Dev is the user `{{SessionName}}`, and so whatever user bindings name (EKSConfigMap mapRoles[1] (cluster.json:1))
    info [masters-binding] Group system:masters holds ClusterRole view by RoleBinding dev/masters, and removing it has no effect: the API server allows the group everything before it asks RBAC

    warning [unknown-user] User bob is bound, and no mapping gives this username: whoever is given it inherits its permissions
    info [many-subjects] bindings name five subjects or more in dev
    info [unknown-group] Group gone is bound, and no mapping gives this group: whoever is put into it inherits its permissions

    warning [anonymous] User system:anonymous holds ClusterRole hello by ClusterRoleBinding hello, so whoever reaches the API server has it
    warning [everybody] Group system:authenticated holds ClusterRole hello by RoleBinding dev/hello, so everybody of them has it
    warning [everybody] Group system:serviceaccounts holds ClusterRole hello by ClusterRoleBinding hello, so everybody of them has it
    warning [everybody] Group system:serviceaccounts:dev holds ClusterRole hello by RoleBinding dev/hello, so everybody of them has it
    warning [anonymous] Group system:unauthenticated holds ClusterRole hello by ClusterRoleBinding hello, so whoever reaches the API server has it

    warning [missing-role] ClusterRoleBinding nowhere and 1 more grant ClusterRole nowhere, which does not exist: whoever creates it decides what is granted
    warning [missing-role] RoleBinding dev/lost grants Role lost, which does not exist: whoever creates it decides what is granted

    warning [cloud-role] Group developers can create tokens for service accounts in payments, and so use the AWS role arn:aws:iam::111122223333:role/Payments of ServiceAccount payments/web
    info [node-files] Group developers can start pods under any service account in lab and shop, where no Pod Security level keeps them from the node's files
    info [cloud-role] ServiceAccount payments/web acts in AWS as arn:aws:iam::111122223333:role/Payments, and so does whoever runs pods as it

    info [many-subjects] bindings name five subjects or more in dev and ops
    info [many-roles] Group one is bound to 4 roles (a, b, c, d)

    warning [object-twice] Role dev/r (cluster.json:1 and cluster.json:1): it is there twice, with different content; the later one counts here, cluster.json:1
    ");
}

/// An `aws-auth` as years of hands leave it.
const MESSY: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - {rolearn: 'arn:aws:iam::111122223333:role/team/Dev', username: dev, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: ops, groups: devs}
    - {rolearn: 'arn:aws:iam::111122223333:role/Nameless', groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: ops, groups: [devs]}
  mapUsers: |
    - {userarn: 'arn:aws:iam::111122223333:user/ann', username: ann, groups: [devs]}
    - {userarn: 'arn:aws:iam::111122223333:user/ANN', username: boss, groups: [devs]}
  mapAccounts: |
    - '111122223333
  maprole: |
    []
";

fn messy() -> World {
    let mut given = inventory::Inputs::default();
    given.read("aws-auth.yaml", MESSY.as_bytes()).expect("readable");
    World::new(given, None, now()).expect("a world")
}

#[test]
fn what_is_not_what_it_looks_like_where_logins_stand_is_found_at_its_line() {
    let world = messy();
    let report = lint(&world, &[], now());
    let said: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.check.code.code.starts_with("logins."))
        .map(|finding| {
            let line = world.place(finding.origin).map(|(file, at)| format!("{file}:{}", at.line));
            let message = finding.message.split(" | ").next().unwrap_or_default();
            format!("{} {} {message}", line.unwrap_or_default(), finding.check.code.code)
        })
        .collect();
    assert_snapshot!(said.join("\n"), @r#"
    aws-auth.yaml:8 logins.empty-username EKSConfigMap mapRoles[2] (aws-auth.yaml:8): it has no username: whoever it names logs in as a user without a name, in devs; give it a username
    aws-auth.yaml:12 logins.undetermined EKSConfigMap mapUsers[1] (aws-auth.yaml:12): EKSConfigMap mapUsers[0] (aws-auth.yaml:11) matches the same callers, and aws-iam-authenticator may use either of the two; remove one of them
    aws-auth.yaml:14 logins.unreadable EKSConfigMap mapAccounts (aws-auth.yaml:14): all of mapAccounts is ignored: unclosed quote
    aws-auth.yaml:7 logins.duplicate EKSConfigMap mapRoles[1] (aws-auth.yaml:7): arn:aws:iam::111122223333:role/Ops is mapped twice, and this entry is not used: EKSConfigMap mapRoles[3] (aws-auth.yaml:9) has the same principal, and the last one is used
    aws-auth.yaml:6 logins.no-login EKSConfigMap mapRoles[0] (aws-auth.yaml:6): arn:aws:iam::111122223333:role/team/Dev lets nobody in: the ARN of a role's sessions has no path, and ARNs must match exactly; write arn:aws:iam::111122223333:role/Dev
    aws-auth.yaml:7 logins.type EKSConfigMap mapRoles[1] (aws-auth.yaml:7): `groups` must be a list, and is text: it counts as absent; write groups: ["devs"]
    aws-auth.yaml:16 logins.unknown-key EKSConfigMap maprole (aws-auth.yaml:16): unknown key `maprole` of aws-auth, which is ignored; did you mean `mapRoles`?
    "#);
}

#[test]
fn every_check_is_shown_here_to_find_something() {
    let mut seen: BTreeSet<&str> = BTreeSet::from(["exclusion-expired", "exclusion-unused"]);
    for lines in WORLDS {
        seen.extend(lint(&cluster(lines), &[], now()).findings.iter().map(|finding| finding.check.code.code));
    }
    seen.extend(lint(&messy(), &[], now()).findings.iter().map(|finding| finding.check.code.code));
    let others = checks().filter(|check| check.escalation.is_none()).map(|check| check.code.code);
    assert_eq!(others.filter(|code| !seen.contains(code)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn codes_are_unique_and_every_check_says_all() {
    let mut codes = BTreeSet::new();
    for check in checks() {
        assert!(codes.insert(check.code.code), "{}", check.code.code);
        assert!(check.reference.starts_with("https://"), "{}", check.code.code);
        for text in [check.code.summary, check.code.meaning, check.code.fix] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", check.code.code);
        }
    }
}

/// What could not be read is not missing, and nobody who may log in otherwise is unknown.
#[test]
fn what_is_not_known_is_not_found_to_be_absent() {
    let manifest = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: lost, namespace: dev}\n\
                    roleRef: {kind: Role, name: lost}\nsubjects: [{kind: User, name: ann}]\n";
    let mut given = inventory::Inputs::default();
    assert!(given.read("rbac.yaml", manifest.as_bytes()).expect("a manifest"));
    let world = World::new(given, None, now()).expect("readable");
    assert_eq!(said(&lint(&world, &[], now()).findings), "");
}

/// Where no cluster says what they allow, roles that every cluster has allow what they allow there.
#[test]
fn manifests_alone_know_kubernetes_own_roles() {
    let manifest = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: all}\n\
                    roleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: User, name: ann}]\n";
    let mut given = inventory::Inputs::default();
    assert!(given.read("rbac.yaml", manifest.as_bytes()).expect("a manifest"));
    let world = World::new(given, None, now()).expect("readable");
    assert_snapshot!(said(&lint(&world, &[], now()).findings), @"danger [cluster-admin] User ann has every permission, like ClusterRole cluster-admin");
}

#[test]
fn principals_stand_behind_users_and_groups() {
    let world = cluster(
        "aws-auth arn:aws:iam::111122223333:role/Dev dev:{{SessionName}} developers
         aws-auth arn:aws:iam::111122223333:role/Ops ops developers operators
         bind admins cluster-admin Group:developers User:dev:alice User:ops",
    );
    let report = lint(&world, &[], now());
    let behind = report.findings.iter().map(|finding| {
        let principals: Vec<String> = finding.principals.iter().map(|principal| principal.arn()).collect();
        format!("{}: {}", finding.who.expect("a subject"), principals.join(" "))
    });
    assert_snapshot!(behind.collect::<Vec<_>>().join("\n"), @"
    User dev:alice: arn:aws:sts::111122223333:assumed-role/Dev/alice
    User ops: arn:aws:iam::111122223333:role/Ops
    Group developers: arn:aws:iam::111122223333:role/Dev arn:aws:iam::111122223333:role/Ops arn:aws:sts::111122223333:assumed-role/Dev/alice
    ");
}

#[test]
fn eks_access_policies_count() {
    let policies = |user: &str, policies: &[(&str, &str)]| {
        let of = |(policy, scope): &(&str, &str)| {
            let arn = format!("arn:aws:eks::aws:cluster-access-policy/{policy}");
            let scope = match *scope {
                "" => serde_json::json!({"type": "cluster", "namespaces": []}),
                names => serde_json::json!({"type": "namespace", "namespaces": names.split(' ').collect::<Vec<_>>()}),
            };
            serde_json::json!({"policyArn": arn, "accessScope": scope})
        };
        let principal = format!("arn:aws:iam::111122223333:user/{user}");
        serde_json::json!({
            "clusterName": "c", "principalArn": principal,
            "associatedAccessPolicies": policies.iter().map(of).collect::<Vec<_>>(),
        })
        .to_string()
    };
    let mut given = given("namespace ci\nbind deployer cluster-admin SA:ci/deployer");
    for (user, list) in [
        ("ann", vec![("AmazonEKSClusterAdminPolicy", ""), ("AmazonEKSViewPolicy", "")]),
        ("ben", vec![("AmazonEKSAdminViewPolicy", ""), ("AmazonEKSEditPolicy", "dev")]),
        ("cem", vec![("AmazonEKSEditPolicy", "c*")]),
        ("dan", vec![("AmazonEKSAdminPolicy", "kube-system")]),
    ] {
        assert!(given.read("policies.json", policies(user, &list).as_bytes()).expect("policies"));
    }
    let world = World::new(given, None, now()).expect("readable");
    let report = lint(&world, &[], now());
    let of_policies: Vec<_> =
        report.findings.iter().filter(|finding| finding.message.contains("access policy")).cloned().collect();
    assert_snapshot!(said(&of_policies), @"
    danger [cluster-admin] arn:aws:iam::111122223333:user/ann has every permission by the EKS access policy AmazonEKSClusterAdminPolicy, like ClusterRole cluster-admin
    danger [impersonate] arn:aws:iam::111122223333:user/cem can act as others in ci by the EKS access policy AmazonEKSEditPolicy, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
    danger [impersonate] arn:aws:iam::111122223333:user/dan can act as others in kube-system by the EKS access policy AmazonEKSAdminPolicy, and so act as the service accounts of Kubernetes' own controllers there
    danger [read-everything] arn:aws:iam::111122223333:user/ben can read every resource, present and future by the EKS access policy AmazonEKSAdminViewPolicy, and so use every token that is kept in a secret
    ");
}

#[test]
fn a_username_that_others_have_too_makes_nobody_else_all_powerful() {
    let world = super::cluster(
        "aws-auth arn:aws:iam::111122223333:role/Adm ops system:masters\naws-auth arn:aws:iam::111122223333:role/Dev ops devs",
    );
    let findings = lint(&world, &[], super::now());
    let masters: Vec<_> = findings.findings.iter().filter(|finding| finding.check.code.code == "masters").collect();
    let named: Vec<String> = masters.iter().flat_map(|one| &one.principals).map(|one| one.arn()).collect();
    assert_eq!(named, ["arn:aws:iam::111122223333:role/Adm"]);
}

#[test]
fn nobody_chooses_the_name_of_a_users_session() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: |\n    - {userarn: 'arn:aws:iam::111122223333:user/Eve', username: eve, groups: ['{{SessionName}}']}\n  mapRoles: |\n    - {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: ops, groups: ['{{SessionName}}']}\n";
    let mut given = inventory::Inputs::default();
    assert!(given.read("aws-auth.yaml", text.as_bytes()).expect("readable"));
    let world = World::new(given, None, now()).expect("readable");
    let findings = lint(&world, &[], now());
    let chosen = findings.findings.iter().filter(|finding| finding.check.code.code == "chosen-username");
    let said: Vec<&str> = chosen.map(|finding| finding.message.as_str()).collect();
    assert!(
        said.len() == 1 && said[0].starts_with("whoever assumes arn:aws:iam::111122223333:role/Ops is in"),
        "{said:?}"
    );
}

#[test]
fn logins_of_kops_are_named_by_file_and_line() {
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec: {authentication: {aws: {backendMode: CRD, identityMappings: [\n\
                {arn: 'arn:aws:iam::111122223333:role/R', username: a, groups: ['system:masters']},\n\
                {arn: 'arn:aws:iam::111122223333:role/R', username: b, groups: [x]},\n\
                {arn: 'arn:aws:iam::111122223333:role/S', username: '', groups: [x]}]}}}\n";
    let world = super::super::world(&[("kops.yaml", kops)]);
    let report = lint(&world, &[], now());
    let said: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(said.iter().all(|message| !message.contains("IAMIdentityMapping")), "{said:#?}");
    for place in [
        "by kops identityMappings[0] (kops.yaml:5)",
        "kops identityMappings[1] (kops.yaml:6): kops identityMappings[0] (kops.yaml:5) matches the same callers",
        "kops identityMappings[2] (kops.yaml:7): ",
    ] {
        assert!(said.iter().any(|message| message.contains(place)), "{place}: {said:#?}");
    }
    let defects = report.findings.iter().filter(|finding| finding.check.code.code.starts_with("logins."));
    let lines: Vec<_> = defects.filter_map(|finding| Some(world.place(finding.written())?.1.line)).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
}
