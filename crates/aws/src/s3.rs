//! S3: small objects of one bucket, read whole and written on a condition, encrypted where they lie.
//!
//! ```text
//!   open   the bucket's Region, which S3 says to whoever asks in another one ─► S3Client
//!   get    a key ─► its bytes and their ETag, or none
//!   put    bytes, only if nobody else has been there: If-None-Match: *, or If-Match
//! ```
//!
//! The caller sees an [`S3Error`]; nothing of what S3 wrote is in it. Answers that lead elsewhere are not followed: the
//! Region is asked for once, and what is signed goes to the bucket's own Region.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>.

mod bucket;

use ::http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use identity::BucketName;
use jiff::Timestamp;
use token::Upstream;

use crate::{
    AwsError, Client, Endpoint, EndpointError,
    calls::refused,
    credentials::{Credentials, Environment},
    endpoint::GLOBAL,
    sign,
};

/// The longest object that is read, in bytes. Certificates, keys and kubeconfigs have a few thousand.
const MAX_OBJECT: usize = 1 << 20;

/// Where a bucket is first asked for without any Region.
const FIRST_REGION: &str = "us-east-1";

/// How S3 says where a bucket is, whatever else it answers.
const BUCKET_REGION: &str = "x-amz-bucket-region";

/// How S3 is asked for encryption, and says that there is one.
const ENCRYPTION: &str = "x-amz-server-side-encryption";

/// An S3 object. No Debug: it may be a private key.
pub struct Object {
    /// All of it.
    pub body: Bytes,
    /// What `If-Match` takes.
    pub etag: String,
}

/// The condition on which an object is written. S3 decides, so that of two who write at a time one fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is none yet.
    Absent,
    /// It is still the one with this ETag.
    Unchanged(String),
}

/// The encryption of an object at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// S3, as the bucket's own configuration says, with the bucket's key.
    OfBucket,
    /// S3 with its own keys (`AES256`).
    Aes256,
}

/// The reasons why a request to S3 failed.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// There is no such bucket.
    #[error("there is no S3 bucket {bucket}; check its name, and which partition the credentials are for")]
    NoBucket {
        /// Its name.
        bucket: String,
    },
    /// The policies of the credentials, or the bucket's, do not allow it. Without s3:ListBucket S3 says so of absent objects too.
    #[error(
        "these AWS credentials may not {permission} in the bucket {bucket}; allow it there, and s3:ListBucket, without \
         which S3 does not tell absent from forbidden"
    )]
    Denied {
        /// The action to allow, as policies write it.
        permission: &'static str,
        /// The bucket's name.
        bucket: String,
    },
    /// Somebody else has written it since it was read.
    #[error("s3://{bucket}/{key} was written by somebody else at the same time; look at it, and run the command again")]
    Changed {
        /// The bucket's name.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// S3 stored it and did not say that it is encrypted.
    #[error("s3://{bucket}/{key} was written, and the answer does not say that it is encrypted; encrypt the bucket")]
    NotEncrypted {
        /// The bucket's name.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// There is no endpoint for the Region.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No answer, or another no.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// A client of one S3 bucket.
pub struct S3Client {
    client: Client,
    credentials: Credentials,
    bucket: BucketName,
    endpoint: Endpoint,
    now: fn() -> Timestamp,
}

impl S3Client {
    /// Finds out where the bucket is, beginning in the Region given.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>.
    ///
    /// # Errors
    ///
    /// [`S3Error::NoBucket`] where there is none, [`S3Error::Endpoint`] for a Region that is none, and [`S3Error::Aws`] without an answer.
    pub async fn open(
        client: Client,
        credentials: Credentials,
        environment: &Environment,
        region: Option<&str>,
        bucket: BucketName,
        now: fn() -> Timestamp,
    ) -> Result<Self, S3Error> {
        let region = region.filter(|region| *region != GLOBAL).unwrap_or(FIRST_REGION);
        let endpoint = bucket::endpoint(environment, region, &bucket)?;
        let mut s3 = Self { client, credentials, bucket, endpoint, now };
        let url = bucket::bucket_url(&s3.endpoint);
        let answer = s3.send("s3:HeadBucket", "HEAD", &url, &[], Bytes::new()).await?;
        if answer.status() == 404 {
            return Err(S3Error::NoBucket { bucket: s3.bucket.as_str().to_owned() });
        }
        match text(answer.headers(), BUCKET_REGION) {
            // Whether it may be used is seen when it is: an administrator of three objects need not list it.
            Some(region) => s3.endpoint = bucket::endpoint(environment, region, &s3.bucket)?,
            None if answer.status().is_success() || answer.status() == 403 => {}
            None => return Err(refused("s3:HeadBucket", answer.status().as_u16(), answer.body()).into()),
        }
        Ok(s3)
    }

    /// Returns the bucket's Region.
    pub fn region(&self) -> &str {
        &self.endpoint.signing_region
    }

    /// Reads an object; `None` if it does not exist.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>.
    ///
    /// # Errors
    ///
    /// [`S3Error::Denied`], which S3 says of absent objects too where s3:ListBucket is missing, and [`S3Error::Aws`].
    pub async fn get(&self, key: &str) -> Result<Option<Object>, S3Error> {
        let call = "s3:GetObject";
        let url = bucket::object_url(&self.endpoint, key);
        let answer = self.send(call, "GET", &url, &[], Bytes::new()).await?;
        let unreadable = AwsError::Upstream { call, trouble: Upstream::Unreadable };
        match answer.status().as_u16() {
            200 => {
                let etag = text(answer.headers(), "etag").ok_or(unreadable)?.to_owned();
                Ok(Some(Object { body: answer.into_body(), etag }))
            }
            status => match self.error(call, status, &answer) {
                S3Error::Aws(AwsError::Refused { code, .. }) if code == "NoSuchKey" => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Writes an object, if the condition holds.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.
    ///
    /// # Errors
    ///
    /// [`S3Error::Changed`] where the condition does not hold, [`S3Error::Denied`], [`S3Error::NotEncrypted`] where it was written and the
    /// answer does not say how, and [`S3Error::Aws`], after which nobody knows whether it was.
    pub async fn put(
        &self,
        key: &str,
        body: Bytes,
        condition: &Condition,
        encryption: Encryption,
    ) -> Result<(), S3Error> {
        let call = "s3:PutObject";
        let condition = match condition {
            Condition::Absent => ("if-none-match", "*"),
            Condition::Unchanged(etag) => ("if-match", etag.as_str()),
        };
        let encryption = (encryption == Encryption::Aes256).then_some((ENCRYPTION, "AES256"));
        let headers: Vec<_> = [condition, ("content-type", "text/plain")].into_iter().chain(encryption).collect();
        let url = bucket::object_url(&self.endpoint, key);
        let answer = self.send(call, "PUT", &url, &headers, body).await?;
        let place = || (self.bucket.as_str().to_owned(), key.to_owned());
        match answer.status().as_u16() {
            200 if text(answer.headers(), ENCRYPTION).is_some() => Ok(()),
            200 => {
                let (bucket, key) = place();
                Err(S3Error::NotEncrypted { bucket, key })
            }
            // 404: it was removed since it was read; 409: another one is being written.
            404 | 409 | 412 if is_about_the_condition(&answer) => {
                let (bucket, key) = place();
                Err(S3Error::Changed { bucket, key })
            }
            status => Err(self.error(call, status, &answer)),
        }
    }

    /// Returns how to encrypt objects: as the bucket's configuration says; by S3 itself where it has none, or may not be read.
    ///
    /// Every bucket of AWS's has one; asking for AES256 there would put aside a key that was chosen for the bucket.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html>.
    ///
    /// # Errors
    ///
    /// [`S3Error::Aws`] without an answer. That it may not be read is none.
    pub async fn encryption(&self) -> Result<Encryption, S3Error> {
        let call = "s3:GetEncryptionConfiguration";
        let url = format!("{}?encryption", bucket::bucket_url(&self.endpoint));
        let answer = self.send(call, "GET", &url, &[], Bytes::new()).await?;
        match answer.status().as_u16() {
            200 => Ok(Encryption::OfBucket),
            status => match self.error(call, status, &answer) {
                S3Error::Denied { .. } => Ok(Encryption::Aes256),
                S3Error::Aws(AwsError::Refused { code, .. })
                    if code == "ServerSideEncryptionConfigurationNotFoundError" =>
                {
                    Ok(Encryption::Aes256)
                }
                error => Err(error),
            },
        }
    }

    async fn send(
        &self,
        call: &'static str,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Bytes>, S3Error> {
        let unsendable = || AwsError::Unsendable { call };
        let at = (self.now)();
        let signature = sign::sign_s3(&self.credentials, &self.endpoint, method, url, headers, &body, at);
        let signature = signature.ok_or_else(unsendable)?;
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in signature {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(body)).map_err(|_| unsendable())?;
        let answer = self.client.http.send_for(request, MAX_OBJECT).await;
        Ok(answer.map_err(|why| AwsError::no_answer(call, url, why))?)
    }

    /// What an answer means that is no success.
    fn error(&self, call: &'static str, status: u16, answer: &Response<Bytes>) -> S3Error {
        let bucket = || self.bucket.as_str().to_owned();
        match refused(call, status, answer.body()) {
            AwsError::Refused { code, .. } if code == "AccessDenied" => {
                S3Error::Denied { permission: call, bucket: bucket() }
            }
            AwsError::Refused { code, .. } if code == "NoSuchBucket" => S3Error::NoBucket { bucket: bucket() },
            error => S3Error::Aws(error),
        }
    }
}

fn is_about_the_condition(answer: &Response<Bytes>) -> bool {
    let codes = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];
    match refused("s3:PutObject", answer.status().as_u16(), answer.body()) {
        AwsError::Refused { code, .. } => codes.contains(&code.as_str()),
        _ => answer.status() == 412,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}
