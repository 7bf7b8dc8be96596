//! IAM: who is in a group, which roles IAM Identity Center made, and who is no more.
//!
//! Every list is read to its end or not at all: whoever is missing from half a list would count as taken out of it.
//! The caller sees an [`IamError`]; nothing of what IAM wrote is in it. Several questions may be under way at once: where IAM
//! asks for fewer, all of them wait with the one that was told.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html>.

mod endpoint;
mod page;

use std::{sync::Arc, time::Duration};

use hyper::body::Bytes;
use identity::Arn;
use jiff::Timestamp;
use token::Upstream;
use tokio::{sync::RwLock, time::sleep};

pub use self::endpoint::iam_endpoint;
use self::page::{Entry, Kind, Listing, Next, Page};
use crate::{
    AwsError, Client, Endpoint,
    calls::{Query, parameters},
    credentials::Credentials,
    xml,
};

/// The path of the roles that IAM Identity Center makes for permission sets.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
pub const PERMISSION_SET_PATH: &str = "/aws-reserved/sso.amazonaws.com/";

/// An IAM user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamUser {
    /// `arn:<partition>:iam::<account>:user<path><name>`.
    pub arn: Arn,
    /// `/`, or names between slashes.
    pub path: String,
    /// Unique in the account, whatever the path.
    pub user_name: String,
}

/// An IAM role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamRole {
    /// `arn:<partition>:iam::<account>:role<path><name>`.
    pub arn: Arn,
    /// `/`, or names between slashes.
    pub path: String,
    /// Unique in the account, whatever the path.
    pub role_name: String,
}

/// The reasons why IAM gave no answer. None of it says that anybody is absent.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// The policies of the credentials do not allow the call.
    #[error("these AWS credentials may not call {permission}; allow that action in their IAM policy")]
    Denied {
        /// The action to allow, as policies write it.
        permission: &'static str,
    },
    /// IAM asked for fewer requests, again and again.
    #[error("{call} was throttled {attempts} times; AWS limits how often an account may ask, so try again in a minute")]
    Throttled {
        /// The API call.
        call: &'static str,
        /// How often it was asked.
        attempts: usize,
    },
    /// No connection, no answer in time, or an error of IAM's own.
    #[error(transparent)]
    Unavailable(AwsError),
    /// IAM does not take the request: most often for credentials that are wrong or have ended.
    #[error(transparent)]
    Refused(AwsError),
    /// An answer came that is not one of IAM's.
    #[error("the answer to {call} was not one of IAM's; check HTTPS_PROXY and AWS_ENDPOINT_URL_IAM")]
    Unreadable {
        /// The API call.
        call: &'static str,
    },
    /// The answer says that there is more, and not where: half a list, which is none.
    #[error("the answer to {call} is not whole: IsTruncated without a Marker")]
    NoMarker {
        /// The API call.
        call: &'static str,
    },
    /// The list goes on beyond anything that IAM's quotas allow.
    #[error("{call} did not end after {pages} pages, which is more than any account has")]
    Endless {
        /// The API call.
        call: &'static str,
        /// How many pages were read.
        pages: usize,
    },
}

/// The API version of IAM.
const IAM_VERSION: &str = "2010-05-08";

/// How many entries a page is asked to have: IAM's own default. It may have fewer, even when there are more to come.
const MAX_ITEMS: &str = "100";

/// More pages are not read. An account has at most 5,000 users and 5,000 roles, 50 full pages
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MAX_PAGES: usize = 500;

/// The longest answer read, in bytes: a page of roles with the longest trust policies takes 3 MiB.
const MAX_BODY: usize = 4 << 20;

/// How long to wait where IAM asks for fewer requests, before the second, third and fourth attempt.
const WAITS: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(800), Duration::from_secs(2)];

const USER: Kind = Kind { arn: "user", element: "User", name: "UserName" };

const ROLE: Kind = Kind { arn: "role", element: "Role", name: "RoleName" };

const GROUP_MEMBERS: Listing = Listing { call: "iam:GetGroup", result: "GetGroupResult", list: "Users", kind: USER };

const ROLES: Listing = Listing { call: "iam:ListRoles", result: "ListRolesResult", list: "Roles", kind: ROLE };

/// A client of the IAM of one account: that of the credentials. Clones share connections and patience.
#[derive(Clone)]
pub struct IamClient {
    client: Client,
    credentials: Credentials,
    endpoint: Endpoint,
    now: fn() -> Timestamp,
    /// Every call holds it for reading; the one that waits because IAM asked for fewer holds it alone.
    pace: Arc<RwLock<()>>,
}

impl IamClient {
    /// Creates the client without asking anything. The endpoint is one of [`iam_endpoint`].
    pub fn new(client: Client, credentials: Credentials, endpoint: Endpoint, now: fn() -> Timestamp) -> Self {
        Self { client, credentials, endpoint, now, pace: Arc::default() }
    }

    /// Returns the users in a group, in IAM's order; `None` if the account has no such group, which is not an empty group.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html>.
    ///
    /// # Errors
    ///
    /// [`IamError`], also where the list does not come to its end; never for a group that does not exist.
    pub async fn group_members(&self, group_name: &str) -> Result<Option<Vec<IamUser>>, IamError> {
        let entries = self.list(&GROUP_MEMBERS, ("GroupName", group_name)).await?;
        let user = |(arn, path, user_name)| IamUser { arn, path, user_name };
        Ok(entries.map(|entries| entries.into_iter().map(user).collect()))
    }

    /// Returns the roles of every permission set that is provisioned to the account, in IAM's order.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>.
    ///
    /// # Errors
    ///
    /// [`IamError`], also where the list does not come to its end.
    pub async fn permission_set_roles(&self) -> Result<Vec<IamRole>, IamError> {
        let unreadable = || IamError::Unreadable { call: ROLES.call };
        let entries = self.list(&ROLES, ("PathPrefix", PERMISSION_SET_PATH)).await?.ok_or_else(unreadable)?;
        // Anybody who may make roles can give one the name of a permission set's, but not this path.
        if entries.iter().any(|(_, path, _)| !path.starts_with(PERMISSION_SET_PATH)) {
            return Err(unreadable());
        }
        Ok(entries.into_iter().map(|(arn, path, role_name)| IamRole { arn, path, role_name }).collect())
    }

    /// Returns the user of this name, whatever its path; `None` if the account has no such user.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>.
    ///
    /// # Errors
    ///
    /// [`IamError`]; never for a user who does not exist.
    pub async fn user(&self, name: &str) -> Result<Option<IamUser>, IamError> {
        let found = self.one("iam:GetUser", USER, name).await?;
        Ok(found.map(|(arn, path, user_name)| IamUser { arn, path, user_name }))
    }

    /// Returns the role of this name, whatever its path; `None` if the account has no such role.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>.
    ///
    /// # Errors
    ///
    /// [`IamError`]; never for a role that does not exist.
    pub async fn role(&self, name: &str) -> Result<Option<IamRole>, IamError> {
        let found = self.one("iam:GetRole", ROLE, name).await?;
        Ok(found.map(|(arn, path, role_name)| IamRole { arn, path, role_name }))
    }

    async fn one(&self, call: &'static str, kind: Kind, asked: &str) -> Result<Option<Entry>, IamError> {
        let Some(body) = self.ask(call, &[(kind.name, asked)]).await? else { return Ok(None) };
        let found = xml::children(&body, kind.element).unwrap_or_default();
        let entry = found.first().and_then(|fields| page::entry(fields, kind));
        // Names that differ in case only are one name to IAM.
        let entry = entry.filter(|(_, _, name)| name.eq_ignore_ascii_case(asked));
        entry.map(Some).ok_or(IamError::Unreadable { call })
    }

    /// All pages of a list; `None` if IAM does not know what was asked about.
    async fn list(&self, listing: &Listing, asked: (&str, &str)) -> Result<Option<Vec<Entry>>, IamError> {
        let call = listing.call;
        let (mut entries, mut marker) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let from = marker.as_deref().map(|marker| ("Marker", marker));
            let form: Vec<_> = [asked, ("MaxItems", MAX_ITEMS)].into_iter().chain(from).collect();
            let Some(body) = self.ask(call, &form).await? else { return Ok(None) };
            let page = Page::read(&body, listing).ok_or(IamError::Unreadable { call })?;
            entries.extend(page.entries);
            match page.next {
                Next::Nothing => return Ok(Some(entries)),
                Next::Unsaid => return Err(IamError::NoMarker { call }),
                Next::At(next) => marker = Some(next),
            }
        }
        Err(IamError::Endless { call, pages: MAX_PAGES })
    }

    /// One call, made again after a while where IAM asks for fewer. None is IAM's own answer that there is no such thing.
    async fn ask(&self, call: &'static str, asked: &[(&str, &str)]) -> Result<Option<Bytes>, IamError> {
        let shared = self.pace.read().await;
        let mut answer = self.once(call, asked).await;
        drop(shared);
        if is_throttled(&answer) {
            // Those that come after wait for this one, and go on at the pace that IAM takes.
            let _alone = self.pace.write().await;
            for wait in WAITS {
                sleep(wait).await;
                answer = self.once(call, asked).await;
                if !is_throttled(&answer) {
                    break;
                }
            }
        }
        match answer {
            Ok(body) => Ok(Some(body)),
            Err(AwsError::Refused { code, .. }) if code == "NoSuchEntity" => Ok(None),
            Err(error) => Err(IamError::of(call, error)),
        }
    }

    async fn once(&self, call: &'static str, asked: &[(&str, &str)]) -> Result<Bytes, AwsError> {
        let mut form = parameters(call.trim_start_matches("iam:"), IAM_VERSION);
        form.extend(asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let (credentials, endpoint) = (&self.credentials, &self.endpoint);
        let (headers, at, max_body) = (&[], (self.now)(), MAX_BODY);
        let credentials = Some(credentials);
        let query = Query { call, credentials, endpoint, service: "iam", form: &form, headers, at, max_body };
        self.client.query(&query).await
    }
}

fn is_throttled(answer: &Result<Bytes, AwsError>) -> bool {
    matches!(answer, Err(AwsError::Upstream { trouble: Upstream::Throttled, .. }))
}

impl IamError {
    /// What an error of one call means, but for `NoSuchEntity`.
    fn of(call: &'static str, error: AwsError) -> Self {
        match &error {
            AwsError::Upstream { trouble: Upstream::Throttled, .. } => {
                Self::Throttled { call, attempts: WAITS.len() + 1 }
            }
            AwsError::Upstream {
                trouble: Upstream::Unreadable | Upstream::TooLarge | Upstream::Redirect | Upstream::UnexpectedStatus(_),
                ..
            } => Self::Unreadable { call },
            AwsError::Refused { code, .. } if code == "AccessDenied" => Self::Denied { permission: call },
            AwsError::Refused { .. } => Self::Refused(error),
            _ => Self::Unavailable(error),
        }
    }
}
