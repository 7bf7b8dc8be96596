output "users" {
  description = "Names of the users, sorted."
  value       = sort(keys(module.people.users))
}

output "keys" {
  description = "Access key ids, in the order of `users`; empty without `pgp_key`."
  value       = [for key in aws_iam_access_key.key : key.id]
  sensitive   = true
}

output "secrets" {
  description = "Secret access keys, in the order of `users`, encrypted with `pgp_key` and in base64: `base64 -d | gpg -d` shows one to the holder of the private key."
  value       = [for key in aws_iam_access_key.key : key.encrypted_secret]
  sensitive   = true
}

output "groups" {
  description = "Names of the IAM groups by group of the access file."
  value       = { for key, group in aws_iam_group.group : key => group.name }
}

output "roles" {
  description = "ARNs of the roles by group of the access file. Put their names under the group's `roles` there."
  value       = { for key, role in aws_iam_role.role : key => role.arn }
}

output "elsewhere" {
  description = "ARNs of users of other accounts, who are left out: apply the module there as well."
  value       = module.people.elsewhere
}
