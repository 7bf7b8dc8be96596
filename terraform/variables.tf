variable "access_file" {
  description = "Path of the access file. Its users are the members; give this or `users`."
  type        = string
  default     = null

  validation {
    condition     = var.access_file == null || can(yamldecode(file(var.access_file)))
    error_message = "The access file cannot be read as YAML. It is one file: for a folder of them use `cluster-auth render --to terraform`, and give its users by `users`."
  }
}

variable "users" {
  description = "Users, each a name with its path (`ops/bob`), an ARN, or `{name | arn, account, partition, groups}`. `cluster-auth render --to terraform` writes them. Without `groups` a user is in the one group called `name`, as in 2018."
  type        = any
  default     = []

  validation {
    condition     = can([for user in var.users : user]) && !can(keys(var.users))
    error_message = "Users are a list, such as `[\"alice\", \"ops/bob\"]`."
  }
}

variable "name" {
  description = "Name of the IAM group and the role of users without groups; groups of the access file get `<name>-<group>`."
  type        = string
  default     = "k8s-access"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "A name in IAM has 1 to 64 letters, digits and +=,.@_-."
  }
}

variable "description" {
  description = "Description of the roles."
  type        = string
  default     = "Kubernetes access"

  validation {
    condition     = length(var.description) <= 1000
    error_message = "The description of a role has at most 1000 characters."
  }
}

variable "path" {
  description = "Path of the IAM groups and roles. Users have the path that the access file says."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.path)) && length(var.path) <= 512
    error_message = "A path in IAM begins and ends with a slash, such as `/kubernetes/`."
  }
}

variable "create_users" {
  description = "Make the users, and destroy those that leave. Otherwise users must exist, and stay."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_roles" {
  description = "Make a role for each group, which its users can assume under their own name only."
  type        = bool
  default     = true
  nullable    = false
}

variable "pgp_key" {
  description = "Makes an access key for every user, its secret encrypted with this public key: base64 of the binary form, or `keybase:<name>`. Without it there are no access keys."
  type        = string
  default     = null

  validation {
    condition     = var.pgp_key == null || can(regex("^(keybase:[A-Za-z0-9_]+|[A-Za-z0-9+/\\s]+=*\\s*)$", var.pgp_key))
    error_message = "The PGP key is base64 without armour, as `gpg --export alice | base64` prints it, or `keybase:<name>`."
  }
}

variable "max_session_duration" {
  description = "Longest session of the roles, in seconds."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_session_duration >= 3600 && var.max_session_duration <= 43200
    error_message = "A session lasts 3600 to 43200 seconds."
  }
}

variable "trust_policy_quota" {
  description = "AWS's quota for the length of a role's trust policy in this account, in characters: 2048, or up to 4096 on request."
  type        = number
  default     = 2048

  validation {
    condition     = var.trust_policy_quota >= 2048 && var.trust_policy_quota <= 4096
    error_message = "The quota is 2048 characters, and AWS raises it to 4096 at most."
  }
}

variable "tags" {
  description = "Tags of the users and roles that are made."
  type        = map(string)
  default     = {}
}
