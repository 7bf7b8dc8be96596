//! Which URL a bucket has: botocore's rules.

use ::http::Uri;
use identity::{BucketName, Partition, StsHost};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Endpoint, EndpointError, credentials::Environment, endpoint::overridden};

/// What a key leaves as it is in a URL: unreserved characters, and the slashes.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The bucket's URL, without a slash at the end: `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`, else by Region, with
/// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
///
/// The bucket stands in the host name. A name with dots does not, because no certificate would be valid for that host, nor
/// behind an endpoint of one's own, which may know one host name only: there it begins the path.
pub(super) fn endpoint(
    environment: &Environment,
    region: &str,
    bucket: &BucketName,
) -> Result<Endpoint, EndpointError> {
    // Checked behind an endpoint of one's own, too: the Region is what S3 says it is.
    let partition = StsHost::regional(region).map_err(|_| EndpointError::Region(region.to_owned()))?.partition();
    let signing_region = region.to_owned();
    for variable in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
        if let Some(url) = overridden(environment, variable)? {
            return Ok(Endpoint { url: format!("{url}/{}", bucket.as_str()), signing_region });
        }
    }
    let (fips, dual_stack) =
        (environment.is_true("AWS_USE_FIPS_ENDPOINT"), environment.is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    if fips && partition == Partition::AwsCn {
        return Err(EndpointError::Variant("FIPS"));
    }
    if dual_stack && partition.dual_stack_suffix().is_none() {
        return Err(EndpointError::Variant("dual-stack"));
    }
    let service = if fips { "s3-fips" } else { "s3" };
    // Unlike other services' dual-stack hosts, S3's are in the domain of the others.
    let dual_stack = if dual_stack { ".dualstack" } else { "" };
    let host = format!("{service}{dual_stack}.{region}.{}", partition.dns_suffix());
    let url = if bucket.as_str().contains('.') {
        format!("https://{host}/{}", bucket.as_str())
    } else {
        format!("https://{}.{host}", bucket.as_str())
    };
    Ok(Endpoint { url, signing_region })
}

/// The URL of an object.
pub(super) fn object_url(endpoint: &Endpoint, key: &str) -> String {
    format!("{}/{}", endpoint.url, utf8_percent_encode(key, RESERVED))
}

/// The URL of the bucket itself: a host name needs a path, and a path must not end in a slash.
pub(super) fn bucket_url(endpoint: &Endpoint) -> String {
    match endpoint.url.parse::<Uri>() {
        Ok(uri) if uri.path() != "/" => endpoint.url.clone(),
        _ => format!("{}/", endpoint.url),
    }
}

#[cfg(test)]
mod tests {
    use identity::BucketName;

    use super::{bucket_url, endpoint, object_url};
    use crate::{EndpointError, credentials::Environment};

    const FIPS: &str = "AWS_USE_FIPS_ENDPOINT=true";
    const DUAL: &str = "AWS_USE_DUALSTACK_ENDPOINT=true";

    fn bucket(name: &str) -> BucketName {
        name.parse().expect("a bucket's name")
    }

    fn found(variables: &[&str], region: &str, name: &str) -> Result<(String, String), EndpointError> {
        let pairs = variables.iter().filter_map(|variable| variable.split_once('='));
        let vars = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let endpoint = endpoint(&Environment { vars, home: None }, region, &bucket(name))?;
        Ok((bucket_url(&endpoint), object_url(&endpoint, "a b/c")))
    }

    #[test]
    fn a_bucket_has_a_url_in_every_partition() {
        let rows: [(&[&str], &str, &str, &str, &str); 9] = [
            (&[], "eu-west-1", "state", "https://state.s3.eu-west-1.amazonaws.com/", ""),
            (&[], "us-east-1", "state.example.com", "https://s3.us-east-1.amazonaws.com/state.example.com", "/"),
            (&[], "cn-north-1", "state", "https://state.s3.cn-north-1.amazonaws.com.cn/", ""),
            (&[FIPS], "us-gov-west-1", "state", "https://state.s3-fips.us-gov-west-1.amazonaws.com/", ""),
            (&[DUAL], "eu-west-1", "state", "https://state.s3.dualstack.eu-west-1.amazonaws.com/", ""),
            (&[DUAL], "cn-north-1", "a.b", "https://s3.dualstack.cn-north-1.amazonaws.com.cn/a.b", "/"),
            (&[FIPS, DUAL], "us-west-2", "state", "https://state.s3-fips.dualstack.us-west-2.amazonaws.com/", ""),
            (&["AWS_ENDPOINT_URL=http://127.0.0.1:5000/"], "eu-west-1", "state", "http://127.0.0.1:5000/state", "/"),
            (
                &["AWS_ENDPOINT_URL=http://127.0.0.1:5000", "AWS_ENDPOINT_URL_S3=https://s3.example.com/x"],
                "eu-west-1",
                "state",
                "https://s3.example.com/x/state",
                "/",
            ),
        ];
        for (variables, region, name, url, slash) in rows {
            let expected = (url.to_owned(), format!("{url}{slash}a%20b/c"));
            assert_eq!(found(variables, region, name), Ok(expected), "{variables:?} {region} {name}");
        }
        assert_eq!(found(&[FIPS], "cn-north-1", "state"), Err(EndpointError::Variant("FIPS")));
        assert_eq!(found(&[DUAL], "us-iso-east-1", "state"), Err(EndpointError::Variant("dual-stack")));
        let evil = "us-west-2.evil.example";
        assert_eq!(found(&[], evil, "state"), Err(EndpointError::Region(evil.to_owned())));
    }
}
