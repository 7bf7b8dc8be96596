//! One review, from token to outcome, in a straight line.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use aws::{Ec2, StsClient};
use identity::{Partition, StsHost};
use mapping::{Decision, Fact, Facts, Snapshot, decide};
use token::{Accepted, Confirmed, Rules, Unconfirmed, accept};
use tokio::time::Instant;

use crate::{
    Granted, Metrics, Outcome, Predecessor, Readiness, Settings, Trouble,
    audit::Audit,
    body::{self, Bodies},
    rate::Rate,
    shadow::Shadow,
    verdicts::{Answer, NoVerdict, Verdict, Verdicts},
};

/// How often a second the rule is looked for that nearly fits somebody who is not mapped: that walks all rules, and
/// whoever has an AWS account can ask for it.
const NEAREST_A_SECOND: u32 = 20;

/// The webhook: the state that all reviews share.
pub struct Webhook {
    pub(crate) settings: Settings,
    rules: ArcSwap<Rules>,
    deny_with_200: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readiness: Readiness,
    mapping: ArcSwapOption<Snapshot>,
    pub(crate) audit: Audit,
    pub(crate) bodies: Bodies,
    nearest: Rate,
    verdicts: Verdicts,
    sts: StsClient,
    ec2: Option<Ec2>,
    pub(crate) shadow: Option<Shadow>,
}

impl Webhook {
    /// Creates a webhook. Nobody can log in until [`Self::load`] has been called.
    pub fn new(settings: Settings, sts: StsClient, ec2: Option<Ec2>) -> Arc<Self> {
        Arc::new(Self::with(settings, sts, ec2))
    }

    /// Creates a webhook beside another authenticator: its answers are passed on, and our decisions are compared with them.
    pub fn with_predecessor(
        predecessor: Predecessor,
        settings: Settings,
        sts: StsClient,
        ec2: Option<Ec2>,
    ) -> Arc<Self> {
        let this = Self::with(settings, sts, ec2);
        Arc::new(Self { shadow: Some(Shadow::new(predecessor, &this.metrics)), ..this })
    }

    fn with(settings: Settings, sts: StsClient, ec2: Option<Ec2>) -> Self {
        let metrics = Arc::new(Metrics::new());
        sts.know(&settings.known_hosts);
        if settings.rules.partitions.has(Partition::Aws) {
            sts.know([&StsHost::global()]);
        }
        Self {
            audit: Audit::new(),
            bodies: Bodies::new(body::Limits {
                length: settings.max_body(),
                together: settings.max_bodies,
                time: settings.body_timeout,
            }),
            nearest: Rate::new(NEAREST_A_SECOND),
            verdicts: Verdicts::new(&settings, Arc::clone(&metrics)),
            readiness: Readiness::default(),
            mapping: ArcSwapOption::empty(),
            metrics,
            sts,
            ec2,
            shadow: None,
            rules: ArcSwap::from_pointee(settings.rules.clone()),
            deny_with_200: settings.deny_with_200.into(),
            settings,
        }
    }

    /// Replaces the mappings.
    pub fn load(&self, snapshot: Snapshot) {
        self.metrics.mapping_loaded(snapshot.len());
        self.readiness.mapping_loaded();
        self.verdicts.standing().set_accounts(snapshot.accounts());
        self.mapping.store(Some(Arc::new(snapshot)));
    }

    /// Adds the STS hosts of the server's own Region to those that it accepts.
    pub fn know_hosts(&self, hosts: &[StsHost]) {
        self.rules.rcu(|rules| {
            let mut rules = Rules::clone(rules);
            rules.own_hosts.extend_from_slice(hosts);
            rules
        });
        self.sts.know(hosts);
        self.verdicts.standing().give_hosts(hosts);
    }

    /// Answers definite denials with 200 from now on, or with 403.
    pub fn set_deny_with_200(&self, is_wanted: bool) {
        self.deny_with_200.store(is_wanted, Ordering::Relaxed);
    }

    /// Returns whom to trust from now on to vouch for STS. Connections that are open stay.
    ///
    /// # Errors
    ///
    /// [`aws::AwsError::Tls`]: what is wrong with the authorities. Then those that were trusted still are.
    pub fn trust_for_sts(&self, roots: &tls::Roots) -> Result<(), aws::AwsError> {
        self.sts.trust(roots)
    }

    /// With these settings the authenticator that runs today is asked from now on, where there is one. Reviews under way end as
    /// they began.
    pub fn trust_for_predecessor(&self, tls: &rustls::ClientConfig) {
        if let Some(shadow) = &self.shadow {
            shadow.predecessor.trust(tls);
        }
    }

    /// Returns what is said at `/metrics`.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the readiness (`/readyz`).
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Whether denials that last are answered with 200. Not before all logins are known: what is remembered of a server that has
    /// just started would outlive its start.
    pub(crate) fn denies_with_200(&self) -> bool {
        let is_wanted = self.deny_with_200.load(Ordering::Relaxed);
        is_wanted && self.mapping.load().as_ref().is_some_and(|snapshot| snapshot.is_complete())
    }

    /// Reviews a token. Dropping the future abandons the review; others who wait for the same token go on.
    pub async fn authenticate(&self, token: &str) -> Outcome {
        self.authenticate_on(false, token).await
    }

    /// The same of a token that came on a connection on which somebody was let in, or on another one.
    pub(crate) async fn authenticate_on(&self, came_beside_logins: bool, token: &str) -> Outcome {
        self.authenticate_by(token, came_beside_logins, async |accepted| self.sts.call(accepted).await).await
    }

    /// The same with whoever answers in STS's place.
    async fn authenticate_by(
        &self,
        token: &str,
        came_beside_logins: bool,
        sts: impl AsyncFnOnce(&Accepted) -> Answer,
    ) -> Outcome {
        let Some(snapshot) = self.mapping.load_full() else { return Outcome::Trouble(Trouble::NotLoaded) };
        let Settings { cluster_id, now, .. } = &self.settings;
        let accepted = accept(token, cluster_id, &self.rules.load(), now());
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(refusal) => return Outcome::RefusedToken(refusal),
        };
        let Verdict { confirmed, was_let_in } =
            match self.verdicts.confirm(&accepted, came_beside_logins, async || sts(&accepted).await).await {
                Ok(verdict) => verdict,
                Err(NoVerdict::Sts(Unconfirmed::Refused(refusal))) => return Outcome::RefusedToken(refusal),
                Err(NoVerdict::Sts(Unconfirmed::Upstream(trouble))) => return Outcome::Trouble(Trouble::Sts(trouble)),
                Err(NoVerdict::CircuitOpen) => return Outcome::Trouble(Trouble::CircuitOpen),
                Err(NoVerdict::Overloaded) => return Outcome::Trouble(Trouble::Overloaded),
            };
        let outcome = Box::pin(self.decide(&snapshot, confirmed)).await;
        if let Outcome::Granted(granted) = &outcome
            && !was_let_in
        {
            Box::pin(self.verdicts.let_in(&accepted, &granted.confirmed)).await;
        }
        if let Outcome::RefusedCaller { confirmed, .. } = &outcome {
            self.verdicts.kept_out(&accepted, confirmed);
        }
        outcome
    }

    async fn decide(&self, snapshot: &Snapshot, confirmed: Confirmed) -> Outcome {
        let mut facts = Facts::default();
        loop {
            let (identity, key) = (confirmed.identity(), confirmed.access_key_id());
            match decide(snapshot, identity, key, &facts, (self.settings.now)()) {
                Decision::Permit(user) => return Outcome::Granted(Box::new(Granted { confirmed, user })),
                Decision::Refuse(refusal) => {
                    let unmapped = refusal == mapping::Refusal::NotMapped;
                    let is_looked_for = unmapped && self.nearest.allows(Instant::now());
                    let nearest = is_looked_for.then(|| snapshot.nearest(identity)).flatten().map(Box::new);
                    let scrubbed = snapshot.scrubs(&identity.account);
                    return Outcome::RefusedCaller { confirmed: Box::new(confirmed), refusal, nearest, scrubbed };
                }
                // A server reads in a fixed order, so that this is never said to it; who somebody is, is not left to chance.
                Decision::Undetermined(_) => {
                    let (refusal, scrubbed) = (mapping::Refusal::NotMapped, snapshot.scrubs(&identity.account));
                    return Outcome::RefusedCaller { confirmed: Box::new(confirmed), refusal, nearest: None, scrubbed };
                }
                // Whoever stands there may log in, so that nobody is told that they may not.
                Decision::Needs(Fact::Logins(mode)) => return Outcome::Trouble(Trouble::NotRead(mode)),
                Decision::Needs(Fact::PrivateDnsName { instance_id }) => {
                    if self.learn(instance_id, &mut facts).await.is_err() {
                        return Outcome::Trouble(Trouble::Ec2);
                    }
                }
            }
        }
    }

    /// Each fact is asked for once, so [`Self::decide`] ends.
    async fn learn(&self, instance_id: String, facts: &mut Facts) -> Result<(), ()> {
        let ec2 = self.ec2.as_ref().ok_or(())?;
        let name = ec2.private_dns_name(&instance_id).await;
        self.metrics.ec2_asked(ec2.take_calls());
        match name {
            Ok(name) => {
                facts.private_dns_names.insert(instance_id, name.map(|name| name.to_string()));
                Ok(())
            }
            Err(error) => {
                tracing::error!(instance = instance_id, error = %error, "cannot ask EC2 for a private DNS name");
                Err(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
