//! Where credentials come from: cases as folders, each of which our program, botocore and aws-iam-authenticator are asked about.
//!
//! ```text
//!   cases/NAME/case.yaml   the environment, what AWS answers, and whose keys a token is signed with in the end
//!   cases/NAME/home          what lies in somebody's home
//! ```
//!
//! botocore is asked by `botocore.py` in the AWS CLI's own Python. What the two programs find for the same files and the same answers is what
//! ours must find, by the rules of each; where it is meant to be something else, the case says why. With botocore all is compared: the access
//! key, the source, what AWS was asked on the way, and – of a failure – the class of its exception. Each of them is asked in a home of its own.

mod ask;
mod container;
mod files;
mod renewed;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use e2e::world::World;

use self::ask::{Asked, Asks, Case, Expected, Rules};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("credentials::every_source_is_found_as_the_other_programs_find_it", sources),
    ("credentials::logins_are_renewed_and_kept_as_the_aws_cli_does_it", renewed::beside),
    ("credentials::a_task_of_ecs_is_asked_at_its_own_address", container::relative),
    ("credentials::files_are_read_as_botocore_reads_them", files::read),
    ("credentials::what_other_programs_read_is_no_slip", files::settings_of_others),
];

fn sources(world: &World) -> anyhow::Result<()> {
    let cases = Case::all(&world.folder("credentials")?)?;
    ensure!(cases.len() >= 80, "{} cases", cases.len());
    let (mut wrong, mut found) = (Vec::new(), BTreeMap::new());
    for (case, botocore) in cases.iter().zip(ask::botocore(world, &cases)?) {
        let ours = ask::ours(world, case, Rules::Cli)?;
        wrong.extend(compared(case, "the AWS CLI", &case.cli, &ours, case.botocore.as_ref(), &botocore));
        wrong.extend(on_the_way(case, &ours, &botocore));
        let is_found = |asked: &Asked| asked.key.is_some() && asked.key == case.cli.key;
        let Some(go) = &case.go else {
            found.insert(case.name.as_str(), [Some(is_found(&ours)), None, Some(is_found(&botocore))]);
            continue;
        };
        let ours = ask::ours(world, case, Rules::Go)?;
        let theirs = ask::go(world, case)?;
        wrong.extend(compared(case, "aws-iam-authenticator", go, &ours, case.go_program.as_ref(), &theirs));
        let all = [&ours, &theirs, &botocore];
        found.insert(case.name.as_str(), all.map(|asked| Some(is_found(asked))));
    }
    ensure!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    is_what_the_page_says(&found)
}

/// The table of sources: what it is, whether it is found here, by aws-iam-authenticator and by the AWS CLI, and the name of the case, or of the
/// test in which all three find it. What a program cannot be asked has a dash.
fn is_what_the_page_says(found: &BTreeMap<&str, [Option<bool>; 3]>) -> anyhow::Result<()> {
    let page = pages::repository().join("docs/credentials.md");
    let page = std::fs::read_to_string(page)?;
    let (_, section) = page.split_once("\n## The sources\n").context("a section of the sources")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut rows: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
    ensure!(rows.len() > 2 && rows.remove(0).ends_with("| case |") && rows.remove(0) == "|---|---|---|---|---|");
    for row in &rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [source, here, go, cli, case] = cells[..] else { bail!("a row has five cells: {row}") };
        let case = case.strip_prefix('`').and_then(|case| case.strip_suffix('`'));
        let case = case.with_context(|| format!("{source}: a case stands in the last cell, in backticks"))?;
        let found = match found.get(case) {
            Some(found) => *found,
            None if TESTS.iter().any(|(name, _)| *name == case) => [Some(true); 3],
            None => bail!("{source}: there is no case {case}"),
        };
        let words = found.map(|found| found.map_or("–", |found| if found { "yes" } else { "no" }));
        ensure!(words == [here, go, cli], "{source}, {case}: {words:?}, and the page says {:?}", [here, go, cli]);
    }
    ensure!(rows.len() >= 30, "{} rows in the table", rows.len());
    Ok(())
}

/// What is not as it is meant to be.
fn compared(
    case: &Case,
    whose: &str,
    expected: &Expected,
    ours: &Asked,
    other: Option<&Expected>,
    theirs: &Asked,
) -> Option<String> {
    let check = || {
        expected.ensure(ours).context("here")?;
        let other = other.unwrap_or(expected);
        ensure!(other.why.is_some() == (other.key != expected.key), "a difference is said, and why; nothing else is");
        ensure!(other.key == theirs.key, "{whose} finds {theirs:?}");
        Ok(())
    };
    check().err().map(|why| format!("{} ({}), {whose}: {why:#}", case.name, case.says))
}

/// What is not the same on botocore's way and on ours, where both find the same or both nothing.
fn on_the_way(case: &Case, ours: &Asked, botocore: &Asked) -> Option<String> {
    let check = || {
        let class = botocore.key.is_none().then(|| match &*botocore.error {
            "no credentials" => "none",
            error => error.split(':').next().unwrap_or_default(),
        });
        ensure!(case.raises.as_deref() == class, "it raises {:?}", botocore.error);
        ensure!(
            ours.source == botocore.source || ours.key != botocore.key,
            "the source is {:?} here, and {:?} there",
            ours.source,
            botocore.source
        );
        let is_as = |asked: &[String], meant: &[String]| asked.iter().eq(meant.iter());
        match &case.asks {
            None => ensure!(
                ours.requests == botocore.requests,
                "AWS is asked {:?} here, and {:?} there",
                ours.requests,
                botocore.requests
            ),
            Some(Asks { here, botocore: there, why }) => ensure!(
                is_as(&ours.requests, here) && is_as(&botocore.requests, there) && here != there && !why.is_empty(),
                "AWS is asked {:?} here, and {:?} there, where {here:?} and {there:?} are meant",
                ours.requests,
                botocore.requests
            ),
        }
        Ok(())
    };
    check().err().map(|why| format!("{} ({}), on the way: {why:#}", case.name, case.says))
}
