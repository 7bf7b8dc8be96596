//! Sessions that are kept from one call to the next: by whom AWS is asked, and how often; and codes of MFA devices.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{
    process,
    scripted::{Line, Scripted},
    world::{Flavour, World},
};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::Test;

mod at_once;
mod clock;
mod network;

pub(crate) const TESTS: &[Test] = &[
    ("sessions::a_hundred_at_once_ask_aws_once", at_once::of_sessions),
    ("sessions::a_hundred_at_once_renew_a_login_once", at_once::of_logins),
    ("sessions::a_code_is_typed_once_at_the_terminal_behind_kubectl", typed),
    ("sessions::who_gives_up_has_a_terminal_as_before", given_up),
    ("sessions::a_program_that_is_ended_leaves_nothing_behind", ended),
    ("sessions::the_instances_metadata_are_asked_twice_at_most", patience),
    ("sessions::each_program_takes_a_code_from_where_it_takes_it", codes),
    ("sessions::what_is_kept_is_shown_without_a_secret_and_removed", shown),
    ("sessions::what_others_could_read_is_removed_all_the_same", cleared),
    ("sessions::a_program_is_run_each_time_for_whoever_asks", programs),
    ("sessions::what_cannot_be_trusted_is_asked_for_anew", untrusted),
    ("sessions::a_clock_that_is_not_awss_is_said_and_what_is_kept_ends_by_the_first", clock::of_roles),
    ("sessions::a_clock_that_is_not_awss_is_said_whatever_is_asked", clock::of_every_source),
    ("sessions::a_clock_that_is_ahead_is_named_in_place_of_another_login", clock::of_logins),
    ("sessions::explain_says_each_source_and_step_and_no_secret", explained),
    ("sessions::a_kept_session_touches_no_network", network::of_our_own),
    ("sessions::what_others_keep_touches_no_network", network::of_others),
    ("sessions::what_the_benchmark_measures_touches_no_network", network::of_the_benchmark),
];

const ROLE: &str = "arn:aws:iam::111122223333:role/Dev";
const SERIAL: &str = "arn:aws:iam::111122223333:mfa/alice";

/// Somebody's home with a role to assume, and AWS.
struct Home {
    folder: PathBuf,
    server: Scripted,
}

impl Home {
    /// Profiles: `dev` assumes the role, `mfa` with a code, and `sso` asks IAM Identity Center.
    fn new(world: &World, name: &str) -> anyhow::Result<Self> {
        let (folder, server) = (world.folder(name)?, Scripted::start()?);
        let keys = "aws_access_key_id = AKIABASE\naws_secret_access_key = secret-of-base\n";
        let config = format!(
            "[default]\n{keys}[profile dev]\nrole_arn = {ROLE}\nsource_profile = default\n\
             [profile mfa]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = {SERIAL}\n\
             [profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n\
             [sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n"
        );
        fs::create_dir_all(folder.join(".aws/sso/cache"))?;
        fs::write(folder.join(".aws/config"), config)?;
        let token = format!("{{\"accessToken\": \"token-of-login\", \"expiresAt\": \"{}\"}}", end(3600));
        fs::write(folder.join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), token)?;
        let home = Self { folder, server };
        home.server.answers(Home::script("ASIADEV", 3600));
        Ok(home)
    }

    /// Sessions with this key that end in so many seconds. They take a while, so that whoever asks at once does.
    fn script(key: &str, seconds: i64) -> Vec<Line> {
        let end = end(seconds);
        let sts = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>\
             <SecretAccessKey>secret-of-session-0123</SecretAccessKey><SessionToken>token-of-session-0123</SessionToken>\
             <Expiration>{end}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId>\
             <Arn>arn:aws:sts::111122223333:assumed-role/Dev/alice</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        );
        let milliseconds = e2e::sts::now().as_millisecond() + seconds * 1000;
        let sso = format!(
            "{{\"roleCredentials\": {{\"accessKeyId\": \"{key}\", \"secretAccessKey\": \"secret-of-session-0123\", \
             \"sessionToken\": \"token-of-session-0123\", \"expiration\": {milliseconds}}}}}"
        );
        let takes = Duration::from_millis(300);
        [("Action=AssumeRole&", sts), ("/federation/credentials", sso)]
            .map(|(on, body)| Line { takes, ..Line::on(on, body) })
            .into()
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = process::command("setsid", &self.folder);
        command.arg("--wait").arg(program).args(args);
        for service in ["STS", "SSO", "SSO_OIDC", "SIGNIN"] {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), self.server.url());
        }
        command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn token(&self, world: &World, profile: &str, args: &[&str]) -> anyhow::Result<process::Output> {
        let args = [&["token", "--token-only", "-i", "c"][..], args].concat();
        let mut command = self.command(&world.parts.cluster_auth, &args);
        process::run(command.env("AWS_PROFILE", profile))
    }

    /// Whose keys a token is signed with, and what is said.
    fn key(&self, world: &World, profile: &str, args: &[&str]) -> anyhow::Result<(String, String)> {
        let output = self.token(world, profile, args)?;
        let said = output.stderr.clone();
        Ok((key_of(output.success()?.trim())?, said))
    }

    fn cache(&self) -> PathBuf {
        self.folder.join(".kube/cache/cluster-auth")
    }

    /// The files with sessions.
    fn kept(&self) -> anyhow::Result<Vec<PathBuf>> {
        let Ok(entries) = fs::read_dir(self.cache()) else { return Ok(Vec::new()) };
        let paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|of| of == "json")).collect())
    }

    fn asked(&self) -> usize {
        self.server.count("Action=AssumeRole&") + self.server.count("/federation/credentials")
    }
}

/// The access key id of a token, whatever host it is for.
fn key_of(token: &str) -> anyhow::Result<String> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token.trim_start_matches("k8s-aws-v1."))?)?;
    let (_, key) = url.split_once("X-Amz-Credential=").context("a credential")?;
    Ok(key.split("%2F").next().unwrap_or_default().to_owned())
}

fn end(seconds: i64) -> String {
    (e2e::sts::now() + SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn self_command(home: &Home, world: &World, profile: &str) -> Command {
    let mut command = home.command(&world.parts.cluster_auth, &["token", "--token-only", "-i", "c"]);
    command.env("AWS_PROFILE", profile);
    command
}

#[derive(Debug, Deserialize)]
struct AtTerminal {
    code: i32,
    terminal: String,
    stdout: String,
    echoed: Option<bool>,
    echoes: bool,
}

/// Whatever kubectl's own input is, and whatever its kubeconfig says of asking; then the plugin has no input either.
fn typed(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    let alice = login.person(world, "alice")?;
    let folder = world.folder("sessions-typed")?;
    let keys = world.sts.credentials("alice")?;
    // STS lets nobody have the first role without the code of alice's device.
    let config = format!(
        "[profile deploy]\nrole_arn = arn:aws:iam::111122223333:role/ci/Deployer\nexternal_id = sandbox\nrole_session_name = alice\n\
         source_profile = guarded\n[profile guarded]\nrole_arn = arn:aws:iam::111122223333:role/Guarded\nsource_profile = alice\n\
         mfa_serial = {SERIAL}\n[profile alice]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.access_key_id, keys.secret_access_key
    );
    fs::create_dir_all(folder.join(".aws"))?;
    fs::write(folder.join(".aws/config"), config)?;
    let kubeconfig = fs::read_to_string(&alice.kubeconfig)?;
    let runs = |kubeconfig: &str, script: &str, code: &str| -> anyhow::Result<AtTerminal> {
        let file = folder.join("kubeconfig");
        fs::write(&file, kubeconfig)?;
        let mut command = process::command(world.parts.moto.with_file_name("python"), &folder);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/credentials/terminal.py"));
        command.args([&format!("{SERIAL}: "), code, "sh", "-c", script]);
        command.env("KUBECTL", &alice.kubectl).env("KUBECONFIG", file);
        command.env("AWS_PROFILE", "deploy").env("AWS_REGION", "us-west-2").envs(world.sts.proxy_environment());
        command.env("NO_PROXY", "127.0.0.1,localhost");
        Ok(serde_json::from_str(&process::run(&mut command)?.success()?)?)
    };
    let whoami = "exec \"$KUBECTL\" auth whoami -o 'jsonpath={.status.userInfo.username}'";
    // Who that is stands in what the API server refuses.
    let manifest = "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: typed}\\n' | \"$KUBECTL\" apply --validate=false -f - 2>&1 | \
                    grep -o 'User \"deploy:alice\"'";
    let never = kubeconfig.replace("interactiveMode: IfAvailable", "interactiveMode: Never");
    ensure!(never != kubeconfig, "{kubeconfig}");
    let before = world.sts.faults.requests("AssumeRole");
    let refused = runs(&kubeconfig, whoami, "654321")?;
    ensure!(refused.code == 1 && refused.terminal.contains("the MFA code was not accepted"), "{refused:?}");
    for (kubeconfig, script, printed) in [
        (&kubeconfig, whoami, "deploy:alice"),
        (&never, whoami, "deploy:alice"),
        (&kubeconfig, manifest, "User \"deploy:alice\""),
    ] {
        let first = runs(kubeconfig, script, "123456")?;
        ensure!((first.code, first.stdout.trim()) == (0, printed), "{first:?}");
        ensure!((first.echoed, first.echoes) == (Some(false), true), "{first:?}");
        ensure!(first.terminal.contains("MFA token code: ") && !first.terminal.contains("123456"), "{first:?}");
        let second = runs(kubeconfig, script, "123456")?;
        ensure!((second.code, second.stdout.trim()) == (0, printed), "{second:?}");
        ensure!(!second.terminal.contains("MFA"), "asked again: {second:?}");
        fs::remove_dir_all(folder.join(".kube/cache/cluster-auth"))?;
    }
    let asked = world.sts.faults.requests("AssumeRole") - before;
    ensure!(asked == 7, "{asked} calls of AssumeRole");
    // The AWS CLI's command asks at the terminal as well.
    let own = "exec \"$CLUSTER_AUTH\" eks get-token --cluster-name c --query status.token --output text < /dev/null";
    let own = own.replace("\"$CLUSTER_AUTH\"", &world.parts.cluster_auth.display().to_string());
    let token = runs(&kubeconfig, &own, "123456")?;
    e2e::secrets::of_text(&token.stdout);
    ensure!(token.code == 0 && token.stdout.starts_with("k8s-aws-v1."), "{}", token.code);
    ensure!(token.terminal.contains("Enter MFA code for "), "{:?}", token.terminal);
    Ok(())
}

/// A program that ends at the question leaves a terminal that shows what is typed.
fn given_up(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-given-up")?;
    for line in ["^C", "TERM"] {
        let mut command = home.command(&world.parts.moto.with_file_name("python"), &[]);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/credentials/terminal.py"));
        command.args([&format!("{SERIAL}: "), line]).arg(&world.parts.cluster_auth).args(["token", "-i", "c"]);
        let ended: AtTerminal = serde_json::from_str(&process::run(command.env("AWS_PROFILE", "mfa"))?.success()?)?;
        ensure!((ended.echoed, ended.echoes) == (Some(false), true), "{line}: {ended:?}");
        ensure!(ended.code == 1 && ended.stdout.is_empty(), "{line}: {ended:?}");
        ensure!(ended.terminal.contains("interrupted before there was a session"), "{line}: {ended:?}");
    }
    ensure!(home.asked() == 0, "AWS was asked");
    Ok(())
}

/// Nothing of a profile's program is left behind, whether that is the shell or not.
fn ended(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-ended")?;
    let (config, pid) = (home.folder.join(".aws/config"), home.folder.join("pid"));
    let program = home.folder.join("program");
    fs::write(&program, format!("#!/bin/sh\necho $$ > {}.new\nmv {0}.new {0}\nsleep 1000\n", pid.display()))?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    let keys = fs::read_to_string(&config)?;
    let program = program.display();
    let more = format!(
        "[profile prints]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = {SERIAL}\nmfa_process = {program} && true\n\
         [profile program]\ncredential_process = {program} && true\n"
    );
    fs::write(config, keys + &more)?;
    for profile in ["prints", "program"] {
        let mut command = process::command(&world.parts.cluster_auth, &home.folder);
        command.args(["token", "-i", "c"]).env("AWS_PROFILE", profile).env("AWS_REGION", "us-west-2");
        let mut running = process::Background::start(&mut command, home.folder.join("log"))?;
        process::wait_until("the program runs", || Ok(pid.exists()))?;
        let shell = fs::read_to_string(&pid)?.trim().to_owned();
        let children = || fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap_or_default();
        process::wait_until("it sleeps", || Ok(!children().trim().is_empty()))?;
        let all = [children().trim().to_owned(), shell.clone()];
        running.terminate()?;
        for one in &all {
            let status = format!("/proc/{one}/status");
            let is_over = || fs::read_to_string(&status).map_or(true, |status| status.contains("State:\tZ"));
            process::wait_until("it is over", || Ok(is_over()))?;
        }
        ensure!(running.log().contains("interrupted before there was a session"), "{profile}: {}", running.log());
        fs::remove_file(&pid)?;
    }
    Ok(())
}

/// Elsewhere than on EC2 nobody answers, and a person waits.
fn patience(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-patience")?;
    let any = Line::on("/latest/", "");
    // Whoever is silent is not asked again; whoever answers nonsense once more.
    for (answer, times) in
        [(Line { takes: Duration::from_secs(30), ..any.clone() }, 1), (Line { status: 500, ..any }, 2)]
    {
        home.server.answers(vec![answer]);
        let mut command = home.command(&world.parts.cluster_auth, &["token", "-i", "c"]);
        command.env("AWS_EC2_METADATA_DISABLED", "false").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", home.server.url());
        command.env("AWS_CONFIG_FILE", "/dev/null");
        let said = process::run(&mut command)?.failure()?;
        let at = format!(
            "the instance metadata service at {} (AWS_EC2_METADATA_SERVICE_ENDPOINT)",
            home.server.url().trim_start_matches("http://")
        );
        ensure!(said.contains(&format!("{at} gave no AWS credentials")), "{said}");
        let asked = home.server.asked();
        ensure!(asked.len() == times && asked.iter().all(|asked| asked.starts_with("PUT ")), "{times}: {asked:?}");
    }
    Ok(())
}

fn codes(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-codes")?;
    let run = |program: &Path, args: &[&str], input: &str| -> anyhow::Result<(i32, String)> {
        home.server.answers(Home::script("ASIADEV", 3600));
        let mut command = home.command(program, args);
        command.env("AWS_PROFILE", "mfa").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().context("a pipe")?;
        // Whoever asks for nothing may have ended.
        drop(std::io::Write::write_all(&mut stdin, input.as_bytes()));
        drop(stdin);
        let output = child.wait_with_output()?;
        e2e::secrets::of_text(&String::from_utf8_lossy(&output.stdout));
        Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    let sent = || home.server.count("TokenCode=123456");
    let (ours, theirs) = (&world.parts.cluster_auth, &world.parts.go_authenticator);
    let token = ["token", "-i", "c"];
    for program in [ours, theirs] {
        let (code, said) = run(program, &token, "123456\n")?;
        ensure!((code, sent()) == (0, 1), "{}: {said}", program.display());
        let (code, said) = run(program, &[&token[..], &["--cache"]].concat(), "")?;
        ensure!((code, sent()) == (1, 0), "{}: nobody to ask: {said}", program.display());
    }
    let (code, said) =
        run(ours, &["eks", "get-token", "--cluster-name", "c", "--no-cache", "--mfa-code", "123456"], "")?;
    ensure!((code, sent()) == (0, 1), "{said}");
    // A session that has had one needs none.
    let (code, said) = run(ours, &[&token[..], &["--mfa-code", "123456"]].concat(), "")?;
    ensure!((code, sent()) == (0, 0) && said.contains("note: --mfa-code has no effect"), "{said}");
    let (code, said) = run(ours, &[&token[..], &["--no-cache", "--mfa-code", "12345"]].concat(), "")?;
    ensure!(code == 1 && said.contains("an MFA code has six digits") && home.asked() == 0, "{said}");
    let (code, said) = run(ours, &[&token[..], &["--no-cache"]].concat(), "")?;
    let expected = "run `AWS_PROFILE=mfa AWS_REGION=us-west-2 cluster-auth token -i c --mfa-code 123456`";
    ensure!(code == 1 && said.contains(SERIAL) && said.contains(expected), "{said}");
    // Another command takes no code: the one that does is named, and what it leaves behind is used.
    let update =
        ["eks", "update-kubeconfig", "--name", "c", "--region", "eu-west-1", "--endpoint-url", &home.server.url()];
    fs::remove_dir_all(home.cache())?;
    let (code, said) = run(ours, &update, "")?;
    let expected = "run `cluster-auth eks get-token --cluster-name c --region eu-west-1 --mfa-code 123456`";
    ensure!(code == 1 && said.contains(SERIAL) && said.contains(expected), "{said}");
    let typed = ["eks", "get-token", "--cluster-name", "c", "--region", "eu-west-1", "--mfa-code", "123456"];
    let (code, said) = run(ours, &typed, "")?;
    ensure!((code, sent()) == (0, 1), "{said}");
    let (code, said) = run(ours, &update, "")?;
    ensure!(code == 1 && home.asked() == 0 && said.contains("eks:DescribeCluster"), "{said}");
    Ok(())
}

fn shown(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-shown")?;
    let run = |args: &[&str]| process::run(&mut home.command(&world.parts.cluster_auth, args))?.success();
    ensure!(run(&["cache", "show"])?.starts_with("No session in "));
    home.key(world, "dev", &[])?;
    home.key(world, "sso", &[])?;
    let mode = |path: &Path| Ok::<_, anyhow::Error>(fs::metadata(path)?.permissions().mode() & 0o777);
    ensure!(mode(&home.cache())? == 0o700);
    for entry in fs::read_dir(home.cache())? {
        ensure!(mode(&entry?.path())? == 0o600);
    }
    let text = run(&["cache", "show"])?;
    let json = run(&["cache", "show", "-o", "json"])?;
    for shown in [&text, &json, &run(&["cache", "show", "-o", "yaml"])?] {
        for words in [ROLE, "AKIABASE", "ASIADEV", "Dev in 111122223333 (corp)", "good"] {
            ensure!(shown.contains(words), "{words}: {shown}");
        }
        for secret in ["secret-of", "token-of"] {
            ensure!(!shown.contains(secret), "{shown}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&json)?;
    ensure!(json["sessions"].as_array().map(Vec::len) == Some(2) && json["unreadable"] == 0, "{json:#}");
    ensure!(run(&["cache", "clear"])? == "2 sessions removed\n");
    ensure!(home.kept()?.is_empty() && run(&["cache", "clear"])? == "0 sessions removed\n");
    home.key(world, "dev", &[])?;
    ensure!(home.asked() == 3, "asked {} times", home.asked());
    Ok(())
}

/// Secrets that were open to others must not outlive the question to remove them.
fn cleared(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-cleared")?;
    let run = |args: &[&str]| process::run(&mut home.command(&world.parts.cluster_auth, args));
    home.key(world, "dev", &[])?;
    let [file] = &home.kept()?[..] else { anyhow::bail!("one session") };
    let other = home.cache().join("notes.json");
    fs::write(&other, "somebody else's")?;
    for (folder_mode, file_mode) in [(0o755, 0o600), (0o777, 0o644), (0o700, 0o644)] {
        home.key(world, "dev", &["--no-cache"])?;
        fs::set_permissions(home.cache(), Permissions::from_mode(0o700))?;
        home.key(world, "dev", &[])?;
        fs::set_permissions(file, Permissions::from_mode(file_mode))?;
        fs::set_permissions(home.cache(), Permissions::from_mode(folder_mode))?;
        let shown = run(&["cache", "show"])?;
        let words =
            if file_mode == 0o600 { ROLE } else { "1 file cannot be read; `cluster-auth cache clear` removes all" };
        ensure!(shown.code == 0 && shown.stdout.contains(words), "{folder_mode:o}: {shown:?}");
        let is_said = shown.stderr.contains("note: these sessions are not used: ");
        ensure!(is_said == (folder_mode != 0o700), "{folder_mode:o}: {shown:?}");
        let cleared = run(&["cache", "clear"])?;
        ensure!((cleared.code, cleared.stdout.as_str()) == (0, "1 session removed\n"), "{folder_mode:o}: {cleared:?}");
        ensure!(!file.exists() && other.exists(), "{folder_mode:o}: {cleared:?}");
    }
    Ok(())
}

/// Who a program answers with, it may know by any variable, by its folder, or by a login of its own.
fn programs(world: &World) -> anyhow::Result<()> {
    /// Profile, who, and whose key it is, how often the program ran and how often STS was asked.
    type Row<'a> = (&'a str, &'a str, (&'a str, usize, usize));
    let home = Home::new(world, "sessions-programs")?;
    let program = home.folder.join("creds");
    let end = end(3600);
    fs::write(
        &program,
        format!(
            "#!/bin/sh\necho run >> \"$HOME/runs\"\nprintf '{{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"s\", \
             \"SessionToken\": \"t\", \"Expiration\": \"{end}\"}}' \"$SAML2AWS_USERNAME\"\n"
        ),
    )?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    let config = format!(
        "[profile own]\ncredential_process = {}\n[profile role]\nrole_arn = {ROLE}\nsource_profile = own\n\
         [profile mfa]\nrole_arn = {ROLE}\nsource_profile = own\nmfa_serial = {SERIAL}\nmfa_process = echo 123456\n",
        program.display()
    );
    fs::write(home.folder.join(".aws/config"), config)?;
    let asks = |profile: &str, who: &str| -> anyhow::Result<(String, usize, usize)> {
        fs::write(home.folder.join("runs"), "")?;
        let before = home.asked();
        let mut command = home.command(&world.parts.cluster_auth, &["token", "--token-only", "-i", "c"]);
        let printed = process::run(command.env("AWS_PROFILE", profile).env("SAML2AWS_USERNAME", who))?.success()?;
        let runs = fs::read_to_string(home.folder.join("runs"))?.lines().count();
        Ok((key_of(printed.trim())?, runs, home.asked() - before))
    };
    let rows: &[Row<'_>] = &[
        ("own", "ASIAALICE", ("ASIAALICE", 1, 0)),
        ("own", "ASIAALICE", ("ASIAALICE", 1, 0)),
        ("own", "ASIABOB", ("ASIABOB", 1, 0)),
        ("role", "ASIAALICE", ("ASIADEV", 1, 1)),
        ("role", "ASIAALICE", ("ASIADEV", 1, 0)),
        ("role", "ASIABOB", ("ASIADEV", 1, 1)),
        // Nobody is to look for a device each time; who says who is who, by whatever variable, gets another session.
        ("mfa", "ASIAALICE", ("ASIADEV", 1, 1)),
        ("mfa", "ASIAALICE", ("ASIADEV", 0, 0)),
        ("mfa", "ASIABOB", ("ASIADEV", 1, 1)),
    ];
    for (at, (profile, who, (key, runs, calls))) in rows.iter().enumerate() {
        let found = asks(profile, who)?;
        ensure!(found == ((*key).to_owned(), *runs, *calls), "{at}: {profile} {who}: {found:?}");
    }
    Ok(())
}

fn untrusted(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-untrusted")?;
    let asks = |args: &[&str], expected: usize, words: &str| -> anyhow::Result<()> {
        let before = home.asked();
        let (_, said) = home.key(world, "dev", args)?;
        let asked = home.asked() - before;
        ensure!(asked == expected && said.contains(words), "{args:?}: asked {asked} times: {said}");
        ensure!(!words.is_empty() || said.is_empty(), "{args:?}: {said}");
        Ok(())
    };
    asks(&["--no-cache"], 1, "")?;
    ensure!(home.kept()?.is_empty(), "nothing is kept where nothing is to be");
    asks(&[], 1, "")?;
    asks(&[], 0, "")?;
    asks(&["--no-cache"], 1, "")?;
    // Another role, session name or external id is another session.
    for args in [
        &["-r", "arn:aws:iam::111122223333:role/Ops"][..],
        &["-r", "arn:aws:iam::111122223333:role/Ops", "-s", "alice"],
    ] {
        asks(args, 1, "")?;
        asks(args, 0, "")?;
    }
    fs::remove_dir_all(home.cache())?;
    asks(&[], 1, "")?;
    let [file] = &home.kept()?[..] else { anyhow::bail!("one session") };
    let whole = fs::read_to_string(file)?;
    for broken in ["", "{", &whole[..whole.len() / 2]] {
        fs::write(file, broken)?;
        asks(&[], 1, "")?;
        asks(&[], 0, "")?;
    }
    // What others could read.
    fs::set_permissions(file, Permissions::from_mode(0o644))?;
    asks(&[], 1, "is not private: its mode is 0644; `chmod 600 ")?;
    asks(&[], 0, "")?;
    fs::set_permissions(home.cache(), Permissions::from_mode(0o755))?;
    asks(&[], 1, "is not private: its mode is 0755; `chmod 700 ")?;
    fs::set_permissions(home.cache(), Permissions::from_mode(0o700))?;
    asks(&[], 0, "")?;
    // A clock that was set back since.
    let (at, later) = (obtained(&whole)?, end(86_400));
    fs::write(file, whole.replace(&at, &later))?;
    asks(&[], 1, "it was obtained 23 hours in the future; set the clock")?;
    // What ends soon is renewed, and used where AWS cannot be asked.
    home.server.answers(Home::script("ASIASHORT", 3600));
    let soon = |left: i64| {
        let text = whole.replace(&obtained(&whole)?, &end(left - 3600)).replace(&expiration(&whole)?, &end(left));
        Ok::<_, anyhow::Error>(fs::write(file, text)?)
    };
    soon(500)?;
    asks(&[], 1, "")?;
    soon(500)?;
    home.server.answers(vec![Line { status: 503, ..Line::on("Action=AssumeRole&", "") }]);
    let (key, said) = home.key(world, "dev", &[])?;
    ensure!(
        key == "ASIADEV" && said.contains("note: the cached session ends soon, and cannot be renewed"),
        "{key}: {said}"
    );
    ensure!(home.asked() == 1, "nobody waits for a second attempt while there is a session");
    soon(59)?;
    let refused = home.token(world, "dev", &[])?.failure()?;
    ensure!(refused.contains("sts:AssumeRole"), "{refused}");
    Ok(())
}

fn field(text: &str, name: &str) -> anyhow::Result<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\":\"")).context(text.to_owned())?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

fn obtained(text: &str) -> anyhow::Result<String> {
    field(text, "obtained")
}

fn expiration(text: &str) -> anyhow::Result<String> {
    field(text, "Expiration")
}

fn explained(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-explained")?;
    let run = |profile: &str, args: &[&str]| -> anyhow::Result<process::Output> {
        let args = [&["token", "-i", "c", "--explain"][..], args].concat();
        process::run(home.command(&world.parts.cluster_auth, &args).env("AWS_PROFILE", profile))
    };
    let says = |text: &str, words: &[&str]| -> anyhow::Result<()> {
        // Columns are aligned by blanks.
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in words {
            ensure!(text.contains(words), "{words}: {text}");
        }
        ensure!(!text.contains("k8s-aws-v1.") && !text.contains("secret-of") && !text.contains("token-of"), "{text}");
        Ok(())
    };
    let url = home.server.url();
    let endpoint = format!("STS {url} (AWS_ENDPOINT_URL_STS)");
    let common = [
        "profile dev (AWS_PROFILE)",
        "keys in the environment skipped: AWS_ACCESS_KEY_ID is not set",
        "a role from another profile used",
        "the instance not looked at",
        "Region us-west-2 (AWS_REGION)",
        &endpoint,
        "a token for c would be good until 2",
    ];
    let first = run("dev", &[])?.success()?;
    says(&first, &common)?;
    says(&first, &["keys at hand, ", "role arn:aws:iam::111122223333:role/Dev asked for, ", " ms: ASIADEV until 2"])?;
    let second = run("dev", &[])?.success()?;
    says(&second, &common)?;
    says(&second, &["role arn:aws:iam::111122223333:role/Dev cached by cluster-auth, "])?;
    for text in [&first, &second] {
        let arn = "arn:aws:sts::111122223333:assumed-role/Dev/alice";
        says(text, &[&format!("which is {arn}"), &format!("identity {arn} (as it was said with the credentials)")])?;
    }
    ensure!(home.server.count("GetCallerIdentity") == 0, "STS was asked for what it had said");
    ensure!(home.asked() == 1, "asked {} times", home.asked());
    says(
        &run("sso", &[])?.success()?,
        &["role Dev in 111122223333 asked for, ", "identity not known, ", "sts:GetCallerIdentity failed: "],
    )?;
    let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice";
    let identity = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{arn}</Arn>\
         <UserId>AROA:alice</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    home.server
        .answers([vec![Line::on("Action=GetCallerIdentity&", &*identity)], Home::script("ASIADEV", 3600)].concat());
    // Whoever they are of, and wherever they come from.
    for profile in ["sso", "default"] {
        says(&run(profile, &[])?.success()?, &[&format!("identity {arn} (asked of STS, ")])?;
    }
    // A step that fails has its line.
    home.server.answers(Vec::new());
    let failed = run("dev", &["--no-cache"])?;
    ensure!(failed.code == 1, "{failed:?}");
    says(&failed.stdout, &[&format!("role {ROLE} failed, ")])?;
    // So has one for which AWS was asked more than once.
    home.server.answers(vec![Line { status: 503, ..Line::on("Action=AssumeRole&", "") }]);
    let mut command = home.command(&world.parts.cluster_auth, &["token", "-i", "c", "--explain", "--no-cache"]);
    let failed = process::run(command.env("AWS_PROFILE", "dev").env("AWS_MAX_ATTEMPTS", "2"))?;
    ensure!(failed.code == 1 && home.asked() == 2, "{failed:?}");
    says(&failed.stdout, &[&format!("role {ROLE} asked 2 times: "), &format!("role {ROLE} failed, ")])?;
    // This machine's clock beside AWS's, where AWS says the hour.
    for (ahead, words) in [(0, "clock as AWS's, to a second"), (clock::TEN_MINUTES, "clock 10 minutes behind AWS's")] {
        let mut script = Home::script("ASIADEV", 3600 + ahead);
        for line in &mut script {
            line.headers.push(clock::date(ahead));
        }
        home.server.answers(script);
        says(&run("dev", &["--no-cache"])?.success()?, &[words])?;
    }
    home.server.answers(Home::script("ASIADEV", 3600));
    says(&run("sso", &[])?.success()?, &["role Dev in 111122223333 cached by cluster-auth, "])?;
    says(&run("dev", &["--cache"])?.success()?, &["role arn:aws:iam::111122223333:role/Dev asked for, "])?;
    says(&run("dev", &["--cache"])?.success()?, &["credentials cached in aws-iam-authenticator's file, "])?;
    // Where nothing else says a Region the instance is asked for it, which takes its time.
    let session = Line {
        headers: vec!["x-aws-ec2-metadata-token-ttl-seconds: 21600".to_owned()],
        ..Line::on("PUT /latest/api/token", "token-of-instance")
    };
    let region = Line::on("placement/region", "ap-south-1");
    home.server.answers([vec![session, region], Home::script("ASIADEV", 3600)].concat());
    let mut command = home.command(&world.parts.cluster_auth, &["token", "-i", "c", "--explain"]);
    command.env_remove("AWS_REGION").env("AWS_EC2_METADATA_DISABLED", "false").env("AWS_PROFILE", "dev");
    let said = process::run(command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", home.server.url()))?.success()?;
    says(&said, &["Region ap-south-1 (the instance's metadata, ", " ms) STS "])?;
    home.server.answers(Home::script("ASIADEV", 3600));
    let refused = run("deb", &[])?;
    ensure!(refused.code == 1 && refused.stderr.contains("did you mean `dev`?"), "{refused:?}");
    says(
        &refused.stdout,
        &["profile deb (AWS_PROFILE)", "a program (credential_process) skipped: there is no profile `deb`"],
    )?;
    Ok(())
}
