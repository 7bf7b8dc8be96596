//! What is kept makes a token without anybody being asked.

use std::{fs, path::Path};

use anyhow::ensure;
use e2e::{
    homes, process,
    world::{CLUSTER_ID, World},
};

use super::{Home, ROLE, end, key_of};

/// Counts, not times: what is kept makes a token as fast as keys in the environment do.
pub(super) fn of_our_own(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-network")?;
    for (profile, args) in [("dev", &[][..]), ("sso", &[]), ("default", &["-r", ROLE])] {
        home.key(world, profile, args)?;
        let args = [&["token", "--token-only", "-i", CLUSTER_ID][..], args].concat();
        let trace = traced(world, &home, &args, &[("AWS_PROFILE", profile)])?;
        ensure!(trace.contains(".kube/cache/cluster-auth/"), "strace saw nothing");
    }
    Ok(())
}

/// The same for what others keep, for either program's words. Nothing of it is kept here.
pub(super) fn of_others(world: &World) -> anyhow::Result<()> {
    let home = Home::new(world, "sessions-network-others")?;
    let config = fs::read_to_string(home.folder.join(".aws/config"))?;
    let token = home.folder.join("token");
    fs::write(&token, "a.web.token")?;
    fs::write(
        home.folder.join(".aws/config"),
        format!(
            "{config}[profile web]\nrole_arn = arn:aws:iam::111122223333:role/Web\nweb_identity_token_file = {}\n\
             [profile login]\nlogin_session = arn:aws:iam::111122223333:user/bob\n",
            token.display()
        ),
    )?;
    fs::write(
        home.folder.join(".aws/credentials"),
        "[elsewhere]\naws_access_key_id = AKIAELSEWHERE\naws_secret_access_key = s\n",
    )?;
    let end = end(3600);
    let write = |folder: &str, name: &str, text: String| -> anyhow::Result<()> {
        let folder = home.folder.join(folder);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("{name}.json")), text)?)
    };
    // Their names are digests of what was asked for, as botocore makes them.
    for (name, key) in [
        ("2e4e5ba8d705dd3fb0679e7eb5f0b624fb18a363", "ASIAROLE"),
        ("20985b56d713cfd135648cadc68a6115ca80d9a5", "ASIASSO"),
        ("0173d2e434f7cbc9d4b7585583015dfe9781103e", "ASIAWEB"),
    ] {
        let text = format!(
            "{{\"Credentials\": {{\"AccessKeyId\": \"{key}\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\", \"Expiration\": \"{end}\"}}}}"
        );
        write(".aws/cli/cache", name, text)?;
    }
    let login = format!(
        "{{\"accessToken\": {{\"accessKeyId\": \"ASIALOGIN\", \"secretAccessKey\": \"s\", \"sessionToken\": \"t\", \"expiresAt\": \"{end}\"}}}}"
    );
    write(".aws/login/cache", "5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078", login)?;
    for (profile, key, file) in [
        ("default", "AKIABASE", ".aws/config"),
        ("elsewhere", "AKIAELSEWHERE", ".aws/credentials"),
        ("dev", "ASIAROLE", ".aws/cli/cache/"),
        ("sso", "ASIASSO", ".aws/cli/cache/"),
        ("web", "ASIAWEB", ".aws/cli/cache/"),
        ("login", "ASIALOGIN", ".aws/login/cache/"),
    ] {
        let query = ["--query", "status.token", "--output", "text"];
        let lines = [
            vec!["token", "--token-only", "-i", "c"],
            [&["eks", "get-token", "--cluster-name", "c", "--profile", profile][..], &query].concat(),
        ];
        for args in lines {
            let printed = process::run(home.command(&world.parts.cluster_auth, &args).env("AWS_PROFILE", profile))?;
            ensure!(key_of(printed.success()?.trim())? == key, "{profile}: {args:?}");
            let trace = traced(world, &home, &args, &[("AWS_PROFILE", profile)])?;
            ensure!(trace.contains(file), "{profile}: strace saw nothing of {file}");
        }
    }
    ensure!(home.asked() == 0 && home.kept()?.is_empty(), "AWS was asked, or something is kept");
    Ok(())
}

/// What the benchmark measures is what its rows say.
pub(super) fn of_the_benchmark(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("sessions-network-homes")?;
    homes::write(&folder)?;
    for home in homes::HOMES {
        let folder = folder.join(home.name);
        let args = ["token", "--token-only", "-i", "c"];
        let variables = [("AWS_PROFILE", "dev"), ("AWS_REGION", "us-west-2")];
        let mut command = process::command(&world.parts.cluster_auth, &folder);
        let printed = process::run(command.args(args).envs(variables))?.success()?;
        ensure!(key_of(printed.trim())? == home.key, "{}", home.says);
        traced_in(world, &folder, &args, &variables)?;
    }
    Ok(())
}

/// What strace sees of a call, which touches nothing that it takes to ask somebody.
fn traced(world: &World, home: &Home, args: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<String> {
    let url = home.server.url();
    let same = [("AWS_ENDPOINT_URL_STS", &*url), ("AWS_ENDPOINT_URL_SSO", &url), ("AWS_REGION", "us-west-2")];
    let variables = [variables, &same].concat();
    traced_in(world, &home.folder, args, &variables)
}

/// The same in any home, with all variables.
fn traced_in(world: &World, home: &Path, args: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<String> {
    let trace = home.join("trace");
    let mut command = process::command("strace", home);
    command.args(["-f", "-e", "trace=open,openat,clone,clone3,fork,vfork,socket,epoll_create1", "-o"]).arg(&trace);
    command.arg(&world.parts.cluster_auth).args(args).envs(variables.iter().copied());
    process::run(&mut command)?.success()?;
    let trace = fs::read_to_string(trace)?;
    for never in ["clone", "fork", "socket(", "epoll_create1", "/etc/ssl", "/etc/pki", "resolv.conf"] {
        ensure!(!trace.contains(never), "{args:?} must not touch {never}:\n{trace}");
    }
    Ok(trace)
}
