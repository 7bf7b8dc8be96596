//! A certificate whose time is over, or has not come by the machine's clock: the server serves, says so, and takes the next one.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use e2e::{
    https,
    process::{self, Background, wait_until},
    server::{Server, token_review},
    sts,
    world::{CLUSTER_ID, World},
};
use jiff::{SignedDuration, Timestamp};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    time_provider::TimeProvider,
};

use super::OPTIONS;

/// As `init` makes them, but at another time and for an hour. Returns the authority.
fn make(folder: &Path, from: Timestamp) -> anyhow::Result<String> {
    let authority = tls::Authority::new("cluster-auth CA", from, SignedDuration::from_hours(1))?;
    let names = vec!["localhost".to_owned()];
    let usage = tls::Usage::Server;
    let leaf = tls::Leaf { common_name: "cluster-auth".to_owned(), organization: None, names, usage };
    let pair = authority.issue(&leaf)?;
    // The key first: between the two they do not fit, and the server keeps what it has.
    fs::write(folder.join("key.pem"), pair.key_pem())?;
    fs::write(folder.join("cert.pem"), format!("{}{}", pair.cert_pem(), authority.cert_pem()))?;
    Ok(authority.cert_pem().to_owned())
}

pub(super) fn out_of_time(world: &World) -> anyhow::Result<()> {
    let hour = SignedDuration::from_hours(1);
    for (name, from, says) in
        [("over", sts::now() - hour * 2, "has expired"), ("to-come", sts::now() + hour, "is not valid yet")]
    {
        let folder = world.folder(&format!("faults-certificate-{name}"))?;
        let (config, port) = Server::prepare(&folder, &OPTIONS)?;
        let authority = make(&folder, from)?;
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        command.args(["server", "--health-address", "none", "--state-dir", ".", "--generate-kubeconfig", "k.yaml"]);
        command.arg("--config").arg(&config).args(["--sts-connect-to", &world.sts.address.to_string()]);
        command.arg("--sts-ca-file").arg(&world.sts.ca_file).env("AWS_REGION", "us-west-2");
        let mut server = Background::start(&mut command, folder.join("server.log"))?;
        wait_until("it serves", || {
            ensure!(server.ended()?.is_none(), "{}", server.log());
            Ok(server.log().contains("ready"))
        })?;
        ensure!(server.log().contains(says), "{}", server.log());
        ensure!(https::request(&authority, port, "GET", "/healthz", "").is_err(), "by this clock nobody connects");
        let review = token_review("authentication.k8s.io/v1", &world.fresh_token("alice", CLUSTER_ID)?);
        let at = from + hour / 2;
        let ready = ask_at(at, &authority, port, "GET", "/readyz", "")?;
        ensure!(ready.starts_with("HTTP/1.1 200 ") && ready.contains(says), "{ready}");
        let login = ask_at(at, &authority, port, "POST", "/authenticate", &review)?;
        ensure!(login.starts_with("HTTP/1.1 200 ") && login.contains("\"username\":\"alice\""), "{login}");

        let authority = make(&folder, sts::now() - hour / 2)?;
        wait_until("the next pair is in use", || {
            Ok(https::request(&authority, port, "GET", "/readyz", "").is_ok_and(|answer| !answer.body.contains(says)))
        })?;
        ensure!(https::request(&authority, port, "POST", "/authenticate", &review)?.status == 200);
        ensure!(server.log().contains("the certificate is valid at this time"), "{}", server.log());
    }
    Ok(())
}

/// One request of somebody whose clock says this.
fn ask_at(now: Timestamp, authority: &str, port: u16, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let config = ClientConfig::builder_with_details(tls::provider(), Arc::new(Clock(now)))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").context("a server name")?;
    let tcp = TcpStream::connect(("127.0.0.1", port))?;
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, tcp);
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[derive(Debug)]
struct Clock(Timestamp);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}
