//! Opening one TCP connection: to the given address, through a proxy's tunnel, or to the URL's host.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ::http::{Uri, uri::Authority};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Transport, names::ResolvedHosts};
use crate::AwsError;

/// What opens connections.
#[derive(Clone)]
pub(super) struct Dial {
    connect_to: Option<Arc<str>>,
    proxies: Arc<Matcher>,
    /// Hosts without a proxy on one port alone, as `host:port`.
    except: Arc<[String]>,
    direct: HttpConnector<ResolvedHosts>,
}

impl Dial {
    pub(super) fn new(transport: &Transport, names: ResolvedHosts) -> Result<Self, AwsError> {
        let mut direct = HttpConnector::new_with_resolver(names);
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let mut proxies = Matcher::builder();
        if let Some(proxy) = &transport.proxy.https {
            let url = proxy.parse::<Uri>().map_err(|_| AwsError::Proxy)?;
            // Without a scheme it is http, as for curl. TLS to the proxy itself is not spoken here.
            if url.host().is_none() || url.scheme_str().is_some_and(|scheme| scheme != "http") {
                return Err(AwsError::Proxy);
            }
            proxies = proxies.https(proxy.clone());
        }
        if let Some(except) = &transport.proxy.except {
            proxies = proxies.no(except.clone());
        }
        Ok(Self {
            connect_to: transport.connect_to.as_deref().map(Arc::from),
            proxies: Arc::new(proxies.build()),
            except: transport
                .proxy
                .except
                .iter()
                .flat_map(|all| all.split(','))
                .map(|one| one.trim().to_owned())
                .collect(),
            direct,
        })
    }

    /// The proxy for a URL.
    fn proxy(&self, uri: &Uri) -> Option<Intercept> {
        let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
        let is_excepted = self.except.iter().any(|one| one.eq_ignore_ascii_case(authority));
        self.proxies.intercept(uri).filter(|_| !is_excepted)
    }
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.direct.poll_ready(cx).map_err(io::Error::other)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let mut direct = self.direct.clone();
        let connect_to = self.connect_to.clone();
        let proxy = if connect_to.is_some() { None } else { self.proxy(&uri) };
        Box::pin(async move {
            match (connect_to, proxy) {
                (Some(address), _) => {
                    let stream = TcpStream::connect(&*address).await?;
                    stream.set_nodelay(true)?;
                    Ok(TokioIo::new(stream))
                }
                (None, Some(proxy)) => {
                    let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
                    if let Some(auth) = proxy.basic_auth() {
                        tunnel = tunnel.with_auth(auth.clone());
                    }
                    tunnel.call(uri).await.map_err(io::Error::other)
                }
                (None, None) => direct.call(uri).await.map_err(io::Error::other),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::names::ResolvedHosts, Dial};
    use crate::{AwsError, Transport, environment::Environment};

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn dial(variables: Variables<'_>) -> Result<Dial, AwsError> {
        let vars = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let proxy = crate::http::proxies(&Environment { vars, home: None });
        Dial::new(&Transport { proxy, ..Transport::default() }, ResolvedHosts::of_the_system())
    }

    #[test]
    fn a_proxy_is_taken_for_https_but_for_the_hosts_excepted() {
        let proxy = ("HTTPS_PROXY", "http://proxy.example.com:3128");
        let rows: &[(&str, Variables<'_>, &str, bool)] = &[
            ("no variable", &[], "https://sts.us-west-2.amazonaws.com/", false),
            ("the variable", &[proxy], "https://sts.us-west-2.amazonaws.com/", true),
            ("in lower case", &[("https_proxy", "proxy:3128")], "https://sts.us-west-2.amazonaws.com/", true),
            ("an empty one in lower case", &[proxy, ("https_proxy", "")], "https://sts.amazonaws.com/", false),
            (
                "no exception after all",
                &[proxy, ("NO_PROXY", "sts.amazonaws.com"), ("no_proxy", "")],
                "https://sts.amazonaws.com/",
                true,
            ),
            ("a port", &[proxy, ("NO_PROXY", "x, STS.local:8443")], "https://sts.local:8443/", false),
            ("another port", &[proxy, ("NO_PROXY", "sts.local:8443")], "https://sts.local:443/", true),
            ("plain HTTP is this machine's metadata", &[proxy], "http://169.254.169.254/latest", false),
            (
                "excepted",
                &[proxy, ("NO_PROXY", "sts.us-west-2.amazonaws.com")],
                "https://sts.us-west-2.amazonaws.com/",
                false,
            ),
            (
                "excepted with its domain",
                &[proxy, ("NO_PROXY", "x, .amazonaws.com")],
                "https://sts.amazonaws.com/",
                false,
            ),
            ("another is excepted", &[proxy, ("NO_PROXY", "example.com")], "https://sts.amazonaws.com/", true),
            ("all are excepted", &[proxy, ("no_proxy", "*")], "https://sts.amazonaws.com/", false),
        ];
        for (name, variables, url, expected) in rows {
            let dial = dial(variables).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(dial.proxy(&url.parse().expect("a URL")).is_some(), *expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_repeating_it() {
        for proxy in ["https://user:secret@proxy.example.com", "socks5://proxy:1080", "http://", "proxy secret"] {
            let refused = dial(&[("HTTPS_PROXY", proxy)]).err().map(|error| error.to_string());
            let expected = "HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128";
            assert_eq!(refused.as_deref(), Some(expected), "{proxy}");
        }
    }
}
