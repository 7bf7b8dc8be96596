//! Verbs in place of levels, and other forms than the terminal's.

use insta::assert_snapshot;

use super::{example, heading, rows, shown, with};
use crate::{
    Resources,
    matrix::{
        MatrixResource, Options,
        print::{MatrixOut, markdown},
    },
    print,
};

#[test]
fn the_verbs_on_resources_in_place_of_levels() {
    let resources = Resources::well_known();
    let asked = |text: &str| MatrixResource::parse(&resources, text).expect("a resource").0;
    let options =
        |texts: &[&str]| Options { resources: texts.iter().map(|text| asked(text)).collect(), ..Options::default() };
    assert_snapshot!(shown(&example(), &options(&["po"]), 110), @r#"
    Who may do what in prod.example.com
    7 people · 3 other users and groups · 6 namespaces · 12 bindings · 1 mapped, but cannot log in

    People                           whole     dev               kube-system   team-a           every other
                                     cluster                                                    namespace (3)
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    everybody who logs in            -         -                 -             -                -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    anybody, without logging in      -         -                 -             -                -
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user carol                       all       all               all           all              all
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    user alice                       read      read create       read          read             read
    user ops/bob as bob                        delete
    permission set DevAccess as
    DevAccess:<session>
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role Deployer as                 -         read create       -             -                -
    deploy:<session>                           update patch
                                               delete
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role SRE of 444455556666 as      -         -                 read create   -                -
    sre:<session>                                                update
                                                                 patch
                                                                 delete
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    Kubernetes user                  -         -                 -             read create      -
    jane@example.com                                                           update patch
                                                                               delete
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
    role Node as                     -         -                 -             -                -
    system:node:<private-dns-name>
    Kubernetes user
    scraper@example.com
    group auditors

    all          every verb
    read         get, list, watch
    write        create, update, patch, delete, deletecollection
    verb "name"  only on the object of that name
    no row for 1 service account, 1 user or group of Kubernetes itself: `--by subjects` shows them
    "#);
    assert_snapshot!(rows(&example(), &options(&["deploy", "secrets", "pods/exec", "cm", "users"]), 60), @r#"
    Who may do what in prod.example.com
    7 people · 3 other users and groups · 6 namespaces · 12 bindings · 1 mapped, but cannot log in

    everybody who logs in
      whole cluster          -
      every other namespace  -

    anybody, without logging in
      whole cluster          -
      every other namespace  -

    user carol
      whole cluster          deployments.apps: all; secrets: all; pods/exec: all; configmaps: all; users: all
      every other namespace  deployments.apps: all; secrets: all; pods/exec: all; configmaps: all; users: all

    user alice
      whole cluster          deployments.apps: read; configmaps: read
      dev                    deployments.apps: read create delete; configmaps: read
      team-b                 deployments.apps: read; configmaps: read update "settings"
      every other namespace  deployments.apps: read; configmaps: read

    user ops/bob as bob; permission set DevAccess as DevAccess:<session>
      whole cluster          deployments.apps: read; configmaps: read
      dev                    deployments.apps: read create delete; configmaps: read
      every other namespace  deployments.apps: read; configmaps: read

    role Deployer as deploy:<session>
      whole cluster          -
      dev                    deployments.apps: read create update patch delete; secrets: read create update patch delete; pods/exec: get create; configmaps: read create update patch delete
      every other namespace  -

    role SRE of 444455556666 as sre:<session>
      whole cluster          -
      kube-system            deployments.apps: read create update patch delete; secrets: read create update patch delete; pods/exec: get create; configmaps: read create update patch delete
      every other namespace  -

    Kubernetes user jane@example.com
      whole cluster          -
      team-a                 deployments.apps: read create update patch delete; secrets: read create update patch delete; pods/exec: get create; configmaps: read create update patch delete
      every other namespace  -

    role Node as system:node:<private-dns-name>; Kubernetes user scraper@example.com; group auditors
      whole cluster          -
      every other namespace  -
    "#);
}

#[test]
fn for_pull_requests_and_for_programs() {
    assert_snapshot!(with(&example(), &Options::default(), |matrix| markdown(matrix, &heading())), @r#"
    ## Who may do what in prod.example.com

    1 June 2026, 12:00 UTC, from cluster.json

    7 people · 3 other users and groups · 6 namespaces · 12 bindings · 1 may do everything everywhere · 2 can escalate privileges (!) · 1 mapped, but cannot log in

    | People | whole cluster | dev | kube-system | team-a | team-b | every other namespace (2) |
    | --- | --- | --- | --- | --- | --- | --- |
    | everybody who logs in | basic | - | - | - | - | - |
    | anybody, without logging in | - | - | - | - | - | - |
    | user carol | all! | all! | all! | all! | all! | all! |
    | user alice | view | view, write (deployments.apps, pods) | view | view | view, write (configmaps "settings") | view |
    | user ops/bob as bob<br>permission set DevAccess as DevAccess:&lt;session&gt; | view | view, write (deployments.apps, pods) | view | view | view | view |
    | Kubernetes user jane&#64;example.com | - | - | - | admin, secrets, exec | - | - |
    | role SRE of 444455556666 as sre:&lt;session&gt; | read (nodes) | - | edit!, secrets!, exec! | - | - | - |
    | role Deployer as deploy:&lt;session&gt; | - | edit, secrets, exec | - | - | - | - |
    | role Node as system:node:&lt;private-dns-name&gt; | - | - | - | - | - | - |
    | Kubernetes user scraper&#64;example.com | other | - | - | - | - | - |
    | group auditors | ?no-such-role | - | - | - | - | - |

    ### What the words mean

    - **view**: get, list, watch pods, services, configmaps, persistentvolumeclaims, deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch, cronjobs.batch
    - **edit**: view, and create, update, patch, delete them (and so start pods under the service accounts there)
    - **admin**: edit, and create, update, patch, delete roles.rbac.authorization.k8s.io, rolebindings.rbac.authorization.k8s.io
    - **all**: every verb on every resource
    - **basic**: what every cluster lets everybody do: find its APIs, and ask who they are and what they may do
    - **exec**: can run commands in others' pods
    - **secrets**: can read secrets
    - **write (…)**: less than edit: can create, change or delete some of these
    - **read (…)**: less than view: can read some of these
    - **other**: URLs, or verbs that neither read nor write
    - **?role**: bound to a role that is not there: it counts as nothing
    - **!**: privilege escalation: whoever holds this here can get permissions of others

    no row for 1 service account, 1 user or group of Kubernetes itself: \`--by subjects\` shows them
    "#);
    let options = Options { who: vec!["alice".to_owned(), "deploy:*".to_owned()], ..Options::default() };
    assert_snapshot!(with(&example(), &options, |matrix| print::yaml(&MatrixOut::new(matrix, &heading()))), @r#"
    cluster: prod.example.com
    source: cluster.json
    time: "2026-06-01T12:00:00Z"
    by: people
    onlyWho:
    - alice
    - deploy:*
    incomplete: false
    gaps: []
    totals:
      members: 2
      others: 0
      everything: 0
      dangerous: 0
      withoutLogin: 1
      namespaces: 6
      bindings: 12
      serviceAccountsLeftOut: 1
      builtInLeftOut: 1
      usersLeftOut: 0
    rows:
    - members:
      - arn: arn:aws:iam::111122223333:user/alice
        kind: user
        name: alice
        account: "111122223333"
        username: alice
        groups:
        - developers
        mappedBy: AccessFile users[0] (access.yaml:7)
      wholeCluster:
        text: view
        level: view
        dangerous: false
      namespaces:
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
      everyOtherNamespace:
        text: view
        level: view
        dangerous: false
    - members:
      - arn: arn:aws:iam::111122223333:role/Deployer
        kind: role
        name: Deployer
        account: "111122223333"
        username: deploy:<session>
        groups:
        - deployers
        mappedBy: AccessFile roles[0] (access.yaml:18)
      wholeCluster:
        text: '-'
        dangerous: false
      namespaces:
      - names:
        - dev
        text: edit, secrets, exec
        level: edit
        dangerous: false
        rights:
        - code: secrets
          dangerous: false
        - code: exec
          dangerous: false
      everyOtherNamespace:
        text: '-'
        dangerous: false
    otherNamespaces:
    - default
    - kube-system
    - staging
    - team-a
    legend:
    - word: view
      meaning: >-
        get, list, watch pods, services, configmaps, persistentvolumeclaims,
        deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch, cronjobs.batch
    - word: edit
      meaning: >-
        view, and create, update, patch, delete them (and so start pods under the
        service accounts there)
    - word: exec
      meaning: can run commands in others' pods
    - word: secrets
      meaning: can read secrets
    - word: write (…)
      meaning: "less than edit: can create, change or delete some of these"
    "#);
}
