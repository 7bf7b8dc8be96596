//! From flags to an entry, by aws-iam-authenticator's rules and in its words.

use std::collections::BTreeMap;

use access::merge::add::{Addition, Whom};
use clap::Args;
use identity::Partition;

/// Flags of `add user`.
#[derive(Args, Debug)]
pub(super) struct UserArgs {
    /// ARN of the user
    #[arg(long, value_name = "ARN", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    userarn: String,

    #[command(flatten)]
    whom: WhomArgs,
}

/// Flags of `add role`.
#[derive(Args, Debug)]
pub(super) struct RoleArgs {
    /// ARN of the role
    #[arg(long, value_name = "ARN", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    rolearn: String,

    /// Permission set to add in place of a role: permissionSetName=NAME,accountID=ID[,partition=PARTITION]
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = key_and_value)]
    sso: Vec<(String, String)>,

    #[command(flatten)]
    whom: WhomArgs,
}

/// Who they are in the cluster.
#[derive(Args, Debug)]
struct WhomArgs {
    /// Username in the cluster, or a template for it, such as deploy:{{SessionName}}
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    username: String,

    /// Groups in the cluster, separated by commas; repeatable
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = group, allow_hyphen_values = true)]
    groups: Vec<String>,
}

/// The keys of `--sso`.
const SSO_KEYS: [&str; 3] = ["permissionSetName", "accountID", "partition"];

impl UserArgs {
    /// The entry, and what adding it is called; or why there is none.
    pub(super) fn entry(&self) -> Result<(Addition, String), String> {
        let Self { userarn, whom } = self;
        if userarn.is_empty() || whom.is_empty() {
            let WhomArgs { username, groups } = whom;
            return Err(format!(
                "invalid empty value in userARN {userarn:?}, username {username:?}, groups {}",
                listed(groups)
            ));
        }
        Ok(whom.entry(Whom::User(userarn.clone()), &format!("userarn {userarn}")))
    }
}

impl RoleArgs {
    /// The entry, and what adding it is called; or why there is none.
    pub(super) fn entry(&self) -> Result<(Addition, String), String> {
        let Self { rolearn, sso, whom } = self;
        if (rolearn.is_empty() && sso.is_empty()) || whom.is_empty() {
            let WhomArgs { username, groups } = whom;
            return Err(format!(
                "invalid empty value in rolearn {rolearn:?}, username {username:?}, groups {}",
                listed(groups)
            ));
        }
        if sso.is_empty() {
            return Ok(whom.entry(Whom::Role(rolearn.clone()), &format!("rolearn {rolearn}")));
        }
        if !rolearn.is_empty() {
            return Err("only one of --rolearn or --sso can be supplied".to_owned());
        }
        let who = permission_set(&sso.iter().cloned().collect())?;
        let Whom::PermissionSet { name, account, .. } = &who else { unreachable!("one was made") };
        let what = format!("sso {name} in account {account}");
        Ok(whom.entry(who, &what))
    }
}

impl WhomArgs {
    fn is_empty(&self) -> bool {
        self.username.is_empty() || self.groups.is_empty() || self.groups.iter().any(String::is_empty)
    }

    fn entry(&self, who: Whom, what: &str) -> (Addition, String) {
        let Self { username, groups } = self;
        let action = format!("add {what}, username {username}, groups [{}]", groups.join(" "));
        (Addition { who, username: username.clone(), groups: groups.clone() }, action)
    }
}

/// What `--sso` names (`Validate` of `pkg/config/mapper.go`).
fn permission_set(given: &BTreeMap<String, String>) -> Result<Whom, String> {
    let value =
        |key: &str| given.get(key).cloned().ok_or_else(|| format!("required key '{key}' missing from --sso flag"));
    if let Some(key) = given.keys().find(|key| !SSO_KEYS.contains(&key.as_str())) {
        return Err(format!("error validating --sso: there is no key '{key}', but {}", SSO_KEYS.join(", ")));
    }
    let (name, account) = (value("permissionSetName")?, value("accountID")?);
    let account = account
        .parse()
        .map_err(|_| format!("error validating --sso: AccountID '{account}' is not a valid AWS Account ID"))?;
    let is_name = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte));
    if !is_name {
        return Err(format!(
            "error validating --sso: PermissionSetName '{name}' is not a valid AWS SSO PermissionSet Name"
        ));
    }
    let partition = match given.get("partition") {
        None => Partition::Aws,
        Some(partition) => partition
            .parse()
            .map_err(|_| format!("error validating --sso: partition '{partition}' is not a valid AWS partition"))?,
    };
    Ok(Whom::PermissionSet { name, account, partition })
}

/// As Go's `%q` writes a list of texts.
fn listed(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" "))
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text} must be formatted as key=value"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A group. aws-iam-authenticator reads quotes as those of a table's cells, in which a comma may stand.
fn group(text: &str) -> Result<String, String> {
    if text.contains('"') {
        return Err(
            "a group with a quotation mark cannot be added by this command; write it into aws-auth by hand".to_owned()
        );
    }
    Ok(text.to_owned())
}
