//! `--aws`: what IAM says about an access file, on moto's IAM, and on the sandbox's, which verifies signatures and fails.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    moto::{MOTO_ACCOUNT, Moto},
    people::environment,
    process::{self, Output},
    server::{Server, ServerOptions},
    sts::Sts,
    world::{CLUSTER_ID, World},
};
use sandbox::Fault;
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("iam::moto_resolves_groups_and_permission_sets_and_tells_who_is_gone", moto),
    ("iam::the_aws_clis_dumps_and_live_answers_give_the_same_file", dumps),
    ("iam::whoever_is_in_the_iam_group_logs_in", login),
    ("iam::long_lists_are_read_to_their_end_with_verified_signatures", pages),
    ("iam::trouble_on_the_way_ends_it_with_nothing_printed", trouble),
    ("iam::what_may_not_be_asked_is_said", denied),
    ("iam::what_other_accounts_have_is_not_made_up", elsewhere),
    ("iam::credentials_are_those_of_a_profile_or_a_role", credentials),
];

/// 250 people in a group, 131 permission sets' roles, a role that only looks like one, and a few more.
const MOTO_SCRIPT: &str = r#"
iam.create_group(GroupName="Platform", Path="/teams/")
for number in range(250):
    name = f"person-{number:03}"
    iam.create_user(UserName=name, Path="/people/")
    iam.add_user_to_group(GroupName="Platform", UserName=name)
iam.create_user(UserName="alice")
iam.create_user(UserName="bob", Path="/platform/")
reserved = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
roles = [(f"AWSReservedSSO_Set{number:03}_{number:016x}", reserved) for number in range(130)]
roles += [("AWSReservedSSO_Dev_0123456789abcdef", reserved), ("AWSReservedSSO_Fake_0123456789abcdef", "/")]
roles += [("Deployer", "/ci/"), ("Node", "/")]
for name, path in roles:
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}")
"#;

const MOTO_FILE: &str = r"
clusterID: e2e.example.com
account: '123456789012'
groups:
- name: platform
  iamGroups: [teams/Platform]
  permissionSets: [Dev]
- name: others
  users: [alice, ops/bob, zoe]
  roles: [ci/Deployer, Missing]
nodes:
- roles: [Node, OldNode]
";

/// Our program in a folder, with what is given for its environment.
fn run(
    world: &World,
    folder: &Path,
    variables: impl IntoIterator<Item = (&'static str, String)>,
    args: &[&str],
) -> anyhow::Result<Output> {
    process::run(process::command(&world.parts.cluster_auth, folder).envs(variables).args(args))
}

fn start_moto(world: &World, name: &str) -> anyhow::Result<(Moto, std::path::PathBuf)> {
    let folder = world.folder(name)?;
    let moto = Moto::start(&world.parts, &folder)?;
    moto.fill(MOTO_SCRIPT)?;
    fs::write(folder.join("access.yaml"), MOTO_FILE)?;
    Ok((moto, folder))
}

fn moto(world: &World) -> anyhow::Result<()> {
    let (moto, folder) = start_moto(world, "iam-moto")?;
    let ask = |args: &[&str]| run(world, &folder, moto.environment(), args);

    let said = ask(&["check", "--aws", "-o", "json"])?;
    ensure!(said.code == 0, "{said:?}");
    let said: Value = serde_json::from_str(&said.stdout)?;
    let problems = said["problems"].as_array().context("a list")?;
    let found: Vec<_> = problems.iter().map(|problem| (problem["code"].as_str(), problem["line"].as_u64())).collect();
    ensure!(
        found == [9, 9, 10, 12].map(|line| (Some("access.not-in-iam"), Some(line))),
        "bob's path, zoe, Missing and OldNode: {said:#}"
    );
    let text = ask(&["check", "--aws"])?;
    for hint in
        ["write arn:aws:iam::123456789012:user/platform/bob", "IAM has no arn:aws:iam::123456789012:role/OldNode"]
    {
        ensure!(text.stderr.contains(hint), "{hint}: {}", text.stderr);
    }

    let config = ask(&["render", "--aws", "--to", "config"])?.success()?;
    for number in 0..250 {
        let arn = format!("userarn: arn:aws:iam::{MOTO_ACCOUNT}:user/people/person-{number:03}\n");
        ensure!(config.contains(&arn), "{arn} is missing in\n{config}");
    }
    ensure!(config.matches("userarn:").count() == 253, "the group's and those of the file:\n{config}");
    ensure!(config.contains("role/AWSReservedSSO_Dev_0123456789abcdef\n"), "{config}");
    let entries = ask(&["render", "--aws", "--to", "access-entries"])?.success()?;
    let with_path = "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef";
    ensure!(entries.contains(with_path), "EKS is given the role's path:\n{entries}");

    for (written, absent, code) in [
        ("teams/Platform", "Platfrom", "access.no-iam-group"),
        ("permissionSets: [Dev]", "permissionSets: [Fake]", "access.not-in-iam"),
    ] {
        fs::write(folder.join("access.yaml"), MOTO_FILE.replace(written, absent))?;
        let refused = ask(&["render", "--aws", "--to", "config"])?;
        ensure!(refused.code == 1 && refused.stdout.is_empty(), "{absent}: {refused:?}");
        ensure!(
            refused.stderr.contains(code) && refused.stderr.contains("access.yaml:"),
            "{absent}: {}",
            refused.stderr
        );
    }
    Ok(())
}

fn dumps(world: &World) -> anyhow::Result<()> {
    let (moto, folder) = start_moto(world, "iam-dumps")?;
    let dump = |file: &str, args: &[&str]| -> anyhow::Result<()> {
        let mut command = process::command(&world.parts.aws_cli, &folder);
        let printed = process::run(command.envs(moto.environment()).args(["--output", "json", "iam"]).args(args))?;
        fs::create_dir_all(folder.join("dumps"))?;
        Ok(fs::write(folder.join("dumps").join(file), printed.success()?)?)
    };
    dump("group.json", &["get-group", "--group-name", "Platform"])?;
    dump("roles.json", &["list-roles", "--path-prefix", "/aws-reserved/sso.amazonaws.com/"])?;
    let render =
        |args: &[&str]| run(world, &folder, moto.environment(), &[&["render", "--to", "access"], args].concat());
    let live = render(&["--aws"])?.success()?;
    let printed = render(&["--from", "dumps"])?.success()?;
    ensure!(live == printed, "live:\n{live}\nprinted:\n{printed}");
    ensure!(live.contains("people/person-249") && live.contains("eu-west-1/AWSReservedSSO_Dev_"), "{live}");
    ensure!(!live.contains("iamGroups") && !live.contains("permissionSets"), "{live}");
    ensure!(render(&["--aws", "--from", "dumps"])?.success()? == live, "both together say the same");

    dump("group.json", &["get-group", "--group-name", "Platform", "--max-items", "10"])?;
    let refused = render(&["--from", "dumps"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    ensure!(refused.stderr.contains("only a part of what AWS answers"), "{}", refused.stderr);
    Ok(())
}

const SANDBOX_FILE: &str = r"
clusterID: e2e.example.com
account: '111122223333'
groups:
- name: iam-platform
  iamGroups: [teams/Platform]
  permissionSets: [DevAccess]
- {name: iam-others, users: [carol, nobody], roles: [Deployer]}
";

/// Our program with the tests' sandbox as its AWS.
fn online(world: &World, folder: &Path, person: &str, args: &[&str]) -> anyhow::Result<Output> {
    let credentials = environment(&world.sts.credentials(person)?);
    run(world, folder, credentials.into_iter().chain(world.sts.proxy_environment()), args)
}

fn login(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("iam-login")?;
    fs::write(folder.join("written.yaml"), SANDBOX_FILE)?;
    let resolved = online(world, &folder, "carol", &["render", "--aws", "--to", "access", "written.yaml"])?;
    ensure!(resolved.stderr.contains("access.not-in-iam"), "{}", resolved.stderr);
    fs::write(folder.join("access.yaml"), resolved.success()?)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: "", args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let rows = [
        ("alice", Some(("alice", "iam-platform"))),
        ("bob", Some(("bob", "iam-platform"))),
        ("dave", Some(("DevAccess:dave-example.com", "iam-platform"))),
        ("carol", Some(("carol", "iam-others"))),
        ("erin", None),
    ];
    for (person, expected) in rows {
        let answer = server.review(&world.fresh_token(person, CLUSTER_ID)?)?;
        let review: Value = serde_json::from_str(&answer.body)?;
        let user = &review["status"]["user"];
        let found = user["username"].as_str().zip(user["groups"][0].as_str());
        ensure!(found == expected, "{person}: {review}");
    }
    Ok(())
}

/// A sandbox of its own, whose group has more people than fit on two pages.
fn crowd(world: &World, name: &str) -> anyhow::Result<(Sts, std::path::PathBuf)> {
    let folder = world.folder(name)?;
    let names: Vec<_> = (0..250).map(|number| format!("person-{number:03}")).collect();
    let user = |(number, name): (usize, &String)| {
        format!("- {{name: {name}, path: /people/, accessKeyId: AKIA{number:016}, secretAccessKey: x}}\n")
    };
    let users: String = names.iter().enumerate().map(user).collect();
    let sets: String = (0..130).map(|number| format!("- {{name: Set{number}, suffix: \"{number:016x}\"}}\n")).collect();
    let identities = format!(
        "account: '111122223333'\nusers:\n{users}permissionSets:\n{sets}groups:\n- {{name: Crowd, users: [{}]}}\n",
        names.join(", ")
    );
    let sts = Sts::start_with(&folder, &identities)?;
    fs::write(
        folder.join("access.yaml"),
        "clusterID: c\naccount: '111122223333'\ngroups:\n- {name: a, iamGroups: [Crowd], permissionSets: [Set0, Set129], \
         users: [people/person-000, people/person-001], roles: [Absent]}\n",
    )?;
    Ok((sts, folder))
}

fn in_crowd(world: &World, sts: &Sts, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
    let credentials = environment(&sts.credentials("person-007")?);
    run(world, folder, credentials.into_iter().chain(sts.proxy_environment()), args)
}

fn pages(world: &World) -> anyhow::Result<()> {
    let (sts, folder) = crowd(world, "iam-pages")?;
    let output = in_crowd(world, &sts, &folder, &["render", "--aws", "--to", "config"])?;
    let config = output.success()?;
    ensure!(config.matches("userarn:").count() == 250, "{config}");
    ensure!(config.contains("AWSReservedSSO_Set129_0000000000000081\n"), "{config}");
    let calls = ["GetCallerIdentity", "GetGroup", "ListRoles", "GetUser", "GetRole"];
    let calls = calls.map(|call| sts.faults.requests(call));
    ensure!(calls == [1, 3, 2, 2, 1], "one page after the other, and nothing twice: {calls:?}");
    Ok(())
}

fn trouble(world: &World) -> anyhow::Result<()> {
    let (sts, folder) = crowd(world, "iam-trouble")?;
    let render = || in_crowd(world, &sts, &folder, &["render", "--aws", "--to", "config"]);
    let rows = [
        ("GetGroup", Fault::Throttle, 0, "iam:GetGroup was throttled 4 times"),
        ("GetGroup", Fault::Half, 1, "the answer to iam:GetGroup was not one of IAM's"),
        ("GetGroup", Fault::ServerError, 2, "iam:GetGroup failed: the answer was 500"),
        ("ListRoles", Fault::Half, 1, "the answer to iam:ListRoles was not one of IAM's"),
        (
            "ListRoles",
            Fault::Reset,
            0,
            "iam:ListRoles failed: iam.amazonaws.com cannot be reached: the connection was closed",
        ),
        ("GetUser", Fault::Unavailable, 1, "iam:GetUser failed: the answer was 503"),
        ("GetUser", Fault::Garbage, 0, "the answer to iam:GetUser was not one of IAM's"),
        ("GetRole", Fault::HugeBody, 0, "the answer to iam:GetRole was not one of IAM's"),
        ("GetRole", Fault::Redirect, 0, "the answer to iam:GetRole was not one of IAM's"),
        ("GetCallerIdentity", Fault::Throttle, 0, "sts:GetCallerIdentity failed: AWS asks for fewer requests"),
        ("GetCallerIdentity", Fault::Garbage, 0, "sts:GetCallerIdentity failed"),
    ];
    for (action, fault, spared, expected) in rows {
        sts.faults.set_on(action, fault.clone(), spared);
        let output = render()?;
        ensure!(output.code == 1 && output.stdout.is_empty(), "{action} {fault:?}: {output:?}");
        ensure!(output.stderr.contains(expected), "{action} {fault:?}: {}", output.stderr);
    }
    sts.faults.clear();
    ensure!(render()?.code == 0, "and it was nothing else");

    let wrong = sandbox::SandboxCredentials { secret_access_key: "wrong".to_owned(), ..sts.credentials("person-007")? };
    let variables = environment(&wrong).into_iter().chain(sts.proxy_environment());
    let refused = run(world, &folder, variables, &["check", "--aws", "-o", "json"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    ensure!(refused.stderr.contains("(SignatureDoesNotMatch)") && !refused.stderr.contains("wrong"), "{refused:?}");
    Ok(())
}

fn denied(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("iam-denied")?;
    fs::write(folder.join("access.yaml"), SANDBOX_FILE)?;
    // erin may ask for groups and nothing else.
    let resolved = online(world, &folder, "erin", &["render", "--aws", "--to", "access"])?;
    for permission in ["iam:ListRoles", "iam:GetUser", "iam:GetRole"] {
        let note = format!("note: these AWS credentials may not call {permission}, so ");
        ensure!(resolved.stderr.contains(&note), "{permission}: {}", resolved.stderr);
    }
    ensure!(!resolved.stderr.contains("access.not-in-iam"), "nobody is said to be gone: {}", resolved.stderr);
    let file = resolved.success()?;
    ensure!(file.contains("ops/bob") && file.contains("permissionSets") && !file.contains("iamGroups"), "{file}");
    let refused = online(world, &folder, "erin", &["render", "--aws", "--to", "config"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    ensure!(refused.stderr.contains("`permissionSets` is not supported by config"), "{}", refused.stderr);
    // mallory may not even ask for groups.
    let refused = online(world, &folder, "mallory", &["check", "--aws", "-o", "json"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    let expected = "error: cannot ask IAM: these AWS credentials may not call iam:GetGroup";
    ensure!(refused.stderr.starts_with(expected), "{}", refused.stderr);
    Ok(())
}

fn elsewhere(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("iam-elsewhere")?;
    let far = "iamGroups: [Platform, {name: Far, account: '444455556666'}]\n  users: [{name: x, partition: aws-cn}]";
    fs::write(folder.join("access.yaml"), SANDBOX_FILE.replace("iamGroups: [teams/Platform]", far))?;
    let resolved = online(world, &folder, "carol", &["render", "--aws", "--to", "access"])?;
    let note = "note: IAM was asked only about account 111122223333, whose credentials these are, and not about 444455556666, 111122223333 (aws-cn)\n";
    ensure!(resolved.stderr.contains(note), "{}", resolved.stderr);
    let file = resolved.success()?;
    ensure!(file.contains("ops/bob") && file.contains("- name: Far\n"), "{file}");
    let refused = online(world, &folder, "carol", &["render", "--aws", "--to", "aws-auth"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    let said = &refused.stderr;
    ensure!(said.contains("`iamGroups` is not supported by aws-auth") && said.contains("`--aws`"), "{said}");
    ensure!(said.contains("`--from FILE`"), "{said}");
    Ok(())
}

fn credentials(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("iam-credentials")?;
    fs::write(folder.join("access.yaml"), SANDBOX_FILE)?;
    fs::create_dir_all(folder.join(".aws"))?;
    let keys = world.sts.credentials("alice")?;
    let text = format!(
        "[work]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = us-west-2\n",
        keys.access_key_id, keys.secret_access_key
    );
    fs::write(folder.join(".aws/credentials"), text)?;
    // mallory's keys are in the environment, and a profile that is named leaves them out.
    let with_profile = online(world, &folder, "mallory", &["check", "--aws", "--profile", "work"])?;
    ensure!(with_profile.code == 0, "{with_profile:?}");

    let before = world.sts.faults.requests("AssumeRole");
    let role = ["--role", "arn:aws:iam::111122223333:role/ci/Deployer", "--external-id", "sandbox"];
    let with_role = online(world, &folder, "alice", &[&["check", "--aws"], &role[..]].concat())?;
    ensure!(with_role.code == 0 && world.sts.faults.requests("AssumeRole") == before + 1, "{with_role:?}");

    let none = run(world, &folder, [("AWS_EC2_METADATA_DISABLED", "true".to_owned())], &["check", "--aws"])?;
    let said = none.failure()?;
    ensure!(said.starts_with("error: cannot ask IAM: no AWS credentials found"), "{said}");
    let alone = online(world, &folder, "alice", &["check", "--profile", "work"])?.failure()?;
    ensure!(alone.contains("--aws"), "the flags mean something with --aws only: {alone}");
    Ok(())
}
