//! What a kubeconfig says means to this program what it means to kubectl: each kind of context is put to both, on a real API
//! server, and both are let in as the same user, or both are not.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use e2e::{process, socks::Socks, test_cluster::TestCluster, tunnel::Tunnel, world::World};
use local_cluster::Options;
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("contexts::mean_what_they_mean_to_kubectl", meaning),
    ("contexts::of_another_kind_are_what_they_are_to_kubectl", kinds),
    ("contexts::several_files_are_put_together_as_kubectl_does", files),
    ("contexts::a_plugin_is_told_what_kubectl_tells_it", plugins),
];

/// Users by token.
const TOKENS: &str = "jane-token,jane,1,\"team,viewers\"\nbob-token,bob,2\n";

/// What is to come of a context.
#[derive(Clone, Copy)]
enum Is {
    /// Both are let in as this user.
    In(&'static str),
    /// Neither is, and this program says this among other things.
    Out(&'static str),
}
use Is::{In, Out};

/// One API server, and what kubeconfigs need to lead to it.
struct Place {
    managed: TestCluster,
    server: String,
}

impl Place {
    fn start(world: &World, name: &str) -> anyhow::Result<Self> {
        let tokens = world.folder(name)?.join("tokens.csv");
        fs::write(&tokens, TOKENS)?;
        let arguments = vec![format!("--token-auth-file={}", tokens.display())];
        let options =
            Options { api_server_arguments: arguments, client_authorities: AUTHORITY.to_owned(), ..Options::default() };
        let managed = TestCluster::start_with(world, name, "", &options)?;
        let admin = fs::read_to_string(managed.cluster.admin_kubeconfig())?;
        for (key, file) in [("client-certificate-data", "admin.crt"), ("client-key-data", "admin.key")] {
            let data =
                admin.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))).context("a pair")?;
            fs::write(managed.folder.join(file), STANDARD.decode(data.trim())?)?;
        }
        fs::write(managed.folder.join("ca.crt"), managed.cluster.ca_pem())?;
        fs::write(managed.folder.join("jane"), "jane-token\n")?;
        let server = managed.cluster.server_url();
        Ok(Self { managed, server })
    }

    fn folder(&self) -> &Path {
        &self.managed.folder
    }

    /// A kubeconfig of one context; `SERVER`, `CA` and so on stand for what belongs to this API server.
    fn write(&self, path: &str, cluster: &str, user: &str) -> anyhow::Result<()> {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
        );
        self.write_text(path, &text)
    }

    fn write_text(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let base64 = |file: &str| anyhow::Ok(STANDARD.encode(fs::read(self.folder().join(file))?));
        let ca = base64("ca.crt")?;
        let (first, second) = ca.split_at(60);
        let text = text
            .replace("SERVER", &self.server)
            .replace("HOST", self.server.trim_start_matches("https://"))
            .replace("CA64LINES", &format!("\"{first}\\n{second}\""))
            .replace("CA64", &ca)
            .replace("CERT64", &base64("admin.crt")?)
            .replace("KEY64", &base64("admin.key")?);
        Ok(fs::write(self.folder().join(path), text)?)
    }

    /// Who one is by a kubeconfig: to kubectl, and to this program; with what this program said where it is nobody.
    fn ask(&self, kubeconfig: &str) -> anyhow::Result<(Option<User>, Option<User>, String)> {
        let mut kubectl = process::command(self.managed.admin.program(), self.folder());
        let kubectl = process::run(kubectl.env("KUBECONFIG", kubeconfig).args(["auth", "whoami", "-o", "json"]))?;
        let theirs = match kubectl.code {
            0 => Some(User::of(&serde_json::from_str::<Value>(&kubectl.stdout)?["status"]["userInfo"])),
            _ => None,
        };
        let ours = process::run(&mut self.managed.command_as(kubeconfig, &["whoami", "-o", "json"]))?;
        // Who may not even ask who they are is told so, and to kubectl that is nobody.
        let user = match ours.code {
            0 => Some(User::of(&serde_json::from_str(&ours.stdout)?)).filter(|user| user.username != "somebody"),
            _ => None,
        };
        Ok((theirs, user, format!("{kubectl:?}\n{}{}", ours.stdout, ours.stderr)))
    }

    fn check(&self, name: &str, kubeconfig: &str, is: Is) -> anyhow::Result<()> {
        let (theirs, ours, said) = self.ask(kubeconfig)?;
        let username = |user: &Option<User>| user.as_ref().map(|user| user.username.clone());
        match is {
            In(user) => ensure!(
                theirs == ours && username(&ours).as_deref() == Some(user),
                "{name}: {theirs:?}, {ours:?}\n{said}"
            ),
            Out(why) => ensure!(
                theirs.is_none() && ours.is_none() && said.contains(why),
                "{name}: {theirs:?}, {ours:?}\n{said}"
            ),
        }
        let is_said = ["jane-token", "bob-token", "x-token"].iter().any(|token| said.contains(token));
        ensure!(!is_said, "{name}: a token is said: {said}");
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct User {
    username: String,
    groups: Vec<String>,
}

impl User {
    fn of(json: &Value) -> Self {
        let mut groups: Vec<_> = json["groups"].as_array().into_iter().flatten().map(Value::to_string).collect();
        groups.sort();
        Self { username: json["username"].as_str().unwrap_or_default().to_owned(), groups }
    }
}

/// A plugin that prints a status.
fn exec(version: &str, mode: &str, answers: &str, status: &str) -> String {
    let api = "client.authentication.k8s.io";
    let printed = format!(r#"{{"kind": "ExecCredential", "apiVersion": "{api}/{answers}", "status": {status}}}"#);
    let mode = if mode.is_empty() { String::new() } else { format!(", interactiveMode: {mode}") };
    format!("exec: {{apiVersion: {api}/{version}{mode}, command: echo, args: ['{printed}']}}")
}

fn meaning(world: &World) -> anyhow::Result<()> {
    let place = Place::start(world, "contexts")?;
    let kubectl = |args: &[&str]| place.managed.admin.kubectl(args)?.success();
    // Of others jane may act as users and in groups, and not under a uid or with more of them.
    kubectl(&["create", "clusterrole", "acts", "--verb=impersonate", "--resource=users,groups"])?;
    kubectl(&["create", "clusterrolebinding", "acts", "--clusterrole=acts", "--user=jane"])?;
    let address = place.server.trim_start_matches("https://");
    let (tunnel, socks) = (Tunnel::to(address)?, Socks::to(address)?);
    let strict = Socks::for_whom(address, "me", "p@ss")?;
    let (_proxy, open) = place.managed.admin.proxy()?;
    let ca = "server: 'SERVER', certificate-authority: ca.crt";
    let jane = "token: jane-token";
    let certificate = "client-certificate: admin.crt, client-key: admin.key";
    let status = r#"{"token": "jane-token"}"#;
    let proxied = |url: &str| {
        format!(
            "server: 'https://api.e2e.invalid:6443', certificate-authority: ca.crt, tls-server-name: 127.0.0.1, proxy-url: '{url}'"
        )
    };
    let api = "client.authentication.k8s.io/v1";
    let jwt = |seconds: &str| {
        let claims = format!(r#"{{"exp": {seconds}}}"#);
        format!("x.{}.x", base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(claims))
    };
    let oidc = |token: &str| {
        format!(
            "auth-provider: {{name: oidc, config: {{client-id: a, idp-issuer-url: 'https://127.0.0.1:1', id-token: {token}}}}}"
        )
    };

    let rows: Vec<(&str, String, String, Is)> = [
        ("a token", ca, jane, In("jane")),
        ("an authority in base64", "server: 'SERVER', certificate-authority-data: CA64", jane, In("jane")),
        ("with line ends in it", "server: 'SERVER', certificate-authority-data: CA64LINES", jane, In("jane")),
        ("no authority", "server: 'SERVER'", jane, Out("x509: certificate signed by unknown authority")),
        ("an authority that is not there", "server: 'SERVER', certificate-authority: absent.crt", jane, Out("absent.crt: no such file or directory")),
        ("an authority that is none", "server: 'SERVER', certificate-authority: jane", jane, Out("unable to load root certificates")),
        ("two authorities", "server: 'SERVER', certificate-authority: ca.crt, certificate-authority-data: CA64", jane, Out("are both specified for c")),
        ("none looked at", "server: 'SERVER', insecure-skip-tls-verify: true", jane, In("jane")),
        ("one that is not to be looked at", "server: 'SERVER', certificate-authority: ca.crt, insecure-skip-tls-verify: true", jane, Out("with the insecure flag is not allowed")),
        ("another name", "server: 'SERVER', certificate-authority: ca.crt, tls-server-name: other.example.com", jane, Out("x509: certificate is valid for")),
        ("the same name", "server: 'SERVER', certificate-authority: ca.crt, tls-server-name: 127.0.0.1", jane, In("jane")),
        ("without compression", "server: 'SERVER', certificate-authority: ca.crt, disable-compression: true", jane, In("jane")),
        ("no scheme", "server: 'HOST', certificate-authority: ca.crt", jane, Out("client sent an HTTP request to an HTTPS server")),
        ("no scheme, and nothing about TLS", "server: 'HOST'", jane, Out("client sent an HTTP request to an HTTPS server")),
        ("no server", "certificate-authority: ca.crt", jane, Out("no server found for cluster")),
        ("keys that nobody knows", "server: 'SERVER', certificate-authority: ca.crt, x: 1", "token: jane-token, y: 2", In("jane")),
        ("nulls", "server: 'SERVER', certificate-authority: ca.crt, proxy-url: null, extensions: null", "token: jane-token, exec: null, as-groups: null", In("jane")),
        ("a value of another kind", ca, "token: 5", Out("is not of the kind that kubectl takes")),
        ("a file", ca, "tokenFile: jane", In("jane")),
        ("a file that is not there", ca, "tokenFile: absent", Out("/absent: no such file or directory")),
        ("a token and a file: the file", ca, "token: bob-token, tokenFile: jane", In("jane")),
        ("a token and a file that is not there", ca, "token: bob-token, tokenFile: absent", In("bob")),
        ("a token that is nobody's", ca, "token: x-token", Out("")),
        ("a token and a password", ca, "token: jane-token, username: a, password: b", Out("only one is allowed")),
        ("a password, which no API server takes any more", ca, "username: a, password: b", Out("")),
        ("nothing", ca, "", Out("has no credentials")),
        ("a certificate", ca, certificate, In("admin")),
        ("in base64", ca, "client-certificate-data: CERT64, client-key-data: KEY64", In("admin")),
        ("without its key", ca, "client-certificate: admin.crt", Out("client-key-data or client-key must be specified for u")),
        ("twice", ca, "client-certificate: admin.crt, client-certificate-data: CERT64, client-key: admin.key", Out("client-cert-data and client-cert are both specified for u")),
        ("that is not there", ca, "client-certificate: no.crt, client-key: admin.key", Out("no.crt: no such file or directory")),
        ("with the key of another", ca, "client-certificate: admin.crt, client-key: other.key", Out("tls: private key does not match public key")),
        ("that is none", ca, "client-certificate: jane, client-key: admin.key", Out("unable to load its user's client certificate and key: it is not PEM")),
        ("of X.509 version 1", ca, "client-certificate: v1.crt, client-key: v1.key", In("carol")),
        ("of X.509 version 1 with the key of another", ca, "client-certificate: v1.crt, client-key: admin.key", Out("tls: private key does not match public key")),
        ("behind the parameters of its curve, as OpenSSL writes a key", ca, "client-certificate: v1.crt, client-key: parameters.key", In("carol")),
        ("whose time is over", ca, "client-certificate: over.crt, client-key: v1.key", Out("")),
        ("a certificate and a token: the certificate", ca, &format!("{certificate}, {jane}"), In("admin")),
        ("as somebody", ca, "token: jane-token, as: bob", In("bob")),
        ("as somebody in groups", ca, "token: jane-token, as: zoe, as-groups: [a, b]", In("zoe")),
        ("in groups as nobody", ca, "token: jane-token, as-groups: [a]", Out("without impersonating a user")),
        ("under a uid, which jane may not", ca, "token: jane-token, as: bob, as-uid: '7'", Out("")),
        ("with more, which jane may not", ca, "token: jane-token, as: bob, as-user-extra: {k: [v]}", Out("")),
        ("as somebody, by who may not", ca, "token: bob-token, as: jane", Out("")),
        ("a proxy", &proxied(&format!("http://{}", tunnel.address)), jane, In("jane")),
        ("a proxy of SOCKS", &proxied(&format!("socks5://{}", socks.address)), jane, In("jane")),
        ("a proxy of SOCKS with a password that it does not ask for", &proxied(&format!("socks5://a:b@{}", socks.address)), jane, In("jane")),
        ("that it asks for", &proxied(&format!("socks5://me:p%40ss@{}", strict.address)), jane, In("jane")),
        ("another password", &proxied(&format!("socks5://me:pass@{}", strict.address)), jane, Out("Proxy Authentication Required")),
        ("no password", &proxied(&format!("socks5://{}", strict.address)), jane, Out("Proxy Authentication Required")),
        ("a proxy of no known kind", &proxied("ftp://127.0.0.1:1"), jane, Out("unsupported scheme \"ftp\", must be http, https, or socks5")),
        ("a proxy without a scheme", &proxied("127.0.0.1:1"), jane, Out("must be http, https, or socks5")),
        ("no TLS: no credentials are sent", &format!("server: 'http://{open}'"), "token: x-token", In("admin")),
        ("no TLS: no plugin is run", &format!("server: 'http://{open}'"), &exec("v1", "Never", "v1", "null"), In("admin")),
        ("a plugin", ca, &exec("v1", "Never", "v1", status), In("jane")),
        ("of the version before", ca, &exec("v1beta1", "", "v1beta1", status), In("jane")),
        ("with a certificate", ca, "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./pair}", In("admin")),
        ("beside a token, which counts", ca, &format!("token: bob-token, {}", exec("v1", "Never", "v1", status)), In("bob")),
        ("with variables", ca, &format!("exec: {{apiVersion: {api}, interactiveMode: IfAvailable, command: sh, args: [-c, 'echo \"$SAYS\"'], env: [{{name: SAYS, value: '{{\"kind\": \"ExecCredential\", \"apiVersion\": \"{api}\", \"status\": {status}}}'}}]}}"), In("jane")),
        ("that is dropped", ca, &exec("v1alpha1", "Never", "v1alpha1", status), Out("invalid apiVersion \"client.authentication.k8s.io/v1alpha1\"")),
        ("without a version", ca, "exec: {interactiveMode: Never, command: echo}", Out("apiVersion must be specified for u")),
        ("without a program", ca, &format!("exec: {{apiVersion: {api}, interactiveMode: Never}}"), Out("command must be specified for u")),
        ("without a mode", ca, &exec("v1", "", "v1", status), Out("interactiveMode must be specified for u")),
        ("in a mode that is none", ca, &exec("v1", "Sometimes", "v1", status), Out("invalid interactiveMode for u: \"Sometimes\"")),
        ("that must ask", ca, &exec("v1", "Always", "v1", status), Out("standard input is not a terminal")),
        ("that answers in another version", ca, &exec("v1", "Never", "v1beta1", status), Out("answered in another API version")),
        ("that answers nothing", ca, &exec("v1", "Never", "v1", "{}"), Out("didn't return a token or cert/key pair")),
        ("that is not installed", ca, &format!("exec: {{apiVersion: {api}, interactiveMode: Never, command: no-such-plugin, installHint: 'ask the platform team'}}"), Out("no-such-plugin not found; the context `c` needs it, and its kubeconfig says:\nask the platform team")),
        ("a provider that was removed", ca, "auth-provider: {name: gcp}", Out("the gcp auth plugin has been removed")),
        ("another that was removed", ca, "auth-provider: {name: azure}", Out("the azure auth plugin has been removed")),
        ("a provider that nobody knows", ca, "auth-provider: {name: x}", Out("no Auth Provider found for name \"x\"")),
        ("OpenID Connect without a token", ca, &oidc("''"), Out("is not a JWT")),
        ("OpenID Connect with one that has ended", ca, &oidc(&jwt("1000000000")), Out("has expired")),
        ("OpenID Connect with one that this API server does not know", ca, &oidc(&jwt("4000000000")), Out("")),
    ]
    .into_iter()
    .map(|(name, cluster, user, is)| (name, cluster.to_owned(), user.to_owned(), is))
    .collect();
    pair(&place)?;
    for (file, text) in CERTIFICATES {
        fs::write(place.folder().join(file), text)?;
    }
    let mut others = Vec::new();
    for (name, cluster, user, is) in rows {
        place.write("it.yaml", &cluster, &user)?;
        others.extend(place.check(name, "it.yaml", is).err().map(|error| error.to_string()));
    }
    ensure!(others.is_empty(), "{} contexts\n{}", others.len(), others.join("\n"));
    ensure!(tunnel.opened() > 1 && socks.opened() > 1, "a proxy was passed by");
    Ok(())
}

/// A plugin beside the kubeconfig that makes a certificate.
fn pair(place: &Place) -> anyhow::Result<()> {
    let text = |file: &str| anyhow::Ok(fs::read_to_string(place.folder().join(file))?);
    let credential = serde_json::json!({
        "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"clientCertificateData": text("admin.crt")?, "clientKeyData": text("admin.key")?},
    });
    script(&place.folder().join("pair"), &format!("cat <<'EOF'\n{credential}\nEOF\n"))
}

/// Client certificates of another authority that the API server takes, made by OpenSSL as most people have it: where it is told
/// of no extensions, it makes X.509 version 1. They are good for a hundred years, but for `over.crt`.
const AUTHORITY: &str = include_str!("contexts/clients.crt");
const CERTIFICATES: [(&str, &str); 5] = [
    ("v1.crt", include_str!("contexts/carol-v1.crt")),
    ("over.crt", include_str!("contexts/carol-over.crt")),
    ("v1.key", include_str!("contexts/carol.key")),
    // What `openssl ecparam -genkey` prints besides.
    (
        "parameters.key",
        concat!(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
            include_str!("contexts/carol.key")
        ),
    ),
    ("other.key", include_str!("contexts/other.key")),
];

fn script(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{text}"))?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

fn files(world: &World) -> anyhow::Result<()> {
    let place = Place::start(world, "contexts-files")?;
    fs::create_dir_all(place.folder().join("other"))?;
    fs::write(place.folder().join("other/bob"), "bob-token")?;
    fs::copy(place.folder().join("ca.crt"), place.folder().join("other/ca.crt"))?;
    let cluster = "{name: c, cluster: {server: 'SERVER', certificate-authority: ca.crt}}";
    let texts = [
        (
            "jane.yaml",
            format!(
                "clusters: [{cluster}]\nusers: [{{name: u, user: {{tokenFile: jane}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: ''\n"
            ),
        ),
        (
            "other/bob.yaml",
            format!(
                "clusters: [{cluster}]\nusers: [{{name: u, user: {{tokenFile: bob, as: x}}}}, {{name: v, user: {{tokenFile: bob}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: v}}}}, {{name: d, context: {{cluster: c, user: v}}}}]\ncurrent-context: c\n"
            ),
        ),
        ("d.yaml", "current-context: d\n".to_owned()),
        ("empty.yaml", "# nothing\n".to_owned()),
        ("lost.yaml", "contexts: [{name: c, context: {cluster: c, user: nobody}}]\ncurrent-context: c\n".to_owned()),
        ("alone.yaml", "contexts: [{name: c, context: {cluster: none, user: u}}]\ncurrent-context: c\n".to_owned()),
        (
            "merged.yaml",
            format!(
                "x: &u {{token: bob-token}}\nclusters: [{cluster}]\nusers:\n- name: u\n  user:\n    <<: *u\n    as: ''\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n"
            ),
        ),
        (
            "twice.yaml",
            format!(
                "clusters: [{cluster}, {cluster}]\nusers: [{{name: u, user: {{token: bob-token}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\ncurrent-context: c\n"
            ),
        ),
        ("broken.yaml", "clusters: [".to_owned()),
        ("tab.yaml", "clusters:\n- name: c\n\tcluster: {server: x}\n".to_owned()),
    ];
    for (path, text) in &texts {
        place.write_text(path, text)?;
    }
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(fs::read_to_string(place.folder().join("merged.yaml"))?.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    fs::write(place.folder().join("utf16.yaml"), utf16)?;
    let rows = [
        ("a file's paths are relative to it", "other/bob.yaml", In("bob")),
        (
            "the first to name something counts, as a whole; an empty current context is none",
            "jane.yaml:other/bob.yaml",
            In("jane"),
        ),
        ("in the other order", "other/bob.yaml:jane.yaml", In("bob")),
        (
            "files that are not there are passed over, and so are empty names",
            ":no.yaml:empty.yaml:jane.yaml:other/bob.yaml",
            In("jane"),
        ),
        ("the first current context counts", "d.yaml:jane.yaml:other/bob.yaml", In("bob")),
        ("no file is there", "no.yaml", Out("there is no kubeconfig")),
        ("no current context", "jane.yaml", Out("no current context")),
        ("a user that is nowhere", "lost.yaml:jane.yaml", Out("there is no user \"nobody\"")),
        ("a cluster that is nowhere", "alone.yaml:jane.yaml", Out("there is no cluster \"none\"")),
        ("merge keys", "merged.yaml", In("bob")),
        ("a name that stands twice", "twice.yaml", Out("`clusters` has c twice")),
        ("no YAML", "broken.yaml:jane.yaml", Out("broken.yaml cannot be read as a kubeconfig: line 1")),
        ("a tab", "tab.yaml", Out("line 3, column 1: a tab where YAML allows only spaces")),
    ];
    for (name, kubeconfig, is) in rows {
        place.check(name, kubeconfig, is)?;
    }
    let (theirs, ours, said) = place.ask("utf16.yaml")?;
    ensure!(theirs == ours, "UTF-16: {theirs:?}, {ours:?}\n{said}");
    Ok(())
}

fn plugins(world: &World) -> anyhow::Result<()> {
    let place = Place::start(world, "contexts-plugins")?;
    let told = place.folder().join("told.json");
    let credential = r#"{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "jane-token"}}"#;
    script(
        &place.folder().join("plugin"),
        &format!("printf %s \"$KUBERNETES_EXEC_INFO\" > {}\ncat > /dev/null\necho '{credential}'\n", told.display()),
    )?;
    let exec = |more: &str| format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./plugin{more}}}");
    let rows = [
        ("nothing of the cluster", "server: 'SERVER', certificate-authority: ca.crt", exec(", interactiveMode: Never")),
        (
            "the cluster",
            "server: 'SERVER', certificate-authority: ca.crt, tls-server-name: 127.0.0.1",
            exec(", interactiveMode: IfAvailable, provideClusterInfo: true"),
        ),
        (
            "the cluster and more",
            "server: 'SERVER', insecure-skip-tls-verify: true, extensions: [{name: x, extension: 1}, {name: client.authentication.k8s.io/exec, extension: {audience: a, list: [1]}}]",
            exec(", interactiveMode: Never, provideClusterInfo: true"),
        ),
    ];
    for (name, cluster, user) in rows {
        place.write("it.yaml", cluster, &user)?;
        let kubectl = |command: &mut std::process::Command| anyhow::Ok(process::run(command)?.success()?);
        let mut theirs = process::command(place.managed.admin.program(), place.folder());
        kubectl(theirs.env("KUBECONFIG", "it.yaml").args(["auth", "whoami"]))?;
        let to_kubectls: Value = serde_json::from_str(&fs::read_to_string(&told)?)?;
        fs::remove_file(&told)?;
        kubectl(&mut place.managed.command_as("it.yaml", &["whoami"]))?;
        let mut to_ours: Value = serde_json::from_str(&fs::read_to_string(&told)?)?;
        // Go writes an absent configuration as null or leaves it out, which is one to whoever reads it.
        let mut theirs = to_kubectls.clone();
        for told in [&mut to_ours, &mut theirs] {
            if let Some(cluster) = told["spec"]["cluster"].as_object_mut() {
                cluster.retain(|_, value| !value.is_null());
            }
        }
        ensure!(to_ours == theirs, "{name}: kubectl {to_kubectls}, this program {to_ours}");
    }
    Ok(())
}

/// What a file calls itself, and what both make of it. kubectl's answer is asked for, and not remembered here.
const KINDS: &[(&str, Is)] = &[
    ("apiVersion: v1\nkind: Config\n", In("jane")),
    ("apiVersion: v1\n", In("jane")),
    ("kind: Config\n", In("jane")),
    ("", In("jane")),
    ("apiVersion: ''\nkind: ''\n", In("jane")),
    ("apiVersion: null\nkind: null\n", In("jane")),
    ("apiVersion: /v1\nkind: Config\n", In("jane")),
    ("kind: Foo\nkind: Config\napiVersion: v1\n", In("jane")),
    ("apiVersion: v1\nkind: Foo\n", Out("no kind \"Foo\" is registered for version \"v1\"")),
    ("kind: Foo\n", Out("no kind \"Foo\" is registered for version \"v1\"")),
    ("apiVersion: v1\nkind: config\n", Out("no kind \"config\" is registered for version \"v1\"")),
    ("apiVersion: v1\nkind: List\n", Out("no kind \"List\" is registered for version \"v1\"")),
    ("apiVersion: v2\n", Out("no kind \"Config\" is registered for version \"v2\"")),
    ("APIVersion: v2\nKind: Foo\n", Out("no kind \"Foo\" is registered for version \"v2\"")),
    ("apiVersion: x.io/v1\nkind: Config\n", Out("no kind \"Config\" is registered for version \"x.io/v1\"")),
    ("apiVersion: a/b/c\nkind: Config\n", Out("unexpected GroupVersion string: a/b/c")),
    ("apiVersion: 1\nkind: Config\n", Out("couldn't get version/kind")),
    ("apiVersion: v1\nkind: [Config]\n", Out("couldn't get version/kind")),
];

fn kinds(world: &World) -> anyhow::Result<()> {
    let place = Place::start(world, "contexts-kinds")?;
    for (head, is) in KINDS {
        let body = "current-context: c\nclusters: [{name: c, cluster: {server: SERVER, certificate-authority-data: CA64}}]\n\
                    contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: jane-token}}]\n";
        place.write_text("kind.yaml", &format!("{head}{body}"))?;
        place.check(head, "kind.yaml", *is)?;
        // What kubectl does not load is not written to either.
        let before = fs::read_to_string(place.folder().join("kind.yaml"))?;
        let merge = ["kubeconfig", "-i", "other", "--server", "https://other.example.com", "--merge", "kind.yaml"];
        let merged = process::run(&mut place.managed.command_as("kind.yaml", &merge))?;
        let after = fs::read_to_string(place.folder().join("kind.yaml"))?;
        match is {
            In(_) => ensure!(merged.code == 0 && after != before, "{head}: {merged:?}"),
            Out(why) => {
                ensure!(merged.code == 1 && after == before && merged.stderr.contains(why), "{head}: {merged:?}");
            }
        }
    }
    Ok(())
}
