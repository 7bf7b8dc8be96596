//! Generated configurations, and both servers with each: of the commercial partition and of another one.

use std::fs;

use anyhow::ensure;
use document::Source;
use e2e::{
    people::environment,
    random::say,
    server::{Server, ServerOptions},
    sts::Sts,
    world::{CLUSTER_ID, World},
};
use identity::Partition;
use mapping::authenticator::{FeatureGates, read_config};

use super::{
    Run,
    callers::Caller,
    configuration,
    go::{Reviewer, Sandboxes},
    ours::Ours,
    own::{Both, Comparison},
};

pub(super) fn mounted_file(world: &World) -> anyhow::Result<()> {
    let run = Run::new("our server, configuration file", 40, 4_711)?;
    let sandboxes = Sandboxes::start(world)?;
    let groups = [
        (Partition::Aws, "aws", "alice", &sandboxes.aws, Caller::all(Partition::Aws, &sandboxes.aws)?),
        (Partition::AwsCn, "aws-cn", "wei", &sandboxes.aws_cn, Caller::all(Partition::AwsCn, &sandboxes.aws_cn)?),
    ];
    let (mut comparison, mut number, mut compared, mut of_cn) = (Comparison::default(), 0, 0, 0);
    run.each(|random, tally| {
        number += 1;
        let (partition, name, asks_ec2_as, sts, callers) = &groups[usize::from(random.below(3) == 0)];
        let server = format!("  partition: {name}\n{}", configuration(random, super::arns(callers)));
        let text = format!("clusterID: c\nserver:\n{server}");
        let place = format!("readers-own-file-{number}");
        // Ours always has the gate for a configuration.
        let theirs = Reviewer::start(world, sts, asks_ec2_as, &format!("{place}-theirs"), &["SSORoleMatch"], &server);
        let read_there = Ours::mounted_file(&text, *partition, true);
        let read_here = read_config(&Source::new("config.yaml", text.clone()), &FeatureGates::default());
        let ours = start(world, sts, asks_ec2_as, &format!("{place}-ours"), &server);
        let (ours, read_here) = match (ours, read_here) {
            (Ok(ours), Ok((read_here, _))) => (ours, read_here),
            (Err(error), Err(problems)) if format!("{error:#}").contains("the server ended with") => {
                // Whatever ends ours alone is a difference: nothing that rows of docs/differences.md have of that is generated.
                return Ok(theirs.is_ok().then(|| format!("{server}\nours alone is ended by {problems:?}")));
            }
            (Ok(_), Err(problems)) => return Ok(Some(format!("{server}\nour server starts in spite of {problems:?}"))),
            (Err(error), _) => return Ok(Some(format!("{server}\nour server does not start: {error:#}"))),
        };
        let (Ok(mut theirs), Some(read_there)) = (theirs, read_there) else {
            return Ok(Some(format!("{server}\nour server starts, and theirs does not")));
        };
        compared += 1;
        of_cn += usize::from(*partition == Partition::AwsCn);
        comparison.configuration = Some(server.clone());
        let mut both = Both {
            theirs: &mut theirs.exchange,
            read_there: &read_there,
            ours: &mut ours.exchange()?,
            read_here: &read_here.server.snapshot(),
        };
        let found = comparison.add(&mut both, callers, tally)?;
        Ok(found.map(|found| format!("{server}\n{found}")))
    })?;
    say(&format!("{compared} of {number} configurations start both servers, {of_cn} of them of aws-cn"));
    ensure!(compared * 3 > number && of_cn > 2, "little was tried");
    comparison.conclude("our server, configuration file")
}

fn start(world: &World, sts: &Sts, asks_ec2_as: &str, name: &str, server: &str) -> anyhow::Result<Server> {
    let folder = world.folder(name)?;
    fs::create_dir_all(&folder)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: server, args: &[] };
    let mut variables = environment(&sts.credentials(asks_ec2_as)?);
    variables.extend(sts.proxy_environment());
    variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
    Server::start_in(&world.parts, sts, &folder, &options, variables)
}
