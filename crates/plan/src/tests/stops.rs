//! What stops apply.

use access::ConfigMap;
use codes::Code;
use inventory::{ClusterObject, LiveMapping, MappingTarget, Observed, Reading, Record, Unseen};
use mapping::aws_iam_authenticator::Standing;
use rbac::User;

use super::world::{Scenario, cluster, map, ours};
use crate::{
    Allowed, Digest, Plan, Refusal, STOPS,
    tests::{around, now},
};

const GROUP: &str = "- {name: a, users: [x], authorization: [{namespace: dev, clusterRole: view}]}";
const ADMINS: &str = "- {name: admins, users: [x], authorization: [{clusterRole: cluster-admin}]}";
const CLUSTER_ADMIN: &str = "role cluster-admin = * *.*; * /*
    binding cluster-auth:admins:cluster-admin = ClusterRole cluster-admin > group:admins [ours]";

fn record(cluster_id: &str, files: &[&str]) -> ClusterObject<Record> {
    let file = |name: &&str| inventory::File { name: (*name).into(), text: "".into() };
    let files = files.iter().map(file).collect();
    let object = Record { cluster_id: cluster_id.into(), files, ..Record::default() };
    ClusterObject { object, owner: ours(), version: "1".into() }
}

/// With logins of ours.
fn with(mut observed: Observed, users: &[(&str, &str)]) -> Observed {
    let user = |(user, group): &(&str, &str)| {
        format!("- {{userarn: 'arn:aws:iam::111122223333:user/{user}', username: {user}, groups: [{group}]}}\n")
    };
    let owned: Vec<String> = users.iter().map(|(user, _)| format!("user/{user}")).collect();
    let owned: Vec<&str> = owned.iter().map(String::as_str).collect();
    let text = users.iter().map(user).collect::<String>();
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapUsers", &text)], &owned));
    observed
}

fn recorded(mut observed: Observed, record: ClusterObject<Record>) -> Observed {
    observed.record = Some(record);
    observed
}

/// With a login that somebody else wrote.
fn with_other(mut observed: Observed) -> Observed {
    let text = "- {userarn: 'arn:aws:iam::111122223333:user/x', username: x, groups: [a]}";
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapUsers", text)], &[]));
    observed
}

/// People look for what a refusal names in what they wrote.
#[test]
fn a_login_is_named_as_somebody_wrote_it() {
    let mut observed = cluster("");
    let text = "- {userarn: 'arn:aws:iam::111122223333:user/Ops/X', username: x, groups: [a]}";
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapUsers", text)], &[]));
    let plan = plan(&GROUP.replace("[x]", "[Ops/X]"), MappingTarget::AwsAuth, &observed);
    let said: Vec<String> = plan.refusals.iter().map(Refusal::summary).collect();
    assert!(said.iter().any(|said| said.contains("the login of arn:aws:iam::111122223333:user/Ops/X in")), "{said:?}");
}

/// With an access file that somebody else wrote.
fn with_access_file(mut observed: Observed) -> Observed {
    let text = around("- {name: theirs, users: [y], authorization: [{namespace: dev, clusterRole: view}]}");
    observed.mappings.push(map(MappingTarget::AccessFile, &[("access.yaml", &text)], &[]));
    observed
}

fn plan(groups: &str, target: MappingTarget, observed: &Observed) -> Plan {
    Scenario::new(&around(groups), target, observed).plan(observed)
}

fn codes(plan: &Plan, allowed: &Allowed) -> Vec<&'static str> {
    plan.stops(allowed).iter().map(Refusal::code).collect()
}

#[test]
fn whoever_administers_by_a_group_that_they_chose_is_not_locked_out_unsaid() {
    let entry = "- {rolearn: 'arn:aws:iam::111122223333:role/R', username: 'r:{{SessionName}}', groups: ['adm-{{SessionName}}']}\n";
    let mut observed = cluster(
        "role view = get pods\nrole cluster-admin = * *.*; * /*\nbinding adm = ClusterRole cluster-admin > group:adm-ops",
    );
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapRoles", entry)], &["role/r"]));
    observed.caller = Some(User::authenticated("r:ops", ["adm-ops"]));
    let plan = plan("- {name: a, users: [x], authorization: [{clusterRole: view}]}", MappingTarget::AwsAuth, &observed);
    assert_eq!(codes(&plan, &Allowed::default()), ["plan.loses-caller", "plan.loses-last-admin"]);
}

#[test]
fn what_stops_apply_and_which_flag_overrides_it() {
    let nothing = Allowed::default;
    let adopt = || Allowed { adopt: true, ..Allowed::default() };
    let forget = |file: &str| Allowed { forget: vec![file.to_owned()], ..Allowed::default() };
    let lockout = || Allowed { lockout: true, ..Allowed::default() };
    let everything = || Allowed { adopt: true, forget: vec!["old.yaml".to_owned()], lockout: true, expect: None };
    let caller = |mut observed: Observed, groups: &[&str]| {
        observed.caller = Some(User::authenticated("x", groups.iter().copied()));
        observed
    };
    let unseen = |mut observed: Observed| {
        observed.unseen.push(Unseen::new("rolebindings", "not allowed to list them"));
        observed
    };
    let view = "binding dev/cluster-auth:a:view = ClusterRole view > group:a";
    let none = MappingTarget::None;
    let aws_auth = MappingTarget::AwsAuth;
    // What it is, the file, the target, the cluster, the flags that override it, and the codes without and with them.
    let rows = vec![
        ("all is well", GROUP, none, recorded(cluster(""), record("c", &["0.yaml"])), nothing(), vec![], vec![]),
        (
            "another cluster's record",
            GROUP,
            none,
            recorded(cluster(""), record("d", &["x.yaml"])),
            everything(),
            vec!["plan.other-cluster"],
            vec!["plan.other-cluster"],
        ),
        (
            "a recorded file is missing",
            GROUP,
            none,
            recorded(cluster(""), record("c", &["0.yaml", "old.yaml"])),
            forget("old.yaml"),
            vec!["plan.file-missing"],
            vec![],
        ),
        (
            "another file is forgotten",
            GROUP,
            none,
            recorded(cluster(""), record("c", &["old.yaml"])),
            forget("other.yaml"),
            vec!["plan.file-missing"],
            vec!["plan.file-missing"],
        ),
        ("somebody's object", GROUP, none, cluster(view), adopt(), vec!["plan.not-ours"], vec![]),
        ("Helm's object", GROUP, none, cluster(&format!("{view} [helm]")), adopt(), vec!["plan.helm"], vec![]),
        (
            "another cluster's object",
            GROUP,
            none,
            cluster(&format!("{view} [other]")),
            adopt(),
            vec!["plan.other-mark"],
            vec![],
        ),
        ("somebody's login", GROUP, aws_auth, with_other(cluster("")), adopt(), vec!["plan.not-ours"], vec![]),
        (
            "somebody's access file",
            GROUP,
            MappingTarget::AccessFile,
            with_access_file(cluster("")),
            adopt(),
            vec!["plan.not-ours"],
            vec![],
        ),
        (
            "somebody's access file, with logins elsewhere",
            GROUP,
            none,
            with_access_file(cluster("")),
            nothing(),
            vec![],
            vec![],
        ),
        (
            "nobody is left, without anybody saying so",
            "- {name: a, authorization: [{namespace: dev, clusterRole: view}], accept: {access.nobody: test}}",
            aws_auth,
            with(cluster(""), &[("x", "a")]),
            everything(),
            vec!["plan.nobody"],
            vec!["plan.nobody"],
        ),
        (
            "the last administrator goes",
            GROUP,
            aws_auth,
            with(cluster(CLUSTER_ADMIN), &[("x", "admins")]),
            lockout(),
            vec!["plan.loses-last-admin"],
            vec![],
        ),
        (
            "an administrator stays",
            ADMINS,
            aws_auth,
            with(cluster(CLUSTER_ADMIN), &[("x", "admins"), ("y", "admins")]),
            nothing(),
            vec![],
            vec![],
        ),
        (
            "the caller goes, others stay",
            "- {name: admins, users: [z], authorization: [{clusterRole: cluster-admin}]}",
            aws_auth,
            caller(with(cluster(CLUSTER_ADMIN), &[("x", "admins")]), &["admins"]),
            lockout(),
            vec!["plan.loses-caller"],
            vec![],
        ),
        (
            "the caller has a certificate, and stays",
            GROUP,
            none,
            caller(cluster(CLUSTER_ADMIN), &["system:masters"]),
            nothing(),
            vec![],
            vec![],
        ),
        (
            "something could not be seen",
            GROUP,
            none,
            unseen(cluster("")),
            everything(),
            vec!["plan.incomplete"],
            vec!["plan.incomplete"],
        ),
    ];
    for (what, groups, target, observed, allowed, without, with) in rows {
        let plan = plan(groups, target, &observed);
        assert_eq!(codes(&plan, &nothing()), without, "{what}");
        assert_eq!(codes(&plan, &allowed), with, "{what}, with flags");
    }
}

#[test]
fn every_stop_is_explained_and_in_the_table() {
    let text = || Box::from("x");
    let all = [
        Refusal::Incomplete(Unseen::new(text(), text())),
        Refusal::OtherCluster { recorded: text(), wanted: text() },
        Refusal::NotAsReviewed { expected: text(), found: text() },
        Refusal::Nobody { now: 1 },
        Refusal::Unmergeable { what: text(), why: text() },
        Refusal::FileMissing { file: text() },
        Refusal::LosesCaller { username: text() },
        Refusal::LosesLastAdmin { people: vec![text()] },
        Refusal::NotOurs { what: text() },
        Refusal::Helms { what: text(), release: None },
        Refusal::OtherMark { what: text(), cluster_id: text() },
    ];
    let codes: Vec<&str> = all.iter().map(Refusal::code).collect();
    let table: Vec<&str> = STOPS.iter().map(|stop| stop.code.code).collect();
    assert_eq!(codes, table);
    for stop in &STOPS {
        let Code { code, summary, fix, .. } = stop.code;
        assert!(code.starts_with("plan.") && summary.ends_with('.') && !fix.ends_with('.'), "{stop:?}");
        // What overrides it is named where it is explained.
        assert!(stop.flag.is_none_or(|flag| stop.code.fix.contains(flag.as_str())), "{stop:?}");
    }
}

#[test]
fn the_digest_is_of_what_was_reviewed() {
    let observed = cluster("");
    let reviewed = plan(GROUP, MappingTarget::None, &observed);
    let expect = Allowed { expect: Some(reviewed.digest.clone()), ..Allowed::default() };
    assert_eq!(codes(&plan(GROUP, MappingTarget::None, &observed), &expect), [""; 0]);
    // Another namespace that the file does not reach changes nothing; one that it reaches does.
    let globs = "- {name: a, users: [x], authorization: [{namespaces: ['d*'], clusterRole: view}]}";
    let mut grown = observed.clone();
    let reviewed = plan(globs, MappingTarget::None, &observed).digest;
    grown.namespaces.push(super::world::namespace("elsewhere"));
    assert_eq!(plan(globs, MappingTarget::None, &grown).digest, reviewed);
    grown.namespaces.push(super::world::namespace("d2"));
    let expect = Allowed { expect: Some(reviewed.clone()), ..Allowed::default() };
    assert_eq!(codes(&plan(globs, MappingTarget::None, &grown), &expect), ["plan.not-as-reviewed"]);
}

/// Whoever plans from a dump and whoever applies to the cluster itself see the same plan.
#[test]
fn the_digest_is_not_of_where_it_was_read_nor_of_who_asks() {
    let text = "- {userarn: 'arn:aws:iam::111122223333:user/root', username: root, groups: [system:masters]}\n";
    let with = |standing: Option<&str>, caller: Option<&str>| {
        let mut observed =
            cluster("role cluster-admin = * *.*\nbinding all = ClusterRole cluster-admin > user:me [ours]");
        let standing = standing.map(|file| Standing { line: 12, ..Standing::alone(file) });
        let standing = standing.into_iter().map(|standing| ("mapUsers".to_owned(), standing)).collect();
        let data = [("mapUsers".to_owned(), text.to_owned())].into();
        let map = ConfigMap { standing, data, resource_version: Some("7".to_owned()), ..ConfigMap::default() };
        let live = LiveMapping::of_config_map(MappingTarget::AwsAuth, map, &Reading::default(), now());
        observed.mappings.push(live.expect("readable"));
        observed.caller = caller.map(|name| User::authenticated(name, ["system:authenticated"; 1]));
        plan(GROUP, MappingTarget::AwsAuth, &observed)
    };
    let (live, dumped, mine) = (with(None, None), with(Some("dumps/configmaps.json"), None), with(None, Some("me")));
    assert_ne!(live.all_powerful, dumped.all_powerful, "the places differ");
    assert_eq!(live.digest, dumped.digest);
    assert_ne!(live.refusals, mine.refusals, "whoever asks would be locked out");
    assert_eq!(live.digest, mine.digest);
}

#[test]
fn a_digest_has_one_form() {
    for text in ["", "xyz", "4c7aaf525fd55a2dbad927d85093c51", "4c7aaf525fd55a2dbad927d85093c51g"] {
        assert!(text.parse::<Digest>().is_err(), "{text}");
    }
    let upper: Digest = "4C7AAF525FD55A2DBAD927D85093C512".parse().expect("a digest");
    assert_eq!(upper.as_str(), "4c7aaf525fd55a2dbad927d85093c512");
}

#[test]
fn of_an_access_file_that_is_taken_over_nothing_stays() {
    let plan = plan(GROUP, MappingTarget::AccessFile, &with_access_file(cluster("")));
    let said: Vec<_> =
        plan.people.iter().map(|one| (one.who.to_string(), one.before.is_some(), one.after.is_some())).collect();
    assert_eq!(said, [("user x".to_owned(), false, true), ("user y".to_owned(), true, false)]);
}

#[test]
fn a_lost_record_loses_nothing_of_what_is_marked() {
    let observed = cluster("binding ops/old = ClusterRole view > group:a [ours]");
    let plan = plan(GROUP, MappingTarget::None, &observed);
    assert_eq!(plan.objects.len(), 2, "{:?}", plan.objects);
}
