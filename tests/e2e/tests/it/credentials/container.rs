//! ECS's own address for a task's credentials, which no URL can stand for: all programs are asked in a network of their own, where it is on
//! the loopback interface.

use std::path::Path;

use anyhow::{Context as _, ensure};
use e2e::{process::Output, world::World};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ask::{asked, detached, typed};

#[derive(Deserialize)]
struct Answer {
    code: i32,
    stdout: String,
    stderr: String,
    asked: Vec<String>,
}

/// Variables, and what is asked of them, by all three.
const ROWS: [(&[(&str, &str)], &str); 3] = [
    (&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/relative")], "169.254.170.2/relative"),
    (
        &[
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/relative"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/full"),
        ],
        "169.254.170.2/relative",
    ),
    (&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/full")], "127.0.0.1/full"),
];

pub(super) fn relative(world: &World) -> anyhow::Result<()> {
    let python = world.parts.aws_cli.with_file_name("python");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/credentials");
    let home = world.folder("container-relative")?;
    let ours = &world.parts.cluster_auth;
    let script = "import awscli.clidriver\n\
                  found = awscli.clidriver.create_clidriver().session.get_credentials()\n\
                  print(found.access_key, found.method)";
    let of = |program: &Path, args: &[&str]| -> Vec<Value> {
        [json!(program)].into_iter().chain(args.iter().map(|arg| json!(arg))).collect()
    };
    let programs = [
        of(ours, &["eks", "get-token", "--cluster-name", "c"]),
        of(ours, &["token", "-i", "c"]),
        of(&world.parts.go_authenticator, &["token", "-i", "c"]),
        of(&python, &["-c", script]),
        of(ours, &["eks", "get-token", "--cluster-name", "c", "--explain"]),
    ];
    let questions = ROWS.iter().flat_map(|(variables, _)| {
        let variables: Value = variables.iter().map(|(name, value)| (*name, *value)).collect();
        programs.iter().map(move |program| [vec![variables.clone()], program.clone()].concat())
    });
    let questions = Value::Array(questions.map(Value::Array).collect());
    let mut command = detached(Path::new("unshare"), &home);
    command.args(["--map-root-user", "--net"]).arg(python).arg(here.join("container.py"));
    command.env("AWS_REGION", "us-west-2").env("AWS_EC2_METADATA_DISABLED", "true");
    let answers: Vec<Answer> = serde_json::from_str(&typed(command, Some(&questions.to_string()))?.success()?)?;
    ensure!(answers.len() == ROWS.len() * programs.len(), "{} answers", answers.len());
    for ((variables, expected), answers) in ROWS.iter().zip(answers.chunks(programs.len())) {
        let key = format!("ASIA{}", expected.rsplit('/').next().unwrap_or_default().to_uppercase());
        for (at, Answer { code, stdout, stderr, asked: addresses }) in answers.iter().enumerate() {
            let said = || format!("{variables:?}, {at}: {code} {stderr} {addresses:?}");
            ensure!(*addresses == [*expected], "{}", said());
            let found = match at {
                3 => stdout.split(' ').next().map(str::to_owned),
                4 => stdout.contains("the container").then(|| key.clone()).filter(|key| stdout.contains(key.as_str())),
                _ => {
                    let output = Output { code: *code, stdout: stdout.clone(), stderr: stderr.clone() };
                    asked(output)?.key
                }
            };
            ensure!(found.with_context(said)? == key, "{}", said());
        }
    }
    Ok(())
}
