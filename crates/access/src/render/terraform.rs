//! Variables of the Terraform module, which makes the IAM users: its `users`, by their ARNs, which say name, path, account and
//! partition.

use serde::Serialize;

use crate::{Desired, Kind, entries::groups};

#[derive(Serialize)]
pub(super) struct Variables<'a> {
    users: Vec<User<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    arn: String,
    groups: Vec<&'a str>,
}

pub(super) fn variables(desired: &Desired) -> Variables<'_> {
    let users = desired.people.iter().filter(|person| person.principal.kind == Kind::User);
    let user =
        users.filter_map(|person| Some(User { arn: person.principal.arn()?.to_string(), groups: groups(person) }));
    Variables { users: user.collect() }
}
