//! Which endpoint a request is for: botocore's rules.

use ::http::Uri;
use identity::StsHost;

use crate::environment::Environment;

/// The URL of an AWS service, with the Region that requests are signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://<host>`, without a slash at the end.
    pub url: String,
    /// The Region of the credential scope.
    pub signing_region: String,
}

/// The reasons why no endpoint can be determined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The Region's name cannot be one.
    #[error("{0:?} is no AWS Region; give one like us-west-2 by --region or AWS_REGION")]
    Region(String),
    /// The variable that names an endpoint holds no URL.
    #[error("{0} must be a URL like https://sts.us-west-2.amazonaws.com")]
    Override(&'static str),
    /// The Region's partition has no such endpoint.
    #[error("there is no {0} endpoint in this Region's partition")]
    Variant(&'static str),
}

/// The Region that stands for `sts.amazonaws.com`.
pub(crate) const GLOBAL: &str = "aws-global";

/// The Regions whose legacy endpoint is the global one (botocore, `LEGACY_GLOBAL_STS_REGIONS`).
const LEGACY_GLOBAL_REGIONS: [&str; 16] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "aws-global",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Returns the endpoint of STS: `AWS_ENDPOINT_URL_STS`, else by Region, with `AWS_STS_REGIONAL_ENDPOINTS=legacy`, `AWS_USE_FIPS_ENDPOINT` and
/// `AWS_USE_DUALSTACK_ENDPOINT`. Without a Region it is the global one.
///
/// # Errors
///
/// [`EndpointError`]: a Region that is none, an override that is no URL, or a variant that the Region's partition does not have.
pub fn sts_endpoint(environment: &Environment, region: Option<&str>) -> Result<Endpoint, EndpointError> {
    let global = || Endpoint { url: "https://sts.amazonaws.com".to_owned(), signing_region: "us-east-1".to_owned() };
    let region = region.filter(|region| *region != GLOBAL);
    if let Some(url) = overridden(environment, "AWS_ENDPOINT_URL_STS")? {
        return Ok(Endpoint { url, signing_region: region.unwrap_or("us-east-1").to_owned() });
    }
    let Some(region) = region else { return Ok(global()) };
    let legacy = environment.get("AWS_STS_REGIONAL_ENDPOINTS") == Some("legacy");
    if legacy && LEGACY_GLOBAL_REGIONS.contains(&region) {
        return Ok(global());
    }
    regional(environment, "sts", region)
}

/// EC2: `AWS_ENDPOINT_URL_EC2`, else by Region, FIPS or dual-stack as above.
pub(crate) fn ec2_endpoint(environment: &Environment, region: &str) -> Result<Endpoint, EndpointError> {
    match overridden(environment, "AWS_ENDPOINT_URL_EC2")? {
        Some(url) => Ok(Endpoint { url, signing_region: region.to_owned() }),
        None => regional(environment, "ec2", region),
    }
}

pub(crate) fn overridden(environment: &Environment, variable: &'static str) -> Result<Option<String>, EndpointError> {
    let Some(text) = environment.get(variable) else { return Ok(None) };
    let url = text.parse::<Uri>().map_err(|_| EndpointError::Override(variable))?;
    let known = matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some_and(|host| !host.is_empty());
    // A query would swallow the parameters; user info is never sent, and would be signed.
    let plain = url.query().is_none() && url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if known && plain {
        Ok(Some(text.trim_end_matches('/').to_owned()))
    } else {
        Err(EndpointError::Override(variable))
    }
}

/// `<service>.<region>.<suffix>` of the Region's partition, dual-stack where that is asked for.
pub(crate) fn regional_host(environment: &Environment, service: &str, region: &str) -> Result<String, EndpointError> {
    let partition = StsHost::regional(region).map_err(|_| EndpointError::Region(region.to_owned()))?.partition();
    let suffix = if environment.is_true("AWS_USE_DUALSTACK_ENDPOINT") {
        partition.dual_stack_suffix().ok_or(EndpointError::Variant("dual-stack"))?
    } else {
        partition.dns_suffix()
    };
    Ok(format!("{service}.{region}.{suffix}"))
}

fn regional(environment: &Environment, service: &str, region: &str) -> Result<Endpoint, EndpointError> {
    let fips = if environment.is_true("AWS_USE_FIPS_ENDPOINT") { "-fips" } else { "" };
    let host = regional_host(environment, &format!("{service}{fips}"), region)?;
    Ok(Endpoint { url: format!("https://{host}"), signing_region: region.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{EndpointError, ec2_endpoint, sts_endpoint};
    use crate::environment::Environment;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let vars = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment { vars, home: None }
    }

    #[test]
    fn an_override_must_be_a_url_that_can_be_signed() {
        let given = |url| sts_endpoint(&environment(&[("AWS_ENDPOINT_URL_STS", url)]), Some("us-west-2"));
        let refused = [
            "sts.example.com",
            "ftp://sts.example.com",
            "https://",
            "https://bad host",
            "https://a@b",
            "https://a/?x=y",
        ];
        for url in refused {
            assert_eq!(given(url), Err(EndpointError::Override("AWS_ENDPOINT_URL_STS")), "{url}");
        }
        let endpoint = given("http://127.0.0.1:4566/").expect("an endpoint");
        assert_eq!((endpoint.url.as_str(), endpoint.signing_region.as_str()), ("http://127.0.0.1:4566", "us-west-2"));
    }

    #[test]
    fn a_region_must_have_the_form_of_one() {
        for region in ["us-west-2.evil.example", "us west 2", "US-WEST-2", "us-west-2/"] {
            let refused = EndpointError::Region(region.to_owned());
            assert_eq!(sts_endpoint(&Environment::default(), Some(region)), Err(refused.clone()));
            assert_eq!(ec2_endpoint(&Environment::default(), region), Err(refused));
        }
    }

    #[test]
    fn ec2_is_found_by_region_and_partition() {
        let rows = [
            ("", "", "us-west-2", "https://ec2.us-west-2.amazonaws.com"),
            ("", "", "cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn"),
            ("AWS_USE_FIPS_ENDPOINT", "true", "us-gov-west-1", "https://ec2-fips.us-gov-west-1.amazonaws.com"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "true", "eu-west-1", "https://ec2.eu-west-1.api.aws"),
            ("AWS_ENDPOINT_URL_EC2", "https://vpce.example.com/", "eu-west-1", "https://vpce.example.com"),
        ];
        for (variable, value, region, url) in rows {
            let endpoint = ec2_endpoint(&environment(&[(variable, value)]), region).expect("an endpoint");
            assert_eq!((endpoint.url.as_str(), endpoint.signing_region.as_str()), (url, region));
        }
    }
}
