//! What happens to watches that last: the API server dies and comes back, etcd forgets the history from which a watch would go on,
//! the permission is withdrawn and given back, the server's own token and what vouches for the API server are other ones.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{exchange::Exchange, process::wait_until, random::say, server::Server, world::World};
use serde_json::{Value, json};

use super::{ACCOUNT, Api, WATCH_AWS_AUTH, WATCH_OBJECTS, aws_auth_of, becomes, login, ready, user};
use crate::access::DEFINITION;

/// Both places at once: alice and erin stand in `aws-auth`, bob in an IAMIdentityMapping.
struct Places {
    api: Api,
    server: Server,
}

pub(super) fn watches(world: &World) -> anyhow::Result<()> {
    let api = Api::start(world, "modes-rough", WATCH_AWS_AUTH)?;
    for manifest in [WATCH_OBJECTS, DEFINITION] {
        api.admin.with_file(&["apply"], manifest)?.success()?;
    }
    api.admin.with_file(&["apply"], &aws_auth_of(&user("alice", "first")))?.success()?;
    let (token, ca) = (api.folder.join("token"), api.folder.join("ca.pem"));
    fs::write(&token, own_token(&api)?)?;
    // What vouches for the API server is not there yet, but something else.
    let other = fs::read_to_string(&world.sts.ca_file)?;
    put(&ca, &other)?;
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "server",
        "clusters": [{"name": "c", "cluster": {"server": api.cluster.server_url(), "certificate-authority": ca}}],
        "users": [{"name": "u", "user": {"tokenFile": token}}],
        "contexts": [{"name": "server", "context": {"cluster": "c", "user": "u"}}],
    });
    fs::write(&api.kubeconfig, kubeconfig.to_string())?;
    let file = api.folder.join("logins.json");
    put(&file, &logins_of_carol("first"))?;
    let mappings = format!("  backendMode: [EKSConfigMap, CRD, DynamicFile]\n  dynamicfilepath: {}\n", file.display());
    let server = api.server(world, &mappings)?;
    let mut places = Places { api, server };
    places.wait_for("x509: certificate signed by unknown authority")?;
    ensure!(login(world, &places.server, "alice")? == "503");
    put(&ca, places.api.cluster.ca_pem())?;
    becomes(world, &places.server, "alice", "first").context("the authority is the right one now")?;
    wait_until("the resource is served", || Ok(places.map_bob("first").is_ok()))?;
    becomes(world, &places.server, "bob", "first")?;

    places.times_edits(world)?;
    places.forgets_history(world)?;
    places.loses_rights(world)?;
    places.gets_another_token(world, &token)
}

fn logins_of_carol(username: &str) -> String {
    super::dynamic(&json!([super::entry("carol", username)]))
}

impl Places {
    fn apply(&self, manifest: &str) -> anyhow::Result<()> {
        self.api.admin.with_file(&["apply"], manifest)?.success().map(drop)
    }

    fn map_alice(&self, username: &str) -> anyhow::Result<()> {
        self.apply(&aws_auth_of(&user("alice", username)))
    }

    fn map_bob(&self, username: &str) -> anyhow::Result<()> {
        let object = json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "bob"},
            "spec": {"arn": "arn:aws:iam::111122223333:user/ops/bob", "username": username, "groups": ["g"]},
        });
        self.apply(&object.to_string())
    }

    fn wait_for(&self, words: &str) -> anyhow::Result<()> {
        wait_until(words, || Ok(ready(&self.server)?.contains(words)))
            .with_context(|| format!("{:?}\n{}", ready(&self.server), self.server.process.log()))
    }

    fn is_well(&self) -> anyhow::Result<()> {
        wait_until("both can be read", || {
            let said = ready(&self.server)?;
            Ok(!said.contains("EKSConfigMap") && !said.contains("CRD"))
        })
        .with_context(|| self.server.process.log())
    }

    /// How long it takes from the end of kubectl: printed, since no machine promises it.
    fn times_edits(&self, world: &World) -> anyhow::Result<()> {
        const ROUNDS: usize = 9;
        let (mut of_aws_auth, mut of_objects, mut of_files) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let name = format!("edit-{round}");
            self.map_alice(&name)?;
            let start = Instant::now();
            becomes(world, &self.server, "alice", &name)?;
            of_aws_auth.push(start.elapsed().as_millis());
            self.map_bob(&name)?;
            let start = Instant::now();
            becomes(world, &self.server, "bob", &name)?;
            of_objects.push(start.elapsed().as_millis());
            put(&self.api.folder.join("logins.json"), &logins_of_carol(&name))?;
            let start = Instant::now();
            becomes(world, &self.server, "carol", &name)?;
            of_files.push(start.elapsed().as_millis());
        }
        let of_all = [("aws-auth", of_aws_auth), ("an IAMIdentityMapping", of_objects), ("a dynamic file", of_files)];
        let in_use = self.server.process.log().matches("the mappings of this source are in use").count();
        ensure!(in_use >= of_all.len() * ROUNDS, "each edit is read by itself: {in_use}");
        for (place, mut times) in of_all {
            times.sort_unstable();
            let within = times.iter().filter(|time| **time <= 1000).count();
            say(&format!(
                "edits of {place} are in use after {} ms in the median, {within} of {ROUNDS} within a second",
                times[ROUNDS / 2]
            ));
        }
        Ok(())
    }

    /// The version from which the watches would go on is gone when the API server is back: 410.
    fn forgets_history(&mut self, world: &World) -> anyhow::Result<()> {
        let mut etcd = Exchange::plain(self.api.cluster.etcd_port());
        // While they watch, compacting is no matter.
        compact(&mut etcd)?;
        self.map_alice("compacted")?;
        becomes(world, &self.server, "alice", "compacted")?;
        self.map_bob("compacted")?;
        becomes(world, &self.server, "bob", "compacted")?;
        let seen = self.version()?;
        self.api.cluster.stop_api_server();
        self.wait_for("EKSConfigMap: the last good version is in use")?;
        self.wait_for("CRD: the last good version is in use")?;
        compact(&mut etcd)?;
        ensure!(
            login(world, &self.server, "alice")? == "compacted" && login(world, &self.server, "bob")? == "compacted"
        );
        self.api.cluster.start_api_server()?;
        for path in
            ["/api/v1/namespaces/kube-system/configmaps", "/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings"]
        {
            let watch = format!("{path}?watch=1&resourceVersion={seen}&timeoutSeconds=5");
            let told = self.api.admin.kubectl(&["get", "--raw", &watch])?;
            let told = format!("{}{}", told.stdout, told.stderr);
            ensure!(told.contains("410") || told.contains("too old resource version"), "{path}: {told}");
        }
        self.map_alice("after")?;
        becomes(world, &self.server, "alice", "after")?;
        self.map_bob("after")?;
        becomes(world, &self.server, "bob", "after")?;
        self.is_well()
    }

    /// RBAC is asked when a watch begins.
    fn loses_rights(&mut self, world: &World) -> anyhow::Result<()> {
        let admin = &self.api.admin;
        admin.kubectl(&["delete", "rolebinding", "authenticator", "-n", "kube-system"])?.success()?;
        admin.kubectl(&["delete", "clusterrolebinding", "authenticator"])?.success()?;
        self.api.cluster.stop_api_server();
        self.api.cluster.start_api_server()?;
        self.wait_for("EKSConfigMap: the last good version is in use")?;
        self.wait_for("the server's user may not watch configmaps")?;
        self.wait_for("the server's user may not watch iamidentitymappings")?;
        self.map_alice("unseen")?;
        self.map_bob("unseen")?;
        ensure!(login(world, &self.server, "alice")? == "after" && login(world, &self.server, "bob")? == "after");
        self.apply(WATCH_AWS_AUTH)?;
        becomes(world, &self.server, "alice", "unseen")?;
        ensure!(login(world, &self.server, "bob")? == "after", "each place has a permission of its own");
        self.apply(WATCH_OBJECTS)?;
        becomes(world, &self.server, "bob", "unseen")?;
        self.is_well()
    }

    /// A service account that was made anew: what was signed for the old one is good for nobody.
    fn gets_another_token(&mut self, world: &World, file: &Path) -> anyhow::Result<()> {
        let admin = &self.api.admin;
        admin.kubectl(&["delete", "serviceaccount", "authenticator", "-n", "kube-system"])?.success()?;
        self.apply(ACCOUNT)?;
        self.api.cluster.stop_api_server();
        self.api.cluster.start_api_server()?;
        self.wait_for("does not accept the server's credentials")?;
        ensure!(login(world, &self.server, "alice")? == "unseen", "logins go on");
        put(file, &own_token(&self.api)?)?;
        self.map_alice("rotated")?;
        becomes(world, &self.server, "alice", "rotated")?;
        self.map_bob("rotated")?;
        becomes(world, &self.server, "bob", "rotated")?;
        self.is_well()
    }

    /// Of the newest list of ConfigMaps.
    fn version(&self) -> anyhow::Result<String> {
        let list = self.api.admin.kubectl(&["get", "--raw", "/api/v1/namespaces/kube-system/configmaps"])?.success()?;
        let list: Value = serde_json::from_str(&list)?;
        list["metadata"]["resourceVersion"].as_str().map(str::to_owned).context("a version")
    }
}

fn own_token(api: &Api) -> anyhow::Result<String> {
    api.admin.kubectl(&["create", "token", "authenticator", "-n", "kube-system"])?.success()
}

/// In one step, as a mounted secret changes.
fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, path)?)
}

/// Makes etcd forget everything but what there is now, and something of it newer than whoever watches has seen.
fn compact(etcd: &mut Exchange) -> anyhow::Result<()> {
    let mut ask = |path: &str, body: Value| -> anyhow::Result<Value> {
        let answer = etcd.request("POST", path, &body.to_string())?;
        ensure!(answer.status == 200, "{path}: {answer:?}");
        Ok(serde_json::from_str(&answer.body)?)
    };
    let mut revision = String::new();
    for _ in 0..3 {
        let made = ask("/v3/kv/put", json!({"key": STANDARD.encode("of-a-test"), "value": STANDARD.encode("x")}))?;
        made["header"]["revision"].as_str().context("a revision")?.clone_into(&mut revision);
    }
    ask("/v3/kv/compaction", json!({"revision": revision, "physical": true})).map(drop)
}
