//! What a profile says about endpoints, and how often they are asked.
//!
//! Source: "Service-specific endpoints", "Dual-stack and FIPS endpoints" and "AWS STS Regional endpoints" of the AWS SDKs and
//! Tools Reference Guide.

use super::{Environment, Rules, SharedFiles, profile_name};
use crate::{
    attempts::{MAX_ATTEMPTS, RETRY_MODE},
    endpoint::{ANY_URL, IGNORE_URLS, STS_URL},
};

/// Settings of profiles that stand for a variable.
const SETTINGS: [(&str, &str); 5] = [
    ("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"),
    ("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"),
    ("sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS"),
    ("ignore_configured_endpoint_urls", IGNORE_URLS),
    ("ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED"),
];

/// The services that are asked here, as a section of services calls them, and the variable for each.
const SERVICES: [(&str, &str); 8] = [
    ("sts", STS_URL),
    ("sso", "AWS_ENDPOINT_URL_SSO"),
    ("sso_oidc", "AWS_ENDPOINT_URL_SSO_OIDC"),
    ("signin", "AWS_ENDPOINT_URL_SIGNIN"),
    ("eks", "AWS_ENDPOINT_URL_EKS"),
    ("ec2", "AWS_ENDPOINT_URL_EC2"),
    ("iam", "AWS_ENDPOINT_URL_IAM"),
    ("s3", "AWS_ENDPOINT_URL_S3"),
];

/// Which file of certificate authorities vouches for AWS, and what botocore's HTTP library calls it.
const CA_BUNDLE: (&str, &str, &str) = ("ca_bundle", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE");

/// The environment as it counts for the endpoint of every service, such as [`sts_endpoint`](crate::sts_endpoint): with what the profile says where no variable does.
#[must_use]
pub fn with_endpoints(
    environment: &Environment,
    files: &SharedFiles,
    profile: Option<&str>,
    rules: Rules,
) -> Environment {
    let name = profile_name(environment, profile);
    let mut all = environment.clone();
    // The SDK for Go passes over what is neither in a profile; in a variable it is an error to both.
    let counts =
        |value: &&str| rules == Rules::Cli || value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
    for (setting, variable) in SETTINGS {
        all.fill(variable, files.setting(name, setting).filter(counts));
    }
    for (variable, setting) in [MAX_ATTEMPTS, RETRY_MODE] {
        all.fill(variable, files.setting(name, setting));
    }
    let (setting, variable, of_requests) = CA_BUNDLE;
    all.fill(variable, files.setting(name, setting));
    all.fill(variable, environment.get(of_requests).filter(|_| rules == Rules::Cli));
    // The variable for all services goes before every file.
    if environment.get(ANY_URL).is_none() {
        let services = files.setting(name, "services").and_then(|services| files.services(services));
        for (service, variable) in SERVICES {
            let own = services.and_then(|services| services.get(&format!("{service}.endpoint_url")));
            let own = own.map(String::as_str).filter(|url| !url.is_empty());
            all.fill(variable, own.or_else(|| files.setting(name, "endpoint_url")));
        }
    }
    all
}

/// Returns the name of the `[services …]` section that a profile refers to but no file has. botocore fails on it when it looks
/// up an endpoint.
#[must_use]
pub fn missing_services<'a>(
    environment: &'a Environment,
    files: &'a SharedFiles,
    profile: Option<&'a str>,
) -> Option<&'a str> {
    let name = profile_name(environment, profile);
    let services = files.setting(name, "services")?;
    let ignored = environment.get(IGNORE_URLS).or_else(|| files.setting(name, "ignore_configured_endpoint_urls"));
    let is_ignored = ignored.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_ignored || [STS_URL, ANY_URL].iter().any(|variable| environment.get(variable).is_some()) {
        return None;
    }
    files.services(services).is_none().then_some(services)
}

#[cfg(test)]
mod tests {
    use super::{ANY_URL, Environment, IGNORE_URLS, Rules, STS_URL, SharedFiles, missing_services, with_endpoints};
    use crate::sts_endpoint;

    const FILE: &str = "\
[default]
region = us-west-2
[profile fips]
use_fips_endpoint = true
[profile dual]
use_dualstack_endpoint = true
[profile both]
use_fips_endpoint = true
use_dualstack_endpoint = true
[profile any]
endpoint_url = https://any.example.com
[profile own]
endpoint_url = https://any.example.com
services = mine
[profile ignoring]
endpoint_url = https://any.example.com
ignore_configured_endpoint_urls = true
[profile trusting]
ca_bundle = p.pem
[profile wrong]
use_fips_endpoint = yes
[services mine]
sts =
  endpoint_url = https://sts.example.com
";

    fn host(profile: &str, variables: &[(&str, &str)], rules: Rules) -> String {
        let vars = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment { vars, home: None };
        let files = SharedFiles::parse(FILE, "", rules).unwrap_or_else(|error| panic!("{error}"));
        let all = with_endpoints(&environment, &files, Some(profile), rules);
        match sts_endpoint(&all, Some("us-west-2")) {
            Ok(endpoint) => endpoint.url.trim_start_matches("https://").to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_service_has_the_url_of_the_profile_or_its_own() {
        let file = format!("{FILE}sso_oidc =\n  endpoint_url = https://oidc.example.com\neks =\n  endpoint_url =\n");
        let files = SharedFiles::parse(&file, "", Rules::Cli).expect("readable");
        let vars = [("AWS_ENDPOINT_URL_IAM".to_owned(), "https://variable.example.com".to_owned())].into();
        let environment = Environment { vars, home: None };
        let all = with_endpoints(&environment, &files, Some("own"), Rules::Cli);
        let rows = [
            ("STS", "https://sts.example.com"),
            ("SSO_OIDC", "https://oidc.example.com"),
            ("IAM", "https://variable.example.com"),
            ("SSO", "https://any.example.com"),
            ("SIGNIN", "https://any.example.com"),
            ("EKS", "https://any.example.com"),
            ("EC2", "https://any.example.com"),
            ("S3", "https://any.example.com"),
        ];
        for (service, url) in rows {
            assert_eq!(all.get(&format!("AWS_ENDPOINT_URL_{service}")), Some(url), "{service}");
        }
        let none = with_endpoints(&environment, &files, Some("default"), Rules::Cli);
        assert_eq!(none.get("AWS_ENDPOINT_URL_SSO"), None);
    }

    #[test]
    fn services_that_a_profile_names_must_be_there() {
        let files = SharedFiles::parse(&format!("{FILE}[profile lost]\nservices = nowhere\n"), "", Rules::Cli)
            .expect("readable");
        let missing = |profile| missing_services(&Environment::default(), &files, Some(profile)).map(str::to_owned);
        assert_eq!(missing("lost").as_deref(), Some("nowhere"));
        assert_eq!((missing("own"), missing("default")), (None, None));
        for variable in [(STS_URL, "https://x"), (ANY_URL, "https://x"), (IGNORE_URLS, "True")] {
            let vars = [(variable.0.to_owned(), variable.1.to_owned())].into();
            let environment = Environment { vars, home: None };
            assert_eq!(missing_services(&environment, &files, Some("lost")), None, "{variable:?}");
        }
    }

    #[test]
    fn a_variable_goes_before_the_profile_and_a_service_before_all() {
        type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let rows: &[Row] = &[
            ("default", &[], "sts.us-west-2.amazonaws.com"),
            ("fips", &[], "sts-fips.us-west-2.amazonaws.com"),
            ("fips", &[("AWS_USE_FIPS_ENDPOINT", "false")], "sts.us-west-2.amazonaws.com"),
            ("dual", &[], "sts.us-west-2.api.aws"),
            ("both", &[], "sts-fips.us-west-2.api.aws"),
            ("any", &[], "any.example.com"),
            ("own", &[], "sts.example.com"),
            ("own", &[("AWS_ENDPOINT_URL", "https://variable.example.com")], "variable.example.com"),
            (
                "own",
                &[("AWS_ENDPOINT_URL", "https://v.example.com"), ("AWS_ENDPOINT_URL_STS", "https://s.example.com")],
                "s.example.com",
            ),
            ("ignoring", &[("AWS_ENDPOINT_URL_STS", "https://s.example.com")], "sts.us-west-2.amazonaws.com"),
            ("own", &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")], "sts.us-west-2.amazonaws.com"),
            ("wrong", &[], "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint of a profile) must be true or false"),
            (
                "default",
                &[("AWS_USE_FIPS_ENDPOINT", "1")],
                "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint of a profile) must be true or false",
            ),
        ];
        for (profile, variables, expected) in rows {
            assert_eq!(host(profile, variables, Rules::Cli), *expected, "{profile} {variables:?}");
        }
        let bundle = |profile: &str, variables: &[(&str, &str)], rules| {
            let vars = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let files = SharedFiles::parse(FILE, "", rules).unwrap_or_else(|error| panic!("{error}"));
            let all = with_endpoints(&Environment { vars, home: None }, &files, Some(profile), rules);
            all.get("AWS_CA_BUNDLE").map(str::to_owned)
        };
        let requests = ("REQUESTS_CA_BUNDLE", "r.pem");
        assert_eq!(bundle("trusting", &[requests], Rules::Cli).as_deref(), Some("p.pem"));
        assert_eq!(bundle("trusting", &[("AWS_CA_BUNDLE", "v.pem")], Rules::Cli).as_deref(), Some("v.pem"));
        assert_eq!(bundle("default", &[requests], Rules::Cli).as_deref(), Some("r.pem"));
        assert_eq!(bundle("default", &[requests], Rules::Go), None);
        // What is neither true nor false says nothing to the SDK for Go.
        assert_eq!(host("wrong", &[], Rules::Go), "sts.us-west-2.amazonaws.com");
        assert_eq!(host("fips", &[], Rules::Go), "sts-fips.us-west-2.amazonaws.com");
    }
}
