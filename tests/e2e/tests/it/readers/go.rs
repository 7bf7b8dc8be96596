//! The Go program in one mode, and what it takes until another map is in force there.

use std::{fs, io::Write as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    authenticator::{GoOptions, GoServer},
    exchange::Exchange,
    people::environment,
    process::{Background, wait_until},
    sts::Sts,
    world::{CLUSTER_ID, World},
};
use identity::Partition;
use local_cluster::{Binaries, Cluster};
use serde_json::{Value, json};

use super::{
    callers::{Answer, Caller, PEOPLE, PEOPLE_CN, ask},
    entries::ACCOUNTS,
};
use crate::access::DEFINITION;

/// How long to wait between two looks at a log.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// A log that is read as it grows.
pub(super) struct Log {
    read: u64,
    seen: String,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { read: 0, seen: String::new() }
    }

    /// Waits until lines have come since the last wait that hold something, so often.
    pub(super) fn wait_for(&mut self, process: &Background, what: &str, times: usize) -> anyhow::Result<()> {
        let mut looks = 0;
        loop {
            let more = process.log_from(self.read)?;
            self.read += more.len() as u64;
            self.seen.push_str(&more);
            if self.seen.matches(what).count() >= times {
                self.seen.clear();
                return Ok(());
            }
            looks += 1;
            ensure!(looks < 60_000, "gave up waiting for {what:?} in\n{}", self.seen);
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// AWS, in two partitions.
pub(super) struct Sandboxes {
    pub(super) aws: Sts,
    pub(super) aws_cn: Sts,
}

impl Sandboxes {
    pub(super) fn start(world: &World) -> anyhow::Result<Self> {
        let start = |name, people| Sts::start_with(&world.folder(name)?, people);
        Ok(Self { aws: start("readers-aws", PEOPLE)?, aws_cn: start("readers-aws-cn", PEOPLE_CN)? })
    }
}

/// Credentials with which the Go program asks EC2.
pub(super) fn server_environment(sts: &Sts, name: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    Ok(environment(&sts.credentials(name)?))
}

/// An API server, and a way to write to it as administrator.
pub(super) struct Api {
    pub(super) cluster: Cluster,
    client: Exchange,
    _proxy: Background,
}

impl Api {
    pub(super) fn start(world: &World, name: &str) -> anyhow::Result<Self> {
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let cluster = world.plain_cluster()?;
        let admin = Admin::new(binaries.kubectl()?.to_owned(), &cluster, &world.folder(name)?);
        let (proxy, address) = admin.proxy()?;
        let port = address.rsplit_once(':').context("a port")?.1.parse()?;
        Ok(Self { cluster, client: Exchange::plain(port), _proxy: proxy })
    }

    /// One request; an answer that is no success is an error.
    pub(super) fn write(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.client.request(method, path, &body.to_string())?;
        ensure!((200..300).contains(&answer.status), "{method} {path}: {answer:?}\n{body}");
        Ok(serde_json::from_str(&answer.body)?)
    }

    /// The same, where the API server may refuse.
    pub(super) fn try_write(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let answer = self.client.request(method, path, &body.to_string())?;
        ensure!((200..500).contains(&answer.status), "{method} {path}: {answer:?}\n{body}");
        Ok((answer.status < 300).then(|| serde_json::from_str(&answer.body)).transpose()?)
    }
}

/// The Go program in one mode.
pub(super) struct Reviewer {
    pub(super) server: GoServer,
    pub(super) exchange: Exchange,
    pub(super) log: Log,
}

impl Reviewer {
    /// Starts one. `server` is YAML below `server:`.
    pub(super) fn start(
        world: &World,
        sts: &Sts,
        asks_ec2_as: &str,
        name: &str,
        features: &[&str],
        server: &str,
    ) -> anyhow::Result<Self> {
        let environment = server_environment(sts, asks_ec2_as)?;
        let options = GoOptions { cluster_id: CLUSTER_ID, server, features, args: &[], environment };
        let server = GoServer::start_with(&world.parts, sts, &world.folder(name)?, options)?;
        let exchange = server.exchange()?;
        Ok(Self { server, exchange, log: Log::new() })
    }

    /// Waits for lines of its log.
    pub(super) fn wait_for(&mut self, what: &str, times: usize) -> anyhow::Result<()> {
        self.log.wait_for(&self.server.process, what, times)
    }
}

/// `aws-auth` on an API server, watched by the Go program: of the commercial partition as it is by default, the same with
/// its alpha feature for permission sets, and of another partition.
pub(super) struct AwsAuth {
    pub(super) api: Api,
    /// The three in this order.
    pub(super) reviewers: Vec<Reviewer>,
    is_there: bool,
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/kube-system/configmaps";

impl AwsAuth {
    pub(super) fn start(world: &World, sandboxes: &Sandboxes) -> anyhow::Result<Self> {
        let api = Api::start(world, "readers-api")?;
        let kubeconfig = api.cluster.admin_kubeconfig().display().to_string();
        let start = |sts, asks_ec2_as, name, features: &[&str], partition| {
            let server =
                format!("  backendMode: [EKSConfigMap]\n  kubeconfig: {kubeconfig}\n  partition: {partition}\n");
            Reviewer::start(world, sts, asks_ec2_as, name, features, &server)
        };
        let reviewers = vec![
            start(&sandboxes.aws, "alice", "readers-go", &[], "aws")?,
            start(&sandboxes.aws, "alice", "readers-go-sso", &["SSORoleMatch"], "aws")?,
            start(&sandboxes.aws_cn, "wei", "readers-go-cn", &["SSORoleMatch"], "aws-cn")?,
        ];
        Ok(Self { api, reviewers, is_there: false })
    }

    /// Puts a map in force everywhere: the object as the API server has it.
    ///
    /// It is written twice. The program reads one event after the other, so when it says that the second has come it has
    /// done with the first, and both say the same.
    pub(super) fn put(&mut self, data: &Value) -> anyhow::Result<Value> {
        let mut object = Value::Null;
        for time in ["first", "second"] {
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": data,
                "metadata": {"name": "aws-auth", "namespace": "kube-system", "annotations": {"time": time}},
            });
            object = if self.is_there {
                self.api.write("PUT", &format!("{CONFIG_MAPS}/aws-auth"), &map)?
            } else {
                self.is_there = true;
                self.api.write("POST", CONFIG_MAPS, &map)?
            };
            for reviewer in &mut self.reviewers {
                reviewer.wait_for("Received aws-auth watch event", 1)?;
            }
        }
        Ok(object)
    }
}

/// A file that the Go program watches: as it is by default, and strict about unique ids.
pub(super) struct DynamicFile {
    /// The two in this order.
    pub(super) reviewers: Vec<Reviewer>,
    path: PathBuf,
    written: usize,
}

/// A file is written over in place and never gets shorter, so that one write is one event.
const FILE_SIZE: usize = 1 << 15;

impl DynamicFile {
    pub(super) fn start(world: &World, sandboxes: &Sandboxes) -> anyhow::Result<Self> {
        let path = world.folder("readers-dynamic")?.join("mappings.json");
        fs::write(&path, " ".repeat(FILE_SIZE))?;
        let start = |strict: bool| {
            let server = format!(
                "  backendMode: [DynamicFile]\n  dynamicfilepath: {}\n  dynamicfileUserIDStrict: {strict}\n",
                path.display()
            );
            let name = format!("readers-go-dynamic-{strict}");
            let mut reviewer = Reviewer::start(world, &sandboxes.aws, "alice", &name, &["SSORoleMatch"], &server)?;
            reviewer.wait_for("LoadDynamicFile: ", 1)?;
            anyhow::Ok(reviewer)
        };
        Ok(Self { reviewers: vec![start(false)?, start(true)?], path, written: 0 })
    }

    /// Everybody of the commercial partition, with what AWS calls them by: the program says it once it lets everybody in.
    pub(super) fn callers(&mut self, sandboxes: &Sandboxes) -> anyhow::Result<Vec<Caller>> {
        let mut callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
        self.put(json!({"mapAccounts": ACCOUNTS}).to_string().as_bytes())?;
        callers.iter_mut().try_for_each(|caller| caller.learn_id(&mut self.reviewers[0].exchange))?;
        Ok(callers)
    }

    /// Puts a file in force, as if the program had started with it: what it does not take leaves nobody.
    ///
    /// It says what it has read before it takes it, so the file is written twice: when it has read the second it has done
    /// with the first.
    pub(super) fn put(&mut self, text: &[u8]) -> anyhow::Result<()> {
        for text in [b"{}".as_slice(), text, text] {
            self.write(text)?;
        }
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> anyhow::Result<()> {
        // White space behind the text is what tells one write from another.
        self.written += 1;
        let mark = format!("\n{}\n", format!("{:b}", self.written + (1 << 20)).replace('0', " ").replace('1', "\t"));
        ensure!(text.len() + mark.len() <= FILE_SIZE, "a file of {} bytes", text.len());
        let mut bytes = text.to_owned();
        bytes.resize(FILE_SIZE - mark.len(), b' ');
        bytes.extend_from_slice(mark.as_bytes());
        fs::OpenOptions::new().write(true).open(&self.path)?.write_all(&bytes)?;
        let said = mark.replace('\n', "\\n").replace('\t', "\\t");
        self.reviewers.iter_mut().try_for_each(|reviewer| reviewer.wait_for(&said, 1))
    }
}

/// `IAMIdentityMapping` objects. The program is started for each set of them, because it sends five requests a second once
/// it has sent ten.
pub(super) struct Objects {
    api: Api,
    /// What stands below `server` in the configuration of whoever asks this API server.
    pub(super) server: String,
    last: Caller,
    started: usize,
}

const OBJECTS: &str = "/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings";

/// How many objects one set may have: two of ten requests are for the list, one for the object that is made last.
pub(super) const MAX_OBJECTS: usize = 7;

impl Objects {
    pub(super) fn start(world: &World, sandboxes: &Sandboxes) -> anyhow::Result<Self> {
        let mut api = Api::start(world, "readers-objects")?;
        let definition: Value = serde_saphyr::from_str(DEFINITION)?;
        api.write("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition)?;
        wait_until("the kind is known", || {
            Ok(api.client.request("GET", OBJECTS, "").is_ok_and(|answer| answer.status == 200))
        })?;
        let kubeconfig = api.cluster.admin_kubeconfig().display().to_string();
        let server = format!("  backendMode: [CRD]\n  kubeconfig: {kubeconfig}\n");
        Ok(Self { api, server, last: Caller::last(&sandboxes.aws)?, started: 0 })
    }

    /// Makes the objects, as far as the API server takes them, and starts a program that knows them: with the list of the
    /// objects when the program has done its work on them.
    ///
    /// Each is `spec`, and what somebody else has written to `status` before.
    pub(super) fn put(
        &mut self,
        world: &World,
        sandboxes: &Sandboxes,
        objects: &[(Value, Option<String>)],
    ) -> anyhow::Result<(Reviewer, Value)> {
        self.api.write("DELETE", OBJECTS, &Value::Null)?;
        let mut made = Vec::new();
        for (at, (spec, status)) in objects.iter().enumerate() {
            let name = format!("m-{at}");
            if self.api.try_write("POST", OBJECTS, &object(&name, spec))?.is_none() {
                continue;
            }
            if let Some(arn) = status {
                self.set_status(&name, arn)?;
            }
            made.push(name);
        }
        self.started += 1;
        let name = format!("readers-go-objects-{}", self.started);
        let mut reviewer = Reviewer::start(world, &sandboxes.aws, "alice", &name, &[], &self.server)?;
        wait_until("the objects are looked at", || {
            let log = reviewer.server.process.log();
            let is_done = |name: &String| {
                log.contains(&format!("successfully synced {name}\""))
                    || log.contains(&format!("error syncing {name} "))
            };
            Ok(made.iter().all(is_done))
        })?;
        let list = self.api.write("GET", OBJECTS, &Value::Null)?;
        // The program hears of one change after the other: when it knows what was made last, it knows all others.
        let arn = self.last.identity.canonical_arn();
        self.api.write("POST", OBJECTS, &object("last", &json!({"arn": arn, "username": "last"})))?;
        self.set_status("last", &arn.to_lowercase())?;
        let token = self.last.token()?;
        wait_until("the last object is known", || Ok(ask(&mut reviewer.exchange, &token)? != Answer::Out))?;
        Ok((reviewer, list))
    }

    /// Gives another username to whoever is in the object that is made last.
    pub(super) fn rename_last(&mut self, username: &str) -> anyhow::Result<()> {
        let path = format!("{OBJECTS}/last");
        // The program may write at the same moment.
        wait_until("the last object is renamed", || {
            let mut object = self.api.write("GET", &path, &Value::Null)?;
            object["spec"]["username"] = username.into();
            Ok(self.api.try_write("PUT", &path, &object)?.is_some())
        })
    }

    /// Writes to an object's status, as whoever may write there can.
    fn set_status(&mut self, name: &str, canonical_arn: &str) -> anyhow::Result<()> {
        let path = format!("{OBJECTS}/{name}");
        // The program may write at the same moment.
        wait_until("the status is written", || {
            let mut object = self.api.write("GET", &path, &Value::Null)?;
            object["status"] = json!({"canonicalARN": canonical_arn, "userID": ""});
            Ok(self.api.try_write("PUT", &format!("{path}/status"), &object)?.is_some())
        })
    }
}

fn object(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping",
        "metadata": {"name": name}, "spec": spec,
    })
}
