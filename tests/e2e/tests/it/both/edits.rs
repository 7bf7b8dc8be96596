//! What both servers log while what they follow is edited, broken, mended and taken away: `aws-auth`, IAMIdentityMappings, a dynamic
//! file, and the file that names the modes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, ensure};
use e2e::{
    process::wait_until,
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use super::servers::Two;
use crate::access::DEFINITION;

/// What theirs says and ours says otherwise: rows of docs/differences.md, "In the log", by what their messages begin with.
const LISTED: &[(&str, &[&str])] = &[
    (
        "what its parts do (`starting mapper …`, `startLoadDynamicFile: …`, `successfully synced …`)",
        &[
            "starting mapper ",
            "startLoadConfigMap in ",
            "startLoadDynamicFile: ",
            "Starting the h.ec2Provider.",
            "failed to get region from IMDS",
            "creating event broadcaster",
            "setting up event handlers",
            "starting aws iam authenticator controller",
            "waiting for informer caches to sync",
            "starting workers",
            "started workers",
            "shutting down workers",
            "successfully synced ",
            "Event(v1.ObjectReference{",
            "BackendMode dynamic file got changed, ",
        ],
    ),
    (
        "why a source is not taken (`Unable to re-establish watch: …`, `There was an error parsing the config maps. …`, `ParseMap: …`)",
        &[
            "Errors parsing configmap: ",
            "There was an error parsing the config maps.  Only saving data that was good, ",
            "error parsing config map: ",
            "ParseMap: ",
            "StartLoadDynamicFile: error in callBackForFileLoad, ",
            "CallBackForFileLoad: could not unmarshal dynamic file.",
        ],
    ),
    ("who is mapped (`mapping IAM role …`), and every dynamic file whole", &["LoadDynamicFile: "]),
    ("`STS response`", &["STS response"]),
];

/// What scripts wait for, and both say.
const SAID: [&str; 5] = [
    "Received aws-auth watch event",
    "Resetting configmap on delete",
    "BackendMode dynamic file got changed to ",
    "BackendMode dynamic file got deleted",
    "logging latency metric",
];

/// What is said before anything is edited: each has its own port, and the pair and the port for health checks are what they are.
const OF_START: [&str; 5] = [
    "listening on ",
    "reconfigure your apiserver with ",
    "loaded existing keypair",
    "writing webhook kubeconfig file",
    "healthz server exited",
];

/// What is edited.
struct Followed<'a> {
    world: &'a World,
    cluster: TestCluster,
    two: Two,
}

pub(super) fn said(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "both-edits", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["apply"], DEFINITION)?.success()?;
    let (logins, modes) = (cluster.folder.join("logins.json"), cluster.folder.join("modes.json"));
    put(&logins, &dynamic("1", "first"))?;
    put(&modes, &named("1", "EKSConfigMap CRD DynamicFile"))?;
    let server = format!(
        "  backendMode: [EKSConfigMap, CRD, DynamicFile]\n  kubeconfig: {}\n  dynamicfilepath: {}\n  dynamicBackendModePath: {}\n",
        cluster.cluster.admin_kubeconfig().display(),
        logins.display(),
        modes.display()
    );
    cluster.admin.with_file(&["apply"], &aws_auth(&entry("alice", "first").to_string()))?.success()?;
    wait_until("the resource is served", || Ok(cluster.admin.with_file(&["apply"], &object("first"))?.code == 0))?;
    let two = Two::start(world, "both-edits-servers", &server)?;
    let followed = Followed { world, cluster, two };
    for person in ["alice", "bob", "deployer"] {
        followed.becomes(person, ("first", "first"))?;
    }
    followed.edits_aws_auth()?;
    followed.cluster.admin.with_file(&["apply"], &object("second"))?.success()?;
    followed.becomes("deployer", ("second", "second"))?;
    followed.edits_the_dynamic_file(&logins)?;
    followed.edits_the_modes(&modes)?;
    followed.compare()
}

impl Followed<'_> {
    /// Waits for whom each takes somebody; empty is for nobody.
    fn becomes(&self, person: &str, expected: (&str, &str)) -> anyhow::Result<()> {
        let token = self.world.fresh_token(person, CLUSTER_ID)?;
        let name = |answer: e2e::https::Answer| {
            let review: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            review["status"]["user"]["username"].as_str().unwrap_or_default().to_owned()
        };
        let mut seen = (String::new(), String::new());
        wait_until(&format!("they take {person} for {expected:?}"), || {
            seen = (name(self.two.theirs.review(&token)?), name(self.two.ours.review(&token)?));
            Ok((seen.0.as_str(), seen.1.as_str()) == expected)
        })
        .with_context(|| format!("{seen:?}\n{}\n{}", self.two.theirs.process.log(), self.two.ours.process.log()))
    }

    fn edits_aws_auth(&self) -> anyhow::Result<()> {
        let admin = &self.cluster.admin;
        let apply = |users: &str| admin.with_file(&["apply"], &aws_auth(users))?.success().map(drop);
        apply(&entry("alice", "second").to_string())?;
        self.becomes("alice", ("second", "second"))?;
        apply("- {userarn: [")?;
        self.becomes("alice", ("", "second"))?;
        apply(&entry("alice", "third").to_string())?;
        self.becomes("alice", ("third", "third"))?;
        admin.kubectl(&["delete", "configmap", "aws-auth", "-n", "kube-system"])?.success()?;
        self.becomes("alice", ("", ""))
    }

    fn edits_the_dynamic_file(&self, file: &Path) -> anyhow::Result<()> {
        put(file, &dynamic("2", "second"))?;
        self.becomes("bob", ("second", "second"))?;
        put(file, "{")?;
        let theirs = || self.two.theirs.process.log().contains("could not unmarshal dynamic file");
        let ours = || self.two.ours.process.log().contains("the whole file is refused");
        wait_until("both have seen that it is broken", || Ok(theirs() && ours()))?;
        put(file, &dynamic("3", "third"))?;
        self.becomes("bob", ("third", "third"))
    }

    fn edits_the_modes(&self, file: &Path) -> anyhow::Result<()> {
        put(file, &named("2", "DynamicFile"))?;
        self.becomes("deployer", ("", ""))?;
        put(file, "{")?;
        let theirs = || self.two.theirs.process.log().contains("CallBackForFileLoad: could not unmarshal dynamic file");
        let ours = || self.two.ours.process.log().contains("it is not JSON");
        wait_until("both have seen that it is broken", || Ok(theirs() && ours()))?;
        put(file, &named("3", "DynamicFile EKSConfigMap CRD"))?;
        self.becomes("deployer", ("second", "second"))?;
        // Theirs looks again a second after a file was replaced.
        wait_until("theirs has begun to watch it", || {
            Ok(self.two.theirs.process.log().contains("\"Type\":\"dynamic_backend_mode\",\"Version\":\"3\""))
        })?;
        fs::remove_file(file)?;
        let is_said = |log: &str| log.contains("BackendMode dynamic file got deleted");
        wait_until("both have seen that it is gone", || {
            Ok(is_said(&self.two.theirs.process.log()) && is_said(&self.two.ours.process.log()))
        })
    }

    fn compare(&self) -> anyhow::Result<()> {
        let (theirs, ours) = (lines(&self.two.theirs.process.log()), lines(&self.two.ours.process.log()));
        ensure!(theirs.len() > 20, "{theirs:?}");
        let messages = |lines: &[Value]| -> BTreeSet<String> {
            lines.iter().filter_map(|line| Some(line["msg"].as_str()?.to_owned())).collect()
        };
        let (their_words, our_words) = (messages(&theirs), messages(&ours));
        let listed = || LISTED.iter().flat_map(|(_, words)| *words);
        let is_listed = |said: &String| listed().any(|words| said.starts_with(words));
        let is_of_start = |said: &String| OF_START.iter().any(|words| said.starts_with(words));
        let lacking: Vec<&String> =
            their_words.difference(&our_words).filter(|said| !is_listed(said) && !is_of_start(said)).collect();
        ensure!(lacking.is_empty(), "not said by ours, and not listed: {lacking:#?}");
        let idle: Vec<&&str> =
            listed().filter(|words| !their_words.iter().any(|said| said.starts_with(**words))).collect();
        ensure!(idle.is_empty(), "listed, and not said by theirs: {idle:#?}");
        for words in SAID {
            let is_said = |all: &BTreeSet<String>| all.iter().any(|said| said.starts_with(words));
            ensure!(is_said(&their_words) && is_said(&our_words), "{words}: {our_words:#?}");
        }
        // Each with its version and kind, once or more: theirs may read a file twice that is replaced.
        let stamps = |lines: &[Value]| -> BTreeMap<String, Value> {
            let of = lines.iter().filter(|line| line["msg"] == "logging latency metric");
            let of = of.map(|line| (format!("{} {}", line["Type"], line["Version"]), line["Latency"].is_u64().into()));
            of.collect()
        };
        let (theirs, ours) = (stamps(&theirs), stamps(&ours));
        ensure!(theirs == ours && theirs.len() == 4, "theirs {theirs:?}\nours {ours:?}");
        rows_are_on_the_page()
    }
}

fn rows_are_on_the_page() -> anyhow::Result<()> {
    let page = fs::read_to_string(pages::repository().join("docs/differences.md"))?;
    let missing: Vec<&str> =
        LISTED.iter().map(|(row, _)| *row).filter(|row| !page.contains(&format!("\n| {row} | "))).collect();
    ensure!(missing.is_empty(), "docs/differences.md has no rows {missing:#?}");
    Ok(())
}

/// Lines of the Kubernetes client are none of its log.
fn lines(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// In one step, as whoever replaces a file does it.
fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, file)?)
}

fn entry(name: &str, username: &str) -> Value {
    json!([{"userarn": format!("arn:aws:iam::111122223333:user/{name}"), "username": username, "groups": []}])
}

fn aws_auth(users: &str) -> String {
    let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapUsers": users}}).to_string()
}

fn object(username: &str) -> String {
    json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "m"},
        "spec": {"arn": "arn:aws:iam::111122223333:role/Deployer", "username": username, "groups": []},
    })
    .to_string()
}

fn dynamic(version: &str, username: &str) -> String {
    json!({"LastUpdatedDateTime": "1700000000", "Version": version, "mapUsers": entry("ops/bob", username)}).to_string()
}

fn named(version: &str, modes: &str) -> String {
    json!({"LastUpdatedDateTime": "1700000000", "Version": version, "backendMode": modes}).to_string()
}
