# The module planned against a provider that has the real one's schema and no account behind it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  create_users = true
}

run "users_without_groups_are_in_one_group_as_in_2018" {
  command = plan

  variables {
    name  = "k8s"
    users = ["alice", "ops/bob"]
  }

  assert {
    condition     = { for name, user in aws_iam_user.user : name => user.path } == { alice = "/", bob = "/ops/" }
    error_message = "users with their paths"
  }

  assert {
    condition     = aws_iam_group.group["all users"].name == "k8s" && aws_iam_role.role["all users"].name == "k8s"
    error_message = "one group and one role, called as the variable says"
  }

  assert {
    condition     = aws_iam_user_group_membership.membership["bob"].groups == tolist(["k8s"])
    error_message = "everybody is in it"
  }

  assert {
    condition     = output.users == tolist(["alice", "bob"]) && length(nonsensitive(output.keys)) == 0 && length(nonsensitive(output.secrets)) == 0
    error_message = "no access keys unless there is a key to encrypt them with"
  }
}

run "a_role_is_assumed_by_its_users_under_their_own_name" {
  command = plan

  variables {
    users = ["alice", "ops/bob"]
  }

  assert {
    condition = jsondecode(aws_iam_role.role["all users"].assume_role_policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/ops/bob"] }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "sts:RoleSessionName" = "$${aws:username}" } }
      }]
    }
    error_message = "the trust policy"
  }
}

run "the_access_file_is_read" {
  command = plan

  variables {
    access_file = "../examples/guide.yaml"
  }

  assert {
    condition     = output.groups == { developers = "k8s-access-developers", cluster-admin = "k8s-access-cluster-admin" }
    error_message = "a group of IAM's for each of the file's"
  }

  assert {
    condition     = jsondecode(aws_iam_role.role["cluster-admin"].assume_role_policy).Statement[0].Principal.AWS == ["arn:aws:iam::111122223333:user/carol"]
    error_message = "nobody else's role"
  }
}

run "users_of_other_accounts_are_left_out_and_named" {
  command = plan

  variables {
    users = [
      { arn = "arn:aws:iam::111122223333:user/alice", groups = ["developers"] },
      { arn = "arn:aws:iam::444455556666:user/alice", groups = ["developers"] },
      { name = "dave", account = "444455556666", groups = ["contractors"] },
      { name = "wei", partition = "aws-cn" },
    ]
  }

  assert {
    condition     = output.users == tolist(["alice"]) && keys(aws_iam_role.role)[0] == "developers" && length(aws_iam_role.role) == 1
    error_message = "only what is this account's"
  }

  assert {
    condition     = length(output.elsewhere) == 3 && contains(output.elsewhere, "arn:aws-cn:iam::111122223333:user/wei")
    error_message = "the others by their ARNs"
  }
}

run "access_keys_are_encrypted" {
  command = plan

  variables {
    users   = ["alice", "bob"]
    pgp_key = "bXkg\na2V5\n"
  }

  assert {
    condition     = { for name, key in aws_iam_access_key.key : name => key.pgp_key } == { alice = "bXkga2V5", bob = "bXkga2V5" }
    error_message = "one for everybody, with the key in one line"
  }
}

run "without_roles_there_is_nothing_to_assume" {
  command = plan

  variables {
    users        = ["alice"]
    create_roles = false
  }

  assert {
    condition     = length(aws_iam_role.role) == 0 && length(aws_iam_group_policy.group_policy) == 0 && length(aws_iam_group.group) == 1
    error_message = "groups only"
  }
}

run "existing_users_are_only_looked_at" {
  command = plan

  variables {
    users        = ["alice"]
    create_users = false
  }

  override_data {
    target = data.aws_iam_user.user
    values = { arn = "arn:aws:iam::111122223333:user/alice" }
  }

  assert {
    condition     = length(aws_iam_user.user) == 0 && aws_iam_user_group_membership.membership["alice"].user == "alice"
    error_message = "no user is made"
  }
}

run "an_existing_user_with_another_path_is_somebody_else" {
  command = plan

  variables {
    users        = ["alice"]
    create_users = false
  }

  override_data {
    target = data.aws_iam_user.user
    values = { arn = "arn:aws:iam::111122223333:user/ops/alice" }
  }

  expect_failures = [data.aws_iam_user.user]
}

run "a_trust_policy_has_a_length" {
  command = plan

  variables {
    users = [for n in range(60) : format("somebody-%03d", n)]
  }

  expect_failures = [aws_iam_role.role]
}

run "variables_have_their_forms" {
  command = plan

  variables {
    name                 = "k8s access"
    path                 = "kubernetes"
    pgp_key              = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
    max_session_duration = 60
    trust_policy_quota   = 10000
    users                = { alice = "developers" }
    access_file          = "missing.yaml"
  }

  expect_failures = [
    var.name, var.path, var.pgp_key, var.max_session_duration, var.trust_policy_quota, var.users, var.access_file,
  ]
}
