//! Through which proxy an API server is reached, as kubectl has it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use tls::Proxies;

use crate::{no_proxy::excepts, usable};

/// Returns the proxy for a server. Servers on this machine have none, whatever `NO_PROXY` says (Go, `golang.org/x/net/http/httpproxy`).
pub(crate) fn proxy_of(proxies: &Proxies, server: &Uri) -> Result<Option<Uri>, String> {
    url_for(proxies, server)
        .map(|url| usable::proxy(&url).map_err(|why| format!("the proxy in HTTPS_PROXY cannot be used: {why}")))
        .transpose()
}

fn url_for(proxies: &Proxies, server: &Uri) -> Option<String> {
    let host = server.host()?.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback || host == "localhost" {
        return None;
    }
    let proxy = proxies.https.as_deref().filter(|proxy| !proxy.is_empty())?;
    let proxy = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    // A URL that is no proxy's stands for none.
    Matcher::builder().https(proxy.clone()).build().intercept(server)?;
    if excepts(proxies.except.as_deref().unwrap_or_default(), host, server.port_u16().unwrap_or(443)) {
        return None;
    }
    // Names are looked up by the proxy with either.
    Some(proxy.replacen("socks5h://", "socks5://", 1))
}

#[cfg(test)]
mod tests {
    use super::{Proxies, proxy_of};

    #[test]
    fn a_server_is_reached_as_kubectl_reaches_it() {
        let proxy = "http://proxy.example.com:3128";
        let rows = [
            ("no proxy", "", "", "https://api.example.com", None),
            ("a proxy", proxy, "", "https://api.example.com:6443", Some("http://proxy.example.com:3128/")),
            ("without a scheme", "proxy:3128", "", "https://api.example.com", Some("http://proxy:3128/")),
            (
                "with a password",
                "http://me:secret@proxy:3128",
                "",
                "https://api.example.com",
                Some("http://me:secret@proxy:3128/"),
            ),
            ("SOCKS", "socks5h://proxy:1080", "", "https://api.example.com", Some("socks5://proxy:1080/")),
            ("the server is excepted", proxy, "other.com,api.example.com", "https://api.example.com", None),
            ("its domain is", proxy, ".example.com", "https://api.example.com:6443", None),
            ("its network is", proxy, "10.0.0.0/8", "https://10.1.2.3:6443", None),
            ("everything is", proxy, "*", "https://api.example.com", None),
            ("its port is", proxy, "api.example.com:443", "https://api.example.com", None),
            (
                "another port is",
                proxy,
                "api.example.com:443",
                "https://api.example.com:6443",
                Some("http://proxy.example.com:3128/"),
            ),
            ("its address of IPv6 is", proxy, "[2001:db8::1]:6443", "https://[2001:db8::1]:6443", None),
            (
                "what is below it is",
                proxy,
                ".api.example.com",
                "https://api.example.com",
                Some("http://proxy.example.com:3128/"),
            ),
            ("another comma", proxy, "other.com,", "https://api.example.com", Some("http://proxy.example.com:3128/")),
            (
                "the proxy itself is, which is no matter",
                proxy,
                "proxy.example.com",
                "https://api.example.com",
                Some("http://proxy.example.com:3128/"),
            ),
            ("this machine", proxy, "", "https://127.0.0.1:6443", None),
            ("this machine by IPv6", proxy, "", "https://[::1]:6443", None),
            ("this machine by name", proxy, "", "https://localhost:6443", None),
        ];
        for (name, https, except, server, expected) in rows {
            let proxies = Proxies { https: Some(https.to_owned()), except: Some(except.to_owned()) };
            let found = proxy_of(&proxies, &server.parse().expect("a URL")).expect("a proxy that can be used");
            assert_eq!(found.map(|proxy| proxy.to_string()).as_deref(), expected, "{name}");
        }
    }
}
