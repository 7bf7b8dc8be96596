output "users" {
  description = "Users of the account by name: `path`, `arn` and `groups`."
  value       = local.users

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", local.problems)
  }
}

output "groups" {
  description = "Their groups by name in the access file: `name` in IAM, and `users`."
  value       = local.groups

  precondition {
    condition     = length(local.problems) == 0
    error_message = "Nothing is made while something is wrong with the users."
  }
}

output "elsewhere" {
  description = "ARNs of users of other accounts."
  value       = local.elsewhere
}
