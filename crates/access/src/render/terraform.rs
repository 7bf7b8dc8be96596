//! Variables of the Terraform module, which makes the IAM users.

use std::collections::BTreeMap;

use serde::Serialize;

use super::authenticator::groups;
use crate::{Desired, Kind};

#[derive(Serialize)]
pub(super) struct Variables<'a> {
    /// By name, as `users` of the module.
    users: BTreeMap<&'a str, User<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    path: &'a str,
    account: String,
    groups: Vec<&'a str>,
}

pub(super) fn variables(desired: &Desired) -> Variables<'_> {
    let users = desired.people.iter().filter(|person| person.principal.kind == Kind::User);
    let user = users.map(|person| {
        let principal = &person.principal;
        let user = User { path: &principal.path, account: principal.account.to_string(), groups: groups(person) };
        (&*principal.name, user)
    });
    Variables { users: user.collect() }
}
