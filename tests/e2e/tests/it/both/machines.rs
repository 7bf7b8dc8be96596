//! Machines that log in by the name that EC2 has for them, at both servers, and an EC2 that is slow, throttled, wrong or away.

use std::{thread, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    metadata::Metadata,
    people::environment,
    scripted::{Line, Scripted},
    server::{Server, ServerOptions, token_review},
    sts::{Sts, now},
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use super::servers::series;

/// How many machines AWS knows.
const MACHINES: usize = 12;

pub(super) const MAPPINGS: &str = "  mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/Node', username: \
                        'system:node:{{EC2PrivateDNSName}}', groups: ['system:nodes']}]\n  \
                        mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice}]\n";

const CALLS: &str = "aws_iam_authenticator_ec2_describe_instances_calls_total";

fn id(machine: usize) -> String {
    format!("i-0000000000000{machine:04}")
}

fn name(machine: usize) -> String {
    format!("ip-10-0-0-{machine}.us-west-2.compute.internal")
}

/// Everybody whom this AWS knows: alice, and machines `m0`, `m1` …
fn identities() -> String {
    let session = |machine| {
        format!(
            "  - {{name: m{machine}, sessionName: {}, accessKeyId: ASIAMACHINE{machine:09}, secretAccessKey: machines/m{machine}/abcdefghijklmnop, \
             sessionToken: machines-session-of-m{machine}}}\n",
            id(machine)
        )
    };
    let sessions: String = (0..MACHINES).map(session).collect();
    format!(
        "account: '111122223333'\nusers:\n- {{name: alice, accessKeyId: AKIAMACHINESALICE000, secretAccessKey: \
         machines/alice/0123456789}}\nroles:\n- name: Node\n  sessions:\n{sessions}"
    )
}

/// EC2's answer about machines, each with its name or without.
fn described(machines: &[(usize, bool)]) -> String {
    let items = machines.iter().map(|(machine, has_name)| {
        let name = if *has_name { name(*machine) } else { String::new() };
        format!(
            "<item><instancesSet><item><instanceId>{}</instanceId><privateDnsName>{name}</privateDnsName></item></instancesSet></item>",
            id(*machine)
        )
    });
    let items: String = items.collect();
    format!(
        "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
         <reservationSet>{items}</reservationSet></DescribeInstancesResponse>"
    )
}

fn failing(status: u16, code: &str) -> Line {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>"
    );
    Line { status, ..Line::on("DescribeInstances", body) }
}

/// Both servers, each with an EC2 of its own that does as it is told.
struct Both {
    sts: Sts,
    theirs: (GoServer, Scripted),
    ours: (Server, Scripted),
}

impl Both {
    fn start(world: &World) -> anyhow::Result<Self> {
        let folder = world.folder("both-machines")?;
        let sts = Sts::start_with(&folder, &identities())?;
        let variables = |ec2: &str| -> anyhow::Result<Vec<(&'static str, String)>> {
            let mut variables = environment(&sts.credentials("alice")?);
            variables.extend(sts.proxy_environment());
            variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
            variables.push(("AWS_ENDPOINT_URL_EC2", ec2.to_owned()));
            Ok(variables)
        };
        let (their_ec2, our_ec2) = (Scripted::start()?, Scripted::start()?);
        let environment = variables(&their_ec2.url())?;
        let options = GoOptions { cluster_id: CLUSTER_ID, server: MAPPINGS, features: &[], args: &[], environment };
        let theirs = GoServer::start_with(&world.parts, &sts, &folder.join("theirs"), options)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
        let ours = Server::start_in(&world.parts, &sts, &folder.join("ours"), &options, variables(&our_ec2.url())?)?;
        Ok(Self { theirs: (theirs, their_ec2), ours: (ours, our_ec2), sts })
    }

    fn ec2_answers(&self, script: &[Line]) {
        self.theirs.1.answers(script.to_vec());
        self.ours.1.answers(script.to_vec());
    }

    /// How a machine is answered by both: its username, or the status.
    fn log_in(&self, machine: usize) -> anyhow::Result<(String, String)> {
        let token = token_of(&self.sts, &format!("m{machine}"))?;
        Ok((said(&self.theirs.0.review(&token)?)?, said(&self.ours.0.review(&token)?)?))
    }

    /// How often each has asked EC2, by its own word.
    fn calls(&self) -> anyhow::Result<(f64, f64)> {
        let count = |text: &str| Ok::<_, anyhow::Error>(series(text)?.get(CALLS).copied().unwrap_or_default());
        let theirs = self.theirs.0.request("GET", "/metrics", "")?;
        Ok((count(&theirs.body)?, count(&self.ours.0.request("GET", "/metrics", "")?.body)?))
    }
}

pub(super) fn token_of(sts: &Sts, person: &str) -> anyhow::Result<String> {
    let credentials = sts.credentials(person)?;
    let keys = aws::credentials::Credentials {
        session_token: credentials.session_token.map(aws::credentials::Secret::new),
        ..aws::credentials::Credentials::long_term(credentials.access_key_id, credentials.secret_access_key)
    };
    let endpoint = aws::sts_endpoint(&aws::credentials::Environment::default(), Some("us-west-2"))?;
    Ok(token::wrap(&aws::presign_get_caller_identity(&keys, &endpoint, CLUSTER_ID, now())))
}

pub(super) fn said(answer: &e2e::https::Answer) -> anyhow::Result<String> {
    if answer.status != 200 {
        return Ok(answer.status.to_string());
    }
    let review: Value = serde_json::from_str(&answer.body)?;
    Ok(review["status"]["user"]["username"].as_str().context("a username")?.to_owned())
}

/// What is tried, which machine logs in, what EC2 says, the answers of both, and how often each has asked EC2 then.
type Row<'a> = (&'a str, usize, Vec<Line>, (&'a str, &'a str), (f64, f64));

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let both = Both::start(world)?;
    let node = |machine: usize| format!("system:node:{}", name(machine));
    let slow = Line { takes: Duration::from_secs(2), ..Line::on("DescribeInstances", described(&[(1, true)])) };
    let rows: [Row<'_>; 8] = [
        ("a name", 0, vec![Line::on("DescribeInstances", described(&[(0, true)]))], (&node(0), &node(0)), (1.0, 1.0)),
        ("the same again", 0, vec![failing(500, "InternalError")], (&node(0), &node(0)), (0.0, 0.0)),
        ("a slow EC2", 1, vec![slow], (&node(1), &node(1)), (1.0, 1.0)),
        ("an unknown machine", 2, vec![failing(400, "InvalidInstanceID.NotFound")], ("403", "403"), (1.0, 1.0)),
        ("a throttled EC2", 3, vec![failing(503, "RequestLimitExceeded")], ("403", "502"), (1.0, 1.0)),
        ("an EC2 that fails", 3, vec![failing(500, "InternalError")], ("403", "502"), (1.0, 1.0)),
        ("nothing allowed", 3, vec![failing(403, "UnauthorizedOperation")], ("403", "502"), (1.0, 1.0)),
        (
            "all is well again",
            3,
            vec![Line::on("DescribeInstances", described(&[(3, true)]))],
            (&node(3), &node(3)),
            (1.0, 1.0),
        ),
    ];
    let mut wrong = String::new();
    for (what, machine, script, expected, calls) in rows {
        both.ec2_answers(&script);
        let before = both.calls()?;
        let seen = both.log_in(machine)?;
        let after = both.calls()?;
        let asked = (after.0 - before.0, after.1 - before.1);
        if (seen.0.as_str(), seen.1.as_str()) != expected || asked != calls {
            wrong.push_str(&format!("{what}: {seen:?}, asked {asked:?} times\n"));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}\n{}\n{}", both.theirs.0.process.log(), both.ours.0.process.log());
    nameless(&both)?;
    burst(&both)
}

/// A machine that EC2 has no name for yet: theirs remembers that as a name.
fn nameless(both: &Both) -> anyhow::Result<()> {
    both.ec2_answers(&[Line::on("DescribeInstances", described(&[(4, false)]))]);
    let seen = both.log_in(4)?;
    ensure!(seen == ("403".to_owned(), "403".to_owned()), "{seen:?}");
    let seen = both.log_in(4)?;
    ensure!(seen == ("system:node:".to_owned(), "403".to_owned()), "{seen:?}");
    both.ec2_answers(&[Line::on("DescribeInstances", described(&[(4, true)]))]);
    let seen = both.log_in(4)?;
    ensure!(seen == ("system:node:".to_owned(), format!("system:node:{}", name(4))), "{seen:?}");
    Ok(())
}

/// Many at once: both let in each of them, and ours asks EC2 less often than there are machines, with one among them that EC2 does not know.
fn burst(both: &Both) -> anyhow::Result<()> {
    let machines: Vec<(usize, bool)> = (5..MACHINES - 1).map(|machine| (machine, true)).collect();
    let known = Line { takes: Duration::from_millis(500), ..Line::on("DescribeInstances", described(&machines)) };
    both.ec2_answers(std::slice::from_ref(&known));
    let log_in = |ask: &(dyn Fn(&str) -> anyhow::Result<e2e::https::Answer> + Sync), machines: &[usize]| {
        thread::scope(|scope| {
            let each: Vec<_> = machines
                .iter()
                .map(|machine| scope.spawn(move || said(&ask(&token_of(&both.sts, &format!("m{machine}"))?)?)))
                .collect();
            each.into_iter()
                .map(|one| one.join().ok().context("a thread panicked")?)
                .collect::<anyhow::Result<Vec<_>>>()
        })
    };
    let all: Vec<usize> = machines.iter().map(|(machine, _)| *machine).collect();
    let expected: Vec<String> = all.iter().map(|machine| format!("system:node:{}", name(*machine))).collect();
    let before = both.calls()?;
    let theirs = log_in(&|token| both.theirs.0.review(token), &all)?;
    ensure!(theirs == expected, "theirs: {theirs:?}");
    // Of one that is unknown EC2 says so for all that it was asked about with it.
    let unknown = Line {
        on: vec!["DescribeInstances".to_owned(), id(MACHINES - 1)],
        ..failing(400, "InvalidInstanceID.NotFound")
    };
    both.ours.1.answers(vec![unknown, known]);
    let with_unknown: Vec<usize> = all.iter().copied().chain([MACHINES - 1]).collect();
    let ours = log_in(&|token| both.ours.0.review(token), &with_unknown)?;
    let (last, others) = ours.split_last().context("answers")?;
    ensure!(others == expected && last == "403", "ours: {ours:?}\n{}", both.ours.0.process.log());
    let after = both.calls()?;
    ensure!(after.0 > before.0 && after.1 > before.1, "both count their questions: {before:?} {after:?}");
    Ok(())
}

/// An EC2 that is away, and an instance whose metadata service takes connections and says nothing: nobody else is kept waiting for either.
pub(super) fn away(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-machines-away")?;
    let metadata = Metadata::silent()?;
    let sts = Sts::start_with(&folder, &identities())?;
    let mut variables = environment(&sts.credentials("alice")?);
    variables.extend(sts.proxy_environment());
    variables.extend([
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("AWS_REGION", String::new()),
        ("AWS_DEFAULT_REGION", String::new()),
        ("AWS_EC2_METADATA_DISABLED", "false".to_owned()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.clone()),
        ("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1".to_owned()),
    ]);
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let ours = Server::start_in(&world.parts, &sts, &folder.join("ours"), &options, variables.clone())?;
    let alice = token_of(&sts, "alice")?;
    ensure!(said(&ours.review(&alice)?)? == "alice", "{}", ours.process.log());
    let options = GoOptions {
        cluster_id: CLUSTER_ID,
        server: MAPPINGS,
        features: &[],
        args: &[],
        environment: variables.clone(),
    };
    let theirs = GoServer::start_with(&world.parts, &sts, &folder.join("theirs"), options)?;
    ensure!(said(&theirs.review(&alice)?)? == "alice", "{}", theirs.process.log());
    let log = theirs.process.log();
    ensure!(log.contains("failed to get region from IMDS") && metadata.asked() > 0, "it was asked first: {log}");
    let node = token_of(&sts, "m0")?;
    let seen = (said(&theirs.review(&node)?)?, said(&ours.review(&node)?)?);
    ensure!(seen == ("403".to_owned(), "502".to_owned()), "without a Region: {seen:?}");
    drop((theirs, ours));

    // With a Region, and nobody behind EC2's address.
    let with_region = variables.into_iter().map(|(name, value)| match name {
        "AWS_REGION" => (name, "us-west-2".to_owned()),
        _ => (name, value),
    });
    let with_region: Vec<_> = with_region.collect();
    let options = GoOptions {
        cluster_id: CLUSTER_ID,
        server: MAPPINGS,
        features: &[],
        args: &[],
        environment: with_region.clone(),
    };
    let theirs = GoServer::start_with(&world.parts, &sts, &folder.join("theirs-away"), options)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let ours = Server::start_in(&world.parts, &sts, &folder.join("ours-away"), &options, with_region)?;
    let seen = (said(&theirs.review(&node)?)?, said(&ours.review(&node)?)?);
    ensure!(seen == ("403".to_owned(), "502".to_owned()), "without an EC2: {seen:?}");
    ensure!((said(&theirs.review(&alice)?)?, said(&ours.review(&alice)?)?) == ("alice".to_owned(), "alice".to_owned()));
    let review = token_review("authentication.k8s.io/v1", &alice);
    ensure!(ours.request("POST", "/authenticate", &review)?.status == 200);
    Ok(())
}
