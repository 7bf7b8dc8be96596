//! Trouble, as clients see it.

use std::time::Duration;

use sandbox::Fault;

use crate::client::{Aws, Call, send};

#[tokio::test]
async fn every_fault_looks_like_the_real_thing() {
    let aws = Aws::start().await;
    let keys = aws.keys("alice");
    let rows = [
        (Fault::Throttle, 400, Some("Throttling"), 503, Some("RequestLimitExceeded"), Some((400, "Throttling"))),
        (Fault::ServerError, 500, Some("InternalFailure"), 500, Some("InternalError"), Some((500, "ServiceFailure"))),
        (
            Fault::Unavailable,
            503,
            Some("ServiceUnavailable"),
            503,
            Some("Unavailable"),
            Some((503, "ServiceUnavailable")),
        ),
        (Fault::Redirect, 302, None, 302, None, None),
        (Fault::Garbage, 200, None, 200, None, None),
        (Fault::HugeBody, 200, None, 200, None, None),
    ];
    let count = rows.len();
    for (fault, sts_status, sts_code, ec2_status, ec2_code, of_iam) in rows {
        aws.running.faults().set(fault.clone());
        let sts = aws.send(Call::caller_identity().json().presigned(&keys)).await;
        let ec2 = aws.send(Call::ec2("Action=DescribeInstances").post(&keys)).await;
        assert_eq!((sts.status, ec2.status), (sts_status, ec2_status), "{fault:?}");
        let iam = aws.send(Call::iam("Action=GetUser&UserName=alice").post(&keys)).await;
        if let Some((status, code)) = of_iam {
            assert_eq!((iam.status, iam.xml("Code").as_str()), (status, code), "{fault:?}");
        }
        if let (Some(sts_code), Some(ec2_code)) = (sts_code, ec2_code) {
            assert_eq!((sts.json("/Error/Code"), ec2.xml("Code")), (sts_code.to_owned(), ec2_code.to_owned()));
        } else {
            assert!(!sts.body.contains("arn:"), "{fault:?}");
            assert_eq!(sts.body.len() > 16 << 20, fault == Fault::HugeBody, "{fault:?}");
        }
    }
    aws.running.faults().clear();
    assert_eq!(aws.send(Call::caller_identity().presigned(&keys)).await.status, 200);
    assert_eq!(aws.running.faults().requests("GetCallerIdentity"), count + 1);
    assert_eq!(aws.running.faults().requests("DescribeInstances"), count);
}

#[tokio::test]
async fn half_an_answer_is_the_right_one_cut_off() {
    let aws = Aws::start().await;
    let ask = async || aws.send(Call::iam("Action=GetUser&UserName=bob").post(&aws.keys("alice"))).await;
    let whole = ask().await;
    aws.running.faults().set_on("GetUser", Fault::Half, 1);
    assert_eq!(ask().await.body.len(), whole.body.len(), "the first one is spared");
    let half = ask().await;
    assert_eq!((half.status, half.body.len()), (200, whole.body.len() / 2));
    assert!(half.body.starts_with("<GetUserResponse") && !half.body.contains("</GetUserResponse>"), "{half:?}");
    assert_eq!(aws.send(Call::caller_identity().post(&aws.keys("alice"))).await.status, 200, "another action");
}

#[tokio::test]
async fn lies_are_well_formed() {
    let aws = Aws::start().await;
    let rows = [
        (Fault::OtherPartition, "arn:aws-cn:iam::111122223333:user/alice", "111122223333"),
        (Fault::OtherAccount, "arn:aws:iam::111122223333:user/alice", "444455556666"),
    ];
    for (fault, arn, account) in rows {
        aws.running.faults().set(fault.clone());
        let answer = aws.send(Call::caller_identity().json().presigned(&aws.keys("alice"))).await;
        let field = |name: &str| answer.json(&format!("/GetCallerIdentityResponse/GetCallerIdentityResult/{name}"));
        assert_eq!((field("Arn"), field("Account")), (arn.to_owned(), account.to_owned()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_reset_is_no_answer_and_ends_the_connection_and_no_other() {
    let aws = Aws::start().await;
    let request = || Call::caller_identity().presigned(&aws.keys("alice"));
    let (mut first, mut second) = (aws.connect(crate::client::STS).await, aws.connect(crate::client::STS).await);
    assert_eq!(send(&mut first, request()).await.map(|answer| answer.status).ok(), Some(200));
    aws.running.faults().set_for(Fault::Reset, 1);
    let error = send(&mut first, request()).await.expect_err("no answer");
    assert!(!error.is_timeout() && !error.is_parse(), "{error:?}");
    assert!(send(&mut first, request()).await.is_err(), "this connection is over");
    assert_eq!(send(&mut second, request()).await.map(|answer| answer.status).ok(), Some(200), "the other one is not");
}

#[tokio::test]
async fn a_delay_changes_nothing_but_the_time() {
    let aws = Aws::start().await;
    aws.running.faults().set_for(Fault::Delay(Duration::from_millis(50)), 1);
    let answer = aws.send(Call::caller_identity().json().presigned(&aws.keys("bob"))).await;
    let arn = answer.json("/GetCallerIdentityResponse/GetCallerIdentityResult/Arn");
    assert_eq!((answer.status, arn.as_str()), (200, "arn:aws:iam::111122223333:user/ops/bob"));
}
