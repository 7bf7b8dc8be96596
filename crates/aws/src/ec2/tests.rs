//! Reading `DescribeInstances`' answers.

use super::private_dns_names;

const ANSWER: &[u8] =
    b"<?xml version=\"1.0\"?><DescribeInstancesResponse><reservationSet><item><reservationId>r-1</reservationId>\
    <instancesSet><item><instanceId>i-1</instanceId><privateDnsName>ip-10-0-0-1.ec2.internal</privateDnsName>\
    <networkInterfaceSet><item><privateDnsName>other</privateDnsName></item></networkInterfaceSet></item>\
    <item><instanceId>i-2</instanceId><privateDnsName></privateDnsName></item></instancesSet></item><item>\
    <instancesSet><item><networkInterfaceSet><item><instanceId>i-4</instanceId><privateDnsName>eni</privateDnsName></item>\
    </networkInterfaceSet><instanceId>i-3</instanceId><privateDnsName>ip-3</privateDnsName></item></instancesSet></item>\
    </reservationSet></DescribeInstancesResponse>";

#[test]
fn the_name_is_the_instances_own_and_an_empty_one_is_none() {
    let mut names: Vec<_> = private_dns_names(ANSWER).expect("an answer").into_iter().collect();
    names.sort();
    let expected = [("i-1", "ip-10-0-0-1.ec2.internal"), ("i-3", "ip-3")];
    assert_eq!(names, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
    assert_eq!(private_dns_names(b"<DescribeInstancesResponse/>").map(|names| names.len()), Some(0));
    for garbage in ["<html><body", "nonsense <", "<a></b>"] {
        assert_eq!(private_dns_names(garbage.as_bytes()), None, "{garbage}");
    }
}
