//! The same generated mappings, and our own server beside the Go one: it decides by other rules in a few places, each of which
//! docs/differences.md has. For everybody else both answer the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context as _, ensure};
use e2e::{
    exchange::Exchange,
    people::environment,
    process::wait_until,
    random::say,
    server::{Server, ServerOptions},
    sts::Sts,
    world::{CLUSTER_ID, World},
};
use identity::Partition;
use mapping::{
    Decision, DefectKind, Facts, Refusal, Snapshot, Source, authenticator,
    aws_iam_authenticator::{LISTS, Object, Options, Standing},
    decide,
};
use serde_json::{Value, json};

use super::{
    Run,
    callers::{Answer, Caller, INSTANCE, ask},
    compare::Tally,
    data,
    go::{AwsAuth, DynamicFile, Objects, Sandboxes},
    some_objects,
};

/// Our server in one mode.
struct Own {
    server: Server,
    exchange: Exchange,
    /// Who is in nothing that is generated: what is said of them tells which version is in force.
    last: Caller,
    rounds: usize,
}

impl Own {
    fn start(world: &World, sts: &Sts, name: &str, server: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: server, args: &[] };
        let mut variables = environment(&sts.credentials("alice")?);
        variables.extend(sts.proxy_environment());
        variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
        let server = Server::start_in(&world.parts, sts, &folder, &options, variables)?;
        let exchange = server.exchange()?;
        Ok(Self { server, exchange, last: Caller::last(sts)?, rounds: 0 })
    }

    /// A name that nobody had before.
    fn marker(&mut self) -> String {
        self.rounds += 1;
        format!("marker-{}", self.rounds)
    }

    /// Who the last one is to it.
    fn knows(&mut self) -> anyhow::Result<String> {
        Ok(match said(&mut self.exchange, &self.last)? {
            Answer::In { username, .. } => username,
            Answer::Out => String::new(),
        })
    }

    fn wait_for(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        wait_until(what, || Ok(is_it(&self.knows()?))).with_context(|| self.server.process.log())
    }
}

fn said(exchange: &mut Exchange, caller: &Caller) -> anyhow::Result<Answer> {
    ask(exchange, &caller.token()?)
}

/// Why an answer may be another one than the Go server's: rows of docs/differences.md.
fn known(
    caller: &Caller,
    ours: &Answer,
    theirs: &BTreeSet<Answer>,
    why_not: Option<Refusal>,
    by_status: bool,
) -> Option<&'static str> {
    let is_permission_set = caller.identity.canonical_arn().contains("/AWSReservedSSO_");
    match why_not {
        _ if theirs.len() > 1 && theirs.contains(ours) => Some("two entries for one caller"),
        Some(Refusal::EmptyUsername) => Some("an entry without a username"),
        Some(Refusal::TemplatedSystemName) => Some("`system:{{SessionName}}`"),
        _ if is_permission_set => Some("permission sets"),
        Some(Refusal::OtherPartition) => Some("partition of the caller"),
        Some(Refusal::OtherArn) => Some("the right `userid` with another ARN"),
        Some(Refusal::NotMapped) if by_status => Some("an IAMIdentityMapping whose `spec.arn` is none"),
        _ => None,
    }
}

/// What came of it, over all mappings.
#[derive(Default)]
struct Seen {
    same: usize,
    let_in: usize,
    known: BTreeMap<&'static str, usize>,
}

impl Seen {
    /// Asks both about everybody.
    fn compare(
        &mut self,
        (theirs, ours): (&mut Exchange, &mut Exchange),
        callers: &[Caller],
        snapshot: &Snapshot,
        by_status: bool,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<String>> {
        for caller in callers {
            let answer = said(ours, caller)?;
            let (expected, why_not) = expected(snapshot, caller);
            ensure!(answer == expected, "{}: our server says {answer:?}, and its mapping {expected:?}", caller.name);
            let mut said_there = BTreeSet::new();
            for _ in 0..3 {
                said_there.insert(said(theirs, caller)?);
            }
            tally.questions += 1;
            tally.asks += 4;
            tally.let_in += usize::from(answer != Answer::Out);
            tally.answers.insert(answer.clone());
            if said_there.len() == 1 && said_there.contains(&answer) {
                self.same += 1;
                self.let_in += usize::from(answer != Answer::Out);
            } else if let Some(row) = known(caller, &answer, &said_there, why_not, by_status) {
                *self.known.entry(row).or_default() += 1;
            } else {
                return Ok(Some(format!(
                    "{}\n  ours   {answer:?} ({why_not:?})\n  theirs {said_there:?}",
                    caller.name
                )));
            }
        }
        Ok(None)
    }

    /// Whether that says anything.
    fn conclude(&self, kind: &str) -> anyhow::Result<()> {
        let known: usize = self.known.values().sum();
        say(&format!(
            "{kind}: {} answers the same, {} of them let in; listed differences {:?}",
            self.same, self.let_in, self.known
        ));
        ensure!(self.let_in * 20 > self.same && self.same > 4 * known, "{kind}: little was tried");
        Ok(())
    }
}

/// What the mapping says of somebody, and why where it lets them in nowhere.
fn expected(snapshot: &Snapshot, caller: &Caller) -> (Answer, Option<Refusal>) {
    let names = [(INSTANCE.0, Some(INSTANCE.1)), ("i-0fffffffffffffff0", None), ("i-nodename", None)];
    let names = names.into_iter().map(|(id, name)| (id.to_owned(), name.map(str::to_owned)));
    let facts = Facts { private_dns_names: names.collect() };
    match decide(snapshot, &caller.identity, &caller.access_key_id, &facts, e2e::sts::now()) {
        Decision::Permit(user) => (Answer::of(user.username, user.groups), None),
        Decision::Refuse(refusal) => (Answer::Out, Some(refusal)),
        Decision::Undetermined(_) | Decision::Needs(_) => (Answer::Out, None),
    }
}

fn snapshot(source: Source) -> Snapshot {
    Snapshot::new(Partition::Aws, vec![source], [])
}

pub(super) fn aws_auth(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, aws-auth", 60, 900_001)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = AwsAuth::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = super::arns(&callers);
    let kubeconfig = place.api.cluster.admin_kubeconfig().display().to_string();
    let server = format!("  backendMode: [EKSConfigMap]\n  kubeconfig: {kubeconfig}\n");
    let mut own = Own::start(world, &sandboxes.aws, "readers-own", &server)?;
    let (mut seen, mut broken) = (Seen::default(), 0);
    let last = own.last.identity.canonical_arn();
    run.each(|random, tally| {
        // A version of which it is known when it is in force, so that what stays of the last good one is known too.
        let marker = own.marker();
        let before = json!([{"userarn": last, "username": marker, "groups": ["g"]}]).to_string();
        place.put(&json!({"mapUsers": before}))?;
        own.wait_for("the version before", |name| name == marker)?;
        let mut data = data(random, arns.clone());
        data["mapAccounts"] = format!("['{}']", own.last.identity.account).into();
        let object = place.put(&data)?;
        let texts = object["data"].as_object().into_iter().flatten();
        let texts = texts.filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)));
        let source = authenticator::aws_auth(texts, |key| Standing::alone(key), Options::default());
        let is_broken = source.defects.iter().any(|defect| {
            [DefectKind::Unreadable, DefectKind::Type].contains(&defect.kind) && LISTS.contains(&&*defect.section)
        });
        if is_broken {
            broken += 1;
            wait_until("the last good version stays", || {
                Ok(own.server.request("GET", "/readyz", "")?.body.contains("EKSConfigMap: the last good version"))
            })?;
            ensure!(own.knows()? == marker, "{data}");
            return Ok(None);
        }
        own.wait_for("the version is in force", |name| name == last)?;
        let both = (&mut place.reviewers[0].exchange, &mut own.exchange);
        let found = seen.compare(both, &callers, &snapshot(source), false, tally)?;
        Ok(found.map(|found| format!("{data}\n{found}")))
    })?;
    say(&format!("{broken} of the maps have a list that cannot be read: there the last good version stays"));
    seen.conclude("our server, aws-auth")
}

pub(super) fn dynamic_file(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, dynamic file", 40, 1_795_901_102_974_665)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = DynamicFile::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = super::arns(&callers);
    let path = world.folder("readers-own-dynamic")?.join("logins.json");
    fs::write(&path, "{}")?;
    let server = format!("  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n", path.display());
    let mut own = Own::start(world, &sandboxes.aws, "readers-own-dynamic", &server)?;
    let mut seen = Seen::default();
    let last = own.last.identity.canonical_arn();
    let put = |text: &[u8]| -> anyhow::Result<()> {
        let new = path.with_extension("new");
        fs::write(&new, text)?;
        Ok(fs::rename(new, &path)?)
    };
    run.each(|random, tally| {
        let marker = own.marker();
        put(json!({"mapUsers": [{"userarn": last, "username": marker}]}).to_string().as_bytes())?;
        own.wait_for("the version before", |name| name == marker)?;
        let file = super::json::file(random, arns.clone(), Vec::new());
        place.put(&file)?;
        put(&file)?;
        let read = authenticator::dynamic_file(&file, Standing::alone("logins.json"), Options::default());
        let Ok(source) = read else {
            wait_until("nothing of it is taken", || {
                Ok(own.server.request("GET", "/readyz", "")?.body.contains("DynamicFile: the last good version"))
            })?;
            ensure!(own.knows()? == marker);
            return Ok(None);
        };
        own.wait_for("the version is in force", |name| name != marker)?;
        let both = (&mut place.reviewers[0].exchange, &mut own.exchange);
        let found = seen.compare(both, &callers, &snapshot(source), false, tally)?;
        Ok(found.map(|found| format!("{}\n{found}", String::from_utf8_lossy(&file))))
    })?;
    seen.conclude("our server, dynamic file")
}

pub(super) fn objects(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, IAMIdentityMapping", 30, 1_795_901_055_371_101)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = Objects::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = super::arns(&callers);
    let mut own = Own::start(
        world,
        &sandboxes.aws,
        "readers-own-objects",
        &format!("  backendMode: [CRD]{}", rest(&place.server)?),
    )?;
    let mut seen = Seen::default();
    run.each(|random, tally| {
        let objects = some_objects(random, &arns);
        let (mut reviewer, list) = place.put(world, &sandboxes, &objects)?;
        // One change after the other comes: when this one has, all before have.
        let marker = own.marker();
        place.rename_last(&marker)?;
        own.wait_for("the objects are known", |name| name == marker)?;
        let items: Vec<&Value> = list["items"].as_array().into_iter().flatten().collect();
        let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
        let read: Vec<_> = items
            .iter()
            .map(|item| {
                let groups = item["spec"]["groups"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
                (text(&item["metadata"]["name"]), text(&item["spec"]["arn"]), text(&item["spec"]["username"]), groups)
            })
            .collect();
        let source = authenticator::objects(read.iter().map(|(name, arn, username, groups)| Object {
            name,
            arn,
            username,
            groups: groups.iter().map(String::as_str).collect(),
            ..Object::default()
        }));
        let both = (&mut reviewer.exchange, &mut own.exchange);
        let found = seen.compare(both, &callers, &snapshot(source), true, tally)?;
        let shown = || items.iter().map(|item| json!([item["spec"], item["status"]])).collect::<Vec<_>>();
        Ok(found.map(|found| format!("{}\n{found}", Value::from(shown()))))
    })?;
    seen.conclude("our server, IAMIdentityMapping")
}

/// What stands behind the modes in a configuration.
fn rest(server: &str) -> anyhow::Result<&str> {
    server.strip_prefix("  backendMode: [CRD]").context("the modes stand first")
}
