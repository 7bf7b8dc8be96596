//! Everything about one of them.

use insta::assert_snapshot;

use super::{example, heading};
use crate::{
    Resources,
    matrix::{
        Options, person,
        print::{PersonOut, person_markdown, person_text},
    },
    print,
};

#[test]
fn one_of_them_with_what_grants_each_right() {
    let (world, resources, options) = (example(), Resources::well_known(), Options::default());
    let of = |whose: &str| {
        let whose = whose.parse().expect("somebody");
        person(&world, &resources, &options, &whose).map_err(|nobody| nobody.login.map_err(mapping::Refusal::code))
    };
    let told = |whose: &str| -> String {
        let person = of(whose).expect("can log in");
        person_text(&person, &world, &heading(), 120).into_iter().map(|segment| segment.text).collect()
    };
    assert_snapshot!(told("arn:aws:iam::111122223333:user/alice"), @r#"
    What user alice of 111122223333 may do in prod.example.com
    arn:aws:iam::111122223333:user/alice is alice in developers, by AccessFile users[0] (access.yaml:7)

      whole cluster          view
      dev                    view, write (deployments.apps, pods)
      team-b                 view, write (configmaps "settings")
      every other namespace  view

    In the whole cluster
      ClusterRoleBinding cluster-auth:developers:view → ClusterRole view (access.yaml:13), as Group developers
        get, list, watch  pods, services, configmaps, persistentvolumeclaims, pods/log
        get, list, watch  deployments.apps, statefulsets.apps, daemonsets.apps
        get, list, watch  jobs.batch, cronjobs.batch
      ClusterRoleBinding system:basic-user → ClusterRole system:basic-user, as Group system:authenticated
        create  selfsubjectaccessreviews.authorization.k8s.io

    In dev
      RoleBinding developers-binding → Role developers (access.yaml:10), as Group developers
        get, list, watch, create, delete  pods, deployments, pods.apps, deployments.apps

    In team-b
      RoleBinding alice → Role settings, as User alice
        get, update  configmaps, only "settings"

    view       get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps,
               daemonsets.apps, jobs.batch, cronjobs.batch
    write (…)  less than edit: can create, change or delete some of these
    "#);
    assert_snapshot!(told("arn:aws:sts::111122223333:assumed-role/Deployer/ci"), @r#"
    What session Deployer/ci of 111122223333 may do in prod.example.com
    arn:aws:sts::111122223333:assumed-role/Deployer/ci is deploy:ci in deployers, by AccessFile roles[0] (access.yaml:18)

      whole cluster          -
      dev                    edit, secrets, exec
      every other namespace  -

    In the whole cluster
      ClusterRoleBinding system:basic-user → ClusterRole system:basic-user, as Group system:authenticated
        create  selfsubjectaccessreviews.authorization.k8s.io

    In dev
      RoleBinding cluster-auth:deployers:edit → ClusterRole edit (access.yaml:20), as Group deployers
        get, list, watch                                 pods, services, configmaps, persistentvolumeclaims, pods/log
        get, list, watch                                 deployments.apps, statefulsets.apps, daemonsets.apps
        get, list, watch                                 jobs.batch, cronjobs.batch
        get, list, watch, create, update, patch, delete  pods, services, configmaps, persistentvolumeclaims, secrets
        create, update, patch, delete                    deployments.apps, statefulsets.apps, daemonsets.apps
        create, update, patch, delete                    jobs.batch, cronjobs.batch
        get, create                                      pods/exec
        impersonate                                      serviceaccounts

    view     get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps,
             daemonsets.apps, jobs.batch, cronjobs.batch
    edit     view, and create, update, patch, delete them (and so start pods under the service accounts there)
    exec     can run commands in others' pods
    secrets  can read secrets
    "#);
    assert_snapshot!(told("group:system:masters"), @r#"
    What group system:masters may do in prod.example.com

      whole cluster          all!
      every other namespace  all!

    In the whole cluster
      the API server allows them everything, as Group system:masters
      ClusterRoleBinding cluster-admin → ClusterRole cluster-admin, as Group system:masters
        every verb  everything
        every verb  *
      ClusterRoleBinding system:basic-user → ClusterRole system:basic-user, as Group system:authenticated
        create  selfsubjectaccessreviews.authorization.k8s.io

    view   get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps,
           daemonsets.apps, jobs.batch, cronjobs.batch
    edit   view, and create, update, patch, delete them (and so start pods under the service accounts there)
    admin  edit, and create, update, patch, delete roles.rbac.authorization.k8s.io, rolebindings.rbac.authorization.k8s.io
    all    every verb on every resource
    !      a way to become more: whoever holds this here can get rights of others
    "#);
    assert_snapshot!(told("user:nobody@example.com"), @r#"
    What Kubernetes user nobody@example.com may do in prod.example.com

      whole cluster          -
      every other namespace  -

    In the whole cluster
      ClusterRoleBinding system:basic-user → ClusterRole system:basic-user, as Group system:authenticated
        create  selfsubjectaccessreviews.authorization.k8s.io
    "#);
    assert_eq!(of("arn:aws:iam::111122223333:user/stranger").map(|_| ()), Err(Err("mapping.none")));
    let alice = of("arn:aws:iam::111122223333:user/alice").expect("can log in");
    assert_snapshot!(person_markdown(&alice, &world, &heading()), @r#"
    ## What user alice of 111122223333 may do in prod.example.com

    1 June 2026, 12:00 UTC, from cluster.json

    arn:aws:iam::111122223333:user/alice is alice in developers, by AccessFile users\[0\] (access.yaml:7)

    | Where | What |
    | --- | --- |
    | whole cluster | view |
    | dev | view, write (deployments.apps, pods) |
    | team-b | view, write (configmaps "settings") |
    | every other namespace | view |

    ### In the whole cluster

    - ClusterRoleBinding cluster-auth:developers:view → ClusterRole view (access.yaml:13), as Group developers
      - get, list, watch: pods, services, configmaps, persistentvolumeclaims, pods/log
      - get, list, watch: deployments.apps, statefulsets.apps, daemonsets.apps
      - get, list, watch: jobs.batch, cronjobs.batch
    - ClusterRoleBinding system:basic-user → ClusterRole system:basic-user, as Group system:authenticated
      - create: selfsubjectaccessreviews.authorization.k8s.io

    ### In dev

    - RoleBinding developers-binding → Role developers (access.yaml:10), as Group developers
      - get, list, watch, create, delete: pods, deployments, pods.apps, deployments.apps

    ### In team-b

    - RoleBinding alice → Role settings, as User alice
      - get, update: configmaps, only "settings"

    ### What the words mean

    - **view**: get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch, cronjobs.batch
    - **write (…)**: less than edit: can create, change or delete some of these
    "#);
    assert_snapshot!(print::yaml(&PersonOut::new(&alice, &world, &heading())), @r#"
    cluster: prod.example.com
    source: cluster.json
    time: "2026-06-01T12:00:00Z"
    incomplete: false
    gaps: []
    principal:
      arn: arn:aws:iam::111122223333:user/alice
      kind: user
      name: alice
      account: "111122223333"
      username: alice
      groups:
      - developers
      mappedBy: AccessFile users[0] (access.yaml:7)
    user:
      name: alice
      groups:
      - developers
      - system:authenticated
    places:
    - names:
      - whole cluster
      text: view
      level: view
      dangerous: false
    - names:
      - dev
      text: view, write (deployments.apps, pods)
      level: view
      dangerous: false
      writes:
      - deployments.apps
      - pods
    - names:
      - team-b
      text: view, write (configmaps "settings")
      level: view
      dangerous: false
      writes:
      - configmaps "settings"
    - names:
      - every other namespace
      text: view
      level: view
      dangerous: false
    grants:
    - namespaces: []
      as:
        kind: Group
        name: developers
      path:
        everywhere: true
        by: binding
        binding:
          kind: ClusterRoleBinding
          name: cluster-auth:developers:view
        role:
          kind: ClusterRole
          name: view
        written:
          file: access.yaml
          line: 13
          column: 5
      rules:
      - verbs:
        - get
        - list
        - watch
        apiGroups:
        - ""
        resources:
        - pods
        - services
        - configmaps
        - persistentvolumeclaims
        - pods/log
      - verbs:
        - get
        - list
        - watch
        apiGroups:
        - apps
        resources:
        - deployments
        - statefulsets
        - daemonsets
      - verbs:
        - get
        - list
        - watch
        apiGroups:
        - batch
        resources:
        - jobs
        - cronjobs
    - namespaces: []
      as:
        kind: Group
        name: system:authenticated
      path:
        everywhere: true
        by: binding
        binding:
          kind: ClusterRoleBinding
          name: system:basic-user
        role:
          kind: ClusterRole
          name: system:basic-user
      rules:
      - verbs:
        - create
        apiGroups:
        - authorization.k8s.io
        resources:
        - selfsubjectaccessreviews
    - namespaces:
      - dev
      as:
        kind: Group
        name: developers
      path:
        everywhere: false
        namespaces:
        - dev
        by: binding
        binding:
          kind: RoleBinding
          namespace: dev
          name: developers-binding
        role:
          kind: Role
          namespace: dev
          name: developers
        written:
          file: access.yaml
          line: 10
          column: 5
      rules:
      - verbs:
        - get
        - list
        - watch
        - create
        - delete
        apiGroups:
        - ""
        - apps
        resources:
        - pods
        - deployments
    - namespaces:
      - team-b
      as:
        kind: User
        name: alice
      path:
        everywhere: false
        namespaces:
        - team-b
        by: binding
        binding:
          kind: RoleBinding
          namespace: team-b
          name: alice
        role:
          kind: Role
          namespace: team-b
          name: settings
      rules:
      - verbs:
        - get
        - update
        apiGroups:
        - ""
        resources:
        - configmaps
        resourceNames:
        - settings
    "#);
}

#[test]
fn what_names_nobody_is_said() {
    for (text, said) in [
        (
            "alice",
            "name somebody by their ARN, or a Kubernetes name as `user:NAME` or `group:NAME`; `--who` filters by names",
        ),
        (
            "user:",
            "name somebody by their ARN, or a Kubernetes name as `user:NAME` or `group:NAME`; `--who` filters by names",
        ),
        ("arn:aws:s3:::bucket", "that is no ARN of a person or a role: "),
        (
            "arn:aws:iam::111122223333:group/x",
            "that ARN names neither a user, a role, a session of one, a federated user nor root",
        ),
    ] {
        let error = text.parse::<crate::matrix::Whose>().expect_err(text).to_string();
        assert!(error.starts_with(said), "{text}: {error}");
    }
}
