//! Whoever comes to be somebody whom a binding names by what they call their session, or by their ARN.

use std::collections::BTreeSet;

use inventory::Inputs;
use rbac::User;
use serde_json::json;

use super::{now, resource, whole};
use crate::{
    Resources, World,
    diff::Difference,
    explain::{Caller, Verdict},
    matrix::{By, Options, matrix},
};

/// A cluster whose `aws-auth` has these entries, as JSON, and where `edit` is bound to these subjects of dev.
fn cluster(entries: &str, subjects: &[&str]) -> Vec<(&'static str, String)> {
    let subjects: Vec<_> = subjects
        .iter()
        .map(|subject| {
            let (kind, name) = subject.split_once(' ').expect(subject);
            json!({"kind": kind, "name": name})
        })
        .collect();
    let lists: serde_json::Map<_, _> = ["mapRoles", "mapUsers", "mapAccounts"]
        .into_iter()
        .zip(entries.split('|'))
        .map(|(list, text)| (list.to_owned(), json!(format!("[{text}]"))))
        .collect();
    let items = json!([
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": lists},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "cluster-admin", "resourceVersion": "1"},
         "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "own", "resourceVersion": "1"},
         "rules": [{"verbs": ["create"], "apiGroups": [""], "resources": ["pods"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b", "namespace": "dev"},
         "roleRef": {"kind": "ClusterRole", "name": "own"}, "subjects": subjects},
    ]);
    vec![("cluster.json", json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())]
}

fn world(entries: &str, subjects: &[&str]) -> World {
    let files = cluster(entries, subjects);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    whole(&files)
}

fn role(username: &str, groups: &[&str]) -> String {
    let groups = groups.iter().map(|group| format!("'{group}'")).collect::<Vec<_>>().join(", ");
    format!("{{rolearn: 'arn:aws:iam::111122223333:role/R', username: '{username}', groups: [{groups}]}}")
}

/// Who may create pods in dev, beside whoever needs no name for it.
fn named(world: &World) -> Vec<String> {
    let answer = world.who_can(&resource("create", "", "pods", "dev"));
    answer.principals.iter().map(|reached| reached.principal.who.to_string()).collect()
}

/// What it is about, the username and the groups of an entry for role R, what is bound, and who has it therefore.
type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

#[test]
fn whoever_may_choose_the_name_may_be_whom_a_binding_names() {
    let long = "x".repeat(65);
    let (longest, longest_session) = (format!("Group {}", &long[1..]), format!("session R/{}", &long[1..]));
    let too_long = format!("Group {long}");
    let rows: &[Row<'_>] = &[
        ("a group", "r", &["team-{{SessionName}}"], &["Group team-ab"], &["session R/ab"]),
        (
            "the whole group",
            "r",
            &["{{SessionName}}"],
            &["Group devs", "Group ops"],
            &["session R/devs", "session R/ops"],
        ),
        ("every right", "r", &["system:{{SessionName}}"], &[], &["session R/masters"]),
        ("the other half of it", "r", &["{{SessionName}}:masters"], &[], &["session R/system"]),
        (
            "a group and a username",
            "u:{{SessionName}}",
            &["g:{{SessionName}}"],
            &["User u:ab", "Group g:ab"],
            &["session R/ab"],
        ),
        (
            "either",
            "u:{{SessionName}}",
            &["g:{{SessionName}}"],
            &["User u:ab", "Group g:cd"],
            &["session R/ab", "session R/cd"],
        ),
        ("what all are needs no name", "r", &["devs", "{{SessionName}}"], &["Group devs"], &["role R"]),
        (
            "a name in the middle",
            "r",
            &["a-{{SessionName}}-z"],
            &["Group a-mm-z", "Group a--z", "Group a-z"],
            &["session R/mm"],
        ),
        ("a name twice", "r", &["{{SessionName}}/{{SessionName}}"], &["Group ab/ab", "Group ab/cd"], &["session R/ab"]),
        ("an @ becomes a -", "r", &["{{SessionName}}"], &["Group a@b.c"], &[]),
        ("as which it is typed", "r", &["{{SessionName}}"], &["Group a-b.c"], &["session R/a-b.c"]),
        ("but for the raw name", "{{SessionNameRaw}}", &["x"], &["User a@b.c"], &["session R/a@b.c"]),
        ("both", "{{SessionName}}", &["{{SessionNameRaw}}/{{SessionName}}"], &["Group a@b/a-b"], &["session R/a@b"]),
        (
            "the account is known",
            "r",
            &["{{AccountID}}-{{SessionName}}"],
            &["Group 111122223333-ab"],
            &["session R/ab"],
        ),
        ("an account alone", "r", &["of-{{AccountID}}"], &["Group of-111122223333"], &["role R"]),
        (
            "an instance's id",
            "system:node:{{EC2PrivateDNSName}}",
            &["{{SessionName}}"],
            &["Group i-0123456789abcdef0", "Group devs"],
            &["session R/i-0123456789abcdef0"],
        ),
        (
            "a service account's name",
            "system:serviceaccount:dev:{{SessionName}}",
            &["x"],
            &["ServiceAccount bot"],
            &["session R/bot"],
        ),
        // AWS takes no such names: `[\w+=,.@-]{2,64}`.
        (
            "no name at all",
            "r",
            &["{{SessionName}}"],
            &["Group oidc:x", "Group a/b", "Group oidc#x", "Group a b", "Group é1"],
            &[],
        ),
        (
            "nor in usernames",
            "{{SessionName}}",
            &["x"],
            &["User oidc:x", "User a/b", "User oidc#x", "User a b", "User *"],
            &[],
        ),
        ("too short", "{{SessionName}}", &["{{SessionName}}"], &["Group a", "User b"], &[]),
        ("the longest", "r", &["{{SessionName}}"], &[&longest], &[&longest_session]),
        ("too long", "r", &["{{SessionName}}"], &[&too_long], &[]),
        // aws-iam-authenticator knows no other spelling of a variable.
        ("no variable", "r", &["{{ SessionName }}", "{{sessionname}}"], &["Group devs"], &[]),
        ("a key's id is AWS's to choose", "r", &["{{AccessKeyID}}"], &["Group devs"], &[]),
    ];
    for (what, username, groups, subjects, expected) in rows {
        let world = world(&role(username, groups), subjects);
        assert_eq!(named(&world), *expected, "{what}");
        all_say_the_same(&world, what);
    }
    // Users have no session: the variable is empty.
    let user = "|{userarn: 'arn:aws:iam::111122223333:user/u', username: u, groups: ['{{SessionName}}system:masters']}";
    assert_eq!(named(&world(user, &[])), ["user u"]);
    let user = "|{userarn: 'arn:aws:iam::111122223333:user/u', username: u, groups: ['team-{{SessionName}}']}";
    assert_eq!(named(&world(user, &["Group team-ab"])), [""; 0]);
}

/// AWS alone knows whose key it is, so that whoever may have it is a gap with their name, in every answer.
#[test]
fn whoever_a_key_makes_somebody_is_a_gap_by_name() {
    let user = |username: &str, group: &str| {
        format!("|{{userarn: 'arn:aws:iam::111122223333:user/u', username: '{username}', groups: ['{group}']}}")
    };
    let key = "AKIAIOSFODNN7EXAMPLE";
    let session = "ASIAIOSFODNN7EXAMPLE";
    let rows = [
        ("a user", user("key:{{AccessKeyID}}", "x"), format!("User key:{key}"), true),
        ("a group", user("u", "{{AccessKeyID}}"), format!("Group {key}"), true),
        ("a role", role("{{AccessKeyID}}", &["x"]), format!("User {session}"), true),
        (
            "with a session's name",
            role("{{SessionName}}:{{AccessKeyID}}", &["x"]),
            format!("User ci-1:{session}"),
            true,
        ),
        ("a role has no key that lasts", role("{{AccessKeyID}}", &["x"]), format!("User {key}"), false),
        ("another name", user("key:{{AccessKeyID}}", "x"), format!("User {key}"), false),
        ("no key", user("{{AccessKeyID}}", "x"), "User alice".to_owned(), false),
    ];
    for (what, entries, subject, is_one) in rows {
        let world = world(&entries, &[&subject, "User nobody"]);
        let of_key = |what: &str| what.starts_with("who has the access key A");
        let is_said = world.gaps().iter().any(|gap| of_key(&gap.what));
        assert_eq!(is_said, is_one, "{what}: {:?}", world.gaps());
        assert_eq!(named(&world), [""; 0], "{what}");
        all_say_the_same(&world, what);
        let explained = world.explain(Caller::of_arn("arn:aws:iam::111122223333:user/u").expect("an ARN"));
        assert_eq!(explained.gaps.iter().any(|gap| of_key(&gap.what)), is_one, "{what}");
        let options = Options { by: By::People, ..Options::default() };
        let resources = Resources::well_known();
        let gaps = matrix(&world, &resources, &options).gaps;
        assert_eq!(gaps.iter().any(|gap| of_key(&gap.what)), is_one, "{what}");
        // Of others it is still found that nobody is called so.
        let findings = crate::lint::lint(&world, &[], now()).findings;
        let unknown = findings.iter().filter(|finding| finding.check.code.code.starts_with("unknown-")).count();
        assert_eq!(unknown, if is_one { 1 } else { 2 }, "{what}: {findings:?}");
    }
    let gaps = world(&user("key:{{AccessKeyID}}", "x"), &[&format!("User key:{key}")]).gaps().to_vec();
    let of_keys = gaps.iter().filter(|gap| gap.what.starts_with("who has"));
    let said: Vec<String> = of_keys.map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
    assert_eq!(
        said,
        [format!(
            "who has the access key {key}: user u of 111122223333 is User key:{key} with it, which bindings name; `aws iam \
             get-access-key-last-used --access-key-id {key}` says whose it is"
        )]
    );
}

#[test]
fn whoever_an_account_lets_in_is_the_user_that_a_binding_calls_by_their_arn() {
    let user = "User arn:aws:iam::444455556666:user/ops/ann";
    let rows: &[(&str, &str, &[&str], &[&str])] = &[
        ("a user", "||'444455556666'", &[user], &["user ops/ann"]),
        ("a role", "||'444455556666'", &["User arn:aws:iam::444455556666:role/R"], &["role R"]),
        ("not a session", "||'444455556666'", &["User arn:aws:sts::444455556666:assumed-role/R/ab"], &[]),
        ("nor a role with a path", "||'444455556666'", &["User arn:aws:iam::444455556666:role/p/R"], &[]),
        ("another account", "||'777788889999'", &[user], &[]),
        (
            "whoever has an entry is whom that says",
            "|{userarn: 'arn:aws:iam::444455556666:user/ops/ann', username: ann}|'444455556666'",
            &[user],
            &[],
        ),
    ];
    for (what, entries, subjects, expected) in rows {
        let world = world(entries, subjects);
        assert_eq!(named(&world), *expected, "{what}");
        all_say_the_same(&world, what);
    }
}

/// `explain` lets everybody in who is listed, as whom they are listed; whoever may do something has a row and a way there; and
/// somebody who comes is no news where nothing changes.
fn all_say_the_same(world: &World, what: &str) {
    let resources = Resources::well_known();
    let options = Options { by: By::People, ..Options::default() };
    let rows = matrix(world, &resources, &options);
    let in_rows: BTreeSet<String> =
        rows.rows.iter().flat_map(|row| &row.members).map(|member| format!("{member:?}")).collect();
    for principal in world.principals() {
        let Ok(login) = &principal.login else { continue };
        assert!(in_rows.iter().any(|member| member.contains(&format!("{:?}", principal.who))), "{what}: {principal:?}");
        let is_one = !principal.identity.arn().contains('<');
        if !is_one {
            continue;
        }
        let explained = world.explain(Caller::of_arn(&principal.arn()).expect(what));
        assert_eq!(explained.verdict, Verdict::LetIn, "{what}");
        let user = explained.person.and_then(|person| person.user).expect(what);
        let of_explain = User::authenticated(user.username, user.groups);
        let mut of_list = User::authenticated(login.username.clone(), login.groups.clone());
        of_list.groups.sort();
        let mut groups = of_explain.groups;
        groups.sort();
        assert_eq!((of_explain.name, groups), (of_list.name, of_list.groups), "{what}");
    }
    assert!(Difference::between(world, world).is_empty(), "{what}");
}

#[test]
fn a_difference_names_whoever_comes_to_something_by_a_name() {
    let before = world(&role("r", &["x"]), &["Group team-ab"]);
    let after = world(&role("r", &["x", "team-{{SessionName}}", "system:{{SessionName}}"]), &["Group team-ab"]);
    let difference = Difference::between(&before, &after);
    let gains: Vec<String> = difference
        .people
        .iter()
        .filter(|person| !person.rights.gains.is_empty())
        .map(|person| person.who.to_string())
        .collect();
    assert_eq!(gains, ["session R/ab", "session R/masters"]);
}

#[test]
fn a_group_is_said_as_the_server_renders_it() {
    let world = world(&role("r", &["team-{{SessionName}}", "of-{{AccountID}}"]), &[]);
    let said = |arn: &str| -> String {
        let explained = world.explain(Caller::of_arn(arn).expect(arn));
        report::text_of(&explained.report(Some(&world))).iter().map(|segment| segment.text().to_owned()).collect()
    };
    let one = said("arn:aws:sts::111122223333:assumed-role/R/ab");
    assert!(one.contains("+ group team-ab\n  + group of-111122223333\n"), "{one}");
    let all = said("arn:aws:iam::111122223333:role/R");
    assert!(all.contains("+ group team-<session>\n"), "{all}");
}

#[test]
fn our_own_server_lets_nobody_choose_a_name_of_kubernetes() {
    let config = "clusterID: c\nserver:\n  mapRoles:\n  - {rolearn: 'arn:aws:iam::111122223333:role/R', username: r, groups: \
                  ['{{SessionName}}:masters', 'team-{{SessionName}}']}\n";
    let cluster = cluster("", &["Group team-ab"]);
    let mut given = Inputs::default();
    given.dump.read_by(mapping::Reader::ClusterAuth);
    given.read("cluster.json", cluster[0].1.as_bytes()).expect("readable");
    given.configure(document::Source::new("config.yaml", config));
    let world = World::new(given, None, now()).expect("a world");
    assert_eq!(named(&world), ["session R/ab"]);
}
