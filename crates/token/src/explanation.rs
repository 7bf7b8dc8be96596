//! What every code means and what to do about it, in one shape for logs, `verify` and the documentation.

use std::fmt;

/// One entry of the catalogue of refusals and troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The stable name in logs, metrics and documentation: `token.expired`.
    pub code: &'static str,
    /// One plain sentence, without a full stop, that fits in a log line.
    pub summary: &'static str,
    /// What happened, for somebody who has never read the protocol.
    pub meaning: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.meaning, self.fix)
    }
}

/// Declares an enum together with the explanation of each variant, so that neither can be without the other.
macro_rules! explained {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$note:meta])* $variant:ident $(($field:ty))? {
                code: $code:literal,
                summary: $summary:literal,
                meaning: $meaning:literal,
                fix: $fix:literal,
            })+
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $(#[doc = concat!("`", $code, "`: ", $summary, ".")] $(#[$note])* $variant $(($field))?,)+
        }

        impl $name {
            /// The explanations of all variants, in the order in which they are declared.
            pub const CATALOGUE: &'static [$crate::Explanation] = &[
                $($crate::Explanation { code: $code, summary: $summary, meaning: $meaning, fix: $fix },)+
            ];

            /// What this means and what to do about it.
            pub fn explain(self) -> &'static $crate::Explanation {
                match self {
                    $(Self::$variant { .. } => &const {
                        $crate::Explanation { code: $code, summary: $summary, meaning: $meaning, fix: $fix }
                    },)+
                }
            }

            /// The stable name in logs, metrics and documentation.
            pub fn code(self) -> &'static str {
                self.explain().code
            }
        }
    };
}

pub(crate) use explained;
