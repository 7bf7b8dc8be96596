//! One line for each decision, with everything that an administrator asks about later.
//!
//! Messages and the fields `arn`, `username`, `uid`, `groups`, `stsendpoint`, `client`, `path`, `method` are
//! aws-iam-authenticator's. Never in it: the token, a signature, or text of a refused token. Accounts that are scrubbed
//! leave neither ARN nor session behind.

use std::{net::SocketAddr, time::Duration};

use token::Confirmed;

use crate::Outcome;

/// The request that was decided.
pub(crate) struct Context {
    pub(crate) request: u64,
    pub(crate) client: SocketAddr,
    pub(crate) took: Duration,
}

/// What the line says of the caller, if that may be said.
struct Caller {
    arn: String,
    canonical_arn: String,
    session_name: Option<String>,
    principal_id: String,
    access_key_id: String,
    endpoint: String,
}

impl Caller {
    fn of(confirmed: &Confirmed, scrubbed: bool) -> Option<Self> {
        let identity = confirmed.identity();
        (!scrubbed).then(|| Self {
            arn: identity.arn(),
            canonical_arn: identity.canonical_arn(),
            session_name: identity.session_name().map(str::to_owned),
            principal_id: identity.unique_id.clone(),
            access_key_id: confirmed.access_key_id().to_owned(),
            endpoint: confirmed.host().as_str().to_owned(),
        })
    }
}

/// Writes the line.
pub(crate) fn write(outcome: &Outcome, context: &Context) {
    let Context { request, client, took } = context;
    let (client, seconds, code) = (client.to_string(), took.as_secs_f64(), outcome.code());
    let (path, method) = ("/authenticate", "POST");
    match outcome {
        Outcome::Granted(granted) => {
            let user = &granted.user;
            let caller = Caller::of(&granted.confirmed, user.scrubbed);
            let caller = caller.as_ref();
            tracing::info!(
                request,
                client,
                path,
                method,
                code,
                seconds,
                username = user.username,
                uid = user.uid,
                groups = user.groups.join(","),
                rule = %user.source,
                arn = caller.map(|caller| caller.canonical_arn.as_str()),
                caller = caller.map(|caller| caller.arn.as_str()),
                session = caller.and_then(|caller| caller.session_name.as_deref()),
                principalid = caller.map(|caller| caller.principal_id.as_str()),
                accesskeyid = caller.map(|caller| caller.access_key_id.as_str()),
                stsendpoint = caller.map(|caller| caller.endpoint.as_str()),
                "access granted"
            );
        }
        Outcome::RefusedCaller { confirmed, refusal, nearest, scrubbed } => {
            let caller = Caller::of(confirmed, *scrubbed);
            let caller = caller.as_ref();
            let nearest = nearest.as_ref().filter(|_| !scrubbed).map(ToString::to_string);
            tracing::warn!(
                request,
                client,
                path,
                method,
                code,
                seconds,
                error = %refusal,
                nearest,
                arn = caller.map(|caller| caller.canonical_arn.as_str()),
                caller = caller.map(|caller| caller.arn.as_str()),
                session = caller.and_then(|caller| caller.session_name.as_deref()),
                principalid = caller.map(|caller| caller.principal_id.as_str()),
                accesskeyid = caller.map(|caller| caller.access_key_id.as_str()),
                stsendpoint = caller.map(|caller| caller.endpoint.as_str()),
                "access denied"
            );
        }
        Outcome::RefusedToken(refusal) => {
            tracing::warn!(request, client, path, method, code, seconds, error = %refusal, "access denied");
        }
        Outcome::Trouble(trouble) => {
            let error = trouble.meaning();
            tracing::error!(request, client, path, method, code, seconds, error, "no answer for now");
        }
    }
}
