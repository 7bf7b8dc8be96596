//! EKS: where a cluster's API server is and who vouches for it. One call of its REST API, in JSON.
//!
//! Source: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>.

use ::http::{HeaderMap, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use identity::Partition;
use jiff::Timestamp;
use serde::Deserialize;
use token::Upstream;

use crate::{
    AwsError, Client, Endpoint, EndpointError,
    credentials::{Credentials, Environment},
    endpoint::{overridden, regional_host},
    http::{bare_error, error_in},
    sign,
};

/// The endpoint and certificate authority of an EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EksCluster {
    /// Its ARN.
    pub arn: String,
    /// What tokens are bound to: the cluster's name, but for those on Outposts, which have an id beside it.
    pub cluster_id: String,
    /// Whether that is an id beside its name: of a local cluster on an outpost.
    pub is_known_by_id: bool,
    /// The URL of the API server.
    pub endpoint: String,
    /// Its authority, as PEM in base64, as kubeconfigs have it.
    pub certificate_authority_data: String,
}

/// The name of a cluster: 1 to 100 letters, digits, `-` and `_`, the first a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EksClusterName(String);

/// The text is not the name of an EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid EKS cluster name: 1 to 100 letters, digits, - and _, the first a letter or a digit")]
pub struct EksClusterNameError(String);

/// The reasons why EKS gave no usable answer about a cluster.
#[derive(Debug, thiserror::Error)]
pub enum EksError {
    /// The account has no such cluster in this Region.
    #[error(
        "EKS has no cluster {name} in {region}; check the name, the Region (`--region`), and whose account it is (`--profile`)"
    )]
    Absent {
        /// The name that was asked for.
        name: String,
        /// The Region that was asked.
        region: String,
    },
    /// The policies of the credentials do not allow the call.
    #[error("these AWS credentials may not call eks:DescribeCluster for {name}; allow that action in their IAM policy")]
    Denied {
        /// The name that was asked for.
        name: String,
    },
    /// It is being made, or has failed: there is no API server yet.
    #[error("the EKS cluster {name} has no API server yet; wait until its status is ACTIVE")]
    NotReady {
        /// The name that was asked for.
        name: String,
    },
    /// No answer, or another no.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

const CALL: &str = "eks:DescribeCluster";

/// The longest answer that is read, in bytes: a certificate authority takes 2 KiB, tags and encryption settings a few.
const MAX_BODY: usize = 256 << 10;

impl EksClusterName {
    /// Reads it. Nothing in it has to be encoded to stand in a URL.
    ///
    /// # Errors
    ///
    /// The text is not a cluster's name.
    pub fn parse(text: &str) -> Result<Self, EksClusterNameError> {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if first && rest && text.len() <= 100 {
            Ok(Self(text.to_owned()))
        } else {
            Err(EksClusterNameError(text.to_owned()))
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the endpoint of EKS: `AWS_ENDPOINT_URL_EKS`, else `AWS_ENDPOINT_URL`, else by Region, FIPS or dual-stack.
///
/// The hosts are those of botocore's `eks/2017-11-01/endpoint-rule-set-1.json`.
///
/// # Errors
///
/// [`EndpointError`]: a Region that is none, an override that is not a URL, or a variant that the Region's partition
/// does not have.
pub fn eks_endpoint(environment: &Environment, region: &str) -> Result<Endpoint, EndpointError> {
    let signing_region = region.to_owned();
    for variable in ["AWS_ENDPOINT_URL_EKS", "AWS_ENDPOINT_URL"] {
        if let Some(url) = overridden(environment, variable)? {
            return Ok(Endpoint { url, signing_region });
        }
    }
    let (fips, dual_stack) =
        (environment.is_true("AWS_USE_FIPS_ENDPOINT"), environment.is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    let prefix = match (fips, dual_stack, Partition::of_region(region)) {
        (true, false, Partition::Aws) => "fips.eks",
        (true, false, Partition::AwsUsGov) | (false, _, _) => "eks",
        (true, _, _) => "eks-fips",
    };
    Ok(Endpoint { url: format!("https://{}", regional_host(environment, prefix, region)?), signing_region })
}

/// Asks EKS about a cluster.
///
/// # Errors
///
/// [`EksError::Absent`], [`EksError::Denied`] and [`EksError::NotReady`] are EKS's own answers; [`EksError::Aws`] is everything else.
pub async fn describe_eks_cluster(
    client: &Client,
    credentials: &Credentials,
    endpoint: &Endpoint,
    name: &EksClusterName,
    at: Timestamp,
) -> Result<EksCluster, EksError> {
    let url = format!("{}/clusters/{}", endpoint.url, name.as_str());
    let unsendable = || AwsError::Unsendable { call: CALL };
    let mut request = Request::get(&url);
    for (header, value) in sign::sign_get(credentials, endpoint, "eks", &url, at).ok_or_else(unsendable)? {
        request = request.header(header, value);
    }
    let request = request.body(Full::from(Bytes::new())).map_err(|_| unsendable())?;
    let upstream = |trouble| AwsError::Upstream { call: CALL, trouble };
    let answer = client.http.send_for(request, MAX_BODY).await;
    let answer = answer.map_err(|why| AwsError::no_answer(CALL, &url, why))?;
    let name = || name.as_str().to_owned();
    match answer.status().as_u16() {
        200 => {
            let read =
                serde_json::from_slice::<Described>(answer.body()).map_err(|_| upstream(Upstream::Unreadable))?;
            read.cluster.ready().ok_or_else(|| EksError::NotReady { name: name() })
        }
        status => match code(answer.headers(), answer.body()).as_deref() {
            Some("ResourceNotFoundException") => {
                Err(EksError::Absent { name: name(), region: endpoint.signing_region.clone() })
            }
            Some("AccessDeniedException") => Err(EksError::Denied { name: name() }),
            code => Err(refused(status, code).into()),
        },
    }
}

#[derive(Deserialize)]
struct Described {
    cluster: Cluster,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cluster {
    name: String,
    #[serde(default)]
    arn: String,
    id: Option<String>,
    outpost_config: Option<OutpostConfig>,
    endpoint: Option<String>,
    certificate_authority: Option<CertificateAuthority>,
}

/// Of a cluster on an outpost. One that has this type of instances is known by its name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutpostConfig {
    etcd_instance_type: Option<String>,
}

#[derive(Deserialize)]
struct CertificateAuthority {
    data: Option<String>,
}

impl Cluster {
    /// What there is to log in to, if there is anything yet.
    ///
    /// Source: `get_user_entry` of `awscli/customizations/eks/update_kubeconfig.py`.
    fn ready(self) -> Option<EksCluster> {
        let id = self.id.filter(|_| self.outpost_config.is_some_and(|outpost| outpost.etcd_instance_type.is_none()));
        Some(EksCluster {
            arn: self.arn,
            is_known_by_id: id.is_some(),
            cluster_id: id.unwrap_or(self.name),
            endpoint: self.endpoint?,
            certificate_authority_data: self.certificate_authority?.data?,
        })
    }
}

/// The error's code, which services that speak JSON put into a header or the body.
fn code(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Error {
        #[serde(rename = "__type", alias = "code")]
        code: Option<String>,
    }
    let in_body = || serde_json::from_slice::<Error>(body).ok()?.code.map(|code| bare_error(&code).to_owned());
    let code = error_in(headers).map(str::to_owned).or_else(in_body)?;
    let is_code = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(code)
}

fn refused(status: u16, code: Option<&str>) -> AwsError {
    let trouble = match code {
        Some(code) if code.starts_with("Throttl") || code == "TooManyRequestsException" => Upstream::Throttled,
        Some(code) if status < 500 => {
            let advice = match code {
                "UnrecognizedClientException" => "AWS does not know the access key; get new credentials",
                "ExpiredTokenException" => "the session has expired; log in to AWS again",
                "InvalidSignatureException" => "check the secret access key and this machine's clock",
                _ => "see the AWS documentation of that error code",
            };
            return AwsError::Refused { call: CALL, code: code.to_owned(), advice };
        }
        _ if status == 429 => Upstream::Throttled,
        _ if status >= 500 => Upstream::ServerError(status),
        _ if (300..400).contains(&status) => Upstream::Redirect,
        _ => Upstream::UnexpectedStatus(status),
    };
    AwsError::Upstream { call: CALL, trouble }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderMap;

    use super::{Described, EksClusterName, code, eks_endpoint};
    use crate::{EndpointError, credentials::Environment};

    /// As botocore says it.
    #[test]
    fn eks_is_found_by_region_and_partition() {
        const FIPS: &str = "AWS_USE_FIPS_ENDPOINT=true";
        const DUAL: &str = "AWS_USE_DUALSTACK_ENDPOINT=true";
        let rows: [(&[&str], &str, &str); 8] = [
            (&[], "eu-west-1", "https://eks.eu-west-1.amazonaws.com"),
            (&[], "cn-north-1", "https://eks.cn-north-1.amazonaws.com.cn"),
            (&[FIPS], "us-east-1", "https://fips.eks.us-east-1.amazonaws.com"),
            (&[FIPS], "us-gov-west-1", "https://eks.us-gov-west-1.amazonaws.com"),
            (&[DUAL], "eu-west-1", "https://eks.eu-west-1.api.aws"),
            (&[FIPS, DUAL], "us-west-2", "https://eks-fips.us-west-2.api.aws"),
            (&["AWS_ENDPOINT_URL=http://127.0.0.1:5000/"], "eu-west-1", "http://127.0.0.1:5000"),
            (&["AWS_ENDPOINT_URL_EKS=https://vpce.example.com"], "eu-west-1", "https://vpce.example.com"),
        ];
        for (variables, region, url) in rows {
            let pairs = variables.iter().filter_map(|variable| variable.split_once('='));
            let vars = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let endpoint = eks_endpoint(&Environment { vars, home: None }, region).expect("an endpoint");
            assert_eq!((endpoint.url.as_str(), endpoint.signing_region.as_str()), (url, region));
        }
        let refused = eks_endpoint(&Environment::default(), "eu-west-1.example.com");
        assert_eq!(refused, Err(EndpointError::Region("eu-west-1.example.com".to_owned())));
    }

    #[test]
    fn names_can_stand_in_a_path() {
        for (name, is_one) in
            [("prod", true), ("a_1-b", true), ("", false), ("-a", false), ("a/b", false), ("..", false), ("a?b", false)]
        {
            assert_eq!(EksClusterName::parse(name).is_ok(), is_one, "{name}");
        }
        assert!(EksClusterName::parse(&"a".repeat(101)).is_err());
    }

    #[test]
    fn a_cluster_that_is_being_made_is_not_ready() {
        let read = |text: &str| serde_json::from_str::<Described>(text).expect("readable").cluster.ready();
        assert_eq!(read(r#"{"cluster": {"name": "prod", "status": "CREATING", "certificateAuthority": {}}}"#), None);
        let outpost = r#"{"cluster": {"name": "prod", "id": "b1", "arn": "arn:x", "outpostConfig": {}, "endpoint": "https://x", "certificateAuthority": {"data": "QQ=="}}}"#;
        let outpost = read(outpost).map(|cluster| (cluster.cluster_id, cluster.arn));
        assert_eq!(outpost, Some(("b1".to_owned(), "arn:x".to_owned())));
    }

    #[test]
    fn codes_stand_in_a_header_or_in_the_body() {
        let rows = [
            (Some("ResourceNotFoundException:http://internal.amazon.com/x"), "{}", Some("ResourceNotFoundException")),
            (None, r#"{"__type": "com.amazonaws.eks#AccessDeniedException"}"#, Some("AccessDeniedException")),
            (None, r#"{"code": "ThrottlingException"}"#, Some("ThrottlingException")),
            (None, "<html>", None),
            (Some("not a code!"), "{}", None),
        ];
        for (header, body, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("x-amzn-errortype", header.parse().expect("a header"));
            }
            assert_eq!(code(&headers, body.as_bytes()).as_deref(), expected, "{header:?} {body}");
        }
    }
}
