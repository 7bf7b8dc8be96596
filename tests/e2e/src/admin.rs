//! The administrator's way to an API server: kubectl, and many questions at once through `kubectl proxy`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use local_cluster::Cluster;
use serde_json::{Value, json};

use crate::process::{self, Background, Output, wait_until};

/// How many questions are under way at once.
const CONCURRENCY: usize = 16;

/// One administrator of one cluster.
pub struct Admin {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Admin {
    /// With kubectl and a folder for files.
    pub fn new(kubectl: PathBuf, cluster: &Cluster, folder: &Path) -> Self {
        Self { kubectl, kubeconfig: cluster.admin_kubeconfig().to_owned(), folder: folder.to_owned() }
    }

    /// kubectl, for who is not an administrator.
    pub fn program(&self) -> &Path {
        &self.kubectl
    }

    /// kubectl with all rights.
    pub fn kubectl(&self, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.kubectl, &self.folder);
        process::run(command.arg("--kubeconfig").arg(&self.kubeconfig).args(args))
    }

    /// kubectl with a text as its file.
    pub fn with_file(&self, args: &[&str], text: &str) -> anyhow::Result<Output> {
        let file = self.folder.join("manifest.yaml");
        std::fs::write(&file, text)?;
        let file = file.display().to_string();
        self.kubectl(&[args, &["-f", &file]].concat())
    }

    /// kubectl with a folder of plugins, on this cluster.
    pub fn plugin(&self, plugins: &Path, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.kubectl, &self.folder);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", plugins.display());
        process::run(command.env("KUBECONFIG", &self.kubeconfig).env("PATH", path).args(args))
    }

    /// Puts SubjectAccessReviews to the API server: whether each is allowed, in their order, by all that was written before.
    pub fn allowed(&self, specs: &[Value]) -> anyhow::Result<Vec<bool>> {
        self.catch_up()?;
        self.reviewed(specs)
    }

    /// Waits until the API server decides by all that was written so far. It decides by what it watches, which a busy machine
    /// brings late; what is written after something of the same kind is seen after it, too.
    pub fn catch_up(&self) -> anyhow::Result<()> {
        let meta = json!({"name": "e2e-caught-up", "namespace": "default"});
        let rule = |verb: &str| json!([{"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}]);
        let subjects = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "e2e-caught-up"}]);
        let of = |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "e2e-caught-up"});
        let api = "rbac.authorization.k8s.io/v1";
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": api, "kind": "Role", "metadata": meta, "rules": rule("get")},
            {"apiVersion": api, "kind": "RoleBinding", "metadata": meta, "roleRef": of("Role"), "subjects": subjects},
            {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "e2e-caught-up"}, "rules": rule("list")},
            {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": {"name": "e2e-caught-up"}, "roleRef": of("ClusterRole"), "subjects": subjects},
        ]})
        .to_string();
        self.with_file(&["create"], &objects)?.success()?;
        let may = |verb| json!({"user": "e2e-caught-up", "resourceAttributes": {"verb": verb, "resource": "pods", "namespace": "default"}});
        let specs = [may("get"), may("list")];
        wait_until("the API server has caught up", || Ok(self.reviewed(&specs)? == [true, true]))?;
        self.with_file(&["delete", "--wait"], &objects)?.success().map(drop)
    }

    fn reviewed(&self, specs: &[Value]) -> anyhow::Result<Vec<bool>> {
        let review = |spec: &Value| Ask {
            path: "/apis/authorization.k8s.io/v1/subjectaccessreviews".to_owned(),
            headers: Vec::new(),
            body: Some(json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})),
        };
        let answers = self.ask(&specs.iter().map(review).collect::<Vec<_>>())?;
        let allowed =
            |review: &Value| review["status"]["allowed"].as_bool().with_context(|| format!("no answer: {review}"));
        answers.iter().map(allowed).collect()
    }

    /// Puts requests to the API server, many at once: each one's answer, in their order.
    pub fn ask(&self, requests: &[Ask]) -> anyhow::Result<Vec<Value>> {
        let (_proxy, address) = self.proxy()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ask_all(&address, requests))
    }

    /// The API server without TLS and with all rights, as long as the process is held; and its address.
    pub fn proxy(&self) -> anyhow::Result<(Background, String)> {
        self.proxy_as(&self.kubeconfig)
    }

    /// The same with the rights of a kubeconfig.
    pub fn proxy_as(&self, kubeconfig: &Path) -> anyhow::Result<(Background, String)> {
        let mut command = process::command(&self.kubectl, &self.folder);
        command.arg("--kubeconfig").arg(kubeconfig).args(["proxy", "--port=0"]);
        let proxy = Background::start(&mut command, self.folder.join("proxy.log"))?;
        let mut address = None;
        wait_until("kubectl proxy serves", || {
            let log = proxy.log();
            address = log.lines().find_map(|line| line.strip_prefix("Starting to serve on ").map(str::to_owned));
            Ok(address.is_some())
        })?;
        Ok((proxy, address.context("an address")?))
    }
}

/// One request: with a body it is posted.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The path.
    pub path: String,
    /// OtherFiles the content's type.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Option<Value>,
}

async fn ask_all(address: &str, requests: &[Ask]) -> anyhow::Result<Vec<Value>> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut under_way = tokio::task::JoinSet::new();
    let mut answers = vec![Value::Null; requests.len()];
    let mut next = requests.iter().enumerate();
    loop {
        while under_way.len() < CONCURRENCY
            && let Some((at, Ask { path, headers, body })) = next.next()
        {
            let uri = format!("http://{address}{path}");
            let mut request = if body.is_some() { Request::post(&uri) } else { Request::get(&uri) };
            request = request.header("content-type", "application/json");
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let body = body.as_ref().map(ToString::to_string).unwrap_or_default();
            let answer = client.request(request.body(Full::new(Bytes::from(body)))?);
            under_way.spawn(async move {
                let body = answer.await?.into_body().collect().await?.to_bytes();
                anyhow::Ok((at, serde_json::from_slice(&body)?))
            });
        }
        let Some(done) = under_way.join_next().await else { return Ok(answers) };
        let (at, answer) = done??;
        answers[at] = answer;
    }
}
