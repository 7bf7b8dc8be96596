//! Which host IAM has: one per partition, in whatever Region one works.

use identity::Partition;

use crate::{Endpoint, EndpointError, credentials::Environment, endpoint::overridden};

/// Returns the endpoint of IAM: `AWS_ENDPOINT_URL_IAM`, else `AWS_ENDPOINT_URL`, else the one of the Region's partition, with
/// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`. Without a Region it is the commercial partition's.
///
/// The hosts are those of botocore's `iam/2010-05-08/endpoint-rule-set-1.json`.
///
/// # Errors
///
/// [`EndpointError`]: a Region that is none, an override that is not a URL, or a variant that the Region's partition
/// does not have.
pub fn iam_endpoint(environment: &Environment, region: Option<&str>) -> Result<Endpoint, EndpointError> {
    let partition = region.map_or(Partition::Aws, Partition::of_region);
    let signing_region = signing_region(partition).to_owned();
    for variable in ["AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL"] {
        if let Some(url) = overridden(environment, variable)? {
            return Ok(Endpoint { url, signing_region });
        }
    }
    let (fips, dual_stack) =
        (environment.is_true("AWS_USE_FIPS_ENDPOINT"), environment.is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    let prefix = if fips { fips_prefix(partition).ok_or(EndpointError::Variant("FIPS"))? } else { "iam" };
    let suffix = if dual_stack {
        partition.dual_stack_suffix().ok_or(EndpointError::Variant("dual-stack"))?
    } else {
        partition.dns_suffix()
    };
    let host = match (partition, dual_stack) {
        (Partition::Aws, false) => format!("{prefix}.{suffix}"),
        (Partition::Aws | Partition::AwsCn, true) => format!("{prefix}.global.{suffix}"),
        (Partition::AwsUsGov, _) => format!("{prefix}.us-gov.{suffix}"),
        _ => format!("{prefix}.{signing_region}.{suffix}"),
    };
    Ok(Endpoint { url: format!("https://{host}"), signing_region })
}

/// The Region in which a partition keeps IAM.
const fn signing_region(partition: Partition) -> &'static str {
    match partition {
        Partition::Aws => "us-east-1",
        Partition::AwsCn => "cn-north-1",
        Partition::AwsUsGov => "us-gov-west-1",
        Partition::AwsIso => "us-iso-east-1",
        Partition::AwsIsoB => "us-isob-east-1",
        Partition::AwsIsoE => "eu-isoe-west-1",
        Partition::AwsIsoF => "us-isof-south-1",
        Partition::AwsEusc => "eusc-de-east-1",
    }
}

/// The first label where FIPS 140 is asked for; the usual host of the government's Regions is validated already.
const fn fips_prefix(partition: Partition) -> Option<&'static str> {
    match partition {
        Partition::AwsUsGov => Some("iam"),
        Partition::Aws | Partition::AwsIso | Partition::AwsIsoB => Some("iam-fips"),
        Partition::AwsCn | Partition::AwsIsoE | Partition::AwsIsoF | Partition::AwsEusc => None,
    }
}

#[cfg(test)]
mod tests {
    use super::iam_endpoint;
    use crate::{EndpointError, credentials::Environment};

    const FIPS: &str = "AWS_USE_FIPS_ENDPOINT=true";
    const DUAL: &str = "AWS_USE_DUALSTACK_ENDPOINT=true";

    fn found(variables: &[&str], region: Option<&str>) -> Result<(String, String), EndpointError> {
        let pairs = variables.iter().filter_map(|variable| variable.split_once('='));
        let vars = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let endpoint = iam_endpoint(&Environment { vars, home: None }, region)?;
        Ok((endpoint.url, endpoint.signing_region))
    }

    /// As botocore says it.
    #[test]
    fn every_partition_has_one_host_and_one_region() {
        let rows: [(&[&str], Option<&str>, &str, &str); 17] = [
            (&[], None, "iam.amazonaws.com", "us-east-1"),
            (&[], Some("eu-west-1"), "iam.amazonaws.com", "us-east-1"),
            (&[], Some("cn-northwest-1"), "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (&[], Some("us-gov-east-1"), "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (&[], Some("us-iso-west-1"), "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            (&[], Some("us-isob-east-1"), "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
            (&[], Some("eu-isoe-west-1"), "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
            (&[], Some("us-isof-east-1"), "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
            (&[], Some("eusc-de-east-1"), "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
            (&[FIPS], Some("us-west-2"), "iam-fips.amazonaws.com", "us-east-1"),
            (&[FIPS], Some("us-gov-west-1"), "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (&[FIPS], Some("us-iso-east-1"), "iam-fips.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            (&[DUAL], Some("us-west-2"), "iam.global.api.aws", "us-east-1"),
            (&[DUAL], Some("cn-north-1"), "iam.global.api.amazonwebservices.com.cn", "cn-north-1"),
            (&[DUAL], Some("us-gov-west-1"), "iam.us-gov.api.aws", "us-gov-west-1"),
            (&[FIPS, DUAL], Some("us-west-2"), "iam-fips.global.api.aws", "us-east-1"),
            (&[FIPS, DUAL], Some("us-gov-west-1"), "iam.us-gov.api.aws", "us-gov-west-1"),
        ];
        for (variables, region, host, signing_region) in rows {
            let expected = (format!("https://{host}"), signing_region.to_owned());
            assert_eq!(found(variables, region), Ok(expected), "{variables:?} {region:?}");
        }
        assert_eq!(found(&[FIPS], Some("cn-north-1")), Err(EndpointError::Variant("FIPS")));
        assert_eq!(found(&[DUAL], Some("us-iso-east-1")), Err(EndpointError::Variant("dual-stack")));
    }

    #[test]
    fn a_variable_goes_before_the_partition_and_the_services_own_before_the_general_one() {
        let general = "AWS_ENDPOINT_URL=http://127.0.0.1:5000/";
        let own = "AWS_ENDPOINT_URL_IAM=https://iam.example.com";
        let signed = |url: &str, region: &str| Ok((url.to_owned(), region.to_owned()));
        assert_eq!(found(&[general], Some("eu-west-1")), signed("http://127.0.0.1:5000", "us-east-1"));
        assert_eq!(found(&[general, own], Some("cn-north-1")), signed("https://iam.example.com", "cn-north-1"));
        let refused = EndpointError::Override("AWS_ENDPOINT_URL_IAM");
        assert_eq!(found(&["AWS_ENDPOINT_URL_IAM=iam.example.com", general], None), Err(refused));
    }
}
