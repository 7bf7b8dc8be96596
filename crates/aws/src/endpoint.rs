//! Which endpoint a request is for: botocore's rules.

use ::http::Uri;
use identity::{Partition, StsHost};

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
    #[error("{0:?} is not an AWS Region; give one like us-west-2 by --region or AWS_REGION")]
    Region(String),
    /// The variable that names an endpoint holds no URL.
    #[error("{0} must be a URL like https://sts.us-west-2.amazonaws.com")]
    Override(&'static str),
    /// A switch that is neither on nor off: without FIPS is nothing to go on with where somebody meant to have it.
    #[error("{0} ({1} of a profile) must be true or false")]
    Switch(&'static str, &'static str),
    /// Which endpoint is meant is neither of the two that there are.
    #[error("AWS_STS_REGIONAL_ENDPOINTS (sts_regional_endpoints of a profile) must be legacy or regional")]
    Legacy,
    /// The global endpoint has no variants.
    #[error("without a Region there is no {0} endpoint; give one like us-west-2 by --region or AWS_REGION")]
    GlobalWith(&'static str),
    /// The Region's partition has no such endpoint.
    #[error("there is no {0} endpoint in this Region's partition")]
    Variant(&'static str),
}

/// The URL of STS.
pub(crate) const STS_URL: &str = "AWS_ENDPOINT_URL_STS";

/// The URL of every service.
pub(crate) const ANY_URL: &str = "AWS_ENDPOINT_URL";

/// Whether no such URL counts.
pub(crate) const IGNORE_URLS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// The switches of variants, by variable and by setting of a profile.
const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");

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

/// Returns the endpoint of STS: `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL`, else by Region, with `AWS_STS_REGIONAL_ENDPOINTS=legacy`, `AWS_USE_FIPS_ENDPOINT` and
/// `AWS_USE_DUALSTACK_ENDPOINT`. Without a Region it is the global one; `fips-us-west-2` is us-west-2 with FIPS, as SDKs have it.
///
/// The rules are those of botocore's `sts/2011-06-15/endpoint-rule-set-1.json`.
///
/// # Errors
///
/// [`EndpointError`]: a Region that is none, an override that is not a URL, or a variant that the Region's partition
/// does not have, or that the global endpoint does not have.
pub fn sts_endpoint(environment: &Environment, region: Option<&str>) -> Result<Endpoint, EndpointError> {
    let region = region.filter(|region| *region != GLOBAL);
    let pseudo = region.and_then(without_fips);
    let region = pseudo.or(region);
    let fips = switch(environment, FIPS.0, FIPS.1)? || pseudo.is_some();
    let dual_stack = switch(environment, DUAL_STACK.0, DUAL_STACK.1)?;
    let variant = if fips { Some("FIPS") } else { dual_stack.then_some("dual-stack") };
    let legacy = match environment.get("AWS_STS_REGIONAL_ENDPOINTS") {
        None | Some("regional") => false,
        Some("legacy") => true,
        Some(_) => return Err(EndpointError::Legacy),
    };
    // A URL of one's own is what it is, whatever variant is asked for.
    if let Some(url) = overridden(environment, STS_URL)? {
        return Ok(Endpoint { url, signing_region: region.unwrap_or("us-east-1").to_owned() });
    }
    match (region, variant) {
        (None, Some(variant)) => Err(EndpointError::GlobalWith(variant)),
        (Some(region), None) if legacy && LEGACY_GLOBAL_REGIONS.contains(&region) => Ok(global()),
        (None, None) => Ok(global()),
        (Some(region), _) => {
            // GovCloud's own hosts are of FIPS.
            let is_own = Partition::of_region(region) == Partition::AwsUsGov && !dual_stack;
            regional_in(environment, if fips && !is_own { "sts-fips" } else { "sts" }, region)
        }
    }
}

fn global() -> Endpoint {
    Endpoint { url: "https://sts.amazonaws.com".to_owned(), signing_region: "us-east-1".to_owned() }
}

/// EC2: `AWS_ENDPOINT_URL_EC2`, else by Region, FIPS or dual-stack as above.
pub(crate) fn ec2_endpoint(environment: &Environment, region: &str) -> Result<Endpoint, EndpointError> {
    match overridden(environment, "AWS_ENDPOINT_URL_EC2")? {
        Some(url) => Ok(Endpoint { url, signing_region: region.to_owned() }),
        None => regional(environment, "ec2", region),
    }
}

/// Sign-in, where `aws login` is renewed: `AWS_ENDPOINT_URL_SIGNIN`, else by Region, FIPS or dual-stack.
///
/// The hosts are those of botocore's `signin/2023-01-01/endpoint-rule-set-1.json`.
pub(crate) fn signin_url(environment: &Environment, region: &str) -> Result<String, EndpointError> {
    if let Some(url) = overridden(environment, "AWS_ENDPOINT_URL_SIGNIN")? {
        return Ok(url);
    }
    let fips = switch(environment, FIPS.0, FIPS.1)?;
    let dual_stack = switch(environment, DUAL_STACK.0, DUAL_STACK.1)?;
    let host = match (Partition::of_region(region), fips, dual_stack) {
        (partition, false, false) => {
            regional_host(environment, "signin", region)?;
            format!("{region}.signin.{}", console_suffix(partition))
        }
        (Partition::AwsUsGov, true, false) if region == "us-gov-west-1" => {
            "signin-fips.amazonaws-us-gov.com".to_owned()
        }
        (Partition::AwsUsGov, true, false) => {
            regional_host(environment, "signin", region)?;
            format!("{region}.signin-fips.amazonaws-us-gov.com")
        }
        (_, true, _) => regional_host(environment, "signin-fips", region)?,
        (_, false, true) => regional_host(environment, "signin", region)?,
    };
    Ok(format!("https://{host}"))
}

/// Where a partition's console is.
fn console_suffix(partition: Partition) -> &'static str {
    match partition {
        Partition::Aws => "aws.amazon.com",
        Partition::AwsCn => "amazonaws.cn",
        Partition::AwsUsGov => "amazonaws-us-gov.com",
        Partition::AwsIso => "c2shome.ic.gov",
        Partition::AwsIsoB => "sc2shome.sgov.gov",
        Partition::AwsIsoE => "csphome.adc-e.uk",
        Partition::AwsIsoF => "csphome.hci.ic.gov",
        Partition::AwsEusc => "amazonaws-eusc.eu",
    }
}

/// IAM Identity Center's portal and its login (`portal.sso`, `oidc`), by Region, FIPS or dual-stack; `variable` names another.
///
/// The hosts are those of botocore's `sso/2019-06-10/endpoint-rule-set-1.json` and `sso-oidc/2019-06-10/endpoint-rule-set-1.json`.
pub(crate) fn sso_url(
    environment: &Environment,
    variable: &'static str,
    service: &str,
    region: &str,
) -> Result<String, EndpointError> {
    if let Some(url) = overridden(environment, variable)? {
        return Ok(url);
    }
    let dual_stack = switch(environment, DUAL_STACK.0, DUAL_STACK.1)?;
    // GovCloud's own hosts are of FIPS.
    let is_own = Partition::of_region(region) == Partition::AwsUsGov && !dual_stack;
    let fips = if switch(environment, FIPS.0, FIPS.1)? && !is_own { "-fips" } else { "" };
    regional_host(environment, &format!("{service}{fips}"), region).map(|host| format!("https://{host}"))
}

pub(crate) fn overridden(environment: &Environment, variable: &'static str) -> Result<Option<String>, EndpointError> {
    if switch(environment, IGNORE_URLS, "ignore_configured_endpoint_urls")? {
        return Ok(None);
    }
    let of_any = || environment.get(ANY_URL).map(|url| (ANY_URL, url));
    let Some((variable, text)) = environment.get(variable).map(|url| (variable, url)).or_else(of_any) else {
        return Ok(None);
    };
    let url = text.parse::<Uri>().map_err(|_| EndpointError::Override(variable))?;
    let known = matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some_and(|host| !host.is_empty());
    // A query would swallow the parameters; user info is never sent, and would be signed.
    let plain = url.query().is_none() && url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if known && plain {
        let (scheme, behind) = text.split_once("://").unwrap_or_default();
        Ok(Some(format!("{}://{}", scheme.to_ascii_lowercase(), behind.trim_end_matches('/'))))
    } else {
        Err(EndpointError::Override(variable))
    }
}

/// `<service>.<region>.<suffix>` of the Region's partition, dual-stack where that is asked for.
pub(crate) fn regional_host(environment: &Environment, service: &str, region: &str) -> Result<String, EndpointError> {
    let partition = StsHost::regional(region).map_err(|_| EndpointError::Region(region.to_owned()))?.partition();
    let suffix = if switch(environment, DUAL_STACK.0, DUAL_STACK.1)? {
        partition.dual_stack_suffix().ok_or(EndpointError::Variant("dual-stack"))?
    } else {
        partition.dns_suffix()
    };
    Ok(format!("{service}.{region}.{suffix}"))
}

fn regional(environment: &Environment, service: &str, region: &str) -> Result<Endpoint, EndpointError> {
    let fips = if switch(environment, FIPS.0, FIPS.1)? { "-fips" } else { "" };
    regional_in(environment, &format!("{service}{fips}"), region)
}

/// The Region of a name that SDKs take for it with FIPS.
fn without_fips(region: &str) -> Option<&str> {
    region.strip_prefix("fips-").or_else(|| region.strip_suffix("-fips"))
}

/// Whether something is switched on; nothing is off.
fn switch(environment: &Environment, variable: &'static str, setting: &'static str) -> Result<bool, EndpointError> {
    match environment.get(variable) {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(EndpointError::Switch(variable, setting)),
    }
}

fn regional_in(environment: &Environment, service: &str, region: &str) -> Result<Endpoint, EndpointError> {
    let host = regional_host(environment, service, region)?;
    Ok(Endpoint { url: format!("https://{host}"), signing_region: region.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{EndpointError, ec2_endpoint, signin_url, sso_url, sts_endpoint};
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
    fn variants_count_before_the_global_endpoint_and_not_with_a_url() {
        const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
        const DUAL: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
        const LEGACY: (&str, &str) = ("AWS_STS_REGIONAL_ENDPOINTS", "legacy");
        const URL: (&str, &str) = ("AWS_ENDPOINT_URL", "https://sts.example.com");
        type Row = (&'static [(&'static str, &'static str)], Option<&'static str>, Result<&'static str, EndpointError>);
        let rows: [Row; 12] = [
            (&[("AWS_STS_REGIONAL_ENDPOINTS", "LEGACY")], Some("us-west-2"), Err(EndpointError::Legacy)),
            (&[URL], Some("fips-us-west-2"), Ok("https://sts.example.com")),
            (&[LEGACY], Some("eu-west-1"), Ok("https://sts.amazonaws.com")),
            (&[LEGACY], Some("ap-east-1"), Ok("https://sts.ap-east-1.amazonaws.com")),
            (&[LEGACY, FIPS], Some("us-west-2"), Ok("https://sts-fips.us-west-2.amazonaws.com")),
            (&[LEGACY, DUAL], Some("eu-west-1"), Ok("https://sts.eu-west-1.api.aws")),
            (&[FIPS], Some("us-gov-west-1"), Ok("https://sts.us-gov-west-1.amazonaws.com")),
            (&[FIPS, DUAL], Some("us-gov-west-1"), Ok("https://sts-fips.us-gov-west-1.api.aws")),
            (&[DUAL], Some("us-iso-east-1"), Err(EndpointError::Variant("dual-stack"))),
            (&[FIPS], None, Err(EndpointError::GlobalWith("FIPS"))),
            (&[URL, FIPS], Some("us-west-2"), Ok("https://sts.example.com")),
            (&[URL, DUAL], None, Ok("https://sts.example.com")),
        ];
        for (variables, region, expected) in rows {
            let endpoint = sts_endpoint(&environment(variables), region);
            assert_eq!(
                endpoint.as_ref().map(|endpoint| &*endpoint.url),
                expected.as_ref().map(|url| *url),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn regions_of_tomorrow_are_signed_for() {
        let rows = [
            ("ap-newplace-9", "https://sts.ap-newplace-9.amazonaws.com", "ap-newplace-9"),
            ("cn-new-9", "https://sts.cn-new-9.amazonaws.com.cn", "cn-new-9"),
            ("eu-gaul-1", "https://sts.eu-gaul-1.amazonaws.com", "eu-gaul-1"),
            ("us-isob-new-12", "https://sts.us-isob-new-12.sc2s.sgov.gov", "us-isob-new-12"),
            ("fips-us-west-2", "https://sts-fips.us-west-2.amazonaws.com", "us-west-2"),
            ("us-west-2-fips", "https://sts-fips.us-west-2.amazonaws.com", "us-west-2"),
        ];
        for (region, url, signing_region) in rows {
            let endpoint = sts_endpoint(&Environment::default(), Some(region)).expect("an endpoint");
            assert_eq!((endpoint.url.as_str(), endpoint.signing_region.as_str()), (url, signing_region));
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

    #[test]
    fn logins_are_renewed_by_region_partition_and_variant() {
        const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
        const DUAL: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
        type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);
        let rows: [Row; 8] = [
            (&[], "eu-west-1", "eu-west-1.signin.aws.amazon.com", "portal.sso.eu-west-1.amazonaws.com"),
            (&[], "cn-north-1", "cn-north-1.signin.amazonaws.cn", "portal.sso.cn-north-1.amazonaws.com.cn"),
            (
                &[],
                "eusc-de-east-1",
                "eusc-de-east-1.signin.amazonaws-eusc.eu",
                "portal.sso.eusc-de-east-1.amazonaws.eu",
            ),
            (&[DUAL], "eu-west-1", "signin.eu-west-1.api.aws", "portal.sso.eu-west-1.api.aws"),
            (&[FIPS], "us-west-2", "signin-fips.us-west-2.amazonaws.com", "portal.sso-fips.us-west-2.amazonaws.com"),
            (&[FIPS, DUAL], "us-west-2", "signin-fips.us-west-2.api.aws", "portal.sso-fips.us-west-2.api.aws"),
            (&[FIPS], "us-gov-west-1", "signin-fips.amazonaws-us-gov.com", "portal.sso.us-gov-west-1.amazonaws.com"),
            (
                &[FIPS],
                "us-gov-east-1",
                "us-gov-east-1.signin-fips.amazonaws-us-gov.com",
                "portal.sso.us-gov-east-1.amazonaws.com",
            ),
        ];
        for (variables, region, signin, portal) in rows {
            let environment = environment(variables);
            assert_eq!(signin_url(&environment, region).as_deref(), Ok(&*format!("https://{signin}")));
            let sso = |service| sso_url(&environment, "AWS_ENDPOINT_URL_SSO", service, region);
            assert_eq!(sso("portal.sso").as_deref(), Ok(&*format!("https://{portal}")));
            let oidc = portal.replace("portal.sso", "oidc");
            assert_eq!(sso("oidc").as_deref(), Ok(&*format!("https://{oidc}")));
        }
        let of_ones_own = environment(&[("AWS_ENDPOINT_URL_SIGNIN", "https://x/"), FIPS]);
        assert_eq!(signin_url(&of_ones_own, "us-west-2").as_deref(), Ok("https://x"));
        let wrong = EndpointError::Region("US".to_owned());
        assert_eq!(signin_url(&environment(&[]), "US"), Err(wrong));
    }
}
