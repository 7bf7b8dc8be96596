//! `--shadow-of`: the real aws-iam-authenticator answers, through our server, and what ours would have said is compared.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use e2e::{
    https::{self, Answer},
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, certificate_authority, free_port, token_review},
    world::{CLUSTER_ID, MAPPINGS, World},
};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("shadow::the_existing_authenticator_answers_and_every_difference_is_told", differences),
    ("shadow::accounts_that_are_scrubbed_leave_no_arn_and_no_id", scrubbed),
    ("shadow::logins_are_those_of_the_existing_authenticator_until_it_ends", logins),
    ("shadow::it_comes_in_between_without_a_restart_of_the_api_server", comes_in_between),
    ("shadow::what_contradicts_itself_is_refused_at_the_start", contradictions),
    ("shadow::authorities_that_are_rotated_are_trusted_without_a_restart", rotated),
];

/// The existing authenticator as people have it: with a certificate that it made itself, which is its own authority.
struct Go {
    port: u16,
    process: Background,
}

impl Go {
    /// Starts it. Files that it finds in the state folder it keeps.
    fn start(world: &World, state: &Path, port: u16, args: &[&str]) -> anyhow::Result<Self> {
        fs::create_dir_all(state)?;
        let config = state.join(format!("go-{port}.yaml"));
        fs::write(&config, format!("clusterID: {CLUSTER_ID}\nserver:\n  port: {port}\n{MAPPINGS}"))?;
        let mut command = process::command(&world.parts.go_authenticator, state);
        command.args(["server", "--feature-gates=SSORoleMatch=true", "--config"]).arg(&config);
        command.arg("--state-dir").arg(state).arg("--generate-kubeconfig").arg(state.join("webhook.kubeconfig"));
        command.args(args).envs(world.sts.proxy_environment()).env("NO_PROXY", "127.0.0.1,localhost");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
        let mut process = Background::start(&mut command, state.join(format!("go-{port}.log")))?;
        wait_until("the Go server answers", || {
            ensure!(process.ended()?.is_none(), "it has ended:\n{}", process.log());
            let Ok(authority) = certificate_authority(state) else { return Ok(false) };
            Ok(https::request(&authority, port, "GET", "/healthz", "").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(Self { port, process })
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/authenticate", self.port)
    }
}

/// Both, beside each other.
struct Pair {
    state: PathBuf,
    go: Go,
    ours: Server,
}

impl Pair {
    fn start(world: &World, name: &str, mappings: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let state = folder.join("go");
        let go = Go::start(world, &state, free_port()?, &[])?;
        let (url, ca) = (go.url(), state.join("cert.pem").display().to_string());
        let args = ["--shadow-of", &url, "--shadow-of-ca", &ca];
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &args };
        let ours = Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
        Ok(Self { state, go, ours })
    }

    /// What both answer.
    fn review(&self, token: &str) -> anyhow::Result<(Answer, Answer)> {
        let body = token_review("authentication.k8s.io/v1", token);
        let authority = certificate_authority(&self.state)?;
        let theirs = https::request(&authority, self.go.port, "POST", "/authenticate", &body)?;
        Ok((theirs, self.ours.review(token)?))
    }

    /// What came of comparing so far, but for what never did.
    fn compared(&self) -> anyhow::Result<BTreeMap<String, usize>> {
        compared(&self.ours.request("GET", "/metrics", "")?.body)
    }

    fn wait_for(&self, result: &str, count: usize) -> anyhow::Result<()> {
        wait_until(&format!("{result} was counted {count} times"), || {
            Ok(self.compared()?.get(result).copied().unwrap_or_default() == count)
        })
        .with_context(|| format!("{:?}\n{}", self.compared(), self.ours.process.log()))
    }
}

fn compared(metrics: &str) -> anyhow::Result<BTreeMap<String, usize>> {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("cluster_auth_shadow_reviews_total{result=\""));
    let counts = lines.filter_map(|line| line.split_once("\"} "));
    let counts = counts.map(|(result, count)| Ok((result.to_owned(), count.parse::<usize>()?)));
    Ok(counts.collect::<anyhow::Result<BTreeMap<_, _>>>()?.into_iter().filter(|(_, count)| *count > 0).collect())
}

/// The existing mapping, where somebody got a few lines of it wrong.
fn with_mistakes() -> String {
    let mistaken = |line: &str| match line {
        line if line.contains("username: bob,") => String::new(),
        line if line.contains("username: erin,") => line.replace("[developers]", "[ops]") + "\n",
        line if line.contains("username: carol,") => line.replace("username: carol", "username: caroline") + "\n",
        line => format!("{line}\n"),
    };
    let mallory = r#"  - {userarn: "arn:aws:iam::111122223333:user/mallory", username: mallory, groups: [developers]}"#;
    MAPPINGS.lines().map(mistaken).collect::<String>().replacen("mapUsers:\n", &format!("mapUsers:\n{mallory}\n"), 1)
}

/// Alice's access key, and a secret that is none.
fn forged(world: &World) -> anyhow::Result<String> {
    let key = world.sts.credentials("alice")?.access_key_id;
    let keys = aws::credentials::Credentials::long_term(key, "not alice's secret access key, but as long".to_owned());
    let endpoint = aws::sts_endpoint(&aws::credentials::Environment::default(), Some("us-west-2"))?;
    Ok(token::wrap(&aws::presign_get_caller_identity(&keys, &endpoint, CLUSTER_ID, e2e::sts::now())))
}

fn differences(world: &World) -> anyhow::Result<()> {
    let pair = Pair::start(world, "shadow-differences", &with_mistakes())?;
    let of = |person: &str| world.fresh_token(person, CLUSTER_ID);
    let rows = [
        ("alice", of("alice")?, 200, "same"),
        ("dave", of("dave")?, 200, "same"),
        ("deployer", of("deployer")?, 200, "same"),
        ("root", of("root")?, 200, "same"),
        ("federated", of("federated")?, 200, "same"),
        ("bob", of("bob")?, 200, "granted-refused"),
        ("mallory", of("mallory")?, 403, "refused-granted"),
        ("carol", of("carol")?, 200, "username"),
        ("erin", of("erin")?, 200, "groups"),
        ("a forged token", forged(world)?, 403, "same"),
        ("another cluster's", world.fresh_token("alice", "another.example.com")?, 403, "same"),
        ("no token of AWS", "eyJhbGciOi".to_owned(), 403, "same"),
        ("none", String::new(), 403, "same"),
    ];
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, token, status, result) in rows {
        let (theirs, ours) = pair.review(&token)?;
        ensure!(ours.status == status && ours.status == theirs.status, "{name}: {theirs:?}\n{ours:?}");
        ensure!(ours.body == theirs.body, "{name}:\n{}\n{}", theirs.body, ours.body);
        *counts.entry(result.to_owned()).or_default() += 1;
        pair.wait_for(result, counts[result]).with_context(|| name.to_owned())?;
    }
    ensure!(pair.compared()? == counts, "{:?}", pair.compared());

    let log = pair.ours.process.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: Vec<Value> =
        lines.filter(|line| line["msg"] == "the other authenticator (--shadow-of) decides otherwise").collect();
    let fields = ["result", "code", "username", "groups", "predecessor", "predecessor_username", "predecessor_groups"];
    let told_of = |line: &Value| fields.map(|field| line[field].as_str().unwrap_or("-").to_owned());
    let expected = [
        ["granted-refused", "mapping.none", "-", "-", "granted", "bob", "ops"],
        ["refused-granted", "granted", "mallory", "developers", "refused", "-", "-"],
        ["username", "granted", "caroline", "system:masters", "granted", "carol", "system:masters"],
        ["groups", "granted", "erin", "ops", "granted", "erin", "developers"],
    ];
    ensure!(told.iter().map(told_of).eq(expected.map(|row| row.map(str::to_owned))), "{told:#?}");
    let bob = &told[0];
    ensure!(bob["arn"] == "arn:aws:iam::111122223333:user/ops/bob", "{bob}");
    ensure!(bob["error"] == "no mapping names this principal", "{bob}");
    ensure!(told[2]["rule"].as_str().is_some_and(|rule| rule.contains("config.yaml")), "{}", told[2]);
    for message in ["access granted", "access denied"] {
        ensure!(!log.contains(message), "nobody was let in or refused by this server: {log}");
    }
    let ready = pair.ours.request("GET", "/readyz", "")?.body;
    ensure!(ready.contains("--shadow-of"), "{ready}");
    Ok(())
}

/// The existing authenticator says what this server's configuration wants unsaid.
fn scrubbed(world: &World) -> anyhow::Result<()> {
    let mappings = with_mistakes() + "  scrubbedAccounts: [\"111122223333\"]\n";
    let pair = Pair::start(world, "shadow-scrubbed", &mappings)?;
    for (person, result) in [("alice", "uid"), ("erin", "groups"), ("bob", "granted-refused")] {
        let (theirs, ours) = pair.review(&world.fresh_token(person, CLUSTER_ID)?)?;
        ensure!(ours.body == theirs.body && ours.body.contains("arn:aws:iam::111122223333"), "{ours:?}");
        pair.wait_for(result, 1)?;
    }
    let log = pair.ours.process.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("decides otherwise")).collect();
    ensure!(told.len() == 3 && told[2].contains("\"predecessor_username\":\"bob\""), "{told:?}");
    for secret in ["arn:aws", "111122223333", "AIDA", "AKIA"] {
        ensure!(!told.iter().any(|line| line.contains(secret)), "{secret}: {told:?}");
    }
    Ok(())
}

fn logins(world: &World) -> anyhow::Result<()> {
    let mut pair = Pair::start(world, "shadow-logins", &with_mistakes())?;
    let cluster = api_server(world, pair.ours.kubeconfig())?;
    let shows = |person: &str| shows(world, &cluster, &world.fresh_token(person, CLUSTER_ID)?);
    for person in ["alice", "bob", "carol"] {
        ensure!(shows(person)?.contains(&format!("\"username\":\"{person}\"")), "{person}");
    }
    let refused = shows("mallory").err().context("whom our mapping alone names is not let in")?;
    ensure!(format!("{refused:#}").contains("Unauthorized"), "{refused:#}");
    pair.wait_for("granted-refused", 1)?;
    pair.wait_for("refused-granted", 1)?;
    ensure!(!pair.compared()?.contains_key("no-answer"), "{:?}", pair.compared());

    pair.go.process.kill()?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    let answer = pair.ours.review(&token)?;
    ensure!(answer.status == 502 && !answer.body.contains("authenticated"), "{answer:?}");
    pair.wait_for("no-answer", 1)?;
    let refused = shows("alice").err().context("nobody answers any more")?;
    ensure!(format!("{refused:#}").contains("Unauthorized"), "{refused:#}");
    let log = pair.ours.process.log();
    let lines: Vec<&str> =
        log.lines().filter(|line| line.contains("the other authenticator (--shadow-of) gave no answer")).collect();
    ensure!(lines.len() > 1, "an API server asks again by itself:\n{log}");
    ensure!(
        lines.iter().all(|line| line.contains("connection refused") && line.contains("upstream.predecessor")),
        "{lines:?}"
    );
    Ok(())
}

fn comes_in_between(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("shadow-between")?;
    let state = folder.join("state");
    let mut before = Go::start(world, &state, free_port()?, &[])?;
    let cluster = api_server(world, state.join("webhook.kubeconfig"))?;
    shows(world, &cluster, &world.fresh_token("alice", CLUSTER_ID)?)?;

    // Ours waits for the port, with the pair and the kubeconfig that are there.
    let (port, moved) = (before.port, free_port()?);
    let config = folder.join("config.yaml");
    fs::write(&config, format!("clusterID: {CLUSTER_ID}\nserver:\n  port: {port}\n{MAPPINGS}"))?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["server", "--log-format=json", "--kubeconfig-pregenerated", "--take-over", "--health-address=none"]);
    command.arg("--config").arg(&config).arg("--state-dir").arg(&state);
    command.arg(format!("--shadow-of=https://localhost:{moved}/authenticate"));
    command.arg("--shadow-of-ca").arg(state.join("cert.pem"));
    command.args(["--sts-connect-to", &world.sts.address.to_string()]).arg("--sts-ca-file").arg(&world.sts.ca_file);
    // Tokens go through no proxy, and this one does not exist.
    command.env("HTTPS_PROXY", "http://127.0.0.1:1").env("AWS_REGION", "us-west-2");
    let ours = Background::start(&mut command, folder.join("server.log"))?;
    wait_until("it waits for the port", || Ok(ours.log().contains("another server has the port")))?;
    shows(world, &cluster, &world.fresh_token("alice", CLUSTER_ID)?)?;

    let kubeconfig = fs::read_to_string(state.join("webhook.kubeconfig"))?;
    before.process.kill()?;
    let _after = Go::start(world, &state, moved, &["--kubeconfig-pregenerated"])?;
    ensure!(
        fs::read_to_string(state.join("webhook.kubeconfig"))? == kubeconfig,
        "the API server finds who it found before"
    );
    shows(world, &cluster, &world.fresh_token("alice", CLUSTER_ID)?)?;
    let authority = certificate_authority(&state)?;
    wait_until("it was compared", || {
        let metrics = https::request(&authority, port, "GET", "/metrics", "")?.body;
        Ok(compared(&metrics)?.get("same") == Some(&1))
    })
}

/// Of those whom the server asks, the authenticator that runs today and STS.
fn rotated(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("shadow-rotated")?;
    let state = folder.join("go");
    let go = Go::start(world, &state, free_port()?, &[])?;
    let put = |name: &str, from: &Path| -> anyhow::Result<String> {
        // In one step, as a mounted secret changes.
        fs::copy(from, folder.join("new"))?;
        fs::rename(folder.join("new"), folder.join(name))?;
        Ok(folder.join(name).display().to_string())
    };
    let (theirs, of_sts) = (state.join("cert.pem"), world.sts.ca_file.clone());
    // Each begins with the other's.
    let (today, sts) = (put("today.pem", &of_sts)?, put("sts.pem", &theirs)?);
    let url = go.url();
    let args = ["--shadow-of", &url, "--shadow-of-ca", &today, "--sts-ca-file", &sts];
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &args };
    let server = Server::start(&world.parts, &world.sts, &folder.join("ours"), &options)?;
    let review = || server.review(&world.fresh_token("alice", CLUSTER_ID)?);
    let results = || compared(&server.request("GET", "/metrics", "")?.body);
    ensure!(review()?.status == 502, "nobody vouches for it");
    put("today.pem", &theirs)?;
    wait_until("it is trusted", || Ok(review()?.status == 200))?;
    wait_until("STS is not, so that there is nothing to compare", || Ok(results()?.contains_key("no-decision")))?;
    put("sts.pem", &of_sts)?;
    wait_until("and so is STS", || {
        review()?;
        Ok(results()?.contains_key("same"))
    })?;
    // What is none changes nothing.
    fs::write(folder.join("nonsense"), "nonsense")?;
    put("today.pem", &folder.join("nonsense"))?;
    put("sts.pem", &folder.join("nonsense"))?;
    wait_until("it is said", || {
        let said = server.request("GET", "/readyz", "")?.body;
        Ok(["shadow-of-ca: the last good version", "sts-ca-file: the last good version"]
            .iter()
            .all(|line| said.contains(line)))
    })
    .with_context(|| server.process.log())?;
    ensure!(review()?.status == 200, "those that were trusted still are");
    Ok(())
}

fn contradictions(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("shadow-contradictions")?;
    let url = "https://localhost:1/authenticate";
    let no_authority = folder.join("none.pem");
    fs::write(&no_authority, "nothing")?;
    let no_authority = no_authority.display().to_string();
    let rows: [(&[&str], &str, &str); 10] = [
        (&["--shadow-of", "http://localhost:1/authenticate"], "", "expected an https:// URL"),
        (&["--shadow-of", "https://a:b@localhost/authenticate"], "", "expected an https:// URL"),
        (&["--shadow-of-ca", &no_authority], "", "--shadow-of <URL>"),
        (&["--shadow-of", url, "--shadow-of-ca", "missing.pem"], "", "cannot read --shadow-of-ca missing.pem"),
        (&["--shadow-of", url, "--shadow-of-ca", &no_authority], "", "--shadow-of-ca"),
        (&["--shadow-of", url, "--port", "1"], "", "names this server itself"),
        (&["--shadow-of", "https://127.0.0.2:1/", "--port", "1"], "", "names this server itself"),
        (
            &["--shadow-of", "https://a.example.com:1/", "--port", "1", "--hostname", "a.example.com"],
            "",
            "names this server",
        ),
        (&["--shadow-of", url, "--deny-with-200"], "", "leave one of the two out"),
        (&["--shadow-of", url], "  denyWith200: true\n", "leave one of the two out"),
    ];
    for (args, server, said) in rows {
        let config = folder.join("config.yaml");
        fs::write(&config, format!("clusterID: {CLUSTER_ID}\nserver:\n  port: 21362\n{server}{MAPPINGS}"))?;
        let mut command: Command = process::command(&world.parts.cluster_auth, &folder);
        command.args(["server", "--kubeconfig-pregenerated", "--state-dir"]).arg(&folder).arg("--config").arg(&config);
        let refused = process::run(command.args(args))?.failure()?;
        ensure!(refused.contains(said), "{args:?} {server:?}: {refused}");
    }
    Ok(())
}

fn api_server(world: &World, kubeconfig: PathBuf) -> anyhow::Result<Cluster> {
    let webhook = Webhook { kubeconfig, version: ReviewVersion::V1Beta1, cache_ttl: None };
    let options = Options { webhook: Some(webhook), ..Options::default() };
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    Ok(Cluster::start(&binaries, &options, e2e::sts::now())?)
}

/// Whom the API server says that a token's bearer is.
fn shows(world: &World, cluster: &Cluster, token: &str) -> anyhow::Result<String> {
    let folder = world.folder("shadow-kubectl")?;
    let mut command = process::command(world.parts.kubernetes("kubectl"), &folder);
    let ca = folder.join("api-server-ca.pem");
    fs::write(&ca, cluster.ca_pem())?;
    command.arg(format!("--server={}", cluster.server_url()));
    command.arg(format!("--certificate-authority={}", ca.display()));
    command.arg(format!("--token={token}")).args(["auth", "whoami", "--output", "json"]);
    let shown: Value = serde_json::from_str(&process::run(&mut command)?.success()?)?;
    Ok(shown["status"]["userInfo"].to_string())
}
