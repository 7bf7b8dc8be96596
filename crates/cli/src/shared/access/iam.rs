//! `--aws`: what IAM says about a file's principals, asked with the caller's credentials.
//!
//! ```text
//!   credentials ─► sts:GetCallerIdentity ─► the account ─► access::iam_questions ─► IAM, eight at once ─► Facts
//! ```
//!
//! A question without an answer ends the command; nothing is taken for absent. Two permissions may be missing: without
//! iam:ListRoles permission sets stay unresolved, without iam:GetUser and iam:GetRole nobody is said to be gone.

use std::{cell::Cell, collections::BTreeSet};

use access::{Access, Facts, IamAccount, IamAnswer, IamQuestion, IamQuestions, iam_questions};
use anyhow::Context as _;
use aws::{
    credentials::AssumeRole,
    iam::{IamClient, IamError, IamRole, IamUser, iam_endpoint},
};
use clap::Args;
use identity::{Arn, Partition};
use tokio::task::JoinSet;

use crate::{
    credentials::{self, Found, Wanted},
    process::{self, Process, showing},
    runtime,
};

/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// Whether to ask, and as whom. The flags are those of `token`.
#[derive(Args, Debug)]
pub(crate) struct AskIam {
    /// Ask IAM, with your AWS credentials, for the members of IAM groups, the roles of permission sets, and users and roles
    /// that no longer exist
    #[arg(long, help_heading = "Asking IAM")]
    aws: bool,

    /// AWS Region of the STS endpoint; IAM is asked in the same partition
    #[arg(long, value_name = "REGION", requires = "aws", help_heading = "Asking IAM")]
    region: Option<String>,

    /// Profile of the AWS configuration to take credentials from
    #[arg(long, value_name = "NAME", requires = "aws", help_heading = "Asking IAM")]
    profile: Option<String>,

    /// ARN of a role to assume first [env: DEFAULT_ROLE]
    #[arg(short, long, value_name = "ARN", requires = "aws", help_heading = "Asking IAM")]
    role: Option<String>,

    /// External id for assuming --role
    #[arg(short, long, value_name = "ID", requires = "aws", help_heading = "Asking IAM")]
    external_id: Option<String>,
}

impl AskIam {
    /// Adds what IAM says, if it is to be asked.
    pub(crate) fn add_to(&self, facts: &mut Facts, access: &Access, process: &Process) -> anyhow::Result<()> {
        if !self.aws {
            return Ok(());
        }
        let environment = process.aws_environment();
        let wanted = self.wanted(process);
        if let (Some(id), None) = (&self.external_id, &wanted.role) {
            anyhow::bail!("--external-id {id}: it is for assuming a role; name that by --role ARN");
        }
        let found = credentials::find(&wanted, &environment).context("cannot ask IAM")?;
        let endpoint = iam_endpoint(&found.environment, found.region.as_deref()).context("cannot ask IAM")?;
        let asking = async {
            let client = aws::Client::new(&found.environment)?;
            ask(client, found, endpoint, facts, access).await
        };
        runtime::block_on(asking)?.context("cannot ask IAM")
    }

    fn wanted(&self, process: &Process) -> Wanted {
        let external_id = self.external_id.clone();
        let role = credentials::role(self.role.as_ref(), process);
        let role = role.map(|role_arn| AssumeRole { role_arn, external_id, ..AssumeRole::default() });
        let (region, profile) = (self.region.clone(), self.profile.clone());
        Wanted { region, profile, role, ..Wanted::default() }
    }
}

async fn ask(
    client: aws::Client,
    found: Found,
    endpoint: aws::Endpoint,
    facts: &mut Facts,
    access: &Access,
) -> anyhow::Result<()> {
    let caller = aws::get_caller_identity(&client, &found.credentials, &found.sts, process::now()).await?;
    let caller: Arn = caller.arn.parse().context("STS did not say by an ARN whose the credentials are")?;
    let whose = IamAccount::of(&caller);
    let IamQuestions { questions, elsewhere } = iam_questions(access, whose);
    if !elsewhere.is_empty() {
        let others: Vec<_> = elsewhere.iter().map(|account| shown(*account)).collect();
        let (own, others) = (shown(whose), others.join(", "));
        process::note(&format!(
            "note: IAM was asked only about account {own}, whose credentials these are, and not about {others}"
        ));
    }
    let iam = IamClient::new(client, found.credentials, endpoint, process::now);
    let (answers, denied) = answers(&iam, questions).await?;
    for permission in denied {
        let so = match permission {
            "iam:ListRoles" => "permission sets stay unresolved; the server matches them by name and suffix",
            "iam:GetUser" => "whether users still exist is not checked",
            _ => "whether roles still exist is not checked",
        };
        process::note(&format!("note: these AWS credentials may not call {permission}, so {so}"));
    }
    for answer in answers {
        facts.add_iam(whose, &answer)?;
    }
    Ok(())
}

/// All answers, and the permissions that some are missing for. Any other trouble is an error.
async fn answers(
    iam: &IamClient,
    questions: Vec<IamQuestion>,
) -> anyhow::Result<(Vec<IamAnswer>, BTreeSet<&'static str>)> {
    let (all, answered) = (questions.len(), Cell::new(0));
    showing(|| format!("asking IAM: {} of {all}", answered.get()), all_answers(iam, questions, &answered)).await
}

async fn all_answers(
    iam: &IamClient,
    questions: Vec<IamQuestion>,
    answered: &Cell<usize>,
) -> anyhow::Result<(Vec<IamAnswer>, BTreeSet<&'static str>)> {
    let (mut answers, mut denied, mut under_way) = (Vec::new(), BTreeSet::new(), JoinSet::new());
    let mut waiting = questions.into_iter();
    loop {
        while under_way.len() < AT_ONCE
            && let Some(question) = waiting.next()
        {
            under_way.spawn(answer(iam.clone(), question));
        }
        let Some(done) = under_way.join_next().await else { break };
        answered.set(answered.get() + 1);
        match done.context("a question was not put")?? {
            Answer::Given(answer) => answers.push(answer),
            Answer::Denied(permission) => drop(denied.insert(permission)),
        }
    }
    Ok((answers, denied))
}

enum Answer {
    Given(IamAnswer),
    /// For want of this permission.
    Denied(&'static str),
}

async fn answer(iam: IamClient, question: IamQuestion) -> Result<Answer, IamError> {
    let given = match question {
        // Who is in a group is what the file asks for; without it there is no answer at all.
        IamQuestion::Group(name) => {
            let users = iam.group_members(&name).await?;
            let users = users.map(|users| users.into_iter().map(|user: IamUser| user.arn).collect());
            return Ok(Answer::Given(IamAnswer::Group { name, users }));
        }
        IamQuestion::PermissionSets(names) => iam.permission_set_roles().await.map(|roles| {
            let roles = roles.into_iter().map(|role: IamRole| role.arn).collect();
            IamAnswer::PermissionSets { names, roles }
        }),
        IamQuestion::User(name) => {
            iam.user(&name).await.map(|user| IamAnswer::User { name, found: user.map(|user| user.arn) })
        }
        IamQuestion::Role(name) => {
            iam.role(&name).await.map(|role| IamAnswer::Role { name, found: role.map(|role| role.arn) })
        }
    };
    match given {
        Ok(answer) => Ok(Answer::Given(answer)),
        Err(IamError::Denied { permission }) => Ok(Answer::Denied(permission)),
        Err(error) => Err(error),
    }
}

fn shown(IamAccount { partition, account }: IamAccount) -> String {
    if partition == Partition::Aws { account.to_string() } else { format!("{account} ({partition})") }
}
