//! Everybody × every place.

mod forms;
mod laws;
mod page;

use insta::assert_snapshot;

use super::{now, whole, world};
use crate::{
    Resources, World,
    matrix::{
        By, Matrix, Options, matrix, person,
        print::{Heading, PersonOut, person_markdown, person_text, text},
    },
    print,
};

const EXAMPLE: &str = include_str!("../../../../examples/access.yaml");
const GROWN_UP: [&str; 2] = [
    include_str!("../../../../examples/grown-up/base/people.yaml"),
    include_str!("../../../../examples/grown-up/clusters/staging.yaml"),
];
/// A cluster as people have it: entries in aws-auth, a user whom no AWS identity has, a binding to a role that is not there.
const DUMP: &str = include_str!("matrix/cluster.json");

const HEADING: &str = "prod.example.com";

fn heading<'a>() -> Heading<'a> {
    Heading { cluster: HEADING, source: "cluster.json", now: now() }
}

fn example() -> World {
    whole(&[("cluster.json", DUMP), ("access.yaml", EXAMPLE)])
}

fn with<T>(world: &World, options: &Options, then: impl FnOnce(&Matrix<'_>) -> T) -> T {
    then(&matrix(world, &Resources::well_known(), options))
}

fn shown(world: &World, options: &Options, width: usize) -> String {
    let segments = with(world, options, |matrix| text(matrix, &heading(), width));
    segments.iter().map(|segment| segment.text().to_owned()).collect()
}

/// Without what the words mean.
fn rows(world: &World, options: &Options, width: usize) -> String {
    let text = shown(world, options, width);
    text.split("\n\nview ").next().unwrap_or_default().split("\n\nall ").next().unwrap_or_default().to_owned()
}

fn by(by: By) -> Options {
    Options { by, ..Options::default() }
}

#[test]
fn people_by_places_are_a_grid_where_it_fits() {
    assert_snapshot!(shown(&example(), &Options::default(), 130), @r#"
    Who may do what in prod.example.com
    7 people · 3 other users and groups · 6 namespaces · 12 bindings · 1 may do everything everywhere · 2 can escalate privileges (!) · 1 mapped, but cannot log in

    People                           whole cluster   dev                  kube-system   team-a     team-b        every other
                                                                                                                 namespace (2)
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    everybody who logs in            basic           -                    -             -          -             -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    anybody, without logging in      -               -                    -             -          -             -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user carol                       all!            all!                 all!          all!       all!          all!
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user alice                       view            view, write          view          view       view, write   view
                                                     (deployments.apps,                            (configmaps
                                                     pods)                                         "settings")
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user ops/bob as bob              view            view, write          view          view       view          view
    permission set DevAccess as                      (deployments.apps,
    DevAccess:<session>                              pods)
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    Kubernetes user                  -               -                    -             admin,     -             -
    jane@example.com                                                                    secrets,
                                                                                        exec
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role SRE of 444455556666 as      read (nodes)    -                    edit!,        -          -             -
    sre:<session>                                                         secrets!,
                                                                          exec!
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role Deployer as                 -               edit, secrets,       -             -          -             -
    deploy:<session>                                 exec
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role Node as                     -               -                    -             -          -             -
    system:node:<private-dns-name>
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    Kubernetes user                  other           -                    -             -          -             -
    scraper@example.com
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group auditors                   ?no-such-role   -                    -             -          -             -

    view       get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps,
               daemonsets.apps, jobs.batch, cronjobs.batch
    edit       view, and create, update, patch, delete them (and so start pods under the service accounts there)
    admin      edit, and create, update, patch, delete roles.rbac.authorization.k8s.io, rolebindings.rbac.authorization.k8s.io
    all        every verb on every resource
    basic      what every cluster lets everybody do: find its APIs, and ask who they are and what they may do
    exec       can run commands in others' pods
    secrets    can read secrets
    write (…)  less than edit: can create, change or delete some of these
    read (…)   less than view: can read some of these
    other      URLs, or verbs that neither read nor write
    ?role      bound to a role that is not there: it counts as nothing
    !          privilege escalation: whoever holds this here can get permissions of others
    no row for 1 service account, 1 user or group of Kubernetes itself: `--by subjects` shows them
    "#);
}

#[test]
fn where_it_does_not_fit_each_is_a_block() {
    assert_snapshot!(rows(&example(), &Options::default(), 60), @r#"
    Who may do what in prod.example.com
    7 people · 3 other users and groups · 6 namespaces · 12 bindings · 1 may do everything everywhere · 2 can escalate privileges (!) · 1 mapped, but cannot log in

    everybody who logs in
      whole cluster          basic
      every other namespace  -

    anybody, without logging in
      whole cluster          -
      every other namespace  -

    user carol
      whole cluster          all!
      every other namespace  all!

    user alice
      whole cluster          view
      dev                    view, write (deployments.apps, pods)
      team-b                 view, write (configmaps "settings")
      every other namespace  view

    user ops/bob as bob; permission set DevAccess as DevAccess:<session>
      whole cluster          view
      dev                    view, write (deployments.apps, pods)
      every other namespace  view

    Kubernetes user jane@example.com
      whole cluster          -
      team-a                 admin, secrets, exec
      every other namespace  -

    role SRE of 444455556666 as sre:<session>
      whole cluster          read (nodes)
      kube-system            edit!, secrets!, exec!
      every other namespace  -

    role Deployer as deploy:<session>
      whole cluster          -
      dev                    edit, secrets, exec
      every other namespace  -

    role Node as system:node:<private-dns-name>
      whole cluster          -
      every other namespace  -

    Kubernetes user scraper@example.com
      whole cluster          other
      every other namespace  -

    group auditors
      whole cluster          ?no-such-role
      every other namespace  -
    "#);
}

#[test]
fn a_file_alone_says_what_it_binds_and_what_is_not_known() {
    let viewers = "groups: [{name: viewers, users: [dora], authorization: [{clusterRole: viewer}]}]";
    let world = world(&[("people.yaml", GROWN_UP[0]), ("staging.yaml", GROWN_UP[1]), ("viewers.yaml", viewers)]);
    assert_snapshot!(rows(&world, &Options::default(), 100), @r#"
    Who may do what in prod.example.com
    ! incomplete: only access files were given; other grants in the cluster are not known
    ! incomplete: the namespaces that the access file's globs and selectors choose: the cluster's namespaces are not known
    ! incomplete: what the ClusterRole viewer allows: a binding names it, but it was not given
    ! incomplete: who is in the IAM group Platform: give what `aws iam get-group` prints
    7 people · 0 namespaces · 3 bindings · 1 may do everything everywhere · 1 can escalate privileges (!)

    People                                              whole cluster
    ────────────────────────────────────────────────────────────────────
    everybody who logs in                               -
    ────────────────────────────────────────────────────────────────────
    anybody, without logging in                         -
    ────────────────────────────────────────────────────────────────────
    user carol                                          all!
    ────────────────────────────────────────────────────────────────────
    user alice                                          read (nodes)
    user ops/bob as bob
    permission set DevAccess as DevAccess:<session>
    ────────────────────────────────────────────────────────────────────
    user dora                                           ?viewer
    ────────────────────────────────────────────────────────────────────
    role Node as system:node:<private-dns-name>         -
    role Deployer of 444455556666 as deploy:<session>
    "#);
}

#[test]
fn groups_and_subjects_are_rows_too() {
    assert_snapshot!(rows(&example(), &by(By::Groups), 110), @r#"
    Who may do what in prod.example.com
    9 groups · 6 namespaces · 12 bindings · 2 may do everything everywhere · 3 can escalate privileges (!) · 1 mapped, but cannot log in

    Groups                 whole cluster   dev                   kube-system        every other namespace (4)
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group cluster-admin    all!            all!                  all!               all!
    group system:masters
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group developers       view            view, write           view               view
                                           (deployments.apps,
                                           pods)
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group sre              read (nodes)    -                     edit!, secrets!,   -
                                                                 exec!
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group deployers        -               edit, secrets, exec   -                  -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group auditors         ?no-such-role   -                     -                  -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    group                  -               -                     -                  -
    system:authenticated
    group
    system:bootstrappers
    group system:nodes
    "#);
    assert_snapshot!(rows(&example(), &by(By::Subjects), 20), @r#"
    Who may do what in prod.example.com
    13 subjects · 6 namespaces · 12 bindings · 2 may do everything everywhere · 3 can escalate privileges (!) · 1 mapped, but cannot log in

    group cluster-admin; group system:masters
      whole cluster          all!
      every other namespace  all!

    group developers
      whole cluster          view
      dev                    view, write (deployments.apps, pods)
      every other namespace  view

    Kubernetes user jane@example.com
      whole cluster          -
      team-a                 admin, secrets, exec
      every other namespace  -

    group sre
      whole cluster          read (nodes)
      kube-system            edit!, secrets!, exec!
      every other namespace  -

    group deployers
      whole cluster          -
      dev                    edit, secrets, exec
      every other namespace  -

    Kubernetes user alice
      whole cluster          -
      team-b                 write (configmaps "settings")
      every other namespace  -

    Kubernetes user scraper@example.com; service account monitoring/prometheus
      whole cluster          other
      every other namespace  -

    group auditors
      whole cluster          ?no-such-role
      every other namespace  -

    group system:authenticated; group system:bootstrappers; group system:nodes
      whole cluster          -
      every other namespace  -
    "#);
}

#[test]
fn namespaces_and_people_can_be_chosen() {
    let chosen = |namespaces: &[&str], who: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let options = Options { namespaces: texts(namespaces), who: texts(who), ..Options::default() };
        with(&example(), &options, |matrix| {
            let columns: Vec<String> = matrix.columns.iter().map(|column| format!("{column:?}")).collect();
            let members = matrix.rows.iter().map(|row| row.members.len().to_string()).collect::<Vec<_>>();
            format!("{}: {}", members.join(" "), columns.join(" "))
        })
    };
    assert_snapshot!(chosen(&["team-*", "dev"], &["alice"]), @r#"1: Cluster Namespaces(["dev"]) Namespaces(["team-b"]) Others(["team-a"])"#);
    assert_snapshot!(chosen(&["nowhere"], &["group:developers", "user:carol"]), @r#"1 3: Cluster"#);
    assert_snapshot!(chosen(&[], &["arn:aws:iam::111122223333:USER/ops/*", "deploy:*"]), @r#"1 1: Cluster Namespaces(["dev"]) Others(["default", "kube-system", "staging", "team-a", "team-b"])"#);
    assert_eq!(chosen(&["nowhere"], &["group:system:authenticated"]), "1: Cluster");
    let options =
        Options { namespaces: vec!["d*".into(), "team-*".into()], who: vec!["alice".into()], ..Options::default() };
    // Nothing is said of namespaces that were not asked for.
    for width in [120, 30] {
        let text = rows(&example(), &options, width);
        assert!(text.contains("\nonly people alice · only namespaces d*, team-*\n"), "{text}");
        assert!(!text.contains("every other namespace"), "{text}");
    }
    assert_snapshot!(rows(&example(), &options, 120), @r#"
    Who may do what in prod.example.com
    1 person · 6 namespaces · 12 bindings · 0 may do everything everywhere · 0 can escalate privileges (!) · 1 mapped, but cannot log in
    only people alice · only namespaces d*, team-*

    People       whole cluster   dev                              team-b                                 default, team-a
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user alice   view            view, write (deployments.apps,   view, write (configmaps "settings")    view
                                 pods)
    "#);
    assert_snapshot!(chosen(&[], &["nobody"]), @r#": Cluster Others(["default", "dev", "kube-system", "staging", "team-a", "team-b"])"#);
}

#[test]
fn one_of_them_with_what_grants_each_right() {
    let (world, resources, options) = (example(), Resources::well_known(), Options::default());
    let of = |whose: &str| {
        let whose = whose.parse().expect("somebody");
        person(&world, &resources, &options, &whose).map_err(|nobody| nobody.login.map_err(mapping::Refusal::code))
    };
    let told = |whose: &str| -> String {
        let person = of(whose).expect("can log in");
        person_text(&person, &world, &heading(), 120).iter().map(|segment| segment.text().to_owned()).collect()
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
    !      privilege escalation: whoever holds this here can get permissions of others
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
        ("arn:aws:s3:::bucket", "not the ARN of a person or role: "),
        ("arn:aws:iam::111122223333:group/x", "an IAM group cannot log in; name one of its users"),
    ] {
        let error = text.parse::<crate::matrix::Whose>().expect_err(text).to_string();
        assert!(error.starts_with(said), "{text}: {error}");
    }
}
