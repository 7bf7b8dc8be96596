//! Both servers beside moto's EC2: instances that it has started, one that it never had, one while it is silent, and one when it is gone.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    https::Answer,
    moto::Moto,
    people::environment,
    server::{Server, ServerOptions},
    sts::Sts,
    world::{CLUSTER_ID, World},
};

use super::machines::{MAPPINGS, said, token_of};

/// Starts instances and prints each with its name.
const INSTANCES: &str = "
ec2 = boto3.client('ec2', region_name='us-west-2')
image = ec2.describe_images()['Images'][0]['ImageId']
for instance in ec2.run_instances(ImageId=image, MinCount=4, MaxCount=4)['Instances']:
    print(instance['InstanceId'], instance['PrivateDnsName'])
";

/// An id that it has given to nobody.
const UNKNOWN: &str = "i-0fedcba9876543210";

/// How long it is silent.
const SILENCE: Duration = Duration::from_secs(2);

pub(super) fn found(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("both-instances")?;
    let moto = Moto::start(&world.parts, &folder)?;
    let printed = moto.fill(INSTANCES)?;
    let instances: Vec<(&str, String)> = printed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(id, name)| (id, format!("system:node:{name}")))
        .collect();
    let [first, of_theirs, of_ours, last] = instances.as_slice() else { anyhow::bail!("four instances: {printed}") };
    let ids = instances.iter().map(|(id, _)| *id).chain([UNKNOWN]);
    let sessions = ids.enumerate().map(|(at, id)| {
        format!(
            "  - {{name: {id}, sessionName: {id}, accessKeyId: ASIAINSTANCES{at:07}, secretAccessKey: instances/secret/m{at}/abcdefghijkl, \
             sessionToken: instances-session-of-m{at}}}\n"
        )
    });
    let sts = Sts::start_with(
        &folder,
        &format!(
            "account: '111122223333'\nusers:\n- {{name: alice, accessKeyId: AKIAINSTANCESALICE00, secretAccessKey: \
             instances/alice/0123456789}}\nroles:\n- name: Node\n  sessions:\n{}",
            sessions.collect::<String>()
        ),
    )?;
    let mut variables = environment(&sts.credentials("alice")?);
    variables.extend(sts.proxy_environment());
    variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
    let ec2 = moto.environment().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL_EC2");
    variables.push(ec2.context("moto's EC2")?);
    let options = GoOptions {
        cluster_id: CLUSTER_ID,
        server: MAPPINGS,
        features: &[],
        args: &[],
        environment: variables.clone(),
    };
    let theirs = GoServer::start_with(&world.parts, &sts, &folder.join("theirs"), options)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: MAPPINGS, args: &[] };
    let ours = Server::start_in(&world.parts, &sts, &folder.join("ours"), &options, variables)?;
    let asks = |server: &dyn Fn(&str) -> anyhow::Result<Answer>, id: &str| said(&server(&token_of(&sts, id)?)?);
    let (theirs, ours) =
        (|id: &str| asks(&|token| theirs.review(token), id), |id: &str| asks(&|token| ours.review(token), id));
    let both = |id: &str| -> anyhow::Result<(String, String)> { Ok((theirs(id)?, ours(id)?)) };
    let same = |said: &str| (said.to_owned(), said.to_owned());

    let seen = both(first.0)?;
    ensure!(seen == same(&first.1), "{seen:?}");
    let seen = both(UNKNOWN)?;
    ensure!(seen == same("403"), "an instance that there is not: {seen:?}");
    let seen = moto.silent_for(SILENCE, || theirs(of_theirs.0))?;
    ensure!(seen == of_theirs.1, "theirs, when EC2 is slow: {seen:?}");
    let seen = moto.silent_for(SILENCE, || ours(of_ours.0))?;
    ensure!(seen == of_ours.1, "ours, when EC2 is slow: {seen:?}");
    drop(moto);
    let seen = both(first.0)?;
    ensure!(seen == same(&first.1), "its name is remembered: {seen:?}");
    let seen = both(last.0)?;
    ensure!(seen == ("403".to_owned(), "502".to_owned()), "without an EC2: {seen:?}");
    Ok(())
}
