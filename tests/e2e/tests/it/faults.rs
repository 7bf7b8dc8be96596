//! Things break around the server while people log in: it is killed, STS is gone, disks are full, files run out, certificate
//! and mappings change. Nobody who is mapped is ever denied, and nobody is let in who is not.

mod certificate;
mod descriptors;
mod disk;
mod lines;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    net::Ipv4Addr,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use e2e::{
    https,
    load::{Load, Seen},
    machine::is_root,
    process::{self, wait_until},
    server::{Server, ServerOptions, certificate_authority},
    world::{CLUSTER_ID, MAPPINGS, World},
};
use sandbox::Fault;
use tokio::net::TcpSocket;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("faults::killed_and_started_anew_it_serves_at_once", killed),
    ("faults::sts_gone_and_back_is_asked_no_more_than_before", no_herd),
    ("faults::a_certificate_is_rotated_without_one_failed_login", rotation),
    ("faults::mappings_that_change_and_break_fail_no_login", flapping),
    ("faults::a_full_disk_leaves_the_files_as_they_were", full_disk),
    ("faults::a_read_only_state_folder_is_enough_to_serve_from", read_only),
    ("faults::a_certificate_out_of_time_is_served_and_said", certificate::out_of_time),
    ("faults::lines_that_nobody_reads_are_counted_and_no_denial_is_lost", lines::lost),
    ("faults::few_open_files_lock_nobody_out", few_files),
    ("faults::without_a_free_descriptor_whoever_is_connected_is_served", descriptors::used_up),
    ("faults::a_disk_without_a_free_block_leaves_the_files_as_they_were", disk::without_room),
    ("faults::a_server_that_has_its_files_needs_no_free_block", disk::served_without_room),
];

const OPTIONS: ServerOptions<'static> = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "erin"];

fn killed(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-killed")?;
    let mut mappings = MAPPINGS.replace("  mapRoles:", "MORE  mapRoles:");
    let mut more = String::new();
    for number in 0..1_000 {
        writeln!(more, "  - {{userarn: \"arn:aws:iam::111122223333:user/p{number}\", username: p{number}}}")?;
    }
    mappings = mappings.replace("MORE", &more);
    let mut server =
        Server::start(&world.parts, &world.sts, &folder, &ServerOptions { mappings: &mappings, ..OPTIONS })?;
    let pair = || ["cert.pem", "key.pem"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
    let (before, port, config) = (pair(), server.port, folder.join("config.yaml"));
    let load = Load::start(world, &PEOPLE, &certificate_authority(&folder)?, port)?;
    for _ in 0..3 {
        load.wait_for_logins(50)?;
        server.process.kill()?;
        let start = Instant::now();
        server = Server::start_prepared(&world.parts, &world.sts, &folder, &config, port, &[])?;
        said(&format!("it serves {} ms after it was started anew", start.elapsed().as_millis()));
    }
    load.wait_for_logins(50)?;
    let seen = load.end()?;
    ensure!(seen.trouble.is_empty(), "whoever reaches it is answered: {seen:?}");
    ensure!(pair() == before, "the pair is kept");
    Ok(())
}

fn no_herd(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-herd")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    let load = Load::start(world, &PEOPLE, &certificate_authority(&folder)?, server.port)?;
    load.wait_for_logins(50)?;
    let asked = || world.sts.faults.requests("GetCallerIdentity");
    for fault in [Fault::Unavailable, Fault::Reset] {
        let (before, start) = (asked(), Instant::now());
        let troubled = || load.seen().trouble.values().sum::<usize>();
        let troubled_before = troubled();
        world.sts.faults.set(fault.clone());
        let many = wait_until("many have found STS gone", || Ok(troubled() >= troubled_before + 800));
        let (while_gone, lasted) = (asked() - before, start.elapsed());
        world.sts.faults.clear();
        many?;
        // Those that open the breaker, as many under way at that moment, and then four every two seconds.
        let most = 10 + PEOPLE.len() + 4 * (usize::try_from(lasted.as_secs())? / 2 + 1);
        ensure!(while_gone <= most, "{fault:?}: asked {while_gone} times in {lasted:?}");
        let (before, seen) = (asked(), load.seen());
        load.wait_for_logins(50)?;
        let (after, now) = (asked() - before, load.seen());
        let logins = |seen: &Seen| seen.granted + seen.trouble.values().sum::<usize>();
        let most = logins(&now) - logins(&seen) + PEOPLE.len();
        ensure!(after <= most, "{fault:?}: asked {after} times for {most} logins when it was back");
        said(&format!(
            "{fault:?} for {} ms: {while_gone} questions, then {after} for {most} logins",
            lasted.as_millis()
        ));
    }
    let seen = load.end()?;
    ensure!(seen.unanswered == 0, "{seen:?}");
    Ok(())
}

fn rotation(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-rotation")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    // As the page has it: new pairs are made beside copies of the old files, and everybody trusts both authorities first.
    let mut authorities = vec![certificate_authority(&folder)?];
    let mut new = Vec::new();
    for number in 0..3 {
        let beside = world.folder(&format!("faults-rotation-{number}"))?;
        for name in ["cert.pem", "key.pem"] {
            fs::copy(folder.join(name), beside.join(name))?;
        }
        let mut rotate = process::command(&world.parts.cluster_auth, &beside);
        process::run(rotate.args(["init", "--rotate", "-i", CLUSTER_ID, "--port", &server.port.to_string()]))?
            .success()?;
        authorities.push(certificate_authority(&beside)?);
        new.push(beside);
    }
    let load = Load::start(world, &PEOPLE, &authorities.concat(), server.port)?;
    for (beside, authority) in new.iter().zip(&authorities[1..]) {
        load.wait_for_logins(50)?;
        // Between the two the server may look, and finds a pair that does not fit.
        fs::rename(beside.join("key.pem"), folder.join("key.pem"))?;
        load.wait_for_logins(20)?;
        fs::rename(beside.join("cert.pem"), folder.join("cert.pem"))?;
        wait_until("the new pair is in use", || {
            Ok(https::request(authority, server.port, "GET", "/healthz", "").is_ok())
        })?;
    }
    load.wait_for_logins(50)?;
    let seen = load.end()?;
    ensure!(seen == Seen { granted: seen.granted, ..Seen::default() }, "{seen:?}");
    Ok(())
}

fn flapping(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-flapping")?;
    let server = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    let load = Load::start(world, &["alice", "carol"], &certificate_authority(&folder)?, server.port)?;
    let without = |person: &str| {
        let kept = MAPPINGS.lines().filter(|line| !line.contains(&format!("username: {person},")));
        kept.map(|line| format!("{line}\n")).collect::<String>()
    };
    let (half, _) = MAPPINGS.split_at(MAPPINGS.find("user/carol").unwrap_or_default());
    let texts = [
        MAPPINGS,
        "  mapUsers: [\n",
        &without("bob"),
        half,
        &without("erin"),
        "  mapUsers: everybody\n",
        MAPPINGS,
        "  mapUsers: []\n",
        &without("bob"),
        "\u{1}",
    ];
    // A hundred times a second, and half of them broken: some the server sees, and most it does not.
    for text in texts.iter().cycle().take(600) {
        server.reconfigure(&ServerOptions { mappings: text, ..OPTIONS })?;
        std::thread::sleep(Duration::from_millis(10));
    }
    server.reconfigure(&ServerOptions { mappings: half, ..OPTIONS })?;
    wait_until("a broken one is seen", || {
        Ok(server.request("GET", "/readyz", "")?.body.contains("last good version"))
    })?;
    server.reconfigure(&ServerOptions { mappings: &without("erin"), ..OPTIONS })?;
    let token = world.fresh_token("erin", CLUSTER_ID)?;
    // An earlier one without erin may be what counts still, so that her denial alone says nothing.
    wait_until("the last one is good", || {
        Ok(!server.request("GET", "/readyz", "")?.body.contains("last good version"))
    })?;
    wait_until("the last one counts", || Ok(server.review(&token)?.status == 403))?;
    ensure!(server.review(&world.fresh_token("bob", CLUSTER_ID)?)?.status == 200);
    let seen = load.end()?;
    ensure!(seen == Seen { granted: seen.granted, ..Seen::default() }, "{seen:?}");
    let metrics = server.request("GET", "/metrics", "")?.body;
    ensure!(metrics.contains("cluster_auth_reload_failures_total{file=\"config\"}"), "none was seen that is broken");
    Ok(())
}

/// A line of a shell that runs our program and lets it write so much into one file, as a full disk does.
const WRITES_LITTLE: &str = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";

fn full_disk(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-full")?;
    let init = |script: &str, args: &[&str]| {
        let mut command = process::command("sh", &folder);
        command.args(["-c", script, "sh"]).arg(&world.parts.cluster_auth).args(["init", "-i", CLUSTER_ID]);
        process::run(command.args(args))
    };
    // The key has room, its certificate has not.
    let said = init(WRITES_LITTLE, &[])?.failure()?;
    ensure!(said.contains("cannot write") && said.contains("cert.pem"), "{said}");
    ensure!(files(&folder)?.is_empty(), "half of it was left: {:?}", files(&folder)?);
    init("exec \"$@\"", &[])?.success()?;
    let before = files(&folder)?;
    ensure!(before.len() == 3, "{before:?}");
    init(WRITES_LITTLE, &["--rotate"])?.failure()?;
    ensure!(files(&folder)? == before, "a rotation that fails changes nothing");
    init("exec \"$@\"", &["--rotate"])?.success()?;
    ensure!(files(&folder)? != before);
    Ok(())
}

/// Names and contents of a folder's files.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let read = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?))
    });
    read.collect()
}

fn read_only(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-read-only")?;
    let state = folder.join("state");
    fs::create_dir_all(&state)?;
    let init = |folder: &Path| {
        let mut command = process::command(&world.parts.cluster_auth, folder);
        process::run(command.args(["init", "-i", CLUSTER_ID]))?.success()
    };
    init(&state)?;
    if is_root()? {
        std::os::unix::fs::chown(state.join("key.pem"), Some(10_000), Some(10_000))?;
    }
    let (config, port) = Server::prepare(&folder, &OPTIONS)?;
    fs::set_permissions(&state, fs::Permissions::from_mode(0o555))?;
    let start = |more: &[&str]| -> anyhow::Result<process::Background> {
        let mut command = process::command(&world.parts.cluster_auth, Path::new("/"));
        command.args(["server", "--health-address", "none", "--config"]).arg(&config).arg("--state-dir").arg(&state);
        command.args(["--sts-connect-to", &world.sts.address.to_string()]).arg("--sts-ca-file").arg(&world.sts.ca_file);
        command.args(more);
        if is_root()? {
            command.uid(10_000).gid(10_000);
        }
        process::Background::start(&mut command, folder.join("server.log"))
    };
    // Without the kubeconfig that it is to write it does not start, and says which file.
    let elsewhere = state.join("webhook.kubeconfig").display().to_string();
    let mut server = start(&["--generate-kubeconfig", &elsewhere])?;
    let ended = server.wait()?;
    let log = server.log();
    ensure!(ended.code() == Some(1) && log.contains(&format!("cannot write {elsewhere}")), "{ended}: {log}");
    let mut server = start(&["--kubeconfig-pregenerated"])?;
    let authority = certificate_authority(&state)?;
    wait_until("it is ready", || {
        ensure!(server.ended()?.is_none(), "{}", server.log());
        Ok(https::request(&authority, port, "GET", "/readyz", "").is_ok_and(|answer| answer.status == 200))
    })?;
    let load = Load::start(world, &PEOPLE, &authority, port)?;
    load.wait_for_logins(20)?;
    let seen = load.end()?;
    ensure!(seen == Seen { granted: seen.granted, ..Seen::default() }, "{seen:?}");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn few_files(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-few-files")?;
    let program = folder.join("cluster-auth");
    let script = format!("#!/bin/sh\nulimit -n 64\nexec \"{}\" \"$@\"\n", world.parts.cluster_auth.display());
    write_program(&program, &script)?;
    let parts = world.parts.with_program(program);
    let server = Server::start(&parts, &world.sts, &folder, &OPTIONS)?;
    let log = server.process.log();
    ensure!(log.contains("the limit of open files is low") && log.contains("\"connections\":19"), "{log}");
    // As many as hold twice the files that it may open, and come again where they are hung up on: from elsewhere than the API
    // server, as strangers do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let connect = || {
        runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into())?;
            match socket.connect((Ipv4Addr::LOCALHOST, server.port).into()).await {
                // Too many wait already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
                connected => connected.map(Some),
            }
        })
    };
    let mut silent = (0..128).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
    let load = Load::start(world, &PEOPLE, &certificate_authority(&folder)?, server.port)?;
    for number in 0..256 {
        silent[number % 128] = connect()?;
        std::thread::sleep(Duration::from_millis(5));
    }
    load.wait_for_logins(50)?;
    let seen = load.end()?;
    ensure!(seen.trouble.is_empty() && seen.unanswered == 0, "{seen:?}");
    let log = server.process.log();
    ensure!(!log.contains("cannot accept a connection"), "it has run out of files: {log}");
    Ok(())
}

/// A script that anybody may run.
fn write_program(path: &Path, script: &str) -> anyhow::Result<()> {
    fs::write(path, script)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

/// Measured, and not asserted.
#[expect(clippy::print_stdout, reason = "times are for whoever reads them")]
fn said(text: &str) {
    println!("{text}");
}
