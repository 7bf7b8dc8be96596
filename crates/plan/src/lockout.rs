//! Whether somebody is left who can change access.

use std::collections::HashMap;

use inventory::Login;
use rbac::{Index, Request, ResourceRequest, User};

use super::{Refusal, people::People};

/// What whoever changes access must be able to do: it is the right that undoes every other mistake.
const CHANGE_ACCESS: Request<'static> = Request::Resource(ResourceRequest {
    verb: "patch",
    api_group: "rbac.authorization.k8s.io",
    resource: "clusterrolebindings",
    subresource: "",
    name: "",
    namespace: "",
});

/// How many of those who lose it are named.
const NAMED: usize = 5;

pub(super) fn refusals(people: &People, caller: Option<&User>, before: &Index, after: &Index) -> Vec<Refusal> {
    let can = |index: &Index, user: &User| index.authorize(user, &CHANGE_ACCESS).is_some();
    let mut refusals = Vec::new();
    if let Some(caller) = caller {
        // Whoever logs in by AWS becomes whom the new mapping says; everybody else stays who they are.
        let mut mapped =
            people.logins.iter().filter_map(|(_, [before, after])| Some((before.as_ref()?, after.as_ref())));
        let own = mapped.find_map(|(before, after)| Some((session_of(before, caller)?, after)));
        let then = match own {
            None => Some(caller.clone()),
            Some((_, None)) => None,
            Some((session, Some(login))) => {
                Some(User::authenticated(caller.name.clone(), login.of_session(&session).groups))
            }
        };
        if can(before, caller) && !then.is_some_and(|then| can(after, &then)) {
            refusals.push(Refusal::LosesCaller { username: caller.name.as_str().into() });
        }
    }
    let mut known: HashMap<(bool, User), bool> = HashMap::new();
    let mut admins = |at: usize, index: &Index| -> Vec<Box<str>> {
        let admin = people.logins.iter().filter(|(_, logins)| {
            let Some(login) = &logins[at] else { return false };
            let user = User::authenticated(login.username.clone(), login.groups.iter().cloned());
            *known.entry((at == 1, user)).or_insert_with_key(|(_, user)| can(index, user))
        });
        admin.map(|(who, _)| who.to_string().into()).collect()
    };
    let (now, then) = (admins(0, before), admins(1, after));
    if !now.is_empty() && then.is_empty() {
        let more = now.len().saturating_sub(NAMED);
        let mut people: Vec<Box<str>> = now.into_iter().take(NAMED).collect();
        if more > 0 {
            people.push(format!("{more} more").into());
        }
        refusals.push(Refusal::LosesLastAdmin { people });
    }
    refusals
}

/// Which session of a login a user is; `None` if they are somebody else. Somebody with a certificate may happen to have the
/// same name; the groups tell them apart.
fn session_of(login: &Login, user: &User) -> Option<String> {
    let session = login.session_of(&user.name, &user.groups)?;
    (login.groups.len() + 1 >= user.groups.len()).then_some(session)
}
