//! One cluster and what can be asked of it.

use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use hyper::body::Bytes;
use kube::client::Body;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    ContextName, KubernetesError, credentials::Credentials, endpoint::Endpoint, list_stream::ListStream, status,
};

/// How long one answer may take from the question to its last byte; a list of 100,000 bindings takes a few seconds. API
/// servers end what takes longer themselves (kube-apiserver's `--request-timeout`).
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// The same of an answer about one thing.
pub(crate) const PROMPT: Duration = Duration::from_secs(20);
/// How often a server is asked that says when it will have time.
const TRIES: usize = 5;

const JSON: &str = "application/json";
/// Kubernetes, "Aggregated discovery".
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                         application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const LIST: &str = "APIGroupDiscoveryList";

/// An API server, asked with the credentials of one kubeconfig context.
pub struct Cluster {
    pub(crate) client: kube::Client,
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Endpoint,
    namespace: String,
}

impl Cluster {
    pub(crate) fn new(
        client: kube::Client,
        credentials: Credentials,
        context: ContextName,
        server: String,
        namespace: String,
    ) -> Self {
        Self { client, credentials, endpoint: Endpoint { context, server }, namespace }
    }

    /// Returns the kubeconfig context.
    pub fn context(&self) -> &str {
        self.endpoint.context.as_str()
    }

    /// Returns the API server's URL.
    pub fn server(&self) -> &str {
        &self.endpoint.server
    }

    /// Returns the namespace of the context, or `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns every resource that the cluster serves, as two `APIGroupDiscoveryList`s: of the core group, and of the others.
    /// None where it does not say so in this form, as those before Kubernetes 1.27.
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known of what the cluster has then.
    pub async fn discovery(&self) -> Result<Option<[Bytes; 2]>, KubernetesError> {
        let ask = |path| self.ask_whole(path, DISCOVERY);
        let (core, groups) = tokio::try_join!(ask("/api"), ask("/apis"))?;
        let is_list = |body: &Bytes| body.windows(LIST.len()).take(200).any(|found| found == LIST.as_bytes());
        Ok(core.zip(groups).filter(|(core, groups)| is_list(core) && is_list(groups)).map(<[Bytes; 2]>::from))
    }

    /// Returns whether the API server says that it serves no resources of a group; false where anything else answers in its
    /// place.
    ///
    /// # Errors
    ///
    /// There is no answer, or none that says yes or no.
    pub async fn lacks_group(&self, group: &str) -> Result<bool, KubernetesError> {
        #[derive(serde::Deserialize)]
        struct Groups {
            kind: String,
            groups: Vec<Group>,
        }
        #[derive(serde::Deserialize)]
        struct Group {
            name: String,
        }
        let answer = self.get("/apis").await?;
        let groups: Option<Groups> = answer.and_then(|answer| serde_json::from_slice(&answer).ok());
        let groups = groups.filter(|groups| groups.kind == "APIGroupList");
        Ok(groups.is_some_and(|groups| groups.groups.iter().all(|one| one.name != group)))
    }

    /// Requests a whole list and returns the stream of its JSON, or `None` if the cluster does not have this resource. The list is
    /// requested in one piece, not in chunks, so it shows one moment and cannot expire halfway (410 Gone; Kubernetes, "API
    /// Concepts", "Retrieving large results sets in chunks").
    ///
    /// `path` is the resource's, as `/api/v1/namespaces`.
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known of the list then. The same can come while it arrives.
    pub async fn list<'a>(&'a self, path: &'a str) -> Result<Option<ListStream<'a>>, KubernetesError> {
        self.ask("list", path, JSON, DEADLINE).await
    }

    /// Returns one object, as JSON, or `None` if it does not exist.
    ///
    /// `path` is the object's, as `/api/v1/namespaces/kube-system/configmaps/aws-auth`.
    ///
    /// # Errors
    ///
    /// [`KubernetesError`]: nothing is known of the object then, not that it is absent.
    pub async fn get(&self, path: &str) -> Result<Option<Bytes>, KubernetesError> {
        self.ask_whole(path, JSON).await
    }

    async fn ask_whole(&self, path: &str, accept: &str) -> Result<Option<Bytes>, KubernetesError> {
        match self.ask("get", path, accept, PROMPT).await? {
            Some(answer) => Ok(Some(answer.whole().await?)),
            None => Ok(None),
        }
    }

    async fn ask<'a>(
        &'a self,
        verb: &'static str,
        path: &'a str,
        accept: &str,
        within: Duration,
    ) -> Result<Option<ListStream<'a>>, KubernetesError> {
        let request =
            || Request::builder().method(Method::GET).uri(path).header(header::ACCEPT, accept).body(Body::empty());
        let (status, answer) = self.answer(path, within, request).await?;
        if status == StatusCode::OK {
            return Ok(Some(answer));
        }
        // Read to its end, so that the connection serves the next question.
        let body = answer.whole().await?;
        match status {
            StatusCode::NOT_FOUND if status::says_not_found(&body) => Ok(None),
            StatusCode::BAD_REQUEST if status::needs_tls(&body) => Err(self.endpoint.needs_tls()),
            status => Err(self.endpoint.refused(verb, path, status)),
        }
    }

    /// One request and its whole answer, whatever its status.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<(StatusCode, Bytes), KubernetesError> {
        let body = Bytes::from(body);
        let request = || {
            let request = Request::builder().method(method.clone()).uri(path).header(header::ACCEPT, JSON);
            request.header(header::CONTENT_TYPE, content_type).body(Body::from(body.to_vec()))
        };
        let (status, answer) = self.answer(path, within, request).await?;
        let body = answer.whole().await?;
        if status == StatusCode::BAD_REQUEST && status::needs_tls(&body) {
            return Err(self.endpoint.needs_tls());
        }
        Ok((status, body))
    }

    /// Asks, and again where the server says after how many seconds it will have time, as kubectl does (Kubernetes,
    /// `client-go/rest/with_retry.go`). Whoever says so has done nothing of what was asked for.
    async fn answer<'a>(
        &'a self,
        path: &'a str,
        within: Duration,
        request: impl Fn() -> http::Result<Request<Body>>,
    ) -> Result<(StatusCode, ListStream<'a>), KubernetesError> {
        let until = Instant::now() + within;
        for tries in 1.. {
            let mut request = request().expect("a path of ours makes a request");
            if let Some(credentials) = self.credentials.header(&self.endpoint.context).await? {
                request.headers_mut().insert(header::AUTHORIZATION, credentials);
            }
            let answer = timeout_at(until, self.client.send(request)).await.map_err(|_| self.endpoint.late(within))?;
            let answer = answer.map_err(|error| self.endpoint.unsent(&error))?;
            let status = answer.status();
            let seconds = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            let answer = ListStream::new(&self.endpoint, path, answer.into_body(), until, within);
            let again = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
            match again.filter(|again| is_busy && tries < TRIES && *again < until) {
                Some(again) => {
                    answer.whole().await?;
                    sleep_until(again).await;
                }
                None => return Ok((status, answer)),
            }
        }
        unreachable!("the last try is returned")
    }
}
