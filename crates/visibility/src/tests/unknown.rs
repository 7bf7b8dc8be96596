//! Unknown is not no: what could not be read makes an answer "not known", and never a refusal.

mod pieces;

use std::collections::BTreeSet;

use document::{Limits, Source, Sources};
use identity::Partition;
use insta::assert_snapshot;
use inventory::{Dump, Inputs, MappingTarget, Unseen};
use plan::Wanted;
use rbac::Subject;

use self::pieces::{BINDING, pieces};
use super::{now, world};
use crate::{
    Resources, World,
    diff::Difference,
    explain::{Caller, Verdict},
    matrix::{self, Options},
};

/// What a live look may come back with: `-KIND` is a kind or a `ConfigMap` that may not be looked at.
fn live(server: &str, parts: &[&str]) -> World {
    World::new(looked(parts), Some(server), now()).expect("readable")
}

fn looked(parts: &[&str]) -> Inputs {
    let mut given = Inputs::default();
    let kinds =
        ["Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", Dump::MAPPING_KIND];
    for part in parts {
        match part.strip_prefix('-') {
            Some(hidden) => given.dump.could_not_see(hidden, "you may not look"),
            None if part.starts_with("server:") => given.configure(Source::new("config.yaml", *part)),
            None => assert!(given.read("given", part.as_bytes()).expect(part), "{part}"),
        }
    }
    kinds.iter().filter(|kind| !parts.contains(&&*format!("-{kind}"))).for_each(|kind| given.dump.has_none(kind));
    given
}

/// What a plan for the same cluster says that it does not know.
fn planned(server: &str, parts: &[&str]) -> String {
    let plan = plan(server, parts, "groups: []");
    let unseen = plan.unseen.iter().map(|gap| format!("{}: {}\n", gap.what, gap.why));
    unseen.chain(plan.warnings.iter().map(|warning| format!("{warning}\n"))).collect()
}

/// A plan for the same cluster, with logins in `aws-auth`.
fn plan(server: &str, parts: &[&str], groups: &str) -> plan::Plan {
    let Inputs { dump, entries, .. } = looked(parts);
    let mut sources = Sources::default();
    sources.add("access.yaml", format!("clusterID: c\naccount: '111122223333'\n{groups}\n"));
    let access = access::read(&sources, &Limits::default()).access;
    let (facts, target) = (access::Facts::default(), MappingTarget::AwsAuth);
    let (desired, files) = (access::compile(&access, &facts, now()).0, inventory::files(&sources));
    let mut observed = dump.observed(target, Partition::Aws, now());
    observed.is_of_server(Some(server));
    observed.add_entries(entries);
    let (cluster_id, access, facts, sources) = ("c", &access, &facts, &sources);
    let (desired, files, now) = (&desired, &files, now());
    let wanted = Wanted { cluster_id, desired, access, facts, sources, files, target, now };
    plan::plan(&wanted, &observed)
}

/// That `IAMIdentityMapping`s may not be listed.
const NO_MAPPINGS: &str = "-IAMIdentityMapping.iamauthenticator.k8s.aws";
const KOPS: &str = "https://api.kops.example.com";
const EKS: &str = "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com";
const AWS_AUTH: &str = r#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: [devs]}"}}"#;
const CONFIG_MAP: &str = r#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "aws-iam-authenticator", "namespace": "kube-system"}, "data": {
 "config.yaml": "clusterID: c\nserver:\n  mapUsers:\n  - {userARN: 'arn:aws:iam::111122223333:user/bob', username: bob, groups: [devs]}\n"}}"#;
const OURS: &str = r#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "cluster-auth-access", "namespace": "kube-system"}, "data": {
 "access.yaml": "clusterID: c\naccount: '111122223333'\ngroups:\n- {name: devs, users: [gina]}\n"}}"#;
const OUR_SERVER: &str = r#"{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "cluster-auth", "namespace": "kube-system"},
 "spec": {"template": {"spec": {"containers": [{"image": "cluster-auth:1", "args": ["server"]}],
 "volumes": [{"name": "access", "configMap": {"name": "cluster-auth-access"}}]}}}}"#;
const THEIR_SERVER: &str = r#"{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "aws-iam-authenticator", "namespace": "kube-system"},
 "spec": {"template": {"spec": {"containers": [
  {"image": "aws-iam-authenticator:1", "args": ["server", "--backend-mode=MountedFile,EKSConfigMap,CRD"]}],
 "volumes": [{"name": "config", "configMap": {"name": "aws-iam-authenticator"}}]}}}}"#;
/// One that reads the files of its host, of which nothing shows.
const ON_HOSTS: &str = r#"{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "cluster-auth-master-1", "namespace": "kube-system"},
 "spec": {"containers": [{"image": "cluster-auth:1", "args": ["server", "--access-file=/etc/kubernetes/cluster-auth/access.yaml"]}],
 "volumes": [{"name": "etc", "hostPath": {"path": "/etc/kubernetes/cluster-auth"}}]}}"#;
const OF_EKS_CONFIG_MAP: &str = r#"{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "a", "namespace": "kube-system"},
 "spec": {"template": {"spec": {"containers": [{"image": "aws-iam-authenticator:1", "args": ["server", "--backend-mode=EKSConfigMap"]}]}}}}"#;
const MAP_FIRST: &str = r#"{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": {"name": "a", "namespace": "kube-system"},
 "spec": {"template": {"spec": {"containers": [{"image": "aws-iam-authenticator:1", "args": ["server", "--backend-mode=EKSConfigMap,MountedFile"]}]}}}}"#;
const MAPPING: &str = r#"{"kind": "IAMIdentityMapping", "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "metadata": {"name": "carol"},
 "spec": {"arn": "arn:aws:iam::111122223333:user/carol", "username": "carol", "groups": ["devs"]}}"#;
const FILE: &str =
    "server:\n  mapUsers:\n  - {userARN: 'arn:aws:iam::111122223333:user/dora', username: dora, groups: [devs]}\n";
const NO_FILE: &str = "server: {backendMode: [MountedFile, EKSConfigMap, CRD]}\n";
const ENTRIES: &str =
    r#"{"accessEntries": ["arn:aws:iam::111122223333:user/erin", "arn:aws:iam::111122223333:user/fred"]}"#;
const ENTRY: &str = r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:user/erin", "kubernetesGroups": [], "username": "erin", "type": "STANDARD"}}"#;
const MODE: &str = r#"{"cluster": {"name": "c", "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}}"#;
const MAP_MODE: &str = r#"{"cluster": {"name": "c", "accessConfig": {"authenticationMode": "CONFIG_MAP"}}}"#;
const API_MODE: &str = r#"{"cluster": {"name": "c", "accessConfig": {"authenticationMode": "API"}}}"#;

fn explained(world: &World, name: &str) -> String {
    let caller = Caller::of_arn(&format!("arn:aws:iam::111122223333:user/{name}")).expect("somebody");
    let explanation = world.explain(caller);
    let user = explanation.person.as_ref().and_then(|person| person.user.as_ref()).map(|user| user.username.clone());
    let said = match &explanation.verdict {
        Verdict::LetIn => format!("let in as {}", user.unwrap_or_default()),
        Verdict::Refused(denial) => denial.code.code.to_owned(),
        Verdict::NotKnown(not_known) => {
            let places: Vec<&str> = not_known.places.iter().map(|place| &*place.gap.what).collect();
            let seen = user.map(|user| format!(", {user} by what was seen")).unwrap_or_default();
            format!("not known{seen}: {}", places.join("; "))
        }
        other => format!("{other:?}"),
    };
    let out = serde_json::to_value(explanation.out(Some(world))).expect("JSON");
    let expected = match explanation.verdict {
        Verdict::LetIn => serde_json::json!(true),
        Verdict::Refused(_) => serde_json::json!(false),
        _ => serde_json::Value::Null,
    };
    assert_eq!(out["letIn"], expected, "{out}");
    said
}

#[test]
fn where_a_place_could_not_be_looked_at_it_is_not_said_that_nothing_says_who_logs_in() {
    let says = |parts: &[&str]| live(KOPS, parts).gaps().iter().any(|gap| &*gap.what == "who logs in");
    assert!(says(&[]), "everything was looked at");
    for parts in [&["-aws-auth"][..], &["-aws-auth", "-aws-iam-authenticator", "-cluster-auth-access", NO_MAPPINGS]] {
        assert!(!says(parts), "{parts:?}: {:?}", live(KOPS, parts).gaps());
    }
}

#[test]
fn a_place_of_logins_that_could_not_be_looked_at_is_never_a_no() {
    let rows: &[(&str, &str, &[&str], &[&str])] = &[
        ("all of kops is known", KOPS, &[CONFIG_MAP, THEIR_SERVER], &["bob", "mallory"]),
        ("all of ours is known", KOPS, &[OURS, OUR_SERVER, AWS_AUTH], &["gina", "alice", "mallory"]),
        ("ours is there, and nobody is known to read it", KOPS, &[OURS, AWS_AUTH], &["gina", "alice", "mallory"]),
        (
            "the configuration is there, and nobody is known to read it",
            KOPS,
            &[CONFIG_MAP, AWS_AUTH],
            &["bob", "alice", "mallory"],
        ),
        ("it is, and the server reads its own", KOPS, &[CONFIG_MAP, ON_HOSTS], &["bob", "mallory"]),
        ("ours is there, and the server reads its own", KOPS, &[OURS, ON_HOSTS], &["gina", "mallory"]),
        (
            "ours is, and the configuration may not be read",
            KOPS,
            &[OURS, OUR_SERVER, "-aws-iam-authenticator"],
            &["gina", "mallory"],
        ),
        (
            "the server asks aws-auth alone",
            KOPS,
            &[AWS_AUTH, MAPPING, OF_EKS_CONFIG_MAP],
            &["alice", "carol", "mallory"],
        ),
        ("the server asks aws-auth first", KOPS, &[AWS_AUTH, MAP_FIRST, NO_MAPPINGS], &["alice", "mallory"]),
        ("its file was given", KOPS, &[AWS_AUTH, FILE], &["dora", "alice", "mallory"]),
        ("the file on the control plane was not", KOPS, &[AWS_AUTH, MAPPING], &["alice", "carol", "mallory"]),
        ("a file without mappings was", KOPS, &[AWS_AUTH, NO_FILE], &["alice", "mallory"]),
        (
            "aws-auth may not be read",
            KOPS,
            &[CONFIG_MAP, THEIR_SERVER, MAPPING, "-aws-auth"],
            &["bob", "carol", "mallory"],
        ),
        ("the configuration may not be read", KOPS, &[AWS_AUTH, "-aws-iam-authenticator"], &["alice", "mallory"]),
        (
            "it may not, and the file was given",
            KOPS,
            &[AWS_AUTH, FILE, "-aws-iam-authenticator"],
            &["dora", "alice", "mallory"],
        ),
        ("our own may not be read", KOPS, &[CONFIG_MAP, THEIR_SERVER, "-cluster-auth-access"], &["bob", "mallory"]),
        (
            "mappings may not be listed",
            KOPS,
            &[CONFIG_MAP, THEIR_SERVER, AWS_AUTH, NO_MAPPINGS],
            &["bob", "alice", "mallory"],
        ),
        (
            "nothing may be looked at",
            KOPS,
            &["-aws-auth", "-aws-iam-authenticator", "-cluster-auth-access", NO_MAPPINGS],
            &["alice"],
        ),
        ("EKS without its entries", EKS, &[AWS_AUTH], &["alice", "mallory"]),
        ("EKS with a list of them", EKS, &[AWS_AUTH, ENTRIES, ENTRY, MODE], &["erin", "fred", "alice", "mallory"]),
        (
            "EKS with entries, and which count is not known",
            EKS,
            &[AWS_AUTH, ENTRIES, ENTRY],
            &["erin", "fred", "alice", "mallory"],
        ),
        ("EKS without entries", EKS, &[AWS_AUTH, MAP_MODE], &["alice", "mallory"]),
        ("EKS without aws-auth", EKS, &["-aws-auth", API_MODE, ENTRIES, ENTRY], &["erin", "mallory"]),
        ("EKS whose aws-auth may not be read", EKS, &["-aws-auth", MODE, ENTRIES, ENTRY], &["erin", "mallory"]),
        (
            "EKS, where nothing else is asked",
            EKS,
            &[AWS_AUTH, MAP_MODE, "-cluster-auth-access", NO_MAPPINGS],
            &["alice", "mallory"],
        ),
    ];
    let mut lines = String::new();
    for (name, server, parts, people) in rows {
        let world = live(server, parts);
        // A plan takes no configuration that is not a ConfigMap.
        let is_given = parts.iter().any(|part| part.starts_with("server:"));
        the_same_is_said_of_logins(&world, people, (!is_given).then(|| planned(server, parts)).as_deref());
        lines += &format!("{name}\n");
        for person in *people {
            lines += &format!("  {person}: {}\n", explained(&world, person));
        }
    }
    assert_snapshot!(lines, @"
    all of kops is known
      bob: let in as bob
      mallory: mapping.none
    all of ours is known
      gina: let in as gina
      alice: let in as alice
      mallory: mapping.none
    ours is there, and nobody is known to read it
      gina: not known, gina by what was seen: whether a server reads the server's access file, ConfigMap kube-system/cluster-auth-access
      alice: not known, alice by what was seen: the server's own files on the control plane
      mallory: not known: the server's own files on the control plane
    the configuration is there, and nobody is known to read it
      bob: not known, bob by what was seen: whether a server reads the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator
      alice: not known, alice by what was seen: the server's own files on the control plane
      mallory: not known: the server's own files on the control plane
    it is, and the server reads its own
      bob: not known, bob by what was seen: whether a server reads the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator
      mallory: not known: the server's own files on the control plane
    ours is there, and the server reads its own
      gina: not known, gina by what was seen: whether a server reads the server's access file, ConfigMap kube-system/cluster-auth-access
      mallory: not known: the server's own files on the control plane
    ours is, and the configuration may not be read
      gina: let in as gina
      mallory: not known: the ConfigMap kube-system/aws-iam-authenticator
    the server asks aws-auth alone
      alice: let in as alice
      carol: mapping.none
      mallory: mapping.none
    the server asks aws-auth first
      alice: let in as alice
      mallory: not known: the server's own files on the control plane
    its file was given
      dora: let in as dora
      alice: not known, alice by what was seen: whether a server reads ConfigMap kube-system/aws-auth
      mallory: mapping.none
    the file on the control plane was not
      alice: not known, alice by what was seen: the server's own files on the control plane
      carol: not known, carol by what was seen: the server's own files on the control plane
      mallory: not known: the server's own files on the control plane
    a file without mappings was
      alice: let in as alice
      mallory: mapping.none
    aws-auth may not be read
      bob: let in as bob
      carol: not known, carol by what was seen: the ConfigMap kube-system/aws-auth
      mallory: not known: the ConfigMap kube-system/aws-auth
    the configuration may not be read
      alice: not known, alice by what was seen: the ConfigMap kube-system/aws-iam-authenticator
      mallory: not known: the ConfigMap kube-system/aws-iam-authenticator
    it may not, and the file was given
      dora: let in as dora
      alice: not known, alice by what was seen: whether a server reads ConfigMap kube-system/aws-auth
      mallory: mapping.none
    our own may not be read
      bob: not known, bob by what was seen: the ConfigMap kube-system/cluster-auth-access
      mallory: not known: the ConfigMap kube-system/cluster-auth-access
    mappings may not be listed
      bob: let in as bob
      alice: let in as alice
      mallory: not known: IAMIdentityMappings
    nothing may be looked at
      alice: not known: the ConfigMap kube-system/cluster-auth-access; the ConfigMap kube-system/aws-iam-authenticator; the ConfigMap kube-system/aws-auth; IAMIdentityMappings
    EKS without its entries
      alice: not known, alice by what was seen: EKS access entries; the cluster's authentication mode
      mallory: not known: EKS access entries
    EKS with a list of them
      erin: let in as erin
      fred: not known: the EKS access entry of arn:aws:iam::111122223333:user/fred
      alice: let in as alice
      mallory: mapping.none
    EKS with entries, and which count is not known
      erin: not known, erin by what was seen: the cluster's authentication mode
      fred: not known: the EKS access entry of arn:aws:iam::111122223333:user/fred
      alice: not known, alice by what was seen: the cluster's authentication mode
      mallory: mapping.none
    EKS without entries
      alice: let in as alice
      mallory: mapping.none
    EKS without aws-auth
      erin: let in as erin
      mallory: mapping.none
    EKS whose aws-auth may not be read
      erin: let in as erin
      mallory: not known: the ConfigMap kube-system/aws-auth
    EKS, where nothing else is asked
      alice: let in as alice
      mallory: mapping.none
    ");
}

/// They stand on the same knowledge: what keeps `explain` from saying for certain who somebody is, is a gap of all others.
fn the_same_is_said_of_logins(world: &World, people: &[&str], planned: Option<&str>) {
    let mut places = BTreeSet::new();
    for person in people {
        let caller = Caller::of_arn(&format!("arn:aws:iam::111122223333:user/{person}")).expect("somebody");
        if let Verdict::NotKnown(not_known) = world.explain(caller).verdict {
            places.extend(not_known.places.into_iter().map(|place| place.gap));
        }
    }
    let (resources, options) = (Resources::well_known(), Options::default());
    let gaps = |gaps: &[Unseen]| gaps.iter().cloned().collect::<BTreeSet<_>>();
    let request = super::resource("get", "", "pods", "dev");
    let of_question: Vec<Unseen> = world.gaps_about_question(&request, false).into_iter().cloned().collect();
    let all = [
        ("who-can", gaps(&of_question)),
        ("matrix", gaps(&crate::matrix(world, &resources, &options).gaps)),
        ("lint and diff", gaps(world.gaps())),
    ];
    for (command, gaps) in all {
        assert!(places.is_subset(&gaps), "{command} says {gaps:#?}, and explain {places:#?}");
    }
    for Unseen { what, why, .. } in &places {
        let is_said = planned.is_none_or(|planned| planned.contains(&format!("{what}: {why}")));
        assert!(is_said, "plan says {planned:?}, and explain {what}: {why}");
    }
    let difference = Difference::between(world, world);
    let said = serde_json::to_value(difference.out(["a", "b"])).expect("JSON");
    assert_eq!(said["incomplete"], !world.gaps().is_empty(), "{said}");
}

/// Files that are given are asked about by themselves: what is said is said of them.
#[test]
fn what_is_given_piece_by_piece_is_said_to_be_that() {
    let file = "clusterID: c\naccount: '111122223333'\ngroups:\n- {name: devs, users: [alice]}\n";
    let rows: &[(&str, &[(&str, &str)])] = &[
        ("an access file", &[("access.yaml", file)]),
        ("a manifest", &[("aws-auth.json", AWS_AUTH)]),
        (
            "lists without IAMIdentityMappings",
            &[
                ("list.json", r#"{"kind": "ConfigMapList", "apiVersion": "v1", "items": []}"#),
                ("aws-auth.json", AWS_AUTH),
            ],
        ),
    ];
    let mut lines = String::new();
    for (name, files) in rows {
        let world = world(files);
        for person in ["alice", "mallory"] {
            let caller = Caller::of_arn(&format!("arn:aws:iam::111122223333:user/{person}")).expect("somebody");
            let report = world.explain(caller).report(Some(&world));
            lines += &format!("{name}: {}\n", report[0].title);
        }
    }
    assert_snapshot!(lines, @"
    an access file: arn:aws:iam::111122223333:user/alice is let in as alice, by what was given
    an access file: arn:aws:iam::111122223333:user/mallory is not let in, by what was given: no mapping names this principal [mapping.none]
    a manifest: arn:aws:iam::111122223333:user/alice is let in as alice, by what was given
    a manifest: arn:aws:iam::111122223333:user/mallory is not let in, by what was given: no mapping names this principal [mapping.none]
    lists without IAMIdentityMappings: not known for certain: arn:aws:iam::111122223333:user/alice is let in as alice by what could be read
    lists without IAMIdentityMappings: not known: whether arn:aws:iam::111122223333:user/mallory is let in; by what could be read, no mapping names this principal [mapping.none]
    ");
}

/// Whoever is asked about where nothing says who logs in is not said to be refused, by anything.
#[test]
fn where_nothing_says_who_logs_in_nobody_is_refused() {
    let file = |members: &str| {
        format!(
            "clusterID: c\naccount: '111122223333'\ngroups:\n- {{name: devs, {members}, authorization: [{{clusterRole: view}}]}}\n"
        )
    };
    let of_group = file("iamGroups: [Devs]");
    let of_bob = file("users: [bob]");
    let besides = file("users: [alice], iamGroups: [Devs]");
    let empty = AWS_AUTH_OF_NOBODY.to_owned();
    let eksctl =
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\n".to_owned();
    let list = r#"{"kind": "ConfigMapList", "apiVersion": "v1", "items": []}"#.to_owned();
    let bare = "mapUsers: |\n  - {userarn: arn:aws:iam::111122223333:user/alice, username: alice}\n".to_owned();
    let entry = r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:user/alice", "kubernetesGroups": [],
        "username": "alice", "type": "STANDARD"}}"#;
    let rows: [(&str, Vec<&str>); 10] = [
        ("manifests alone", vec![BINDING]),
        ("a file of eksctl without entries", vec![BINDING, &eksctl]),
        ("an IAM group nobody knows", vec![&of_group]),
        ("with manifests", vec![BINDING, &of_group]),
        ("beside a user", vec![&besides]),
        ("an aws-auth of nobody says so", vec![BINDING, &empty]),
        ("a list of ConfigMaps, and no mapping objects", vec![BINDING, &list]),
        ("logins without their ConfigMap", vec![&bare, &of_bob]),
        ("one access entry", vec![entry]),
        ("an aws-auth that cannot be read", vec![BINDING, "?the ConfigMap kube-system/aws-auth"]),
    ];
    let mut lines = String::new();
    for (name, parts) in rows {
        let world = pieces(&parts);
        lines += &format!("{name}\n");
        for person in ["user/alice", "role/R"] {
            let arn = format!("arn:aws:iam::111122223333:{person}");
            let explanation = world.explain(Caller::of_arn(&arn).expect("somebody"));
            lines += &format!(
                "  {person}: {}\n",
                match &explanation.verdict {
                    Verdict::NotKnown(not_known) => {
                        let places: Vec<&str> = not_known.places.iter().map(|place| &*place.gap.what).collect();
                        format!("not known: {}", places.join("; "))
                    }
                    Verdict::Refused(denial) => denial.code.code.to_owned(),
                    Verdict::LetIn => "let in".to_owned(),
                    other => format!("{other:?}"),
                }
            );
            // Whoever is refused is so for certain: nothing is said to be missing of who logs in.
            let is_of_logins = |gap: &&Unseen| gap.what.starts_with("who ") || gap.what.contains("access entr");
            let is_refused = matches!(explanation.verdict, Verdict::Refused(_));
            let may_be_named =
                person.starts_with("user") || !world.gaps().iter().any(|gap| gap.what.contains("IAM group"));
            if is_refused && may_be_named {
                assert_eq!(world.gaps().iter().find(is_of_logins), None, "{name}: {person}");
            }
        }
        the_same_is_said_of_logins(&world, &["alice", "mallory"], None);
    }
    assert_snapshot!(lines, @"
    manifests alone
      user/alice: not known: who logs in
      role/R: not known: who logs in
    a file of eksctl without entries
      user/alice: not known: who logs in
      role/R: not known: who logs in
    an IAM group nobody knows
      user/alice: not known: who is in the IAM group Devs
      role/R: mapping.none
    with manifests
      user/alice: not known: who is in the IAM group Devs
      role/R: mapping.none
    beside a user
      user/alice: not known: who is in the IAM group Devs
      role/R: mapping.none
    an aws-auth of nobody says so
      user/alice: mapping.none
      role/R: mapping.none
    a list of ConfigMaps, and no mapping objects
      user/alice: not known: the server's own files on the control plane; IAMIdentityMappings
      role/R: not known: the server's own files on the control plane; IAMIdentityMappings
    logins without their ConfigMap
      user/alice: not known: mapRoles, mapUsers or mapAccounts (given.yaml:1)
      role/R: not known: mapRoles, mapUsers or mapAccounts (given.yaml:1)
    one access entry
      user/alice: let in
      role/R: not known: EKS access entries
    an aws-auth that cannot be read
      user/alice: not known: the ConfigMap kube-system/aws-auth
      role/R: not known: the ConfigMap kube-system/aws-auth
    ");
}

const AWS_AUTH_OF_NOBODY: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: '[]'}\n";

#[test]
fn rights_that_could_not_be_looked_at_are_not_none() {
    let bound = r#"{"kind": "RoleBindingList", "apiVersion": "rbac.authorization.k8s.io/v1", "items": [{"metadata": {"name": "b", "namespace": "dev"},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "own"}, "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "devs"}]}]}"#;
    let rows: &[(&str, &[&str])] = &[
        ("all is known", &[AWS_AUTH, NO_FILE]),
        ("bindings of namespaces may not be listed", &[AWS_AUTH, NO_FILE, "-RoleBinding"]),
        ("bindings of the cluster may not", &[AWS_AUTH, NO_FILE, bound, "-ClusterRoleBinding"]),
        ("neither may", &[AWS_AUTH, NO_FILE, "-RoleBinding", "-ClusterRoleBinding"]),
        ("roles may not", &[AWS_AUTH, NO_FILE, bound, "-ClusterRole"]),
        ("namespaces may not", &[AWS_AUTH, NO_FILE, "-Namespace"]),
        ("the role is not there", &[AWS_AUTH, NO_FILE, bound]),
    ];
    let mut lines = String::new();
    for (name, parts) in rows {
        let world = live(KOPS, parts);
        let caller = Caller::of_arn("arn:aws:iam::111122223333:user/alice").expect("somebody");
        let report = world.explain(caller).report(Some(&world));
        let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
        let may = text.split("What they may do\n").nth(1).expect("rights");
        lines += &format!("{name}\n{may}\n");
    }
    assert_snapshot!(lines, @"
    all is known
      no permissions of their own: no binding names them or one of their groups

    bindings of namespaces may not be listed
      ! not known: rolebindings could not be read

    Incomplete: this could not be read, and may say otherwise
      ! rolebindings: you may not look

    bindings of the cluster may not
      ! RoleBinding b in dev grants nothing: the ClusterRole own does not exist
      ! whether they may do more is not known: clusterrolebindings could not be read

    Incomplete: this could not be read, and may say otherwise
      ! clusterrolebindings: you may not look

    neither may
      ! not known: rolebindings and clusterrolebindings could not be read

    Incomplete: this could not be read, and may say otherwise
      ! clusterrolebindings: you may not look
      ! rolebindings: you may not look

    roles may not
      ! RoleBinding b in dev grants whatever the ClusterRole own allows, which is not known

    Incomplete: this could not be read, and may say otherwise
      ! clusterroles: you may not look
      ! what the ClusterRole own allows: you may not get it

    namespaces may not
      no permissions of their own: no binding names them or one of their groups

    Incomplete: this could not be read, and may say otherwise
      ! namespaces: you may not look

    the role is not there
      ! RoleBinding b in dev grants nothing: the ClusterRole own does not exist
    ");
}

#[test]
fn what_is_not_known_is_said_with_what_would_help() {
    let world = live(KOPS, &[AWS_AUTH, "-aws-iam-authenticator", NO_MAPPINGS]);
    let mut said = String::new();
    for name in ["alice", "mallory"] {
        let caller = Caller::of_arn(&format!("arn:aws:iam::111122223333:user/{name}")).expect("somebody");
        let report = world.explain(caller).report(Some(&world));
        said.extend(report::text_of(&report).iter().map(|segment| segment.text().to_owned()));
        said.push('\n');
    }
    assert_snapshot!(said, @"
    not known for certain: arn:aws:iam::111122223333:user/alice is let in as alice by what could be read

    Who AWS says it is
      the IAM user alice of account 111122223333

    Who that is in the cluster
      ConfigMap kube-system/aws-auth (1 entry): mapUsers[0] of ConfigMap kube-system/aws-auth (given:2) names it
      + username alice
      + group devs

    What they may do, if that holds
      no permissions of their own: no binding names them or one of their groups

    Not known: what may say otherwise, and what to do
      ! the ConfigMap kube-system/aws-iam-authenticator: you may not look
        that is read first, and may map them differently
        give the file of the server's `--config` as `--config FILE`, and the server's access file

    Incomplete: this could not be read, and may say otherwise
      ! IAMIdentityMappings: you may not look

    not known: whether arn:aws:iam::111122223333:user/mallory is let in; by what could be read, no mapping names this principal [mapping.none]

    Who AWS says it is
      the IAM user mallory of account 111122223333

    Who that is in the cluster
      ConfigMap kube-system/aws-auth (1 entry): does not name it

    Not known: what may say otherwise, and what to do
      ! the ConfigMap kube-system/aws-iam-authenticator: you may not look
        whoever is named there is let in
        give the file of the server's `--config` as `--config FILE`, and the server's access file
      ! IAMIdentityMappings: you may not look
        whoever is named there is let in
        have somebody run this who may `list` them, or give what `kubectl get iamidentitymappings -o json` prints by `--from`, where the cluster knows them
    ");
}

#[test]
fn a_name_that_nothing_names_is_known_to_be_one() {
    let world = live(KOPS, &[BINDING, AWS_AUTH]);
    let rows = [
        (Subject::User("alice".into()), true),
        (Subject::User("nobody".into()), false),
        (Subject::Group("devs".into()), true),
        (Subject::Group("dev".into()), false),
        (Subject::Group("system:authenticated".into()), true),
    ];
    for (subject, expected) in rows {
        assert_eq!(matrix::is_named(&world, &subject), expected, "{subject:?}");
    }
    assert!(world.lacks_namespace("nope") && !world.lacks_namespace("shop"));
    assert!(!pieces(&[BINDING]).lacks_namespace("nope"));
}

/// `erin` has an entry with a policy, `alice` stands in `aws-auth`, `mallory` nowhere: who of them is let in, and what the policy
/// gives, is the same to plans, `explain` and `who-can`, whichever of EKS' two kinds of logins counts.
#[test]
fn plans_explain_and_who_can_agree_about_access_entries() {
    let listed = r#"{"accessEntries": ["arn:aws:iam::111122223333:user/erin"]}"#;
    let policies = r#"{"principalArn": "arn:aws:iam::111122223333:user/erin", "associatedAccessPolicies": [{"policyArn":
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "accessScope": {"type": "cluster"}}]}"#;
    // A group for all three, so that a plan has each of them who can log in now.
    let groups = "groups: [{name: g, users: [erin, alice, mallory], authorization: [{clusterRole: view}]}]";
    for (mode, erin, alice) in [(MODE, true, true), (MAP_MODE, false, true), (API_MODE, true, false)] {
        let parts = [AWS_AUTH, listed, ENTRY, policies, mode];
        let (world, plan) = (live(EKS, &parts), plan(EKS, &parts, groups));
        assert!(plan.unseen.is_empty() && plan.not_known.is_empty(), "{mode}: {:?}", plan.unseen);
        for (name, is_in) in [("erin", erin), ("alice", alice), ("mallory", false)] {
            let expected = is_in.then(|| name.to_owned());
            let who = format!("user {name}");
            let person = plan.people.iter().find(|person| person.who.to_string() == who);
            let before = person.and_then(|person| person.before.as_ref()).map(|login| login.username.clone());
            // Whom the entries decide about no plan changes.
            let is_entry = name == "erin" && erin;
            assert!(before == expected || (is_entry && person.is_none()), "{mode}: plan: {name}: {before:?}");
            let said = if is_in { format!("let in as {name}") } else { "mapping.none".to_owned() };
            assert_eq!(explained(&world, name), said, "{mode}: explain");
        }
        let powerful = plan.all_powerful.iter().any(|one| one.to_string().contains("user/erin"));
        let request = super::resource("delete", "", "nodes", "");
        let answer = world.who_can(&request);
        let can = answer.principals.iter().any(|reached| reached.principal.arn().ends_with("user/erin"));
        let caller = Caller::of_arn("arn:aws:iam::111122223333:user/erin").expect("somebody");
        let person = world.explain(caller).person.map(|person| person.held.len()).unwrap_or_default();
        assert_eq!([powerful, can, person > 0], [erin; 3], "{mode}: the policy");
    }
}
