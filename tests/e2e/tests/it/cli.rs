//! The command line: bad input, exit codes, what `token` opens, roles, and the AWS CLI's call.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process::{self, Output},
    world::{CLUSTER_ID, Flavour, World},
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("cli::wrong_input_is_one_clear_line_and_exit_1", wrong_input),
    ("cli::a_bad_configuration_names_every_place_and_writes_nothing", bad_configuration),
    ("cli::help_and_version_are_exit_0", help),
    ("cli::token_opens_no_root_store_and_starts_no_thread", fast_path),
    ("cli::exec_credentials_answer_in_the_version_asked_for", exec_info),
    ("cli::eks_get_token_answers_as_the_aws_cli_does", eks_get_token),
    ("cli::a_role_is_assumed_once_and_its_session_logs_in", assumed_role),
    ("cli::session_names_can_be_forwarded", forwarded_session_name),
    ("cli::tokens_are_explained_by_hand", verify),
    ("cli::shared_files_and_missing_credentials", shared_files),
    ("cli::an_instance_logs_in_by_the_name_that_ec2_has_for_it", instance),
    ("cli::the_sandbox_speaks_to_unmodified_programs", aws_cli),
];

fn wrong_input(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("cli-wrong")?;
    fs::write(folder.join("config.hcl"), "clusterID = \"c\"")?;
    let rows: &[(&[&str], &str)] = &[
        (&["bogus"], "unrecognized subcommand 'bogus'"),
        (&["token", "--bogus"], "unexpected argument '--bogus'"),
        (&["token"], "no cluster id: give -i ID"),
        (&["token", "-i", " "], "is not a cluster id"),
        (&["token", "-i", "c", "--region", "nowhere"], "\"nowhere\" is not an AWS Region"),
        (&["token", "-i", "c", "-s", "x", "--forward-session-name"], "are both given; give one of them"),
        (&["server", "-i", "c", "--port", "abc"], "invalid value 'abc'"),
        (&["server", "-i", "c", "--backend-mode", "Files"], "modes are MountedFile, EKSConfigMap, CRD and DynamicFile"),
        (&["server", "-i", "c", "--state-dir", "missing"], "missing"),
        (&["server", "-c", "missing.yaml"], "cannot read the configuration file"),
        (&["server", "-c", "config.hcl"], "must end in .yaml, .yml, .json or .toml"),
        (&["init", "-i", "c", "--output-dir", "missing"], "cannot write"),
        (&["init", "-i", "c", "--rotate"], "there is no certificate and key to rotate"),
        (&["kubeconfig", "-i", "c"], "no API server: give --server URL"),
        (&["kubeconfig", "-i", "c", "--server", "http://x"], "must start with https://"),
        (&["kubeconfig", "-i", "c", "--server", "https://"], "is not a URL"),
        (&["kubeconfig", "-i", "c", "--server", "https://x y"], "is not a URL"),
        (&["kubeconfig", "-i", "c", "--server", "https://x", "--merge", "-"], "cannot merge into stdout"),
        (&["verify", "-i", "c", "-t", "k8s-aws-v1.x"], "token.encoding"),
        (&["-v", "loud", "version"], "valid levels are"),
        (&["--feature-gates", "X=true", "init", "-i", "c"], "ConfiguredInitDirectories"),
    ];
    for (args, expected) in rows {
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        let output = process::run(command.args(*args).envs(environment(&world.sts.credentials("alice")?)))?;
        ensure!(output.code == 1 && output.stdout.is_empty(), "{args:?}: {output:?}");
        ensure!(output.stderr.contains(expected), "{args:?}: {}", output.stderr);
        ensure!(!output.stderr.contains("panicked"), "{args:?}: {}", output.stderr);
    }
    let written = fs::read_dir(&folder)?.count();
    ensure!(written == 1, "something was written");
    Ok(())
}

fn bad_configuration(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("cli-config")?;
    fs::write(
        folder.join("config.yaml"),
        "clusterID: c\nserver:\n  port: abc\n  mapAccounts: [012345678901]\n  mapUsers:\n  - {userarn: nobody}\n",
    )?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    let output = process::run(command.args(["server", "-c", "config.yaml", "--state-dir", "."]))?;
    ensure!(output.code == 1, "{output:?}");
    for place in ["config.yaml:3:9", "config.yaml:4:17", "config.yaml:6:15"] {
        ensure!(output.stderr.contains(place), "{place} is missing in {}", output.stderr);
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/server.md"))?;
    let shown =
        page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).context("a block in server.md")?;
    ensure!(output.stderr.contains(shown.trim_end()), "docs/server.md shows another message than\n{}", output.stderr);
    ensure!(fs::read_dir(&folder)?.count() == 1, "files were written for a configuration that cannot be used");
    Ok(())
}

fn help(world: &World) -> anyhow::Result<()> {
    let run = |args: &[&str]| process::run(world.anonymous().args(args));
    for args in [&[][..], &["--help"], &["help", "token"], &["token", "--help"], &["version"], &["completion", "bash"]]
    {
        ensure!(!run(args)?.success()?.is_empty(), "{args:?} prints nothing");
    }
    for heading in ["For the team member:", "Setting a cluster up:", "Seeing access:", "Trying it:"] {
        ensure!(run(&["--help"])?.success()?.contains(heading), "{heading}");
    }
    let version: Value = serde_json::from_str(&run(&["version"])?.success()?)?;
    ensure!(version["Version"] == env!("CARGO_PKG_VERSION"), "{version}");
    for args in [&["--version"][..], &["-V"], &["version", "--short"]] {
        let version = run(args)?.success()?;
        ensure!(version == concat!(env!("CARGO_PKG_VERSION"), "\n"), "{args:?}: {version}");
    }
    Ok(())
}

/// Counts, not times: which files are opened and whether a thread is started.
fn fast_path(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("cli-fast")?;
    let trace = folder.join("trace");
    let mut command = process::command("strace", &folder);
    command.args(["-f", "-e", "trace=open,openat,clone,clone3,fork,vfork,socket,epoll_create1", "-o"]).arg(&trace);
    command.arg(&world.parts.cluster_auth).args(["token", "-i", CLUSTER_ID]);
    let output = process::run(command.envs(environment(&world.sts.credentials("alice")?)));
    output.context("strace is needed for this test: run it by `cargo xtask test`")?.success()?;
    let trace = fs::read_to_string(trace)?;
    for never in ["clone", "fork", "socket(", "epoll_create1", "/etc/ssl", "/etc/pki", "resolv.conf"] {
        ensure!(!trace.contains(never), "`token` with keys in the environment must not touch {never}:\n{trace}");
    }
    ensure!(trace.contains("open"), "strace saw nothing");
    Ok(())
}

fn exec_info(world: &World) -> anyhow::Result<()> {
    for version in ["v1", "v1beta1", "v1alpha1"] {
        let info = format!(
            "{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"spec\":{{\"interactive\":false}}}}"
        );
        let mut command = world.command("alice")?;
        let output = process::run(command.args(["token", "-i", CLUSTER_ID]).env("KUBERNETES_EXEC_INFO", info))?;
        let credential: Value = serde_json::from_str(&output.success()?)?;
        ensure!(credential["apiVersion"] == format!("client.authentication.k8s.io/{version}"), "{credential}");
        ensure!(credential["status"]["token"].as_str().is_some_and(|token| token.starts_with("k8s-aws-v1.")));
    }
    Ok(())
}

fn eks_get_token(world: &World) -> anyhow::Result<()> {
    let args = ["--region", "us-west-2", "eks", "get-token", "--cluster-name", CLUSTER_ID, "--output", "json"];
    let ours = process::run(world.command("alice")?.args(args))?.success()?;
    let mut command = process::command(&world.parts.aws_cli, &world.folder("cli-eks")?);
    command.envs(environment(&world.sts.credentials("alice")?));
    let theirs = process::run(command.args(args))?.success()?;
    let read = |text: &str| -> anyhow::Result<(Value, Value, Value)> {
        let credential: Value = serde_json::from_str(text)?;
        let length = credential["status"]["token"].as_str().context("a token")?.len();
        Ok((credential["kind"].clone(), credential["apiVersion"].clone(), Value::from(length)))
    };
    ensure!(read(&ours)? == read(&theirs)?, "ours   {ours}\ntheirs {theirs}");
    Ok(())
}

/// Our program with the sandbox as its AWS.
fn online(world: &World, person: &str, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = world.command(person)?;
    process::run(command.args(args).envs(world.sts.proxy_environment()))
}

const DEPLOYER: &str = "arn:aws:iam::111122223333:role/ci/Deployer";

fn assumed_role(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let before = world.sts.faults.requests("AssumeRole");
    let args = ["token", "--token-only", "-i", CLUSTER_ID, "-r", DEPLOYER, "-e", "sandbox", "-s", "release-9"];
    let token = online(world, "alice", &args)?.success()?;
    ensure!(world.sts.faults.requests("AssumeRole") == before + 1, "the role is assumed once");
    let answer = login.server.review(token.trim())?;
    ensure!(answer.body.contains("\"username\":\"deploy:release-9\""), "{answer:?}");
    let refused = online(world, "mallory", &args)?.failure()?;
    ensure!(refused.contains("AWS refused sts:AssumeRole (AccessDenied)"), "{refused}");
    Ok(())
}

fn forwarded_session_name(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let args = ["token", "--token-only", "-i", CLUSTER_ID, "-r", DEPLOYER, "-e", "sandbox", "--forward-session-name"];
    // dave's own session is named by his e-mail address.
    let token = online(world, "dave", &args)?.success()?;
    let answer = login.server.review(token.trim())?;
    ensure!(answer.body.contains("\"username\":\"deploy:dave-example.com\""), "{answer:?}");
    Ok(())
}

fn verify(world: &World) -> anyhow::Result<()> {
    let (address, ca) = (world.sts.address.to_string(), world.sts.ca_file.display().to_string());
    let token = world.token("dave", CLUSTER_ID)?;
    let verify = |cluster_id: &str, output: &str| {
        let args = [
            "verify",
            "-i",
            cluster_id,
            "-t",
            &token,
            "-o",
            output,
            "--sts-connect-to",
            &address,
            "--sts-ca-file",
            &ca,
        ];
        process::run(world.anonymous().args(args))
    };
    let identity: Value = serde_json::from_str(&verify(CLUSTER_ID, "json")?.success()?)?;
    ensure!(identity["SessionName"] == "dave@example.com", "{identity}");
    let keys: Vec<_> = identity.as_object().context("an object")?.keys().collect();
    ensure!(
        keys == ["ARN", "AccessKeyID", "AccountID", "CanonicalARN", "STSEndpoint", "SessionName", "UserID"],
        "{keys:?}"
    );
    ensure!(verify("another", "text")?.failure()?.contains("[sts.signature-mismatch]"));
    // A token of one's own is made as `token` makes it.
    let home = world.folder("cli-verify")?;
    let keys = world.sts.credentials("alice")?;
    let text = format!(
        "[work]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.access_key_id, keys.secret_access_key
    );
    fs::write(home.join("credentials"), text)?;
    let own = |args: &[&str]| {
        let mut command = world.anonymous();
        command.env("AWS_SHARED_CREDENTIALS_FILE", home.join("credentials"));
        command.args(["verify", "-i", CLUSTER_ID, "-o", "json", "--sts-connect-to", &address, "--sts-ca-file", &ca]);
        process::run(command.args(args))
    };
    let made = own(&["--own-token", "--profile", "work", "--region", "eu-west-1"])?.success()?;
    let made: Value = serde_json::from_str(&made)?;
    ensure!(made["ARN"] == "arn:aws:iam::111122223333:user/alice", "{made}");
    ensure!(made["STSEndpoint"] == "sts.eu-west-1.amazonaws.com", "{made}");
    // Another secret than the key's: the cluster id is the very one that AWS was asked with, so nobody is told to compare it.
    let wrong = format!("[work]\naws_access_key_id = {}\naws_secret_access_key = another\n", keys.access_key_id);
    fs::write(home.join("credentials"), wrong)?;
    let refused = own(&["--own-token", "--profile", "work", "--region", "eu-west-1"])?.failure()?;
    ensure!(refused.contains("[sts.signature-mismatch]") && refused.contains("SignatureDoesNotMatch"), "{refused}");
    ensure!(refused.contains("secret access key does not belong") && !refused.contains("exec arguments"), "{refused}");
    let given = own(&["-t", &token, "--profile", "work"])?.failure()?;
    ensure!(given.contains("cannot be used with"), "{given}");
    // What is asked in place of a webhook, by the kubeconfig of a team.
    let cluster = &world.login(Flavour::V1Beta1Generated)?.cluster;
    for (server, said) in [
        (cluster.server_url(), "is an API server, and no webhook (status 403)"),
        (
            "https://127.0.0.1:1".to_owned(),
            "the server does not answer: connection refused; see whether the server runs",
        ),
    ] {
        let team = home.join("team.kubeconfig");
        fs::write(&team, kubeconfig::webhook(&server, cluster.ca_pem()))?;
        let asked = own(&["-t", &token, "--webhook", &team.display().to_string()])?;
        ensure!(asked.stdout.contains("dave"), "who somebody is holds: {asked:?}");
        let asked = asked.failure()?;
        ensure!(asked.contains(said), "{asked}");
    }
    Ok(())
}

fn shared_files(world: &World) -> anyhow::Result<()> {
    let home = world.folder("cli-files")?;
    fs::create_dir_all(home.join(".aws"))?;
    let keys = world.sts.credentials("alice")?;
    let text = format!(
        "[work]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.access_key_id, keys.secret_access_key
    );
    fs::write(home.join(".aws/credentials"), text)?;
    fs::write(home.join(".aws/config"), "[profile work]\nregion = us-west-2\n")?;
    let token = |profile: Option<&str>| {
        let mut command = process::command(&world.parts.cluster_auth, &home);
        command.args(["token", "-i", CLUSTER_ID]).env("AWS_EC2_METADATA_DISABLED", "true");
        process::run(command.envs(profile.map(|profile| ("AWS_PROFILE", profile))))
    };
    token(Some("work"))?.success()?;
    ensure!(
        token(Some("absent"))?.failure()?.contains("the profile `absent` stands in neither AWS configuration file")
    );
    ensure!(token(None)?.failure()?.contains("no AWS credentials found"));
    Ok(())
}

fn instance(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("cli-instance")?;
    let mappings = "  mapRoles:\n  - {rolearn: \"arn:aws:iam::111122223333:role/Node\", username: \"system:node:{{EC2PrivateDNSName}}\", groups: [\"system:nodes\"]}\n";
    let (config, port) = e2e::server::Server::prepare(
        &folder,
        &e2e::server::ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] },
    )?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["server", "--health-address", "none", "--state-dir", ".", "--generate-kubeconfig", "k.yaml"]);
    command.arg("--config").arg(config).envs(environment(&world.sts.credentials("carol")?));
    // Everything through the proxy: STS as well as EC2, as in a VPC that has only that way out.
    let mut server = process::Background::start(command.envs(world.sts.proxy_environment()), folder.join("log"))?;
    let review = |person: &str| -> anyhow::Result<e2e::https::Answer> {
        let body = e2e::server::token_review("authentication.k8s.io/v1beta1", &world.token(person, CLUSTER_ID)?);
        e2e::https::request(&e2e::server::certificate_authority(&folder)?, port, "POST", "/authenticate", &body)
    };
    process::wait_until("the server answers", || {
        ensure!(server.ended()?.is_none(), "the server ended: {}", server.log());
        Ok(review("node").is_ok())
    })?;
    let before = world.sts.faults.requests("DescribeInstances");
    let answer = review("node")?;
    ensure!(
        answer.body.contains("\"username\":\"system:node:ip-10-0-0-17.us-west-2.compute.internal\""),
        "{answer:?}\n{}",
        server.log()
    );
    review("node")?;
    ensure!(world.sts.faults.requests("DescribeInstances") <= before + 1, "a name is asked for once");
    Ok(())
}

fn aws_cli(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("cli-aws")?;
    let aws = |person: &str, args: &[&str]| -> anyhow::Result<Output> {
        let mut command = process::command(&world.parts.aws_cli, &folder);
        command.envs(environment(&world.sts.credentials(person)?)).envs(world.sts.proxy_environment());
        process::run(command.args(args).args(["--output", "json"]))
    };
    let caller: Value = serde_json::from_str(&aws("bob", &["sts", "get-caller-identity"])?.success()?)?;
    ensure!(caller["Arn"] == "arn:aws:iam::111122223333:user/ops/bob", "{caller}");
    let assume = ["sts", "assume-role", "--role-arn", DEPLOYER, "--role-session-name", "cli"];
    let with_id = [&assume[..], &["--external-id", "sandbox"]].concat();
    let session: Value = serde_json::from_str(&aws("alice", &with_id)?.success()?)?;
    ensure!(session["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/Deployer/cli", "{session}");
    ensure!(aws("alice", &assume)?.failure()?.contains("AccessDenied"));
    ensure!(aws("alice", &["sts", "get-session-token"])?.failure()?.contains("InvalidAction"));

    let iam = |person: &str, args: &[&str]| aws(person, &[&["iam"], args].concat());
    let group: Value = serde_json::from_str(
        &iam("alice", &["get-group", "--group-name", "Platform", "--page-size", "1"])?.success()?,
    )?;
    let users = [&group["Users"][0]["UserName"], &group["Users"][1]["Arn"], &group["Group"]["Path"]];
    ensure!(users == ["alice", "arn:aws:iam::111122223333:user/ops/bob", "/teams/"], "{group}");
    let reserved = ["list-roles", "--path-prefix", "/aws-reserved/sso.amazonaws.com/"];
    let roles: Value = serde_json::from_str(&iam("alice", &reserved)?.success()?)?;
    ensure!(roles["Roles"].as_array().map(Vec::len) == Some(1), "{roles}");
    let role: Value = serde_json::from_str(&iam("alice", &["get-role", "--role-name", "Deployer"])?.success()?)?;
    ensure!(role["Role"]["Path"] == "/ci/", "{role}");
    ensure!(iam("alice", &["get-user", "--user-name", "zoe"])?.failure()?.contains("(NoSuchEntity)"));
    ensure!(iam("erin", &reserved)?.failure()?.contains("(AccessDenied)"));
    Ok(())
}
