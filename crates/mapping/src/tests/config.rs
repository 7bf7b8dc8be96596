//! The configuration file: what it may say, and every problem of a bad one.

use document::{RenderStyle, Source, render};
use identity::AccountId;
use insta::{assert_debug_snapshot, assert_snapshot};

use crate::{
    BackendMode,
    authenticator::{ClientConfig, Config, FeatureGates, read_config},
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
    assert_eq!(config.server.backend_modes, [BackendMode::MountedFile, BackendMode::Crd]);
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
        "clusterID: [c]\nserver:\n  port: abc\n  address: exampl%.com\n  partition: moon\n  backendMode: [MountedFile, Files, MountedFile]\n  \
         mapAccounts: [012345678901, 12345]\n  mapRoles:\n  - {rolearn: 'arn:aws:iam::111122223333:role/*', username: a}\n  \
         - {username: b}\n  - {rolearn: 'arn:aws:iam::111122223333:role/R', sso: {permissionSetName: D, accountID: '111122223333'}}\n  \
         - {sso: {permissionSetName: D, accountID: 011122223333}, username: c}\n  mapUsers:\n  - {userarn: 'arn:aws:s3:::bucket', username: d}\n  \
         - {userarn: 'arn:aws-cn:iam::111122223333:user/e', username: 5}\n"
    ));
    assert_snapshot!(problems("server:\n  mapRoles: everybody\n"));
}

#[test]
fn an_empty_list_of_modes_is_reported_beside_other_problems() {
    assert_snapshot!(problems("server:\n  port: -x\n  backendMode: []\n"), @r#"
error[document.type]: expected a whole number, found text
 --> config.yaml:2:9
  |
2 |   port: -x
  |         ^^

error[config.backend-mode]: the list of backend modes is empty
 --> config.yaml:3:16
  |
3 |   backendMode: []
  |                ^^
"#);
    assert_snapshot!(problems("server:\n  backendMode: MountedFile,CRD\n"), @r#"
error[config.backend-mode]: "MountedFile,CRD" is none; backend modes are MountedFile, EKSConfigMap, CRD and DynamicFile
 --> config.yaml:2:16
  |
2 |   backendMode: MountedFile,CRD
  |                ^^^^^^^^^^^^^^^
  |
  = help: write a list, as in [MountedFile, CRD], or put blanks between them

warning[config.single-value]: expected a list, found text; it is read as a list of one
 --> config.yaml:2:16
  |
2 |   backendMode: MountedFile,CRD
  |                ^^^^^^^^^^^^^^^
"#);
}

#[test]
fn what_looks_as_if_it_did_something_is_warned_about() {
    let user = |name| format!("  - {{userarn: 'arn:aws:iam::111122223333:user/{name}'");
    let (_, warnings) = read(&format!(
        "mapUsers: []\nserver:\n  mapUsers:\n{}}}\n{}, username: 'x:{{{{ SessionName }}}}'}}\n{}, username: a, groups: ['system:{{{{SessionName}}}}']}}\n",
        user("a"),
        user("b"),
        user("A"),
    ));
    assert_snapshot!(warnings, @r#"
warning[config.unknown-key]: unknown key `mapUsers`; it has no effect
 --> config.yaml:1:1
  |
1 | mapUsers: []
  | ^^^^^^^^
  |
  = help: it belongs below `server`

warning[config.no-username]: the entry has no username, so whoever it names is refused (mapping.empty-username)
 --> config.yaml:4:5
  |
4 |   - {userarn: 'arn:aws:iam::111122223333:user/a'}
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

warning[config.unknown-variable]: `{{ SessionName }}` is not a variable, only text
 --> config.yaml:5:61
  |
5 |   - {userarn: 'arn:aws:iam::111122223333:user/b', username: 'x:{{ SessionName }}'}
  |                                                             ^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `{{SessionName}}`?

warning[config.duplicate]: the same principal is listed twice; the last entry is used
 --> config.yaml:6:5
  |
4 |   - {userarn: 'arn:aws:iam::111122223333:user/a'}
  |     --------------------------------------------- first here
5 |   - {userarn: 'arn:aws:iam::111122223333:user/b', username: 'x:{{ SessionName }}'}
6 |   - {userarn: 'arn:aws:iam::111122223333:user/A', username: a, groups: ['system:{{SessionName}}']}
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

warning[config.templated-system-name]: a variable after `system:` would let the caller choose a name of Kubernetes itself; logins through this entry are refused
 --> config.yaml:6:73
  |
6 |   - {userarn: 'arn:aws:iam::111122223333:user/A', username: a, groups: ['system:{{SessionName}}']}
  |                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: put a prefix of your own in front of the variable (mapping.templated-system-name)
"#);
}

#[test]
fn numbers_keep_their_spelling_or_are_refused() {
    assert_eq!(read("clusterID: 5\nexternalID: 1234\n").0.client.external_id.as_deref(), Some("1234"));
    assert_snapshot!(problems("clusterID: 012\nexternalID: 1e3\n"), @r#"
error[config.type]: without quotes this is a number, and loses its spelling
 --> config.yaml:1:12
  |
1 | clusterID: 012
  |            ^^^
  |
  = help: quote it: "012"

error[config.type]: without quotes this is a number, and loses its spelling
 --> config.yaml:2:13
  |
2 | externalID: 1e3
  |             ^^^
  |
  = help: quote it: "1e3"
"#);
}

#[test]
fn lists_are_read_from_one_text_where_the_existing_program_does() {
    let (config, _) = read(
        "server:\n  mapAccounts: '111122223333,444455556666'\n  scrubbedAccounts: '111122223333 444455556666'\n  \
         backendMode: MountedFile EKSConfigMap\n",
    );
    let accounts: Vec<_> = config.server.scrubbed_accounts.iter().map(AccountId::as_str).collect();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
    assert_eq!(config.server.backend_modes, [BackendMode::MountedFile, BackendMode::EksConfigMap]);
    assert_eq!(config.server.snapshot().len(), 2);
}

#[test]
fn a_mode_by_its_old_name_and_the_new_one_is_asked_once() {
    let (config, warnings) = read("server:\n  backendMode: [File, CRD, MountedFile]\n");
    assert_eq!(config.server.backend_modes, [BackendMode::MountedFile, BackendMode::Crd]);
    assert!(warnings.contains("MountedFile is listed twice; it is asked once"), "{warnings}");
}

#[test]
fn every_key_is_read_and_its_place_is_known() {
    let (config, warnings) = read(
        "clusterID: c\nregion: eu-west-1\nrole: r\nexternalID: e\nsessionName: s\ntokenOnly: true\n\
         forwardSessionName: false\ncache: true\ntoken: t\noutput: json\npartition: aws-cn\nserver:\n  \
         partition: aws-us-gov\n  address: '::1'\n  port: 1\n  hostname: h\n  stateDir: /s\n  generateKubeconfig: /g\n  \
         kubeconfigPregenerated: true\n  kubeconfig: /k\n  master: https://m\n  backendMode: [DynamicFile]\n  mapRoles: []\n  \
         mapUsers: []\n  mapAccounts: []\n  scrubbedAccounts: []\n  sourceARN: arn:aws:eks:x:111122223333:cluster/c\n  \
         ec2DescribeInstancesRoleARN: arn:aws:iam::111122223333:role/E\n  ec2DescribeInstancesQps: 1\n  \
         ec2DescribeInstancesBurst: 2\n  dynamicfilepath: /d\n  dynamicfileUserIDStrict: true\n  \
         dynamicBackendModePath: /b\n  reservedPrefixConfig: []\n  accessFile: /a\n  denyWith200: true\n",
    );
    assert_eq!(warnings, "");
    let ClientConfig { region, role, external_id, session_name, token, output, .. } = &config.client;
    let texts = [region, role, external_id, session_name, token, output].map(|text| text.as_deref().unwrap_or("-"));
    assert_eq!(texts, ["eu-west-1", "r", "e", "s", "t", "json"]);
    assert_eq!((config.client.cache, config.client.partition.as_deref()), (Some(true), Some("aws-cn")));
    let places = ["clusterID", "SERVER.port", "server.dynamicBackendModePath"].map(|key| config.place(key));
    assert_eq!(
        places.map(|place| place.expect("a key of the file").to_string()),
        ["config.yaml:1", "config.yaml:15", "config.yaml:33"]
    );
    assert_eq!(config.place("server.nothing"), None);
    assert_debug_snapshot!(config.server);
}

#[test]
fn gates_are_accepted_and_misspelt_ones_are_not() {
    let gates = |text: &str| text.parse::<FeatureGates>();
    assert!(
        gates("SSORoleMatch=true, ConfiguredInitDirectories=True").is_ok_and(|gates| gates.configured_init_directories)
    );
    assert!(gates("").is_ok_and(|gates| gates == FeatureGates::default()));
    assert!(
        gates("ssorolematch=true").is_err() && gates("SSORoleMatch").is_err() && gates("SSORoleMatch=yes").is_err()
    );
    let init = |text| gates(text).expect("gates").configured_init_directories;
    assert!(init("AllAlpha=1") && !init("ConfiguredInitDirectories=false,AllAlpha=true") && !init("AllBeta=T"));
}
