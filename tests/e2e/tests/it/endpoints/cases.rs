//! What is asked: every Region with every variant, and every place that a URL may be configured at.

use std::{fs, path::Path};

use super::{Case, Differs};

/// Regions of every partition, those whose legacy endpoint is the global one and others, Regions that nobody knows yet, and names that
/// stand for something.
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "ap-south-1",
    "ca-central-1",
    "sa-east-1",
    "ap-east-1",
    "eu-south-2",
    "il-central-1",
    "mx-central-1",
    "ap-southeast-7",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
    "ap-newplace-9",
    "cn-new-9",
    "aws-global",
    "fips-us-west-2",
    "us-west-2-fips",
    "us-east-1-fips",
    "us-gov-west-1-fips",
];

/// What is no Region's name to either, or to this program alone.
const NO_REGIONS: &[(&str, Option<Differs>)] = &[
    ("us west 2", None),
    ("us_west_2", None),
    ("us-west-2.evil.example", None),
    ("us-west-2/", None),
    ("-us-west-2", None),
    ("US-WEST-2", Some(Differs::NoRegion)),
    ("europe", Some(Differs::NoRegion)),
    ("aws-cn-global", Some(Differs::NoRegion)),
    ("aws-us-gov-global", Some(Differs::NoRegion)),
    ("aws-iso-global", Some(Differs::NoRegion)),
];

const SWITCHES: [(&str, &str); 2] =
    [("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"), ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")];

/// Every case; the profiles that they have are written into the folder.
pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut profiles = Profiles::default();
    let mut cases = Vec::new();
    for region in REGIONS {
        for (fips, dual, legacy) in all() {
            let set = [(SWITCHES[0].0, fips), (SWITCHES[1].0, dual)];
            let mut case = base();
            case.flags.insert("region", (*region).to_owned());
            for (variable, is_on) in set {
                if is_on {
                    case.variables.insert(variable, "true".to_owned());
                }
            }
            if legacy {
                case.variables.insert("AWS_STS_REGIONAL_ENDPOINTS", "legacy".to_owned());
            }
            let has_none = ["us-iso", "eu-isoe", "eusc"].iter().any(|partition| region.starts_with(partition));
            let is_global = *region == "aws-global" && (fips || dual);
            case.differs = (dual && has_none).then_some(Differs::DualStack);
            case.differs = case.differs.or(is_global.then_some(Differs::Global));
            cases.push(case);
        }
    }
    for (region, differs) in NO_REGIONS {
        let mut case = base();
        case.flags.insert("region", (*region).to_owned());
        cases.push(Case { differs: *differs, ..case });
    }
    cases.extend(without_region(&mut profiles));
    cases.extend(settings(&mut profiles));
    cases.extend(urls(&mut profiles));
    fs::write(folder.join("config"), profiles.0)?;
    Ok(cases)
}

fn all() -> impl Iterator<Item = (bool, bool, bool)> {
    (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
}

/// Keys, and nothing that leads anywhere.
fn base() -> Case {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_CONFIG_FILE", "config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    Case { variables: variables.map(|(name, value)| (name, value.to_owned())).into(), ..Case::default() }
}

/// With variables and flags besides.
fn with(variables: &[(&'static str, &str)], flags: &[(&'static str, &str)]) -> Case {
    let mut case = base();
    case.variables.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
    case.flags.extend(flags.iter().map(|(name, value)| (*name, (*value).to_owned())));
    case
}

/// The configuration file as it grows.
#[derive(Default)]
struct Profiles(String, usize);

impl Profiles {
    /// A profile with these lines, by its name.
    fn add(&mut self, lines: &str) -> String {
        self.1 += 1;
        let name = format!("p{}", self.1);
        self.0.push_str(&format!("[profile {name}]\n{lines}\n"));
        name
    }

    /// A section with these lines.
    fn services(&mut self, name: &str, lines: &str) {
        self.0.push_str(&format!("[services {name}]\n{lines}\n"));
    }
}

/// Where the Region comes from, and what counts without one.
fn without_region(profiles: &mut Profiles) -> Vec<Case> {
    let europe = profiles.add("region = eu-west-1");
    let legacy = profiles.add("region = eu-west-1\nsts_regional_endpoints = legacy");
    vec![
        with(&[], &[]),
        with(&[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")], &[]),
        with(&[("AWS_STS_REGIONAL_ENDPOINTS", "regional")], &[]),
        with(&[("AWS_DEFAULT_REGION", "us-west-2")], &[]),
        Case { differs: Some(Differs::Goes), ..with(&[("AWS_DEFAULT_REGION", "")], &[]) },
        with(&[("AWS_DEFAULT_REGION", "us-west-2")], &[("region", "eu-west-1")]),
        with(&[], &[("profile", &europe)]),
        with(&[("AWS_PROFILE", &europe)], &[]),
        with(&[("AWS_PROFILE", &europe), ("AWS_DEFAULT_REGION", "us-west-2")], &[]),
        with(&[("AWS_PROFILE", &europe)], &[("region", "us-west-2")]),
        with(&[("AWS_PROFILE", &legacy)], &[]),
        with(&[("AWS_PROFILE", &legacy), ("AWS_STS_REGIONAL_ENDPOINTS", "regional")], &[]),
    ]
}

/// Switches in variables and profiles, and what is neither on nor off.
fn settings(profiles: &mut Profiles) -> Vec<Case> {
    let mut cases = Vec::new();
    for (variable, setting) in SWITCHES {
        for value in ["true", "True", "TRUE", "false", "False", "yes", "1", "0", "on"] {
            let is_switch = value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
            let differs = (!is_switch).then_some(Differs::Switch);
            let profile = profiles.add(&format!("region = us-west-2\n{setting} = {value}"));
            cases.push(Case { differs, ..with(&[(variable, value)], &[("region", "us-west-2")]) });
            cases.push(Case { differs, ..with(&[("AWS_PROFILE", &profile)], &[]) });
            cases.push(with(&[("AWS_PROFILE", &profile), (variable, "false")], &[]));
            cases.push(with(&[("AWS_PROFILE", &profile), (variable, "true")], &[]));
        }
    }
    for value in ["legacy", "regional", "LEGACY", "other"] {
        let profile = profiles.add(&format!("region = us-west-2\nsts_regional_endpoints = {value}"));
        cases.push(with(&[("AWS_STS_REGIONAL_ENDPOINTS", value)], &[("region", "us-west-2")]));
        cases.push(with(&[("AWS_PROFILE", &profile)], &[]));
    }
    cases
}

/// URLs: in variables, in the profile and in its services, with switches, and ignored.
fn urls(profiles: &mut Profiles) -> Vec<Case> {
    let mut cases = Vec::new();
    profiles.services(
        "mine",
        "sts =\n  endpoint_url = https://services.example.com\neks =\n  endpoint_url = https://eks.example.com",
    );
    profiles.services("others", "eks =\n  endpoint_url = https://eks.example.com");
    profiles.services("empty", "sts =\n  endpoint_url =");
    let of = [
        "region = us-west-2",
        "region = us-west-2\nendpoint_url = https://profile.example.com",
        "region = us-west-2\nservices = mine",
        "region = us-west-2\nendpoint_url = https://profile.example.com\nservices = mine",
        "region = us-west-2\nendpoint_url = https://profile.example.com\nservices = others",
        "region = us-west-2\nendpoint_url = https://profile.example.com\nservices = empty",
        "region = us-west-2\nendpoint_url = https://profile.example.com\nservices = missing",
        "region = us-west-2\nendpoint_url = https://profile.example.com\nignore_configured_endpoint_urls = true",
        "region = us-west-2\nservices = mine\nignore_configured_endpoint_urls = false",
        "endpoint_url = https://profile.example.com",
    ];
    let any = ("AWS_ENDPOINT_URL", "https://any.example.com");
    let sts = ("AWS_ENDPOINT_URL_STS", "https://sts.example.com/base/");
    let eks = ("AWS_ENDPOINT_URL_EKS", "https://eks.example.com");
    let ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    let heeded = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let dual = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let legacy = ("AWS_STS_REGIONAL_ENDPOINTS", "legacy");
    let variables: &[&[(&'static str, &str)]] = &[
        &[],
        &[any],
        &[sts],
        &[eks],
        &[any, sts],
        &[any, sts, ignored],
        &[any, heeded],
        &[ignored],
        &[heeded],
        &[sts, fips],
        &[sts, dual],
        &[any, fips, dual],
        &[sts, legacy],
        &[fips],
        &[sts, fips, ignored],
    ];
    for lines in of {
        let profile = profiles.add(lines);
        for variables in variables {
            let is_variant = |variable: &(&str, &str)| [fips, dual].contains(variable);
            let is_bare = variables.contains(&ignored) && variables.iter().any(is_variant);
            let without = if is_bare { Differs::Global } else { Differs::Goes };
            let differs = (!lines.starts_with("region")).then_some(without);
            let case = with(&[*variables, &[("AWS_PROFILE", &profile)]].concat(), &[]);
            cases.push(Case { differs, ..case });
        }
    }
    for (url, differs) in [
        ("http://127.0.0.1:4566", None),
        ("http://127.0.0.1:4566/", None),
        ("https://sts.example.com:8443", None),
        ("https://[::1]:8443", None),
        ("HTTPS://STS.example.com", None),
        ("sts.example.com", None),
        ("ftp://sts.example.com", Some(Differs::Url)),
        ("https://", None),
        ("https://bad host", None),
        ("https://a@sts.example.com", Some(Differs::Url)),
        ("https://sts.example.com/?x=y", Some(Differs::Url)),
    ] {
        let sts = with(&[("AWS_ENDPOINT_URL_STS", url)], &[("region", "us-west-2")]);
        cases.push(Case { differs, ..sts });
    }
    for value in ["yes", "1", "0"] {
        let case = with(&[any, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value)], &[("region", "us-west-2")]);
        cases.push(Case { differs: Some(Differs::Switch), ..case });
    }
    for region in ["cn-north-1", "us-gov-west-1", "aws-global", "fips-us-west-2"] {
        let differs = (region == "aws-global").then_some(Differs::Goes);
        cases.push(Case { differs, ..with(&[sts], &[("region", region)]) });
        cases.push(Case { differs, ..with(&[sts, legacy], &[("region", region)]) });
    }
    cases
}
