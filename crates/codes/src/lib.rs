//! Stable codes and what is known about each: one type for all catalogues, and one way to declare them.
//!
//! ```text
//!   codes! { pub enum Refusal { Expired { code: "token.expired", summary: …, meaning: …, fix: … } … } }
//!      │
//!      └─► Refusal::Expired ─► explain() ─► Code        in logs, in `explain`, and in the pages that are written from code
//! ```
//!
//! Nothing here knows what the codes are about; each is declared where it is found. [`Server`] alone is declared here: two crates
//! that do not know each other speak of it.

mod server;

use std::fmt;

pub use server::Server;

/// A code, and everything that people are told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// The stable name in logs, metrics, files and documentation: `token.expired`. Never renamed, never reused.
    pub code: &'static str,
    /// What is wrong: one plain sentence that fits in a log line.
    pub summary: &'static str,
    /// What that means, for somebody who has never read the protocol; empty where the summary says it all.
    pub meaning: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// The HTTP status with which the server answers an API server; none of what no server says.
    pub status: Option<u16>,
    /// Whether it passes by itself, within moments and without anybody changing anything.
    pub passes: bool,
}

impl Code {
    /// Returns whether the code is a denial by a server; its others say that there is no answer. API servers remember neither: of all
    /// that a webhook says they keep what came with status 200 and without `status.error`. A denial comes so where [it
    /// may](Self::may_be_remembered) and the server is told to answer so.
    ///
    /// Source: Kubernetes 1.37, `apiserver/pkg/authentication/token/cache` (`cacheErrs` is false for webhooks).
    pub fn is_denial(&self) -> bool {
        self.status == Some(403)
    }

    /// Returns whether an API server may remember it for a while: it is a "no" that the same token gets whenever it is shown,
    /// until somebody changes something.
    pub fn may_be_remembered(&self) -> bool {
        self.is_denial() && !self.passes
    }

    /// Returns the status of what a server says.
    ///
    /// # Panics
    ///
    /// No server says it: its catalogue was declared without a status.
    pub const fn answered_with(&self) -> u16 {
        self.status.expect("what a server says has a status")
    }

    /// Returns what the person at kubectl sees, who is never told why.
    pub const fn seen_by_the_caller(&self) -> &'static str {
        "error: You must be logged in to the server (Unauthorized)"
    }

    /// Returns the message of the line in the server's log, which has the code beside it.
    pub fn message(&self) -> &'static str {
        if self.is_denial() { "access denied" } else { "no answer for now" }
    }
}

impl Code {
    /// Creates a code that no server answers with, and whose summary needs no further explanation.
    pub const fn new(code: &'static str, summary: &'static str, fix: &'static str) -> Self {
        Self { code, summary, meaning: "", fix, status: None, passes: false }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.meaning, self.fix)
    }
}

/// Declares an enum together with what is known about each variant, so that neither can be without the other.
///
/// `status` is what a server answers; a variant may have another one of its own, and say of itself that it `passes`.
#[macro_export]
macro_rules! codes {
    (
        status: $status:expr;
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$note:meta])* $variant:ident $(($field:ty))? {
                code: $code:literal,
                summary: $summary:literal,
                $(meaning: $meaning:literal,)?
                fix: $fix:literal,
                $(status: $own:literal,)?
                $(passes: $passes:literal,)?
            })+
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $(#[doc = concat!("`", $code, "`: ", $summary, ".")] $(#[$note])* $variant $(($field))?,)+
        }

        impl $name {
            /// What is known about all variants, in the order in which they are declared.
            pub const CATALOGUE: &'static [$crate::Code] = &[
                $($crate::code!($status; $code, $summary, [$($meaning)?], $fix, [$($own)?], [$($passes)?]),)+
            ];

            /// Returns what this means and what to do about it.
            pub const fn explain(self) -> &'static $crate::Code {
                match self {
                    $(Self::$variant { .. } => &const {
                        $crate::code!($status; $code, $summary, [$($meaning)?], $fix, [$($own)?], [$($passes)?])
                    },)+
                }
            }

            /// Returns the stable name in logs, metrics and documentation.
            pub const fn code(self) -> &'static str {
                self.explain().code
            }
        }
    };
}

/// The same where no variant holds anything, and the enum is a list of its own.
#[macro_export]
macro_rules! listed_codes {
    (
        status: $status:expr;
        $(#[$attribute:meta])*
        pub enum $name:ident { $($variant:ident { $($what:tt)* })+ }
    ) => {
        $crate::codes! {
            status: $status;
            $(#[$attribute])*
            pub enum $name { $($variant { $($what)* })+ }
        }

        impl $name {
            /// All of them, in the order in which they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
        }
    };
}

/// A variant's code, with its own status or that of all.
#[doc(hidden)]
#[macro_export]
macro_rules! code {
    ($all:expr; $code:literal, $summary:literal, [$($meaning:literal)?], $fix:literal, [], [$($passes:literal)?]) => {
        $crate::Code {
            code: $code,
            summary: $summary,
            meaning: concat!($($meaning)?),
            fix: $fix,
            status: $all,
            passes: false $(|| $passes)?,
        }
    };
    ($all:expr; $code:literal, $summary:literal, [$($meaning:literal)?], $fix:literal, [$own:literal], $passes:tt) => {
        $crate::code!(Some($own); $code, $summary, [$($meaning)?], $fix, [], $passes)
    };
}
