//! Which names are STS endpoints, for which Region and partition.

use identity::{Partition, StsHost};
use proptest::prelude::*;

#[test]
fn every_form_of_endpoint_is_known() {
    let cases = [
        ("sts.amazonaws.com", "us-east-1", Partition::Aws),
        ("sts.us-east-1.amazonaws.com", "us-east-1", Partition::Aws),
        ("sts.ap-southeast-7.amazonaws.com", "ap-southeast-7", Partition::Aws),
        ("sts.ap-newplace-9.amazonaws.com", "ap-newplace-9", Partition::Aws),
        ("sts.eu-gaul-1.amazonaws.com", "eu-gaul-1", Partition::Aws),
        ("sts.cn-new-9.amazonaws.com.cn", "cn-new-9", Partition::AwsCn),
        ("sts.us-gov-new-1.amazonaws.com", "us-gov-new-1", Partition::AwsUsGov),
        ("sts.mx-central-1.amazonaws.com", "mx-central-1", Partition::Aws),
        ("sts.il-central-1.amazonaws.com", "il-central-1", Partition::Aws),
        ("sts-fips.us-west-2.amazonaws.com", "us-west-2", Partition::Aws),
        ("sts.us-west-2.api.aws", "us-west-2", Partition::Aws),
        ("sts-fips.us-west-2.api.aws", "us-west-2", Partition::Aws),
        ("sts.us-gov-west-1.amazonaws.com", "us-gov-west-1", Partition::AwsUsGov),
        ("sts.us-gov-east-1.api.aws", "us-gov-east-1", Partition::AwsUsGov),
        ("sts.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1", Partition::AwsCn),
        ("sts.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1", Partition::AwsCn),
        ("sts.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", Partition::AwsIso),
        ("sts.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", Partition::AwsIsoB),
        ("sts.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", Partition::AwsIsoE),
        ("sts.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", Partition::AwsIsoF),
        ("sts.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", Partition::AwsEusc),
    ];
    for (name, region, partition) in cases {
        let host: StsHost = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((host.as_str(), host.signing_region(), host.partition()), (name, region, partition));
        assert_eq!(host.is_global(), name == "sts.amazonaws.com");
    }
}

#[test]
fn the_own_region_has_endpoints_under_the_partitions_suffixes_whatever_it_is_called() {
    let names = |region: &str, partition| -> Vec<String> {
        let hosts = StsHost::of_own_region(region, partition);
        assert!(hosts.iter().all(|host| (host.signing_region(), host.partition()) == (region, partition)));
        hosts.iter().map(|host| host.as_str().to_owned()).collect()
    };
    let commercial = [
        "sts.xz-other-3.amazonaws.com",
        "sts-fips.xz-other-3.amazonaws.com",
        "sts.xz-other-3.api.aws",
        "sts-fips.xz-other-3.api.aws",
    ];
    assert_eq!(names("xz-other-3", Partition::Aws), commercial);
    assert_eq!(names("x", Partition::AwsIso), ["sts.x.c2s.ic.gov", "sts-fips.x.c2s.ic.gov"]);
    for region in ["", "-x", "x-", "X", "a.b", "x/", "x@evil", "x:1", "é", &"x".repeat(64)] {
        assert_eq!(names(region, Partition::Aws), [""; 0], "{region:?}");
    }
}

#[test]
fn nothing_else_is_an_endpoint() {
    let cases = [
        "",
        ".",
        "sts",
        "sts.",
        "amazonaws.com",
        "sts.amazonaws.com.",
        "STS.amazonaws.com",
        "sts.amazonaws.com:443",
        "sts.amazonaws.com.cn",
        "sts.api.aws",
        "sts-fips.amazonaws.com",
        "sts.example.com",
        "sts.us-east-1.example.com",
        "sts.us-east-1.amazonaws.com.example.com",
        "sts.us-east-1.evil.amazonaws.com",
        "evil.sts.us-east-1.amazonaws.com",
        "xsts.us-east-1.amazonaws.com",
        "sts..amazonaws.com",
        "sts.us-east-1..amazonaws.com",
        "sts.us-east-1.amazonaws.com.cn",
        "sts.us-east-1.amazonaws.eu",
        "sts.cn-north-1.amazonaws.com",
        "sts.us-iso-east-1.api.aws",
        "sts.US-EAST-1.amazonaws.com",
        "sts.us-east.amazonaws.com",
        "sts.us-east-0.amazonaws.com",
        "sts.us-east-01.amazonaws.com",
        "sts.us-east-100.amazonaws.com",
        "sts.us-east-x.amazonaws.com",
        "sts.east-1.amazonaws.com",
        // No partition's Regions begin so, and S3 has buckets of this name.
        "sts.xx-evil-1.amazonaws.com",
        "sts.s3-us-west-2.amazonaws.com",
        "sts.us-west-2-evil-1.amazonaws.com",
        "sts.us-evil-100.amazonaws.com",
        "sts.cn-new-9.amazonaws.com",
        "sts.compute-1.amazonaws.com",
        "sts.us--east-1.amazonaws.com",
        "sts.u-east-1.amazonaws.com",
        "sts.a-bb-cc-east-1.amazonaws.com",
        "sts.us_east_1.amazonaws.com",
        "ec2.us-east-1.amazonaws.com",
        "sts.us-east-1.vpce.amazonaws.com",
        "vpce-0123-abc.sts.us-east-1.vpce.amazonaws.com",
        "localhost",
        "169.254.169.254",
        "[::1]",
    ];
    for name in cases {
        assert!(name.parse::<StsHost>().is_err(), "{name:?}");
    }
}

#[test]
fn a_region_has_its_endpoint_and_no_other_text_has_one() {
    let cases = [
        ("eu-west-1", "sts.eu-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
    ];
    for (region, name) in cases {
        assert_eq!(StsHost::regional(region).as_ref().map(StsHost::as_str), Ok(name));
    }
    for bad in ["", "aws-global", "us-east-1.example.com/", "us-east-1@evil", "evil.us-east-1"] {
        assert!(StsHost::regional(bad).is_err(), "{bad:?}");
    }
    assert_eq!("sts.amazonaws.com".parse(), Ok(StsHost::global()));
}

proptest! {
    #[test]
    fn whatever_is_accepted_lies_under_aws_own_domains(name in "sts(-fips)?\\.[a-z0-9.@:/-]{0,24}(amazonaws\\.com|api\\.aws)") {
        if let Ok(host) = name.parse::<StsHost>() {
            let rest = name.split_once('.').map(|(_, rest)| rest);
            let region = host.signing_region();
            let own = [format!("{region}.amazonaws.com"), format!("{region}.api.aws"), "amazonaws.com".to_owned()];
            prop_assert!(own.iter().any(|own| rest == Some(own)));
        }
    }
}
