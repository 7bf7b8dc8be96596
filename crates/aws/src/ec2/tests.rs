//! Reading DescribeInstances' answers, and the rate.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

use super::{Bucket, Described, private_dns_name};

const ANSWER: &[u8] =
    b"<?xml version=\"1.0\"?><DescribeInstancesResponse><reservationSet><item><reservationId>r-1</reservationId>\
    <instancesSet><item><instanceId>i-1</instanceId><privateDnsName>ip-10-0-0-1.ec2.internal</privateDnsName>\
    <networkInterfaceSet><item><privateDnsName>other</privateDnsName></item></networkInterfaceSet></item>\
    <item><instanceId>i-2</instanceId><privateDnsName></privateDnsName></item></instancesSet></item></reservationSet>\
    </DescribeInstancesResponse>";

#[test]
fn the_name_is_the_instances_own_and_an_empty_one_is_none() {
    assert_eq!(private_dns_name(ANSWER, "i-1"), Described::Name("ip-10-0-0-1.ec2.internal".to_owned()));
    assert_eq!(private_dns_name(ANSWER, "i-2"), Described::Nameless);
    assert_eq!(private_dns_name(ANSWER, "i-3"), Described::Nameless);
    assert_eq!(private_dns_name(b"<DescribeInstancesResponse/>", "i-1"), Described::Nameless);
    assert_eq!(private_dns_name(b"<html><body", "i-1"), Described::Unreadable);
}

#[test]
fn a_burst_goes_at_once_and_what_follows_keeps_the_rate() {
    let start = Instant::now();
    let rate = NonZeroU32::new(10).expect("not zero");
    let mut bucket = Bucket::default();
    let waits: Vec<_> = (0..5).map(|_| bucket.next(rate, 3, start).duration_since(start).as_millis()).collect();
    assert_eq!(waits, [0, 0, 0, 100, 200]);
    assert_eq!(bucket.next(rate, 3, start + Duration::from_secs(9)), start + Duration::from_secs(9));
}
