//! Logins that stand in the cluster: `aws-auth` and `IAMIdentityMapping` objects, as they are and as they change.
//!
//! Nothing here ends the server: an API server that is not there, permissions that come later, a resource that is not
//! installed. What was seen last stays in use.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kubernetes::{Change, Cluster, Kubeconfig, KubernetesError, Object, Pod, Proxies, Run, Watched, Write};
use mapping::{
    Defect, DefectKind, Mode, Source,
    authenticator::{ServerConfig, aws_auth, objects},
    aws_iam_authenticator::{self, LISTS, Standing},
};
use serde_json::{Value, json};
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
    commands::observe::proxies,
    rim::{self, Process},
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
const AWS_AUTH: Watched = Watched {
    group: "",
    version: "v1",
    kind: "ConfigMap",
    resource: "configmaps",
    only: Some(("kube-system", "aws-auth")),
};

/// Every `IAMIdentityMapping`.
const OBJECTS: Watched = Watched {
    group: "iamauthenticator.k8s.aws",
    version: "v1alpha1",
    kind: "IAMIdentityMapping",
    resource: "iamidentitymappings",
    only: None,
};

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
struct Seen {
    objects: BTreeMap<String, Object>,
    /// Whether these are all.
    is_whole: bool,
    /// Whether they are others than those that were read.
    is_new: bool,
    /// How often in a row it has failed.
    failures: usize,
}

impl Reached {
    /// By flags, the configuration, or what a pod is given; of those the first that says anything, as client-go has it.
    pub(super) fn of(args: &ServerArgs, config: &ServerConfig, process: &Process) -> Self {
        let variable = |name: &str| process.variable(name).map(str::to_owned);
        let pod = variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT"));
        let kubeconfig = args.kubeconfig.clone().or_else(|| config.kubeconfig.clone());
        let server = args.master.clone().or_else(|| config.master.clone());
        let is_outside = kubeconfig.is_none() && server.is_none() && pod.is_none();
        Self {
            kubeconfig,
            server: server.or_else(|| variable("KUBERNETES_MASTER").filter(|_| is_outside)),
            pod: pod.map(|(host, port)| Pod { host, port, folder: Pod::FOLDER.into() }),
            proxies: proxies(process),
        }
    }

    async fn connect(&self) -> anyhow::Result<Cluster> {
        let Self { kubeconfig, server, pod, proxies } = self;
        let files = kubeconfig.as_ref().map(|path| Kubeconfig {
            paths: vec![path.clone()],
            context: None,
            proxies: proxies.clone(),
            is_terminal: false,
            now: rim::now,
        });
        Ok(match (files, server, pod) {
            (Some(files), Some(server), _) => files.connect_to(server).await?,
            (Some(files), None, _) => files.connect().await?,
            (None, Some(server), _) => Cluster::without_credentials(server, proxies)?,
            (None, None, Some(pod)) => pod.connect(rim::now).await?,
            (None, None, None) => {
                anyhow::bail!("nothing says where the API server is: give --kubeconfig, or run in a pod of the cluster")
            }
        })
    }
}

/// Follows a mode whose logins stand in the cluster, for as long as the runtime lives.
pub(super) fn follow(mode: Mode, reached: Reached, sources: Arc<Sources>) {
    tokio::spawn(async move {
        loop {
            match reached.connect().await {
                Ok(cluster) => follow_in(mode, &Arc::new(cluster), &sources).await,
                Err(error) => cannot_see(mode, &sources, &format!("{error:#}")),
            }
            sleep(AGAIN).await;
        }
    });
}

/// Returns where it has failed for a while: a kubeconfig, an authority or credentials may be others by now.
async fn follow_in(mode: Mode, cluster: &Arc<Cluster>, sources: &Arc<Sources>) {
    let (seen, changed, not_served) = (Mutex::new(Seen::default()), Notify::new(), Notify::new());
    let (is_broken, statuses) = (AtomicBool::new(false), watch::Sender::new(Vec::new()));
    let watched = if mode == Mode::Crd { OBJECTS } else { AWS_AUTH };
    let watching = kubernetes::watch(cluster, watched, |change| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Failed(error) => {
                cannot_see(mode, sources, &error.to_string());
                seen.failures += 1;
                let is_other =
                    matches!(error, KubernetesError::Unauthorized { .. } | KubernetesError::Credentials { .. });
                if is_other || seen.failures >= FAILURES {
                    return ControlFlow::Break(());
                }
            }
            Change::Restored => {
                seen.failures = 0;
                if !is_broken.load(Ordering::Relaxed) {
                    sources.reads_again(mode);
                }
            }
            Change::NotServed => not_served.notify_one(),
            change => {
                seen.failures = 0;
                if seen.take(change) {
                    changed.notify_one();
                }
            }
        }
        ControlFlow::Continue(())
    });
    let reading = async {
        let mut reading = sources.reading();
        loop {
            tokio::select! {
                () = changed.notified() => sleep(SETTLE).await,
                told = reading.changed() => if told.is_err() { return },
                () = not_served.notified() => match cluster.lacks_group(watched.group).await {
                    Ok(true) => seen.lock().unwrap_or_else(PoisonError::into_inner).is_not_installed(),
                    Ok(false) => {
                        cannot_see(mode, sources, "the API server says nothing of this resource");
                        continue;
                    }
                    Err(error) => {
                        cannot_see(mode, sources, &error.to_string());
                        continue;
                    }
                },
            }
            let objects: Vec<Object> = {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if !seen.is_whole || !std::mem::take(&mut seen.is_new) && !reading.has_changed().unwrap_or(true) {
                    continue;
                }
                seen.objects.values().cloned().collect()
            };
            let wanted = reading.borrow_and_update().clone();
            let taken = off_thread(move || {
                let read = read(mode, &objects, &wanted);
                let broken = broken(&read).map(ToString::to_string);
                Ok((Indexed::from(read), broken, objects))
            });
            match taken.await {
                // A list that cannot be read is more likely a mistake than the wish to lock out whoever stood in it.
                Ok((read, broken, objects)) => {
                    is_broken.store(broken.is_some(), Ordering::Relaxed);
                    if broken.is_none() || !sources.has_read(mode) {
                        sources.take(mode, read);
                    }
                    if let Some(defect) = broken {
                        sources.webhook().metrics().reload_failed("aws-auth");
                        sources.cannot_read(mode, &defect);
                    }
                    let _ = statuses.send(objects);
                }
                Err(error) => tracing::error!(mode = %mode, error = format!("{error:#}"), "cannot read this source"),
            }
        }
    };
    let writing = async {
        let mut objects = statuses.subscribe();
        while mode == Mode::Crd && objects.changed().await.is_ok() {
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

fn cannot_see(mode: Mode, sources: &Sources, why: &str) {
    if mode == Mode::EksConfigMap {
        sources.webhook().metrics().configmap_watch_failed();
    }
    sources.cannot_read(mode, why);
}

impl Seen {
    /// Whether anything is known that was not.
    fn take(&mut self, change: Change) -> bool {
        match change {
            Change::All(objects) => {
                self.objects = objects.into_iter().map(|object| (object.name.clone(), object)).collect();
                self.is_whole = true;
            }
            Change::Applied(object) => {
                self.objects.insert(object.name.clone(), object);
            }
            Change::Gone(name) => {
                self.objects.remove(&name);
            }
            Change::NotServed | Change::Restored | Change::Failed(_) => return false,
        }
        self.is_new = true;
        true
    }

    /// A resource that is not installed has no objects.
    fn is_not_installed(&mut self) {
        self.is_new = !self.is_whole || !self.objects.is_empty();
        self.objects.clear();
        self.is_whole = true;
        self.failures = 0;
    }
}

/// What the objects of a mode say.
fn read(mode: Mode, seen: &[Object], reading: &super::sources::Reading) -> Source {
    let source = if mode == Mode::Crd {
        let fields: Vec<Fields> = seen.iter().map(Fields::of).collect();
        objects(fields.iter().map(Fields::object))
    } else {
        let data = seen.iter().filter(|object| object.name == "aws-auth");
        let data = data.filter_map(|object| object.fields.get("data")?.as_object()).flatten();
        let data = data.filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)));
        aws_auth(data, |_| Standing::alone("aws-auth"), reading.options)
    };
    Source { reserved_prefixes: reading.prefixes(mode), ..source }
}

/// What keeps a whole list from being read: it is no YAML, or no list.
fn broken(source: &Source) -> Option<&Defect> {
    let kinds = [DefectKind::Unreadable, DefectKind::Type];
    let is_whole = |defect: &&Defect| kinds.contains(&defect.kind) && LISTS.contains(&&*defect.section);
    source.defects.iter().find(is_whole)
}

/// One `IAMIdentityMapping`.
struct Fields<'a> {
    name: &'a str,
    arn: &'a str,
    username: &'a str,
    groups: Vec<&'a str>,
    /// ARNs under keys that nobody reads.
    unread: Vec<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Object) -> Self {
        let spec = object.fields.get("spec");
        let text = |key: &str| spec.and_then(|spec| spec.get(key)?.as_str()).unwrap_or_default();
        let groups = spec.and_then(|spec| spec.get("groups")?.as_array()).into_iter().flatten();
        let groups = groups.filter_map(Value::as_str).collect();
        let fields = spec.and_then(Value::as_object).into_iter().flatten();
        let unread = fields.filter(|(key, _)| !["arn", "username", "groups"].contains(&key.as_str()));
        let unread = unread.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        let unread = unread.filter(|(_, value)| value.starts_with("arn:")).collect();
        Self { name: &object.name, arn: text("arn"), username: text("username"), groups, unread }
    }

    fn object(&self) -> aws_iam_authenticator::Object<'_> {
        let Self { name, arn, username, groups, unread } = self;
        aws_iam_authenticator::Object {
            name,
            arn,
            username,
            groups: groups.clone(),
            canonical_arn: "",
            unread: unread.clone(),
        }
    }
}

/// Writes into each object's status whom it is for, where that does not stand there: whoever looks at objects with kubectl,
/// and aws-iam-authenticator, go by it. Nobody here does.
async fn write_statuses(cluster: &Cluster, objects: &[Object]) {
    for object in objects {
        let spec = object.fields.get("spec").cloned().unwrap_or_default();
        let arn = spec.get("arn").and_then(Value::as_str).unwrap_or_default();
        let Ok(canonical) = aws_iam_authenticator::compared(Mode::Crd, arn) else { continue };
        let mut status = object.fields.get("status").filter(|status| status.is_object()).cloned().unwrap_or(json!({}));
        if status.get("canonicalARN").and_then(Value::as_str) == Some(&canonical) {
            continue;
        }
        status["canonicalARN"] = canonical.into();
        let Object { name, resource_version, .. } = object;
        let path = format!("/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings/{name}/status");
        let object = json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1",
            "kind": "IAMIdentityMapping",
            "metadata": {"name": name, "resourceVersion": resource_version},
            "spec": spec,
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
