//! `kops`: the state store on moto's S3, the printed specification by kops' list of fields, and what both bring to a
//! control plane node: a real API server that a member of the team logs in to.

mod container;
mod spec;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    machine::Machine,
    moto::Moto,
    page,
    parts::Parts,
    process::{self, Output},
    shell::Shell,
    world::{CLUSTER_ID, MAPPINGS, World},
};

use self::spec::Cluster;
pub(crate) use self::spec::read;
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("kops::an_upload_puts_three_encrypted_files_where_workers_may_not_read", upload),
    ("kops::a_key_that_is_there_stays_unless_it_is_rotated", rotate),
    ("kops::what_an_upload_has_left_in_the_middle_is_completed_or_said", half),
    ("kops::what_is_wrong_is_said_before_anything_is_written", wrong),
    ("kops::the_specification_has_only_fields_that_kops_knows", fields),
    ("kops::a_machine_with_the_printed_specification_lets_the_team_in", machine),
    ("kops::a_hook_that_fails_leaves_the_machine_as_it_was", hook_fails),
    ("kops::the_daemonsets_container_is_all_that_our_server_needs_without_kubelet_and_seccomp", container::daemon_set),
    ("kops::the_page_shows_what_happens", page),
];

const NAME: &str = "prod.example.com";
const STATE: &str = "s3://kops.example.com-state";
const FOLDER: &str = "prod.example.com/secrets/cluster-auth";
const KUBECONFIG: &str = "aws-iam-authenticator.kubeconfig";
const ACCESS: &str = "
clusterID: e2e.example.com
account: '111122223333'
groups:
- name: developers
  users: [alice]
  authorization:
  - {namespace: dev, clusterRole: view}
";
const NODE_FOLDER: &str = "/srv/kubernetes/kube-apiserver/cluster-auth";

/// moto with a bucket in another Region than the caller's.
struct Store<'a> {
    world: &'a World,
    moto: Moto,
    folder: std::path::PathBuf,
}

impl<'a> Store<'a> {
    fn start(world: &'a World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let moto = Moto::start(&world.parts, &folder)?;
        let place = "{'LocationConstraint': 'eu-central-1'}";
        let there = "boto3.client('s3', region_name='eu-central-1')";
        moto.fill(&format!(
            "{there}.create_bucket(Bucket='kops.example.com-state', CreateBucketConfiguration={place})"
        ))?;
        Ok(Self { world, moto, folder })
    }

    fn kops(&self, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = process::command(&self.world.parts.cluster_auth, &self.folder);
        command.envs(self.moto.environment()).env("KOPS_STATE_STORE", STATE).env("KOPS_CLUSTER_NAME", NAME);
        process::run(command.arg("kops").args(args))
    }

    fn spec(&self, args: &[&str]) -> anyhow::Result<Cluster> {
        let text = self.kops(&[&["spec", "--variant", "webhook"], args].concat())?.success()?;
        spec::read(&text)
    }

    fn object(&self, file: &str) -> anyhow::Result<String> {
        self.moto.fill(&format!("print(s3.get_object({})['Body'].read().decode(), end='')", at(file)))
    }

    fn objects(&self) -> anyhow::Result<[String; 3]> {
        Ok([self.object("key.pem")?, self.object("cert.pem")?, self.object(KUBECONFIG)?])
    }
}

fn at(file: &str) -> String {
    format!("Bucket='kops.example.com-state', Key='{FOLDER}/{file}'")
}

fn upload(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-upload")?;
    let said = store.kops(&["upload"])?;
    ensure!(said.code == 0 && said.stdout.is_empty(), "{said:?}");
    let listed = store.moto.fill(
        "for o in s3.list_objects_v2(Bucket='kops.example.com-state')['Contents']:
    print(o['Key'], s3.head_object(Bucket='kops.example.com-state', Key=o['Key']).get('ServerSideEncryption'))",
    )?;
    let expected = [KUBECONFIG, "cert.pem", "key.pem"].map(|file| format!("{FOLDER}/{file} AES256\n")).concat();
    ensure!(listed == expected, "{listed}");
    let [key, certificate, kubeconfig] = store.objects()?;
    ensure!(key.contains("PRIVATE KEY") && !certificate.contains("PRIVATE") && !kubeconfig.contains("PRIVATE"));
    ensure!(said.stderr.contains(&format!("wrote {STATE}/{NAME}/secrets/cluster-auth/key.pem")), "{said:?}");
    // The key is nowhere on this machine, nor in what was said.
    let secret = key.lines().nth(1).context("a key")?;
    ensure!(!said.stderr.contains(secret));
    for entry in fs::read_dir(&store.folder)? {
        let path = entry?.path();
        ensure!(!path.is_file() || !String::from_utf8_lossy(&fs::read(&path)?).contains(secret), "{}", path.display());
    }
    // A bucket with a key of its own encrypts with that.
    store.moto.fill(
        "rule = {'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': 'alias/state'}}
s3.put_bucket_encryption(Bucket='kops.example.com-state', ServerSideEncryptionConfiguration={'Rules': [rule]})",
    )?;
    store.kops(&["upload", "--rotate"])?.success()?;
    let by = store.moto.fill(&format!("print(s3.head_object({})['ServerSideEncryption'])", at("key.pem")))?;
    ensure!(by.trim() == "aws:kms", "{by}");
    Ok(())
}

fn rotate(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-rotate")?;
    let refused = store.kops(&["upload", "--rotate"])?.failure()?;
    ensure!(refused.contains("there is no certificate and key to rotate"), "{refused}");
    // What was typed is typed again, where no variable says it.
    let typed = store.kops(&["upload", "--name", NAME, "--state", STATE])?;
    for next in [
        format!("`cluster-auth kops spec --variant webhook --name {NAME} --state {STATE}`"),
        format!("`kops edit cluster {NAME} --state {STATE}`"),
        format!("`kops update cluster {NAME} --state {STATE} --yes`"),
    ] {
        ensure!(typed.stderr.contains(&next), "{}", typed.stderr);
    }
    ensure!(typed.code == 0, "{typed:?}");
    let first = store.objects()?;
    let again = store.kops(&["upload"])?;
    ensure!(again.code == 0 && again.stderr.matches("kept  s3://").count() == 3, "{again:?}");
    ensure!(store.objects()? == first, "nothing is written where all is there");

    let rotated = store.kops(&["upload", "--rotate"])?;
    ensure!(rotated.code == 0 && rotated.stderr.matches("wrote s3://").count() == 3, "{rotated:?}");
    // Machines keep what they have read until they are replaced, and kops sees no reason to.
    let roll = format!("`kops rolling-update cluster {NAME} --yes --force --instance-group-roles control-plane`");
    ensure!(rotated.stderr.contains(&roll), "{}", rotated.stderr);
    let spec = store.kops(&["spec", "--variant", "webhook"])?;
    ensure!(spec.code == 0 && spec.stderr.contains(&roll), "{}", spec.stderr);
    let second = store.objects()?;
    ensure!(first[0] != second[0] && first[1] != second[1]);
    let trusted = trusted(&second[2])?;
    for pair in [&first, &second] {
        let authority = tls::last_certificate(&pair[1])?;
        ensure!(trusted.contains(authority.trim()), "the kubeconfig trusts the old authority and the new one");
    }
    // What belongs into the specification follows.
    let cluster = store.spec(&[])?;
    ensure!(cluster.asset(KUBECONFIG)?.content == second[2]);
    Ok(())
}

fn trusted(kubeconfig: &str) -> anyhow::Result<String> {
    let source = document::Source::new("kubeconfig", kubeconfig);
    let config = kubeconfig::read_webhook(&source).ok().context("a webhook's kubeconfig")?;
    Ok(config.certificate_authority_pem)
}

fn half(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-half")?;
    store.kops(&["upload"])?.success()?;
    let whole = store.objects()?;
    for (gone, stays) in [(KUBECONFIG, "key.pem"), ("cert.pem", "key.pem")] {
        store.moto.fill(&format!("s3.delete_object({})", at(gone)))?;
        let said = store.kops(&["upload"])?;
        ensure!(said.code == 0 && said.stderr.contains(&format!("/{gone}")), "{said:?}");
        ensure!(said.stderr.contains(&format!("kept  {STATE}/{NAME}/secrets/cluster-auth/{stays}")), "{said:?}");
        ensure!(store.objects()? == whole, "without {gone} it is completed as it was");
    }
    // Without any kubeconfig, no specification tells API servers of one.
    store.moto.fill(&format!("s3.delete_object({})", at(KUBECONFIG)))?;
    let refused = store.kops(&["spec", "--variant", "webhook"])?.failure()?;
    ensure!(refused.contains("`cluster-auth kops upload` creates it"), "{refused}");
    store.kops(&["upload"])?.success()?;
    // API servers may trust a key that is gone: that takes a decision.
    store.moto.fill(&format!("s3.delete_object({})", at("key.pem")))?;
    let refused = store.kops(&["upload"])?.failure()?;
    ensure!(refused.contains("there is a kubeconfig and no key.pem"), "{refused}");
    store.kops(&["upload", "--rotate"])?.success()?;
    let [_, certificate, kubeconfig] = store.objects()?;
    for pair in [&whole[1], &certificate] {
        ensure!(trusted(&kubeconfig)?.contains(tls::last_certificate(pair)?.trim()));
    }
    Ok(())
}

fn wrong(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-wrong")?;
    let rows: [(&[&str], &str); 6] = [
        (&["upload", "--state", "s3://no-such-bucket"], "there is no S3 bucket no-such-bucket"),
        (&["upload", "--state", "gs://kops-state"], "the state store must be in S3"),
        (&["upload", "--name", "Prod"], "a cluster of kops has a DNS name in lower case"),
        (&["upload", "--profile", "nobody"], "nobody"),
        (&["spec", "--variant", "webhook"], "`cluster-auth kops upload` creates it"),
        (&["spec", "--variant", "webhook", "--webhook-kubeconfig", "none"], "cannot read none"),
    ];
    for (args, expected) in rows {
        let output = store.kops(args)?;
        ensure!(output.code == 1 && output.stdout.is_empty(), "{args:?}: {output:?}");
        ensure!(output.stderr.contains(expected), "{args:?}: {}", output.stderr);
    }
    let mut nameless = process::command(&world.parts.cluster_auth, &store.folder);
    let refused = process::run(nameless.args(["kops", "spec"]))?.failure()?;
    ensure!(refused.contains("give --name, or set KOPS_CLUSTER_NAME"), "{refused}");
    let count = store.moto.fill("print(s3.list_objects_v2(Bucket='kops.example.com-state')['KeyCount'])")?;
    ensure!(count.trim() == "0", "{count}");
    Ok(())
}

fn fields(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-fields")?;
    let yaml = store.kops(&["spec"])?.success()?;
    let cluster = spec::read(&yaml)?;
    ensure!(cluster.metadata.name == NAME);
    let aws = cluster.spec.authentication.as_ref().and_then(|all| all.aws.as_ref()).context("authentication.aws")?;
    ensure!(aws.cluster_id.as_deref() == Some(NAME) && aws.backend_mode.is_none(), "{yaml}");
    ensure!(aws.image.as_deref() == Some(concat!("cluster-auth/cluster-auth:", env!("CARGO_PKG_VERSION"))), "{yaml}");
    ensure!(aws.memory_limit.as_deref() == Some("20Mi"), "{yaml}");
    let json = store.kops(&["spec", "-o", "json", "--image", "r.example.com/a:1", "-i", "other"])?.success()?;
    let other = spec::read(&json)?;
    let aws = other.spec.authentication.and_then(|all| all.aws).context("authentication.aws")?;
    ensure!((aws.image.as_deref(), aws.cluster_id.as_deref()) == (Some("r.example.com/a:1"), Some("other")), "{json}");

    store.kops(&["upload"])?.success()?;
    let text = store.kops(&["spec", "--variant", "webhook"])?.success()?;
    ensure!(!text.contains("PRIVATE KEY"), "no key stands in a specification");
    let cluster = spec::read(&text)?;
    cluster.check()?;
    ensure!(cluster.hook()?.command().last().map(String::as_str) == Some("eu-central-1"), "the bucket's own Region");
    // Without the state store: the file that init has made.
    fs::write(store.folder.join("webhook.kubeconfig"), store.object(KUBECONFIG)?)?;
    // Whatever else stands in it, no secret comes into the specification.
    let secret = fs::read_to_string(store.folder.join("webhook.kubeconfig"))?
        .replace("user: {}", "user: {client-key-data: U0VDUkVU, token: SECRET}");
    fs::write(store.folder.join("secret.kubeconfig"), &secret)?;
    let shown =
        store.kops(&["spec", "--variant", "webhook", "--webhook-kubeconfig", "secret.kubeconfig"])?.success()?;
    ensure!(secret.contains("U0VDUkVU") && !shown.contains("U0VDUkVU") && !shown.contains("SECRET"), "{shown}");
    let mut offline = process::command(&world.parts.cluster_auth, &store.folder);
    offline.args(["kops", "spec", "--variant", "webhook", "--name", NAME, "--state", STATE]);
    let offline =
        process::run(offline.args(["--webhook-kubeconfig", "webhook.kubeconfig", "--region", "eu-central-1"]))?;
    ensure!(offline.success()? == text, "both say the same");
    Ok(())
}

/// What nodeup does with the specification before it starts anything.
fn write_files(machine: &Machine, cluster: &Cluster) -> anyhow::Result<()> {
    cluster.check()?;
    let mut assets = cluster.spec.file_assets.iter().flatten();
    assets.try_for_each(|asset| machine.write(&format!("/rootfs{}", asset.path), &asset.content))
}

/// Files first, then hooks.
pub(crate) fn boot(parts: &Parts, moto: &Moto, machine: &Machine, cluster: &Cluster) -> anyhow::Result<Output> {
    write_files(machine, cluster)?;
    run_hook(parts, moto, machine, cluster)
}

/// The API server that the specification makes: told of the kubeconfig, which its pod sees where kops mounts it.
pub(crate) fn api_server(machine: &Machine, cluster: &Cluster) -> anyhow::Result<local_cluster::Cluster> {
    let flags = [format!("--authentication-token-webhook-config-file={}", cluster.webhook_file()?)];
    let mounts =
        vec![("/srv/kubernetes/kube-apiserver".to_owned(), "/rootfs/srv/kubernetes/kube-apiserver".to_owned())];
    machine.api_server(&flags, &mounts)
}

/// The hook's container: its image is the AWS CLI's, the machine's files are below /rootfs, the network is the machine's.
fn run_hook(parts: &Parts, moto: &Moto, machine: &Machine, cluster: &Cluster) -> anyhow::Result<Output> {
    let command = cluster.hook()?.command();
    let (program, args) = command.split_first().context("a command")?;
    let image = machine.path("/image");
    fs::create_dir_all(&image)?;
    // Only root may give files away; whom they are given to is written down instead.
    let chown = image.join("chown");
    fs::write(&chown, format!("#!/bin/sh\necho \"$1\" >> {}/given\n", image.display()))?;
    fs::set_permissions(&chown, fs::Permissions::from_mode(0o755))?;
    let aws = parts.aws_cli.parent().context("a folder")?;
    let mounts = vec![("/rootfs".to_owned(), "/rootfs".to_owned())];
    let mut hook = process::command(program, &image);
    hook.args(args.iter().map(|argument| machine.argument(argument, &mounts)));
    hook.envs(moto.environment()).env("ATTEMPTS", "1");
    hook.env("PATH", format!("{}:{}:/usr/bin:/bin", image.display(), aws.display()));
    process::run(&mut hook)
}

fn machine(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-machine")?;
    let machine = Machine::new(&world.parts, &world.sts)?;
    fs::write(store.folder.join("port.yaml"), format!("server: {{port: {}}}\n", machine.port))?;
    store.kops(&["upload", "-c", "port.yaml"])?.success()?;
    let cluster = store.spec(&[])?;
    write_files(&machine, &cluster)?;

    // The hook has not run, and may never: the API server is up, and lets nobody in by a webhook.
    let api_server = api_server(&machine, &cluster)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    ensure!(machine.whoami(&api_server, &token)?.is_none(), "nobody is let in before the server runs");
    machine.as_admin(&api_server, &["get", "namespaces"])?.success()?;

    // What the hook brings: the state store's files, the key for the server's user alone.
    run_hook(&world.parts, &store.moto, &machine, &cluster)?.success()?;
    let files = format!("/rootfs{NODE_FOLDER}");
    let read = |name: &str| fs::read_to_string(machine.path(&format!("{files}/{name}")));
    ensure!([read("key.pem")?, read("cert.pem")?, read(KUBECONFIG)?] == store.objects()?);
    let mode = |name: &str| {
        let metadata = fs::metadata(machine.path(&format!("{files}/{name}")))?;
        anyhow::Ok(metadata.permissions().mode() & 0o777)
    };
    ensure!((mode("key.pem")?, mode("cert.pem")?, mode(KUBECONFIG)?) == (0o600, 0o644, 0o644));
    ensure!(fs::read_to_string(machine.path("/image/given"))? == "10000:10000\n");

    machine.write(
        "/config.yaml",
        &format!("clusterID: {CLUSTER_ID}\nserver:\n  port: 21362\n{MAPPINGS}")
            .replace("21362", &machine.port.to_string()),
    )?;
    let config = machine.path("/config.yaml").display().to_string();
    let state = machine.path(&files).display().to_string();
    let args = [
        "server",
        "--config",
        &config,
        "--state-dir",
        &state,
        "--kubeconfig-pregenerated=true",
        "--health-address=none",
    ];
    let mut server = machine.start(&world.sts, &args.map(str::to_owned), &Vec::new(), None)?;
    machine.wait_until_ready(&mut server, &files, "/readyz")?;
    ensure!(machine.whoami(&api_server, &token)?.as_deref() == Some("alice"), "{}", server.log());

    // A rotation: another boot brings another pair, and the kubeconfig that this API server has never read trusts both.
    store.kops(&["upload", "--rotate", "-c", "port.yaml"])?.success()?;
    let rotated = store.spec(&[])?;
    boot(&world.parts, &store.moto, &machine, &rotated)?.success()?;
    let restarted = self::api_server(&machine, &rotated)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    e2e::process::wait_until("the new pair is served", || machine.probe(&files, "/readyz"))?;
    ensure!(machine.whoami(&restarted, &token)?.as_deref() == Some("alice"), "{}", server.log());
    Ok(())
}

fn hook_fails(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-hook")?;
    let machine = Machine::new(&world.parts, &world.sts)?;
    store.kops(&["upload"])?.success()?;
    let cluster = store.spec(&[])?;
    boot(&world.parts, &store.moto, &machine, &cluster)?.success()?;
    let files = machine.path(&format!("/rootfs{NODE_FOLDER}"));
    let before = listing(&files)?;
    store.kops(&["upload", "--rotate"])?.success()?;
    let rows = [
        (
            "the moment between two writes of a rotation",
            format!("s3.put_object({}, Body=b'another pair')", at("cert.pem")),
        ),
        ("a file is missing", format!("s3.delete_object({})", at(KUBECONFIG))),
        ("nothing is there", format!("s3.delete_object({})", at("key.pem"))),
    ];
    for (name, script) in rows {
        store.moto.fill(&script)?;
        let output = run_hook(&world.parts, &store.moto, &machine, &cluster)?;
        ensure!(output.code == 1, "{name}: {output:?}");
        ensure!(listing(&files)? == before, "{name}: all or nothing");
    }
    Ok(())
}

/// Names and contents.
fn listing(folder: &Path) -> anyhow::Result<std::collections::BTreeMap<String, String>> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?))
    });
    entries.collect()
}

fn page(world: &World) -> anyhow::Result<()> {
    let store = Store::start(world, "kops-page")?;
    let mut shell = Shell::new(&world.parts, &store.folder)?;
    shell.set_all(store.moto.environment());
    shell.set("KOPS_STATE_STORE", STATE);
    shell.set("KOPS_CLUSTER_NAME", NAME);
    page::follow("docs/kops.md", &store.folder, &mut shell)?;
    page::besides(&mut shell)
}
