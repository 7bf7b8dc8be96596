//! What is told to the programs, and what is said when there are none. The cluster itself is tried where the real
//! programs are: in `tests/e2e`.

use std::{
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        process::ExitStatusExt as _,
    },
    process::Command,
};

use super::*;

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn ports() -> Ports {
    Ports { etcd: 1001, etcd_peer: 1002, api_server: 1003 }
}

fn files(folder: &TempDir) -> Files {
    Files::write(folder.path(), "127.0.0.1:1003".parse().expect("an address"), "", now()).expect("written")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A folder with programs of these names. They are all the shell, which does not know our arguments and says so.
fn programs(names: &[&str]) -> TempDir {
    let folder = folder();
    for name in names {
        symlink("/bin/sh", folder.path().join(name)).expect("linked");
    }
    folder
}

/// One argument per line, with a name for the folder.
fn lines(arguments: &[String], folder: &TempDir) -> String {
    arguments.join("\n").replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn etcd_is_told_to_keep_to_this_machine_and_not_to_sync() {
    let folder = folder();
    insta::assert_snapshot!(lines(&arguments::etcd(folder.path(), &ports()), &folder), @"
    --data-dir=DIR/etcd
    --listen-client-urls=http://127.0.0.1:1001
    --advertise-client-urls=http://127.0.0.1:1001
    --listen-peer-urls=http://127.0.0.1:1002
    --initial-advertise-peer-urls=http://127.0.0.1:1002
    --initial-cluster=default=http://127.0.0.1:1002
    --unsafe-no-fsync
    --log-level=warn
    ");
}

#[test]
fn the_api_server_asks_no_webhook_unless_given_one() {
    let folder = folder();
    let arguments = arguments::kube_apiserver(&files(&folder), &ports(), &Options::default());
    insta::assert_snapshot!(lines(&arguments, &folder), @"
    --etcd-servers=http://127.0.0.1:1001
    --bind-address=127.0.0.1
    --secure-port=1003
    --advertise-address=127.0.0.1
    --endpoint-reconciler-type=none
    --tls-cert-file=DIR/kube-apiserver.pem
    --tls-private-key-file=DIR/kube-apiserver.key
    --client-ca-file=DIR/clients.pem
    --authorization-mode=RBAC
    --service-account-issuer=https://kubernetes.default.svc
    --service-account-key-file=DIR/service-accounts.pem
    --service-account-signing-key-file=DIR/service-accounts.key
    --service-cluster-ip-range=10.0.0.0/24
    ");
}

#[test]
fn what_options_say_comes_last_and_further_arguments_at_the_very_end() {
    let folder = folder();
    let files = files(&folder);
    let plain = arguments::kube_apiserver(&files, &ports(), &Options::default()).len();
    let webhook = |version, cache_ttl| Some(Webhook { kubeconfig: "/w/kubeconfig".into(), version, cache_ttl });
    let options = Options {
        webhook: webhook(ReviewVersion::V1, Some(Duration::from_millis(1500))),
        api_audiences: vec!["a".to_owned(), "b".to_owned()],
        api_server_arguments: vec!["--v=4".to_owned()],
        ..Options::default()
    };
    insta::assert_snapshot!(arguments::kube_apiserver(&files, &ports(), &options)[plain..].join("\n"), @"
    --authentication-token-webhook-config-file=/w/kubeconfig
    --authentication-token-webhook-version=v1
    --authentication-token-webhook-cache-ttl=1500ms
    --api-audiences=a,b
    --v=4
    ");
    let options = Options { webhook: webhook(ReviewVersion::V1Beta1, None), ..Options::default() };
    insta::assert_snapshot!(arguments::kube_apiserver(&files, &ports(), &options)[plain..].join("\n"), @"
    --authentication-token-webhook-config-file=/w/kubeconfig
    --authentication-token-webhook-version=v1beta1
    ");
}

#[test]
fn the_controller_manager_serves_nobody_and_runs_what_a_cluster_without_nodes_needs() {
    let folder = folder();
    insta::assert_snapshot!(lines(&arguments::kube_controller_manager(&files(&folder)), &folder), @"
    --kubeconfig=DIR/admin.kubeconfig
    --controllers=clusterrole-aggregation-controller,daemonset-controller,garbage-collector-controller,namespace-controller,root-ca-certificate-publisher-controller,serviceaccount-controller,serviceaccount-token-controller
    --use-service-account-credentials
    --service-account-private-key-file=DIR/service-accounts.key
    --root-ca-file=DIR/ca.pem
    --leader-elect=false
    --secure-port=0
    ");
}

#[test]
fn every_file_is_ours_alone() {
    let folder = folder();
    let _ = files(&folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).expect("readable") {
        let entry = entry.expect("readable");
        let mode = entry.metadata().expect("readable").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    insta::assert_snapshot!(names.join(" "), @"admin.kubeconfig ca.pem clients.pem kube-apiserver.key kube-apiserver.pem service-accounts.key service-accounts.pem");
}

#[test]
fn programs_are_taken_from_the_first_folder_that_has_them() {
    let (first, second) = (programs(&["etcd"]), programs(&["etcd", "kube-apiserver", "kubectl"]));
    let folders = [first.path().to_owned(), second.path().to_owned()];
    let binaries = Binaries::find(&folders).expect("all there");
    assert_eq!(binaries.etcd(), first.path().join("etcd"));
    assert_eq!(binaries.kube_apiserver(), second.path().join("kube-apiserver"));
    assert_eq!(binaries.kubectl().expect("there"), second.path().join("kubectl"));
}

#[test]
fn missing_programs_are_named_with_where_they_were_looked_for_and_how_to_build_them() {
    let not_executable = folder();
    fs::write(not_executable.path().join("kube-apiserver"), "").expect("written");
    fs::create_dir(not_executable.path().join("etcd")).expect("made");
    let etcd_only = programs(&["etcd"]);
    let both = programs(&["etcd", "kube-apiserver"]);
    let cases: [(&str, &[&TempDir], Option<&str>); 4] = [
        ("no folders", &[], Some("cannot find etcd and kube-apiserver in no folder at all; `cargo xtask tools`")),
        ("a folder and a file of their names", &[&not_executable], Some("cannot find etcd and kube-apiserver in 0; ")),
        ("one of two", &[&not_executable, &etcd_only], Some("cannot find kube-apiserver in 0, 1; ")),
        ("both", &[&both], None),
    ];
    for (name, folders, expected) in cases {
        let paths: Vec<_> = folders.iter().map(|folder| folder.path().to_owned()).collect();
        let mut error = Binaries::find(&paths).err().map(|error| error.to_string()).unwrap_or_default();
        for (index, path) in paths.iter().enumerate() {
            error = error.replace(&path.display().to_string(), &index.to_string());
        }
        assert!(error.starts_with(expected.unwrap_or_default()), "{name}: {error}");
        assert_eq!(error.is_empty(), expected.is_none(), "{name}: {error}");
    }
}

#[test]
fn a_controller_manager_is_missed_only_when_it_is_asked_for() {
    let folder = programs(&["etcd", "kube-apiserver"]);
    let binaries = Binaries::find(&[folder.path().to_owned()]).expect("enough");
    let options = Options { controller_manager: true, ..Options::default() };
    let error = Cluster::start(&binaries, &options, now()).err().expect("missing").to_string();
    assert!(error.starts_with("cannot find kube-controller-manager in "), "{error}");
}

#[test]
fn a_program_that_ends_is_reported_with_its_log() {
    let folder = programs(&["etcd", "kube-apiserver"]);
    let binaries = Binaries::find(&[folder.path().to_owned()]).expect("found");
    match Cluster::start(&binaries, &Options::default(), now()) {
        Err(ClusterError::Ended { status, log, .. }) => {
            assert!(!status.success());
            assert!(log.contains("option"), "{log}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the shell is not an API server"),
    }
}

#[test]
fn a_dropped_program_is_gone() {
    let folder = folder();
    let arguments = ["-c", "while :; do sleep 1; done"].map(str::to_owned);
    let mut process = Process::start(Path::new("/bin/sh"), &arguments, folder.path()).expect("started");
    let exists = |id: u32| {
        let mut command = Command::new("/bin/sh");
        let status = command.args(["-c", "kill -0 \"$0\" 2>&-", &id.to_string()]).status();
        status.expect("run").success()
    };
    let id = process.id();
    process.must_run().expect("it runs");
    assert!(exists(id));
    drop(process);
    assert!(!exists(id));
}

#[test]
fn a_guard_kills_its_program_when_we_are_gone() {
    let mut program = Command::new("/bin/sleep").arg("60").spawn().expect("started");
    let mut guard = process::guard(program.id()).expect("started");
    // What the system does for us when we end.
    drop(guard.stdin.take());
    guard.wait().expect("ended");
    let status = program.wait().expect("ended");
    assert_eq!(status.signal(), Some(9), "{status}");
}

#[test]
fn only_a_port_taken_by_another_is_worth_a_second_try() {
    let ended = |log: &str| ClusterError::Ended { program: "etcd".to_owned(), status: failure(), log: log.to_owned() };
    assert!(ended("listen tcp 127.0.0.1:1001: bind: address already in use").is_port_taken());
    assert!(!ended("unknown flag: --nonsense").is_port_taken());
}

fn failure() -> std::process::ExitStatus {
    Command::new("/bin/sh").args(["-c", "exit 1"]).status().expect("run")
}

#[test]
fn a_tail_is_the_last_lines() {
    let cases = [("", ""), ("a", "a"), ("a\nb\n", "a\nb"), ("a\nb\nc\n", "b\nc"), ("a\n\nc\n\n", "\nc")];
    for (text, expected) in cases {
        assert_eq!(process::tail(text, 2), expected, "{text:?}");
    }
}

#[test]
fn answers_are_read_and_what_is_none_is_refused() {
    let answer = |status, body: &str| Some(Answer { status, body: body.to_owned() });
    let cases = [
        ("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nok", answer(200, "ok")),
        ("HTTP/1.0 404 Not Found\r\n\r\n", answer(404, "")),
        ("HTTP/1.0 200 OK\r\n", None),
        ("SSH-2.0-x\r\n\r\n", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(get::parse(text), expected, "{text:?}");
    }
}
