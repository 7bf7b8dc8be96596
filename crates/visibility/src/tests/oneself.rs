//! What `whoami` makes of the answers of AWS and of a cluster.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use rbac::Rule;

use crate::{
    explain::{Caller, code_named},
    whoami::{Aws, Cluster, Mine, User, Whoami},
};

fn rule(verbs: &str, api_group: &str, resources: &str) -> Rule {
    let texts = |words: &str| words.split(' ').map(Box::from).collect();
    Rule { verbs: texts(verbs), api_groups: texts(api_group), resources: texts(resources), ..Rule::default() }
}

fn alice() -> Whoami {
    let caller = Caller::of_arn("arn:aws:sts::111122223333:assumed-role/Deployer/alice").expect("somebody");
    let everybody = rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews");
    let nodes = rule("get list", "", "nodes");
    let pods = rule("get", "", "pods nodes");
    let everywhere = vec![everybody, nodes];
    let by_namespace = [("dev", true), ("empty", false), ("test", true)].map(|(name, has_pods)| {
        let mut rules = everywhere.clone();
        rules.extend(has_pods.then(|| pods.clone()));
        (name.to_owned(), rules)
    });
    Whoami {
        aws: Some(Aws::Is(Box::new(caller))),
        cluster: Cluster {
            context: "prod".to_owned(),
            server: "https://api.example.com".to_owned(),
            id: Some("prod.example.com".to_owned()),
            program: None,
        },
        user: Some(User {
            username: "deploy:alice".to_owned(),
            groups: vec!["deployers".to_owned(), "system:authenticated".to_owned()],
            arn: Some("arn:aws:sts::111122223333:assumed-role/Deployer/alice".to_owned()),
        }),
        rights: Mine { everywhere, by_namespace: BTreeMap::from(by_namespace) },
        gaps: Vec::new(),
    }
}

fn text(whoami: &Whoami) -> String {
    report::text_of(&whoami.report()).iter().map(|segment| segment.text().to_owned()).collect()
}

#[test]
fn what_holds_everywhere_is_said_once_and_what_everybody_may_do_is_not_said() {
    assert_snapshot!(text(&alice()), @"
    arn:aws:sts::111122223333:assumed-role/Deployer/alice is deploy:alice in prod.example.com

    Who AWS says you are
      the session alice of the IAM role Deployer of account 111122223333
      arn:aws:sts::111122223333:assumed-role/Deployer/alice

    Who you are in the cluster
      context prod, https://api.example.com
      cluster id prod.example.com
      + username deploy:alice
      + group deployers
      + group system:authenticated

    What you may do
      + everywhere
        get, list on nodes
      + in dev, test
        get on pods
      and what every authenticated user may do
    ");
}

#[test]
fn other_credentials_than_kubectls_are_noticed() {
    let user = User { arn: Some("arn:aws:iam::111122223333:user/bob".to_owned()), ..alice().user.expect("let in") };
    let text = text(&Whoami { user: Some(user), ..alice() });
    assert!(text.contains("! it sees arn:aws:iam::111122223333:user/bob, so kubectl uses other credentials"), "{text}");
}

#[test]
fn whoever_is_not_let_in_has_a_line_for_the_administrator() {
    assert_snapshot!(text(&Whoami { user: None, ..alice() }), @"
    arn:aws:sts::111122223333:assumed-role/Deployer/alice is not let in to prod.example.com

    Who AWS says you are
      the session alice of the IAM role Deployer of account 111122223333
      arn:aws:sts::111122223333:assumed-role/Deployer/alice

    Who you are in the cluster
      context prod, https://api.example.com
      cluster id prod.example.com
      ! it says Unauthorized, and tells only its administrator why

    What to do
      send this line to the administrator of the cluster, who sees why:
        cluster-auth explain arn:aws:sts::111122223333:assumed-role/Deployer/alice
      if it says that you are let in, the server may have another cluster id than prod.example.com: compare them
    ");
}

#[test]
fn credentials_that_aws_refuses_are_explained_and_no_administrator_is_to_blame() {
    let aws = Some(Aws::Says(code_named("sts.expired-credentials").expect("a code")));
    let refused = Whoami { aws, user: None, ..alice() };
    assert_eq!(refused.line_for_the_administrator(), None);
    assert_snapshot!(text(&refused), @"
    somebody whom AWS does not confirm is not let in to prod.example.com

    Who AWS says you are
      ! AWS says the temporary credentials have expired [sts.expired-credentials]
      Log in to AWS again, for example with `aws sso login`, and retry.

    Who you are in the cluster
      context prod, https://api.example.com
      cluster id prod.example.com
      ! it says Unauthorized, and tells only its administrator why
    ");
}

#[test]
fn of_a_program_that_is_not_known_it_is_said_that_nothing_is_seen() {
    let cluster = Cluster { id: None, program: Some("eks-token.sh".to_owned()), ..alice().cluster };
    let said = text(&Whoami { aws: None, cluster, rights: Mine::default(), ..alice() });
    let why = "`eks-token.sh` makes its credentials: it is not known whether they are of AWS, so AWS was not asked";
    assert!(said.contains(why) && !said.contains("without AWS credentials"), "{said}");
}

#[test]
fn a_context_without_aws_is_fine() {
    let cluster = Cluster { id: None, ..alice().cluster };
    assert_snapshot!(text(&Whoami { aws: None, cluster, rights: Mine::default(), ..alice() }), @"
    the user of the context is deploy:alice in prod

    Who you are in the cluster
      context prod, https://api.example.com
      this context logs in without AWS credentials
      + username deploy:alice
      + group deployers
      + group system:authenticated

    What you may do
      no permissions of your own
      and what every authenticated user may do
    ");
}
