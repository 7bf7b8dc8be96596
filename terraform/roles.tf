locals {
  trust_policies = {
    for key, group in module.people.groups : key => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { AWS = [for name in group.users : module.people.users[name].arn] }
        Action    = "sts:AssumeRole"
        # Whoever assumes the role chooses the session's name, and that is the name in Kubernetes and in its audit log:
        # nobody may choose another one than their own.
        Condition = { StringEquals = { "sts:RoleSessionName" = "$${aws:username}" } }
      }]
    })
  }
}

# Roles without any permission in AWS: being somebody is all that a login to Kubernetes needs.
resource "aws_iam_role" "role" {
  for_each = var.create_roles ? module.people.groups : {}

  name                 = each.value.name
  path                 = var.path
  description          = var.description
  assume_role_policy   = local.trust_policies[each.key]
  max_session_duration = var.max_session_duration
  tags                 = var.tags

  # AWS takes only principals that exist.
  depends_on = [aws_iam_user.user, data.aws_iam_user.user]

  lifecycle {
    precondition {
      condition     = length(local.trust_policies[each.key]) <= var.trust_policy_quota
      error_message = "The trust policy of ${each.value.name} names more users than its ${var.trust_policy_quota} characters hold. Raise AWS's quota \"Role trust policy length\" and set trust_policy_quota, split the group, or set create_roles = false."
    }
  }
}

resource "aws_iam_group_policy" "group_policy" {
  for_each = aws_iam_role.role

  name  = "${each.value.name}-policy"
  group = aws_iam_group.group[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = each.value.arn }]
  })
}
