//! All commands asked about one `aws-auth` that years of hands have left: they say the same of everybody, and of everything
//! that is not what it looks like.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    world::World,
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("together::no_two_commands_contradict_each_other_about_a_messy_aws_auth", messy)];

const AWS_AUTH: &str = include_str!("together/aws-auth.yaml");
const CLUSTER: &str = include_str!("together/cluster.yaml");

/// Who somebody may be in the cluster: username and groups; none among them where they may be turned away.
type Logins = BTreeSet<Option<(String, Vec<String>)>>;

/// A username and groups.
type Known = (&'static str, &'static [&'static str]);

/// Everybody, and who aws-iam-authenticator 0.7.18 takes them for (the differential tests hold it against the program).
const PEOPLE: &[(&str, &[Known])] = &[
    ("role/Admin", &[("admin", &["system:masters"])]),
    ("role/Dev", &[("dev", &[])]),
    ("role/Nameless", &[("", &["devs"])]),
    ("role/Lost", &[]),
    ("role/Build", &[]),
    ("role/Ops", &[("ops", &["devs"])]),
    ("user/alice", &[("alice", &["devs"]), ("boss", &["system:masters"])]),
    ("user/ben", &[("ben", &["devs"])]),
    ("user/team/ben", &[]),
    ("user/else", &[("else", &[])]),
    ("user/nobody", &[]),
];

/// What is wrong, at its line: code and line.
const WRONG: &[(&str, usize)] = &[
    ("logins.empty-username", 17),
    ("logins.undetermined", 27),
    ("logins.no-login", 10),
    ("logins.no-login", 19),
    ("logins.duplicate", 30),
    ("logins.type", 15),
    ("logins.unknown-key", 37),
];

struct Asking<'w> {
    world: &'w World,
    folder: PathBuf,
}

impl Asking<'_> {
    fn run(&self, args: &[&str]) -> anyhow::Result<Output> {
        let from = ["--from", "cluster.yaml", "--from", "aws-auth.yaml"];
        self.alone(&[args, &from].concat())
    }

    fn alone(&self, args: &[&str]) -> anyhow::Result<Output> {
        process::run(process::command(&self.world.parts.cluster_auth, &self.folder).args(args))
    }

    fn json(&self, args: &[&str]) -> anyhow::Result<Value> {
        let Output { stdout, stderr, .. } = self.run(&[args, &["-o", "json"]].concat())?;
        serde_json::from_str(&stdout).with_context(|| format!("{args:?}: {stdout}{stderr}"))
    }
}

fn messy(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("together")?;
    fs::write(folder.join("aws-auth.yaml"), AWS_AUTH)?;
    fs::write(folder.join("cluster.yaml"), CLUSTER)?;
    let asking = Asking { world, folder };
    let everybody: BTreeMap<String, Logins> =
        PEOPLE.iter().map(|(name, logins)| (arn(name), logins_of(logins))).collect();
    explain(&asking, &everybody).context("explain")?;
    who_can(&asking, &everybody).context("who-can")?;
    matrix(&asking, &everybody).context("matrix")?;
    lint(&asking).context("lint")?;
    import_and_plan(&asking, &everybody).context("import and plan")?;
    diff(&asking, &everybody).context("diff")
}

fn arn(name: &str) -> String {
    format!("arn:aws:iam::111122223333:{name}")
}

fn logins_of(logins: &[Known]) -> Logins {
    let of = |(username, groups): &Known| {
        Some(((*username).to_owned(), groups.iter().map(|group| (*group).to_owned()).collect()))
    };
    if logins.is_empty() { Logins::from([None]) } else { logins.iter().map(of).collect() }
}

/// `{"username": …, "groups": […]}`, or null.
fn login(value: &Value) -> Option<(String, Vec<String>)> {
    let groups = value["groups"].as_array().into_iter().flatten();
    let groups = groups.filter_map(|group| group.as_str().map(str::to_owned)).collect();
    Some((value["username"].as_str()?.to_owned(), groups))
}

/// By their ARNs, whose letters are those that somebody wrote.
fn by_arn<'v>(people: impl IntoIterator<Item = &'v Value>) -> BTreeMap<String, Logins> {
    let mut found: BTreeMap<String, Logins> = BTreeMap::new();
    for person in people {
        let arn = person["arn"].as_str().unwrap_or_default().to_lowercase();
        found.entry(arn).or_default().insert(login(person));
    }
    found
}

fn explain(asking: &Asking<'_>, everybody: &BTreeMap<String, Logins>) -> anyhow::Result<()> {
    for (arn, logins) in everybody {
        let said = asking.json(&["explain", arn])?;
        let possible = said["possible"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found: Logins = if possible.is_empty() {
            Logins::from([said["username"].is_string().then(|| login(&said)).flatten()])
        } else {
            possible.iter().map(login).collect()
        };
        ensure!(found == *logins, "{arn}: {found:?} for {logins:?}: {said}");
        let verdict = match (logins.len(), logins.contains(&None)) {
            (1, true) => "refused",
            (1, false) => "letIn",
            _ => "undetermined",
        };
        ensure!(said["verdict"] == verdict, "{arn}: {verdict}: {said}");
        let text = asking.run(&["explain", arn])?.success()?;
        let is_said = text.starts_with("undetermined: ");
        ensure!(is_said == (verdict == "undetermined"), "{text}");
        let all: Vec<_> = logins.iter().flatten().map(|(username, _)| username).collect();
        let missing = all.iter().find(|username| !text.contains(&format!("username {}", quoted(username))));
        ensure!(missing.is_none(), "{missing:?} is not in\n{text}");
    }
    Ok(())
}

fn quoted(username: &str) -> &str {
    if username.is_empty() { "\"\"" } else { username }
}

/// Those who hold what `view` allows, by a group of theirs.
fn who_can(asking: &Asking<'_>, everybody: &BTreeMap<String, Logins>) -> anyhow::Result<()> {
    let said = asking.json(&["who-can", "get", "pods"])?;
    let found = by_arn(said["principals"].as_array().context("principals")?);
    let holds = |login: &Option<(String, Vec<String>)>| {
        login
            .as_ref()
            .is_some_and(|(_, groups)| groups.iter().any(|group| ["devs", "system:masters"].contains(&&**group)))
    };
    let expected = everybody.iter().filter_map(|(arn, logins)| {
        let of_them: Logins = logins.iter().filter(|login| holds(login)).cloned().collect();
        (!of_them.is_empty()).then(|| (arn.to_lowercase(), of_them))
    });
    let expected: BTreeMap<String, Logins> = expected.collect();
    ensure!(found == expected, "{found:#?}\n{expected:#?}");
    let by_chance: BTreeSet<&str> = said["principals"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["byChance"] == true)
        .filter_map(|one| one["username"].as_str())
        .collect();
    ensure!(by_chance == BTreeSet::from(["alice", "boss"]), "{said}");
    Ok(())
}

fn matrix(asking: &Asking<'_>, everybody: &BTreeMap<String, Logins>) -> anyhow::Result<()> {
    let said = asking.json(&["matrix"])?;
    let members =
        said["rows"].as_array().into_iter().flatten().flat_map(|row| row["members"].as_array().into_iter().flatten());
    let found = by_arn(members.filter(|member| member["arn"].is_string()));
    let expected = everybody.iter().filter(|(_, logins)| !logins.contains(&None));
    let expected: BTreeMap<String, Logins> =
        expected.map(|(arn, logins)| (arn.to_lowercase(), logins.clone())).collect();
    ensure!(found == expected, "{found:#?}\n{expected:#?}");
    let alone = asking.run(&["matrix", &arn("user/alice")])?.failure()?;
    ensure!(alone.contains("undetermined") && alone.contains("user:alice") && alone.contains("user:boss"), "{alone}");
    Ok(())
}

fn lint(asking: &Asking<'_>) -> anyhow::Result<()> {
    let said = asking.json(&["lint"])?;
    let of = |finding: &Value| {
        let code = finding["code"].as_str().filter(|code| code.starts_with("logins."))?;
        Some((code.to_owned(), finding["written"]["line"].as_u64().unwrap_or_default()))
    };
    let mut found: Vec<_> = said["findings"].as_array().into_iter().flatten().filter_map(of).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = WRONG.iter().map(|(code, line)| ((*code).to_owned(), *line as u64)).collect();
    expected.sort_unstable();
    ensure!(found == expected, "{found:?}\n{expected:?}\n{said:#}");
    Ok(())
}

fn import_and_plan(asking: &Asking<'_>, everybody: &BTreeMap<String, Logins>) -> anyhow::Result<()> {
    let Output { code, stdout, stderr } = asking.run(&["import", "-i", "c"])?;
    ensure!(code == 0, "{stderr}");
    // Everything that is wrong is named with its line, and nobody is in the file who may be somebody else.
    for (_, line) in WRONG {
        ensure!(stderr.contains(&format!("(aws-auth.yaml:{line}, ")), "line {line}: {stderr}");
    }
    for (member, is_in) in
        [("Admin", true), ("Ops", true), ("ben", true), ("alice", false), ("boss", false), ("Lost", false)]
    {
        let file = stdout.split("# Not in this file").next().unwrap_or_default();
        ensure!(file.contains(member) == is_in, "{member}: {file}");
    }
    fs::write(asking.folder.join("access.yaml"), &stdout)?;
    let plan = asking.json(&["plan", "--mapping", "aws-auth", "-f", "access.yaml"])?;
    let unseen = plan["unseen"].to_string();
    ensure!(plan["complete"] == false && unseen.contains("aws-auth.yaml:27"), "{unseen}");
    for person in plan["people"].as_array().into_iter().flatten() {
        let name = person["who"].as_str().unwrap_or_default();
        let before = login(&person["before"]);
        let (_, logins) = everybody
            .iter()
            .find(|(arn, _)| {
                name.split(' ')
                    .next_back()
                    .is_some_and(|name| arn.to_lowercase().ends_with(&format!("/{}", name.to_lowercase())))
            })
            .with_context(|| format!("{person}"))?;
        ensure!(logins.contains(&before), "{person}");
        ensure!(person["gains"] == serde_json::json!([]) && person["losses"] == serde_json::json!([]), "{person}");
    }
    Ok(())
}

/// To a world in which nobody is left to chance any more, and one is another.
fn diff(asking: &Asking<'_>, everybody: &BTreeMap<String, Logins>) -> anyhow::Result<()> {
    let mended = AWS_AUTH.replace("user/ALICE", "user/zoe");
    for (name, text) in [("before", AWS_AUTH), ("after", &mended)] {
        let folder: &Path = &asking.folder.join(name);
        fs::create_dir_all(folder)?;
        fs::write(folder.join("aws-auth.yaml"), text)?;
        fs::write(folder.join("cluster.yaml"), CLUSTER)?;
    }
    let Output { stdout, .. } = asking.alone(&["diff", "before", "after", "-o", "json"])?;
    let said: Value = serde_json::from_str(&stdout)?;
    let people = said["people"].as_array().context("people")?;
    for person in people {
        let arn = person["arn"].as_str().unwrap_or_default().to_lowercase();
        let nobody = Logins::from([None]);
        let known = everybody.iter().find(|(of, _)| of.to_lowercase() == arn).map_or(&nobody, |(_, logins)| logins);
        ensure!(known.contains(&login(&person["before"])), "{person}");
    }
    let who: BTreeSet<&str> = people.iter().filter_map(|person| person["name"].as_str()).collect();
    ensure!(who.len() == 2 && who.contains("zoe"), "{who:?}");
    ensure!(said["incomplete"] == true, "{said}");
    Ok(())
}
