//! What people write into mappings, as data: entries made from the callers' own ARNs, as they are or as they are got wrong.

use e2e::random::Random;

/// A value, before it is written down.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// What is not text where one is wanted: a number, a truth value.
    Bare(&'static str),
    Null,
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// What entries are about.
pub(super) struct Material {
    /// The ARNs of everybody who will ask, as mappings ought to name them.
    pub(super) arns: Vec<String>,
    /// The unique ids of the same.
    pub(super) ids: Vec<String>,
    /// By what entries name whom they are for.
    pub(super) naming: Naming,
    /// One in this many ARNs, usernames and lists of groups is got wrong.
    pub(super) calm: usize,
}

/// By what entries name whom they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// The ARN.
    Arn,
    /// The ARN and the unique id.
    Both,
    /// Both, or one of them, or none.
    Any,
}

/// Which list an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Roles,
    Users,
}

const USERNAMES: [&str; 14] = [
    "ops",
    "dev",
    "admin",
    "system:node:{{EC2PrivateDNSName}}",
    "system:node:{{SessionName}}",
    "admin:{{SessionName}}",
    "{{SessionName}}",
    "{{SessionNameRaw}}",
    "u-{{AccountID}}-{{AccessKeyID}}",
    "system:{{SessionName}}",
    "cluster-admin@example.com",
    "kubernetes-admin",
    "build",
    "first.last",
];
const ODD_USERNAMES: [&str; 16] = [
    "",
    " ",
    "{{ SessionName }}",
    "{{sessionname}}",
    "{{AccountID",
    "{{{{AccountID}}}}",
    "{{EC2PrivateDNSName}}{{SessionName}}",
    "two words",
    "a: b",
    "a #b",
    "- a",
    "*",
    "\u{fc}ml\u{e4}ut",
    "line\nend",
    "yes",
    "0123",
];
const GROUPS: [&str; 10] = [
    "system:masters",
    "system:bootstrappers",
    "system:nodes",
    "system:node-proxier",
    "devs",
    "ops",
    "view-only",
    "team:{{AccountID}}",
    "session:{{SessionName}}",
    "eks-console-dashboard-full-access-group",
];
const ODD_GROUPS: [&str; 8] = ["", "{{EC2PrivateDNSName}}", "a,b", "no", "1", "{{SessionNameRaw}}", " devs", "null"];
const BARE: [&str; 12] =
    ["5", "0x1F", "1e3", "true", "no", "on", "012", "111122223333", "1_000", ".5", "2024-01-01", "0o17"];
/// Whose accounts entries get wrong, and what `mapAccounts` has.
pub(super) const ACCOUNTS: [&str; 6] =
    ["111122223333", "444455556666", "012345678901", "777788889999", "999999999999", "11112222333"];
const SETS: [&str; 7] = ["AdministratorAccess", "Dev", "Dev_Admin", "ReadOnly", "dev", "Nobody", "Dev_A"];

/// One entry.
pub(super) fn entry(random: &mut Random, material: &Material, list: List) -> Node {
    let odd = |random: &mut Random| random.below(material.calm) == 0;
    // A list may hold what belongs into the other one.
    let kind = if odd(random) { [List::Roles, List::Users][random.below(2)] } else { list };
    let mut fields = Vec::new();
    if kind == List::Roles && random.below(7) == 0 {
        fields.push((key(random, material, "sso"), permission_set(random, material)));
    } else {
        let name = if kind == List::Roles { "rolearn" } else { "userarn" };
        let who = random.below(material.arns.len());
        let arn = match random.below(material.calm * 4) {
            0 => strange(random),
            _ => Node::Text(nearly(random, material, &material.arns[who])),
        };
        let is_loose = material.naming == Naming::Any;
        if !(is_loose && random.below(3) == 0) {
            fields.push((key(random, material, name), arn));
        }
        if material.naming != Naming::Arn && !(is_loose && random.below(6) == 0) {
            let who = if odd(random) { random.below(material.ids.len()) } else { who };
            fields.push((key(random, material, "userid"), Node::Text(material.ids[who].clone())));
        }
    }
    if random.below(material.calm * 3) != 0 {
        let username = match random.below(material.calm * 2) {
            0 => strange(random),
            1 => Node::Text(random.one(&ODD_USERNAMES).to_owned()),
            _ => Node::Text(random.one(&USERNAMES).to_owned()),
        };
        fields.push((key(random, material, "username"), username));
    }
    if random.below(8) != 0 {
        let groups = if odd(random) { strange_groups(random) } else { groups(random, material) };
        fields.push((key(random, material, "groups"), groups));
    }
    if odd(random) {
        let extra =
            random.one(&["userid", "group", "arn", "rolearn", "userarn", "Username", "GROUPS", "comment", "sso"]);
        fields.push((extra.to_owned(), if random.below(2) == 0 { strange(random) } else { groups(random, material) }));
    }
    if odd(random) && !fields.is_empty() {
        let at = random.below(fields.len());
        let moved = fields.remove(at);
        fields.insert(random.below(fields.len() + 1), moved);
    }
    Node::Map(fields)
}

/// An element of `mapAccounts`.
pub(super) fn account(random: &mut Random, material: &Material) -> Node {
    match random.below(material.calm * 2) {
        0 => strange(random),
        1 => Node::Text(format!(" {}", random.one(&ACCOUNTS))),
        2 => Node::Bare("012345678901"),
        3 => Node::Bare("4444_5555_6666"),
        at if at % 2 == 0 => Node::Bare("444455556666"),
        _ => Node::Text(random.one(&ACCOUNTS).to_owned()),
    }
}

/// A key as it is written, or nearly.
fn key(random: &mut Random, material: &Material, name: &str) -> String {
    if random.below(material.calm * 2) != 0 {
        return name.to_owned();
    }
    match random.below(6) {
        0 => name.to_uppercase(),
        1 => name.replace("arn", "ARN").replace("name", "Name"),
        2 => format!("{}{}", name[..1].to_uppercase(), &name[1..]),
        3 => name[..name.len() - 1].to_owned(),
        4 => name.replace('s', "\u{17f}"),
        _ => format!("{name} "),
    }
}

fn groups(random: &mut Random, material: &Material) -> Node {
    let group = |random: &mut Random| match random.below(material.calm * 4) {
        0 => strange(random),
        1 => Node::Text(random.one(&ODD_GROUPS).to_owned()),
        _ => Node::Text(random.one(&GROUPS).to_owned()),
    };
    Node::List((0..random.below(4)).map(|_| group(random)).collect())
}

fn strange_groups(random: &mut Random) -> Node {
    match random.below(4) {
        0 => Node::Text("system:masters".to_owned()),
        1 => Node::Text("devs, ops".to_owned()),
        2 => Node::List(vec![Node::List(vec![Node::Text("devs".to_owned())]), Node::Null, strange(random)]),
        _ => strange(random),
    }
}

fn permission_set(random: &mut Random, material: &Material) -> Node {
    let mut fields = Vec::new();
    let set =
        if random.below(material.calm) == 0 { random.one(&["Dev*", "", "D.v", "a b"]) } else { random.one(&SETS) };
    fields.push((key(random, material, "permissionSetName"), Node::Text(set.to_owned())));
    let account = match random.below(material.calm * 2) {
        0 => Node::Bare("111122223333"),
        1 => Node::Text("1111-2222-3333".to_owned()),
        _ => Node::Text(random.one(&["111122223333", "111122223333", "444455556666"]).to_owned()),
    };
    fields.push((key(random, material, "accountID"), account));
    if random.below(6) == 0 {
        fields.push(("partition".to_owned(), Node::Text(random.one(&["aws", "aws-cn", "aws-moon", ""]).to_owned())));
    }
    Node::Map(fields)
}

/// What is not what is wanted.
fn strange(random: &mut Random) -> Node {
    match random.below(6) {
        0 => Node::Null,
        1 => Node::List(vec![Node::Text("x".to_owned())]),
        2 => Node::Map(vec![("a".to_owned(), Node::Text("b".to_owned()))]),
        3 => Node::List(Vec::new()),
        _ => Node::Bare(random.one(&BARE)),
    }
}

/// An ARN of somebody who asks, as it ought to be or nearly.
pub(super) fn arn(random: &mut Random, material: &Material) -> String {
    let who = random.below(material.arns.len());
    nearly(random, material, &material.arns[who])
}

/// An ARN as it is, or nearly.
fn nearly(random: &mut Random, material: &Material, arn: &str) -> String {
    let arn = arn.to_owned();
    if random.below(material.calm) != 0 {
        return if random.below(8) == 0 { respelled(random, &arn) } else { arn };
    }
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let [_, partition, service, _, account, resource] = parts[..] else { return arn };
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let name = rest.rsplit('/').next().unwrap_or_default();
    let with = |resource: String| format!("arn:{partition}:{service}::{account}:{resource}");
    match random.below(29) {
        0 => with(format!("{kind}/team/{rest}")),
        1 => with(format!("{kind}/{name}")),
        2 => with(format!("role/aws-reserved/sso.amazonaws.com/us-west-2/{name}")),
        3 => with(format!("role/aws-reserved/sso.amazonaws.com/{name}")),
        4 => format!("arn:{partition}:sts::{account}:assumed-role/{name}/build-17"),
        5 => format!("arn:{partition}:sts::{account}:assumed-role/{name}"),
        6 => format!("arn:{partition}:sts::{account}:assumed-role/ci/{name}/x"),
        7 => with(format!("instance-profile/{name}")),
        8 => with(format!("group/{name}")),
        9 => arn.replacen(partition, random.one(&["aws", "aws-cn", "aws-us-gov", "aws-moon", ""]), 1),
        10 => arn.replacen(account, random.one(&ACCOUNTS), 1),
        11 => arn.replacen(account, &account[1..], 1),
        12 => with(format!("{kind}/*")),
        13 => with(format!("{kind}/{}*", &name[..name.len() / 2])),
        14 => format!("{arn} "),
        15 => format!(" {arn}"),
        16 => format!("{arn}/"),
        17 => with(format!("{kind}//{rest}")),
        18 => format!("arn:{partition}:{service}:us-west-2:{account}:{resource}"),
        19 => arn.replacen(account, "1111-2222-3333", 1),
        20 => arn.replacen(account, "{{AccountID}}", 1),
        21 => arn.replace('k', "\u{212a}").replace('s', "\u{17f}"),
        22 => arn.trim_start_matches("arn:").to_owned(),
        23 => String::new(),
        24 => format!("arn:{partition}:sts::{account}:role/{name}"),
        25 => with(format!("{}/{rest}", if kind == "role" { "user" } else { "role" })),
        26 => format!("{arn}\n"),
        27 => with("root".to_owned()),
        _ => arn[..random.below(arn.len())].to_owned(),
    }
}

/// The same letters in another case.
fn respelled(random: &mut Random, arn: &str) -> String {
    match random.below(4) {
        0 => arn.to_uppercase(),
        1 => arn.to_lowercase(),
        2 => arn
            .rsplit_once('/')
            .map_or_else(|| arn.to_owned(), |(path, name)| format!("{path}/{}", name.to_uppercase())),
        _ => arn
            .chars()
            .map(|c| if random.below(2) == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect(),
    }
}
