//! What goes wrong on purpose, and how often anything was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A fault to inject. The words are those of STS; EC2 fails with its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `Throttling`, with status 400 as STS sends it.
    Throttle,
    /// 500, `InternalFailure`.
    ServerError,
    /// 503, `ServiceUnavailable`.
    Unavailable,
    /// The right answer, too late.
    Delay(Duration),
    /// The connection is reset without an answer.
    Reset,
    /// 200 with something that is not an answer.
    Garbage,
    /// 302 to another host.
    Redirect,
    /// 200 with 20 MB.
    HugeBody,
    /// The right answer, cut off in the middle as if that were all of it.
    Half,
    /// 200 for a caller of another partition than the host's.
    OtherPartition,
    /// 200 whose account is not its ARN's.
    OtherAccount,
}

/// The requests that a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those to this host.
    Host(String),
    /// Those whose presigned URL names this access key id.
    AccessKeyId(String),
}

/// A handle that controls the faults. Clones share it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    /// Faults of some requests only, whatever the others meet with.
    of_some: Vec<(Of, Fault)>,
    /// The only action that it is for; none for all.
    action: Option<&'static str>,
    /// How many requests are answered before it.
    spared: usize,
    /// How many more requests it is for; none for all.
    remaining: Option<usize>,
    requests: BTreeMap<&'static str, usize>,
    /// Who asked last, by its own word.
    agent: String,
}

/// What is counted by its own name; everything else counts as one, since callers could make up names without end.
const ACTIONS: [&str; 8] = [
    "GetCallerIdentity",
    "AssumeRole",
    "DescribeCluster",
    "DescribeInstances",
    "GetGroup",
    "ListRoles",
    "GetUser",
    "GetRole",
];

/// How much is kept of who asks; CloudTrail keeps as much.
const MAX_AGENT: usize = 1000;

impl Faults {
    /// Makes every request fail like this from now on.
    pub fn set(&self, fault: Fault) {
        self.plan(Some(fault), None, 0, None);
    }

    /// Makes the next `count` requests fail like this.
    pub fn set_for(&self, fault: Fault, count: usize) {
        self.plan(Some(fault), None, 0, Some(count));
    }

    /// Makes requests for one action fail like this from now on, but for the first `spared` of them. Of any other name than those
    /// of [`requests`](Self::requests) all requests for anything else fail.
    pub fn set_on(&self, action: &str, fault: Fault, spared: usize) {
        self.plan(Some(fault), Some(counted_as(action)), spared, None);
    }

    /// Makes these requests fail like this from now on, and others as before.
    pub fn set_of(&self, of: Of, fault: Fault) {
        self.lock().of_some.push((of, fault));
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.plan(None, None, 0, None);
        self.lock().of_some.clear();
    }

    /// Returns how many requests there were for an action (`GetCallerIdentity`, `AssumeRole`, `DescribeCluster`,
    /// `DescribeInstances`, `GetGroup`, `ListRoles`, `GetUser`, `GetRole`), whatever became of them. Any other name means all
    /// requests for anything else.
    pub fn requests(&self, action: &str) -> usize {
        self.lock().requests.get(counted_as(action)).copied().unwrap_or_default()
    }

    /// Returns the `User-Agent` of the last request, which CloudTrail would show.
    pub fn agent(&self) -> String {
        self.lock().agent.clone()
    }

    pub(crate) fn asked_by(&self, agent: &str) {
        self.lock().agent = agent.chars().take(MAX_AGENT).collect();
    }

    /// How requests to this host, signed with this key, are to fail, whatever else goes wrong.
    pub(crate) fn of(&self, host: &str, access_key_id: Option<&str>) -> Option<Fault> {
        let state = self.lock();
        let found = state.of_some.iter().find(|(of, _)| match of {
            Of::Host(name) => name == host,
            Of::AccessKeyId(id) => Some(id.as_str()) == access_key_id,
        });
        found.map(|(_, fault)| fault.clone())
    }

    /// Counts a request, and says how it is to fail.
    pub(crate) fn next(&self, action: &str) -> Option<Fault> {
        let action = counted_as(action);
        let mut state = self.lock();
        *state.requests.entry(action).or_default() += 1;
        if state.action.is_some_and(|only| only != action) {
            return None;
        }
        if state.spared > 0 {
            state.spared -= 1;
            return None;
        }
        match &mut state.remaining {
            Some(0) => None,
            Some(remaining) => {
                *remaining -= 1;
                state.fault.clone()
            }
            None => state.fault.clone(),
        }
    }

    fn plan(&self, fault: Option<Fault>, action: Option<&'static str>, spared: usize, remaining: Option<usize>) {
        let mut state = self.lock();
        (state.fault, state.action, state.spared, state.remaining) = (fault, action, spared, remaining);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counted_as(action: &str) -> &'static str {
    ACTIONS.into_iter().find(|known| *known == action).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Of};

    #[test]
    fn a_fault_lasts_for_a_number_of_requests_or_until_cleared() {
        let faults = Faults::default();
        assert_eq!(faults.next("GetCallerIdentity"), None);
        faults.set_for(Fault::Throttle, 2);
        let next = [(); 3].map(|()| faults.next("GetCallerIdentity"));
        assert_eq!(next, [Some(Fault::Throttle), Some(Fault::Throttle), None]);
        faults.set(Fault::Reset);
        assert_eq!([faults.next("AssumeRole"), faults.clone().next("AssumeRole")], [const { Some(Fault::Reset) }; 2]);
        faults.clear();
        assert_eq!(faults.next("AssumeRole"), None);
        assert_eq!((faults.requests("GetCallerIdentity"), faults.requests("AssumeRole")), (4, 3));
    }

    #[test]
    fn a_fault_can_be_for_one_action_and_spare_the_first() {
        let faults = Faults::default();
        faults.set_on("GetGroup", Fault::Half, 1);
        let next = ["GetUser", "GetGroup", "GetUser", "GetGroup", "GetGroup"].map(|action| faults.next(action));
        assert_eq!(next, [None, None, None, Some(Fault::Half), Some(Fault::Half)]);
        faults.set_for(Fault::Reset, 1);
        assert_eq!([faults.next("GetUser"), faults.next("GetGroup")], [Some(Fault::Reset), None]);
    }

    #[test]
    fn a_fault_can_be_for_some_requests_only() {
        let faults = Faults::default();
        faults.set_of(Of::Host("sts.eu-west-1.amazonaws.com".to_owned()), Fault::Reset);
        faults.set_of(Of::AccessKeyId("AKIAMALLORY".to_owned()), Fault::Throttle);
        assert_eq!(faults.of("sts.eu-west-1.amazonaws.com", Some("AKIAALICE")), Some(Fault::Reset));
        assert_eq!(faults.of("sts.amazonaws.com", Some("AKIAMALLORY")), Some(Fault::Throttle));
        assert_eq!(faults.of("sts.amazonaws.com", None), None);
        faults.clear();
        assert_eq!(faults.of("sts.amazonaws.com", Some("AKIAMALLORY")), None);
    }

    #[test]
    fn made_up_actions_are_counted_as_one() {
        let faults = Faults::default();
        for action in ["", "MadeUp", "MadeUpToo"] {
            faults.next(action);
        }
        assert_eq!(faults.lock().requests.len(), 1);
        assert_eq!(faults.requests("MadeUp"), 3);
    }
}
