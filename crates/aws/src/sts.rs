//! The server's one call: sending what a token asks for.

use ::http::Request;
use http_body_util::Full;
use identity::StsHost;
use token::Accepted;

use crate::{
    AwsError, NoAnswer,
    http::{Http, Transport},
};

/// A client that sends accepted tokens' requests to STS.
pub struct StsClient {
    http: Http,
}

impl StsClient {
    /// Loads the roots and prepares the pool; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`AwsError::Tls`] without trusted roots.
    pub fn new(transport: &Transport) -> Result<Self, AwsError> {
        Ok(Self { http: Http::new(transport)? })
    }

    /// Lets these vouch for STS from now on, over new connections.
    ///
    /// # Errors
    ///
    /// [`AwsError::Tls`]: what is wrong with them. Then those that were trusted still are.
    pub fn trust(&self, roots: &tls::Roots) -> Result<(), AwsError> {
        self.http.trust(roots)
    }

    /// Marks these hosts as in use. Resolving their addresses never waits for that of another host, which an attacker may have
    /// put into a token.
    pub fn know<'h>(&self, hosts: impl IntoIterator<Item = &'h StsHost>) {
        self.http.know(hosts.into_iter().map(StsHost::as_str));
    }

    /// Sends the request and returns status and body. What they mean is for `token::confirm` to say.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: nothing came back that STS could have said.
    pub async fn call(&self, accepted: &Accepted) -> Result<(u16, Vec<u8>), NoAnswer> {
        let request = accepted.request();
        let mut builder = Request::get(request.url());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // A cluster id and a host of known form always make a request; if not, nothing was asked, so nothing is denied.
        let request = builder.body(Full::default()).map_err(|_| NoAnswer::Unsendable)?;
        let answer = self.http.send(request).await?;
        Ok((answer.status().as_u16(), answer.into_body().into()))
    }
}
