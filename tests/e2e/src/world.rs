//! Everything that the tests share: the parts, the sandbox's AWS, and API servers wired to servers of ours.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    authenticator::GoServer,
    parts::Parts,
    people::{Person, environment},
    process::{self, Output, wait_until},
    secrets,
    server::{Server, ServerOptions},
    sts::Sts,
};

/// The cluster that everybody logs in to.
pub const CLUSTER_ID: &str = "e2e.example.com";

/// Who may log in: the mapping of every server of the tests, ours and the existing one.
pub const MAPPINGS: &str = r#"  mapUsers:
  - {userarn: "arn:aws:iam::111122223333:user/alice", username: alice, groups: [developers]}
  - {userarn: "arn:aws:iam::111122223333:user/ops/bob", username: bob, groups: [ops]}
  - {userarn: "arn:aws:iam::111122223333:user/carol", username: carol, groups: ["system:masters"]}
  - {userarn: "arn:aws:iam::111122223333:user/erin", username: erin, groups: [developers]}
  - {userarn: "arn:aws:iam::111122223333:root", username: root}
  - {userarn: "arn:aws:sts::111122223333:federated-user/federated", username: federated, groups: [guests]}
  mapRoles:
  - {rolearn: "arn:aws:iam::111122223333:role/Deployer", username: "deploy:{{SessionName}}", groups: [deployers]}
  - {sso: {permissionSetName: DevAccess, accountID: "111122223333"}, username: "dev:{{SessionName}}", groups: [developers]}
  mapAccounts: ["444455556666"]
"#;

/// RBAC of the tests: developers work in the namespace dev, and nowhere else.
const RBAC: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developers, namespace: dev}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers-binding, namespace: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developers}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
";

/// How long API servers of the tests remember an answer.
const CACHE_TTL: Duration = Duration::from_secs(1);

/// Kinds of API servers; each is started once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Webhook v1beta1 (Kubernetes' default), with the kubeconfig that the server generated.
    V1Beta1Generated,
    /// Webhook v1, `--api-audiences`, with the files that `init` wrote; the API server starts before our server does.
    V1WithAudiencesAndInit,
}

/// The shared parts; each is made when it is first asked for.
pub struct World {
    /// The programs.
    pub parts: Parts,
    /// The sandbox's AWS.
    pub sts: Sts,
    folder: TempDir,
    logins: [OnceLock<Result<Login, String>>; 2],
    go_server: OnceLock<Result<GoServer, String>>,
    /// A plain API server that the next test gets, started while the one before ran.
    ready: Mutex<Option<Starting>>,
    /// Whether there will be a next one.
    has_many_tests: bool,
    /// The second in which the last fresh token was signed, so that no two are the same.
    last_signed: AtomicI64,
}

/// An API server wired to a server of ours.
pub struct Login {
    /// The real API server.
    pub cluster: Cluster,
    /// Our server.
    pub server: Server,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    home: PathBuf,
}

/// An API server that is being started on a thread of its own.
type Starting = JoinHandle<anyhow::Result<Cluster>>;

impl World {
    /// Finds the parts and starts the sandbox. With many tests it has an API server ready for each that wants one of its own.
    pub fn new(has_many_tests: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let sts = Sts::start(folder.path())?;
        let (logins, go_server, ready, last_signed) = Default::default();
        Ok(Self { parts: Parts::find()?, sts, folder, logins, go_server, ready, has_many_tests, last_signed })
    }

    /// A plain API server that nobody else has.
    pub fn plain_cluster(&self) -> anyhow::Result<Cluster> {
        let start = || {
            let kubernetes = self.parts.kubernetes.clone();
            move || -> anyhow::Result<Cluster> {
                Ok(Cluster::start(&Binaries::find(&[kubernetes])?, &Options::default(), crate::sts::now())?)
            }
        };
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = match ready.take() {
            Some(starting) => starting.join().ok().context("the thread that starts an API server has panicked")??,
            None => start()()?,
        };
        if self.has_many_tests {
            *ready = Some(std::thread::spawn(start()));
        }
        Ok(cluster)
    }

    /// A new folder for one test.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The API server of a flavour.
    pub fn login(&self, flavour: Flavour) -> anyhow::Result<&Login> {
        let made = self.logins[flavour as usize].get_or_init(|| {
            let folder = self.folder(&format!("{flavour:?}")).map_err(|error| format!("{error:#}"))?;
            Login::start(self, flavour, folder).map_err(|error| format!("{error:#}"))
        });
        made.as_ref().map_err(|error| anyhow::anyhow!("{flavour:?} does not start: {error}"))
    }

    /// The existing authenticator's server, with the same mapping.
    pub fn go_server(&self) -> anyhow::Result<&GoServer> {
        let made = self.go_server.get_or_init(|| {
            let folder = self.folder("go-server").map_err(|error| format!("{error:#}"))?;
            GoServer::start(&self.parts, &self.sts, &folder, CLUSTER_ID, MAPPINGS).map_err(|error| format!("{error:#}"))
        });
        made.as_ref().map_err(|error| anyhow::anyhow!("the Go server does not start: {error}"))
    }

    /// A token by our client.
    pub fn token(&self, person: &str, cluster_id: &str) -> anyhow::Result<String> {
        let mut command = self.command(person)?;
        let output = process::run(command.args(["token", "--token-only", "-i", cluster_id]))?;
        Ok(output.success()?.trim().to_owned())
    }

    /// A token that no server has seen: each is signed in a second of its own, at most ten minutes ago. They are good for 15,
    /// and a run of all tests takes longer.
    pub fn fresh_token(&self, person: &str, cluster_id: &str) -> anyhow::Result<String> {
        let earliest = crate::sts::now().as_second() - 600;
        let next = |last: i64| Some(earliest.max(last + 1));
        let last = self.last_signed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let at = last.ok().and_then(next).context("a second")?;
        self.token_of(person, cluster_id, jiff::Timestamp::from_second(at)?)
    }

    /// A token that was signed at a moment.
    pub fn token_of(&self, person: &str, cluster_id: &str, at: jiff::Timestamp) -> anyhow::Result<String> {
        let credentials = self.sts.credentials(person)?;
        let keys = aws::credentials::Credentials {
            session_token: credentials.session_token.map(aws::credentials::Secret::new),
            ..aws::credentials::Credentials::long_term(credentials.access_key_id, credentials.secret_access_key)
        };
        let endpoint = aws::sts_endpoint(&aws::credentials::Environment::default(), Some("us-west-2"))?;
        let token = token::wrap(&aws::presign_get_caller_identity(&keys, &endpoint, cluster_id, at));
        secrets::of_token(&token);
        Ok(token)
    }

    /// A token by the existing authenticator's client.
    pub fn go_token(&self, person: &str, cluster_id: &str) -> anyhow::Result<String> {
        let mut command = process::command(&self.parts.go_authenticator, self.folder.path());
        command.envs(environment(&self.sts.credentials(person)?)).args(["token", "--token-only", "-i", cluster_id]);
        Ok(process::run(&mut command)?.success()?.trim().to_owned())
    }

    /// A token by `aws eks get-token`.
    pub fn aws_cli_token(&self, person: &str, cluster_id: &str) -> anyhow::Result<String> {
        let mut command = process::command(&self.parts.aws_cli, self.folder.path());
        command.envs(environment(&self.sts.credentials(person)?));
        let output =
            process::run(command.args(["eks", "get-token", "--cluster-name", cluster_id, "--output", "json"]))?;
        let credential: Value = serde_json::from_str(&output.success()?)?;
        Ok(credential["status"]["token"].as_str().context("a token")?.to_owned())
    }

    /// Our program, with a person's credentials in its environment.
    pub fn command(&self, person: &str) -> anyhow::Result<std::process::Command> {
        let mut command = self.anonymous();
        command.envs(environment(&self.sts.credentials(person)?));
        Ok(command)
    }

    /// Our program, with no credentials at all.
    pub fn anonymous(&self) -> std::process::Command {
        process::command(&self.parts.cluster_auth, self.folder.path())
    }
}

impl Drop for World {
    /// The API server that no test has taken any more ends as well.
    fn drop(&mut self) {
        let ready = self.ready.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(ready.take().map(JoinHandle::join));
    }
}

impl Login {
    fn start(world: &World, flavour: Flavour, folder: PathBuf) -> anyhow::Result<Self> {
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
        let api_server = |version, kubeconfig: PathBuf, api_audiences| {
            let webhook = Webhook { kubeconfig, version, cache_ttl: Some(CACHE_TTL) };
            let options = Options { webhook: Some(webhook), api_audiences, ..Options::default() };
            Cluster::start(&binaries, &options, crate::sts::now())
        };
        let (cluster, server) = match flavour {
            Flavour::V1Beta1Generated => {
                let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
                (api_server(ReviewVersion::V1Beta1, server.kubeconfig(), Vec::new())?, server)
            }
            Flavour::V1WithAudiencesAndInit => {
                let (config, port) = Server::prepare(&folder, &options)?;
                let mut init = process::command(&world.parts.cluster_auth, &folder);
                process::run(init.arg("init").arg("--config").arg(&config))?.success()?;
                let kubeconfig = folder.join("aws-iam-authenticator.kubeconfig");
                let audiences = vec!["https://e2e.example.com".to_owned()];
                let cluster = api_server(ReviewVersion::V1, kubeconfig, audiences)?;
                let args = ["--kubeconfig-pregenerated"];
                let server = Server::start_prepared(&world.parts, &world.sts, &folder, &config, port, &args)?;
                (cluster, server)
            }
        };
        let kubectl = binaries.kubectl()?.to_owned();
        let rbac = folder.join("rbac.yaml");
        fs::write(&rbac, RBAC)?;
        let mut apply = process::command(&kubectl, &folder);
        apply.arg("--kubeconfig").arg(cluster.admin_kubeconfig()).args(["apply", "-f"]).arg(&rbac);
        process::run(&mut apply)?.success()?;
        let kubeconfig = shared_kubeconfig(world, &cluster, &folder)?;
        Ok(Self { cluster, server, kubectl, kubeconfig, home: folder })
    }

    /// The id that tokens must be for.
    pub fn cluster_id(&self) -> &'static str {
        CLUSTER_ID
    }

    /// Somebody with credentials and the kubeconfig that everybody shares.
    pub fn person(&self, world: &World, name: &str) -> anyhow::Result<Person<'_>> {
        Ok(Person {
            credentials: world.sts.credentials(name)?,
            kubeconfig: self.kubeconfig.clone(),
            kubectl: self.kubectl.clone(),
            home: &self.home,
        })
    }

    /// kubectl with a token as it is.
    pub fn with_token(&self, token: &str, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.kubectl, &self.home);
        let ca = self.home.join("api-server-ca.pem");
        fs::write(&ca, self.cluster.ca_pem())?;
        command
            .arg(format!("--server={}", self.cluster.server_url()))
            .arg(format!("--certificate-authority={}", ca.display()));
        process::run(command.arg(format!("--token={token}")).args(args))
    }

    /// Takes one person's line out of the mapping of the running server.
    pub fn map_without(&self, person: &str) -> anyhow::Result<()> {
        let kept = MAPPINGS.lines().filter(|line| !line.contains(&format!("username: {person},")));
        let mappings = kept.collect::<Vec<_>>().join("\n");
        self.server.reconfigure(&ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] })
    }

    /// Puts the mapping back.
    pub fn map_everybody(&self) -> anyhow::Result<()> {
        self.server.reconfigure(&ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] })
    }

    /// Waits until a decision with this code is in the server's log.
    pub fn wait_for_log(&self, code: &str) -> anyhow::Result<()> {
        let needle = format!("\"code\":\"{code}\"");
        wait_until(&format!("{code} is in the log"), || Ok(self.server.process.log().contains(&needle)))
    }

    /// The decisions in the server's log so far, by code.
    pub fn decisions(&self) -> BTreeMap<String, usize> {
        let log = self.server.process.log();
        let codes = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        codes.filter_map(|line| Some(line["code"].as_str()?.to_owned())).fold(BTreeMap::new(), |mut counts, code| {
            *counts.entry(code).or_default() += 1;
            counts
        })
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        secrets::ended("kube-apiserver", &self.cluster.api_server_log());
    }
}

/// One kubeconfig for everybody, made by our own command from an administrator's.
fn shared_kubeconfig(world: &World, cluster: &Cluster, folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join("team.kubeconfig");
    let mut command = process::command(&world.parts.cluster_auth, folder);
    command.args(["kubeconfig", "-i", CLUSTER_ID, "--region", "us-west-2", "--command"]).arg(&world.parts.cluster_auth);
    command.arg("--from-kubeconfig").arg(cluster.admin_kubeconfig()).arg("--merge").arg(&path);
    process::run(&mut command)?.success()?;
    Ok(path)
}
