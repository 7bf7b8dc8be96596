//! `token --cache`: one file for both programs, which each of them reads as the other has written it.
//!
//! The credentials come from a `credential_process` that counts how often it is asked.

mod listed;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process::{self, Output},
    world::{CLUSTER_ID, World},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("cache::each_program_reads_what_the_other_has_kept", shared),
    ("cache::a_roles_session_is_kept_beside_what_it_was_assumed_with", of_a_role),
    ("cache::what_is_kept_belongs_to_one_profile_cluster_and_role", apart),
    ("cache::a_file_that_cannot_be_used_is_said_and_left_alone", unusable),
    ("cache::who_reads_meanwhile_finds_half_a_file_there_alone", listed::writing),
    ("cache::what_has_ended_or_ends_soon_is_not_kept_here", listed::ended),
    ("cache::files_that_are_not_there_or_of_others_are_left_alone_here", listed::files),
    ("cache::keys_and_profiles_are_told_apart_here", listed::whose),
    ("cache::only_what_ends_is_kept", endless),
    ("cache::a_cached_token_touches_no_network", no_network),
];

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/Deployer";
const OF_ROLE: [&str; 4] = ["-r", ROLE, "-e", "sandbox"];

/// Somebody's home, with profiles whose credentials a program prints.
struct Home<'a> {
    world: &'a World,
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug)]
enum Program {
    Ours,
    Theirs,
}

use Program::{Ours, Theirs};

impl<'a> Home<'a> {
    /// The profiles `dave` and `other` have credentials that end then, or that never do.
    fn new(world: &'a World, name: &str, end: Option<Timestamp>) -> anyhow::Result<Self> {
        let folder = world.folder(name)?;
        let home = Self { world, folder };
        home.ends(end)?;
        let line = |profile: &str| {
            let script = home.folder.join("credentials.sh");
            format!("[profile {profile}]\nregion = us-west-2\ncredential_process = sh {} {profile}\n", script.display())
        };
        fs::create_dir_all(home.folder.join(".aws"))?;
        fs::write(home.folder.join(".aws/config"), line("dave") + &line("other"))?;
        Ok(home)
    }

    /// What the program prints from now on.
    fn ends(&self, end: Option<Timestamp>) -> anyhow::Result<()> {
        let keys = self.world.sts.credentials("dave")?;
        let mut printed = json!({
            "Version": 1,
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "SessionToken": keys.session_token,
        });
        if let Some(end) = end {
            printed["Expiration"] = end.to_string().into();
        }
        let asked = self.folder.join("asked");
        let script = format!("echo \"$1\" >> {}\ncat <<'EOF'\n{printed}\nEOF\n", asked.display());
        Ok(fs::write(self.folder.join("credentials.sh"), script)?)
    }

    fn file(&self) -> PathBuf {
        self.folder.join(".kube/cache/aws-iam-authenticator/credentials.yaml")
    }

    fn command(&self, program: Program, args: &[&str]) -> Command {
        let program = match program {
            Ours => &self.world.parts.cluster_auth,
            Theirs => &self.world.parts.go_authenticator,
        };
        let mut command = process::command(program, &self.folder);
        command.args(["token", "--token-only", "--cache"]).args(args).env("AWS_PROFILE", "dave");
        command.envs(self.world.sts.proxy_environment());
        command
    }

    /// Whose keys a token is signed with, and what is said.
    fn token(&self, program: Program, args: &[&str]) -> anyhow::Result<(String, String)> {
        read(process::run(&mut self.command(program, args))?)
    }

    /// How often the program was asked for credentials.
    fn asked(&self) -> usize {
        fs::read_to_string(self.folder.join("asked")).map_or(0, |asked| asked.lines().count())
    }
}

fn read(output: Output) -> anyhow::Result<(String, String)> {
    let said = output.stderr.clone();
    let token = output.success()?;
    Ok((token::describe(token.trim())?.access_key_id, said))
}

fn soon() -> Timestamp {
    e2e::sts::now() + SignedDuration::from_hours(1)
}

fn shared(world: &World) -> anyhow::Result<()> {
    for (name, first, second) in [("cache-ours", Ours, Theirs), ("cache-theirs", Theirs, Ours)] {
        let home = Home::new(world, name, Some(soon()))?;
        let keys = world.sts.credentials("dave")?.access_key_id;
        for (program, cluster_id, asked) in
            // Each adds to what the other has written, and reads both.
            [
                (first, "a", 1),
                (second, "a", 1),
                (second, "b", 2),
                (first, "b", 2),
                (first, "a", 2),
                (second, "a", 2),
            ]
        {
            let (signed_with, _) = home.token(program, &["-i", cluster_id])?;
            ensure!(signed_with == keys && home.asked() == asked, "{program:?} {cluster_id}: asked {}", home.asked());
        }
        let mode = |path: &Path| Ok::<_, anyhow::Error>(fs::metadata(path)?.permissions().mode() & 0o777);
        let folder = home.file().parent().context("a folder")?.to_owned();
        ensure!((mode(&home.file())?, mode(&folder)?) == (0o600, 0o700), "{first:?}");
        // What has ended is asked for anew, by both.
        home.ends(Some(e2e::sts::now() - SignedDuration::from_secs(1)))?;
        home.token(first, &["-i", "c"]).ok();
        let asked = home.asked();
        home.ends(Some(soon()))?;
        home.token(second, &["-i", "c"])?;
        ensure!(home.asked() == asked + 1, "{second:?} has used what had ended");
    }
    Ok(())
}

fn of_a_role(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "cache-role", Some(soon()))?;
    let args = [&["-i", CLUSTER_ID][..], &OF_ROLE].concat();
    let assumed = || world.sts.faults.requests("AssumeRole");
    home.token(Theirs, &args)?;
    let before = assumed();
    let (first, _) = home.token(Ours, &args)?;
    ensure!(home.asked() == 1 && assumed() == before + 1, "the base is kept, the session is not yet");
    let (second, said) = home.token(Ours, &args)?;
    ensure!(first == second && assumed() == before + 1 && said.is_empty(), "the session is kept: {said}");
    // That program goes on as before, and leaves what is not its own.
    home.token(Theirs, &args)?;
    home.token(Theirs, &["-i", "another"])?;
    let before = assumed();
    let (third, _) = home.token(Ours, &args)?;
    ensure!(first == third && assumed() == before && home.asked() == 2, "the session is still kept");
    // Another session's name is another session.
    for more in [&["-s", "release-9"][..], &["--forward-session-name"]] {
        let (other, _) = home.token(Ours, &[&args, more].concat())?;
        ensure!(other != first, "{more:?}");
        let (again, _) = home.token(Ours, &[&args, more].concat())?;
        ensure!(other == again, "{more:?}");
    }
    ensure!(assumed() == before + 2 && home.asked() == 2);
    Ok(())
}

/// Words, variables, and how often the program was asked by then.
type Typed<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], usize);

fn apart(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "cache-apart", Some(soon()))?;
    let elsewhere = home.folder.join("elsewhere.yaml");
    fs::write(home.folder.join("c.yaml"), format!("clusterID: {CLUSTER_ID}\ncache: true\n"))?;
    let run = |args: &[&str], variables: &[(&str, &str)]| -> anyhow::Result<()> {
        let mut command = home.command(Ours, &[&["-i", CLUSTER_ID], args].concat());
        read(process::run(command.envs(variables.iter().copied()))?).map(drop)
    };
    let place = elsewhere.display().to_string();
    let rows: &[Typed<'_>] = &[
        (&[], &[], 1),
        (&[], &[], 1),
        (&["--profile", "other"], &[], 2),
        (&[], &[("AWS_PROFILE", "other")], 2),
        (&OF_ROLE, &[], 3),
        (&OF_ROLE, &[], 3),
        (&["-i", "another"], &[], 4),
        (&[], &[("AWS_IAM_AUTHENTICATOR_CACHE_FILE", &place)], 5),
        (&[], &[("AWS_IAM_AUTHENTICATOR_CACHE_FILE", &place)], 5),
        (&["--cache=false"], &[], 6),
    ];
    for (args, variables, asked) in rows {
        // The last -i counts.
        run(args, variables)?;
        ensure!(home.asked() == *asked, "{args:?} {variables:?}: asked {}", home.asked());
    }
    // The key of the configuration file is the flag.
    let mut of_file = process::command(&world.parts.cluster_auth, &home.folder);
    read(process::run(of_file.args(["token", "--token-only", "-c", "c.yaml"]).env("AWS_PROFILE", "dave"))?)?;
    ensure!(home.asked() == 6);
    // Keys in the environment are somebody's now, whoever it was before.
    let mut alice = home.command(Ours, &["-i", CLUSTER_ID]);
    let alice = alice.env_remove("AWS_PROFILE").envs(environment(&world.sts.credentials("alice")?));
    let (signed_with, _) = read(process::run(alice)?)?;
    ensure!(signed_with == world.sts.credentials("alice")?.access_key_id && home.asked() == 6);
    Ok(())
}

fn unusable(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "cache-unusable", Some(soon()))?;
    fs::create_dir_all(home.file().parent().context("a folder")?)?;
    let rows = [
        ("clusters: {}\n", 0o644, "is not private"),
        ("clusters: {}\n", 0o660, "is not private"),
        ("clusters: [\n", 0o600, ""),
        ("apiVersion: v1\nclusters:\n- name: prod\n", 0o600, ""),
    ];
    for (text, mode, said_by_both) in rows {
        fs::write(home.file(), text)?;
        fs::set_permissions(home.file(), Permissions::from_mode(mode))?;
        for program in [Ours, Theirs] {
            let asked = home.asked();
            let (_, said) = home.token(program, &["-i", CLUSTER_ID])?;
            let is_said = said.contains("unable to use cache: ") && said.contains(said_by_both);
            ensure!(is_said && home.asked() == asked + 1, "{program:?} {text}: {said}");
            let left = (fs::read_to_string(home.file())?, fs::metadata(home.file())?.permissions().mode() & 0o777);
            ensure!(left == (text.to_owned(), mode), "{program:?}: {left:?}");
        }
    }
    // One that somebody else writes to.
    fs::write(home.file(), "clusters: {}\n")?;
    let held = fs::File::open(home.file())?;
    held.lock()?;
    for program in [Ours, Theirs] {
        let (_, said) = home.token(program, &["-i", CLUSTER_ID])?;
        ensure!(said.contains("unable to use cache: "), "{program:?} has not waited: {said}");
    }
    drop(held);
    // Another file of YAML.
    let other = "credentials: none\n";
    fs::write(home.file(), other)?;
    let (_, said) = home.token(Ours, &["-i", CLUSTER_ID])?;
    ensure!(said.contains("is not a credentials cache, see its line 1") && fs::read_to_string(home.file())? == other);
    Ok(())
}

fn endless(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "cache-endless", None)?;
    let (_, said) = home.token(Ours, &["-i", CLUSTER_ID])?;
    ensure!(said == "note: --cache: these credentials have no expiry, and are not cached\n", "{said}");
    let (_, said) = home.token(Theirs, &["-i", CLUSTER_ID])?;
    ensure!(said.contains("Unable to cache credential: credential doesn't support expiration"), "{said}");
    ensure!(!home.file().exists());
    Ok(())
}

/// Counts, not times: what is kept makes a token as fast as keys in the environment do.
fn no_network(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "cache-network", Some(soon()))?;
    for args in [&["-i", CLUSTER_ID][..], &[&["-i", CLUSTER_ID][..], &OF_ROLE].concat()] {
        home.token(Ours, args)?;
        let trace = home.folder.join("trace");
        let mut command = process::command("strace", &home.folder);
        command.args(["-f", "-e", "trace=open,openat,clone,clone3,fork,vfork,socket,epoll_create1", "-o"]).arg(&trace);
        command.arg(&world.parts.cluster_auth).args(["token", "--token-only", "--cache"]).args(args);
        process::run(command.env("AWS_PROFILE", "dave"))?.success()?;
        let trace = fs::read_to_string(trace)?;
        for never in ["clone", "fork", "socket(", "epoll_create1", "/etc/ssl", "/etc/pki", "resolv.conf"] {
            ensure!(!trace.contains(never), "`token` with a session that was kept must not touch {never}:\n{trace}");
        }
        ensure!(trace.contains("credentials.yaml"), "strace saw nothing");
    }
    Ok(())
}
