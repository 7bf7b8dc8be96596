//! The administrator's way to an API server: kubectl, and many questions at once through `kubectl proxy`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use sandbox::cluster::Cluster;
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

    /// Puts SubjectAccessReviews to the API server: whether each is allowed, in their order.
    pub fn allowed(&self, specs: &[Value]) -> anyhow::Result<Vec<bool>> {
        let mut command = process::command(&self.kubectl, &self.folder);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(["proxy", "--port=0"]);
        let proxy = Background::start(&mut command, self.folder.join("proxy.log"))?;
        let mut address = None;
        wait_until("kubectl proxy serves", || {
            let log = proxy.log();
            address = log.lines().find_map(|line| line.strip_prefix("Starting to serve on ").map(str::to_owned));
            Ok(address.is_some())
        })?;
        let address = address.context("an address")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ask_all(&address, specs))
    }
}

async fn ask_all(address: &str, specs: &[Value]) -> anyhow::Result<Vec<bool>> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri = format!("http://{address}/apis/authorization.k8s.io/v1/subjectaccessreviews");
    let mut under_way = tokio::task::JoinSet::new();
    let mut allowed = vec![false; specs.len()];
    let mut next = specs.iter().enumerate();
    loop {
        while under_way.len() < CONCURRENCY
            && let Some((at, spec)) = next.next()
        {
            let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
            let request = Request::post(&uri)
                .header("content-type", "application/json")
                .body(Full::new(Bytes::from(review.to_string())))?;
            let answer = client.request(request);
            under_way.spawn(async move {
                let body = answer.await?.into_body().collect().await?.to_bytes();
                let review: Value = serde_json::from_slice(&body)?;
                let allowed = review["status"]["allowed"].as_bool();
                anyhow::Ok((at, allowed.with_context(|| format!("no answer: {review}"))?))
            });
        }
        let Some(done) = under_way.join_next().await else { return Ok(allowed) };
        let (at, answer) = done??;
        allowed[at] = answer;
    }
}
