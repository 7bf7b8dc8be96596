//! `aws-auth` as people have it, with the people of an access file put into it: the real aws-iam-authenticator is asked behind
//! each edit who is let in as whom.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use access::{ConfigMap, Expiry, Facts, OWNED, Options, RenderTarget};
use anyhow::{Context as _, ensure};
use document::{Document, Limits, Source};
use e2e::{random::say, world::World};
use identity::{Identity, Partition, Principal};
use serde_json::{Value, json};

use super::{
    Run,
    callers::{Answer, Caller},
    compare::compare,
    data,
    go::{AwsAuth, Sandboxes},
    ours::Ours,
};

const GROUP: &str = "put-in-by-us";

pub(super) fn aws_auth(world: &World) -> anyhow::Result<()> {
    let run = Run::new("aws-auth, edited", 100, 4_100_001)?;
    let count = run.count;
    let sandboxes = Sandboxes::start(world)?;
    let mut place = AwsAuth::start(world, &sandboxes)?;
    let callers = Caller::all(Partition::Aws, &sandboxes.aws)?;
    let arns: Vec<String> = callers.iter().map(|caller| caller.identity.canonical_arn()).collect();
    let is_nameable = |(caller, _): &(&Caller, &String)| {
        let Identity { partition, principal, .. } = &caller.identity;
        *partition == Partition::Aws && matches!(principal, Principal::User { .. } | Principal::AssumedRole { .. })
    };
    let nameable: Vec<&str> = callers.iter().zip(&arns).filter(is_nameable).map(|(_, arn)| arn.as_str()).collect();
    let (edited, reasons) = (Cell::new(0), Cell::new(BTreeMap::new()));
    run.each(|random, tally| {
        let mut data = data(random, arns.clone());
        // Whoever has no entry any more could still come in by it.
        data.as_object_mut().context("sections")?.remove("mapAccounts");
        let wanted: BTreeSet<&str> = random.some(&nameable, 4).into_iter().collect();
        let owned: BTreeSet<String> = random.some(&nameable, 3).iter().map(|arn| arn.to_lowercase()).collect();
        let adopt = random.below(4) != 0;
        let changed = match edit(Some((&data, &owned)), &wanted, adopt)? {
            Ok(changed) => changed,
            Err(why) => {
                let mut said = reasons.take();
                *said.entry(why).or_insert(0) += 1;
                reasons.set(said);
                return Ok(None);
            }
        };
        edited.set(edited.get() + 1);
        let before = Ours::aws_auth(&json!({"data": data}), Partition::Aws, false);
        let alone = edit(None, &wanted, false)?.map_err(anyhow::Error::msg)?;
        let alone = Ours::aws_auth(&json!({"data": alone}), Partition::Aws, false);
        place.put(&changed)?;
        for caller in &callers {
            let arn = caller.identity.canonical_arn();
            let expected = if wanted.contains(&*arn) {
                alone.answers(caller)
            } else if owned.contains(&arn.to_lowercase()) {
                BTreeSet::from([Answer::Out])
            } else {
                before.answers(caller)
            };
            let difference = compare(&mut place.reviewers[0].exchange, "", caller, expected, tally)?;
            if let Some(difference) = difference {
                return Ok(Some(format!("{data}\nwanted {wanted:?}\nowned {owned:?}\n{changed}\n{difference}")));
            }
        }
        Ok(None)
    })?;
    let reasons = reasons.take();
    say(&format!("{} of {count} edited; not edited, and why: {reasons:#?}", edited.get()));
    // About a third has a slip that ends the reading, or entries of others that nobody has adopted.
    ensure!(count < 50 || edited.get() * 2 > count, "little was edited: {} of {count}", edited.get());
    Ok(())
}

/// What is in the data with these people put into it; or why it is left as it is.
fn edit(
    current: Option<(&Value, &BTreeSet<String>)>,
    wanted: &BTreeSet<&str>,
    adopt: bool,
) -> anyhow::Result<Result<Value, String>> {
    let (mut users, mut roles) = (Vec::new(), Vec::new());
    for (number, arn) in wanted.iter().enumerate() {
        if arn.contains(":user/") {
            users.push(json!({"arn": arn, "username": format!("put-{number}")}));
        } else {
            roles.push(json!({"arn": arn, "username": format!("put-{number}:{{{{SessionName}}}}")}));
        }
    }
    let file = json!({"clusterID": "c", "groups": [{"name": GROUP, "users": users, "roles": roles}]});
    let read = access::read(&document::Sources::from(Source::new("access.yaml", file.to_string())), &Limits::default());
    ensure!(read.problems.is_empty(), "{:?}", read.problems);
    let config_maps = current.map(|(data, owned)| {
        let data = data.as_object().into_iter().flatten();
        let data = data.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect();
        let owned = owned.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let annotations = BTreeMap::from([(OWNED.to_owned(), owned)]);
        BTreeMap::from([("aws-auth".to_owned(), ConfigMap { annotations, data, ..ConfigMap::default() })])
    });
    let facts = Facts { config_maps, ..Facts::default() };
    let options = Options { expiry: Expiry::Refuse, adopt };
    let text = match access::render(&read.access, &facts, e2e::sts::now(), RenderTarget::AwsAuth, options) {
        Ok(rendered) => rendered.text,
        Err(problems) => {
            let why =
                problems.iter().find(|problem| problem.severity == document::Severity::Error).context("an error")?;
            return Ok(Err(why.message.split(" at line ").next().unwrap_or_default().to_owned()));
        }
    };
    // What is printed is read as kubectl reads it.
    let source = Source::new("aws-auth.yaml", text);
    let documents = document::parse_manifests(&source, &Limits::default(), "items", |_, _| {});
    let object = documents.first().and_then(Document::root).with_context(|| format!("an object: {}", source.text()))?;
    let object = object.to_json();
    Ok(Ok(object["data"].clone()))
}
