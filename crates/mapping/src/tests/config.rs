//! The configuration file: what it may say, and every problem of a bad one.

use document::{RenderStyle, Source, render};
use insta::assert_snapshot;

use crate::{
    Mode,
    authenticator::{Config, FeatureGates, read_config},
};

fn read(text: &str) -> (Config, String) {
    let source = Source::new("config.yaml", text);
    match read_config(&source, &FeatureGates::default()) {
        Ok((config, warnings)) => (config, render(&source, &warnings, RenderStyle::Plain)),
        Err(problems) => panic!("{}", render(&source, &problems, RenderStyle::Plain)),
    }
}

fn problems(text: &str) -> String {
    let source = Source::new("config.yaml", text);
    let problems = read_config(&source, &FeatureGates::default()).err().expect("a bad file");
    render(&source, &problems, RenderStyle::Plain)
}

#[test]
fn keys_are_read_in_any_case_and_a_clean_file_has_no_warnings() {
    let (config, warnings) = read(
        "clusterid: 5\nROLE: r\nserver:\n  Port: 8443\n  address: 0.0.0.0\n  backendMode: [MountedFile, CRD]\n  \
         mapUsers: [{UserArn: 'arn:aws:iam::111122223333:user/a', userName: a, Groups: [g]}]\n  \
         scrubbedAccounts: ['111122223333']\n  kubeconfigPregenerated: true\n",
    );
    assert_eq!(warnings, "");
    assert_eq!(config.cluster_id.as_deref(), Some("5"));
    assert_eq!(config.client.role.as_deref(), Some("r"));
    assert_eq!((config.server.port, config.server.kubeconfig_pregenerated), (Some(8443), Some(true)));
    assert_eq!(config.server.backend_modes, [Mode::MountedFile, Mode::Crd]);
    assert_eq!(config.server.snapshot().len(), 1);
    assert_eq!(read("").0.cluster_id, None);
}

#[test]
fn what_is_read_weakly_is_read_with_a_warning() {
    assert_snapshot!(read(
        "clusterID: c\ndefaultRole: x\nserver:\n  backendMode: File CRD\n  mapAccounts: 111122223333\n  mapRoles:\n    \
         rolearn: arn:aws:iam::111122223333:role/ops/R\n    username: r\n    groups: a, b\n  stateDri: /x\n"
    ).1);
}

#[test]
fn every_problem_is_found_in_one_run() {
    assert_snapshot!(problems(
        "clusterID: [c]\nserver:\n  port: abc\n  address: example.com\n  partition: moon\n  backendMode: [MountedFile, Files, MountedFile]\n  \
         mapAccounts: [012345678901, 12345]\n  mapRoles:\n  - {rolearn: 'arn:aws:iam::111122223333:role/*', username: a}\n  \
         - {username: b}\n  - {rolearn: 'arn:aws:iam::111122223333:role/R', sso: {permissionSetName: D, accountID: '111122223333'}}\n  \
         - {sso: {permissionSetName: D, accountID: 011122223333}, username: c}\n  mapUsers:\n  - {userarn: 'arn:aws:s3:::bucket', username: d}\n  \
         - {userarn: 'arn:aws-cn:iam::111122223333:user/e', username: 5}\n"
    ));
    assert_snapshot!(problems("server:\n  mapRoles: everybody\n"));
}

#[test]
fn gates_are_accepted_and_misspelt_ones_are_not() {
    let gates = |text: &str| text.parse::<FeatureGates>();
    assert!(
        gates("SSORoleMatch=true, ConfiguredInitDirectories=True").is_ok_and(|gates| gates.configured_init_directories)
    );
    assert!(gates("").is_ok_and(|gates| gates == FeatureGates::default()));
    assert!(gates("ssorolematch=true").is_err() && gates("SSORoleMatch").is_err() && gates("SSORoleMatch=1").is_err());
}
