//! Which texts are accounts, partitions and ARNs.

use identity::{AccountId, Arn, ArnError, Partition};
use proptest::prelude::*;

#[test]
fn an_account_is_twelve_digits() {
    for good in ["111122223333", "000000000000", "012345678901"] {
        assert_eq!(good.parse::<AccountId>().map(|account| account.to_string()), Ok(good.to_owned()));
    }
    for bad in [
        "",
        "11112222333",
        "1111222233334",
        "11112222333x",
        "1111-2222-3333",
        " 11112222333",
        "١١١١٢٢٢٢٣٣٣٣",
        "+11112222333",
    ] {
        assert!(bad.parse::<AccountId>().is_err(), "{bad:?}");
    }
}

#[test]
fn partitions_are_known_by_their_exact_names() {
    for partition in Partition::ALL {
        assert_eq!(partition.to_string().parse(), Ok(partition));
    }
    for bad in ["", "AWS", "aws-", "aws-cn ", "aws-moon", "*"] {
        assert!(bad.parse::<Partition>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_region_tells_its_partition() {
    let cases = [
        ("us-east-1", Partition::Aws),
        ("ap-southeast-7", Partition::Aws),
        ("mx-central-1", Partition::Aws),
        ("cn-north-1", Partition::AwsCn),
        ("us-gov-west-1", Partition::AwsUsGov),
        ("us-iso-east-1", Partition::AwsIso),
        ("us-isob-east-1", Partition::AwsIsoB),
        ("eu-isoe-west-1", Partition::AwsIsoE),
        ("us-isof-south-1", Partition::AwsIsoF),
        ("eusc-de-east-1", Partition::AwsEusc),
    ];
    for (region, partition) in cases {
        assert_eq!(Partition::of_region(region), partition, "{region}");
    }
}

#[test]
fn arns_have_six_fields() {
    let cases = [
        ("arn:aws:iam::111122223333:user/alice", Ok(())),
        ("arn:aws-us-gov:iam::111122223333:role/path/to/Admin", Ok(())),
        ("arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com", Ok(())),
        ("arn:aws:iam::111122223333:root", Ok(())),
        ("arn:aws:iam::111122223333:a:b:c", Ok(())),
        ("", Err(ArnError::Shape)),
        ("arn", Err(ArnError::Shape)),
        ("arn:aws:iam::111122223333", Err(ArnError::Shape)),
        ("ARN:aws:iam::111122223333:user/alice", Err(ArnError::Shape)),
        (" arn:aws:iam::111122223333:user/alice", Err(ArnError::Shape)),
        ("arn::iam::111122223333:user/alice", Err(ArnError::Partition(identity::UnknownPartition))),
        ("arn:*:iam::111122223333:user/alice", Err(ArnError::Partition(identity::UnknownPartition))),
        ("arn:aws:iam:us-east-1:111122223333:user/alice", Err(ArnError::Region)),
        ("arn:aws:iam:::user/alice", Err(ArnError::Account(identity::AccountIdError))),
        ("arn:aws:iam::1111:user/alice", Err(ArnError::Account(identity::AccountIdError))),
        ("arn:aws:iam::111122223333:", Err(ArnError::Resource)),
        ("arn:aws:iam::111122223333:user/al ice", Err(ArnError::Resource)),
        ("arn:aws:iam::111122223333:user/alice\n", Err(ArnError::Resource)),
        ("arn:aws:iam::111122223333:user/alice\0", Err(ArnError::Resource)),
        ("arn:aws:iam::111122223333:user/älice", Err(ArnError::Resource)),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Arn>().map(|_| ()), expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn an_arn_that_was_read_is_written_the_same(text in "arn:aws(-cn)?:[a-z]{0,3}:x?:[0-9]{11,12}:[ -~]{0,20}") {
        if let Ok(arn) = text.parse::<Arn>() {
            prop_assert_eq!(arn.to_string(), text);
        }
    }
}

/// Source: key ids whose accounts were published with them, as in
/// <https://awsteele.com/blog/2020/09/26/aws-access-key-format.html>.
#[test]
fn an_access_key_id_names_an_account_if_it_is_of_the_form_that_does() {
    let rows = [
        ("ASIAQNZGKIQY56JQ7WML", Some("029608264753")),
        ("ASIAY34FZKBOKMUTVV7A", Some("609629065308")),
        ("ASIAQNZGKIQY5", None),
        ("AKIA", None),
        ("AKIA1NZGKIQY56JQ7WML", None),
        ("ASIAqnzgkiqy56jq7wml", None),
    ];
    for (id, account) in rows {
        assert_eq!(AccountId::encoded_in(id).as_ref().map(AccountId::as_str), account, "{id}");
    }
}
