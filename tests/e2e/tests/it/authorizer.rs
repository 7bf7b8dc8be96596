//! Our RBAC evaluator and the real API server, asked the same thousands of questions about a generated world.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use e2e::{
    admin::{Admin, Ask},
    process::wait_until,
    random::{Random, SEED, say, seed},
    someone::Someone,
    test_cluster::TestCluster,
    world::World,
};
use local_cluster::{Binaries, Cluster, Options};
use rbac::{
    AnyRole, ClusterRole, Index, Objects, Rule, Subject, User,
    names::misnomers,
    resources::{RESOURCES, Served},
};
use serde_json::{Value, json};

use crate::{
    Test,
    generated::{NAMESPACES, PREFIX, Question, objects, question},
};

pub(crate) const TESTS: &[Test] = &[
    ("authorizer::our_answers_are_the_api_servers_for_a_generated_world", same_answers),
    ("authorizer::subjects_are_whom_the_api_server_takes_them_for", subjects),
    ("authorizer::whatever_is_served_can_be_named_in_a_rule", served),
];

const QUESTIONS: usize = 20_480;

/// Nothing is said of rules with the names that the API server has, and something of those with the kind in place of the resource.
fn served(world: &World) -> anyhow::Result<()> {
    let options = Options {
        api_server_arguments: vec![
            "--runtime-config=api/all=true".to_owned(),
            "--feature-gates=AllAlpha=true,AllBeta=true".to_owned(),
        ],
        ..Options::default()
    };
    let managed = TestCluster::start_with(world, "authorizer-served", "", &options)?;
    let list = managed.admin.kubectl(&["api-resources", "--no-headers"])?.success()?;
    let rule = |group: &str, resource: &str| Rule {
        verbs: vec!["get".into()],
        api_groups: vec![group.into()],
        resources: vec![resource.into()],
        ..Rule::default()
    };
    let mut count = 0;
    for line in list.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [resource, .., version, in_namespaces, kind] = words[..] else { anyhow::bail!("a resource: {line}") };
        let group = version.split_once('/').map(|(group, _)| group).unwrap_or_default();
        let right = misnomers(&rule(group, resource), in_namespaces == "true", &[]);
        ensure!(right.is_empty(), "{line}: {right:?}");
        let wrong = misnomers(&rule(group, kind), false, &[]);
        let hint = format!("did you mean {resource}?");
        ensure!(wrong.iter().any(|found| found.hint.as_ref() == Some(&hint)), "{line}: {wrong:?}");
        count += 1;
    }
    ensure!(count > 70, "{list}");
    table_is_served(&discovered(&managed)?, &[Served::ByDefault, Served::Enabled])
}

/// What an API server says it has (Kubernetes, "Aggregated discovery").
pub(crate) fn discovered(managed: &TestCluster) -> anyhow::Result<Vec<Value>> {
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let ask = |path: &str| Ask { path: path.to_owned(), headers: vec![("accept", accept.to_owned())], body: None };
    managed.admin.ask(&[ask("/api"), ask("/apis")])
}

/// The rows of our table that are said to be served so are what an API server has, fact by fact, and no other ones.
pub(crate) fn table_is_served(lists: &[Value], served: &[Served]) -> anyhow::Result<()> {
    let texts = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut theirs = BTreeMap::new();
    for group in lists.iter().filter_map(|list| list["items"].as_array()).flatten() {
        let versions = group["versions"].as_array().into_iter().flatten();
        for one in versions.filter_map(|version| version["resources"].as_array()).flatten() {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            let subresources = one["subresources"].as_array().into_iter().flatten();
            let subresources: BTreeSet<String> =
                subresources.filter_map(|one| one["subresource"].as_str()).map(str::to_owned).collect();
            let kind = one["responseKind"]["kind"].as_str().unwrap_or_default().to_owned();
            let facts =
                (kind, text("singularResource"), text("scope"), texts(&one["shortNames"]), texts(&one["verbs"]));
            let group = group["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            // The newest version is the first.
            theirs.entry((group, text("resource"))).or_insert((facts, subresources));
        }
    }
    let own = |list: &[Box<str>]| list.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let ours = RESOURCES.iter().filter(|row| served.contains(&row.served)).map(|row| {
        let scope = if row.namespaced { "Namespaced" } else { "Cluster" };
        let facts =
            (row.kind.to_string(), row.singular.to_string(), scope.to_owned(), own(&row.short_names), own(&row.verbs));
        ((row.api_group.to_string(), row.name.to_string()), (facts, own(&row.subresources)))
    });
    let ours: BTreeMap<_, _> = ours.collect();
    let all: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let wrong = all.into_iter().filter(|key| ours.get(key) != theirs.get(key));
    let wrong: Vec<String> =
        wrong.map(|key| format!("{key:?}: we say {:?}, the API server {:?}", ours.get(key), theirs.get(key))).collect();
    ensure!(wrong.is_empty() && ours.len() > 70, "{}", wrong.join("\n"));
    Ok(())
}

fn same_answers(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let folder = world.folder("authorizer")?;
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let options = Options { controller_manager: true, ..Options::default() };
    let cluster = Cluster::start(&binaries, &options, e2e::sts::now())?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);

    let mut random = Random(seed);
    let generated = json!({"apiVersion": "v1", "kind": "List", "items": objects(&mut random)}).to_string();
    let namespaces = NAMESPACES.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    admin.with_file(&["create"], &namespaces.join("---\n"))?.success()?;
    admin.with_file(&["create"], &generated)?.success()?;

    let mut observed = None;
    wait_until("the aggregated roles are filled in", || {
        let dump = observe(&cluster)?;
        let filled = is_filled(&dump);
        observed = Some(dump);
        Ok(filled)
    })?;
    let observed = observed.unwrap_or_default();

    // What we generated, as it was before any controller saw it, among what the API server brings along.
    let mut own = Objects::default();
    own.read(generated.as_bytes())?;
    let is_theirs = |name: &str| !name.starts_with(PREFIX);
    own.roles.extend(observed.roles.iter().filter(|role| is_theirs(role.name())).cloned());
    own.bindings.extend(observed.bindings.iter().filter(|one| is_theirs(one.name())).cloned());
    let indexes = [("as observed", Index::new(observed)), ("as generated", Index::new(own))];

    let questions: Vec<Question> = (0..QUESTIONS).map(|_| question(&mut random)).collect();
    let specs: Vec<Value> = questions.iter().map(Question::spec).collect();
    let theirs = admin.allowed(&specs)?;
    let mut differences = Vec::new();
    for (question, theirs) in questions.iter().zip(&theirs) {
        for (what, index) in &indexes {
            let ours = index.authorize(&question.user, &question.request).is_some();
            if ours != *theirs {
                differences.push(format!("{what}: we say {ours}, the API server {theirs}: {question:?}"));
            }
        }
    }
    let allowed = theirs.iter().filter(|allowed| **allowed).count();
    let said = format!("{SEED}={seed}: {QUESTIONS} questions, {allowed} allowed, {} differences", differences.len());
    say(&said);
    ensure!(differences.is_empty(), "{said}\n{}", differences.join("\n"));
    ensure!((QUESTIONS / 20..QUESTIONS).contains(&allowed), "{said}: the world is too dull to prove anything");
    cluster.stop()?;
    Ok(())
}

/// Names as bindings have them, well-formed and not: the groups that come with each are those of impersonation, and of tokens.
/// Nodes are not among them: whether impersonation puts one into `system:nodes` depends on which of its ways was allowed last.
fn subjects(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "authorizer-subjects", "")?;
    managed.let_everybody_ask()?;
    let long = format!("system:serviceaccount:{}:bot", "n".repeat(63));
    let too_long = format!("system:serviceaccount:{}:bot", "n".repeat(64));
    let users = [
        "alice",
        "system:anonymous",
        "system:kube-scheduler",
        "system:serviceaccount:dev:bot",
        "system:serviceaccount:dev:bot.v1-2",
        "system:serviceaccount:dev:9",
        &long,
        &too_long,
        "system:serviceaccount:dev",
        "system:serviceaccount:dev:",
        "system:serviceaccount::bot",
        "system:serviceaccount:dev:bot:more",
        "system:serviceaccount:Dev:bot",
        "system:serviceaccount:dev:Bot",
        "system:serviceaccount:de.v:bot",
        "system:serviceaccount:dev:-bot",
        "system:serviceaccount:dev:bot_",
        "system:serviceaccounts:dev:bot",
    ];
    let groups = [
        "developers",
        "system:authenticated",
        "system:unauthenticated",
        "system:masters",
        "system:nodes",
        "system:serviceaccounts",
        "system:serviceaccounts:dev",
        "system:serviceaccounts:kube-system",
    ];
    let account =
        |namespace: &str, name: &str| Subject::ServiceAccount { namespace: Some(namespace.into()), name: name.into() };
    let subjects: Vec<Subject> = users
        .iter()
        .map(|name| Subject::User((*name).into()))
        .chain(groups.iter().map(|name| Subject::Group((*name).into())))
        .chain([account("dev", "bot"), account("kube-system", "default")])
        .collect();
    let theirs = managed.users(&subjects.iter().map(Someone::from).collect::<Vec<_>>())?;
    let mut wrong = Vec::new();
    for (subject, theirs) in subjects.iter().zip(theirs) {
        let ours = User::of(subject);
        // Somebody in a group has a name, and an account of all has a namespace: both are such as nothing binds.
        let is_nowhere = |group: &&String| group.as_str() == "system:serviceaccounts:fz-nowhere";
        let groups: BTreeSet<&String> = theirs.groups.iter().filter(|group| !is_nowhere(group)).collect();
        let is_same_name = ours.name == theirs.name || matches!(subject, Subject::Group(_));
        if !is_same_name || ours.groups.iter().collect::<BTreeSet<_>>() != groups {
            wrong.push(format!("{subject:?}: we say {ours:?}, the API server {theirs:?}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What authenticators say, with what the API server adds to it: to what is impersonated it adds the same.
    let said = [("alice", &["ops"][..]), ("alice", &["system:authenticated"]), ("alice", &["system:unauthenticated"])];
    let text = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
    let asked = said.map(|(name, groups)| Someone::Impersonated(name.to_owned(), text(groups)));
    for ((name, groups), theirs) in said.iter().zip(managed.users(&asked)?) {
        let ours = User::authenticated(*name, groups.iter().copied());
        ensure!(ours == theirs, "{name} in {groups:?}: we say {ours:?}, the API server {theirs:?}");
    }
    Ok(())
}

fn observe(cluster: &Cluster) -> anyhow::Result<Objects> {
    let mut dump = Objects::default();
    for kind in ["roles", "clusterroles", "rolebindings", "clusterrolebindings"] {
        let answer = cluster.get(&format!("/apis/rbac.authorization.k8s.io/v1/{kind}"))?;
        ensure!(answer.status == 200, "{kind}: {}", answer.body);
        dump.read(answer.body.as_bytes())?;
    }
    Ok(dump)
}

/// Whether the controller has written into every aggregated role what we would.
fn is_filled(dump: &Objects) -> bool {
    let mut as_written = dump.clone();
    for role in &mut as_written.roles {
        // What the API server has counts as it stands; here it is asked what would come of it.
        if let AnyRole::ClusterRole(role) = role {
            role.is_served = false;
        }
    }
    let index = Index::new(as_written);
    let sorted = |role: &ClusterRole| {
        let mut rules = role.rules.to_vec();
        rules.sort();
        rules
    };
    let aggregated = |role: &&ClusterRole| role.aggregation.is_some();
    dump.roles.iter().filter_map(AnyRole::as_cluster_role).filter(aggregated).all(|written| {
        let ours = index.roles().iter().filter_map(AnyRole::as_cluster_role).find(|role| role.name == written.name);
        ours.is_some_and(|ours| sorted(ours) == sorted(written))
    })
}
