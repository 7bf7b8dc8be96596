//! GetGroup, ListRoles, GetUser and GetRole, of the caller's own account. Unknown parameters are refused rather than ignored.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>.

use identity::Arn;

use crate::{
    answer::{AwsError, Field, Fields, Success},
    directory::{Directory, Key, unique_id},
    parameters::Parameters,
};

/// What is answered, and can be denied.
pub(crate) const ACTIONS: [&str; 4] = ["GetGroup", "GetRole", "GetUser", "ListRoles"];

/// `MaxItems` where none is given, and the most.
const DEFAULT_ITEMS: usize = 100;
const MOST_ITEMS: usize = 1_000;

/// When everything here was made.
const CREATED: &str = "2020-01-01T00:00:00Z";

/// Carries out one of [`ACTIONS`].
pub(super) fn perform(
    action: &'static str,
    directory: &Directory,
    parameters: &Parameters,
    caller: &Key,
) -> Result<Success, AwsError> {
    let result = match action {
        "GetGroup" => {
            let name = asked(parameters, caller, action, "GroupName", &["Marker", "MaxItems"])?;
            group(directory, parameters, caller, name)
        }
        "ListRoles" => {
            allowed(caller, action, "*")?;
            only(parameters, &["PathPrefix", "Marker", "MaxItems"])?;
            roles(directory, parameters, caller)
        }
        "GetUser" => {
            let name = asked(parameters, caller, action, "UserName", &[])?;
            let user = directory.users.get(name).filter(|arn| arn.account == caller.arn.account);
            user.map(|arn| vec![("User", Field::Group(described(arn, USER)))]).ok_or_else(|| absent("user", name))
        }
        _ => {
            let name = asked(parameters, caller, action, "RoleName", &[])?;
            let mut roles = directory.roles.iter().filter(|role| role.arn.account == caller.arn.account);
            let role = roles.find(|role| role.name == name).ok_or_else(|| absent("role", name))?;
            Ok(vec![("Role", Field::Group(described(&role.arn, ROLE)))])
        }
    }?;
    Ok(Success { action, result })
}

/// How a user, role or group is written: its names for name and id, and what its ids start with.
type Kind = (&'static str, &'static str, &'static str);
const USER: Kind = ("UserName", "UserId", "AIDA");
const ROLE: Kind = ("RoleName", "RoleId", "AROA");
const GROUP: Kind = ("GroupName", "GroupId", "AGPA");

fn group(directory: &Directory, parameters: &Parameters, caller: &Key, name: &str) -> Result<Fields, AwsError> {
    let group = directory.groups.get(name).filter(|group| group.arn.account == caller.arn.account);
    let group = group.ok_or_else(|| absent("group", name))?;
    let users: Vec<_> = group.users.iter().filter_map(|name| directory.users.get(name)).collect();
    let (page, more) = page(&users, parameters)?;
    let users = page.iter().map(|arn| described(arn, USER)).collect();
    let about = [("Group", Field::Group(described(&group.arn, GROUP))), ("Users", Field::List(users))];
    Ok(about.into_iter().chain(more).collect())
}

fn roles(directory: &Directory, parameters: &Parameters, caller: &Key) -> Result<Fields, AwsError> {
    let prefix = format!("role{}", parameters.get("PathPrefix").unwrap_or("/"));
    let listed = |arn: &&Arn| arn.account == caller.arn.account && arn.resource.starts_with(&prefix);
    let roles: Vec<_> = directory.roles.iter().map(|role| &role.arn).filter(listed).collect();
    let (page, more) = page(&roles, parameters)?;
    let roles = page.iter().map(|arn| described(arn, ROLE)).collect();
    Ok([("Roles", Field::List(roles))].into_iter().chain(more).collect())
}

/// A part of a list, and what is said about the rest of it. The marker is where the next page begins.
fn page<'a>(all: &'a [&'a Arn], parameters: &Parameters) -> Result<(&'a [&'a Arn], Fields), AwsError> {
    let items = match parameters.get("MaxItems").map(str::parse) {
        None => DEFAULT_ITEMS,
        Some(Ok(items @ 1..=MOST_ITEMS)) => items,
        Some(_) => return Err(invalid("MaxItems must be a number from 1 to 1000")),
    };
    let start = match parameters.get("Marker").map(|marker| marker.strip_prefix("from-").map(str::parse)) {
        None => 0,
        Some(Some(Ok(start))) if start < all.len() => start,
        Some(_) => return Err(invalid("Invalid Marker")),
    };
    let end = all.len().min(start + items);
    let text = |text: &str| Field::Text(text.to_owned());
    let more = if end < all.len() {
        vec![("IsTruncated", text("true")), ("Marker", Field::Text(format!("from-{end}")))]
    } else {
        vec![("IsTruncated", text("false"))]
    };
    Ok((&all[start..end], more))
}

fn described(arn: &Arn, (name_field, id_field, id_prefix): Kind) -> Fields {
    let (path, name) = arn.resource.rsplit_once('/').unwrap_or(("", &arn.resource));
    let path = path.split_once('/').map_or_else(|| "/".to_owned(), |(_, path)| format!("/{path}/"));
    vec![
        ("Path", Field::Text(path)),
        (name_field, Field::Text(name.to_owned())),
        (id_field, Field::Text(unique_id(id_prefix, arn))),
        ("Arn", Field::Text(arn.to_string())),
        ("CreateDate", Field::Text(CREATED.to_owned())),
    ]
}

/// The name that is asked about, once the caller may ask.
fn asked<'a>(
    parameters: &'a Parameters,
    caller: &Key,
    action: &str,
    parameter: &str,
    others: &[&str],
) -> Result<&'a str, AwsError> {
    let name = parameters.get(parameter).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid(format!("{parameter} must be given")))?;
    allowed(caller, action, name)?;
    only(parameters, &[others, &[parameter]].concat())?;
    Ok(name)
}

fn allowed(caller: &Key, action: &str, resource: &str) -> Result<(), AwsError> {
    let action = format!("iam:{action}");
    if !caller.denied.contains(&action) {
        return Ok(());
    }
    let message = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action",
        caller.arn
    );
    Err(AwsError::new(403, "AccessDenied", message))
}

fn only(parameters: &Parameters, known: &[&str]) -> Result<(), AwsError> {
    let unknown = parameters
        .iter()
        .map(|(name, _)| name)
        .find(|name| !known.contains(name) && !matches!(*name, "Action" | "Version") && !name.starts_with("X-Amz-"));
    unknown.map_or(Ok(()), |name| Err(invalid(format!("The parameter {name} is not recognized"))))
}

fn absent(what: &str, name: &str) -> AwsError {
    AwsError::new(404, "NoSuchEntity", format!("The {what} with name {name} cannot be found."))
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "ValidationError", message)
}
