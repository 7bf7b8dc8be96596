//! Connections: accepted up to a bound, given a time for everything, and let finish when the server ends.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use http::StatusCode;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    pin,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{Webhook, routes};

/// The HTTPS listener.
pub struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    webhook: Arc<Webhook>,
}

impl Server {
    /// Listens; connections wait until [`Self::run`].
    pub async fn bind(address: SocketAddr, tls: Arc<ServerConfig>, webhook: Arc<Webhook>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(tls), webhook })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `shutdown` resolves; then requests under way may finish, for as long as the settings say.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, acceptor, webhook } = self;
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(webhook.settings.max_connections));
        pin!(shutdown);
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
                (slot, listener.accept().await)
            };
            tokio::select! {
                () = &mut shutdown => break,
                (slot, accepted) = next => match accepted {
                    Ok((stream, client)) => {
                        let (acceptor, webhook) = (acceptor.clone(), Arc::clone(&webhook));
                        tokio::spawn(connection(stream, client, acceptor, webhook, graceful.watcher(), slot));
                    }
                    // Out of file descriptors, most likely: they come back when connections end.
                    Err(error) => {
                        tracing::error!(error = %error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(listener);
        webhook.readiness.draining();
        let drain = webhook.settings.drain_timeout;
        if timeout(drain, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still under way when the time for finishing them was over");
        }
    }
}

async fn connection(
    stream: TcpStream,
    client: SocketAddr,
    acceptor: TlsAcceptor,
    webhook: Arc<Webhook>,
    watcher: Watcher,
    slot: OwnedSemaphorePermit,
) {
    let settings = &webhook.settings;
    let (handshake_timeout, header_timeout) = (settings.handshake_timeout, settings.header_timeout);
    let handshake = async {
        stream.set_nodelay(true)?;
        acceptor.accept(stream).await
    };
    let tls = match timeout(handshake_timeout, handshake).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => return tracing::debug!(client = %client, error = %error, "TLS handshake failed"),
        Err(_) => return tracing::debug!(client = %client, "TLS handshake took too long"),
    };
    let service = service_fn(move |request| routes::answer(Arc::clone(&webhook), client, request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(header_timeout)
        .max_concurrent_streams(256)
        .max_header_list_size(16 << 10)
        .adaptive_window(false);
    let connection = builder.serve_connection(TokioIo::new(tls), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(client = %client, error = %error, "connection ended early");
    }
    drop(slot);
}

/// The plain HTTP listener for health checks: `ok` to every question, and nothing else to be had.
pub struct Health(TcpListener);

impl Health {
    /// Listens.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(TcpListener::bind(address).await?))
    }

    /// Answers until dropped.
    pub async fn run(self) {
        let slots = Arc::new(Semaphore::new(16));
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let Ok((stream, _)) = self.0.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            tokio::spawn(async move {
                let ok = service_fn(async |_| {
                    Ok::<_, std::convert::Infallible>(routes::response(
                        StatusCode::OK,
                        "text/plain; charset=utf-8",
                        "ok",
                    ))
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(5)).keep_alive(false);
                // A health check that breaks off is its own affair.
                let _ = http.serve_connection(TokioIo::new(stream), ok).await;
                drop(slot);
            });
        }
    }
}
