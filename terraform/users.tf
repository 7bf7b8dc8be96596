resource "aws_iam_user" "user" {
  for_each = var.create_users ? module.people.users : {}

  name = each.key
  path = each.value.path
  tags = var.tags
}

# Users who are not made here must exist, and be who the access file says.
data "aws_iam_user" "user" {
  for_each = var.create_users ? {} : module.people.users

  user_name = each.key

  lifecycle {
    postcondition {
      condition     = self.arn == each.value.arn
      error_message = "IAM knows ${self.arn}, the access file ${each.value.arn}: STS says the path and the case, so write them as IAM does."
    }
  }
}

locals {
  # Their names, once they exist.
  user_names = {
    for name in keys(module.people.users) :
    name => var.create_users ? aws_iam_user.user[name].name : data.aws_iam_user.user[name].user_name
  }
}

# The secret never stands in the state in plain text: without a key to encrypt it with there is no access key.
resource "aws_iam_access_key" "key" {
  for_each = var.pgp_key == null ? {} : module.people.users

  user    = local.user_names[each.key]
  pgp_key = replace(var.pgp_key, "/\\s/", "")
}
