//! The proxy that the environment names.

/// The variables that name a proxy for `https://` URLs, and the hosts without one.
// No Debug: the URL may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub except: Option<String>,
}

/// Which spelling of a variable wins where both are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The lower-case one, as in curl and the AWS CLI.
    Lower,
    /// The upper-case one, as in Go and so in kubectl (`golang.org/x/net/http/httpproxy`, `FromEnvironment`).
    Upper,
}

impl Proxies {
    /// Reads the variables. `get` returns one that is set and not empty.
    pub fn read<'e>(first: Spelling, get: impl Fn(&'static str) -> Option<&'e str>) -> Self {
        let either = |[lower, upper]: [&'static str; 2]| {
            let names = if first == Spelling::Lower { [lower, upper] } else { [upper, lower] };
            names.into_iter().find_map(&get).map(str::to_owned)
        };
        Self { https: either(["https_proxy", "HTTPS_PROXY"]), except: either(["no_proxy", "NO_PROXY"]) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxies, Spelling};

    #[test]
    fn each_ecosystem_has_its_own_precedence() {
        let both = |name| match name {
            "https_proxy" => Some("lower"),
            "HTTPS_PROXY" => Some("upper"),
            "NO_PROXY" => Some("except"),
            _ => None,
        };
        for (first, expected) in [(Spelling::Lower, "lower"), (Spelling::Upper, "upper")] {
            let Proxies { https, except } = Proxies::read(first, both);
            assert_eq!((https.as_deref(), except.as_deref()), (Some(expected), Some("except")), "{first:?}");
        }
    }
}
