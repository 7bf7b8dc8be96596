//! Settings of profiles that nobody reads, and what is likely to be meant: AWS's programs say nothing of them.

use std::collections::BTreeSet;

/// How sure it is that something else is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sure {
    /// There are no credentials: whatever is near may be why.
    NearEnough,
    /// There are, and it is said each time: only what differs by a letter or two.
    BySight,
}

/// What two names differ by that look the same: letters that are missing, doubled, wrong, or the other way round.
const BY_SIGHT: usize = 2;

/// The settings of a section that nobody reads, and for each what may be meant: a setting that the section lacks.
pub(super) fn near_misses<'a>(
    settings: impl Iterator<Item = &'a str>,
    known: &[&'static str],
    sure: Sure,
) -> Vec<(&'a str, &'static str)> {
    let settings: BTreeSet<&str> = settings.collect();
    let is_known = |name: &str| known.contains(&name) || OTHERS.contains(&name);
    let unknown = settings.iter().filter(|name| !is_known(name));
    unknown
        .filter_map(|name| Some((*name, document::nearest(name, known.iter().copied())?)))
        .filter(|(name, near)| sure == Sure::NearEnough || document::distance(name, near) <= BY_SIGHT)
        .filter(|(_, near)| !settings.contains(*near))
        .collect()
}

/// Whether anybody reads a setting of this name.
pub(super) fn is_known(name: &str) -> bool {
    OF_PROFILE.contains(&name) || OF_SSO_SESSION.contains(&name) || OTHERS.contains(&name)
}

/// What of a profile counts here.
pub(super) const OF_PROFILE: [&str; 28] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "ca_bundle",
    "credential_process",
    "credential_source",
    "duration_seconds",
    "ec2_metadata_v1_disabled",
    "endpoint_url",
    "external_id",
    "ignore_configured_endpoint_urls",
    "login_session",
    "mfa_process",
    "mfa_serial",
    "region",
    "role_arn",
    "role_session_name",
    "services",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "sts_regional_endpoints",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "web_identity_token_file",
];

/// What of an `[sso-session …]` counts here.
pub(super) const OF_SSO_SESSION: [&str; 2] = ["sso_region", "sso_start_url"];

/// What somebody else reads: botocore (`BOTOCORE_DEFAUT_SESSION_VARIABLES`), the AWS CLI (its topic `config-vars`), AWS's other SDKs
/// (the settings reference of their guide) and aws-vault. A test asks botocore for its own.
const OTHERS: [&str; 73] = [
    "account_id_endpoint_mode",
    "addressing_style",
    "api_versions",
    "auth_scheme_preference",
    "aws_account_id",
    "aws_security_token",
    "chain_via",
    "cli_auto_prompt",
    "cli_binary_format",
    "cli_error_format",
    "cli_follow_urlparam",
    "cli_help_output",
    "cli_history",
    "cli_pager",
    "cli_timestamp_format",
    "cloudfront",
    "cloudsearch",
    "cloudtrail",
    "credential_process_timeout",
    "csm_client_id",
    "csm_enabled",
    "csm_host",
    "csm_port",
    "data_path",
    "defaults_mode",
    "disable_host_prefix_injection",
    "disable_request_compression",
    "dynamodb",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "emr",
    "enable_endpoint_discovery",
    "endpoint_discovery_enabled",
    "event_stream",
    "expiration",
    "imds_use_ipv6",
    "include_profile",
    "max_attempts",
    "metadata_service_num_attempts",
    "metadata_service_timeout",
    "output",
    "parameter_validation",
    "parent_profile",
    "payload_signing_enabled",
    "preview",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retry_mode",
    "s3",
    "s3_disable_express_session_auth",
    "s3_disable_multiregion_access_points",
    "s3_us_east_1_regional_endpoint",
    "s3_use_arn_region",
    "s3api",
    "sdb",
    "sdk_ua_app_id",
    "session_tags",
    "signature_version",
    "sigv4a_signing_region_set",
    "source_identity",
    "sso_account_name",
    "sso_auto_populated",
    "sso_registration_scopes",
    "sso_use_device_code",
    "tcp_keepalive",
    "tls_session_cache",
    "transitive_session_tags",
    "use_accelerate_endpoint",
    "use_arn_region",
    "user_agent_appid",
    "v4_signing",
    "x_principal_arn",
];

#[cfg(test)]
mod tests {
    use super::{OF_PROFILE, OF_SSO_SESSION, OTHERS, Sure, near_misses};

    fn near(names: &[&'static str], sure: Sure) -> Vec<(&'static str, &'static str)> {
        near_misses(names.iter().copied(), &OF_PROFILE, sure)
    }

    #[test]
    fn a_setting_that_nobody_reads_may_be_a_slip() {
        for sure in [Sure::NearEnough, Sure::BySight] {
            for (written, meant) in [
                ("aws_acces_key_id", "aws_access_key_id"),
                ("aws_session_tokn", "aws_session_token"),
                ("duration_second", "duration_seconds"),
                ("external_idd", "external_id"),
                ("mfa_seral", "mfa_serial"),
                ("regoin", "region"),
                ("role_session_nam", "role_session_name"),
                ("rolearn", "role_arn"),
                ("source-profile", "source_profile"),
                ("sso_start_ulr", "sso_start_url"),
                ("use_fips_endpoints", "use_fips_endpoint"),
            ] {
                assert_eq!(near(&[written, "output"], sure), [(written, meant)]);
                assert_eq!(near(&[written, meant], sure), [], "{meant} is there");
            }
            assert_eq!(near(&["team", "granted_sso_start_url", "azure_tenant_id", "saml_url"], sure), []);
        }
    }

    #[test]
    fn what_is_only_near_is_said_where_there_are_no_credentials() {
        let written = "secret_access_key";
        assert_eq!(near(&[written], Sure::NearEnough), [(written, "aws_secret_access_key")]);
        assert_eq!(near(&[written], Sure::BySight), []);
    }

    #[test]
    fn of_an_sso_session_other_settings_count() {
        let near =
            near_misses(["sso_start_ulr", "sso_registration_scopes"].into_iter(), &OF_SSO_SESSION, Sure::BySight);
        assert_eq!(near, [("sso_start_ulr", "sso_start_url")]);
    }

    #[test]
    fn what_others_read_is_no_slip() {
        let all: Vec<_> = OF_PROFILE.iter().chain(&OTHERS).copied().collect();
        for sure in [Sure::NearEnough, Sure::BySight] {
            for name in &all {
                assert_eq!(near(&[name], sure), []);
            }
        }
    }
}
