//! Mapping sources read as their reader reads them: the real aws-iam-authenticator is asked, mapping by mapping and caller
//! by caller, who is let in as whom, and our reading of the same mapping has to say the same.
//!
//! `CLUSTER_AUTH_SEED` repeats a run, `CLUSTER_AUTH_MAPPINGS` makes it longer or shorter.

mod adds;
mod callers;
mod compare;
mod edits;
mod entries;
mod go;
mod json;
mod ours;
mod own;
mod own_file;
mod running;
mod yaml;

use anyhow::ensure;
use e2e::{
    exchange::Exchange,
    random::{Random, SEED, say, seed},
    world::World,
};
use identity::Partition;
use serde_json::{Value, json};

use self::{
    callers::Caller,
    compare::{Difference, Tally, compare, shrink},
    entries::{List, Material, Naming, account, arn, entry},
    go::{AwsAuth, DynamicFile, MAX_OBJECTS, Objects, Reviewer, Sandboxes},
    ours::Ours,
    yaml::{Hand, section},
};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("readers::aws_auth_is_read_as_the_go_program_reads_it", aws_auth),
    ("readers::an_edited_aws_auth_lets_in_whom_it_should", edits::aws_auth),
    ("readers::add_leaves_the_meaning_that_aws_iam_authenticators_leaves", adds::same_meaning),
    ("readers::dynamic_files_are_read_as_the_go_program_reads_them", dynamic_file),
    ("readers::configuration_files_are_read_as_the_go_program_reads_them", mounted_file),
    ("readers::what_runs_says_who_reads_the_configuration", running::says_who_reads),
    ("readers::mapping_objects_are_read_as_the_go_program_reads_them", objects),
    ("readers::our_server_lets_in_by_aws_auth_whom_the_go_server_lets_in", own::aws_auth),
    ("readers::our_server_lets_in_by_configuration_files_whom_the_go_server_lets_in", own_file::mounted_file),
    ("readers::our_server_lets_in_by_dynamic_files_whom_the_go_server_lets_in", own::dynamic_file),
    ("readers::our_server_lets_in_by_mapping_objects_whom_the_go_server_lets_in", own::objects),
];

/// The variable that says how many mappings of each kind are tried.
const MAPPINGS: &str = "CLUSTER_AUTH_MAPPINGS";

/// How many differences end a run: enough to see what they have in common.
const ENOUGH: usize = 12;

/// How many mappings to try, where nothing else is said.
#[expect(clippy::disallowed_methods, reason = "the tests' own edge: a longer run is asked for by the environment")]
fn mappings(usual: usize) -> anyhow::Result<usize> {
    Ok(std::env::var(MAPPINGS).map_or(Ok(usual), |count| count.parse())?)
}

/// Mappings of one kind, one after the other.
struct Run {
    kind: &'static str,
    seed: u64,
    count: usize,
    tally: Tally,
}

impl Run {
    #[expect(clippy::disallowed_methods, reason = "the tests' own edge: another seed is asked for by the environment")]
    fn new(kind: &'static str, usual: usize, steady: u64) -> anyhow::Result<Self> {
        // Always the same mappings, unless a seed is given: what fails here fails for whoever looks.
        let seed = if std::env::var(SEED).is_ok() { seed()? } else { steady };
        let run = Self { kind, seed, count: mappings(usual)?, tally: Tally::default() };
        say(&format!("{kind}: {SEED}={}", run.seed));
        Ok(run)
    }

    /// Tries one mapping after the other, each of a seed of its own; a difference is said with the seed that shows it first.
    fn each(
        mut self,
        mut differs: impl FnMut(&mut Random, &mut Tally) -> anyhow::Result<Option<String>>,
    ) -> anyhow::Result<()> {
        let mut differences = Vec::new();
        for at in 0..self.count {
            let seed = self.seed.wrapping_add(at as u64);
            let difference = differs(&mut Random(seed), &mut self.tally)?;
            self.tally.maps += 1;
            differences.extend(difference.map(|difference| format!("{SEED}={seed}: {difference}")));
            if differences.len() == ENOUGH {
                break;
            }
        }
        let Self { kind, tally, .. } = self;
        say(&format!("{kind}: {tally}, {} differences", differences.len()));
        ensure!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
        tally.says_something()
    }
}

fn aws_auth(world: &World) -> anyhow::Result<()> {
    let run = Run::new("aws-auth", 300, 900_001)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = AwsAuth::start(world, &sandboxes)?;
    let groups = [
        (Partition::Aws, false, Caller::all(Partition::Aws, &sandboxes.aws)?),
        (Partition::Aws, true, Caller::with_permission_sets(&sandboxes.aws)?),
        (Partition::AwsCn, true, Caller::all(Partition::AwsCn, &sandboxes.aws_cn)?),
    ];
    let arns = arns([&groups[0], &groups[2]].into_iter().flat_map(|(.., callers)| callers));
    run.each(|random, tally| {
        let data = data(random, arns.clone());
        let found = aws_auth_differences(&mut place, &groups, &data, tally)?;
        let Some(first) = found.into_iter().next() else { return Ok(None) };
        let texts = data.as_object().into_iter().flatten();
        let texts = texts.map(|(key, text)| (key.clone(), text.as_str().unwrap_or_default().to_owned())).collect();
        let mut shown = (data, first.clone());
        shrink(texts, |texts| {
            let data = Value::Object(texts.iter().map(|(key, text)| (key.clone(), json!(text))).collect());
            let found = aws_auth_differences(&mut place, &groups, &data, &mut Tally::default())?;
            let same = found.into_iter().find(|found| found.is_like(&first));
            let is_same = same.is_some();
            if let Some(same) = same {
                shown = (data, same);
            }
            Ok(is_same)
        })?;
        Ok(Some(format!("{}\n{}", shown.0, shown.1)))
    })
}

fn dynamic_file(world: &World) -> anyhow::Result<()> {
    let run = Run::new("dynamic file", 300, 1_795_901_102_974_665)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = DynamicFile::start(world, &sandboxes)?;
    let callers = place.callers(&sandboxes)?;
    let (arns, ids) = (arns(&callers), ids(&callers));
    run.each(|random, tally| {
        let file = json::file(random, arns.clone(), ids.clone());
        place.put(&file)?;
        let mut found = Vec::new();
        for (reviewer, server) in place.reviewers.iter_mut().zip(["", "strict"]) {
            let ours = Ours::dynamic_file(&file, !server.is_empty());
            found.extend(differences(&mut reviewer.exchange, server, &callers, &ours, tally)?);
        }
        Ok(found.first().map(|first| format!("{}\n{first}", String::from_utf8_lossy(&file))))
    })
}

fn objects(world: &World) -> anyhow::Result<()> {
    let run = Run::new("IAMIdentityMapping", 300, 1_795_901_055_371_101)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = Objects::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = arns(&callers);
    run.each(|random, tally| {
        let objects = some_objects(random, &arns);
        let (mut reviewer, list) = place.put(world, &sandboxes, &objects)?;
        let ours = Ours::objects(&list);
        let found = differences(&mut reviewer.exchange, "", &callers, &ours, tally)?;
        Ok(found.first().map(|first| format!("{}\n{first}", shown(&list))))
    })
}

fn mounted_file(world: &World) -> anyhow::Result<()> {
    let run = Run::new("configuration file", 60, 4_711)?;
    let sandboxes = Sandboxes::start(world)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = arns(&callers);
    let (mut number, mut starts) = (0, 0);
    run.each(|random, tally| {
        number += 1;
        let server = configuration(random, arns.clone());
        let sso_role_match = random.below(2) == 0;
        let features: &[&str] = if sso_role_match { &["SSORoleMatch"] } else { &[] };
        let name = format!("readers-go-mounted-{number}");
        let theirs = Reviewer::start(world, &sandboxes.aws, "alice", &name, features, &server);
        let ours = Ours::mounted_file(&format!("clusterID: c\nserver:\n{server}"), Partition::Aws, sso_role_match);
        match (theirs, ours) {
            (Ok(mut reviewer), Some(ours)) => {
                starts += 1;
                let found = differences(&mut reviewer.exchange, "", &callers, &ours, tally)?;
                Ok(found.first().map(|first| format!("{server}\n{first}")))
            }
            (Err(error), None) if format!("{error:#}").contains("the Go server ended with") => Ok(None),
            (Err(error), Some(_)) if format!("{error:#}").contains("the Go server ended with") => {
                Ok(Some(format!("{server}\nwe take it, and the program does not start: {error:#}")))
            }
            (Ok(_), None) => Ok(Some(format!("{server}\nthe program starts, and we say that it does not"))),
            (Err(error), _) => Err(error),
        }
    })?;
    ensure!(starts * 4 > number, "{starts} of {number} files are such that the program starts: that proves little");
    Ok(())
}

/// What stands below `server` in a configuration, most of it such that the program starts.
fn configuration(random: &mut Random, arns: Vec<String>) -> String {
    let material = Material { arns, ids: Vec::new(), naming: Naming::Arn, calm: random.one(&[20, 60, 200, 1000]) };
    let calm = random.one(&[8, 30]);
    let hand = Hand::new(random, calm);
    let mut server = String::new();
    for (name, list) in [("mapRoles", Some(List::Roles)), ("mapUsers", Some(List::Users)), ("mapAccounts", None)] {
        if random.below(4) == 0 || (list.is_none() && random.below(3) != 0) {
            continue;
        }
        let count = random.one(&[0, 1, 1, 2, 3]);
        let entries: Vec<_> = (0..count)
            .map(|_| match list {
                Some(list) => entry(random, &material, list),
                None => account(random, &material),
            })
            .collect();
        let name = if random.below(12) == 0 { name.to_lowercase() } else { name.to_owned() };
        server.push_str(&yaml::below(random, &hand, &name, &entries));
    }
    if random.below(4) == 0 {
        let prefixes = random.one(&["[dev, ops]", "system:", "[\"\", admin]", "[]"]);
        let mode = random.one(&["MountedFile", "CRD"]);
        server.push_str(&format!(
            "  reservedPrefixConfig:\n  - backendMode: {mode}\n    usernamePrefixReserveList: {prefixes}\n"
        ));
    }
    server
}

/// The ARNs that mappings ought to name.
fn arns<'a>(callers: impl IntoIterator<Item = &'a Caller>) -> Vec<String> {
    callers.into_iter().map(|caller| caller.identity.canonical_arn()).collect()
}

/// What AWS calls them by, for mappings that name it.
fn ids(callers: &[Caller]) -> Vec<String> {
    callers.iter().map(|caller| caller.identity.unique_id.clone()).collect()
}

/// What of listed objects says who logs in.
fn shown(list: &Value) -> Value {
    list["items"].as_array().into_iter().flatten().map(|item| json!([item["spec"], item["status"]])).collect()
}

/// Where we say something else than one server.
fn differences(
    exchange: &mut Exchange,
    server: &'static str,
    callers: &[Caller],
    ours: &Ours,
    tally: &mut Tally,
) -> anyhow::Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for caller in callers {
        differences.extend(compare(exchange, server, caller, ours.answers(caller), tally)?);
    }
    Ok(differences)
}

/// `spec` of a few objects, and what stands in `status` already.
fn some_objects(random: &mut Random, arns: &[String]) -> Vec<(Value, Option<String>)> {
    // Few people in many objects, so that some are in several.
    let few: Vec<_> = (0..3).map(|_| arns[random.below(arns.len())].clone()).collect();
    let arns = if random.below(2) == 0 { few } else { arns.to_vec() };
    let material = Material { arns, ids: Vec::new(), naming: Naming::Arn, calm: random.one(&[6, 12, 40, 200]) };
    let count = 1 + random.below(MAX_OBJECTS);
    let mut objects = Vec::new();
    while objects.len() < count {
        let list = random.one(&[List::Roles, List::Users]);
        let entry = entry(random, &material, list);
        let text = json::value(random, &entry);
        let Ok(Value::Object(mut entry)) = serde_json::from_str(&text) else { continue };
        let named = entry.remove("rolearn").or_else(|| entry.remove("userarn"));
        entry.extend(named.map(|arn| ("arn".to_owned(), arn)));
        let status = (random.below(6) == 0).then(|| arn(random, &material));
        objects.push((
            Value::Object(entry),
            status.map(|arn| if random.below(4) == 0 { arn } else { arn.to_lowercase() }),
        ));
    }
    objects
}

/// Callers of one server: of which partition, and whether permission sets count there.
type Group = (Partition, bool, Vec<Caller>);

/// Where we say something else than one of the three servers.
fn aws_auth_differences(
    place: &mut AwsAuth,
    groups: &[Group],
    data: &Value,
    tally: &mut Tally,
) -> anyhow::Result<Vec<Difference>> {
    let object = place.put(data)?;
    let mut found = Vec::new();
    // The servers have nothing to do with each other.
    std::thread::scope(|scope| {
        let ask = |(reviewer, (partition, sso_role_match, callers)): (&'_ mut Reviewer, &'_ Group)| {
            let server = match (partition, sso_role_match) {
                (Partition::AwsCn, _) => "aws-cn",
                (_, true) => "with SSORoleMatch",
                (_, false) => "",
            };
            let ours = Ours::aws_auth(&object, *partition, *sso_role_match);
            let mut tally = Tally::default();
            let found = differences(&mut reviewer.exchange, server, callers, &ours, &mut tally)?;
            anyhow::Ok((found, tally))
        };
        let asking: Vec<_> = place.reviewers.iter_mut().zip(groups).map(|one| scope.spawn(move || ask(one))).collect();
        for asked in asking {
            let (differences, asked) = asked.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
            found.extend(differences);
            tally.add(asked);
        }
        anyhow::Ok(())
    })?;
    Ok(found)
}

/// The data of an `aws-auth`.
fn data(random: &mut Random, arns: Vec<String>) -> Value {
    let few: Vec<_> = (0..4).map(|_| arns[random.below(arns.len())].clone()).collect();
    let arns = if random.below(3) == 0 { few } else { arns };
    let material = Material { arns, ids: Vec::new(), naming: Naming::Arn, calm: random.one(&[4, 8, 16, 60]) };
    let calm = random.one(&[4, 10, 40]);
    let hand = Hand::new(random, calm);
    let mut sections = serde_json::Map::new();
    for (name, list) in [("mapRoles", Some(List::Roles)), ("mapUsers", Some(List::Users)), ("mapAccounts", None)] {
        if random.below(5) == 0 || (list.is_none() && random.below(3) != 0) {
            continue;
        }
        let count = random.one(&[0, 1, 2, 2, 3, 3, 5, 8, 30]);
        let entries: Vec<_> = (0..count)
            .map(|_| match list {
                Some(list) => entry(random, &material, list),
                None => account(random, &material),
            })
            .collect();
        let name = match random.below(material.calm * 4) {
            0 => name.to_lowercase(),
            1 => name[..name.len() - 1].to_owned(),
            _ => name.to_owned(),
        };
        sections.insert(name, section(random, &hand, &entries).into());
    }
    Value::Object(sections)
}
