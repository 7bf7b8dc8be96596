//! Which servers `NO_PROXY` leaves to be reached without a proxy, as Go has it and so kubectl.
//!
//! Source: `golang.org/x/net/http/httpproxy`, `config.init` and `useProxy`.

use std::net::IpAddr;

/// Returns whether a server is excepted; `host` has no brackets.
pub(crate) fn excepts(list: &str, host: &str, port: u16) -> bool {
    let host = host.to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = network(&entry) {
            return address.is_some_and(|address| is_within(address, network, bits));
        }
        let (name, of_port) = split(&entry);
        let is_port = of_port.is_empty() || of_port == port.to_string();
        let is_host = match (name.parse::<IpAddr>(), address) {
            (Ok(excepted), Some(address)) => excepted.to_canonical() == address.to_canonical(),
            (Err(_), None) => is_domain(name, &host),
            (Ok(_), None) | (Err(_), Some(_)) => false,
        };
        is_host && is_port
    })
}

/// `example.com` is itself and all below, `.example.com` and `*.example.com` all below alone.
fn is_domain(name: &str, host: &str) -> bool {
    let name = if name.starts_with("*.") { &name[1..] } else { name };
    if name.is_empty() {
        false
    } else if name.starts_with('.') {
        host.ends_with(name)
    } else {
        host == name || host.strip_suffix(name).is_some_and(|above| above.ends_with('.'))
    }
}

/// Host and port of `host:port` and `[address]:port`; everything else has no port.
fn split(entry: &str) -> (&str, &str) {
    let split = match entry.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => entry.split_once(':'),
    };
    split.filter(|(_, port)| !port.contains([':', '[', ']'])).unwrap_or((entry, ""))
}

/// `10.0.0.0/8`: an address, and how many of its bits count.
fn network(entry: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = entry.split_once('/')?;
    let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let all = if address.is_ipv4() { 32 } else { 128 };
    (bits <= all).then_some((address, bits))
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::excepts;

    #[test]
    fn servers_are_excepted_as_go_has_it() {
        let (api, v4, v6) = ("api.test.invalid", "240.1.2.3", "2001:db8::1");
        let rows = [
            ("", api, false),
            ("*", api, true),
            ("*", v4, true),
            ("x,*", v6, true),
            ("240.1.2.3", v4, true),
            ("240.1.2.3:6443", v4, true),
            ("240.1.2.3:443", v4, false),
            ("240.1.2.3", api, false),
            ("2001:db8::1", v6, true),
            ("[2001:db8::1]:6443", v6, true),
            ("[2001:db8::1]:443", v6, false),
            ("[2001:db8::1]", v6, false),
            ("240.0.0.0/8", v4, true),
            ("241.0.0.0/8", v4, false),
            ("0.0.0.0/0", v4, true),
            ("0.0.0.0/0", v6, false),
            ("240.1.2.3/32", v4, true),
            ("240.1.2.3/33", v4, false),
            ("2001:db8::/32", v6, true),
            ("::/0", v6, true),
            ("::/0", api, false),
            ("test.invalid", api, true),
            ("est.invalid", api, false),
            ("TEST.invalid , x", api, true),
            (".test.invalid", api, true),
            ("*.test.invalid", api, true),
            ("api.test.invalid", api, true),
            (".api.test.invalid", api, false),
            ("*.api.test.invalid", api, false),
            ("api.test.invalid:6443", api, true),
            ("test.invalid:6443", api, true),
            (".test.invalid:6443", api, true),
            ("api.test.invalid:443", api, false),
            ("api.test.invalid:", api, true),
            (":6443", api, false),
            ("api.*.invalid", api, false),
        ];
        for (list, host, expected) in rows {
            assert_eq!(excepts(list, host, 6443), expected, "NO_PROXY={list} {host}");
        }
    }
}
