//! Why a request is not taken as anybody's, in the words of either service.

use crate::{answer::AwsError, endpoint::Service};

/// What is wrong with a signature or with the key that it was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// There is no signature.
    Missing,
    /// A part of it is missing or cannot be read; the message says which.
    Incomplete(String),
    /// Nobody holds this access key, or not with this session token.
    UnknownKey,
    /// The session of this access key is over.
    ExpiredKey,
    /// Too old or too new; the message says by how much.
    Skewed(String),
    /// Made for another service, Region or day; the message says which.
    Scope(String),
    /// A header that has to be signed is not.
    Unsigned(String),
    /// It is another signature than the request's.
    Mismatch,
}

impl Unverified {
    /// What the service says.
    pub(crate) fn error(self, service: Service) -> AwsError {
        match service {
            // IAM answers as STS does, by the same pages on common errors.
            Service::Sts | Service::Iam => self.sts(),
            Service::Ec2 => self.ec2(),
            Service::Eks => self.eks(),
        }
    }

    /// Observed: all but the two marked. UNCONFIRMED are the status of `IncompleteSignature`, where AWS's pages disagree,
    /// and what STS says to unsigned headers; the words for that are those of S3.
    fn sts(self) -> AwsError {
        match self {
            Self::Missing => {
                AwsError::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
            }
            Self::Incomplete(message) => AwsError::new(400, "IncompleteSignature", message),
            Self::UnknownKey => {
                AwsError::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            Self::ExpiredKey => {
                AwsError::new(403, "ExpiredToken", "The security token included in the request is expired")
            }
            Self::Skewed(message) | Self::Scope(message) => AwsError::new(403, "SignatureDoesNotMatch", message),
            Self::Unsigned(name) => {
                let message = "There were headers present in the request which were not signed";
                AwsError::new(403, "AccessDenied", format!("{message}: {name}"))
            }
            Self::Mismatch => AwsError::new(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        }
    }

    /// The names of services that speak JSON, with the words of STS.
    ///
    /// Source: <https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html>.
    fn eks(self) -> AwsError {
        let AwsError { status, code, message } = self.sts();
        let code = match code {
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "ExpiredToken" => "ExpiredTokenException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            "IncompleteSignature" => "IncompleteSignatureException",
            _ => "AccessDeniedException",
        };
        AwsError { status, code, message }
    }

    /// EC2 tells less: one error for nearly everything, a wrong clock included.
    fn ec2(self) -> AwsError {
        match self {
            Self::ExpiredKey => AwsError::new(400, "RequestExpired", "Request has expired."),
            Self::Missing
            | Self::Incomplete(_)
            | Self::UnknownKey
            | Self::Skewed(_)
            | Self::Scope(_)
            | Self::Unsigned(_)
            | Self::Mismatch => {
                AwsError::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
            }
        }
    }
}
