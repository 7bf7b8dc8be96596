//! Privilege escalations: each with its rights and with some of them lacking, and how far it leads.

use insta::assert_snapshot;
use rbac::escalation::{Need, Severity, Within};

use super::{cluster, found, now};
use crate::lint::{checks, lint};

/// What a need asks for, as a rule of a line.
fn granting(need: &Need) -> String {
    let group = if need.api_group.is_empty() { String::new() } else { format!(".{}", need.api_group) };
    let name = if need.name.is_empty() { String::new() } else { format!(":{}", need.name) };
    format!("{} {}{group}{name}", need.verbs[0], need.resources[0])
}

/// Code and severity of what is found of a group that holds rules everywhere.
fn of_rules(rules: &[String]) -> Vec<(&'static str, Severity)> {
    if rules.is_empty() {
        return Vec::new();
    }
    let world = cluster(&format!("role some = {}\nbind some some Group:team", rules.join("; ")));
    lint(&world, &[], now()).findings.iter().map(|finding| (finding.check.code.code, finding.severity)).collect()
}

#[test]
fn each_is_found_with_its_rights_and_not_with_some_of_them() {
    for row in checks().filter_map(|check| check.escalation) {
        for at in 0..row.needs.len() {
            for alternative in row.needs[at] {
                let need = |of: usize| if of == at { alternative } else { &row.needs[of][0] };
                let mut rules: Vec<String> = (0..row.needs.len()).map(|of| granting(need(of))).collect();
                let also: Vec<String> = row.also.iter().map(|alternatives| granting(&alternatives[0])).collect();
                let whole = of_rules(&[&rules[..], &also].concat());
                assert!(whole.contains(&(row.code, row.severity)), "{} by {rules:?}: {whole:?}", row.code);
                if !also.is_empty() {
                    let short = of_rules(&rules);
                    assert!(short.contains(&(row.code, Severity::Info)), "{} by {rules:?}: {short:?}", row.code);
                }
                rules.remove(at);
                let half = of_rules(&[&rules[..], &also].concat());
                assert!(half.iter().all(|(code, _)| *code != row.code), "{} by {rules:?}: {half:?}", row.code);
            }
        }
    }
}

/// A binding in an ordinary namespace gives nothing that is about the cluster, and nothing over the accounts there is no
/// reason to want.
#[test]
fn in_an_ordinary_namespace_only_some_matter() {
    let mut found = Vec::new();
    for row in checks().filter_map(|check| check.escalation) {
        let needs = row.needs.iter().chain(row.also).map(|alternatives| granting(&alternatives[0]));
        let rules = needs.collect::<Vec<_>>().join("; ");
        let world = cluster(&format!(
            "namespace dev pod-security.kubernetes.io/enforce=baseline\nrole some = {rules}\nbind dev/some some Group:team"
        ));
        let all = lint(&world, &[], now()).findings;
        assert!(all.iter().all(|finding| finding.severity < Severity::Danger), "{}", row.code);
        if all.iter().any(|finding| finding.check.code.code == row.code) {
            assert_eq!(row.within, Within::Anywhere);
            found.push(row.code);
        }
    }
    assert_eq!(found.join(" "), "cluster-admin escalate bind namespaces services-status");
}

/// What all service accounts of a namespace have, each of them has.
#[test]
fn the_group_of_a_namespaces_accounts_counts_for_each_of_them() {
    assert_snapshot!(
        found(
            "role all = * *.*
             role starter = create pods
             bind all all Group:system:serviceaccounts:ci
             bind ci/team starter Group:team"
        ),
        @"
        danger [cluster-admin] Group system:serviceaccounts:ci has every permission, like ClusterRole cluster-admin
        danger [pods] Group team can start pods under any service account in ci, and so act as Group system:serviceaccounts:ci, which has every permission, like ClusterRole cluster-admin
        warning [everybody] Group system:serviceaccounts:ci holds ClusterRole all by ClusterRoleBinding all, so everybody of them has it
        "
    );
    // A part of a way may come by each of the two groups.
    assert_snapshot!(
        found(
            "role escalate = escalate clusterroles.rbac.authorization.k8s.io
             role write = update clusterroles.rbac.authorization.k8s.io
             bind escalate escalate Group:system:serviceaccounts:ci
             bind write write Group:system:serviceaccounts"
        ),
        @"
        danger [escalate] Group system:serviceaccounts:ci can write roles with permissions that they lack, and so add every permission to a role that they hold
        warning [everybody] Group system:serviceaccounts holds ClusterRole write by ClusterRoleBinding write, so everybody of them has it
        warning [everybody] Group system:serviceaccounts:ci holds ClusterRole escalate by ClusterRoleBinding escalate, so everybody of them has it
        info [role-objects] Group system:serviceaccounts can write roles or bindings, and so give every permission of theirs to anybody, or keep it for themselves under another name
        "
    );
}

/// What validates says no; what mutates says what becomes of it. Each is its own finding, in its own words.
#[test]
fn who_may_only_refuse_is_not_taken_for_who_may_change() {
    let group = "admissionregistration.k8s.io";
    assert_snapshot!(
        found(&format!(
            "role validating = patch validatingwebhookconfigurations.{group}
             role mutating = patch mutatingwebhookconfigurations.{group}
             role both = patch validatingwebhookconfigurations.{group} mutatingwebhookconfigurations.{group}
             role any = * *.{group}
             role validating-policies = update validatingadmissionpolicies.{group}; create validatingpolicies.policies.kyverno.io
             role mutating-policies = update mutatingadmissionpolicies.{group}; create clusterpolicies.kyverno.io; create assign.mutations.gatekeeper.sh
             bind a validating Group:a-validating
             bind b mutating Group:b-mutating
             bind c both Group:c-both
             bind d any Group:d-any
             bind e validating-policies Group:e-validating-policies
             bind f mutating-policies Group:f-mutating-policies"
        )),
        @"
        danger [webhooks] Group b-mutating can see and change every request, and so read every secret as it is written, and write into the pods of others
        danger [webhooks] Group c-both can see and change every request, and so read every secret as it is written, and write into the pods of others
        danger [mutating-policies] Group d-any can change every request, and so put their own containers into pods of Kubernetes' own
        danger [webhooks] Group d-any can see and change every request, and so read every secret as it is written, and write into the pods of others
        danger [mutating-policies] Group f-mutating-policies can change every request, and so put their own containers into pods of Kubernetes' own
        danger [mutating-policy-engines] Group f-mutating-policies can change requests by Gatekeeper or Kyverno, and so put their own containers into pods of others
        warning [validating-webhooks] Group a-validating can see and refuse every request, and so read every secret as it is written, and remove the webhooks that restrict others
        warning [validating-webhooks] Group c-both can see and refuse every request, and so read every secret as it is written, and remove the webhooks that restrict others
        warning [admission-policies] Group d-any can change what is admitted, and so lift what keeps pods off the nodes' files
        warning [validating-webhooks] Group d-any can see and refuse every request, and so read every secret as it is written, and remove the webhooks that restrict others
        warning [admission-policies] Group e-validating-policies can change what is admitted, and so lift what keeps pods off the nodes' files
        warning [policy-engines] Group e-validating-policies can change what Gatekeeper or Kyverno admit, and so lift what keeps pods off the nodes' files
        "
    );
}

#[test]
fn a_right_over_a_namespace_is_as_severe_as_its_accounts_are_privileged() {
    assert_snapshot!(
        found(
            "role start = create pods
             role bind = bind,create clusterroles.rbac.authorization.k8s.io clusterrolebindings.rbac.authorization.k8s.io
             bind ops/team start Group:ops
             bind ci/team start Group:developers
             bind deployer cluster-admin SA:ci/deployer
             bind ops/hop start SA:dev/hop
             bind ci/hop start SA:ops/runner
             bind dev/far start Group:far"
        ),
        @"
        danger [pods] Group developers can start pods under any service account in ci, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
        danger [pods] Group far can start pods under any service account in dev, and so act as ServiceAccount dev/hop, which can start pods under any service account in ops, and so act as ServiceAccount ops/runner, which can start pods under any service account in ci, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
        danger [pods] Group ops can start pods under any service account in ops, and so act as ServiceAccount ops/runner, which can start pods under any service account in ci, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
        danger [cluster-admin] ServiceAccount ci/deployer has every permission, like ClusterRole cluster-admin
        danger [pods] ServiceAccount dev/hop can start pods under any service account in ops, and so act as ServiceAccount ops/runner, which can start pods under any service account in ci, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
        danger [pods] ServiceAccount ops/runner can start pods under any service account in ci, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
        "
    );
}

#[test]
fn kubernetes_own_controllers_are_in_reach_from_kube_system() {
    let controller =
        "role system:controller:clusterrole-aggregation-controller = escalate,get,list,patch,update,watch \
                      clusterroles.rbac.authorization.k8s.io
                      bind system:controller:clusterrole-aggregation-controller \
                      system:controller:clusterrole-aggregation-controller \
                      SA:kube-system/clusterrole-aggregation-controller";
    let by = "role start = create pods
              bind kube-system/team start Group:developers";
    // The controller is as it is installed, and none of the findings.
    assert_snapshot!(found(&format!("{controller}\n{by}")), @"danger [pods] Group developers can start pods under any service account in kube-system, and so act as ServiceAccount kube-system/clusterrole-aggregation-controller, which can write roles with permissions that they lack, and so add every permission to a role that they hold");
    assert_snapshot!(found(by), @"danger [pods] Group developers can start pods under any service account in kube-system, and so run as any service account, and ask for the nodes' files");
}

#[test]
fn what_is_added_to_kubernetes_own_is_found() {
    let rows = [
        // Somebody more in a binding of Kubernetes' own.
        "bind cluster-admin cluster-admin Group:system:masters User:mallory",
        // A right more in one of its roles.
        "role system:controller:ttl-controller = update,patch nodes; escalate,update clusterroles.rbac.authorization.k8s.io
         bind system:controller:ttl-controller system:controller:ttl-controller SA:kube-system/ttl-controller",
        // Its names for other things.
        "bind dev/system:controller:ttl-controller cluster-admin SA:kube-system/ttl-controller",
        "role system:controller:mine = create serviceaccounts/token
         bind system:controller:mine system:controller:mine SA:dev/mine",
    ];
    assert_snapshot!(rows.map(found).join("\n"), @"
    danger [cluster-admin] User mallory has every permission, like ClusterRole cluster-admin

    danger [escalate] ServiceAccount kube-system/ttl-controller can write roles with permissions that they lack, and so add every permission to a role that they hold

    warning [cluster-admin] ServiceAccount kube-system/ttl-controller can do everything in dev

    danger [serviceaccount-token] ServiceAccount dev/mine can create tokens for service accounts in every namespace, and so act as any service account, including those of Kubernetes' own controllers
    ");
}

#[test]
fn rules_for_names_are_as_bad_as_what_they_name() {
    let people = "bind admins cluster-admin Group:admins User:carol SA:ci/deployer
                  bind lookers view Group:lookers";
    let rows = [
        "impersonate groups:admins",
        "impersonate groups:lookers",
        "impersonate users:carol",
        "impersonate users:system:serviceaccount:ci:deployer",
        "impersonate groups:system:masters",
        "create serviceaccounts/token:deployer",
        "create serviceaccounts/token:other",
        "bind clusterroles.rbac.authorization.k8s.io:cluster-admin; create clusterrolebindings.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io:edit; create clusterrolebindings.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io:view; create clusterrolebindings.rbac.authorization.k8s.io",
        "escalate,update clusterroles.rbac.authorization.k8s.io:some",
        "escalate,update clusterroles.rbac.authorization.k8s.io:others",
    ];
    let mut all = String::new();
    for rules in rows {
        let lines = found(&format!("{people}\nrole some = {rules}\nbind some some Group:team"));
        let own: String =
            lines.lines().filter(|line| line.contains("] Group team")).map(|line| format!("  {line}\n")).collect();
        all.push_str(&format!("{rules}\n{own}"));
    }
    assert_snapshot!(all, @"
    impersonate groups:admins
      danger [impersonate] Group team can act as Group admins, which has every permission, like ClusterRole cluster-admin
    impersonate groups:lookers
    impersonate users:carol
      danger [impersonate] Group team can act as User carol, which has every permission, like ClusterRole cluster-admin
    impersonate users:system:serviceaccount:ci:deployer
    impersonate groups:system:masters
      danger [impersonate] Group team can act as a member of system:masters, to whom the API server grants everything
    create serviceaccounts/token:deployer
      danger [serviceaccount-token] Group team can create tokens for every service account `deployer`, and so act as ServiceAccount ci/deployer, which has every permission, like ClusterRole cluster-admin
    create serviceaccounts/token:other
    bind clusterroles.rbac.authorization.k8s.io:cluster-admin; create clusterrolebindings.rbac.authorization.k8s.io
      danger [bind] Group team can grant roles that they do not hold, and so bind cluster-admin to themselves
    bind clusterroles.rbac.authorization.k8s.io:edit; create clusterrolebindings.rbac.authorization.k8s.io
      danger [bind] Group team can grant ClusterRole edit without holding it, and so bind it to themselves
      info [role-objects] Group team can write roles or bindings, and so give every permission of theirs to anybody, or keep it for themselves under another name
    bind clusterroles.rbac.authorization.k8s.io:view; create clusterrolebindings.rbac.authorization.k8s.io
      info [role-objects] Group team can write roles or bindings, and so give every permission of theirs to anybody, or keep it for themselves under another name
    escalate,update clusterroles.rbac.authorization.k8s.io:some
      danger [escalate] Group team can write rights of others into ClusterRole some, which they hold
    escalate,update clusterroles.rbac.authorization.k8s.io:others
    ");
}

#[test]
fn what_one_broad_rule_gives_is_said_once() {
    assert_snapshot!(
        found(
            "role reader = get,list,watch *.*
             bind reader reader Group:auditors
             bind dev/all cluster-admin Group:team
             bind kube-system/all cluster-admin Group:operators"
        ),
        @"
        danger [read-everything] Group auditors can read every resource, present and future, and so use every token that is kept in a secret
        danger [cluster-admin] Group operators can do everything in kube-system, and so act as the service accounts of Kubernetes' own controllers there
        warning [cluster-admin] Group team can do everything in dev
        "
    );
}

/// What everybody has who logs in is not said of everybody once more, and counts with what they have.
#[test]
fn rights_of_everybody_count_with_ones_own() {
    assert_snapshot!(
        found(
            "role asking = create certificatesigningrequests.certificates.k8s.io
             role approving = update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io
             bind asking asking Group:system:authenticated
             bind approving approving User:alice"
        ),
        @"
        danger [certificates] User alice can sign certificates for anybody, and so log in as the controller manager, or as whoever is bound to cluster-admin
        warning [everybody] Group system:authenticated holds ClusterRole asking by ClusterRoleBinding asking, so everybody of them has it
        "
    );
}
