//! Logins that stand in the cluster: `aws-auth` and `IAMIdentityMapping` objects, as they are and as they change.
//!
//! Nothing here ends the server: an API server that is not there, permissions that come later, a resource that is not
//! installed. What was seen last stays in use.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use inventory::MappingObject;
use kubernetes::{
    Change, Cluster, Kubeconfig, KubernetesError, Listener, Object, Pod, Proxies, Resource, Run, Watched, Write,
};
use mapping::{
    BackendMode,
    authenticator::{AwsAuth, ServerConfig, objects},
    aws_iam_authenticator::Options,
};
use reading::Kind;
use serde_json::json;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use super::{
    ServerArgs,
    looking::off_thread,
    sources::{Indexed, Sources},
};
use crate::{
    process::{self, Process},
    shared::observe::proxies,
};

/// How the API server is reached.
#[derive(Clone)]
pub(super) struct Reached {
    kubeconfig: Option<PathBuf>,
    server: Option<String>,
    pod: Option<Pod>,
    proxies: Proxies,
}

/// `kube-system/aws-auth`.
const AWS_AUTH: Watched =
    Watched { resource: Resource::CONFIG_MAPS, kind: "ConfigMap", only: Some(("kube-system", "aws-auth")) };

/// Every `IAMIdentityMapping`.
const OBJECTS: Watched = Watched { resource: Resource::IAM_IDENTITY_MAPPINGS, kind: "IAMIdentityMapping", only: None };

/// After that long it is tried again to reach the API server.
const AGAIN: Duration = Duration::from_secs(5);

/// After so many failures in a row everything is begun anew.
const FAILURES: usize = 6;

/// Without the permission to write statuses it is tried again after that long.
const NOT_ALLOWED: Duration = Duration::from_secs(30);

/// Changes that come together are taken together.
const SETTLE: Duration = Duration::from_millis(50);

/// What was seen.
#[derive(Default)]
struct ObjectStore {
    objects: BTreeMap<String, Object>,
    /// Whether these are all.
    is_whole: bool,
    /// How often in a row it has failed.
    failures: usize,
}

impl Reached {
    /// By flags, the configuration, or what a pod is given; of those the first that says anything, as client-go has it.
    pub(super) fn of(args: &ServerArgs, config: &ServerConfig, process: &Process) -> Self {
        let variable = |name: &str| process.variable(name).map(str::to_owned);
        let pod = variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT"));
        // What is given and empty says nothing, as a template leaves it; the configuration does not say it instead.
        let kubeconfig = args.kubeconfig.clone().or_else(|| config.kubeconfig.clone());
        let kubeconfig = kubeconfig.filter(|path| !path.as_os_str().is_empty());
        let server = args.master.clone().or_else(|| config.master.clone()).filter(|url| !url.is_empty());
        let is_outside = kubeconfig.is_none() && server.is_none() && pod.is_none();
        Self {
            kubeconfig,
            server: server.or_else(|| variable("KUBERNETES_MASTER").filter(|_| is_outside)),
            pod: pod.map(|(host, port)| Pod { host, port, folder: Pod::FOLDER.into() }),
            proxies: proxies(process),
        }
    }

    /// That there is an API server for logins that stand in the cluster, and files by which to reach it. It is not asked anything.
    pub(super) async fn check(&self, modes: &[BackendMode]) -> anyhow::Result<()> {
        if let Some(mode) = modes.iter().find(|mode| matches!(mode, BackendMode::EksConfigMap | BackendMode::Crd)) {
            self.connect().await.with_context(|| format!("{mode} cannot be followed"))?;
        }
        Ok(())
    }

    async fn connect(&self) -> anyhow::Result<Cluster> {
        let Self { kubeconfig, server, pod, proxies } = self;
        let files = kubeconfig.as_ref().map(|path| Kubeconfig {
            paths: vec![path.clone()],
            kind: Kind::Regular,
            is_given: true,
            context: None,
            server: server.clone(),
            proxies: proxies.clone(),
            listener: Listener::Nobody,
            now: process::now,
        });
        Ok(match (files, server, pod) {
            (Some(files), ..) => files.connect().await?,
            (None, Some(server), _) => Cluster::without_credentials(server, proxies)?,
            (None, None, Some(pod)) => pod.connect(process::now).await?,
            (None, None, None) => {
                anyhow::bail!("no API server: give --kubeconfig, or run in a pod of the cluster")
            }
        })
    }
}

/// Follows a mode whose logins stand in the cluster, for as long as the runtime lives.
pub(super) fn follow(mode: BackendMode, reached: Reached, sources: Arc<Sources>) {
    tokio::spawn(async move {
        let aws_auth = Arc::default();
        loop {
            match reached.connect().await {
                Ok(cluster) => follow_in(mode, &Arc::new(cluster), &sources, &aws_auth).await,
                Err(error) => sources.cannot_read(mode, &format!("{error:#}")),
            }
            sleep(AGAIN).await;
        }
    });
}

/// Returns where it has failed for a while: a kubeconfig, an authority or credentials may be others by now.
///
/// What is known of `aws-auth` outlives that.
async fn follow_in(mode: BackendMode, cluster: &Arc<Cluster>, sources: &Arc<Sources>, aws_auth: &Arc<Mutex<AwsAuth>>) {
    let (seen, changed, not_served) = (Mutex::new(ObjectStore::default()), Notify::new(), Notify::new());
    let statuses = watch::Sender::new(Vec::new());
    let watched = if mode == BackendMode::Crd { OBJECTS } else { AWS_AUTH };
    let watching = kubernetes::watch(cluster, watched, |change| {
        let mut seen = lock(&seen);
        if mode == BackendMode::EksConfigMap {
            say_of_aws_auth(&change, !seen.objects.is_empty());
        }
        match change {
            Change::Failed { error, was_open } => {
                // As aws-iam-authenticator counts: a watch that breaks off is no failure, unless there is none behind it.
                if mode == BackendMode::EksConfigMap && !was_open {
                    sources.webhook().metrics().configmap_watch_failed();
                }
                sources.cannot_read(mode, &in_words(&error));
                seen.failures += 1;
                let is_other =
                    matches!(error, KubernetesError::Unauthorized { .. } | KubernetesError::Credentials { .. });
                if is_other || seen.failures >= FAILURES {
                    return ControlFlow::Break(());
                }
            }
            Change::Restored => {
                seen.failures = 0;
                sources.reads_again(mode);
            }
            Change::NotServed => not_served.notify_one(),
            Change::All(objects) => {
                *seen = ObjectStore { objects: by_name(objects), is_whole: true, failures: 0 };
                changed.notify_one();
            }
            Change::Applied(object) => {
                seen.failures = 0;
                seen.objects.insert(object.name.clone(), object);
                changed.notify_one();
            }
            Change::Gone(name) => {
                seen.failures = 0;
                seen.objects.remove(&name);
                changed.notify_one();
            }
        }
        ControlFlow::Continue(())
    });
    let reading = async {
        let options = sources.options();
        loop {
            tokio::select! {
                () = changed.notified() => sleep(SETTLE).await,
                () = not_served.notified() => {
                    let why = match cluster.lacks_group(watched.resource.api_group).await {
                        Ok(true) if lock(&seen).is_known_to_be_empty() => continue,
                        Ok(true) => None,
                        Ok(false) => Some("the API server does not know this resource".to_owned()),
                        Err(error) => Some(in_words(&error)),
                    };
                    if let Some(why) = why {
                        sources.cannot_read(mode, &why);
                        continue;
                    }
                    // A resource that is not installed has no objects.
                    *lock(&seen) = ObjectStore { is_whole: true, ..ObjectStore::default() };
                }
            }
            let Some(objects) = lock(&seen).whole() else { continue };
            let aws_auth = Arc::clone(aws_auth);
            let taken = off_thread(move || Ok((read(mode, &objects, options, &mut lock(&aws_auth)), objects)));
            match taken.await {
                Ok((read, objects)) => {
                    if !read.is_up_to_date() {
                        sources.webhook().metrics().reload_failed("aws-auth");
                    }
                    sources.take(mode, read);
                    let _ = statuses.send(objects);
                }
                Err(error) => sources.cannot_read(mode, &format!("{error:#}")),
            }
        }
    };
    let writing = async {
        let mut objects = statuses.subscribe();
        while mode == BackendMode::Crd && objects.changed().await.is_ok() {
            let now = objects.borrow_and_update().clone();
            write_statuses(cluster, &now).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = watching => {}
        () = reading => {}
        () = writing => {}
    }
}

/// Tells of `aws-auth` in aws-iam-authenticator's words, for which scripts wait.
fn say_of_aws_auth(change: &Change, was_there: bool) {
    let is_there = match change {
        Change::All(objects) => !objects.is_empty(),
        Change::Applied(_) => true,
        Change::Gone(_) => false,
        Change::Failed { .. } | Change::Restored | Change::NotServed => return,
    };
    if is_there {
        tracing::info!("Received aws-auth watch event");
    } else if was_there {
        tracing::info!("Resetting configmap on delete");
    }
}

/// What went wrong, for whoever runs a server: it has no contexts to choose from.
fn in_words(error: &KubernetesError) -> String {
    match error {
        KubernetesError::Forbidden { verb, what, .. } => {
            format!("the server's user may not {verb} {what}; bind it to a role that allows this")
        }
        KubernetesError::Unauthorized { server, .. } => {
            format!("{server} does not accept the server's credentials (Unauthorized)")
        }
        other => other.to_string(),
    }
}

impl ObjectStore {
    /// All objects; `None` if these are not all.
    fn whole(&self) -> Option<Vec<Object>> {
        self.is_whole.then(|| self.objects.values().cloned().collect())
    }

    fn is_known_to_be_empty(&self) -> bool {
        self.is_whole && self.objects.is_empty()
    }
}

fn by_name(objects: Vec<Object>) -> BTreeMap<String, Object> {
    objects.into_iter().map(|object| (object.name.clone(), object)).collect()
}

/// Whoever panicked with it has put in whole values only.
fn lock<T>(seen: &Mutex<T>) -> MutexGuard<'_, T> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the objects of a mode say.
fn read(mode: BackendMode, seen: &[Object], options: Options, known: &mut AwsAuth) -> Indexed {
    if mode == BackendMode::Crd {
        let read: Vec<MappingObject> = seen.iter().map(mapping_object).collect();
        return objects(read.iter().map(MappingObject::as_read)).into();
    }
    let object = seen.iter().find(|object| object.name == "aws-auth");
    let data = object.map(|object| {
        let data = object.fields.get("data").and_then(|data| data.as_object()).into_iter().flatten();
        data.filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)))
    });
    known.read(data, options).into()
}

/// One `IAMIdentityMapping`. A `spec` of other types than its definition has is for nobody.
fn mapping_object(Object { name, fields, .. }: &Object) -> MappingObject {
    let part = |key: &str| fields.get(key).filter(|value| !value.is_null());
    let read = MappingObject::read(name.as_str(), part("spec"), part("status"));
    read.unwrap_or_else(|_| MappingObject { name: name.as_str().into(), ..MappingObject::default() })
}

/// Writes into each object's status whom it is for, where that does not stand there: whoever looks at objects with kubectl,
/// and aws-iam-authenticator, go by it. Nobody here does.
async fn write_statuses(cluster: &Cluster, objects: &[Object]) {
    for object in objects {
        let read = mapping_object(object);
        let canonical = read.principal();
        if canonical.is_empty() || canonical == read.canonical_arn {
            continue;
        }
        let Object { name, resource_version, fields } = object;
        let mut status = fields.get("status").filter(|status| status.is_object()).cloned().unwrap_or(json!({}));
        status["canonicalARN"] = (*canonical).into();
        // aws-iam-authenticator has both keys in each status, and nothing in this one.
        if !status["userID"].is_string() {
            status["userID"] = "".into();
        }
        let path = format!("{}/status", OBJECTS.resource.object(None, name));
        let object = json!({
            "apiVersion": OBJECTS.resource.api_version(),
            "kind": OBJECTS.kind,
            "metadata": {"name": name, "resourceVersion": resource_version},
            "spec": fields.get("spec"),
            "status": status,
        });
        match cluster.write(&Write::Replace { path, object }, Run::Real).await {
            // Another server was faster, or the object has changed: the change comes as one.
            Ok(()) | Err(KubernetesError::Changed { .. }) => {}
            // An admission policy may refuse one of them; without the permission all are refused.
            Err(error @ (KubernetesError::Forbidden { .. } | KubernetesError::Refused { .. })) => {
                tracing::warn!(error = %error, "the status of an IAMIdentityMapping is not written; logins do not need it");
                sleep(NOT_ALLOWED).await;
            }
            Err(error) => {
                tracing::warn!(error = %error, "the status of an IAMIdentityMapping could not be written");
                return;
            }
        }
    }
}
