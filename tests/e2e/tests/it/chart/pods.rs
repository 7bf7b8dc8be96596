//! What the chart's pods run, run here: the init container, the server, its successor, and the login of `helm test`.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::GoServer,
    https,
    machine::is_root,
    people::environment,
    pod::{self, Pod},
    process::{self, Background, wait_until},
    server::{certificate_authority, free_port, token_review},
    world::{CLUSTER_ID, MAPPINGS, World},
};
use serde_json::Value;

use super::{object, objects, template};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("chart::pods_make_their_files_serve_and_log_in", serve),
    ("chart::a_new_server_shares_the_port_until_the_old_one_ends", take_over),
    ("chart::a_server_of_2018_hands_over_with_its_own_files", from_2018),
    ("chart::alerts_name_metrics_that_there_are", alerts),
    ("chart::the_server_may_do_as_little_as_the_page_says", restricted),
    ("chart::denials_and_the_shadow_are_values", denials_and_shadow),
];

const FILE: &str =
    "account: '111122223333'\ngroups:\n- {name: developers, users: [alice, erin]}\n- {name: ops, users: [ops/bob]}\n";

/// A control plane node: what the chart puts on it.
pub(super) struct Machine<'a> {
    world: &'a World,
    pub(super) folder: PathBuf,
    port: u16,
    pub(super) values: String,
}

impl<'a> Machine<'a> {
    pub(super) fn new(world: &'a World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        fs::create_dir_all(folder.join("state"))?;
        let port = free_port()?;
        // The sandbox stands in for AWS; where it is, is all that is said to the server beside the values.
        let ca = world.sts.ca_file.display();
        let (sts, file) = (world.sts.address, FILE);
        let values = format!(
            "clusterID: {CLUSTER_ID}\n{file}authenticator:\n  port: {port}\n  args: [--log-format=json, \
             --sts-connect-to={sts}, '--sts-ca-file={ca}']\n"
        );
        let machine = Self { world, folder, port, values };
        machine.mount(&machine.values)?;
        Ok(machine)
    }

    pub(super) fn objects(&self, values: &str) -> anyhow::Result<Vec<Value>> {
        fs::write(self.folder.join("values.yaml"), values)?;
        objects(&template(&self.world.parts.helm, &self.folder, &["--values", "values.yaml"])?.success()?)
    }

    /// The ConfigMap as it comes to the machine.
    pub(super) fn mount(&self, values: &str) -> anyhow::Result<()> {
        pod::mount(object(&self.objects(values)?, "ConfigMap", "cluster-auth-access")?, &self.folder.join("config"))
    }

    fn server_pod(&self) -> anyhow::Result<Pod> {
        let objects = self.objects(&self.values)?;
        let spec = &object(&objects, "DaemonSet", "cluster-auth")?["spec"]["template"]["spec"];
        let spec = for_this_user(spec)?;
        let (config, state) = (self.folder.join("config"), self.folder.join("state"));
        let today = self.folder.join("today");
        let (logins, modes) = (self.folder.join("logins"), self.folder.join("modes"));
        let followed = [("dynamic-file", &*logins), ("backend-mode-file", &*modes)];
        Ok(Pod::new(
            &spec,
            &[&[("config", &*config), ("state", &*state), ("shadow-of", &*today)][..], &followed].concat(),
        ))
    }

    pub(super) fn init(&self) -> anyhow::Result<()> {
        let mut command = self.server_pod()?.command(&self.world.parts.cluster_auth, "init")?;
        process::run(&mut command)?.success().map(drop)
    }

    pub(super) fn start(&self, log: &str) -> anyhow::Result<Background> {
        let mut command = self.server_pod()?.command(&self.world.parts.cluster_auth, "server")?;
        Background::start(command.env("AWS_REGION", "us-west-2"), self.folder.join(log))
    }

    pub(super) fn status(&self, path: &str) -> anyhow::Result<u16> {
        let ca = certificate_authority(&self.folder.join("state"))?;
        Ok(https::request(&ca, self.port, "GET", path, "")?.status)
    }

    fn review(&self, person: &str) -> anyhow::Result<u16> {
        Ok(self.answer(person)?.status)
    }

    /// What an API server would be answered about somebody.
    pub(super) fn answer(&self, person: &str) -> anyhow::Result<https::Answer> {
        let ca = certificate_authority(&self.folder.join("state"))?;
        let review = token_review("authentication.k8s.io/v1", &self.world.token(person, CLUSTER_ID)?);
        https::request(&ca, self.port, "POST", "/authenticate", &review)
    }

    /// The pod of `helm test`, with somebody's credentials.
    fn login(&self, person: &str) -> anyhow::Result<process::Output> {
        let objects = self.objects(&self.values)?;
        let kubeconfig = self.folder.join("state/aws-iam-authenticator.kubeconfig");
        let pod = Pod::new(&object(&objects, "Pod", "cluster-auth-login")?["spec"], &[("webhook", &kubeconfig)]);
        let mut command = pod.command(&self.world.parts.cluster_auth, "login")?;
        command.envs(environment(&self.world.sts.credentials(person)?));
        command.arg(format!("--sts-connect-to={}", self.world.sts.address));
        process::run(command.arg("--sts-ca-file").arg(&self.world.sts.ca_file))
    }
}

/// The pod as the test's own user can run it: whoever is not root can give files to nobody but themselves.
fn for_this_user(spec: &Value) -> anyhow::Result<Value> {
    let owner = format!("--owner={}:{}", owner()?, id("-g")?);
    if is_root()? { Ok(spec.clone()) } else { replaced(spec, "--owner=10000:10000", &owner) }
}

fn id(flag: &str) -> anyhow::Result<String> {
    Ok(process::run(std::process::Command::new("id").arg(flag))?.success()?.trim().to_owned())
}

/// Whose the files become.
fn owner() -> anyhow::Result<u32> {
    if is_root()? { Ok(10000) } else { Ok(id("-u")?.parse()?) }
}

fn replaced(value: &Value, old: &str, new: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&value.to_string().replace(old, new))?)
}

fn serve(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(world, "chart-serve")?;
    machine.init()?;
    let files =
        ["cert.pem", "key.pem", "aws-iam-authenticator.kubeconfig"].map(|name| machine.folder.join("state").join(name));
    for file in &files {
        ensure!(fs::metadata(file)?.uid() == owner()?, "{} is not the server's", file.display());
    }
    let before = files.clone().map(|file| fs::read(file).unwrap_or_default());
    let mut server = machine.start("server.log")?;
    let pod = machine.server_pod()?;
    let image = format!("{}:{}", access::IMAGE, env!("CARGO_PKG_VERSION"));
    ensure!(pod.container("server")?["image"] == image, "kops and the chart run one image");
    ensure!(pod.container("server")?["livenessProbe"]["failureThreshold"] == 6, "a slow server is not started anew");
    for probe in ["livenessProbe", "readinessProbe"] {
        let probe = &pod.container("server")?[probe]["httpGet"];
        ensure!(probe["port"] == machine.port && probe["scheme"] == "HTTPS" && probe["host"] == "127.0.0.1", "{probe}");
        let path = probe["path"].as_str().context("a path")?;
        wait_until(path, || {
            ensure!(server.ended()?.is_none(), "{}", server.log());
            Ok(machine.status(path).is_ok_and(|status| status == 200))
        })?;
    }

    let said = machine.login("alice")?.success()?;
    ensure!(
        said.contains("user/alice")
            && said.contains("Username       alice")
            && said.contains("Groups         developers"),
        "{said}"
    );
    let refused = machine.login("carol")?;
    ensure!(refused.stdout.contains("user/carol"), "AWS knows her: {}", refused.stdout);
    let said = refused.failure()?;
    ensure!(said.contains("refused this token") && said.contains("(status 403)"), "{said}");

    // What Helm writes into the ConfigMap holds without a restart.
    machine.mount(&machine.values.replace("users: [alice, erin]", "users: [erin]"))?;
    wait_until("alice is out", || Ok(machine.review("alice")? == 403))?;
    ensure!(machine.review("erin")? == 200);

    // The next pod finds the files, and changes nothing.
    machine.init()?;
    ensure!(files.map(|file| fs::read(file).unwrap_or_default()) == before, "the files are kept");
    ensure!(server.terminate()?.success(), "{}", server.log());
    let said = machine.login("erin")?.failure()?;
    ensure!(said.contains("the server does not answer"), "{said}");
    Ok(())
}

fn take_over(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(world, "chart-take-over")?;
    machine.init()?;
    let mut old = machine.start("old.log")?;
    wait_until("the old server is ready", || Ok(machine.status("/readyz").is_ok_and(|status| status == 200)))?;
    let mut new = machine.start("new.log")?;
    wait_until("the new server shares the port", || Ok(new.log().contains("and shares it until it exits")))?;
    wait_until("the new server serves", || Ok(new.log().contains("\"ready\"")))?;
    // What changes meanwhile, both know.
    machine.mount(&machine.values.replace("users: [alice, erin]", "users: [erin]"))?;
    wait_until("both have the change", || {
        Ok([&old, &new].iter().all(|server| server.log().contains("the mappings have changed")))
    })?;
    // The old one ends while somebody asks without a pause: nobody is refused, and whoever was with it is answered.
    let ended = AtomicBool::new(false);
    let asked = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !ended.load(Ordering::Relaxed) || asked < 50 {
                ensure!((machine.review("alice")?, machine.review("erin")?) == (403, 200), "after {asked} of them");
                asked += 1;
            }
            Ok(asked)
        });
        let end = old.terminate();
        ended.store(true, Ordering::Relaxed);
        let asked = asking.join().ok().context("asking panicked")?.with_context(|| new.log())?;
        ensure!(end?.success(), "{}", old.log());
        anyhow::Ok(asked)
    })?;
    ensure!(asked >= 50 && new.ended()?.is_none(), "{}", new.log());
    // A third one shares it as well, and ends when it is told to.
    let mut third = machine.start("third.log")?;
    wait_until("the third server shares it", || Ok(third.log().contains("and shares it until it exits")))?;
    ensure!(third.terminate()?.success(), "{}", third.log());
    ensure!(machine.review("erin")? == 200, "{}", new.log());
    ensure!(new.terminate()?.success(), "{}", new.log());
    Ok(())
}

fn from_2018(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(world, "chart-from-2018")?;
    // The existing program, as its container ran: files of root, and no idea of us.
    let state = machine.folder.join("state");
    let config = machine.folder.join("old.yaml");
    fs::write(&config, format!("clusterID: {CLUSTER_ID}\nserver:\n  port: {}\n", machine.port))?;
    let mut command = process::command(&world.parts.go_authenticator, &machine.folder);
    command.args(["server", "--config"]).arg(&config).arg("--state-dir").arg(&state);
    command.arg("--generate-kubeconfig").arg(state.join("kubeconfig.yaml"));
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "us-west-2");
    let mut old = Background::start(&mut command, machine.folder.join("old.log"))?;
    let listens = || TcpStream::connect(("127.0.0.1", machine.port)).is_ok();
    wait_until("the old server listens", || {
        ensure!(old.ended()?.is_none(), "{}", old.log());
        Ok(listens())
    })?;
    let pair = ["cert.pem", "key.pem", "kubeconfig.yaml"].map(|name| fs::read(state.join(name)).unwrap_or_default());

    machine.init()?;
    let mut new = machine.start("new.log")?;
    wait_until("the new server waits", || {
        ensure!(new.ended()?.is_none(), "{}", new.log());
        Ok(new.log().contains("another server has the port"))
    })?;
    // It heeds no signal, so that the kubelet ends it the hard way.
    drop(old);
    wait_until("the new server serves", || Ok(new.log().contains("\"ready\"")))?;
    ensure!(
        ["cert.pem", "key.pem", "kubeconfig.yaml"].map(|name| fs::read(state.join(name)).unwrap_or_default()) == pair,
        "what API servers trust is still there"
    );
    // Its certificate is its own authority; the login takes it, as API servers do.
    let said = machine.login("alice")?.success()?;
    ensure!(said.contains("Username       alice"), "{said}");
    ensure!(new.terminate()?.success(), "{}", new.log());
    Ok(())
}

/// docs/threat-model.md: a hole in the server is none in the machine.
fn restricted(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(world, "chart-restricted")?;
    let objects = machine.objects(&machine.values)?;
    let spec = &object(&objects, "DaemonSet", "cluster-auth")?["spec"]["template"]["spec"];
    ensure!(spec["automountServiceAccountToken"] == false, "the server has no token of the cluster");
    let pod = &spec["securityContext"];
    ensure!(pod["runAsNonRoot"] == true && pod["runAsUser"] == 10_000 && pod["runAsGroup"] == 10_000, "{pod}");
    ensure!(pod["seccompProfile"]["type"] == "RuntimeDefault", "{pod}");
    for (list, has_added) in [("initContainers", true), ("containers", false)] {
        let [container] = spec[list].as_array().context("containers")?.as_slice() else {
            anyhow::bail!("one of {list} is looked at, and there are others: {}", spec[list])
        };
        let own = &container["securityContext"];
        ensure!(own["allowPrivilegeEscalation"] == false && own["readOnlyRootFilesystem"] == true, "{own}");
        ensure!(own["capabilities"]["drop"] == serde_json::json!(["ALL"]), "{own}");
        let added = own["capabilities"].get("add");
        ensure!(added.is_some() == has_added && (own["runAsUser"] == 0) == has_added, "{list}: {own}");
    }
    let mounts = spec["containers"][0]["volumeMounts"].as_array().context("mounts")?;
    ensure!(!mounts.is_empty() && mounts.iter().all(|mount| mount["readOnly"] == true), "{mounts:?}");
    Ok(())
}

/// What the arguments of the pod do, its server does here: it denies with 200, and then it only compares.
fn denials_and_shadow(world: &World) -> anyhow::Result<()> {
    let mut machine = Machine::new(world, "chart-shadow")?;
    let plain = machine.values.clone();
    let server = |machine: &Machine<'_>| -> anyhow::Result<Value> {
        let objects = machine.objects(&machine.values)?;
        Ok(object(&objects, "DaemonSet", "cluster-auth")?["spec"]["template"]["spec"].clone())
    };
    let said = server(&machine)?.to_string();
    ensure!(!said.contains("--deny-with-200") && !said.contains("shadow-of"), "by default nothing of it: {said}");

    machine.values = plain.replace("authenticator:\n", "authenticator:\n  denyWith200: true\n");
    machine.init()?;
    let mut denying = machine.start("denying.log")?;
    wait_until("it is ready", || Ok(machine.status("/readyz").is_ok_and(|status| status == 200)))?;
    ensure!((machine.review("alice")?, machine.review("mallory")?) == (200, 200), "{}", denying.log());
    ensure!(denying.terminate()?.success(), "{}", denying.log());

    // The authenticator that runs today: another server of ours would do, and this is the one that people have.
    let other = GoServer::start(&world.parts, &world.sts, &machine.folder.join("today"), CLUSTER_ID, MAPPINGS)?;
    let today = machine.folder.join("today").display().to_string();
    machine.values = plain.replace(
        "authenticator:\n",
        &format!(
            "authenticator:\n  shadowOf: https://localhost:{}/authenticate\n  shadowOfCa: {today}/cert.pem\n",
            other.port()
        ),
    );
    let spec = server(&machine)?;
    let volume = spec["volumes"].as_array().into_iter().flatten().find(|volume| volume["name"] == "shadow-of");
    let volume = &volume.context("the folder of its certificate")?["hostPath"];
    ensure!(volume["path"] == *today && volume["type"] == "Directory", "{volume}");
    let mut comparing = machine.start("comparing.log")?;
    wait_until("it is ready", || Ok(machine.status("/readyz").is_ok_and(|status| status == 200)))?;
    ensure!(machine.review("carol")? == 200, "today's authenticator lets her in: {}", comparing.log());
    wait_until("it is told that this one would not", || Ok(comparing.log().contains("granted-refused")))?;
    ensure!(comparing.terminate()?.success(), "{}", comparing.log());
    Ok(())
}

fn alerts(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(world, "chart-alerts")?;
    machine.init()?;
    let mut server = machine.start("server.log")?;
    wait_until("the server is ready", || Ok(machine.status("/readyz").is_ok_and(|status| status == 200)))?;
    machine.review("alice")?;
    // A change that is not taken.
    fs::write(machine.folder.join("config/access.yaml"), "groups: everybody\n")?;
    let ca = certificate_authority(&machine.folder.join("state"))?;
    let metrics = || Ok::<_, anyhow::Error>(https::request(&ca, machine.port, "GET", "/metrics", "")?.body);
    wait_until("a change is refused", || Ok(metrics()?.contains("cluster_auth_reload_failures_total{")))?;
    let values = format!("{}prometheusRule: {{enabled: true}}\n", machine.values);
    let objects = machine.objects(&values)?;
    let rules = &object(&objects, "PrometheusRule", "cluster-auth")?["spec"]["groups"][0]["rules"];
    let mut named = 0;
    for rule in rules.as_array().context("rules")? {
        let expression = rule["expr"].as_str().context("an expression")?;
        for word in expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')) {
            if word.starts_with("cluster_auth_") {
                ensure!(metrics()?.contains(&format!("\n{word}")), "there is no metric {word}");
                named += 1;
            }
        }
    }
    ensure!(named >= 11, "{rules}");
    ensure!(server.terminate()?.success(), "{}", server.log());
    Ok(())
}
