//! What is typed at both programs.

use super::differences::{
    ADDRESS, BLANK_ID, COMPLETE, DOTENV, Difference, EXEC_INFO, FIPS_REGION, FORMAT, HELP, HELP_TRUE, HOSTNAME,
    IDENTITY, INIT, LEVEL, NO_DESCRIPTIONS, NO_HELP, NO_PROFILE, NO_REGION, NOTES, NOTHING_BEHIND, REGION, UNREAD,
    WORDS, WRONG,
};

/// One line.
pub(super) struct Row {
    /// Variables, and the words behind the program's name. `TOKEN` is a new token of somebody's.
    pub(super) line: &'static str,
    /// In what the programs differ.
    pub(super) differs: Option<&'static Difference>,
    /// What ours says on stderr then.
    pub(super) said: &'static str,
}

/// Files of the folder that both run in.
pub(super) const FILES: &[(&str, &str)] = &[
    ("c.yaml", "clusterID: c\n"),
    ("c.yml", "clusterID: 5\n"),
    ("c.json", "{\"CLUSTERID\": \"c\"}"),
    ("c.toml", "clusterid = \"c\"\nregion = 'eu-west-1'\ntokenOnly = true\n"),
    ("c.env", "clusterID=c\n"),
    ("c.hcl", "clusterID = \"c\"\n"),
    ("c.YAML", "clusterID: c\n"),
    ("noext", "clusterID: c\n"),
    ("bad.yaml", "a: [\n"),
    ("bad.toml", "a = \n"),
    ("role.yaml", "clusterID: c\ndefaultRole: arn:aws:iam::111122223333:role/R\n"),
    ("client.yaml", "clusterID: c\ntokenOnly: true\nregion: eu-west-1\nsessionName: x\noutput: json\n"),
    ("both.yaml", "clusterID: c\nsessionName: x\nforwardSessionName: true\n"),
    ("json.yaml", "output: json\nclusterID: e2e.example.com\n"),
    ("partition.yaml", "output: json\nclusterID: e2e.example.com\npartition: aws-cn\n"),
    ("dynamic.yaml", "clusterID: c\nserver: {backendMode: [DynamicFile]}\n"),
    ("path.yaml", "clusterID: c\nserver: {dynamicfilepath: x}\n"),
    ("twice.yaml", "clusterID: c\nserver: {backendMode: [CRD, CRD]}\n"),
    (
        "aws.ini",
        "[profile fips]\nregion = us-west-2\nuse_fips_endpoint = true\n\
         [profile dual]\nregion = us-west-2\nuse_dualstack_endpoint = true\n\
         [profile any]\nregion = us-west-2\nendpoint_url = https://sts.eu-west-3.amazonaws.com\n\
         [profile services]\nregion = us-west-2\nservices = mine\n\
         [services mine]\nsts =\n  endpoint_url = https://sts.eu-west-1.amazonaws.com\n\
         [profile keys]\nregion = \"eu-west-1\"\naws_access_key_id = 'AKIACONFIG0000000000'\naws_secret_access_key = s\n\
         credential_process = /bin/false\nuse_fips_endpoint = x\n\
         [profile two]\nrole_arn = arn:aws:iam::111122223333:role/R\nsource_profile = keys\ncredential_process = /bin/false\n",
    ),
    ("old.yaml", "clusterID: c\nserver: {backendMode: [File, MountedFile]}\n"),
];

const fn same(line: &'static str) -> Row {
    Row { line, differs: None, said: "" }
}

const fn other(line: &'static str, differs: &'static Difference, said: &'static str) -> Row {
    Row { line, differs: Some(differs), said }
}

pub(super) const ROWS: &[Row] = &[
    // The command line itself.
    other("help", &HELP, ""),
    other("--help", &HELP, ""),
    other("help token", &HELP, ""),
    other("server -h", &HELP, ""),
    other("completion bash", &HELP, ""),
    other("completion", &NO_HELP, "required"),
    other("completion bash --no-descriptions", &NO_DESCRIPTIONS, "unexpected argument '--no-descriptions'"),
    other("help nosuch", &NO_HELP, "unrecognized subcommand"),
    other("bogus", &WRONG, "error: unrecognized subcommand 'bogus'"),
    other("--bogus", &WRONG, "error: unexpected argument '--bogus'"),
    other("token --bogus", &WRONG, "error: unexpected argument '--bogus'"),
    other("token -i c more words", &WORDS, "unexpected argument 'more'"),
    other("version more", &WORDS, "unexpected argument 'more'"),
    // A flag in each of its forms, before the command and behind it, once and several times.
    same("token -i c --token-only"),
    // What begins as a flag does.
    same("token -i -x --token-only"),
    other("token -i=", &NOTHING_BEHIND, "is not a cluster id"),
    other("token --help=true", &HELP_TRUE, "unexpected value 'true'"),
    other("__complete token --", &COMPLETE, "unexpected argument"),
    other("__completeNoDesc token --", &COMPLETE, "unrecognized subcommand"),
    other("token -i c -e -x", &NOTES, "--external-id has no effect"),
    other("token -i c -s -x", &NOTES, "--session-name has no effect"),
    same("token -ic --token-only"),
    same("token -i=c --token-only"),
    same("token -i_c --token-only"),
    same("-i_c token --token-only"),
    same("--cluster-id=c token --token-only"),
    same("token -i b -i c"),
    same("-i b token -i c"),
    same("token -i c --region us-east-1 --region eu-west-1"),
    same("token -i c --token-only=1"),
    same("token -i c --token-only=T"),
    same("token -i c --token-only=FALSE"),
    same("token -i c --token-only --token-only=false"),
    other("token -i c --token-only=yes", &WRONG, "invalid value 'yes'"),
    other("token -i c --token-only true", &WORDS, "unexpected argument 'true'"),
    // The cluster id.
    other("token", &WRONG, "no cluster id"),
    other("token -i ''", &WRONG, "is not a cluster id"),
    other("token -i _", &BLANK_ID, "is not a cluster id"),
    same("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID=c token"),
    same("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID=b token -i c"),
    same("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID=b token -c c.yaml"),
    other("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID= token", &WRONG, "no cluster id"),
    // The configuration file.
    same("token -c c.yaml"),
    same("token -c c.yml"),
    same("token -c c.json"),
    same("token -c c.toml"),
    same("-c c.toml token --token-only=false"),
    same("token -c '' -i c"),
    same("token -c bad.yaml -c c.yaml"),
    other("token -c role.yaml", &NOTES, "unknown key `defaultRole`"),
    same("token -c client.yaml"),
    same("token -c client.yaml --region us-east-1 --token-only=false"),
    other("token -c c.env", &DOTENV, "variables are read by aws-iam-authenticator, and not here"),
    other("token -c c.hcl", &WRONG, "does not read this format any more either"),
    other("token -c c.YAML", &WRONG, "must end in .yaml, .yml, .json or .toml"),
    other("token -c noext", &WRONG, "must end in .yaml, .yml, .json or .toml"),
    other("token -c missing.yaml", &WRONG, "missing.yaml"),
    other("token -c bad.yaml", &WRONG, "bad.yaml:1:4"),
    other("token -c bad.toml", &WRONG, "bad.toml:1:5"),
    // Regions and endpoints.
    same("token -i c --region ap-newplace-9"),
    same("token -i c --region cn-new-9"),
    same("token -i c --region eu-gaul-1"),
    other("token -i c --region fips-us-west-2", &FIPS_REGION, ""),
    other("AWS_REGION=us-west-2-fips token -i c", &FIPS_REGION, ""),
    other("token -i c --region US-WEST-2", &NO_REGION, "is not an AWS Region"),
    other("token -i c --region aws-cn-global", &NO_REGION, "is not an AWS Region"),
    other("token -i c --region local", &NO_REGION, "is not an AWS Region"),
    other("token -i c --region 127.0.0.1", &NO_REGION, "is not an AWS Region"),
    other("AWS_MAX_ATTEMPTS=x token -i c", &UNREAD, ""),
    other("AWS_RETRY_MODE=x token -i c", &UNREAD, ""),
    other("AWS_DEFAULTS_MODE=x token -i c", &UNREAD, ""),
    other("AWS_ACCOUNT_ID_ENDPOINT_MODE=x token -i c", &UNREAD, ""),
    other("AWS_EC2_METADATA_V1_DISABLED=x token -i c", &UNREAD, ""),
    other("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=x token -i c", &UNREAD, ""),
    same("token -i c --region ''"),
    same("token -i c --region aws-global"),
    same("AWS_STS_REGIONAL_ENDPOINTS=legacy token -i c --region us-west-2"),
    same("AWS_USE_FIPS_ENDPOINT=true token -i c --region us-west-2"),
    same("AWS_USE_DUALSTACK_ENDPOINT=TRUE token -i c --region us-west-2"),
    same("AWS_CONFIG_FILE=aws.ini AWS_PROFILE=fips token -i c"),
    same("AWS_CONFIG_FILE=aws.ini AWS_PROFILE=dual token -i c"),
    // Whose credentials.
    same("AWS_REGION= AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_CONFIG_FILE=aws.ini AWS_PROFILE=keys token -i c"),
    other(
        "AWS_REGION= AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_CONFIG_FILE=aws.ini AWS_PROFILE=two token -i c",
        &WRONG,
        "both source_profile and credential_process",
    ),
    same("AWS_CONFIG_FILE=aws.ini AWS_PROFILE=services token -i c"),
    same("AWS_CONFIG_FILE=aws.ini AWS_PROFILE=any token -i c"),
    same("AWS_CONFIG_FILE=aws.ini AWS_PROFILE=any AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true token -i c"),
    same("AWS_ENDPOINT_URL=https://sts.eu-west-2.amazonaws.com token -i c --region us-west-2"),
    other("AWS_USE_FIPS_ENDPOINT=yes token -i c", &WRONG, "AWS_USE_FIPS_ENDPOINT"),
    other("AWS_USE_DUALSTACK_ENDPOINT=1 token -i c", &WRONG, "AWS_USE_DUALSTACK_ENDPOINT"),
    other(
        "AWS_REGION= AWS_DEFAULT_REGION= AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1 token -i c",
        &NOTES,
        "nothing says a Region, so us-east-1 is used",
    ),
    other("AWS_PROFILE=nosuch token -i c", &NO_PROFILE, ""),
    // Roles and sessions.
    same("token -i c -r ''"),
    same("DEFAULT_ROLE= token -i c"),
    other("token -i c -s x", &NOTES, "--session-name has no effect"),
    other("token -i c -e x", &NOTES, "--external-id has no effect"),
    other("token -i c -s x --forward-session-name", &WRONG, "are both given"),
    other("token -c both.yaml", &WRONG, "are both given"),
    other("token -i c --cache", &NOTES, ""),
    // Logs and gates.
    same("token -i c -v WARN"),
    same("token -i c -v Debug"),
    same("-l json token -i c"),
    other("token -i c -v loud", &WRONG, "valid levels are panic, fatal, error, warning, info, debug, trace"),
    other("AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY=loud token -i c", &LEVEL, ""),
    other("AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY=loud version", &LEVEL, ""),
    other("token -i c -l yaml", &NOTES, "--log-format yaml: unknown format (text, json)"),
    other("-l JSON version", &NOTES, "--log-format JSON: unknown format (text, json)"),
    same("token -i c --feature-gates SSORoleMatch=true,AllBeta=f"),
    same("token -i c --feature-gates SSORoleMatch=true --feature-gates AllAlpha=1"),
    same("--feature-gates SSORoleMatch=true token -i c --feature-gates AllBeta=true"),
    same("token -i c --feature-gates ''"),
    other("token -i c --feature-gates Nope=true", &WRONG, "\"Nope=true\" is not Name=true or Name=false"),
    other("version --feature-gates Nope=true", &WRONG, "\"Nope=true\" is not Name=true or Name=false"),
    other("token -i c --feature-gates ssorolematch=true", &WRONG, "is not Name=true or Name=false"),
    other("token -i c --feature-gates SSORoleMatch", &WRONG, "is not Name=true or Name=false"),
    other("token -i c --feature-gates SSORoleMatch=maybe", &WRONG, "is not Name=true or Name=false"),
    // What kubectl asks for.
    same("KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1\"} token -i c"),
    other(
        "KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"} token -i c",
        &NOTES,
        "which kubectl has dropped; change it to v1",
    ),
    other("KUBERNETES_EXEC_INFO={} token -i c", &EXEC_INFO, "names no version known here"),
    other("KUBERNETES_EXEC_INFO=x token -i c", &NOTES, "is not an ExecCredential in JSON"),
    other("KUBERNETES_EXEC_INFO=[] token -i c", &NOTES, "is not an ExecCredential in JSON"),
    // version
    same("version"),
    same("version -o json"),
    same("version -o yaml"),
    same("version -o json -o yaml"),
    same("version -s"),
    same("version --short=false"),
    same("version -s=0"),
    same("version -c c.yaml"),
    other("version -c missing.yaml", &WRONG, "missing.yaml"),
    other("version -c bad.yaml", &WRONG, "bad.yaml:1:4"),
    other("version -so yaml", &NOTES, "--output has no effect with --short"),
    other("version -o text", &FORMAT, "invalid value 'text'"),
    // verify
    other("verify", &WRONG, "no cluster id"),
    other("verify -i c", &WRONG, "refused"),
    other("verify -t x", &WRONG, "no cluster id"),
    other("verify -i c -t x", &WRONG, "token.not-aws"),
    other("verify -i e2e.example.com -t TOKEN -o json", &REGION, ""),
    other("verify -c json.yaml -t TOKEN", &REGION, ""),
    other("verify -c partition.yaml -t TOKEN", &WRONG, "[token.partition]"),
    other("verify -c partition.yaml -t TOKEN --partition aws", &REGION, ""),
    other("verify -i other -t TOKEN -o json", &WRONG, "[sts.signature-mismatch]"),
    other("verify -i e2e.example.com -t TOKEN", &IDENTITY, ""),
    other("verify -i e2e.example.com -t TOKEN -o yaml", &FORMAT, "invalid value 'yaml'"),
    other("verify -i c -t x --partition bogus", &WRONG, "unknown AWS partition"),
    // init, and what a server could not do
    other("init", &WRONG, "no cluster id"),
    other("init -i c", &INIT, "wrote ./cert.pem"),
    other("init -i c --hostname a.example.com", &INIT, "wrote ./cert.pem"),
    other("init -i c --hostname a_b", &HOSTNAME, "is neither a host's name nor an IP address"),
    other("init -i c --hostname http://x", &HOSTNAME, "is neither a host's name nor an IP address"),
    other("init -i c --hostname a:5", &HOSTNAME, "is neither a host's name nor an IP address"),
    other("init -i c --address nonsense", &ADDRESS, "invalid IP address"),
    other("init -i c more", &WORDS, "unexpected argument 'more'"),
    other("init -c old.yaml", &INIT, "MountedFile is listed twice; it is asked once"),
    other("init -c dynamic.yaml", &WRONG, "dynamicfile is set in backend-mode but dynamicfilepath is not set"),
    other("init -c path.yaml", &WRONG, "dynamicfile is not set in backend-mode but dynamicfilepath is set"),
    other("init -c twice.yaml", &WRONG, "CRD stands twice"),
    other("server -c dynamic.yaml", &WRONG, "dynamicfile is set in backend-mode but dynamicfilepath is not set"),
    other("server -c path.yaml", &WRONG, "dynamicfile is not set in backend-mode but dynamicfilepath is set"),
    other("server -c twice.yaml", &WRONG, "CRD stands twice"),
    other("server", &WRONG, "no cluster id"),
    other("server -i c --partition bogus", &WRONG, "unknown AWS partition"),
    other("server -i c --port abc", &WRONG, "invalid value 'abc'"),
    other("server -i c --backend-mode Files", &WRONG, "modes are MountedFile, EKSConfigMap, CRD and DynamicFile"),
    other("server -i c --backend-mode CRD,CRD", &WRONG, "names CRD twice"),
    other("server -i c --backend-mode DynamicFile", &WRONG, "dynamicfilepath is not set"),
    other("server -i c --state-dir missing", &WRONG, "missing"),
];
