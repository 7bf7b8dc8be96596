//! A cluster behind a proxy, and AWS.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use e2e::{
    process,
    tunnel::Tunnel,
    world::{Flavour, World},
};
use local_cluster::Binaries;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("proxies::a_cluster_is_reached_as_kubectl_reaches_it", as_kubectl),
    ("proxies::aws_is_asked_through_the_proxy_that_botocore_would_take", as_botocore),
    ("proxies::who_vouches_for_aws_is_said_by_any_of_their_settings", authorities),
];

/// Names and values of the environment.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// How a program got to the API server.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Directly,
    ByProxy,
    Not,
}

fn as_kubectl(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let folder = world.folder("proxies")?;
    let url = login.cluster.server_url();
    let tunnel = Tunnel::to(url.trim_start_matches("https://"))?;
    let proxy = format!("http://{}", tunnel.address);
    let here = fs::read_to_string(login.cluster.admin_kubeconfig())?;
    // RFC 6761: a name of `invalid` has no address.
    let named = here.replace(&url, "https://api.e2e.invalid:6443");
    ensure!(named != here, "{here}");
    let line = |indent: &str, key: &str, value: &str| format!("{indent}{key}: {value}\n");
    let with = |kubeconfig: &str, key: &str, value: &str| -> anyhow::Result<String> {
        let server = kubeconfig.lines().find(|line| line.trim_start().starts_with("server:")).context("a server")?;
        let indent = &server[..server.len() - server.trim_start().len()];
        Ok(kubeconfig.replace(server, &format!("{}{server}", line(indent, key, value))))
    };
    let named = with(&named, "tls-server-name", "127.0.0.1")?;
    let explicit = with(&here, "proxy-url", &proxy)?;

    let rows: &[(&str, &str, Variables<'_>, Way)] = &[
        ("this machine, with a proxy", &here, &[("HTTPS_PROXY", &proxy)], Way::Directly),
        ("another one, without", &named, &[], Way::Not),
        ("another one, with a proxy", &named, &[("HTTPS_PROXY", &proxy)], Way::ByProxy),
        ("in small letters", &named, &[("https_proxy", &proxy)], Way::ByProxy),
        ("excepted", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "x.example.com,api.e2e.invalid")], Way::Not),
        ("its domain is", &named, &[("HTTPS_PROXY", &proxy), ("no_proxy", ".e2e.invalid")], Way::Not),
        ("its port is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "api.e2e.invalid:6443")], Way::Not),
        ("its domain's port is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", ".e2e.invalid:6443")], Way::Not),
        ("another port is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "api.e2e.invalid:443")], Way::ByProxy),
        ("with a star", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "*.e2e.invalid")], Way::Not),
        ("all are", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "*")], Way::Not),
        ("what is below it is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", ".api.e2e.invalid")], Way::ByProxy),
        ("the proxy itself is", &named, &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "127.0.0.1")], Way::ByProxy),
        ("the kubeconfig names it", &explicit, &[], Way::ByProxy),
        ("that counts more than exceptions", &explicit, &[("NO_PROXY", "*")], Way::ByProxy),
    ];
    let kubectl = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?.kubectl()?.to_owned();
    for (name, kubeconfig, variables, expected) in rows {
        fs::write(folder.join("it.yaml"), kubeconfig)?;
        let kubectl = (&kubectl, &["get", "namespaces"][..]);
        let ours = (&world.parts.cluster_auth, &["who-can", "get", "pods", "-n", "default"][..]);
        for (program, args) in [kubectl, ours] {
            let before = tunnel.opened();
            let mut command = process::command(program, &folder);
            command.args(args).args(["--kubeconfig", "it.yaml"]).envs(variables.iter().copied());
            let said = process::run(&mut command)?;
            let way = match (said.code, tunnel.opened() - before) {
                (0, 0) => Way::Directly,
                (0, _) => Way::ByProxy,
                _ => Way::Not,
            };
            ensure!(way == *expected, "{name}: {} came {way:?}: {said:?}", program.display());
        }
    }
    Ok(())
}

/// What stands for the proxy's address in a row.
const PROXY: &str = "{proxy}";

/// Variables, a URL of STS, and why we go another way than botocore; none where we go its way.
type Row<'a> = (Variables<'a>, &'a str, Option<&'a str>);

const HOST: &str = "https://sts.e2e.invalid";
const HERE: &str = "https://127.0.0.1:1";

const BY_EITHER: &str = "Go and curl know networks and stars of that kind: who writes one means it";
const OF_THIS_MACHINE: &str = "plain HTTP is this machine's metadata, which no proxy knows";

fn as_botocore(world: &World) -> anyhow::Result<()> {
    let upper = ("HTTPS_PROXY", PROXY);
    let rows: &[Row<'_>] = &[
        (&[], HOST, None),
        (&[upper], HOST, None),
        (&[("https_proxy", PROXY)], HOST, None),
        (&[("HTTPS_PROXY", "http://127.0.0.1:1"), ("https_proxy", PROXY)], HOST, None),
        (&[upper, ("https_proxy", "")], HOST, None),
        (&[("ALL_PROXY", PROXY)], HOST, None),
        (&[("HTTP_PROXY", PROXY)], HOST, None),
        (&[("HTTP_PROXY", PROXY)], "http://127.0.0.1:1", Some(OF_THIS_MACHINE)),
        (&[upper], "http://127.0.0.1:1", None),
        (&[upper, ("NO_PROXY", "sts.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "STS.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "x.example.com, sts.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", ".e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", ".sts.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "ts.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "*.e2e.invalid")], HOST, None),
        (&[upper, ("NO_PROXY", "*")], HOST, None),
        (&[upper, ("NO_PROXY", "x.example.com,*")], HOST, Some(BY_EITHER)),
        (&[upper, ("NO_PROXY", "sts.e2e.invalid"), ("no_proxy", "x.example.com")], HOST, None),
        (&[upper, ("NO_PROXY", "sts.e2e.invalid"), ("no_proxy", "")], HOST, None),
        (&[upper, ("NO_PROXY", "sts.e2e.invalid:443")], HOST, None),
        (&[upper, ("NO_PROXY", "127.0.0.1:1")], HERE, None),
        (&[upper, ("NO_PROXY", "127.0.0.1:2")], HERE, None),
        (&[upper, ("NO_PROXY", "127.0.0.1")], HERE, None),
        (&[upper, ("NO_PROXY", "127.0.0.0/8")], HERE, Some(BY_EITHER)),
    ];
    let folder = world.folder("proxies-botocore")?;
    let tunnel = Tunnel::to("127.0.0.1:1")?;
    let proxy = format!("http://{}", tunnel.address);
    let questions: Vec<_> = rows
        .iter()
        .map(|(variables, url, _)| {
            let variables: serde_json::Value =
                variables.iter().map(|(name, value)| ((*name).to_owned(), value.replace(PROXY, &proxy))).collect();
            serde_json::json!([variables, url])
        })
        .collect();
    let mut command = process::command(world.parts.aws_cli.with_file_name("python"), &folder);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/proxies/asked.py"));
    let theirs: Vec<Option<String>> =
        serde_json::from_str(&with_input(command, &serde_json::to_string(&questions)?)?.success()?)?;
    ensure!(theirs.len() == rows.len(), "{} answers", theirs.len());
    let mut wrong = Vec::new();
    for ((variables, url, why), theirs) in rows.iter().zip(theirs) {
        let before = tunnel.opened();
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        command.args(["token", "-i", "c", "--no-cache", "-r", "arn:aws:iam::111122223333:role/Dev"]);
        command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "s").env("AWS_REGION", "us-west-2");
        command.env("AWS_ENDPOINT_URL_STS", url);
        command.envs(variables.iter().map(|(name, value)| (*name, value.replace(PROXY, &proxy))));
        process::run(&mut command)?.failure()?;
        let (ours, theirs) = (tunnel.opened() > before, theirs.as_ref() == Some(&proxy));
        if (ours == theirs) != why.is_none() {
            wrong.push(format!("{variables:?} {url}: by proxy here {ours}, there {theirs}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Whether STS is believed, here and by the AWS CLI, where one thing alone names its authority.
fn authorities(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("proxies-authorities")?;
    let keys = world.sts.credentials("alice")?;
    let authority = world.sts.ca_file.display().to_string();
    let common = [
        ("HTTPS_PROXY", format!("http://{}", world.sts.proxy)),
        ("AWS_ACCESS_KEY_ID", keys.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key),
        ("AWS_REGION", "us-west-2".to_owned()),
        ("AWS_DEFAULT_REGION", "us-west-2".to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
    ];
    fs::create_dir_all(folder.join(".aws"))?;
    // docs/differences.md: the AWS CLI has authorities of its own, and not the machine's.
    for (setting, here, there) in [
        ("nothing", false, false),
        ("SSL_CERT_FILE", true, false),
        ("AWS_CA_BUNDLE", true, true),
        ("REQUESTS_CA_BUNDLE", true, true),
        ("ca_bundle", true, true),
    ] {
        let of_profile = if setting == "ca_bundle" { format!("ca_bundle = {authority}\n") } else { String::new() };
        fs::write(folder.join(".aws/config"), format!("[default]\n{of_profile}"))?;
        let ours = (&world.parts.cluster_auth, &["eks", "get-token", "--cluster-name", "c", "--explain"][..], here);
        let theirs = (&world.parts.aws_cli, &["sts", "get-caller-identity"][..], there);
        for (program, args, is_believed) in [ours, theirs] {
            let mut command = process::command(program, &folder);
            command.args(args).envs(common.iter().map(|(name, value)| (*name, value)));
            command.env_remove("SSL_CERT_DIR");
            if ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].contains(&setting) {
                command.env(setting, &authority);
            }
            let said = process::run(&mut command)?;
            let is_known = said.stdout.contains("user/alice");
            ensure!(is_known == is_believed, "{setting}: {}: {said:?}", program.display());
        }
    }
    Ok(())
}

fn with_input(mut command: Command, input: &str) -> anyhow::Result<process::Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("a pipe")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(process::Output {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    })
}
