//! What `init` leaves at both programs: which files with which modes, whom the certificate is for, and what the API server's
//! kubeconfig says.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{process, sts::now, world::World};
use serde_json::Value;

/// A folder and a line.
struct Case {
    name: &'static str,
    /// What is typed behind `init -c c.yaml`.
    typed: &'static str,
    /// Below `server:` of the configuration, as flow YAML; `FOLDER` is where it stands.
    config: &'static str,
    umask: &'static str,
    /// What is there before.
    before: fn(&Path) -> anyhow::Result<()>,
    /// Files whose modes are others here, and both modes.
    modes: &'static [(&'static str, u32, u32)],
}

const PLAIN: Case = Case { name: "", typed: "", config: "", umask: "022", before: |_| Ok(()), modes: &[] };

const CASES: &[Case] = &[
    Case { name: "nothing there", ..PLAIN },
    Case { name: "a mask that closes everything", umask: "077", ..PLAIN },
    Case { name: "a mask that closes nothing", umask: "000", modes: &[OPEN_CERTIFICATE, OPEN_KUBECONFIG], ..PLAIN },
    Case { name: "a host's name", typed: "--hostname auth.example.com", ..PLAIN },
    Case { name: "an address as the host", typed: "--hostname 10.0.0.1", ..PLAIN },
    Case { name: "the server's own address as the host", typed: "--hostname 127.0.0.1", ..PLAIN },
    Case { name: "an address of IPv6 as the host", typed: "--hostname ::1", ..PLAIN },
    Case { name: "every address", config: "address: 0.0.0.0, hostname: auth.example.com", ..PLAIN },
    Case { name: "every address of IPv6", config: "address: '::', hostname: auth.example.com", ..PLAIN },
    Case { name: "an address and a port", config: "address: 10.1.2.3, port: 4444", ..PLAIN },
    Case { name: "an address of IPv6", config: "address: 'fd00::1'", ..PLAIN },
    Case {
        name: "folders of the configuration, without the gate",
        config: "stateDir: FOLDER/state, generateKubeconfig: FOLDER/state/k",
        ..PLAIN
    },
    Case {
        name: "folders of the configuration, with the gate",
        typed: "--feature-gates ConfiguredInitDirectories=true",
        config: "stateDir: FOLDER/state, generateKubeconfig: FOLDER/state/k",
        ..PLAIN
    },
    Case {
        name: "a folder that is not there",
        typed: "--feature-gates ConfiguredInitDirectories=true",
        config: "stateDir: FOLDER/missing, generateKubeconfig: FOLDER/state/k",
        ..PLAIN
    },
    Case { name: "a certificate without its key", before: |at| Ok(fs::write(at.join("cert.pem"), "old")?), ..PLAIN },
    Case {
        name: "a key without its certificate, that others may read",
        before: |at| open(&at.join("key.pem"), "old"),
        modes: &[("key.pem", 0o644, 0o600)],
        ..PLAIN
    },
    Case {
        name: "a pair that is none",
        before: |at| {
            open(&at.join("cert.pem"), "no certificate")?;
            open(&at.join("key.pem"), "no key")
        },
        ..PLAIN
    },
    Case {
        name: "a pair that does not fit",
        before: |at| {
            let [one, other] =
                [PAIRS[0], PAIRS[1]].map(|pem| pem.split_at(pem.find("-----BEGIN PRIVATE KEY").unwrap_or(0)));
            open(&at.join("cert.pem"), one.0)?;
            open(&at.join("key.pem"), other.1)
        },
        ..PLAIN
    },
    Case {
        name: "a pair of another program",
        before: |at| {
            let (certificate, key) = PAIRS[0].split_at(PAIRS[0].find("-----BEGIN PRIVATE KEY").unwrap_or(0));
            open(&at.join("cert.pem"), certificate)?;
            open(&at.join("key.pem"), key)
        },
        ..PLAIN
    },
    Case {
        name: "a kubeconfig of before",
        before: |at| Ok(fs::write(at.join("aws-iam-authenticator.kubeconfig"), "kind: Config\n")?),
        ..PLAIN
    },
];

/// Nobody but their owner changes what API servers trust.
const OPEN_CERTIFICATE: (&str, u32, u32) = ("cert.pem", 0o666, 0o644);
const OPEN_KUBECONFIG: (&str, u32, u32) = ("aws-iam-authenticator.kubeconfig", 0o666, 0o644);

const PAIRS: [&str; 2] = [include_str!("pairs/p-256.pem"), include_str!("pairs/p-384.pem")];

fn open(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, Permissions::from_mode(0o644))?)
}

/// What is left of a run.
#[derive(Debug, PartialEq)]
struct Left {
    code: i32,
    /// By path in the folder.
    modes: BTreeMap<String, u32>,
    /// Whom the certificate is for.
    names: Vec<String>,
    /// The kubeconfig, without what it trusts.
    kubeconfig: Value,
}

pub(super) fn files(world: &World) -> anyhow::Result<()> {
    let mut wrong = String::new();
    for (number, case) in CASES.iter().enumerate() {
        let theirs = run(world, case, &world.parts.go_authenticator, &format!("both-init-theirs-{number}"))?;
        let mut ours = run(world, case, &world.parts.cluster_auth, &format!("both-init-ours-{number}"))?;
        for (file, their_mode, our_mode) in case.modes {
            let seen = (theirs.modes.get(*file), ours.modes.insert((*file).to_owned(), *their_mode));
            if seen != (Some(their_mode), Some(*our_mode)) {
                wrong.push_str(&format!(
                    "{}: {file} is listed as {their_mode:o} and {our_mode:o}: {seen:?}\n",
                    case.name
                ));
            }
        }
        if theirs != ours {
            wrong.push_str(&format!("{}:\n  theirs {theirs:?}\n  ours   {ours:?}\n", case.name));
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

fn run(world: &World, case: &Case, program: &Path, folder: &str) -> anyhow::Result<Left> {
    let folder = world.folder(folder)?;
    fs::create_dir(folder.join("state"))?;
    (case.before)(&folder)?;
    let config = case.config.replace("FOLDER", &folder.display().to_string());
    fs::write(folder.join("c.yaml"), format!("clusterID: c\nserver: {{{config}}}\n"))?;
    let line = format!("umask {}; exec \"$0\" init -c c.yaml {}", case.umask, case.typed);
    let output = process::run(process::command("sh", &folder).args(["-c", &line]).arg(program))?;
    let mut modes = BTreeMap::new();
    for place in ["", "state/"] {
        for entry in fs::read_dir(folder.join(place))? {
            let entry = entry?;
            if entry.file_type()?.is_file() && entry.file_name() != "c.yaml" {
                let name = format!("{place}{}", entry.file_name().display());
                modes.insert(name, entry.metadata()?.permissions().mode() & 0o777);
            }
        }
    }
    let at =
        |name: &str, other: &str| [name, other].map(|name| folder.join(name)).into_iter().find(|path| path.exists());
    let pair = at("cert.pem", "state/cert.pem").zip(at("key.pem", "state/key.pem"));
    let pair = pair.filter(|_| output.code == 0);
    let names = pair.as_ref().map(|(certificate, key)| tls::ServerIdentity::load(certificate, key, now()));
    let mut names = names.transpose()?.map(|identity| identity.inspection().names.clone()).unwrap_or_default();
    names.sort();
    let kubeconfig = at("aws-iam-authenticator.kubeconfig", "state/k").filter(|_| output.code == 0);
    let kubeconfig = match kubeconfig.zip(pair) {
        Some((path, (certificate, _))) => said(&path, &certificate)?,
        None => Value::Null,
    };
    Ok(Left { code: output.code, modes, names, kubeconfig })
}

/// A kubeconfig, without what only ours has, and without the authority, which must be the pair's.
fn said(path: &Path, certificate: &Path) -> anyhow::Result<Value> {
    let mut said: Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
    let fields = said.as_object_mut().context("a kubeconfig")?;
    fields.retain(|key, _| !["apiVersion", "kind"].contains(&key.as_str()));
    let authority = said["clusters"][0]["cluster"]["certificate-authority-data"].take();
    let authority = String::from_utf8(STANDARD.decode(authority.as_str().context("an authority")?)?)?;
    ensure!(fs::read_to_string(certificate)?.trim_end().ends_with(authority.trim()), "{authority}");
    // No credentials, however that is written.
    let user = said["users"][0]["user"].take();
    ensure!(user.is_null() || user.as_object().is_some_and(serde_json::Map::is_empty), "{user}");
    Ok(said)
}

/// What a pair is made of: rows of docs/differences.md.
pub(super) fn made(world: &World) -> anyhow::Result<()> {
    let seen = |program: &Path, name: &str| -> anyhow::Result<(String, usize, bool, bool)> {
        let folder = world.folder(name)?;
        process::run(process::command(program, &folder).args(["init", "-i", "c"]))?.success()?;
        let read = |name: &str| fs::read_to_string(folder.join(name));
        let (certificate, key, kubeconfig) =
            (read("cert.pem")?, read("key.pem")?, read("aws-iam-authenticator.kubeconfig")?);
        let first = certificate.split("-----").nth(2).context("a certificate")?.split_whitespace().collect::<String>();
        let is_called = STANDARD.decode(first)?.windows(21).any(|bytes| bytes == b"aws-iam-authenticator");
        let label = key.lines().next().unwrap_or_default().to_owned();
        Ok((label, certificate.matches("BEGIN CERTIFICATE").count(), is_called, kubeconfig.contains("kind: Config")))
    };
    let theirs = seen(&world.parts.go_authenticator, "both-made-theirs")?;
    ensure!(theirs == ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), 1, true, false), "{theirs:?}");
    let ours = seen(&world.parts.cluster_auth, "both-made-ours")?;
    ensure!(ours == ("-----BEGIN PRIVATE KEY-----".to_owned(), 2, false, true), "{ours:?}");
    Ok(())
}
