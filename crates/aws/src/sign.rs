//! Signature Version 4, by AWS's own crate: presigned URLs for tokens, signed headers for calls.

use std::time::{Duration, SystemTime};

use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Endpoint, keys::Credentials};

/// `X-Amz-Expires` as both existing clients write it. STS does not look at it.
const EXPIRES: Duration = Duration::from_mins(1);

/// What a signature leaves as it is: the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of the signature, in the order in which botocore writes them into the URL.
const ORDER: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];

/// Signs `GetCallerIdentity` for a cluster: the URL that a token wraps, byte for byte as botocore makes it.
///
/// The cluster's id goes into the signed header `x-k8s-aws-id`; whoever sends the URL must send that header. It must be
/// one that [`token::ClusterId`] takes, since anything else makes no header, and the endpoint one of
/// [`sts_endpoint`](crate::sts_endpoint).
pub fn presign_get_caller_identity(
    credentials: &Credentials,
    endpoint: &Endpoint,
    cluster_id: &str,
    at: Timestamp,
) -> String {
    let url = format!("{}/?Action=GetCallerIdentity&Version=2011-06-15", endpoint.url);
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let headers = [("x-k8s-aws-id", cluster_id)];
    let (_, parameters) = signature(credentials, endpoint, settings, "sts", at, "GET", &url, &headers, b"")
        .expect("a cluster id makes a header, an endpoint makes a URL, and the session token is not a header here");
    let encoded = ORDER.iter().filter_map(|name| {
        let (_, value) = parameters.iter().find(|(other, _)| other == name)?;
        Some(format!("&{name}={}", utf8_percent_encode(value, RESERVED)))
    });
    encoded.fold(url.clone(), |url, parameter| url + &parameter)
}

/// Names and values, of headers or parameters.
pub(crate) type Pairs = Vec<(String, String)>;

/// The headers that sign a POST of a form. `headers` are signed beside `host` and the date. None where the session token
/// or one of `headers` cannot be a header.
pub(crate) fn sign_post(
    credentials: &Credentials,
    endpoint: &Endpoint,
    service: &str,
    headers: &[(&str, &str)],
    body: &str,
    at: Timestamp,
) -> Option<Pairs> {
    let url = format!("{}/", endpoint.url);
    let settings = SigningSettings::default();
    let signed = signature(credentials, endpoint, settings, service, at, "POST", &url, headers, body.as_bytes());
    signed.map(|(headers, _)| headers)
}

/// The headers that sign a GET. None where the session token cannot be a header.
pub(crate) fn sign_get(
    credentials: &Credentials,
    endpoint: &Endpoint,
    service: &str,
    url: &str,
    at: Timestamp,
) -> Option<Pairs> {
    let signed = signature(credentials, endpoint, SigningSettings::default(), service, at, "GET", url, &[], b"");
    signed.map(|(headers, _)| headers)
}

/// The headers that sign a request to S3, the body's checksum among them. S3 takes the path as it was sent, so the one of
/// `url` is encoded already. None where the session token or one of `headers` cannot be a header.
pub(crate) fn sign_s3(
    credentials: &Credentials,
    endpoint: &Endpoint,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    at: Timestamp,
) -> Option<Pairs> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let signed = signature(credentials, endpoint, settings, "s3", at, method, url, headers, body);
    signed.map(|(headers, _)| headers)
}

/// Headers and parameters that carry the signature; one of the two is empty.
#[expect(clippy::too_many_arguments, reason = "they are the signature's inputs, all of them and nothing else")]
fn signature(
    credentials: &Credentials,
    endpoint: &Endpoint,
    settings: SigningSettings,
    service: &str,
    at: Timestamp,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(Pairs, Pairs)> {
    let identity = credentials.for_signing().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.signing_region)
        .name(service)
        .time(SystemTime::from(at))
        .settings(settings)
        .build()
        .expect("every required parameter is given");
    let request = SignableRequest::new(method, url, headers.iter().copied(), SignableBody::Bytes(body)).ok()?;
    let (instructions, _) = sign(request, &params.into()).ok()?.into_parts();
    let (headers, parameters) = instructions.into_parts();
    let headers = headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect();
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
    Some((headers, parameters))
}

#[cfg(test)]
mod tests {
    use super::sign_s3;
    use crate::{
        Endpoint,
        credentials::{Credentials, Secret},
    };

    /// Method, URL, Region, headers, body, session token, signature.
    type Row<'a> = (&'a str, String, &'a str, &'a [(&'a str, &'a str)], &'a str, Option<&'a str>, &'a str);

    /// The signatures are botocore's (`S3SigV4Auth`), made for the same requests at the same time.
    #[test]
    fn requests_to_s3_are_signed_as_botocore_signs_them() {
        let state = "https://kops-state.s3.eu-west-1.amazonaws.com";
        let dotted = "https://s3.us-east-1.amazonaws.com/state.example.com";
        let put = [("if-none-match", "*"), ("content-type", "text/plain"), ("x-amz-server-side-encryption", "AES256")];
        let rows: [Row<'_>; 6] = [
            (
                "GET",
                format!("{state}/c.example.com/secrets/cluster-auth/key.pem"),
                "eu-west-1",
                &[],
                "",
                None,
                "5d8f76073af7a448006f13ff7ea07b66b317aab486abd467d4de312d5c656a71",
            ),
            (
                "GET",
                format!("{dotted}/a%20b/%C3%A9%2B"),
                "us-east-1",
                &[],
                "",
                Some("token/+="),
                "74cd1e91fbed00cccc9aab2f80b795125344151f8e04d757ced8f886bcced965",
            ),
            (
                "GET",
                format!("{state}/?encryption"),
                "eu-west-1",
                &[],
                "",
                None,
                "273f2d0b8f8fbd2f67d13f15dd77da814f3e5a9f8ddd6a3de2bbd9928fca81b6",
            ),
            (
                "HEAD",
                dotted.to_owned(),
                "us-east-1",
                &[],
                "",
                None,
                "78ff6e8ec1ae9c97051ac0d11f2f8e9354eb0214ae61c16c1661fdac05f6c4de",
            ),
            (
                "PUT",
                format!("{state}/c/secrets/cluster-auth/key.pem"),
                "eu-west-1",
                &put,
                "key\n",
                None,
                "c8d05b7e593b695dc5c7d1291569aaab5d896626f6daeee67e2728080cc6b0b0",
            ),
            (
                "PUT",
                "http://127.0.0.1:5000/kops-state/k".to_owned(),
                "eu-west-1",
                &[("if-match", "\"0123\""), ("content-type", "text/plain")],
                "x",
                Some("token"),
                "f760f277ded379f29373c03d1de0e947d9eb8b3798a4f442f0935f0d45fc58fd",
            ),
        ];
        let at = "2026-01-02T03:04:05Z".parse().expect("a time");
        for (method, url, region, headers, body, token, signature) in rows {
            let credentials = Credentials {
                session_token: token.map(Secret::new),
                ..Credentials::long_term("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            };
            let endpoint = Endpoint { url: String::new(), signing_region: region.to_owned() };
            let signed = sign_s3(&credentials, &endpoint, method, &url, headers, body.as_bytes(), at).expect("headers");
            let header = |name: &str| signed.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
            let authorization = header("authorization").unwrap_or_default();
            assert!(authorization.ends_with(&format!("Signature={signature}")), "{method} {url}: {authorization}");
            assert_eq!(header("x-amz-content-sha256").map(str::len), Some(64), "{method} {url}");
            assert_eq!(header("x-amz-security-token"), token, "{method} {url}");
        }
    }
}
