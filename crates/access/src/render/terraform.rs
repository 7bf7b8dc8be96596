//! Variables of the Terraform module, which makes the IAM users.

use serde::Serialize;

use super::authenticator::groups;
use crate::{Desired, Kind};

#[derive(Serialize)]
pub(super) struct Variables<'a> {
    users: Vec<User<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    path: &'a str,
    account: String,
    groups: Vec<&'a str>,
}

pub(super) fn variables(desired: &Desired) -> Variables<'_> {
    let users = desired.people.iter().filter(|person| person.principal.kind == Kind::User);
    let user = users.map(|person| {
        let principal = &person.principal;
        let (name, path, account) = (&*principal.name, &*principal.path, principal.account.to_string());
        User { name, path, account, groups: groups(person) }
    });
    Variables { users: user.collect() }
}
