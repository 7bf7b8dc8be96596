# No provider is needed here: this is the access file turned around, and nothing else.

variables {
  account_id = "111122223333"
}

run "principals_have_every_form_of_the_access_file" {
  variables {
    access = {
      account = "111122223333"
      groups = [
        {
          name = "developers"
          users = [
            "alice", "ops/bob", "/a/b/erin", "arn:aws:iam::111122223333:user/x/frank",
            { name = "carol" }, { arn = "arn:aws:iam::111122223333:user/grace" }, { name = "other", account = "444455556666" },
          ]
          roles     = ["Deployer"]
          iamGroups = ["Developers"]
        },
        { name = "team:ops", users = ["ops/bob"], authentication = { account = "111122223333" } },
        { name = "roles-only", roles = ["Deployer"], users = null },
      ]
    }
  }

  assert {
    condition = output.users == {
      alice = { path = "/", arn = "arn:aws:iam::111122223333:user/alice", groups = tolist(["developers"]) }
      bob   = { path = "/ops/", arn = "arn:aws:iam::111122223333:user/ops/bob", groups = tolist(["developers", "team:ops"]) }
      carol = { path = "/", arn = "arn:aws:iam::111122223333:user/carol", groups = tolist(["developers"]) }
      erin  = { path = "/a/b/", arn = "arn:aws:iam::111122223333:user/a/b/erin", groups = tolist(["developers"]) }
      frank = { path = "/x/", arn = "arn:aws:iam::111122223333:user/x/frank", groups = tolist(["developers"]) }
      grace = { path = "/", arn = "arn:aws:iam::111122223333:user/grace", groups = tolist(["developers"]) }
    }
    error_message = jsonencode(output.users)
  }

  assert {
    condition     = output.groups["team:ops"] == { name = "k8s-access-team-ops", users = tolist(["bob"]) } && length(output.groups) == 2
    error_message = jsonencode(output.groups)
  }

  assert {
    condition     = output.elsewhere == tolist(["arn:aws:iam::444455556666:user/other"])
    error_message = jsonencode(output.elsewhere)
  }
}

run "nobody_is_nobody" {
  variables {
    access = { account = "111122223333", groups = [] }
  }

  assert {
    condition     = length(output.users) == 0 && length(output.groups) == 0
    error_message = "an empty list of groups is an answer"
  }
}

run "both_a_file_and_users_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [] }
    users  = ["alice"]
  }

  expect_failures = [output.users, output.groups]
}

run "no_groups_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333" }
  }

  expect_failures = [output.users, output.groups]
}

run "groups_that_are_nothing_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = null }
  }

  expect_failures = [output.users, output.groups]
}

run "users_that_are_no_list_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [{ name = "g", users = "alice" }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_group_that_ends_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [{ name = "g", users = ["alice"], expires = "2026-12-31" }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_user_that_ends_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [{ name = "g", users = [{ name = "alice", expires = "2026-12-31" }] }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_number_for_a_name_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [{ name = "g", users = [755] }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_truth_value_for_a_name_is_refused" {
  command = plan

  variables {
    access = { account = "111122223333", groups = [{ name = "g", users = [false] }] }
  }

  expect_failures = [output.users, output.groups]
}

run "no_account_is_refused" {
  command = plan

  variables {
    access = { groups = [{ name = "g", users = ["alice"] }] }
  }

  expect_failures = [output.users, output.groups]
}

run "the_account_of_the_shipped_values_of_2018_is_refused" {
  command = plan

  variables {
    access = { groups = [{ name = "g", users = ["alice"], authentication = { account = "accountNumber" } }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_number_that_lost_its_zero_is_refused" {
  command = plan

  variables {
    access = { account = 12345678901, groups = [{ name = "g", users = ["alice"] }] }
  }

  expect_failures = [output.users, output.groups]
}

run "a_wildcard_is_refused" {
  command = plan

  variables {
    users = ["ops/*"]
  }

  expect_failures = [output.users, output.groups]
}

run "a_role_for_a_user_is_refused" {
  command = plan

  variables {
    users = ["arn:aws:iam::111122223333:role/Admin"]
  }

  expect_failures = [output.users, output.groups]
}

run "a_blank_in_a_name_is_refused" {
  command = plan

  variables {
    users = ["alice smith"]
  }

  expect_failures = [output.users, output.groups]
}

run "an_empty_name_is_refused" {
  command = plan

  variables {
    users = [""]
  }

  expect_failures = [output.users, output.groups]
}

run "a_misspelt_key_is_refused" {
  command = plan

  variables {
    users = [{ name = "alice", group = "developers" }]
  }

  expect_failures = [output.users, output.groups]
}

run "one_name_under_two_paths_is_refused" {
  command = plan

  variables {
    users = ["alice", "ops/alice"]
  }

  expect_failures = [output.users, output.groups]
}

run "one_name_in_two_cases_is_refused" {
  command = plan

  variables {
    users = ["alice", "Alice"]
  }

  expect_failures = [output.users, output.groups]
}

run "two_groups_with_one_name_in_iam_is_refused" {
  command = plan

  variables {
    users = [{ name = "alice", groups = ["a:b", "a-b"] }]
  }

  expect_failures = [output.users, output.groups]
}

run "a_name_too_long_for_a_role_is_refused" {
  command = plan

  variables {
    users = [{ name = "alice", groups = ["gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg"] }]
  }

  expect_failures = [output.users, output.groups]
}
