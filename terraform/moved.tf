# The module of 2018 had one role and one group. Its users, keys and memberships are moved by their names, which only the
# caller knows: README.md, "Coming from the module of 2018".

moved {
  from = aws_iam_role.role
  to   = aws_iam_role.role["all users"]
}

moved {
  from = aws_iam_group.group
  to   = aws_iam_group.group["all users"]
}

moved {
  from = aws_iam_group_policy.group_policy
  to   = aws_iam_group_policy.group_policy["all users"]
}
