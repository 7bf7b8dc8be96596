//! `init` and what the server does with its files: made, kept, rotated under load, shared with the existing program.

use std::{fs, path::Path};

use anyhow::ensure;
use e2e::{
    https,
    process::{self, Background, wait_until},
    server::{Server, ServerOptions, certificate_authority, free_port},
    world::{CLUSTER_ID, MAPPINGS, World},
};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("init::files_are_made_once_and_kept", kept),
    ("init::a_server_starts_with_the_flags_that_it_says", followed),
    ("init::a_rotated_pair_is_taken_without_a_failed_request", rotated),
    ("init::a_pair_of_the_existing_program_is_served", existing_pair),
    ("init::a_broken_configuration_leaves_the_server_on_its_last_good_one", last_good),
    ("init::what_is_no_regular_file_keeps_no_later_change_from_being_seen", no_regular_file),
    ("init::a_server_that_is_started_with_no_regular_file_says_so", no_regular_file_at_the_start),
    ("init::a_port_in_use_is_said_with_what_to_do", port_in_use),
];

const OPTIONS: ServerOptions<'static> = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };

fn kept(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-kept")?;
    let init = |args: &[&str]| {
        process::run(process::command(&world.parts.cluster_auth, &folder).args(["init", "-i", "c"]).args(args))
    };
    init(&[])?.success()?;
    let names = ["aws-iam-authenticator.kubeconfig", "cert.pem", "key.pem"];
    let read = || names.map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default());
    let first = read();
    ensure!(first.iter().all(|text| !text.is_empty()), "all three files are written");
    init(&[])?.success()?;
    ensure!(read() == first, "a second init changes nothing");
    let [kubeconfig, ..] = read();
    ensure!(kubeconfig.contains("https://localhost:21362/authenticate"), "{kubeconfig}");
    let refused = init(&["--output-dir", "nothere/x"])?.failure()?;
    let why = "there is no folder nothere/x: make it first (`mkdir -p nothere/x`)";
    ensure!(refused.contains(why) && !refused.contains("entity"), "{refused}");
    ensure!(!folder.join("nothere").exists(), "nothing was made");
    init(&["--rotate"])?.success()?;
    let [_, cert, key] = read();
    ensure!(cert != first[1] && key != first[2], "a rotation makes a new pair");
    Ok(())
}

/// And names the kubeconfig that `init` has written.
fn followed(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-followed")?;
    let (port, host) = (free_port()?.to_string(), "localhost");
    let mut init = process::command(&world.parts.cluster_auth, &folder);
    let said = process::run(init.args(["init", "-i", "c", "--port", &port, "--hostname", host]))?;
    ensure!(said.code == 0, "{said:?}");
    let flags = said.stderr.lines().find(|line| line.trim_start().starts_with("--state-dir=")).unwrap_or_default();
    let mut server = process::command(&world.parts.cluster_auth, &folder);
    server.args(["server", "-i", "c", "--health-address", "none"]).args(flags.split_whitespace());
    let server = Background::start(&mut server, folder.join("server.log"))?;
    let kubeconfig = folder.join("aws-iam-authenticator.kubeconfig");
    let named = format!("--authentication-token-webhook-config-file={}`", kubeconfig.display());
    wait_until("it names the kubeconfig", || Ok(server.log().contains(&named)))
}

fn rotated(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-rotated")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    let old = certificate_authority(&folder)?;
    let mut rotate = process::command(&world.parts.cluster_auth, &folder);
    let port = server.port.to_string();
    process::run(rotate.args(["init", "--rotate", "-i", CLUSTER_ID, "--port", &port]))?.success()?;
    let new = certificate_authority(&folder)?;
    ensure!(old != new, "the authority is a new one");
    // Whoever trusts both, as the rotated kubeconfig does, is answered at every moment.
    let both = format!("{old}{new}");
    wait_until("the new pair is served", || {
        ensure!(https::request(&both, server.port, "GET", "/healthz", "")?.status == 200);
        Ok(https::request(&new, server.port, "GET", "/healthz", "").is_ok())
    })?;
    ensure!(https::request(&old, server.port, "GET", "/healthz", "").is_err(), "the old pair is gone");
    Ok(())
}

fn existing_pair(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-existing")?;
    let mut init = process::command(&world.parts.go_authenticator, &folder);
    process::run(init.args(["init", "-i", CLUSTER_ID]))?.success()?;
    let pair = ["cert.pem", "key.pem"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
    let (config, port) = Server::prepare(&folder, &OPTIONS)?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args([
        "server",
        "--health-address",
        "none",
        "--state-dir",
        ".",
        "--generate-kubeconfig",
        "webhook.kubeconfig",
    ]);
    command.arg("--config").arg(config).arg("--sts-connect-to").arg(world.sts.address.to_string());
    command.arg("--sts-ca-file").arg(&world.sts.ca_file);
    let mut server = process::Background::start(&mut command, folder.join("log"))?;
    // Its certificate is a CA that serves, which the Go client of an API server takes and rustls does not; the port and
    // the files tell enough here.
    wait_until("the server listens", || {
        ensure!(server.ended()?.is_none(), "the server ended: {}", server.log());
        Ok(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
    })?;
    ensure!(
        ["cert.pem", "key.pem"].map(|name| fs::read(folder.join(name)).unwrap_or_default()) == pair,
        "the pair is kept"
    );
    ensure!(fs::read_to_string(folder.join("webhook.kubeconfig"))?.contains("certificate-authority-data"));
    Ok(())
}

fn last_good(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-last-good")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    let token = world.token("alice", CLUSTER_ID)?;
    ensure!(server.review(&token)?.status == 200);
    for broken in ["  mapUsers: [\n", "  mapUsers: everybody\n", "  mapUsers: []\n"] {
        server.reconfigure(&ServerOptions { mappings: broken, ..OPTIONS })?;
        wait_until("the server says that it keeps its last good state", || {
            Ok(server.request("GET", "/readyz", "")?.body.contains("the last good version is in use"))
        })?;
        ensure!(server.review(&token)?.status == 200, "{broken:?} locked alice out");
        ensure!(
            server.request("GET", "/metrics", "")?.body.contains("cluster_auth_reload_failures_total{file=\"config\"}")
        );
        server.reconfigure(&OPTIONS)?;
        wait_until("a good file is taken", || {
            Ok(server.request("GET", "/readyz", "")?.body == "ok\n"
                || !server.request("GET", "/readyz", "")?.body.contains("last good"))
        })?;
    }
    Ok(())
}

/// What no file can be, by the program that makes it.
const NO_FILES: [(&str, &[&str], &str); 3] = [
    ("mkfifo", &[], "it is not a regular file"),
    ("ln", &["-s", "/dev/zero"], "it is not a regular file"),
    ("truncate", &["-s", "1T"], "it has more than"),
];

fn make(folder: &Path, program: &str, before: &[&str], path: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    let made = process::run(process::command(Path::new(program), folder).args(before).arg(path))?;
    ensure!(made.code == 0, "{made:?}");
    Ok(())
}

/// A pipe that nobody writes to, a device that never ends and a file that is too long: in place of whichever file, they stop no
/// answer and keep no later change from being seen.
fn no_regular_file(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-no-file")?;
    let [access, dynamic] = ["access.yaml", "dynamic.json"].map(|name| folder.join(name));
    let mappings =
        format!("  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: {}\n{MAPPINGS}", dynamic.display());
    let options = ServerOptions { mappings: &mappings, ..OPTIONS };
    fs::write(&access, format!("clusterID: {CLUSTER_ID}\ngroups: []\n"))?;
    fs::write(&dynamic, "{\"mapUsers\": []}")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let token = world.token("alice", CLUSTER_ID)?;
    let ready = || Ok::<_, anyhow::Error>(server.request("GET", "/readyz", "")?.body);
    let is_well = || Ok(ready().is_ok_and(|said| !said.contains("last good") && !said.contains("not read")));
    wait_until("all sources are read", is_well)?;
    for file in [&folder.join("config.yaml"), &access, &dynamic, &folder.join("key.pem")] {
        let good = fs::read(file)?;
        for (program, before, why) in NO_FILES {
            make(&folder, program, before, file)?;
            wait_until(&format!("the server says of {} that {why}", file.display()), || Ok(ready()?.contains(why)))?;
            ensure!(server.review(&token)?.status == 200, "{program} for {} locked alice out", file.display());
            fs::remove_file(file)?;
            fs::write(file, &good)?;
            wait_until(&format!("{} is taken again", file.display()), is_well)?;
            ensure!(server.review(&token)?.status == 200);
        }
    }
    // And what comes after it is a change.
    server.reconfigure(&ServerOptions { mappings: &mappings.replace("user/alice", "user/somebody"), ..OPTIONS })?;
    wait_until("the next good file is taken", || Ok(server.review(&token)?.status == 403))
}

/// A server that is started with one says so, and does not wait.
fn no_regular_file_at_the_start(world: &World) -> anyhow::Result<()> {
    for name in ["config.yaml", "access.yaml", "key.pem", "ca.pem"] {
        for (program, before, why) in NO_FILES {
            let folder = world.folder(&format!("init-start-{program}-{name}"))?;
            let (config, _) = Server::prepare(&folder, &OPTIONS)?;
            process::run(process::command(&world.parts.cluster_auth, &folder).args(["init", "-i", CLUSTER_ID]))?
                .success()?;
            fs::copy(&world.sts.ca_file, folder.join("ca.pem"))?;
            make(&folder, program, before, &folder.join(name))?;
            let mut command = process::command(&world.parts.cluster_auth, &folder);
            command.args(["server", "--state-dir", ".", "--kubeconfig-pregenerated", "--health-address", "none"]);
            command.arg("--config").arg(&config).args(["--sts-ca-file", "ca.pem"]);
            let ended = process::run(&mut command)?;
            ensure!(ended.code == 1 && ended.stderr.contains(why) && ended.stderr.contains(name), "{name}: {ended:?}");
        }
    }
    Ok(())
}

fn port_in_use(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("init-port")?;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = taken.local_addr()?.port().to_string();
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    command.args(["server", "-i", "c", "--state-dir", ".", "--generate-kubeconfig", "k.yaml", "--port", &port]);
    command.arg("--sts-ca-file").arg(&world.sts.ca_file);
    let output = process::run(&mut command)?;
    ensure!(output.code == 1, "{output:?}");
    ensure!(
        output.stderr.contains("cannot listen on 127.0.0.1:") && output.stderr.contains("is another server running?"),
        "{output:?}"
    );
    Ok(())
}
