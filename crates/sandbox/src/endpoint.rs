//! Which service a host name stands for.

use std::net::IpAddr;

use identity::{Partition, StsHost};

/// A service of AWS that answers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sts,
    Ec2,
    Eks,
    Iam,
}

impl Service {
    /// The name in the scope of a signature.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Eks => "eks",
            Self::Iam => "iam",
        }
    }
}

/// IAM's hosts, a few per partition, and the Region that each is signed for.
///
/// Source: <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>, and botocore's rule set for the partitions that
/// are not on that page.
const IAM_HOSTS: [(&str, &str); 15] = [
    ("iam.amazonaws.com", "us-east-1"),
    ("iam-fips.amazonaws.com", "us-east-1"),
    ("iam.global.api.aws", "us-east-1"),
    ("iam-fips.global.api.aws", "us-east-1"),
    ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ("iam.global.api.amazonwebservices.com.cn", "cn-north-1"),
    ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
    ("iam.us-gov.api.aws", "us-gov-west-1"),
    ("iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ("iam-fips.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ("iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    ("iam-fips.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    ("iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
    ("iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
    ("iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
];

/// What stands behind a host name: a service, and the Region that signatures for it are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) service: Service,
    /// None where the name says nothing about it.
    pub(crate) region: Option<String>,
}

impl Endpoint {
    /// By the `Host` header. Beside AWS's own names this machine's stand for STS in any Region, for clients that were
    /// pointed here by `AWS_ENDPOINT_URL_STS`.
    pub(crate) fn of_host_header(host: &str) -> Option<Self> {
        let name = host.strip_suffix(":443").unwrap_or(host);
        Self::of_aws_host(name).or_else(|| is_local(host).then_some(Self { service: Service::Sts, region: None }))
    }

    /// By a name of AWS's, without a port. The names of EC2 and EKS are formed like those of STS.
    pub(crate) fn of_aws_host(name: &str) -> Option<Self> {
        let known = |service, host: StsHost| Self { service, region: Some(host.signing_region().to_owned()) };
        if let Ok(host) = name.parse() {
            return Some(known(Service::Sts, host));
        }
        // A Region of a name that nobody knows but who is in it.
        let region = name.strip_prefix("sts.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
        if let Some(host) = region.and_then(|region| StsHost::of_own_region(region, Partition::Aws).into_iter().next())
        {
            return Some(known(Service::Sts, host));
        }
        if let Some((_, region)) = IAM_HOSTS.iter().find(|(host, _)| *host == name) {
            return Some(Self { service: Service::Iam, region: Some((*region).to_owned()) });
        }
        let services = [("ec2", Service::Ec2), ("eks", Service::Eks)];
        services.into_iter().find_map(|(prefix, service)| {
            let host = format!("sts{}", name.strip_prefix(prefix)?).parse().ok()?;
            Some(known(service, host))
        })
    }
}

/// `localhost` or an IP address, with or without a port.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name == "localhost" || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Service};

    #[test]
    fn a_host_stands_for_a_service_in_a_region() {
        let rows = [
            ("sts.us-west-2.amazonaws.com", Some((Service::Sts, Some("us-west-2")))),
            ("sts.us-west-2.amazonaws.com:443", Some((Service::Sts, Some("us-west-2")))),
            ("sts.amazonaws.com", Some((Service::Sts, Some("us-east-1")))),
            ("sts.moon1.amazonaws.com", Some((Service::Sts, Some("moon1")))),
            ("sts-fips.us-gov-west-1.amazonaws.com", Some((Service::Sts, Some("us-gov-west-1")))),
            ("sts.cn-north-1.amazonaws.com.cn", Some((Service::Sts, Some("cn-north-1")))),
            ("ec2.eu-central-1.amazonaws.com", Some((Service::Ec2, Some("eu-central-1")))),
            ("ec2.eu-central-1.api.aws", Some((Service::Ec2, Some("eu-central-1")))),
            ("eks.eu-west-1.amazonaws.com", Some((Service::Eks, Some("eu-west-1")))),
            ("iam.amazonaws.com", Some((Service::Iam, Some("us-east-1")))),
            ("iam.us-gov.amazonaws.com:443", Some((Service::Iam, Some("us-gov-west-1")))),
            ("iam.cn-north-1.amazonaws.com.cn", Some((Service::Iam, Some("cn-north-1")))),
            ("iam.eu-west-1.amazonaws.com", None),
            ("localhost:8443", Some((Service::Sts, None))),
            ("127.0.0.1:8443", Some((Service::Sts, None))),
            ("[::1]:8443", Some((Service::Sts, None))),
            ("localhost", Some((Service::Sts, None))),
            ("sts.us-west-2.amazonaws.com:8443", None),
            ("STS.us-west-2.amazonaws.com", None),
            ("s3.us-west-2.amazonaws.com", None),
            ("sts.us-west-2.amazonaws.com.example.com", None),
            ("", None),
        ];
        for (host, expected) in rows {
            let found = Endpoint::of_host_header(host);
            let found = found.as_ref().map(|endpoint| (endpoint.service, endpoint.region.as_deref()));
            assert_eq!(found, expected, "{host}");
        }
    }
}
