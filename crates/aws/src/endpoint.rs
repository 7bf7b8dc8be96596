//! Which STS endpoint a token is for.

use identity::StsHost;

use crate::credentials::Environment;

/// Where a request goes and what it is signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://<host>`, without a slash at the end.
    pub url: String,
    /// The Region of the credential scope.
    pub signing_region: String,
}

/// Why there is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The Region's name cannot be one.
    #[error("{0:?} is no AWS Region; give one like us-west-2 by --region or AWS_REGION")]
    Region(String),
    /// `AWS_ENDPOINT_URL_STS` is not a URL.
    #[error("AWS_ENDPOINT_URL_STS must be a URL like https://sts.us-west-2.amazonaws.com")]
    Override,
    /// The Region's partition has no such endpoint.
    #[error("there is no {0} STS endpoint in this Region's partition")]
    Variant(&'static str),
}

/// The Region that stands for `sts.amazonaws.com`.
const GLOBAL: &str = "aws-global";

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

/// The endpoint by botocore's rules: `AWS_ENDPOINT_URL_STS`, else by Region, with `AWS_STS_REGIONAL_ENDPOINTS=legacy`,
/// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`. Without a Region it is the global one.
pub fn sts_endpoint(environment: &Environment, region: Option<&str>) -> Result<Endpoint, EndpointError> {
    let global = || Endpoint { url: "https://sts.amazonaws.com".to_owned(), signing_region: "us-east-1".to_owned() };
    if let Some(url) = environment.get("AWS_ENDPOINT_URL_STS") {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split('/').next()).filter(|host| !host.is_empty());
        host.ok_or(EndpointError::Override)?;
        let signing_region = region.filter(|region| *region != GLOBAL).unwrap_or("us-east-1").to_owned();
        return Ok(Endpoint { url: url.trim_end_matches('/').to_owned(), signing_region });
    }
    let Some(region) = region.filter(|region| *region != GLOBAL) else { return Ok(global()) };
    let legacy = environment.get("AWS_STS_REGIONAL_ENDPOINTS") == Some("legacy");
    if legacy && LEGACY_GLOBAL_REGIONS.contains(&region) {
        return Ok(global());
    }
    let regional = StsHost::regional(region).map_err(|_| EndpointError::Region(region.to_owned()))?;
    let partition = regional.partition();
    let fips = environment.is_true("AWS_USE_FIPS_ENDPOINT");
    let service = if fips { "sts-fips" } else { "sts" };
    let suffix = if environment.is_true("AWS_USE_DUALSTACK_ENDPOINT") {
        partition.dual_stack_suffix().ok_or(EndpointError::Variant("dual-stack"))?
    } else {
        partition.dns_suffix()
    };
    Ok(Endpoint { url: format!("https://{service}.{region}.{suffix}"), signing_region: region.to_owned() })
}
