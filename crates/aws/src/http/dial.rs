//! Opening one TCP connection: to the given address, through a proxy's tunnel, or to the URL's host.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ::http::Uri;
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
    /// Hosts without a proxy, in small letters: `host`, `host:port`, and what hosts end with.
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
                .map(|one| one.trim().trim_start_matches('.').to_ascii_lowercase())
                .filter(|one| !one.is_empty())
                .collect(),
            direct,
        })
    }

    /// The proxy for a URL.
    fn proxy(&self, uri: &Uri) -> Option<Intercept> {
        let authority = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default();
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let is_excepted = self.except.iter().any(|one| ends_with(&host, one) || ends_with(&authority, one));
        self.proxies.intercept(uri).filter(|_| !is_excepted)
    }
}

/// Whether a host is this one, or below it. With the port or without: so says the AWS CLI (`proxy_bypass_environment` of Python's urllib).
fn ends_with(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
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

    /// The last column is what `urllib.request.proxy_bypass_environment` says, with which the AWS CLI decides it, and what differs is said.
    #[test]
    fn whoever_the_aws_cli_asks_without_a_proxy_is_asked_without_one() {
        const STS: &str = "sts.us-west-2.amazonaws.com";
        let rows = [
            ("*", STS, true),
            (STS, STS, true),
            ("STS.us-west-2.AmazonAWS.com", STS, true),
            ("amazonaws.com", STS, true),
            (".amazonaws.com", STS, true),
            ("..amazonaws.com", STS, true),
            ("localhost, amazonaws.com ,x", STS, true),
            ("aws.com", STS, false),
            ("*.amazonaws.com", STS, false),
            ("us-west-2.amazonaws.com.", STS, false),
            ("amazonaws.com:443", STS, false),
            ("localhost,127.0.0.1", STS, false),
            ("", STS, false),
            (",", STS, false),
            ("sts.local:8443", "sts.local:8443", true),
            ("sts.local:8443", "sts.local", false),
            (".local:8443", "sts.local:8443", true),
            ("sts.local", "sts.local:8443", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7:8443", "10.0.0.7:8443", true),
            ("10.0.0", "10.0.0.7", false),
        ];
        // More than that is meant by these, as Go has it and so aws-iam-authenticator: `*` in a list, and networks.
        let more = [("x,*", STS), ("10.0.0.0/8", "10.0.0.7")];
        let rows = rows.into_iter().chain(more.map(|(except, host)| (except, host, true)));
        for (except, host, expected) in rows {
            let variables = [("HTTPS_PROXY", "http://proxy.example.com:3128"), ("NO_PROXY", except)];
            let dial = dial(&variables).unwrap_or_else(|error| panic!("{except}: {error}"));
            let uri = format!("https://{host}/").parse().expect("a URL");
            assert_eq!(dial.proxy(&uri).is_none(), expected, "NO_PROXY={except} for {host}");
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
