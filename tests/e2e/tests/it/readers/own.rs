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
use identity::{Partition, Partitions};
use mapping::{
    Decision, Refusal, Snapshot, Source,
    authenticator::{self, AwsAuth, AwsAuthRead},
    aws_iam_authenticator::{Options, Standing},
    decide,
};
use serde_json::json;

use super::{
    Run,
    callers::{Answer, Caller, ask},
    compare::{Tally, everything_said},
    data,
    go::{self, DynamicFile, Objects, Sandboxes},
    json as generated,
    ours::{Ours, facts, mapping_objects, texts},
    shown, some_objects,
};

pub(super) fn aws_auth(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, aws-auth", 40, 900_001)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = go::AwsAuth::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = super::arns(&callers);
    let kubeconfig = place.api.cluster.admin_kubeconfig().display().to_string();
    let server = format!("  backendMode: [EKSConfigMap]\n  kubeconfig: {kubeconfig}\n");
    let start = |name: &str, args: &[&str]| OwnServer::start(world, &sandboxes.aws, name, &server, args);
    // The gate is for aws-auth what the other server makes of it.
    let mut owns = [
        (start("readers-own", &[])?, false),
        (start("readers-own-sso", &["--feature-gates=SSORoleMatch=true"])?, true),
    ];
    let (mut comparison, mut broken) = (Comparison::default(), 0);
    let last = owns[0].0.last.identity.canonical_arn();
    let account = owns[0].0.last.identity.account;
    let mut markers = 0;
    run.each(|random, tally| {
        // A version of which it is known when it is in force, so that what stays of the last good one is known too.
        let marker = marker(&mut markers);
        let before = json!([{"userarn": last, "username": marker, "groups": ["g"]}]).to_string();
        place.put(&json!({"mapUsers": before}))?;
        for (own, _) in &mut owns {
            own.wait_for("the version before", |name| name == marker)?;
        }
        let mut data = data(random, arns.clone());
        data["mapAccounts"] = format!("['{account}']").into();
        let object = place.put(&data)?;
        let mut found = None;
        for (at, (own, sso_role_match)) in owns.iter_mut().enumerate() {
            let options = Options { sso_role_match: *sso_role_match, ..Options::default() };
            let mut known = AwsAuth::default();
            known.read(Some([("mapUsers", &*before)]), options);
            let AwsAuthRead { source, stale, not_read } = known.read(Some(texts(&object)), options);
            ensure!(not_read.is_empty(), "every list was known before: {not_read:?}");
            if stale.is_empty() {
                own.wait_for("the version is in force", |name| name == last)?;
            } else {
                // Of these lists the version before stays, in which nobody stands who is asked about.
                broken += 1;
                own.says_that_the_last_good_version_stays("EKSConfigMap")?;
            }
            let mut both = Both {
                theirs: &mut place.reviewers[at].exchange,
                read_there: &Ours::aws_auth(&object, Partition::Aws, *sso_role_match),
                ours: &mut own.exchange,
                read_here: &snapshot(source),
            };
            let one = comparison.add(&mut both, &callers, tally)?;
            found = found.or(one.map(|found| format!("{data}, SSORoleMatch {sso_role_match}\n{found}")));
        }
        Ok(found)
    })?;
    say(&format!("{broken} times a list cannot be read: there the last good version of the list stays"));
    comparison.conclude("our server, aws-auth")
}

pub(super) fn dynamic_file(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, dynamic file", 40, 1_795_901_102_974_665)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = DynamicFile::start(world, &sandboxes)?;
    let callers = place.callers(&sandboxes)?;
    let (arns, ids) = (super::arns(&callers), super::ids(&callers));
    let path = world.folder("readers-own-dynamic")?.join("logins.json");
    let put = |text: &[u8]| -> anyhow::Result<()> {
        let new = path.with_extension("new");
        fs::write(&new, text)?;
        Ok(fs::rename(new, &path)?)
    };
    let mut last = Caller::last(&sandboxes.aws)?;
    put(json!({"mapAccounts": [last.identity.account.to_string()]}).to_string().as_bytes())?;
    let start = |strict: bool| {
        let server = format!(
            "  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n  dynamicfileUserIDStrict: {strict}\n",
            path.display()
        );
        OwnServer::start(world, &sandboxes.aws, &format!("readers-own-dynamic-{strict}"), &server, &[])
    };
    let mut owns = [(start(false)?, false), (start(true)?, true)];
    // The file lets in everybody of the account, so that it is said what AWS calls them by.
    last.learn_id(&mut owns[0].0.exchange)?;
    let (last, id) = (last.identity.canonical_arn(), last.identity.unique_id);
    let (mut comparison, mut broken, mut strictly, mut markers) = (Comparison::default(), 0, 0, 0);
    run.each(|random, tally| {
        let marker = marker(&mut markers);
        let before = json!({"mapUsers": [{"userarn": last, "username": marker, "userid": id}]});
        put(before.to_string().as_bytes())?;
        for (own, _) in &mut owns {
            own.wait_for("the version before", |name| name == marker)?;
        }
        let file = generated::file(random, arns.clone(), ids.clone());
        place.put(&file)?;
        put(&file)?;
        let mut found = None;
        for (at, (own, strict)) in owns.iter_mut().enumerate() {
            let options = Options { user_id_strict: *strict, ..Options::default() };
            let read = authenticator::dynamic_file(&file, Standing::alone("logins.json"), options);
            let Ok(source) = read else {
                broken += 1;
                own.keeps_the_last_good_version("DynamicFile", &marker)?;
                continue;
            };
            own.wait_for("the version is in force", |name| name != marker)?;
            let mut both = Both {
                theirs: &mut place.reviewers[at].exchange,
                read_there: &Ours::dynamic_file(&file, *strict),
                ours: &mut own.exchange,
                read_here: &snapshot(source),
            };
            let let_in = comparison.let_in;
            let one = comparison.add(&mut both, &callers, tally)?;
            strictly += if *strict { comparison.let_in - let_in } else { 0 };
            let shown = String::from_utf8_lossy(&file);
            found = found.or(one.map(|found| format!("{shown}, strict {strict}\n{found}")));
        }
        Ok(found)
    })?;
    say(&format!(
        "{broken} times a file cannot be read: there the last good version stays; {strictly} let in by their ids"
    ));
    ensure!(strictly > 0, "nobody is let in by an id");
    comparison.conclude("our server, dynamic file")
}

pub(super) fn objects(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, IAMIdentityMapping", 30, 1_795_901_055_371_101)?;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = Objects::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns = super::arns(&callers);
    let mut own = OwnServer::start(world, &sandboxes.aws, "readers-own-objects", &place.server, &[])?;
    let (mut comparison, mut markers) = (Comparison::default(), 0);
    run.each(|random, tally| {
        let objects = some_objects(random, &arns);
        let (mut reviewer, list) = place.put(world, &sandboxes, &objects)?;
        // One change after the other comes: when this one has, all before have.
        let marker = marker(&mut markers);
        place.rename_last(&marker)?;
        own.wait_for("the objects are known", |name| name == marker)?;
        let source = authenticator::objects(mapping_objects(&list));
        let mut both = Both {
            theirs: &mut reviewer.exchange,
            read_there: &Ours::objects(&list),
            ours: &mut own.exchange,
            read_here: &snapshot(source),
        };
        let found = comparison.add(&mut both, &callers, tally)?;
        Ok(found.map(|found| format!("{}\n{found}", shown(&list))))
    })?;
    comparison.conclude("our server, IAMIdentityMapping")
}

/// Our server in one mode.
struct OwnServer {
    server: Server,
    exchange: Exchange,
    /// Who is in nothing that is generated: what is said of them tells which version is in force.
    last: Caller,
}

/// A username that nobody had before.
fn marker(markers: &mut usize) -> String {
    *markers += 1;
    format!("marker-{markers}")
}

impl OwnServer {
    fn start(world: &World, sts: &Sts, name: &str, server: &str, args: &[&str]) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: server, args };
        let mut variables = environment(&sts.credentials("alice")?);
        variables.extend(sts.proxy_environment());
        variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
        let server = Server::start_in(&world.parts, sts, &folder, &options, variables)?;
        let (exchange, last) = (server.exchange()?, Caller::last(sts)?);
        // Until then nobody is denied.
        wait_until("its mappings are read", || Ok(server.review(&last.token()?)?.status != 503))?;
        Ok(Self { server, exchange, last })
    }

    /// The username of the last one; empty while they are turned away.
    fn username_of_last(&mut self) -> anyhow::Result<String> {
        Ok(match ask(&mut self.exchange, &self.last.token()?)? {
            Answer::In { username, .. } => username,
            Answer::Out => String::new(),
        })
    }

    fn wait_for(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        wait_until(what, || Ok(is_it(&self.username_of_last()?))).with_context(|| self.server.process.log())
    }

    /// Waits until it says that a source cannot be read; what it knew before is still in force then.
    fn keeps_the_last_good_version(&mut self, mode: &str, marker: &str) -> anyhow::Result<()> {
        self.says_that_the_last_good_version_stays(mode)?;
        let username = self.username_of_last()?;
        ensure!(username == marker, "{username:?} is let in, and not {marker:?}");
        Ok(())
    }

    fn says_that_the_last_good_version_stays(&self, mode: &str) -> anyhow::Result<()> {
        let line = format!("{mode}: the last good version");
        wait_until(&line, || Ok(self.server.request("GET", "/readyz", "")?.body.contains(&line)))
    }
}

/// Both servers with one mapping, and how each reads it.
pub(super) struct Both<'a> {
    pub(super) theirs: &'a mut Exchange,
    pub(super) read_there: &'a Ours,
    pub(super) ours: &'a mut Exchange,
    pub(super) read_here: &'a Snapshot,
}

/// What came of it, over all mappings.
#[derive(Default)]
pub(super) struct Comparison {
    same: usize,
    let_in: usize,
    /// How often each row of docs/differences.md was met.
    pub(super) listed: BTreeMap<&'static str, usize>,
    /// The configuration that is read in either's own way; nothing where what is read is another source.
    pub(super) configuration: Option<String>,
}

impl Comparison {
    /// Asks both about everybody; says the first difference that no row has.
    pub(super) fn add(
        &mut self,
        both: &mut Both<'_>,
        callers: &[Caller],
        tally: &mut Tally,
    ) -> anyhow::Result<Option<String>> {
        for caller in callers {
            let answer = ask(both.ours, &caller.token()?)?;
            let (expected, why_not) = expected(both.read_here, caller)?;
            ensure!(answer == expected, "{}: our server says {answer:?}, and its mapping {expected:?}", caller.name);
            let (theirs, asks) = everything_said(both.theirs, caller, &both.read_there.answers(caller))?;
            tally.questions += 1;
            tally.asks += asks;
            tally.let_in += usize::from(answer != Answer::Out);
            tally.answers.insert(answer.clone());
            if theirs.len() == 1 && theirs.contains(&answer) {
                self.same += 1;
                self.let_in += usize::from(answer != Answer::Out);
            } else if let Some(row) = self.of_configuration(caller, &answer, &theirs) {
                *self.listed.entry(row).or_default() += 1;
            } else if let Some(row) = row(caller.name, &answer, &theirs, why_not) {
                *self.listed.entry(row).or_default() += 1;
            } else {
                return Ok(Some(format!("{}\n  ours   {answer:?} ({why_not:?})\n  theirs {theirs:?}", caller.name)));
            }
        }
        Ok(None)
    }

    /// The row by which our reading of a configuration lets in whom theirs turns away, or knows by another entry.
    fn of_configuration(&self, caller: &Caller, ours: &Answer, theirs: &BTreeSet<Answer>) -> Option<&'static str> {
        let text = self.configuration.as_ref()?.to_lowercase();
        if *ours == Answer::Out {
            return None;
        }
        let arn = caller.identity.canonical_arn().to_lowercase();
        let (_, role) = arn.split_once(":role/")?;
        let is_out_there = theirs.contains(&Answer::Out);
        // An entry that names the role behind a path, or its permission set with a partition.
        let has_path = text.match_indices(&format!("/{role}")).any(|(at, _)| !text[..at].ends_with(":role"));
        // There a set is one of the commercial partition, and no other; one that says a partition besides the server's is none at all.
        let has_partition =
            text.contains("partition: aws-cn") || (is_out_there && text.matches("partition").count() > 1);
        match () {
            () if is_out_there && has_path => Some("a role ARN with a path"),
            () if role.starts_with("awsreservedsso_") && has_partition => Some("`sso.partition`"),
            () => None,
        }
    }

    /// Whether that says anything.
    pub(super) fn conclude(&self, kind: &str) -> anyhow::Result<()> {
        let listed: usize = self.listed.values().sum();
        say(&format!(
            "{kind}: {} answers the same, {} of them let in; listed differences {:?}",
            self.same, self.let_in, self.listed
        ));
        ensure!(self.let_in * 20 > self.same && self.same > 4 * listed, "{kind}: little was tried");
        Ok(())
    }
}

/// The row of docs/differences.md by which an answer is another one than the Go server's.
fn row(caller: &str, ours: &Answer, theirs: &BTreeSet<Answer>, why_not: Option<Refusal>) -> Option<&'static str> {
    match why_not {
        _ if theirs.len() > 1 && theirs.contains(ours) => Some("two entries for one caller"),
        // The caller's permission set is another one, whose name begins so.
        Some(Refusal::NotMapped) if caller == "sso-dev-admin" => Some("permission set `Dev`"),
        Some(Refusal::EmptyUsername) => Some("an entry without a username"),
        Some(Refusal::TemplatedSystemName) => Some("`system:{{SessionName}}`"),
        Some(Refusal::OtherPartition) => Some("partition of the caller"),
        Some(Refusal::OtherArn) => Some("the right `userid` with another ARN"),
        _ => None,
    }
}

/// What the mapping says of somebody, and why where it turns them away.
fn expected(snapshot: &Snapshot, caller: &Caller) -> anyhow::Result<(Answer, Option<Refusal>)> {
    match decide(snapshot, &caller.identity, &caller.access_key_id, &facts(), e2e::sts::now()) {
        Decision::Permit(user) => Ok((Answer::of(user.username, user.groups), None)),
        Decision::Refuse(refusal) => Ok((Answer::Out, Some(refusal))),
        other => anyhow::bail!("our own server's decisions are never by chance, and nothing is missing: {other:?}"),
    }
}

fn snapshot(source: Source) -> Snapshot {
    Snapshot::new(Partitions::default(), vec![source], [])
}
