//! docs/troubleshooting.md: what it shows is what is printed, and what it says to type works.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    page::{self, Reader},
    people::environment,
    process::Background,
    shell::Shell,
    test_cluster::TestCluster,
    world::World,
};
use pages::Page;

use super::cluster::{SHOP, at_hand};
use crate::Test;

pub(super) const TESTS: &[Test] = &[
    ("docs::troubleshooting_md_has_the_words_that_are_printed", words),
    ("docs::troubleshooting_md_types_what_works", typed),
];

/// Whose IAM Identity Center nobody has logged in to.
const PROFILE: &str = "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n\
     [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n";

/// A list of programs that this one is not in.
const KUBERC: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\n\
     credentialPluginAllowlist: [{name: aws}]\n";

/// The same as people had it before there were sessions, and where the AWS CLI keeps its token: one that is over.
const OLD_PROFILE: &str = "[profile dev]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n\
     sso_account_id = 111122223333\nsso_role_name = Dev\n";
const OLD_TOKEN: &str = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "t", "expiresAt": "2026-01-01T00:00:00Z"}"#;
const OLD_TOKEN_FILE: &str =
    "home/.aws/sso/cache/$(printf %s https://corp.awsapps.com/start | sha1sum | cut -d' ' -f1).json";

/// A kubeconfig of the cluster with a plugin: kubectl does what the page is about.
fn plugin(managed: &TestCluster, version: &str) -> String {
    let server = managed.cluster.server_url();
    let exec = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/{version}, interactiveMode: Never, command: cluster-auth, args: [token, -i, prod.example.com]}}"
    );
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: '{server}', certificate-authority: ca.pem}}}}]\nusers: [{{name: u, user: {{{exec}}}}}]\n"
    )
}

fn words(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "docs-troubleshooting-words", SHOP)?;
    let folder = &managed.folder;
    fs::write(folder.join("ca.pem"), managed.cluster.ca_pem())?;
    fs::write(folder.join("plugin"), plugin(&managed, "v1"))?;
    fs::write(folder.join("old"), plugin(&managed, "v1alpha1"))?;
    fs::write(folder.join("kuberc"), KUBERC)?;
    fs::write(folder.join("aws-config"), PROFILE)?;
    fs::write(folder.join("old-aws-config"), OLD_PROFILE)?;
    fs::create_dir_all(folder.join("home/.aws/sso/cache"))?;
    let mut shell = Shell::new(&world.parts, folder)?;
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set("ADMIN", managed.cluster.admin_kubeconfig().display().to_string());
    shell.set("SERVER", managed.cluster.server_url());
    shell.set("KUBERNETES", world.parts.kubernetes.display().to_string());
    let nobody = "env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=aws-config";
    // Nobody is asked with a token that is over, so that nobody need be reached.
    let old = format!("{nobody} AWS_CONFIG_FILE=old-aws-config HOME=$PWD/home HTTPS_PROXY=http://127.0.0.1:1");
    let token = "token -i prod.example.com --profile dev";
    let rows = [
        ("You must be logged in", "kubectl --kubeconfig plugin auth whoami".to_owned()),
        ("pods is forbidden", "kubectl --kubeconfig $ADMIN --as alice get pods -n shop".to_owned()),
        ("executable cluster-auth", "PATH=$KUBERNETES kubectl --kubeconfig plugin get pods".to_owned()),
        ("plugin path", "KUBERC=kuberc kubectl --kubeconfig plugin get pods".to_owned()),
        ("invalid apiVersion", "kubectl --kubeconfig old get pods".to_owned()),
        ("knows of no login", format!("{nobody} cluster-auth token -i prod.example.com --profile dev")),
        ("it has expired", format!("echo '{OLD_TOKEN}' > {OLD_TOKEN_FILE}; {old} cluster-auth {token}")),
        ("no AWS credentials found", format!("{nobody} cluster-auth token -i prod.example.com")),
        ("x509", "kubectl --kubeconfig /dev/null --server $SERVER --token x get pods".to_owned()),
    ];
    let page = Page::read("docs/troubleshooting.md")?;
    let shown: Vec<&str> =
        page.blocks().iter().filter(|block| block.language == "text").flat_map(|block| block.lines.clone()).collect();
    for (words, command) in rows {
        let line = shown.iter().find(|line| line.contains(words)).with_context(|| format!("no block has {words}"))?;
        let said = shell.output(&format!("{{ {command}; }} 2>&1"))?;
        ensure!(said.code != 0 && said.stdout.lines().any(|printed| printed.starts_with(line)), "{command}: {said:?}");
    }
    Ok(())
}

fn typed(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "docs-troubleshooting", SHOP)?;
    at_hand(&managed.folder)?;
    let mut shell = Shell::new(&world.parts, &managed.folder)?;
    shell.set("KUBECONFIG", managed.cluster.admin_kubeconfig().display().to_string());
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set_all(world.sts.proxy_environment());
    shell.set("NO_PROXY", "127.0.0.1,localhost");
    let mut troubled = Troubled { shell, server: None };
    troubled.serve(world)?;
    page::besides(&mut troubled)
}

/// Whoever has a server that is to be looked at.
struct Troubled {
    shell: Shell,
    server: Option<Background>,
}

impl Troubled {
    fn serve(&mut self, world: &World) -> anyhow::Result<()> {
        self.shell.output("cluster-auth init -i prod.example.com")?.success()?;
        let sts = format!("--sts-connect-to {} --sts-ca-file {}", world.sts.address, world.sts.ca_file.display());
        let server =
            format!("cluster-auth server --state-dir . --kubeconfig-pregenerated --access-file access.yaml {sts}");
        self.server = Some(self.shell.stays(&server, |said| Ok(said.contains("ready")))?);
        Ok(())
    }
}

impl Reader for Troubled {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        let said = self.shell.runs(command)?;
        let expected = match command.split(' ').next() {
            Some("curl") => "ok",
            Some("date") => "UTC",
            _ if command.contains("who-can") => "Group system:masters",
            _ => "",
        };
        ensure!(said.contains(expected), "{command}: {said}");
        Ok(())
    }
}
