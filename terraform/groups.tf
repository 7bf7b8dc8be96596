resource "aws_iam_group" "group" {
  for_each = module.people.groups

  name = each.value.name
  path = var.path
}

# Adds to the groups that a user has otherwise, and takes none of those away.
resource "aws_iam_user_group_membership" "membership" {
  for_each = module.people.users

  user   = local.user_names[each.key]
  groups = [for group in each.value.groups : aws_iam_group.group[group].name]
}
