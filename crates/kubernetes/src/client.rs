//! The HTTP client of one cluster: the Kubernetes client's layers, on connections that are opened here.
//!
//! Its own connections know SOCKS proxies without a password alone, and client certificates of X.509 version 3.

use std::{error::Error, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connection, HttpConnector, proxy::Tunnel},
    },
    rt::TokioExecutor,
};
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use rustls::{
    pki_types::ServerName,
    sign::{CertifiedKey, SingleCertAndKey},
};
use tower_service::Service;

use crate::{
    socks::{Login, Socks},
    usable,
};

/// How long a connection may take to come about, a proxy's and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may be silent: API servers end watches sooner than that, and lists arrive piece by piece.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// The client of a cluster, which shows this certificate; or why there is none. Credentials are sent by whoever asks.
pub(crate) fn client(config: &kube::Config, identity: Option<CertifiedKey>) -> Result<kube::Client, String> {
    let secure = Secure::of(config, identity)?;
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let Some(proxy) = &config.proxy_url else { return secure.client(direct, config) };
    let login = usable::login(proxy);
    match proxy.scheme_str() {
        Some("socks5") => secure.client(Socks::new(direct, proxy, login), config),
        // The proxy is shown and believed what the server is, as with Go.
        Some("https") => secure.client(tunnel(proxy, secure.over(direct), login), config),
        _ => secure.client(tunnel(proxy, direct, login), config),
    }
}

fn tunnel<C>(proxy: &Uri, connector: C, login: Option<Login>) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let Some(Login { user, password }) = login else { return tunnel };
    let pair = STANDARD.encode([&*user, b":", &*password].concat());
    tunnel.with_auth(HeaderValue::try_from(format!("Basic {pair}")).expect("base64 can stand in a header"))
}

/// Whom connections believe, and what they show.
struct Secure {
    tls: rustls::ClientConfig,
    server_name: Option<ServerName<'static>>,
}

impl Secure {
    fn of(config: &kube::Config, identity: Option<CertifiedKey>) -> Result<Self, String> {
        let mut tls = config
            .rustls_client_config()
            .map_err(|_| "unable to load root certificates: one of them is not a usable certificate".to_owned())?;
        if let Some(identity) = identity {
            tls.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(identity));
        }
        let server_name = config.tls_server_name.clone().map(ServerName::try_from).transpose();
        let server_name = server_name.map_err(|_| "its tls-server-name is not a valid server name".to_owned())?;
        Ok(Self { tls, server_name })
    }

    fn over<C>(&self, connector: C) -> HttpsConnector<C> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        let builder = match self.server_name.clone() {
            Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
            None => builder,
        };
        builder.enable_http1().wrap_connector(connector)
    }

    fn client<C>(&self, connector: C, config: &kube::Config) -> Result<kube::Client, String>
    where
        C: Service<Uri, Error: Error + Send + Sync, Future: Send> + Clone + Send + Sync + 'static,
        C::Response: Read + Write + Connection + Send + Unpin + 'static,
    {
        let mut connector = TimeoutConnector::new(self.over(connector));
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_read_timeout(Some(READ_TIMEOUT));
        let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build(connector);
        let impersonation = config.extra_headers_layer();
        let impersonation = impersonation.map_err(|_| {
            "the user that its user impersonates (`as`) has a character that HTTP headers do not allow".to_owned()
        })?;
        let builder = ClientBuilder::new(client, &*config.default_namespace);
        Ok(builder.with_layer(&impersonation).with_layer(&config.base_uri_layer()).build())
    }
}
