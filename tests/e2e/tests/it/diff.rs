//! `diff` and the real API server: what somebody gains and loses is what SubjectAccessReviews say before and after.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    random::{Random, SEED, say, seed},
    someone::{NOBODY, Someone},
    test_cluster::{TestCluster, authenticator},
    world::World,
};
use inventory::Inputs;
use local_cluster::Options;
use rbac::{Request, Subject, User, comparison::Rights};
use serde_json::{Value, json};
use visibility::{
    diff::{Contrast, DiffSubject, Difference},
    print,
};

use crate::{
    Test,
    generated::{NAMESPACES, PEOPLE, Question, TEAMS, objects, request},
    who_can::settled,
};

pub(crate) const TESTS: &[Test] = &[
    ("diff::is_what_the_api_server_says_before_and_after", before_and_after),
    ("diff::compares_what_it_is_told_to", usage),
];

/// How many different requests there are, and about how many of whom each is asked.
const REQUESTS: usize = 1_500;
const ASKED: usize = 6;

const DUMPED: &str = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps,deployments";

/// Who logs in, before and after: the entries, and whom they make of everybody.
const LOGINS: [&str; 2] = [
    "- {userarn: 'arn:aws:iam::111122223333:user/ann', username: fz-ann, groups: [fz-red]}
- {userarn: 'arn:aws:iam::111122223333:user/ben', username: fz-ben, groups: [fz-red, fz-blue]}
- {userarn: 'arn:aws:iam::111122223333:user/cem', username: fz-cem, groups: [fz-green]}
",
    "- {userarn: 'arn:aws:iam::111122223333:user/ann', username: fz-ann, groups: [fz-green, fz-blue]}
- {userarn: 'arn:aws:iam::111122223333:user/ben', username: fz-ben, groups: [fz-red, fz-blue]}
- {userarn: 'arn:aws:iam::111122223333:user/dan', username: fz-dan, groups: [fz-red]}
",
];

/// Name, username and groups.
type Mapped = (&'static str, &'static str, &'static [&'static str]);

const PEOPLE_OF: [[Mapped; 4]; 2] = [
    [
        ("ann", "fz-ann", &["fz-red"]),
        ("ben", "fz-ben", &["fz-red", "fz-blue"]),
        ("cem", "fz-cem", &["fz-green"]),
        // Who does not log in has what everybody has who does.
        ("dan", NOBODY, &[]),
    ],
    [
        ("ann", "fz-ann", &["fz-green", "fz-blue"]),
        ("ben", "fz-ben", &["fz-red", "fz-blue"]),
        ("cem", NOBODY, &[]),
        ("dan", "fz-dan", &["fz-red"]),
    ],
];

fn before_and_after(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let mut random = Random(seed);
    let options = Options { controller_manager: true, ..Options::default() };
    let namespaces = NAMESPACES.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    let managed =
        TestCluster::start_with(world, "diff", &(namespaces.join("---\n") + &authenticator("EKSConfigMap")), &options)?;
    let list = |items: &[Value]| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();

    let mut first = objects(&mut random);
    first.push(logins(0));
    managed.admin.with_file(&["create"], &list(&first))?.success()?;
    managed.let_everybody_ask()?;
    settled(&managed)?;
    let subjects = subjects();
    let questions: Vec<(usize, Request<'static>)> = (0..REQUESTS)
        .flat_map(|_| {
            let request = request(&mut random);
            (0..ASKED).map(|_| (random.below(subjects.len()), request)).collect::<Vec<_>>()
        })
        .collect();
    // Before anything is looked at: it may make service accounts.
    let users = managed.users(&subjects.iter().map(Someone::from).collect::<Vec<_>>())?;
    let of_subjects: Vec<Question> =
        questions.iter().map(|(at, request)| Question { user: users[*at].clone(), request: *request }).collect();
    let before = dump(&managed, "before.json")?;
    let was = allowed(&managed, &of_subjects)?;
    let people_before = people(&managed, 0, &questions)?;
    let unchanged = managed.run(&["diff", "before.json", "context:local", "--exit-code"])?;
    ensure!(unchanged.code == 0 && unchanged.stdout.contains("nothing changes for anybody"), "{unchanged:?}");

    change(&managed, &mut random, &first)?;
    let after = dump(&managed, "after.json")?;
    let is = allowed(&managed, &of_subjects)?;
    let people_after = people(&managed, 1, &questions)?;

    let difference = Difference::between(&before, &after);
    let (mut gained, mut lost, mut wrong) = (0, 0, Vec::new());
    let mut compare = |who: &str, rights: [&[Rights]; 2], request: &Request<'_>, was: bool, is: bool| {
        let [gains, losses] = rights.map(|rights| rights.iter().any(|rights| rights.cover(request)));
        gained += usize::from(gains);
        lost += usize::from(losses);
        if gains != (!was && is) || losses != (was && !is) {
            wrong.push(format!(
                "{who}: gains {gains}, loses {losses}; the API server says {was}, then {is}: {request:?}"
            ));
        }
    };
    for (((at, request), was), is) in questions.iter().zip(&was).zip(&is) {
        let found = difference.subjects.iter().find(|one| one.subject == subjects[*at]);
        let rights = found.map_or([&[][..], &[]], |one| [&one.rights.gains, &one.rights.losses]);
        compare(&format!("{:?}", subjects[*at]), rights, request, *was, *is);
    }
    for ((name, was), (_, is)) in people_before.iter().zip(&people_after) {
        let found = difference.people.iter().find(|person| person.who.name() == *name);
        let rights = found.map_or([&[][..], &[]], |one| [&one.rights.gains, &one.rights.losses]);
        for (((_, request), was), is) in questions.iter().step_by(ASKED).zip(was).zip(is) {
            compare(name, rights, request, *was, *is);
        }
    }
    let asked = questions.len() + people_before.iter().map(|(_, answers)| answers.len()).sum::<usize>();
    let found = wrong.len();
    let said = format!("{SEED}={seed}: {asked} questions, twice; {gained} gained, {lost} lost; {found} differences");
    say(&said);
    ensure!(wrong.is_empty(), "{said}\n{}", wrong.join("\n"));
    // Another world at each run: how much changes in it is chance, that something does is not.
    ensure!(gained > asked / 1_000 && lost > asked / 1_000, "{said}: too dull to prove anything");

    // The program says the same, of dumps and live.
    let names = ["before.json", "context local"];
    let ours = print::json(&difference.out(names));
    let live = managed.run(&["diff", "before.json", "context:local", "-o", "json", "--exit-code"])?;
    ensure!(live.code == 2 && live.stdout == ours, "{live:?}\nours {ours}");
    let yaml = managed.run(&["diff", "before.json", "after.json", "-o", "yaml"])?.success()?;
    ensure!(yaml == print::yaml(&difference.out(["before.json", "after.json"])), "{yaml}");
    let same = managed.run(&["diff", "context:local", "after.json", "--exit-code", "-o", "json"])?;
    let same_read: Value = serde_json::from_str(&same.stdout)?;
    ensure!(same.code == 0 && same_read["people"] == json!([]) && same_read["incomplete"] == false, "{same:?}");
    two(&managed, &after, &users, &questions, &is)
}

/// What two of the subjects may do on the cluster as it is now.
fn two(
    managed: &TestCluster,
    world: &visibility::World,
    users: &[User],
    questions: &[(usize, Request<'static>)],
    is: &[bool],
) -> anyhow::Result<()> {
    let subjects = subjects();
    let mut wrong = Vec::new();
    for first in 0..subjects.len() {
        let second = (first + 1) % subjects.len();
        let asked = [first, second].map(|at| DiffSubject::Subject(subjects[at].clone()));
        let contrast = Contrast::between(world, &asked[0], &asked[1]);
        let requests: Vec<_> = questions.iter().zip(is).filter(|((at, _), _)| *at == first).take(200).collect();
        let others: Vec<Question> = requests
            .iter()
            .map(|((_, request), _)| Question { user: users[second].clone(), request: *request })
            .collect();
        for (((_, request), first_may), second_may) in requests.into_iter().zip(allowed(managed, &others)?) {
            let [only_second, only_first] = [&contrast.rights.gains, &contrast.rights.losses]
                .map(|rights| rights.iter().any(|rights| rights.cover(request)));
            if only_first != (*first_may && !second_may) || only_second != (!first_may && second_may) {
                wrong.push(format!("{asked:?}: {only_first} {only_second}, {first_may} {second_may}: {request:?}"));
            }
        }
        if let [Subject::Group(one), Subject::Group(other)] = [&subjects[first], &subjects[second]] {
            let (one, other) = (format!("group:{one}"), format!("group:{other}"));
            let said = managed.run(&["diff", &one, &other, "-o", "json"])?.success()?;
            ensure!(said == print::json(&contrast.out()), "{said}");
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Bindings go and come, roles become others, people are mapped otherwise.
fn change(managed: &TestCluster, random: &mut Random, first: &[Value]) -> anyhow::Result<()> {
    let list = |items: &[Value]| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let is_binding = |object: &Value| object["kind"].as_str().is_some_and(|kind| kind.ends_with("Binding"));
    let gone: Vec<Value> = first.iter().filter(|object| is_binding(object)).step_by(3).cloned().collect();
    managed.admin.with_file(&["delete"], &list(&gone))?.success()?;
    let (mut come, mut become_others) = (Vec::new(), Vec::new());
    for mut object in objects(random) {
        if is_binding(&object) {
            let name = object["metadata"]["name"].as_str().context("a name")?;
            object["metadata"]["name"] = format!("{name}-later").into();
            come.push(object);
        } else if object.get("aggregationRule").is_none() && random.below(4) == 0 {
            become_others.push(object);
        }
    }
    become_others.push(logins(1));
    let come: Vec<Value> = come.into_iter().step_by(4).collect();
    managed.admin.with_file(&["create"], &list(&come))?.success()?;
    managed.admin.with_file(&["replace"], &list(&become_others))?.success()?;
    settled(managed)
}

fn logins(at: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapUsers": LOGINS[at]},
    })
}

fn dump(managed: &TestCluster, name: &str) -> anyhow::Result<visibility::World> {
    let dump = managed.admin.kubectl(&["get", DUMPED, "-A", "-o", "json"])?.success()?;
    fs::write(managed.folder.join(name), &dump)?;
    let mut given = Inputs::default();
    given.read(name, dump.as_bytes())?;
    visibility::World::new(given, None, e2e::sts::now()).map_err(|_| anyhow::anyhow!("no access file"))
}

/// What the API server says of everybody who is mapped at one of the times.
fn people(
    managed: &TestCluster,
    at: usize,
    questions: &[(usize, Request<'static>)],
) -> anyhow::Result<Vec<(&'static str, Vec<bool>)>> {
    let someone = PEOPLE_OF[at].map(|(_, username, groups)| {
        Someone::Impersonated(username.to_owned(), groups.iter().map(|group| (*group).to_owned()).collect())
    });
    let mut all = Vec::new();
    for ((name, ..), user) in PEOPLE_OF[at].iter().zip(managed.users(&someone)?) {
        let asked: Vec<Question> = questions
            .iter()
            .step_by(ASKED)
            .map(|(_, request)| Question { user: user.clone(), request: *request })
            .collect();
        all.push((*name, allowed(managed, &asked)?));
    }
    Ok(all)
}

fn allowed(managed: &TestCluster, asked: &[Question]) -> anyhow::Result<Vec<bool>> {
    managed.admin.allowed(&asked.iter().map(Question::spec).collect::<Vec<_>>())
}

/// Those whom bindings name.
fn subjects() -> Vec<Subject> {
    let users = PEOPLE.iter().map(|name| Subject::User((*name).into()));
    let groups = TEAMS.iter().map(|name| Subject::Group((*name).into()));
    let account =
        |namespace: &&str| Subject::ServiceAccount { namespace: Some((**namespace).into()), name: "bot".into() };
    users.chain(groups).chain(NAMESPACES.iter().map(account)).collect()
}

/// Nothing is guessed, and every refusal says what to do.
fn usage(world: &World) -> anyhow::Result<()> {
    // What is in aggregated roles, a controller writes there.
    let options = Options { controller_manager: true, ..Options::default() };
    let managed = TestCluster::start_with(world, "diff-usage", "", &options)?;
    let file = |role: &str| {
        format!(
            "clusterID: c\naccount: '111122223333'\ngroups:\n- name: developers\n  users: [alice]\n  authorization:\n  - \
             {{namespace: default, clusterRole: {role}}}\n"
        )
    };
    fs::write(managed.folder.join("view.yaml"), file("view"))?;
    fs::write(managed.folder.join("edit.yaml"), file("edit"))?;
    fs::write(managed.folder.join("user:alice"), file("view"))?;
    fs::write(managed.folder.join("reader.yaml"), file("reader"))?;
    fs::write(managed.folder.join("writer.yaml"), file("writer"))?;
    for (args, said) in [
        (&["nowhere.json", "view.yaml"][..], "nowhere.json: no such file or folder; give a path, context:NAME"),
        (&["alice", "group:developers"], "alice: no such file or folder"),
        (&["view.yaml", "user:alice"], "are not of the same kind"),
        (&["group:", "user:alice"], "group: needs a name after the colon"),
        (&["arn:aws:iam", "user:alice"], "arn:aws:iam is not an ARN"),
        (
            &["arn:aws:iam::111122223333:policy/x", "user:alice", "--from", "view.yaml"],
            "cannot log in: name an IAM user",
        ),
        (&["view.yaml", "edit.yaml", "--from", "view.yaml"], "two clusters or files are named by A and B alone"),
        (&["view.yaml", "edit.yaml", "--context", "local"], "two clusters or files are named by A and B alone"),
        (&["-", "-"], "only one of the two sides can be stdin"),
        (&["view.yaml", "context:nowhere"], "nowhere"),
    ] {
        let found = managed.run(&[&["diff"], args].concat())?;
        ensure!(found.code == 1 && found.stdout.is_empty() && found.stderr.contains(said), "{args:?}: {found:?}");
    }
    // What two files bind differs, whatever it allows.
    let files = managed.run(&["diff", "reader.yaml", "writer.yaml", "--exit-code"])?;
    ensure!(
        files.code == 2 && files.stdout.contains("loses whatever the ClusterRole reader allows in default"),
        "{files:?}"
    );
    let same = managed.run(&["diff", "view.yaml", "./user:alice", "--exit-code"])?;
    ensure!(same.code == 0 && same.stdout.contains("no change is seen in what is known"), "{same:?}");
    let markdown = managed.run(&["diff", "reader.yaml", "writer.yaml", "-o", "markdown"])?.success()?;
    ensure!(markdown.starts_with("## From reader.yaml to writer.yaml\n") && markdown.contains("\n- ➕ "), "{markdown}");
    let coloured = managed.run(&["diff", "view.yaml", "edit.yaml", "--color", "always"])?.success()?;
    ensure!(coloured.contains("\u{1b}["), "{coloured}");
    // Somebody of the file, and somebody whom nothing names that could be read: the server has files of its own.
    let two =
        ["diff", "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/eve", "--from", "view.yaml"];
    let asked = [&two[..], &["--context", "local"]].concat();
    let two = managed.run(&asked)?.success()?;
    ensure!(
        two.contains("it is not known whether user eve of 111122223333 logs in") && two.contains("(ClusterRole view)"),
        "{two}"
    );
    let verdict = managed.run(&[&asked[..], &["--exit-code"]].concat())?;
    ensure!(verdict.code == 1 && verdict.stderr.contains("it is not known whether something differs"), "{verdict:?}");
    Ok(())
}
