//! Where the server finds who logs in besides its own files: `aws-auth`, IAMIdentityMappings, a dynamic file, and the file
//! that names which of them are asked. On a real API server, with the permissions that aws-iam-authenticator needs.

mod later;
mod lists;
mod rough;
mod slow;

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    process::{self, wait_until},
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, World},
};
use local_cluster::{Binaries, Cluster, Options};
use serde_json::{Value, json};

use crate::{Test, access::DEFINITION};

pub(crate) const TESTS: &[Test] = &[
    ("modes::aws_auth_is_followed_with_the_verb_watch_alone", aws_auth),
    ("modes::aws_auth_is_followed_without_streaming_lists_too", aws_auth_without_streaming_lists),
    ("modes::mapping_objects_are_followed_and_their_status_is_written", objects),
    ("modes::a_dynamic_file_is_followed", dynamic_file),
    ("modes::a_file_says_which_sources_are_asked", backend_modes),
    ("modes::what_is_not_there_yet_stops_no_start_and_refuses_nobody", nothing_there),
    ("modes::what_contradicts_itself_is_refused_at_the_start", contradictions),
    ("modes::watches_outlive_api_servers_histories_rights_and_tokens", rough::watches),
    ("modes::permissions_may_come_later_than_the_server", later::rights),
    ("modes::two_servers_write_each_status_once", later::replicas),
    ("modes::accounts_are_scrubbed_from_the_moment_the_configuration_says", later::scrubbed),
    ("modes::what_a_configuration_says_of_sources_and_denials_holds_at_once", reconfigured),
    ("modes::reserved_prefixes_hold_for_a_source_that_cannot_be_read", reserved),
];

/// Whom the server is to the API server.
const ACCOUNT: &str = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: authenticator, namespace: kube-system}}";

/// What aws-iam-authenticator needs for `aws-auth`: nothing but `watch`.
pub(crate) const WATCH_AWS_AUTH: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: authenticator, namespace: kube-system}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: authenticator, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: authenticator}
subjects: [{kind: ServiceAccount, name: authenticator, namespace: kube-system}]
";

/// And for `IAMIdentityMapping`s.
const WATCH_OBJECTS: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: authenticator}
rules:
- {apiGroups: [iamauthenticator.k8s.aws], resources: [iamidentitymappings], verbs: [list, watch]}
- {apiGroups: [iamauthenticator.k8s.aws], resources: [iamidentitymappings/status], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: authenticator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: authenticator}
subjects: [{kind: ServiceAccount, name: authenticator, namespace: kube-system}]
";

/// An API server, its administrator, and a kubeconfig with the permissions of the server's service account.
pub(crate) struct Api {
    pub(crate) cluster: Cluster,
    pub(crate) admin: Admin,
    pub(crate) folder: PathBuf,
    kubeconfig: PathBuf,
}

impl Api {
    pub(crate) fn start(world: &World, name: &str, rbac: &str) -> anyhow::Result<Self> {
        Self::start_with(world, name, rbac, &Options::default())
    }

    fn start_with(world: &World, name: &str, rbac: &str, options: &Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let cluster = Cluster::start(&binaries, options, e2e::sts::now())?;
        let folder = world.folder(name)?;
        let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &folder);
        // Nobody makes this namespace but a controller manager.
        admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
        admin.with_file(&["apply"], ACCOUNT)?.success()?;
        admin.with_file(&["apply"], rbac)?.success()?;
        let token = admin.kubectl(&["create", "token", "authenticator", "-n", "kube-system"])?.success()?;
        let ca = folder.join("api-server-ca.pem");
        fs::write(&ca, cluster.ca_pem())?;
        let kubeconfig = folder.join("server.kubeconfig");
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "server",
            "clusters": [{"name": "c", "cluster": {"server": cluster.server_url(), "certificate-authority": ca}}],
            "users": [{"name": "u", "user": {"token": token.trim()}}],
            "contexts": [{"name": "server", "context": {"cluster": "c", "user": "u"}}],
        });
        fs::write(&kubeconfig, text.to_string())?;
        Ok(Self { cluster, admin, folder, kubeconfig })
    }

    pub(crate) fn server(&self, world: &World, mappings: &str) -> anyhow::Result<Server> {
        self.server_in(world, "server", mappings)
    }

    fn server_in(&self, world: &World, name: &str, mappings: &str) -> anyhow::Result<Server> {
        let kubeconfig = self.kubeconfig.display().to_string();
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &["--kubeconfig", &kubeconfig] };
        let folder = self.folder.join(name);
        let (config, port) = Server::prepare(&folder, &options)?;
        // Further arguments that name a kubeconfig are the API server's to the helper that starts it.
        let webhook = folder.join("webhook.kubeconfig").display().to_string();
        let args = ["--kubeconfig", &kubeconfig, "--generate-kubeconfig", &webhook];
        Server::start_prepared(&world.parts, &world.sts, &folder, &config, port, &args)
    }
}

/// How a token is answered: the username, or the status.
fn login(world: &World, server: &Server, person: &str) -> anyhow::Result<String> {
    answered(server, &world.token(person, CLUSTER_ID)?)
}

fn answered(server: &Server, token: &str) -> anyhow::Result<String> {
    let answer = server.review(token)?;
    if answer.status != 200 {
        return Ok(answer.status.to_string());
    }
    let review: Value = serde_json::from_str(&answer.body)?;
    Ok(review["status"]["user"]["username"].as_str().unwrap_or_default().to_owned())
}

/// Waits until somebody is answered so.
pub(crate) fn becomes(world: &World, server: &Server, person: &str, expected: &str) -> anyhow::Result<()> {
    let mut last = String::new();
    wait_until(&format!("{person} is answered {expected}"), || {
        last = login(world, server, person)?;
        Ok(last == expected)
    })
    .with_context(|| format!("the last answer was {last}\n{}", server.process.log()))
}

fn ready(server: &Server) -> anyhow::Result<String> {
    Ok(server.request("GET", "/readyz", "")?.body)
}

fn aws_auth_of(users: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
        "data": {"mapUsers": users},
    })
    .to_string()
}

fn user(name: &str, username: &str) -> String {
    format!("- {{userarn: 'arn:aws:iam::111122223333:user/{name}', username: {username}, groups: [g]}}\n")
}

fn aws_auth(world: &World) -> anyhow::Result<()> {
    let mut api = Api::start(world, "modes-aws-auth", WATCH_AWS_AUTH)?;
    let server = api.server(world, "  backendMode: [EKSConfigMap]\n")?;
    becomes(world, &server, "alice", "403").context("there is no aws-auth: nobody is mapped")?;

    let apply = |api: &Api, users: &str| api.admin.with_file(&["apply"], &aws_auth_of(users))?.success().map(drop);
    apply(&api, &user("alice", "first"))?;
    becomes(world, &server, "alice", "first")?;
    apply(&api, &user("alice", "second"))?;
    becomes(world, &server, "alice", "second")?;

    // A list that cannot be read is more likely a mistake than the wish to lock everybody out.
    for (bad, good) in [("- {userarn: [", "third"), ("userarn: x", "fourth"), ("5", "fifth"), ("nonsense", "sixth")] {
        let before = login(world, &server, "alice")?;
        apply(&api, bad)?;
        wait_until("the bad edit is said", || {
            Ok(ready(&server)?.contains("EKSConfigMap: the last good version is in use"))
        })?;
        ensure!(login(world, &server, "alice")? == before, "{bad}");
        apply(&api, &user("alice", good))?;
        becomes(world, &server, "alice", good)?;
        wait_until("the good edit is said", || Ok(!ready(&server)?.contains("EKSConfigMap")))?;
    }

    lists::one_by_one(world, &api, &server)?;
    apply(&api, &user("alice", "sixth"))?;
    becomes(world, &server, "alice", "sixth")?;

    // What changes while the API server is away is seen when it is back.
    api.cluster.stop_api_server();
    wait_until("it is said that it is away", || Ok(ready(&server)?.contains("EKSConfigMap: the last good version")))?;
    ensure!(login(world, &server, "alice")? == "sixth", "logins go on");
    api.cluster.start_api_server()?;
    apply(&api, &user("bob", "bob"))?;
    becomes(world, &server, "alice", "403")?;
    wait_until("it is said that it is back", || Ok(!ready(&server)?.contains("EKSConfigMap")))?;
    apply(&api, &user("alice", "seventh"))?;
    becomes(world, &server, "alice", "seventh")?;

    // Also that it was removed meanwhile, which aws-iam-authenticator never notices.
    api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
    becomes(world, &server, "alice", "403")?;
    // One that is made anew while it is watched is another object of the same name.
    for (name, username) in [("alice", "eighth"), ("alice", "ninth")] {
        api.admin.with_file(&["create"], &aws_auth_of(&user(name, username)))?.success()?;
        becomes(world, &server, name, username)?;
        api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
        becomes(world, &server, name, "403")?;
    }
    Ok(())
}

/// API servers before 1.32, and those whose gate is off, have no streaming lists; a list is not allowed.
fn aws_auth_without_streaming_lists(world: &World) -> anyhow::Result<()> {
    let options =
        Options { api_server_arguments: vec!["--feature-gates=WatchList=false".to_owned()], ..Options::default() };
    let mut api = Api::start_with(world, "modes-aws-auth-plainly", WATCH_AWS_AUTH, &options)?;
    let apply = |api: &Api, users: &str| api.admin.with_file(&["apply"], &aws_auth_of(users))?.success().map(drop);
    apply(&api, &user("alice", "first"))?;
    let server = api.server(world, "  backendMode: [EKSConfigMap]\n")?;
    becomes(world, &server, "alice", "first").context("what is there is seen")?;
    apply(&api, &user("alice", "second"))?;
    becomes(world, &server, "alice", "second")?;
    let delete =
        |api: &Api| api.admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success().map(drop);
    delete(&api)?;
    becomes(world, &server, "alice", "403")?;
    apply(&api, &user("alice", "third"))?;
    becomes(world, &server, "alice", "third")?;

    // What changes while the API server is away is seen when it is back, and logins go on meanwhile.
    api.cluster.stop_api_server();
    wait_until("it is said that it is away", || Ok(ready(&server)?.contains("EKSConfigMap: the last good version")))?;
    ensure!(login(world, &server, "alice")? == "third", "logins go on");
    api.cluster.start_api_server()?;
    apply(&api, &user("alice", "fourth"))?;
    becomes(world, &server, "alice", "fourth")?;
    delete(&api)?;
    becomes(world, &server, "alice", "403")?;
    drop(server);
    let server = api.server(world, "  backendMode: [EKSConfigMap]\n")?;
    becomes(world, &server, "alice", "403").context("there is no aws-auth: nobody is mapped")?;
    drop(server);
    slow::silence_says_nothing(world, &api)
}

fn objects(world: &World) -> anyhow::Result<()> {
    let api = Api::start(world, "modes-objects", WATCH_OBJECTS)?;
    let server = api.server(world, "  backendMode: [CRD]\n")?;
    becomes(world, &server, "alice", "403").context("the resource is not installed: nobody is mapped")?;

    api.admin.with_file(&["apply"], DEFINITION)?.success()?;
    let object = |arn: &str, username: &str| {
        json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "alice"},
            "spec": {"arn": arn, "username": username, "groups": ["g"]},
        })
        .to_string()
    };
    let alice = "arn:aws:iam::111122223333:user/Alice";
    wait_until("the resource is served", || Ok(api.admin.with_file(&["apply"], &object(alice, "first"))?.code == 0))?;
    becomes(world, &server, "alice", "first")?;
    let canonical = || {
        let path = "jsonpath={.status.canonicalARN}";
        api.admin.kubectl(&["get", "iamidentitymapping", "alice", "-o", path])?.success()
    };
    wait_until("the status is written", || Ok(canonical()? == alice.to_lowercase()))?;

    // The status is for whoever looks; it lets nobody in. An object whose ARN is none is for nobody, whatever it was before.
    api.admin.with_file(&["apply"], &object("none", "first"))?.success()?;
    becomes(world, &server, "alice", "403")?;
    ensure!(canonical()? == alice.to_lowercase(), "what stood there stays: nobody goes by it");

    api.admin.with_file(&["apply"], &object(alice, "second"))?.success()?;
    becomes(world, &server, "alice", "second")?;
    // RBAC that is withdrawn takes nothing from anybody, and what changes meanwhile is seen once it is back.
    api.admin.kubectl(&["delete", "clusterrolebinding", "authenticator"])?.success()?;
    api.admin.kubectl(&["delete", "iamidentitymapping", "alice"])?.success()?;
    wait_until("it is answered in one way or another", || {
        Ok(["second", "403"].contains(&&*login(world, &server, "alice")?))
    })?;
    api.admin.with_file(&["apply"], WATCH_OBJECTS)?.success()?;
    becomes(world, &server, "alice", "403")?;
    // The definition goes, and every object with it.
    api.admin.with_file(&["apply"], &object(alice, "third"))?.success()?;
    becomes(world, &server, "alice", "third")?;
    api.admin.kubectl(&["delete", "crd", "iamidentitymappings.iamauthenticator.k8s.aws"])?.success()?;
    becomes(world, &server, "alice", "403")?;
    // And comes back, with others.
    api.admin.with_file(&["apply"], DEFINITION)?.success()?;
    wait_until("the resource is served again", || {
        Ok(api.admin.with_file(&["apply"], &object(alice, "fourth"))?.code == 0)
    })?;
    becomes(world, &server, "alice", "fourth")?;
    wait_until("the status is written", || Ok(canonical()? == alice.to_lowercase()))
}

fn dynamic(users: &Value) -> String {
    json!({"LastUpdatedDateTime": "1700000000", "Version": "1", "mapUsers": users}).to_string()
}

fn entry(name: &str, username: &str) -> Value {
    json!({"userarn": format!("arn:aws:iam::111122223333:user/{name}"), "username": username, "groups": ["g"]})
}

fn dynamic_file(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-dynamic")?;
    let file = folder.join("logins.json");
    let mappings = format!("  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n", file.display());
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder.join("server"), &options)?;
    wait_until("it is said that the file is not there", || Ok(ready(&server)?.contains("DynamicFile: not read yet")))?;
    ensure!(login(world, &server, "alice")? == "503", "whom a file maps that is not there, nobody knows");

    let put = |text: &str| {
        let new = folder.join("new");
        fs::write(&new, text)?;
        fs::rename(new, &file)
    };
    put(&dynamic(&json!([entry("alice", "first")])))?;
    becomes(world, &server, "alice", "first")?;
    becomes(world, &server, "bob", "403")?;
    put("{\"mapUsers\": [{}]}")?;
    wait_until(
        "the bad edit is said",
        || Ok(ready(&server)?.contains("DynamicFile: the last good version is in use")),
    )?;
    ensure!(login(world, &server, "alice")? == "first");
    put(&dynamic(&json!([entry("alice", "second")])))?;
    becomes(world, &server, "alice", "second")?;
    let metrics = server.request("GET", "/metrics", "")?.body;
    for series in [
        "aws_iam_authenticator_dynamic_e2e_latency_seconds_count{type=\"dynamic_file\"} 1",
        "cluster_auth_reload_failures_total{file=\"dynamicfile\"} 2",
        "cluster_auth_source_read{mode=\"DynamicFile\"} 1",
    ] {
        ensure!(metrics.contains(series), "{series} is not in\n{metrics}");
    }
    // A loop of links says nothing of whether there is a file.
    fs::remove_file(&file)?;
    std::os::unix::fs::symlink(&file, &file)?;
    wait_until("it is said that it cannot be told", || Ok(ready(&server)?.contains("it is not known whether")))?;
    ensure!(login(world, &server, "alice")? == "second");
    fs::remove_file(&file)?;
    becomes(world, &server, "alice", "403")
}

fn backend_modes(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-switched")?;
    let (logins, modes) = (folder.join("logins.json"), folder.join("modes.json"));
    fs::write(&logins, dynamic(&json!([entry("alice", "dynamic")])))?;
    let mappings = format!(
        "  backendMode: [MountedFile]\n  dynamicfilepath: {}\n  dynamicBackendModePath: {}\n  mapUsers:\n  {}",
        logins.display(),
        modes.display(),
        user("alice", "mounted")
    );
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder.join("server"), &options)?;
    becomes(world, &server, "alice", "mounted")?;
    let name = |names: &str| fs::write(&modes, json!({"backendMode": names}).to_string());
    name("DynamicFile MountedFile")?;
    becomes(world, &server, "alice", "dynamic")?;
    name("MountedFile,DynamicFile")?;
    wait_until("a list with commas is said", || Ok(ready(&server)?.contains("backend-mode: the last good version")))?;
    ensure!(login(world, &server, "alice")? == "dynamic");
    // Sources for which there is no API server: whom the others map stays let in.
    for names in ["EKSConfigMap MountedFile", "CRD"] {
        name(names)?;
        wait_until("it is said that there is no API server", || {
            let ready = ready(&server)?;
            Ok(ready.contains("backend-mode: the last good version") && ready.contains("no API server"))
        })?;
        ensure!(login(world, &server, "alice")? == "dynamic", "{names}");
    }
    name("MountedFile DynamicFile")?;
    becomes(world, &server, "alice", "mounted")?;
    name("DynamicFile")?;
    becomes(world, &server, "alice", "dynamic")?;
    let metrics = server.request("GET", "/metrics", "")?.body;
    ensure!(metrics.contains("aws_iam_authenticator_dynamic_file_only 1"), "{metrics}");
    name("MountedFile MountedFile")?;
    wait_until("a mode twice is said", || Ok(ready(&server)?.contains("backend-mode: the last good version")))?;
    fs::remove_file(&modes)?;
    becomes(world, &server, "alice", "mounted")?;
    wait_until("what was said of the file is over", || Ok(!ready(&server)?.contains("backend-mode")))?;
    // No file names DynamicFile any more.
    let metrics = server.request("GET", "/metrics", "")?.body;
    for series in ["aws_iam_authenticator_dynamic_file_enabled 0", "aws_iam_authenticator_dynamic_file_only 0"] {
        ensure!(metrics.contains(series), "{series} is not in\n{metrics}");
    }
    // A configuration that has changed is no other matter.
    let broken = mappings.replace("[MountedFile]", "[CRD, MountedFile]");
    server.reconfigure(&ServerOptions { mappings: &broken, ..options })?;
    wait_until("the configuration is not taken", || Ok(ready(&server)?.contains("config: the last good version")))?;
    ensure!(login(world, &server, "alice")? == "mounted");
    Ok(())
}

/// Everything of a configuration that is not read once, besides mappings.
fn reconfigured(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-reconfigured")?;
    let logins = folder.join("logins.json");
    fs::write(&logins, dynamic(&json!([entry("alice", "dynamic")])))?;
    let of = |modes: &str, rest: &str| {
        let mounted = user("alice", "mounted");
        format!("  backendMode: [{modes}]\n  dynamicfilepath: {}\n{rest}  mapUsers:\n  {mounted}", logins.display())
    };
    let folder = folder.join("server");
    let options = |mappings| ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let first = of("MountedFile, DynamicFile", "");
    let server = Server::start(&world.parts, &world.sts, &folder, &options(&first))?;
    becomes(world, &server, "alice", "mounted")?;
    let swapped = of("DynamicFile, MountedFile", "");
    server.reconfigure(&options(&swapped))?;
    becomes(world, &server, "alice", "dynamic")?;

    let denied = || Ok::<_, anyhow::Error>(server.review(&world.fresh_token("mallory", CLUSTER_ID)?)?.status);
    ensure!(denied()? == 403);
    let with_200 = of("DynamicFile, MountedFile", "  denyWith200: true\n");
    server.reconfigure(&options(&with_200))?;
    wait_until("denials are answered with 200", || Ok(denied()? == 200))?;
    server.reconfigure(&options(&swapped))?;
    wait_until("and with 403 again", || Ok(denied()? == 403))?;

    // What waits for the next start is said, and the rest is in use.
    let waits = of("MountedFile, DynamicFile", "  hostname: other.example.com\n  ec2DescribeInstancesQps: 1\n");
    server.reconfigure(&options(&waits))?;
    becomes(world, &server, "alice", "mounted")?;
    let log = server.process.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("are read once")).collect();
    let keys = "\"keys\":\"server.hostname server.ec2DescribeInstancesQps\"";
    ensure!(lines.len() == 1 && lines[0].contains(keys), "{lines:?}");
    Ok(())
}

/// They are the configuration's, and not of the file that is broken.
fn reserved(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-reserved")?;
    let logins = folder.join("logins.json");
    fs::write(&logins, dynamic(&json!([entry("alice", "admin:alice"), entry("carol", "carol")])))?;
    let reserve = "  reservedPrefixConfig: [{backendMode: DynamicFile, usernamePrefixReserveList: ['admin:', '']}]\n";
    let of = |rest: &str| format!("  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n{rest}", logins.display());
    let (without, with) = (of(""), of(reserve));
    let options = |mappings| ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder.join("server"), &options(&without))?;
    becomes(world, &server, "alice", "admin:alice")?;
    fs::write(&logins, "{")?;
    wait_until("it is broken", || Ok(ready(&server)?.contains("DynamicFile: the last good version is in use")))?;
    server.reconfigure(&options(&with))?;
    becomes(world, &server, "alice", "403")?;
    let carol = login(world, &server, "carol")?;
    ensure!(carol == "carol", "an empty prefix reserves nothing, and carol is {carol}");
    server.reconfigure(&options(&without))?;
    becomes(world, &server, "alice", "admin:alice")
}

/// The role of machines, which EC2 has a name for.
const NODES: &str = "  mapRoles:\n  - {rolearn: 'arn:aws:iam::111122223333:role/Deployer', username: \
                     'system:node:{{EC2PrivateDNSName}}', groups: ['system:nodes']}\n";

fn nothing_there(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-nothing")?;
    // Nobody listens there.
    let text = "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: u, user: {token: t}}], \
                contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}";
    let kubeconfig = folder.join("server.kubeconfig");
    fs::write(&kubeconfig, text)?;
    let mappings = format!(
        "  backendMode: [MountedFile, EKSConfigMap, CRD]\n  kubeconfig: {}\n{NODES}  mapUsers:\n  {}",
        kubeconfig.display(),
        user("alice", "mounted")
    );
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: &mappings, args: &[] };
    let (config, port) = Server::prepare(&folder.join("server"), &options)?;
    let server = Server::start_prepared(&world.parts, &world.sts, &folder.join("server"), &config, port, &[])?;
    ensure!(login(world, &server, "alice")? == "mounted", "an earlier source maps her");
    ensure!(login(world, &server, "bob")? == "503", "a later source may map him");
    wait_until("it is said what is not read", || {
        let said = ready(&server)?;
        Ok(["EKSConfigMap: not read yet", "CRD: not read yet"].iter().all(|line| said.contains(line)))
    })?;
    let log = server.process.log();
    ensure!(log.contains("\"code\":\"server.source-not-read\""), "{log}");
    Ok(())
}

fn contradictions(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("modes-contradictions")?;
    let rows = [
        (
            vec!["--backend-mode", "DynamicFile"],
            "",
            "dynamicfile is set in backend-mode but dynamicfilepath is not set",
        ),
        (vec![], "  dynamicfilepath: /x.json\n", "dynamicfile is not set in backend-mode but dynamicfilepath is set"),
        (vec!["--backend-mode", "CRD,CRD"], "", "--backend-mode names CRD twice"),
        (vec!["--backend-mode", "crd"], "", "modes are MountedFile, EKSConfigMap, CRD and DynamicFile"),
    ];
    for (args, mappings, expected) in rows {
        let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
        let (config, _) = Server::prepare(&folder, &options)?;
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        let output = process::run(command.arg("server").arg("--config").arg(&config).args(&args))?;
        ensure!(output.code != 0, "{args:?} {mappings}");
        ensure!(output.stderr.contains(expected), "{args:?} {mappings}: {}", output.stderr);
    }
    Ok(())
}
