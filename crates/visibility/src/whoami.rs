//! Oneself: who AWS says it is, who that is to the cluster, and what the cluster lets one do, by its own word.
//!
//! Nothing of mappings and bindings is known here: whoever asks need not be allowed to see them. What is said is said as
//! [`crate::explain`] says it.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Unseen;
use rbac::{Rule, comparison::Permission};
use report::{Item, Section, Sign, rules};
use serde::Serialize;

use crate::{
    default_permissions::is_default_permission,
    explain::{Caller, Code, CodeOut},
    print::{GapOut, RuleOut},
};

/// The answers of `whoami`.
#[derive(Clone, Debug)]
pub struct Whoami {
    /// Who AWS says one is; none where the context logs in without AWS.
    pub aws: Option<Aws>,
    /// The cluster that was asked.
    pub cluster: Cluster,
    /// Who one is there; none where it said Unauthorized.
    pub user: Option<User>,
    /// The user's permissions.
    pub rights: Mine,
    /// What could not be read.
    pub gaps: Vec<Unseen>,
}

/// The identity according to AWS.
#[derive(Clone, Debug)]
pub enum Aws {
    /// It says who.
    Is(Box<Caller>),
    /// It refuses the credentials, or cannot be asked.
    Says(Code),
}

/// The cluster that was asked.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The kubeconfig's context.
    pub context: String,
    /// The API server's URL.
    pub server: String,
    /// What the tokens for it are bound to, where AWS credentials are used.
    pub id: Option<String>,
    /// The program that makes the credentials, where it is not seen whether they are AWS's.
    pub program: Option<String>,
}

/// The user according to the cluster.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The username.
    pub username: String,
    /// The groups, built-in ones included.
    pub groups: Vec<String>,
    /// The ARN of whoever logged in, where the authenticator tells it.
    pub arn: Option<String>,
}

/// The user's permissions.
#[derive(Clone, Debug, Default)]
pub struct Mine {
    /// In the whole cluster.
    pub everywhere: Vec<Rule>,
    /// By namespace, what holds in the whole cluster included.
    pub by_namespace: BTreeMap<String, Vec<Rule>>,
}

/// Rights in places that are alike.
struct Part<'a> {
    /// None is the whole cluster.
    namespaces: Option<Vec<&'a str>>,
    rules: Vec<Rule>,
}

impl Mine {
    /// The whole cluster first, then namespaces with the same rights together, without what the whole cluster has.
    fn parts(&self) -> Vec<Part<'_>> {
        let own: Vec<Rule> = Permission::of_rules(&self.everywhere)
            .into_iter()
            .filter(|permission| !is_default_permission(permission))
            .map(|permission| permission.rule())
            .collect();
        let mut parts = Vec::new();
        if !own.is_empty() {
            parts.push(Part { namespaces: None, rules: own });
        }
        let mut alike: BTreeMap<BTreeSet<Permission>, Vec<&str>> = BTreeMap::new();
        for (namespace, rules) in &self.by_namespace {
            let mut permissions = Permission::of_rules(rules);
            permissions
                .retain(|permission| !permission.is_allowed_by(&self.everywhere) && !is_default_permission(permission));
            if !permissions.is_empty() {
                alike.entry(permissions).or_default().push(namespace);
            }
        }
        let mut alike: Vec<_> = alike.into_iter().collect();
        alike.sort_by(|(_, a), (_, b)| a.cmp(b));
        parts.extend(alike.into_iter().map(|(permissions, namespaces)| Part {
            namespaces: Some(namespaces),
            rules: permissions.iter().map(Permission::rule).collect(),
        }));
        parts
    }
}

impl Whoami {
    /// Returns the line for the administrator, who sees why: the cluster tells it nobody else.
    pub fn line_for_the_administrator(&self) -> Option<String> {
        match &self.aws {
            Some(Aws::Is(caller)) if self.user.is_none() => Some(format!("cluster-auth explain {}", caller.arn())),
            _ => None,
        }
    }

    /// Returns the report for a terminal.
    pub fn report(&self) -> Vec<Section> {
        let mut sections = vec![self.head()];
        if let Some(aws) = &self.aws {
            let items = match aws {
                Aws::Is(caller) => vec![Item::new(Sign::None, caller.in_words()), Item::new(Sign::None, caller.arn())],
                Aws::Says(code) => vec![
                    Item::new(Sign::Danger, format!("{} [{}]", code.summary, code.code)),
                    Item::new(Sign::Note, code.fix),
                ],
            };
            sections.push(section("Who AWS says you are", items));
        }
        sections.push(section("Who you are in the cluster", self.in_cluster()));
        match self.line_for_the_administrator() {
            Some(line) => {
                let send = Item::new(Sign::None, "send this line to the administrator of the cluster, who sees why:");
                let mut items = vec![send.below([Item::new(Sign::None, line)])];
                // The server alone knows its own id: to it such a token has a wrong signature.
                items.extend(self.cluster.id.as_ref().map(|id| {
                    Item::new(
                        Sign::None,
                        format!("if it says that you are let in, the server may have another cluster id than {id}: compare them"),
                    )
                }));
                sections.push(section("What to do", items));
            }
            None if self.user.is_some() => sections.push(section("What you may do", self.rights())),
            None => {}
        }
        let gaps: Vec<Item> =
            self.gaps.iter().map(|gap| Item::new(Sign::Danger, format!("{}: {}", gap.what, gap.why))).collect();
        if !gaps.is_empty() {
            sections.push(section("Incomplete: there may be more", gaps));
        }
        sections
    }

    fn head(&self) -> Section {
        let who = match &self.aws {
            Some(Aws::Is(caller)) => caller.arn(),
            Some(Aws::Says(_)) => "somebody whom AWS does not confirm".to_owned(),
            None => "the user of the context".to_owned(),
        };
        let cluster = self.cluster.id.as_deref().unwrap_or(&self.cluster.context);
        let title = match &self.user {
            Some(user) => format!("{who} is {} in {cluster}", user.username),
            None => format!("{who} is not let in to {cluster}"),
        };
        section(title, [])
    }

    fn in_cluster(&self) -> Vec<Item> {
        let Cluster { context, server, id, program } = &self.cluster;
        let mut items = vec![Item::new(Sign::None, format!("context {context}, {server}"))];
        items.push(match (id, program) {
            (Some(id), _) => Item::new(Sign::None, format!("cluster id {id}")),
            (None, Some(program)) => {
                let text = format!(
                    "`{program}` makes its credentials: it is not known whether they are of AWS, so AWS was not asked"
                );
                Item::new(Sign::Note, text)
            }
            (None, None) => Item::new(Sign::Note, "this context logs in without AWS credentials"),
        });
        let Some(User { username, groups, arn }) = &self.user else {
            items.push(Item::new(Sign::Danger, "it says Unauthorized, and tells only its administrator why"));
            return items;
        };
        items.push(Item::new(Sign::Add, format!("username {username}")));
        items.extend(groups.iter().map(|group| Item::new(Sign::Add, format!("group {group}"))));
        if let (Some(arn), Some(Aws::Is(caller))) = (arn, &self.aws)
            && *arn != caller.identity.arn()
        {
            let text = format!("it sees {arn}, so kubectl uses other credentials than these");
            items.push(Item::new(Sign::Danger, text));
        }
        items
    }

    fn rights(&self) -> Vec<Item> {
        let item = |part: Part<'_>| {
            let place = match part.namespaces {
                None => "everywhere".to_owned(),
                Some(names) => format!("in {}", names.join(", ")),
            };
            let below = rules(&part.rules).into_iter().map(|phrase| Item::new(Sign::None, phrase));
            Item::new(Sign::Add, place).below(below)
        };
        let mut items: Vec<Item> = self.rights.parts().into_iter().map(item).collect();
        if items.is_empty() {
            let text = if self.gaps.is_empty() {
                "no permissions of your own"
            } else {
                "no permissions of your own in the namespaces that could be asked about"
            };
            items.push(Item::new(Sign::None, text));
        }
        items.push(Item::new(Sign::Note, "and what every authenticated user may do"));
        items
    }

    /// Returns the report for programs.
    pub fn out(&self) -> WhoamiOut<'_> {
        let caller = match &self.aws {
            Some(Aws::Is(caller)) => Some(caller),
            Some(Aws::Says(_)) | None => None,
        };
        let reason = match &self.aws {
            Some(Aws::Says(code)) => Some((*code).into()),
            Some(Aws::Is(_)) | None => None,
        };
        let Cluster { context, server, id, program: _ } = &self.cluster;
        let of = |part: Part<'_>| PartOut {
            everywhere: part.namespaces.is_none(),
            namespaces: part.namespaces.into_iter().flatten().map(str::to_owned).collect(),
            words: rules(&part.rules),
        };
        WhoamiOut {
            let_in: self.user.is_some(),
            incomplete: !self.gaps.is_empty(),
            gaps: self.gaps.iter().map(Into::into).collect(),
            aws: caller.map(|caller| AwsOut {
                arn: caller.arn(),
                account: caller.identity.account.as_str(),
                partition: caller.identity.partition.to_string(),
                kind: caller.who.kind(),
                name: caller.who.name(),
            }),
            aws_says: reason,
            cluster: ClusterOut { context, server, id: id.as_deref() },
            username: self.user.as_ref().map(|user| &*user.username),
            groups: self.user.as_ref().map(|user| &*user.groups).unwrap_or_default(),
            line_for_the_administrator: self.line_for_the_administrator(),
            rights: self.rights.parts().into_iter().map(of).collect(),
            everywhere: self.rights.everywhere.iter().map(RuleOut).collect(),
        }
    }
}

fn section(title: impl Into<String>, items: impl IntoIterator<Item = Item>) -> Section {
    Section { title: title.into(), items: items.into_iter().collect() }
}

/// All of it, for [`crate::print::json`] and [`crate::print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiOut<'a> {
    let_in: bool,
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<AwsOut<'a>>,
    /// Why AWS does not say who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_says: Option<CodeOut>,
    cluster: ClusterOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    line_for_the_administrator: Option<String>,
    /// In words, without what everybody may do.
    rights: Vec<PartOut>,
    /// Every rule of the whole cluster.
    everywhere: Vec<RuleOut<'a>>,
}

#[derive(Debug, Serialize)]
struct AwsOut<'a> {
    arn: String,
    account: &'a str,
    partition: String,
    kind: &'static str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct ClusterOut<'a> {
    context: &'a str,
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PartOut {
    everywhere: bool,
    namespaces: Vec<String>,
    words: Vec<String>,
}
