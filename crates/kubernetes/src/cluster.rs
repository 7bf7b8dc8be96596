//! One cluster and what can be asked of it.

use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use http_body_util::LengthLimitError;
use hyper::body::Bytes;
use kube::client::Body;
use tls::{ConnectionError, Trouble};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    KubernetesError,
    arriving::{Arriving, MAX_BODY},
    credentials::Credentials,
    status,
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
    client: kube::Client,
    credentials: Credentials,
    context: String,
    server: String,
    namespace: String,
}

impl Cluster {
    pub(crate) fn new(
        client: kube::Client,
        credentials: Credentials,
        context: String,
        server: String,
        namespace: String,
    ) -> Self {
        Self { client, credentials, context, server, namespace }
    }

    /// The kubeconfig context.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The API server's URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The namespace of the context, or `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Every resource that the cluster serves, as two `APIGroupDiscoveryList`s: of the core group, and of the others. None
    /// where it does not say so in this form, as those before Kubernetes 1.27.
    pub async fn discovery(&self) -> Result<Option<[Bytes; 2]>, KubernetesError> {
        let ask = |path| self.ask_whole(path, DISCOVERY);
        let (core, groups) = tokio::try_join!(ask("/api"), ask("/apis"))?;
        let is_list = |body: &Bytes| body.windows(LIST.len()).take(200).any(|found| found == LIST.as_bytes());
        Ok(core.zip(groups).filter(|(core, groups)| is_list(core) && is_list(groups)).map(<[Bytes; 2]>::from))
    }

    /// A whole list, as JSON that is still arriving; none where the cluster does not know such a resource. It is asked for
    /// in one piece, so that it is the state of one moment, and there is nothing to continue that could end meanwhile
    /// (410 Gone; Kubernetes, "API Concepts", "Retrieving large results sets in chunks").
    ///
    /// `path` is the resource's, as `/api/v1/namespaces`.
    pub async fn list<'a>(&'a self, path: &'a str) -> Result<Option<Arriving<'a>>, KubernetesError> {
        self.ask("list", path, JSON, DEADLINE).await
    }

    /// One object, as JSON; none where it is not there.
    ///
    /// `path` is the object's, as `/api/v1/namespaces/kube-system/configmaps/aws-auth`.
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
    ) -> Result<Option<Arriving<'a>>, KubernetesError> {
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
            StatusCode::BAD_REQUEST if status::needs_tls(&body) => {
                Err(KubernetesError::NeedsTls { server: self.server.clone(), context: self.context.clone() })
            }
            status => Err(self.refused(verb, path, status)),
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
            return Err(KubernetesError::NeedsTls { server: self.server.clone(), context: self.context.clone() });
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
    ) -> Result<(StatusCode, Arriving<'a>), KubernetesError> {
        let until = Instant::now() + within;
        for tries in 1.. {
            let mut request = request().expect("a path of ours makes a request");
            if let Some(credentials) = self.credentials.header(&self.context).await? {
                request.headers_mut().insert(header::AUTHORIZATION, credentials);
            }
            let answer = timeout_at(until, self.client.send(request)).await.map_err(|_| self.late(within))?;
            let answer = answer.map_err(|error| self.unsent(&error))?;
            let status = answer.status();
            let seconds = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            let answer = Arriving::new(self, path, answer.into_body(), until, within);
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

    pub(crate) fn late(&self, within: Duration) -> KubernetesError {
        KubernetesError::Late { server: self.server.clone(), within }
    }

    fn unsent(&self, error: &kube::Error) -> KubernetesError {
        let (server, context) = (self.server.clone(), self.context.clone());
        KubernetesError::Unreachable { server, context, why: Box::new(trouble(error)) }
    }

    pub(crate) fn cut_off(
        &self,
        path: &str,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> KubernetesError {
        if error.is::<LengthLimitError>() {
            return KubernetesError::TooLarge { what: resource(path), max: MAX_BODY };
        }
        let why = Box::new(trouble(error));
        KubernetesError::Unreachable { server: self.server.clone(), context: self.context.clone(), why }
    }

    pub(crate) fn refused(&self, verb: &'static str, path: &str, status: StatusCode) -> KubernetesError {
        let (server, context, what) = (self.server.clone(), self.context.clone(), resource(path));
        match status.as_u16() {
            401 => KubernetesError::Unauthorized { server, context },
            403 => KubernetesError::Forbidden { context, verb, what },
            status @ (429 | 500..=599) => KubernetesError::Unavailable { server, status },
            status => KubernetesError::Unexpected { server, what, status },
        }
    }
}

/// What happened to a connection. That what came was no HTTP, the client alone knows.
fn trouble(error: &(dyn std::error::Error + 'static)) -> ConnectionError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Trouble::NotHttp.into();
        }
        next = cause.source();
    }
    ConnectionError::of(error)
}

/// What a path is about, for people: `clusterroles`, or `configmaps kube-system/aws-auth`.
pub(crate) fn resource(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    // Behind `api/v1` or `apis/<group>/<version>`.
    let skip = if parts.next() == Some("api") { 1 } else { 2 };
    let parts: Vec<&str> = parts.skip(skip).collect();
    let parts: Vec<&str> = parts.iter().map(|part| part.split('?').next().unwrap_or(part)).collect();
    match parts[..] {
        ["namespaces", namespace, resource, name] => format!("{resource} {namespace}/{name}"),
        ["namespaces", namespace, resource] => format!("{resource} in {namespace}"),
        [resource, name] => format!("{resource} {name}"),
        _ => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn paths_are_said_as_people_say_them() {
        let rows = [
            ("/api/v1/namespaces", "namespaces"),
            ("/api/v1/namespaces/kube-system/configmaps/aws-auth", "configmaps kube-system/aws-auth"),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles", "clusterroles"),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles/edit", "clusterroles edit"),
            ("/apis/rbac.authorization.k8s.io/v1/namespaces/dev/roles", "roles in dev"),
        ];
        for (path, said) in rows {
            assert_eq!(resource(path), said, "{path}");
        }
    }
}
