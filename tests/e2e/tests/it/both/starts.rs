//! What servers are started with, and what comes of it: where they listen, or that they end.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    metadata::Metadata,
    people::environment,
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, free_port},
    world::{CLUSTER_ID, World},
};

use super::servers::mounted_file;

/// Whatever a server is given.
#[derive(Clone, Copy)]
struct Start {
    /// Further arguments. `{port}` is a port, `{hex}`, `{octal}`, `{zero}`, `{binary}` and `{apart}` are the same in other forms.
    typed: &'static str,
    /// Below `server:` of the configuration, as flow YAML.
    config: &'static str,
    /// Where theirs listens; nothing where it ends.
    theirs: Option<&'static str>,
    /// Where ours does.
    ours: Option<&'static str>,
    /// What ours says where theirs does otherwise.
    said: &'static str,
    /// Whether there is a pair of keys already, as on every machine that was started once before.
    has_pair: bool,
}

const HERE: Option<&str> = Some("127.0.0.1:{port}");

const fn same(typed: &'static str, config: &'static str, listens: Option<&'static str>) -> Start {
    Start { typed, config, theirs: listens, ours: listens, said: "", has_pair: true }
}

const fn other(
    typed: &'static str,
    config: &'static str,
    theirs: Option<&'static str>,
    ours: Option<&'static str>,
    said: &'static str,
) -> Start {
    Start { typed, config, theirs, ours, said, has_pair: true }
}

/// The first start on a machine.
const fn first(start: Start) -> Start {
    Start { has_pair: false, ..start }
}

const STARTS: &[Start] = &[
    // Numbers in each form that Go's flags take.
    same("--port={port}", "", HERE),
    same("--port=+{port}", "", HERE),
    same("--port={hex}", "", HERE),
    same("--port={octal}", "", HERE),
    same("--port={zero}", "", HERE),
    same("--port={binary}", "", HERE),
    same("--port={apart}", "", HERE),
    same("--port=-1", "", None),
    same("--port=70000", "", None),
    same("--port=1e4", "", None),
    same("--port=0x", "", None),
    same("--port=1__0", "", None),
    same("--port=", "", None),
    same("--port={port} --ec2-describeInstances-qps=0x10 --ec2-describeInstances-burst=1_0", "", HERE),
    same("--port={port} --ec2-describeInstances-qps=0 --ec2-describeInstances-burst=0", "", HERE),
    other("--port={port} --ec2-describeInstances-qps=-1", "", HERE, None, "-1 is out of range"),
    other("--port={port} --ec2-describeInstances-burst=-1", "", HERE, None, "-1 is out of range"),
    other("--port={port}", "ec2DescribeInstancesQps: -1", HERE, None, "found -1"),
    // Whose word a role is assumed on: theirs sends what is left of an ARN without an account, which is S3's form.
    same(
        "--port={port}",
        "ec2DescribeInstancesRoleARN: 'arn:aws:iam::111122223333:role/R', sourceARN: 'arn:aws:s3:::bucket'",
        HERE,
    ),
    same("--port={port}", "sourceARN: junk", HERE),
    // Files that are followed.
    other("--port={port}", "dynamicBackendModePath: modes.json, dynamicfilepath: logins.json", None, HERE, ""),
    // Addresses.
    same("--port={port} --address=localhost", "", HERE),
    same("--port={port}", "address: localhost", HERE),
    same("--port={port} --address=::ffff:127.0.0.1", "", HERE),
    same("--port={port} --address=127.0.0.2", "", Some("127.0.0.2:{port}")),
    same("--port={port} --address=[::1]", "", None),
    same("--port={port} --address=nonsense", "", None),
    other("--port={port} --address=", "", Some("[::]:{port}"), None, "invalid IP address"),
    other("--port={port}", "address: ''", Some("[::]:{port}"), None, "is not an IP address"),
    same("--port={port} --address=LOCALHOST", "", HERE),
    same("--port={port}", "address: LOCALHOST", HERE),
    same("--port={port}", "address: nonsense", None),
    other("--port={port} --address=::1%lo", "", Some("[::1]:{port}"), None, "invalid IP address"),
    other("--port={port}", "address: '::1%lo'", Some("[::1]:{port}"), None, "is not an IP address"),
    // Theirs makes a pair for a name that no TLS library can load.
    first(same("--port={port}", "", HERE)),
    first(other("--port={port} --address=localhost", "", None, HERE, "")),
    first(other("--port={port}", "address: localhost", None, HERE, "")),
    first(other("--port={port}", "address: LOCALHOST", None, HERE, "")),
    // Settings that say something else than they look like.
    other("", "port: abc", Some("127.0.0.1:*"), None, "expected a whole number"),
    other("--port={port}", "mapAccounts: [012345670000]", HERE, None, "an account without quotes is a number"),
    same("--port={port}", "mapRoles: foo", None),
    other("--port={port}", "mapUsers: [], MAPUSERS: []", HERE, None, "MAPUSERS"),
    other("--port={port}", "<<: {mapUsers: []}", HERE, None, "<<"),
    other("--port={port} --config=two.yaml", "", HERE, None, "two.yaml:2"),
    other("--port={port} --config=octal.yaml", "", HERE, None, "octal.yaml:1"),
    other(
        "--port={port}",
        "mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/a', username: 012}]",
        HERE,
        None,
        "c.yaml:2",
    ),
    other(
        "--port={port}",
        "mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/a', username: a, groups: [1_0]}]",
        HERE,
        None,
        "c.yaml:2",
    ),
    // Modes in one text, apart from each other by a blank.
    same("--port={port}", "backendMode: 'MountedFile DynamicFile', dynamicfilepath: logins.json", HERE),
    same("--port={port}", "backendMode: 'MountedFile'", HERE),
    same("--port={port}", "backendMode: ''", None),
    same("--port={port}", "backendMode: 'MountedFile,CRD'", None),
    same("--port={port}", "partition: nope", None),
    // What is given and empty, as a template leaves it.
    same("--port={port} --kubeconfig= --master=", "", HERE),
    same("--port={port}", "kubeconfig: '', master: '', hostname: ''", HERE),
    // The way to the cluster, where logins stand there.
    same("--port={port} --backend-mode=EKSConfigMap --kubeconfig=kubeconfig", "", HERE),
    same("--port={port} --backend-mode=EKSConfigMap --master=http://127.0.0.1:1", "", HERE),
    other("--port={port} --backend-mode=EKSConfigMap --kubeconfig=missing", "", None, HERE, "cannot be read yet"),
    other("--port={port} --backend-mode=EKSConfigMap --kubeconfig=broken", "", None, HERE, "cannot be read yet"),
    other("--port={port} --backend-mode=EKSConfigMap --kubeconfig=", "", None, HERE, "no API server"),
    other("--port={port} --backend-mode=CRD --kubeconfig=missing", "", None, HERE, "cannot be read yet"),
    other("--port={port} --backend-mode=CRD", "", None, HERE, "no API server"),
    other("--port={port}", "backendMode: [CRD, MountedFile], kubeconfig: missing", None, HERE, "cannot be read yet"),
    same("--port={port} --kubeconfig=missing", "", HERE),
];

/// Files beside the configuration.
const FILES: &[(&str, &str)] = &[
    (
        "kubeconfig",
        "{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], \
         contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {token: x}}]}\n",
    ),
    ("broken", "a: [\n"),
    ("two.yaml", "clusterID: c\n---\nclusterID: d\n"),
    ("octal.yaml", "clusterID: 0123\n"),
];

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let mut wrong = String::new();
    for (number, start) in STARTS.iter().enumerate() {
        let Start { typed, config, .. } = start;
        for (program, is_ours, expected) in
            [(&world.parts.go_authenticator, false, start.theirs), (&world.parts.cluster_auth, true, start.ours)]
        {
            let folder = world.folder(&format!("both-starts-{number}-{is_ours}"))?;
            for (name, text) in FILES {
                fs::write(folder.join(name), text)?;
            }
            if start.has_pair {
                make_pair(world, &folder)?;
            }
            fs::write(folder.join("c.yaml"), format!("clusterID: c\nserver: {{{config}}}\n"))?;
            let port = free_port()?;
            let typed = forms(typed, port);
            let looks =
                [typed.as_str(), config].iter().any(|said| said.contains("CRD") || said.contains("EKSConfigMap"));
            let came = came_of(program, &folder, &typed, (is_ours, looks))?;
            let expected = expected.map(|place| forms(place, port));
            let is_so = match (&came.listens, &expected) {
                // A port at random.
                (Some(is), Some(expected)) => {
                    is == expected || expected.strip_suffix('*').is_some_and(|at| is.starts_with(at))
                }
                (is, expected) => is == expected,
            };
            if !is_so {
                wrong.push_str(&format!("{typed} {{{config}}}: ours {is_ours}: {came:?}\n"));
            }
            let has_to_say = is_ours && start.theirs != start.ours;
            if has_to_say && !came.log.contains(start.said) {
                wrong.push_str(&format!("{typed} {{{config}}}: {:?} is not said: {}\n", start.said, came.log));
            }
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// A port in each form.
fn forms(text: &str, port: u16) -> String {
    let apart = format!("{}_{:03}", port / 1000, port % 1000);
    let forms = [
        ("{port}", port.to_string()),
        ("{hex}", format!("{port:#x}")),
        ("{octal}", format!("{port:#o}")),
        ("{zero}", format!("0{port:o}")),
        ("{binary}", format!("{port:#b}")),
        ("{apart}", apart),
    ];
    forms.iter().fold(text.to_owned(), |text, (name, form)| text.replace(name, form))
}

#[derive(Debug)]
struct Came {
    /// Where it listens.
    listens: Option<String>,
    log: String,
}

/// Whose program it is, and whether it looks for an API server.
fn came_of(program: &Path, folder: &Path, typed: &str, (is_ours, looks): (bool, bool)) -> anyhow::Result<Came> {
    let mut command = process::command(program, folder);
    command.args(["server", "-c", "c.yaml", "--state-dir=.", "--generate-kubeconfig=webhook.kubeconfig"]);
    command.args(typed.split(' ').filter(|word| !word.is_empty()));
    command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true");
    if is_ours {
        command.args(["--health-address", "none"]);
    }
    let mut process = Background::start(&mut command, folder.join("log"))?;
    let mut ended = None;
    let place = |log: &str| {
        let (_, behind) = log.split_once("listening on ")?;
        Some(behind.split('"').next()?.to_owned())
    };
    wait_until("it listens, or ends", || {
        ended = process.ended()?;
        Ok(ended.is_some() || process.log().contains("to enable"))
    })
    .with_context(|| process.log())?;
    if ended.is_none() && is_ours && looks {
        // What it says of the cluster comes when it has looked.
        wait_until("it has looked for the API server", || Ok(process.log().contains("level=error")))?;
    }
    let log = process.log();
    if let Some(status) = ended {
        ensure!(status.code() == Some(1), "{typed} ends with {status}: {log}");
        return Ok(Came { listens: None, log });
    }
    Ok(Came { listens: place(&log), log })
}

/// Theirs makes one for an address that is a name that no TLS library can load: it is there already, as on every machine that
/// was started once before.
fn make_pair(world: &World, folder: &Path) -> anyhow::Result<()> {
    let mut init = process::command(&world.parts.cluster_auth, folder);
    process::run(init.args(["init", "-i", "c"]))?.success().map(drop)
}

/// `0.0.0.0` is every address of the machine, those of IPv6 too.
pub(super) fn everywhere(world: &World) -> anyhow::Result<()> {
    for (name, program) in [("theirs", &world.parts.go_authenticator), ("ours", &world.parts.cluster_auth)] {
        let folder = world.folder(&format!("both-everywhere-{name}"))?;
        make_pair(world, &folder)?;
        let port = free_port()?;
        fs::write(folder.join("c.yaml"), "clusterID: c\n")?;
        let mut command = process::command(program, &folder);
        command.args(["server", "-c", "c.yaml", "--state-dir=.", "--generate-kubeconfig=k", "--address=0.0.0.0"]);
        command.arg(format!("--port={port}"));
        command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true");
        let process = Background::start(&mut command, folder.join("log"))?;
        wait_until("it listens", || Ok(process.log().contains("to enable"))).with_context(|| process.log())?;
        let reached = ["127.0.0.1", "::1"].map(|address| std::net::TcpStream::connect((address, port)).is_ok());
        let has_both = std::net::TcpListener::bind(("::1", 0)).is_ok();
        ensure!(reached == [true, has_both], "{name}: {reached:?}");
    }
    Ok(())
}

/// Pairs that somebody made with other programs, and whether each server takes them.
const PAIRS: &[(&str, &str, bool, bool)] = &[
    ("P-256", include_str!("pairs/p-256.pem"), true, true),
    ("P-384", include_str!("pairs/p-384.pem"), true, true),
    ("Ed25519", include_str!("pairs/ed25519.pem"), true, true),
    ("RSA-2048", include_str!("pairs/rsa-2048.pem"), true, true),
    ("P-521", include_str!("pairs/p-521.pem"), true, false),
    ("RSA-1024", include_str!("pairs/rsa-1024.pem"), true, false),
    ("version 1 of X.509", include_str!("pairs/version-1.pem"), true, false),
];

pub(super) fn pairs(world: &World) -> anyhow::Result<()> {
    let mut wrong = String::new();
    for (number, (name, pem, theirs, ours)) in PAIRS.iter().enumerate() {
        let key = pem.find("-----BEGIN PRIVATE KEY-----").context("a key behind the certificate")?;
        for (program, is_ours, expected) in
            [(&world.parts.go_authenticator, false, theirs), (&world.parts.cluster_auth, true, ours)]
        {
            let folder = world.folder(&format!("both-pairs-{number}-{is_ours}"))?;
            fs::write(folder.join("cert.pem"), &pem[..key])?;
            fs::write(folder.join("key.pem"), &pem[key..])?;
            fs::write(folder.join("c.yaml"), "clusterID: c\n")?;
            let came = came_of(program, &folder, &format!("--port={}", free_port()?), (is_ours, false))?;
            if came.listens.is_some() != *expected {
                wrong.push_str(&format!("{name}: ours {is_ours}: {came:?}\n"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// A Region that nobody knows, of which nothing but the instance tells: its STS is asked about tokens for it. Theirs asks whatever
/// host a token names.
pub(super) fn own_region(world: &World) -> anyhow::Result<()> {
    const REGION: &str = "moon1";
    let metadata = Metadata::of(REGION)?;
    let folder = world.folder("both-own-region")?;
    let tokens = |name: &str| -> anyhow::Result<String> {
        // Ours signs for no Region of this form.
        let mut command = process::command(&world.parts.go_authenticator, &folder);
        command.args(["token", "--token-only", "-i", CLUSTER_ID, "--region", REGION]);
        command.envs(environment(&world.sts.credentials(name)?));
        Ok(process::run(&mut command)?.success()?.trim().to_owned())
    };
    let mut answers = Vec::new();
    for endpoint in [metadata.url.as_str(), "http://127.0.0.1:1"] {
        let variables = vec![
            ("AWS_EC2_METADATA_DISABLED", "false".to_owned()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.to_owned()),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ];
        let knows = endpoint == metadata.url;
        let mappings = mounted_file();
        let options = GoOptions {
            cluster_id: CLUSTER_ID,
            server: &mappings,
            features: &[],
            args: &[],
            environment: variables.clone(),
        };
        let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join(format!("theirs-{knows}")), options)?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
        let ours =
            Server::start_in(&world.parts, &world.sts, &folder.join(format!("ours-{knows}")), &options, variables)?;
        let token = tokens("alice")?;
        if knows {
            // Nobody waits for the instance.
            wait_until("the instance has told its Region", || Ok(ours.review(&token)?.status == 200))
                .with_context(|| ours.process.log())?;
        }
        answers.push((theirs.review(&token)?.status, ours.review(&token)?.status));
    }
    ensure!(answers == [(200, 200), (200, 403)], "{answers:?}");
    Ok(())
}
