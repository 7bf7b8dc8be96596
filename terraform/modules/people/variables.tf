variable "access" {
  description = "The access file, decoded; null where users are listed instead."
  type        = any
  default     = null
}

variable "users" {
  description = "Users as names, ARNs or `{name | arn, account, partition, groups}`."
  type        = any
  default     = []
}

variable "name" {
  description = "Name for users without groups, and the beginning of all other names."
  type        = string
  default     = "k8s-access"
}

variable "account_id" {
  description = "The account whose users are wanted."
  type        = string
}

variable "partition" {
  description = "Its partition."
  type        = string
  default     = "aws"
}
