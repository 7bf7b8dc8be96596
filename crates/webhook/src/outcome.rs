//! What comes of a review: its code, and the HTTP status that an API server is answered with.

use codes::{Code, Server};
use mapping::{BackendMode, User};
use token::{Confirmed, Upstream};

/// The outcome of a review.
pub enum Outcome {
    /// May log in.
    Granted(Box<Granted>),
    /// A definite "no" about the token, by us or by STS.
    RefusedToken(token::Refusal),
    /// A definite "no" about a caller whom STS confirmed.
    RefusedCaller {
        /// Who it is.
        confirmed: Box<Confirmed>,
        /// Why not.
        refusal: mapping::Refusal,
        /// The rule that nearly fits, where nobody was mapped.
        nearest: Option<Box<mapping::Nearest>>,
        /// Whether the account's details are to be kept out of logs.
        scrubbed: bool,
    },
    /// No answer now.
    Trouble(Trouble),
}

/// Somebody who may log in.
pub struct Granted {
    /// Who it is to AWS.
    pub confirmed: Confirmed,
    /// Who it is to Kubernetes.
    pub user: User,
}

/// A reason why there is no answer now. The API server is told to try again, or that we are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// STS gave no answer that says yes or no.
    Sts(Upstream),
    /// STS fails again and again, and is left alone for a moment.
    CircuitOpen,
    /// EC2 could not be asked for a machine's name.
    Ec2,
    /// The authenticator whose answers are passed on gave none.
    Predecessor,
    /// Too many reviews at once.
    Overloaded,
    /// No mapping has been loaded yet.
    NotLoaded,
    /// No source that was read maps the caller, and this one was not read yet.
    NotRead(BackendMode),
}

impl Trouble {
    /// Returns the stable code.
    pub fn code(self) -> &'static str {
        self.explain().code
    }

    fn explain(self) -> &'static Code {
        match self {
            Self::Sts(upstream) => upstream.explain(),
            Self::CircuitOpen => Server::CircuitOpen.explain(),
            Self::Ec2 => Server::Ec2.explain(),
            Self::Predecessor => Server::Predecessor.explain(),
            Self::Overloaded => Server::Overloaded.explain(),
            Self::NotLoaded => Server::NotLoaded.explain(),
            Self::NotRead(_) => Server::NotRead.explain(),
        }
    }

    /// Returns the reason in one sentence.
    pub fn meaning(self) -> String {
        match self {
            Self::Sts(upstream) => upstream.to_string(),
            Self::CircuitOpen => {
                "circuit breaker open: STS failed several times in a row, and is not asked for a moment".to_owned()
            }
            Self::Ec2 => "EC2 could not be asked for the instance's private DNS name".to_owned(),
            Self::Predecessor => "the other authenticator (--shadow-of) gave no answer".to_owned(),
            Self::Overloaded => "too many reviews at once".to_owned(),
            Self::NotLoaded => "no mapping has been loaded yet".to_owned(),
            Self::NotRead(mode) => {
                format!("the mappings of {mode} have not been read yet, and the caller may be among them")
            }
        }
    }

    /// Returns the HTTP status. API servers try again after 429 and 502, not after 503, and remember none of them.
    pub fn status(self) -> u16 {
        self.explain().answered_with()
    }
}

impl Outcome {
    /// Returns the stable code: of the refusal, of the trouble, or `granted`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Granted(_) => "granted",
            Self::RefusedToken(refusal) => refusal.code(),
            Self::RefusedCaller { refusal, .. } => refusal.code(),
            Self::Trouble(trouble) => trouble.code(),
        }
    }

    /// Returns the HTTP status of the answer, where denials have their own.
    pub fn status(&self) -> u16 {
        match self {
            Self::Granted(_) => 200,
            Self::RefusedToken(refusal) => refusal.explain().answered_with(),
            Self::RefusedCaller { refusal, .. } => refusal.explain().answered_with(),
            Self::Trouble(trouble) => trouble.status(),
        }
    }

    /// Returns whether it is a denial that an API server may remember for a while.
    pub fn is_lasting_denial(&self) -> bool {
        match self {
            Self::RefusedToken(refusal) => refusal.explain().may_be_remembered(),
            Self::RefusedCaller { refusal, .. } => refusal.explain().may_be_remembered(),
            Self::Granted(_) | Self::Trouble(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use codes::{Code, Server};

    #[test]
    fn denials_last_but_for_what_passes_by_itself() {
        let codes = || token::catalogue().chain(mapping::catalogue()).chain(Server::CATALOGUE);
        let of =
            |is_one: fn(&Code) -> bool| codes().filter(|code| is_one(code)).map(|code| code.code).collect::<Vec<_>>();
        // EC2 gives a machine its name while it starts.
        assert_eq!(of(|code| code.is_denial() && !code.may_be_remembered()), ["mapping.no-private-dns-name"]);
        // What is not a denial is never remembered; so is none of these.
        assert_eq!(of(|code| !code.is_denial() && code.may_be_remembered()), [""; 0]);
        let lasting = of(Code::may_be_remembered);
        assert_eq!(lasting.len(), token::Refusal::CATALOGUE.len() + mapping::Refusal::CATALOGUE.len() - 1);
    }
}
