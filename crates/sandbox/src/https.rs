//! The HTTPS endpoint: every AWS host name, HTTP/1.1 with keep-alive, everything bounded.

use std::{sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tls::TlsError;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{aws::Aws, certificates::Certificates};

/// How long requests that are under way may take when the sandbox stops.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// What a client has time for: its TLS handshake, and each request's head.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// How many clients are served at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 2_048;

/// Shows the certificates made for whatever name is asked for.
pub(crate) fn acceptor(certificates: Arc<Certificates>) -> Result<TlsAcceptor, TlsError> {
    let mut config = (*tls::server_config(certificates)?).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until it is told to stop; then connections end with the request that they are at.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    aws: Arc<Aws>,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Connections live in a set of their own, so that they end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some((stream, place)) = accept(&listener, &places) => {
                let (acceptor, aws, stopping) = (acceptor.clone(), Arc::clone(&aws), stopping.clone());
                connections.spawn(async move {
                    connection(stream, acceptor, aws, stopping).await;
                    drop(place);
                });
            }
            Some(_) = connections.join_next() => {}
            _ = stopping.changed() => break,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off with the set.
    let _ = timeout(GRACE, all).await;
}

/// The next client, once there is a place for it.
pub(crate) async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            // Out of file descriptors, most likely: it passes when a connection ends.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, aws: Arc<Aws>, mut stopping: watch::Receiver<bool>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    let service = service_fn(move |request| {
        let aws = Arc::clone(&aws);
        async move { aws.answer(request).await }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopping.changed() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    // Clients that break off end with an error that nobody needs; an error of our own is the fault that resets.
    if ended.is_err_and(|error| error.is_user()) {
        reset(&connection.into_parts().io.into_inner());
    }
}

/// Makes closing the connection a reset (RST), without TLS's or TCP's goodbye.
fn reset(stream: &TlsStream<TcpStream>) {
    // On a connection that is gone already there is nothing to reset.
    let _ = stream.get_ref().0.set_zero_linger();
}
