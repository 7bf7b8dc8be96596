//! Objects as they are, and as they change, for as long as somebody looks.
//!
//! The Kubernetes client's watcher goes on where it was when an API server ends a watch, is away for a while, or has
//! forgotten the version that was seen last. It begins with a *streaming list*, for which the verb `watch` is enough; where
//! an API server has none of those (Kubernetes, "API Concepts", "Streaming lists"), with a list; and where that is not allowed
//! either, one object with a plain watch.

mod plain;

use std::{
    future::Future,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _};
use http::{Request, Response, StatusCode, header};
use kube::{
    Api,
    api::{ApiResource, DynamicObject},
    client::Body,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event, InitialListStrategy},
    },
};
use serde_json::Value;
use tokio::{sync::Notify, time::sleep};
use tower_service::Service;

use crate::{Cluster, KubernetesError, Resource};

/// The objects to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The resource.
    pub resource: Resource,
    /// Its kind.
    pub kind: &'static str,
    /// Namespace and name of the only object that matters; none where all of them do, of every namespace.
    pub only: Option<(&'static str, &'static str)>,
}

/// A watched object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its version, for changing it and nothing else.
    pub resource_version: String,
    /// Everything but its metadata: `spec`, `status`, `data`.
    pub fields: Value,
}

/// A change of the watched objects.
#[derive(Debug)]
pub enum Change {
    /// These are all objects that there are. It comes first, and whenever changes may have been missed.
    All(Vec<Object>),
    /// There is this object, new or changed.
    Applied(Object),
    /// The object of this name is gone.
    Gone(String),
    /// Whoever answers knows no such resource: [`Cluster::lacks_group`] tells whether that is the cluster's word.
    NotServed,
    /// Nothing can be seen now; it is tried again.
    Failed {
        /// Why.
        error: KubernetesError,
        /// Whether a watch was open that broke off; otherwise none could be opened.
        was_open: bool,
    },
    /// After that the API server answers again. What has changed meanwhile follows.
    Restored,
}

/// How long the first list may take to come, before it is asked for in the other way.
const PATIENCE: Duration = Duration::from_secs(30);

/// API servers are asked to end a watch after that long, so that a connection that is silent for longer is dead.
const LASTS_SECONDS: u32 = 60;

/// Tells what there is and each change of it, until it is told to break.
///
/// Trouble does not end it: it is told as [`Change::Failed`], and the watch is tried again after three seconds at most.
pub async fn watch(cluster: &Arc<Cluster>, what: Watched, mut tell: impl FnMut(Change) -> ControlFlow<()>) {
    let resource = ApiResource {
        group: what.resource.api_group.to_owned(),
        version: what.resource.version.to_owned(),
        api_version: what.resource.api_version(),
        kind: what.kind.to_owned(),
        plural: what.resource.name.to_owned(),
    };
    let answered = Arc::new(Notify::new());
    let authorized = Authorized { cluster: Arc::clone(cluster), answered: Arc::clone(&answered) };
    let client = kube::Client::new(authorized, cluster.namespace());
    let api: Api<DynamicObject> = match what.only {
        Some((namespace, _)) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let mut begin = InitialListStrategy::StreamingList;
    loop {
        match follow(cluster, what, (&api, &answered), begin, &mut tell).await {
            ControlFlow::Break(()) => return,
            ControlFlow::Continue(Next::List) => begin = InitialListStrategy::ListWatch,
            ControlFlow::Continue(Next::Plain) => {
                let _ = plain::follow(cluster, what, &api, &mut tell).await;
                return;
            }
        }
    }
}

/// How to begin where another way leads nowhere.
enum Next {
    /// With a list.
    List,
    /// With neither a streaming list nor a list.
    Plain,
}

/// Continues where this way to begin leads nowhere.
async fn follow(
    cluster: &Cluster,
    what: Watched,
    (api, answered): (&Api<DynamicObject>, &Notify),
    begin: InitialListStrategy,
    tell: &mut impl FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<(), Next> {
    let is_streaming = begin == InitialListStrategy::StreamingList;
    let config = watcher::Config {
        field_selector: what.only.map(|(_, name)| format!("metadata.name={name}")),
        timeout: Some(LASTS_SECONDS),
        initial_list_strategy: begin,
        ..watcher::Config::default()
    };
    let mut events = pin!(watcher::watcher(api.clone(), config).backoff(Pace::default()));
    let mut listed = Vec::new();
    let (mut has_begun, mut has_failed) = (false, false);
    loop {
        let is_awaited = is_streaming && !has_begun;
        let next = tokio::select! {
            biased;
            next = events.next() => next,
            () = answered.notified(), if has_failed => {
                has_failed = false;
                tell(Change::Restored)?;
                continue;
            }
            () = sleep(PATIENCE), if is_awaited => return ControlFlow::Continue(Next::List),
        };
        match next {
            None => return ControlFlow::Continue(Next::List),
            Some(Ok(Event::Init)) => listed.clear(),
            Some(Ok(Event::InitApply(object))) => listed.push(object.into()),
            Some(Ok(Event::InitDone)) => {
                has_begun = true;
                tell(Change::All(std::mem::take(&mut listed)))?;
            }
            Some(Ok(Event::Apply(object))) => tell(Change::Applied(object.into()))?,
            Some(Ok(Event::Delete(object))) => tell(Change::Gone(Object::from(object).name))?,
            Some(Err(error)) => match trouble(cluster, what, error) {
                Some(Trouble::OtherWay) if is_streaming && !has_begun => return ControlFlow::Continue(Next::List),
                Some(Trouble::NoList) if what.only.is_some() => return ControlFlow::Continue(Next::Plain),
                Some(Trouble::OtherWay | Trouble::NoList) | None => {}
                Some(Trouble::Told(change)) => {
                    if matches!(change, Change::Failed { .. }) {
                        // Only what is answered from now on says that it answers again.
                        let _ = answered.notified().now_or_never();
                        has_failed = true;
                    }
                    tell(change)?;
                }
            },
        }
    }
}

enum Trouble {
    /// The API server does not know this way to begin.
    OtherWay,
    /// The one object that matters may be watched at most, and not listed.
    NoList,
    Told(Change),
}

/// What an error of the watcher's means; `None` if it goes on by itself.
fn trouble(cluster: &Cluster, what: Watched, error: watcher::Error) -> Option<Trouble> {
    let was_open = matches!(error, watcher::Error::WatchFailed(_) | watcher::Error::WatchError(_));
    let failed = |error| Trouble::Told(Change::Failed { error, was_open });
    let (verb, error) = match error {
        watcher::Error::InitialListFailed(error) => ("list", error),
        watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => ("watch", error),
        // The version that was seen last is forgotten: all objects are listed anew.
        watcher::Error::WatchError(status) if status.code == StatusCode::GONE.as_u16() => return None,
        watcher::Error::WatchError(status) => ("watch", kube::Error::Api(status)),
        watcher::Error::NoResourceVersion => return Some(Trouble::OtherWay),
    };
    let status = match &error {
        kube::Error::Api(status) => StatusCode::from_u16(status.code).ok(),
        _ => None,
    };
    Some(match status {
        Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) if verb == "watch" => Trouble::OtherWay,
        Some(StatusCode::FORBIDDEN) if verb == "list" && what.only.is_some() => Trouble::NoList,
        // Of the core group every API server has every resource.
        Some(StatusCode::NOT_FOUND) if !what.resource.api_group.is_empty() => Trouble::Told(Change::NotServed),
        Some(status) => failed(cluster.endpoint.refused(verb, &what.path(), status)),
        None => failed(match error {
            kube::Error::Service(cause) => match cause.downcast::<KubernetesError>() {
                Ok(error) => *error,
                Err(cause) => cluster.endpoint.unsent(&kube::Error::Service(cause)),
            },
            error => cluster.endpoint.unsent(&error),
        }),
    })
}

impl Watched {
    fn path(&self) -> String {
        match self.only {
            Some((namespace, name)) => self.resource.object(Some(namespace), name),
            None => self.resource.list(None),
        }
    }
}

impl From<DynamicObject> for Object {
    fn from(object: DynamicObject) -> Self {
        Self {
            name: object.metadata.name.unwrap_or_default(),
            resource_version: object.metadata.resource_version.unwrap_or_default(),
            fields: object.data,
        }
    }
}

/// The time between two tries: twice as long each time.
struct Pace(Duration);

impl Pace {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(3);
}

impl Default for Pace {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

impl Iterator for Pace {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        Some(pause)
    }
}

impl kube::runtime::utils::Backoff for Pace {
    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The cluster's client with the credentials that each request has to have.
struct Authorized {
    cluster: Arc<Cluster>,
    /// Told of every answer that is none of trouble.
    answered: Arc<Notify>,
}

impl Service<Request<Body>> for Authorized {
    type Response = Response<Body>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (cluster, answered) = (Arc::clone(&self.cluster), Arc::clone(&self.answered));
        Box::pin(async move {
            if let Some(credentials) = cluster.credentials.header(&cluster.endpoint.context).await? {
                request.headers_mut().insert(header::AUTHORIZATION, credentials);
            }
            let answer = cluster.client.send(request).await?;
            if answer.status().is_success() {
                answered.notify_one();
            }
            Ok(answer)
        })
    }
}
